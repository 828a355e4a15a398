/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/grant.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "server/oauth/pkce.h"

#include <string.h>

#define PENDING_US (10 * G_TIME_SPAN_MINUTE)
#define CODE_US (60 * G_TIME_SPAN_SECOND)
/* How long it is remembered what a secret was used for. */
#define USED_US G_TIME_SPAN_HOUR
/* How long a device that polls too late is told so. */
#define LATE_US (10 * G_TIME_SPAN_MINUTE)
#define SWEEP_US (10 * G_TIME_SPAN_SECOND)
#define INTERVAL_US (5 * G_TIME_SPAN_SECOND)
/* A poll may be as much early: clocks and networks are not exact. */
#define EARLY_US (G_TIME_SPAN_SECOND / 2)

typedef enum State {
	PENDING,
	APPROVED,
	DENIED,
	ISSUING,
	ISSUED,
} State;

typedef struct Grant {
	GList link; /* in the queue of its kind */
	State state;
	GrantAsk ask;
	GrantApproval approval;
	char *id;
	char user_code[USER_CODE_SIZE];
	uint8_t secret[SECRET_HASH_SIZE];
	bool has_secret;
	int64_t asked_us;
	int64_t expires_us;
	int64_t forget_us;
	/* Polling. */
	int64_t interval_us;
	int64_t polled_us;
	/* Redeeming. */
	bool reused;
	int64_t device;
} Grant;

struct Grants {
	GMutex lock;      /* guards the following */
	GQueue queues[2]; /* of Grant by kind, oldest first; they own */
	GHashTable *by_id;
	GHashTable *by_user_code; /* while pending */
	GHashTable *by_secret;
	int64_t swept_us;
};

static const unsigned limits[] = { OAUTH_PENDING_MAX, OAUTH_DEVICE_CODES_MAX };

/* ---- values ---------------------------------------------------------------------------- */

static void ask_copy(const GrantAsk *from, GrantAsk *ret_ask)
{
	*ret_ask = *from;
	ret_ask->client_id = g_strdup(from->client_id);
	ret_ask->client_name = g_strdup(from->client_name);
	ret_ask->device_name = g_strdup(from->device_name);
	ret_ask->redirect = g_strdup(from->redirect);
	ret_ask->state = g_strdup(from->state);
	ret_ask->challenge = g_strdup(from->challenge);
	ret_ask->provider = g_strdup(from->provider);
	ret_ask->login_hint = g_strdup(from->login_hint);
	ret_ask->peer = g_strdup(from->peer);
	ret_ask->peer_key = g_strdup(from->peer_key);
}

void grant_ask_clear(GrantAsk *ask)
{
	g_clear_pointer(&ask->client_id, g_free);
	g_clear_pointer(&ask->client_name, g_free);
	g_clear_pointer(&ask->device_name, g_free);
	g_clear_pointer(&ask->redirect, g_free);
	g_clear_pointer(&ask->state, g_free);
	g_clear_pointer(&ask->challenge, g_free);
	g_clear_pointer(&ask->provider, g_free);
	g_clear_pointer(&ask->login_hint, g_free);
	g_clear_pointer(&ask->peer, g_free);
	g_clear_pointer(&ask->peer_key, g_free);
}

void grant_shown_clear(GrantShown *shown)
{
	grant_ask_clear(&shown->ask);
}

static void approval_copy(const GrantApproval *from, GrantApproval *ret_approval)
{
	*ret_approval = *from;
	ret_approval->method = g_strdup(from->method);
	ret_approval->peer = g_strdup(from->peer);
}

static void approval_clear(GrantApproval *approval)
{
	g_clear_pointer(&approval->method, g_free);
	g_clear_pointer(&approval->peer, g_free);
}

void grant_issue_clear(GrantIssue *issue)
{
	g_clear_pointer(&issue->client_id, g_free);
	g_clear_pointer(&issue->device_name, g_free);
	approval_clear(&issue->approval);
}

static void fill_issue(const Grant *grant, GrantIssue *ret_issue)
{
	ret_issue->client_id = g_strdup(grant->ask.client_id);
	ret_issue->device_name = g_strdup(grant->ask.device_name);
	ret_issue->scopes = grant->ask.scopes;
	approval_copy(&grant->approval, &ret_issue->approval);
	ret_issue->device = grant->device;
}

