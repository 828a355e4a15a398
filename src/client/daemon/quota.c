/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemon/quota.h"

#include <jansson.h>
#include <string.h>

/* At least between two questions, when things are stored, and when somebody wants to know. */
#define STORED_US 10000000
#define WANTED_US 1000000
/* An answer is good for so long if nothing is stored: an operator may give more. */
#define GOOD_US 60000000

struct Quota {
	QuotaAsk *ask;
	void *data;
	char *path; /* of the answer that is kept; NULL: none is */
	GCancellable *cancellable;
	GThreadPool *thread;
	GMutex lock; /* guards all below */
	GCond answered;
	unsigned generation; /* forgets what was asked before */
	bool asking;
	bool known;
	bool recalled; /* what is known was not asked since the start */
	char *account; /* whose the answers are; NULL: they are not kept */
	QuotaAnswer answer;
	QuotaNews news;
	QuotaNews asked; /* as things were when it was asked last */
	int64_t asked_us;
};

/* ---- what is kept ----------------------------------------------------------------------- */

/* Locked. Nothing depends on it: without a sync, and if it fails it is asked for again. */
static void keep(const Quota *quota)
{
	if (!quota->path || !quota->account) {
		return;
	}
	json_auto_t *kept =
		json_pack("{s:s, s:I, s:I}", "account", quota->account, "quota",
			  (json_int_t)quota->answer.quota, "used", (json_int_t)quota->answer.used);
	g_autofree char *text = json_dumps(kept, JSON_COMPACT);
	if (text) {
		g_file_set_contents_full(quota->path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT,
					 0600, NULL);
	}
}

static bool recall(const char *path, const char *account, QuotaAnswer *ret_answer)
{
	json_auto_t *kept = json_load_file(path, 0, NULL);
	const char *whose = json_string_value(json_object_get(kept, "account"));
	json_int_t quota = json_integer_value(json_object_get(kept, "quota"));
	json_int_t used = json_integer_value(json_object_get(kept, "used"));
	if (!whose || strcmp(whose, account) != 0 || quota < 0 || used < 0) {
		return false;
	}
	*ret_answer = (QuotaAnswer){ (uint64_t)quota, (uint64_t)used };
	return true;
}

void quota_recall(Quota *quota, const char *account)
{
	QuotaAnswer answer = { 0 };
	bool found = quota->path && recall(quota->path, account, &answer);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&quota->lock);
	g_free(quota->account);
	quota->account = g_strdup(account);
	if (found && !quota->known) {
		quota->answer = answer;
		quota->known = true;
		quota->recalled = true;
	}
}

/* ---- asking ----------------------------------------------------------------------------- */

static void run(void *generation, void *data)
{
	Quota *quota = data;
	QuotaAnswer answer = { 0 };
	g_autoptr(GError) ignored = NULL;
	bool told = quota->ask(quota->data, quota->cancellable, &answer, &ignored);
	g_mutex_lock(&quota->lock);
	if (told && GPOINTER_TO_UINT(generation) == quota->generation) {
		bool same = quota->known && quota->answer.quota == answer.quota &&
			    quota->answer.used == answer.used;
		quota->answer = answer;
		quota->known = true;
		quota->recalled = false;
		if (!same) {
			keep(quota);
		}
	}
	quota->asking = false;
	g_cond_broadcast(&quota->answered);
	g_mutex_unlock(&quota->lock);
}

Quota *quota_new(QuotaAsk *ask, void *data, const char *path)
{
	Quota *quota = g_new0(Quota, 1);
	quota->ask = ask;
	quota->data = data;
	quota->path = g_strdup(path);
	quota->cancellable = g_cancellable_new();
	/* Nothing is a valid generation of no task: a pool takes no NULL. */
	quota->generation = 1;
	g_mutex_init(&quota->lock);
	g_cond_init(&quota->answered);
	quota->thread = g_thread_pool_new(run, quota, 1, FALSE, NULL);
	return quota;
}

void quota_free(Quota *quota)
{
	if (!quota) {
		return;
	}
	g_cancellable_cancel(quota->cancellable);
	g_thread_pool_free(quota->thread, FALSE, TRUE);
	g_object_unref(quota->cancellable);
	g_cond_clear(&quota->answered);
	g_mutex_clear(&quota->lock);
	g_free(quota->account);
	g_free(quota->path);
	g_free(quota);
}

/* Locked. */
static void ask_after(Quota *quota, int64_t now_us, int64_t wait_us)
{
	bool first = quota->asked_us == 0;
	if (quota->asking || (!first && now_us - quota->asked_us < wait_us)) {
		return;
	}
	quota->asking = true;
	quota->asked_us = now_us;
	quota->asked = quota->news;
	g_thread_pool_push(quota->thread, GUINT_TO_POINTER(quota->generation), NULL);
}

/* Locked. */
static bool is_other(const Quota *quota)
{
	return !quota->known || quota->recalled || quota->news.sent != quota->asked.sent ||
	       quota->news.stored != quota->asked.stored;
}

void quota_note(Quota *quota, const QuotaNews *news, int64_t now_us)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&quota->lock);
	if (news->sent < quota->asked.sent) {
		/* Counted anew, by a binding that was opened again. */
		quota->asked.sent = 0;
	}
	quota->news = *news;
	if (is_other(quota) && news->waiting == 0) {
		ask_after(quota, now_us, STORED_US);
	}
}

void quota_forget(Quota *quota)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&quota->lock);
	quota->generation++;
	quota->known = false;
	quota->recalled = false;
	g_clear_pointer(&quota->account, g_free);
	quota->asked_us = 0;
}

bool quota_room(Quota *quota, int64_t now_us, uint64_t *ret_total, uint64_t *ret_free)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&quota->lock);
	ask_after(quota, now_us, is_other(quota) ? WANTED_US : GOOD_US);
	const QuotaAnswer *answer = &quota->answer;
	if (!quota->known || answer->quota == 0) {
		return false;
	}
	uint64_t used = answer->used + (quota->news.sent - quota->asked.sent) + quota->news.waiting;
	*ret_total = answer->quota;
	*ret_free = used < answer->quota ? answer->quota - used : 0;
	return true;
}

void quota_settle(Quota *quota)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&quota->lock);
	while (quota->asking) {
		g_cond_wait(&quota->answered, &quota->lock);
	}
}
