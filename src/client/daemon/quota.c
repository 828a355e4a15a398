/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemon/quota.h"

/* At least between two questions, when things are stored, and when somebody wants to know. */
#define STORED_US 10000000
#define WANTED_US 1000000
/* An answer is good for so long if nothing is stored: an operator may give more. */
#define GOOD_US 60000000

struct Quota {
	QuotaAsk *ask;
	void *data;
	GCancellable *cancellable;
	GThreadPool *thread;
	GMutex lock; /* guards all below */
	GCond answered;
	unsigned generation; /* forgets what was asked before */
	bool asking;
	bool known;
	QuotaAnswer answer;
	QuotaNews news;
	QuotaNews asked; /* as things were when it was asked last */
	int64_t asked_us;
};

static void run(void *generation, void *data)
{
	Quota *quota = data;
	QuotaAnswer answer = { 0 };
	g_autoptr(GError) ignored = NULL;
	bool told = quota->ask(quota->data, quota->cancellable, &answer, &ignored);
	g_mutex_lock(&quota->lock);
	if (told && GPOINTER_TO_UINT(generation) == quota->generation) {
		quota->answer = answer;
		quota->known = true;
	}
	quota->asking = false;
	g_cond_broadcast(&quota->answered);
	g_mutex_unlock(&quota->lock);
}

Quota *quota_new(QuotaAsk *ask, void *data)
{
	Quota *quota = g_new0(Quota, 1);
	quota->ask = ask;
	quota->data = data;
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
	return !quota->known || quota->news.sent != quota->asked.sent ||
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