/* ---- the tables ------------------------------------------------------------------------ */

Grants *grant_table_new(void)
{
	Grants *grants = g_new0(Grants, 1);
	g_mutex_init(&grants->lock);
	grants->by_id = g_hash_table_new(g_str_hash, g_str_equal);
	grants->by_user_code = g_hash_table_new(g_str_hash, g_str_equal);
	grants->by_secret = g_hash_table_new(secret_hash_hash, secret_hash_equal);
	return grants;
}

/* It cannot be found by its id or by its user code any more. */
static void unlist(Grants *grants, Grant *grant)
{
	if (grant->id) {
		g_hash_table_remove(grants->by_id, grant->id);
		g_clear_pointer(&grant->id, g_free);
	}
	if (*grant->user_code &&
	    g_hash_table_lookup(grants->by_user_code, grant->user_code) == grant) {
		g_hash_table_remove(grants->by_user_code, grant->user_code);
	}
}

static void set_secret(Grants *grants, Grant *grant, const char *secret)
{
	secret_hash(secret, grant->secret);
	grant->has_secret = true;
	g_hash_table_replace(grants->by_secret, grant->secret, grant);
}

static Grant *by_secret(Grants *grants, const char *secret)
{
	uint8_t hash[SECRET_HASH_SIZE];
	secret_hash(secret, hash);
	return g_hash_table_lookup(grants->by_secret, hash);
}

static void drop(Grants *grants, Grant *grant)
{
	unlist(grants, grant);
	if (grant->has_secret) {
		g_hash_table_remove(grants->by_secret, grant->secret);
	}
	g_queue_unlink(&grants->queues[grant->ask.kind], &grant->link);
	grant_ask_clear(&grant->ask);
	approval_clear(&grant->approval);
	g_free(grant);
}

void grant_table_free(Grants *grants)
{
	if (!grants) {
		return;
	}
	for (unsigned kind = 0; kind < G_N_ELEMENTS(grants->queues); kind++) {
		while (grants->queues[kind].head) {
			drop(grants, grants->queues[kind].head->data);
		}
	}
	g_hash_table_unref(grants->by_id);
	g_hash_table_unref(grants->by_user_code);
	g_hash_table_unref(grants->by_secret);
	g_mutex_clear(&grants->lock);
	g_free(grants);
}

static void sweep(Grants *grants, int64_t now_us)
{
	if (now_us < grants->swept_us + SWEEP_US && now_us >= grants->swept_us) {
		return;
	}
	grants->swept_us = now_us;
	for (unsigned kind = 0; kind < G_N_ELEMENTS(grants->queues); kind++) {
		GList *next;
		for (GList *at = grants->queues[kind].head; at; at = next) {
			Grant *grant = at->data;
			next = at->next;
			if (grant->state != ISSUING && grant->forget_us <= now_us) {
				drop(grants, grant);
			}
		}
	}
}

/* The oldest goes; one that is being issued has its secret used up, and is kept for that. */
static void make_room(Grants *grants, GrantKind kind, int64_t now_us)
{
	sweep(grants, now_us);
	GQueue *queue = &grants->queues[kind];
	GList *at = queue->head;
	while (at && queue->length >= limits[kind]) {
		Grant *grant = at->data;
		at = at->next;
		if (grant->state != ISSUING) {
			drop(grants, grant);
		}
	}
}

static Grant *add(Grants *grants, const GrantAsk *ask, int64_t now_us)
{
	make_room(grants, ask->kind, now_us);
	Grant *grant = g_new0(Grant, 1);
	grant->link.data = grant;
	ask_copy(ask, &grant->ask);
	grant->id = secret_make();
	grant->asked_us = now_us;
	grant->expires_us = now_us + PENDING_US;
	grant->forget_us = grant->expires_us + (ask->kind == GRANT_DEVICE ? LATE_US : 0);
	g_hash_table_insert(grants->by_id, grant->id, grant);
	g_queue_push_tail_link(&grants->queues[ask->kind], &grant->link);
	return grant;
}

/* ---- asking ---------------------------------------------------------------------------- */

char *grant_add_code(Grants *grants, const GrantAsk *ask, int64_t now_us)
{
	g_assert(ask->kind == GRANT_CODE);
	g_mutex_lock(&grants->lock);
	char *id = g_strdup(add(grants, ask, now_us)->id);
	g_mutex_unlock(&grants->lock);
	return id;
}

static bool has_too_many(Grants *grants, const char *peer_key, int64_t now_us)
{
	unsigned count = 0;
	for (GList *at = grants->queues[GRANT_DEVICE].head; at && peer_key; at = at->next) {
		const Grant *grant = at->data;
		count += grant->state == PENDING && grant->expires_us > now_us &&
			 g_strcmp0(grant->ask.peer_key, peer_key) == 0;
	}
	return count >= OAUTH_DEVICE_CODES_PER_PEER_MAX;
}

bool grant_add_device(Grants *grants, const GrantAsk *ask, int64_t now_us, char **ret_device_code,
		      char ret_user_code[USER_CODE_SIZE], GError **error)
{
	g_assert(ask->kind == GRANT_DEVICE);
	g_mutex_lock(&grants->lock);
	if (has_too_many(grants, ask->peer_key, now_us)) {
		g_mutex_unlock(&grants->lock);
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
				    "too many devices ask for a sign-in from this address: try "
				    "again in some minutes");
		return false;
	}
	Grant *grant = add(grants, ask, now_us);
	char *device_code = secret_make();
	set_secret(grants, grant, device_code);
	do {
		user_code_make(grant->user_code);
	} while (g_hash_table_contains(grants->by_user_code, grant->user_code));
	g_hash_table_insert(grants->by_user_code, grant->user_code, grant);
	grant->interval_us = INTERVAL_US;
	memcpy(ret_user_code, grant->user_code, USER_CODE_SIZE);
	g_mutex_unlock(&grants->lock);
	*ret_device_code = device_code;
	return true;
}

static Grant *find_pending(Grants *grants, const char *id, int64_t now_us)
{
	Grant *grant = g_hash_table_lookup(grants->by_id, id);
	bool pending = grant && grant->state == PENDING && grant->expires_us > now_us;
	return pending ? grant : NULL;
}

char *grant_find(Grants *grants, const char *user_code, int64_t now_us)
{
	g_mutex_lock(&grants->lock);
	Grant *grant = g_hash_table_lookup(grants->by_user_code, user_code);
	char *id = grant && grant->expires_us > now_us ? g_strdup(grant->id) : NULL;
	g_mutex_unlock(&grants->lock);
	return id;
}

bool grant_show(Grants *grants, const char *id, int64_t now_us, GrantShown *ret_shown)
{
	g_mutex_lock(&grants->lock);
	const Grant *grant = find_pending(grants, id, now_us);
	if (grant) {
		*ret_shown = (GrantShown){ .asked_us = grant->asked_us,
					   .expires_us = grant->expires_us };
		ask_copy(&grant->ask, &ret_shown->ask);
		memcpy(ret_shown->user_code, grant->user_code, USER_CODE_SIZE);
	}
	g_mutex_unlock(&grants->lock);
	return grant;
}

/* ---- answering ------------------------------------------------------------------------- */

bool grant_approve(Grants *grants, const char *id, const GrantApproval *approval, int64_t now_us,
		   char **ret_code)
{
	g_mutex_lock(&grants->lock);
	Grant *grant = find_pending(grants, id, now_us);
	if (grant) {
		grant->state = APPROVED;
		approval_copy(approval, &grant->approval);
		unlist(grants, grant);
		*ret_code = NULL;
	}
	if (grant && grant->ask.kind == GRANT_CODE) {
		*ret_code = secret_make();
		set_secret(grants, grant, *ret_code);
		grant->expires_us = now_us + CODE_US;
		grant->forget_us = grant->expires_us;
	}
	g_mutex_unlock(&grants->lock);
	return grant;
}

bool grant_deny(Grants *grants, const char *id, int64_t now_us)
{
	g_mutex_lock(&grants->lock);
	Grant *grant = find_pending(grants, id, now_us);
	if (grant) {
		grant->state = DENIED;
		unlist(grants, grant);
	}
	g_mutex_unlock(&grants->lock);
	return grant;
}

/* ---- redeeming ------------------------------------------------------------------------- */

static bool is_used(const Grant *grant)
{
	return grant->state == ISSUING || grant->state == ISSUED;
}

/* The second one to come; what the first one got ends. */
static GrantResult reuse(Grant *grant, GrantIssue *ret_issue)
{
	grant->reused = true;
	if (grant->state == ISSUING) {
		return GRANT_INVALID;
	}
	fill_issue(grant, ret_issue);
	return GRANT_REUSED;
}

static GrantResult begin_issue(Grant *grant, GrantIssue *ret_issue)
{
	grant->state = ISSUING;
	fill_issue(grant, ret_issue);
	return GRANT_ISSUE;
}

static bool fits(const Grant *grant, const GrantCode *code)
{
	return grant->ask.kind == GRANT_CODE && grant->state == APPROVED &&
	       grant->expires_us > code->now_us &&
	       strcmp(grant->ask.client_id, code->client_id) == 0 &&
	       strcmp(grant->ask.redirect, code->redirect) == 0 &&
	       pkce_verify(code->verifier, grant->ask.challenge);
}

GrantResult grant_redeem_code(Grants *grants, const GrantCode *code, GrantIssue *ret_issue)
{
	*ret_issue = (GrantIssue){ 0 };
	GrantResult result = GRANT_INVALID;
	g_mutex_lock(&grants->lock);
	Grant *grant = by_secret(grants, code->code);
	if (grant && grant->ask.kind == GRANT_CODE && is_used(grant)) {
		result = reuse(grant, ret_issue);
	} else if (grant && fits(grant, code)) {
		result = begin_issue(grant, ret_issue);
	} else if (grant && grant->ask.kind == GRANT_CODE) {
		drop(grants, grant);
	}
	g_mutex_unlock(&grants->lock);
	return result;
}

static GrantResult poll_state(Grant *grant, int64_t now_us, GrantIssue *ret_issue)
{
	if (is_used(grant)) {
		return reuse(grant, ret_issue);
	}
	if (grant->state == DENIED) {
		return GRANT_DENIED;
	}
	if (grant->expires_us <= now_us) {
		return GRANT_EXPIRED;
	}
	if (grant->state == APPROVED) {
		return begin_issue(grant, ret_issue);
	}
	bool early =
		grant->polled_us > 0 && now_us - grant->polled_us < grant->interval_us - EARLY_US;
	grant->polled_us = now_us;
	if (early) {
		grant->interval_us += INTERVAL_US;
	}
	return early ? GRANT_SLOW_DOWN : GRANT_PENDING;
}

GrantResult grant_poll(Grants *grants, const char *device_code, const char *client_id,
		       int64_t now_us, GrantIssue *ret_issue)
{
	*ret_issue = (GrantIssue){ 0 };
	GrantResult result = GRANT_INVALID;
	g_mutex_lock(&grants->lock);
	Grant *grant = by_secret(grants, device_code);
	if (grant && grant->ask.kind == GRANT_DEVICE &&
	    strcmp(grant->ask.client_id, client_id) == 0) {
		result = poll_state(grant, now_us, ret_issue);
	}
	g_mutex_unlock(&grants->lock);
	return result;
}

bool grant_issued(Grants *grants, const char *secret, int64_t device, int64_t now_us)
{
	g_mutex_lock(&grants->lock);
	Grant *grant = by_secret(grants, secret);
	g_assert(grant && grant->state == ISSUING);
	grant->state = ISSUED;
	grant->device = device;
	grant->forget_us = now_us + USED_US;
	bool alone = !grant->reused;
	g_mutex_unlock(&grants->lock);
	return alone;
}

void grant_failed(Grants *grants, const char *secret)
{
	g_mutex_lock(&grants->lock);
	Grant *grant = by_secret(grants, secret);
	g_assert(grant && grant->state == ISSUING);
	if (grant->reused) {
		drop(grants, grant);
	} else {
		grant->state = APPROVED;
	}
	g_mutex_unlock(&grants->lock);
}
