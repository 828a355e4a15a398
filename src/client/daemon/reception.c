/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sign-in runs on a thread of its own, and is an Attempt:
 *
 *	STARTING ─> WAITING ─> DONE | FAILED | CANCELLED
 *
 * The thread and the reception hold a reference each. Who was let in is kept on the main thread,
 * which owns the profile; then the device that this profile was before is ended, since a profile
 * is one device.
 */
#include "client/daemon/reception.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/login/account.h"
#include "client/login/sign_in.h"

#include <sodium.h>
#include <string.h>

typedef enum Stage {
	STARTING,
	WAITING,
	DONE,
	FAILED,
	CANCELLED,
} Stage;

static const char *const stage_names[] = { "starting", "waiting", "done", "failed", "cancelled" };

typedef struct Attempt {
	int references;
	int64_t id;
	char *how; /* "page", "device", "password" */
	char *server;
	char *provider;
	char *login_hint;
	char *invitation; /* secret */
	char *name;
	char *password;
	char *device_name;
	GCancellable *cancellable;
	ProfileLogin login; /* of its thread, then of the main one */
	ProfileLogin before;
	/* The reception's lock guards the following. */
	Stage stage;
	bool kept; /* the main thread has dealt with login */
	json_t *page;
	GError *failure;
	char *account;
	char *device;
	bool registered;
} Attempt;

struct Reception {
	char *profile;
	ReceptionOptions options;
	GMainContext *context;
	GMutex lock; /* guards the following, and attempts */
	GCond moved;
	Attempt *current; /* NULL: none yet */
	int64_t last_id;
	unsigned running;
	GSource *telling; /* NULL: nothing is to be told */
};

/* What a thread of an attempt works on. */
typedef struct Work {
	Reception *reception;
	Attempt *attempt;
} Work;

static void attempt_unref(Attempt *attempt)
{
	if (!attempt || !g_atomic_int_dec_and_test(&attempt->references)) {
		return;
	}
	g_free(attempt->how);
	g_free(attempt->server);
	g_free(attempt->provider);
	g_free(attempt->login_hint);
	text_wipe(&attempt->invitation);
	g_free(attempt->name);
	g_free(attempt->password);
	g_free(attempt->device_name);
	g_object_unref(attempt->cancellable);
	profile_login_clear(&attempt->login);
	profile_login_clear(&attempt->before);
	json_decref(attempt->page);
	g_clear_error(&attempt->failure);
	g_free(attempt->account);
	g_free(attempt->device);
	g_free(attempt);
}

/* Calls it on the main thread, and never at once: locks may be held. */
static GSource *call_later(const Reception *reception, GSourceFunc function, void *data)
{
	GSource *source = g_idle_source_new();
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, function, data, NULL);
	g_source_attach(source, reception->context);
	return source;
}

/* The lock is held. */
static void drop_telling(Reception *reception)
{
	if (reception->telling) {
		g_source_destroy(reception->telling);
		g_clear_pointer(&reception->telling, g_source_unref);
	}
}

static gboolean tell(void *data)
{
	Reception *reception = data;
	g_mutex_lock(&reception->lock);
	drop_telling(reception);
	g_mutex_unlock(&reception->lock);
	reception->options.changed(reception->options.data);
	return G_SOURCE_REMOVE;
}

/* The lock is held. */
static void move(Reception *reception, Attempt *attempt, Stage stage)
{
	attempt->stage = stage;
	g_cond_broadcast(&reception->moved);
	if (!reception->telling) {
		reception->telling = call_later(reception, tell, reception);
	}
}

/* ---- its thread -------------------------------------------------------------------------- */

static void prompted(const SignInPrompt *prompt, void *data)
{
	const Work *work = data;
	json_t *page =
		json_pack("{s:I, s:s, s:s*, s:s*, s:s*, s:i}", "id", (json_int_t)work->attempt->id,
			  "url", prompt->url, "redirect", prompt->redirect, "page", prompt->page,
			  "user_code", prompt->user_code, "expires_s", (int)prompt->expires_s);
	g_mutex_lock(&work->reception->lock);
	work->attempt->page = page;
	if (work->attempt->stage == STARTING) {
		move(work->reception, work->attempt, WAITING);
	}
	g_mutex_unlock(&work->reception->lock);
}

static bool enter(Work *work, GError **error)
{
	Attempt *attempt = work->attempt;
	if (strcmp(attempt->how, "password") == 0) {
		const AccountPassword with = {
			.server = attempt->server,
			.name = attempt->name,
			.password = attempt->password,
			.device_name = attempt->device_name,
		};
		g_cancellable_push_current(attempt->cancellable);
		bool entered = account_sign_in(&with, &attempt->login, error);
		g_cancellable_pop_current(attempt->cancellable);
		sodium_memzero(attempt->password, strlen(attempt->password));
		return entered;
	}
	const SignInOptions options = {
		.server = attempt->server,
		.client_id = "imdrive-app",
		.device_name = attempt->device_name,
		.provider = attempt->provider,
		.login_hint = attempt->login_hint,
		.invitation = attempt->invitation,
		.shows_itself = true,
		.prompt = prompted,
		.prompt_data = work,
		.cancellable = attempt->cancellable,
	};
	return strcmp(attempt->how, "device") == 0
		       ? sign_in_device(&options, &attempt->login, error)
		       : sign_in_browser(&options, &attempt->login, error);
}

/* On the main thread. */
static gboolean keep(void *data)
{
	const Work *work = data;
	Reception *reception = work->reception;
	Attempt *attempt = work->attempt;
	g_autoptr(GError) failure = NULL;
	bool wanted = !g_cancellable_is_cancelled(attempt->cancellable);
	bool kept = wanted && reception->options.signed_in(&attempt->login, reception->options.data,
							   &failure);
	g_mutex_lock(&reception->lock);
	attempt->kept = true;
	if (kept) {
		attempt->account = g_strdup(attempt->login.account);
		attempt->device = g_strdup(attempt->login.device_name);
		attempt->registered = attempt->login.registered;
	} else if (wanted) {
		attempt->failure = g_steal_pointer(&failure);
	}
	move(reception, attempt, kept ? DONE : wanted ? FAILED : CANCELLED);
	g_mutex_unlock(&reception->lock);
	return G_SOURCE_REMOVE;
}

/* Who was let in is handed on, and the device that is not used any more is ended. */
static void hand_on(Work *work)
{
	Attempt *attempt = work->attempt;
	g_source_unref(call_later(work->reception, keep, work));
	g_mutex_lock(&work->reception->lock);
	while (!attempt->kept) {
		g_cond_wait(&work->reception->moved, &work->reception->lock);
	}
	bool done = attempt->stage == DONE;
	g_mutex_unlock(&work->reception->lock);
	if (!done) {
		account_sign_out(&attempt->login, NULL);
	} else if (g_strcmp0(attempt->before.server, attempt->login.server) == 0) {
		account_sign_out(&attempt->before, NULL);
	}
}

static void *run(void *data)
{
	Work *work = data;
	Reception *reception = work->reception;
	Attempt *attempt = work->attempt;
	g_autoptr(GError) failure = NULL;
	if (enter(work, &failure)) {
		hand_on(work);
	}
	g_mutex_lock(&reception->lock);
	if (failure) {
		bool cancelled = g_cancellable_is_cancelled(attempt->cancellable);
		attempt->failure = g_steal_pointer(&failure);
		move(reception, attempt, cancelled ? CANCELLED : FAILED);
	}
	reception->running--;
	g_main_context_wakeup(reception->context);
	g_mutex_unlock(&reception->lock);
	attempt_unref(attempt);
	g_free(work);
	return NULL;
}

/* ---- beginning --------------------------------------------------------------------------- */

static bool check_params(const json_t *params, GError **error)
{
	const char *how = json_string_value(json_object_get(params, "how"));
	const char *server = json_string_value(json_object_get(params, "server"));
	bool known = how && (strcmp(how, "page") == 0 || strcmp(how, "device") == 0 ||
			     strcmp(how, "password") == 0);
	bool secret = json_is_string(json_object_get(params, "name")) &&
		      json_is_string(json_object_get(params, "password"));
	if (known && server && (strcmp(how, "password") != 0 || secret)) {
		return true;
	}
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "sign-in takes server, how (page, device or password), and a name and "
			    "password for the last");
	return false;
}

static char *dup_text(const json_t *params, const char *key)
{
	return g_strdup(json_string_value(json_object_get(params, key)));
}

static Attempt *new_attempt(const Reception *reception, const json_t *params)
{
	Attempt *attempt = g_new0(Attempt, 1);
	attempt->references = 1;
	attempt->how = dup_text(params, "how");
	attempt->server = dup_text(params, "server");
	attempt->provider = dup_text(params, "provider");
	attempt->login_hint = dup_text(params, "login_hint");
	attempt->invitation = dup_text(params, "invitation");
	attempt->name = dup_text(params, "name");
	attempt->password = dup_text(params, "password");
	attempt->device_name = dup_text(params, "device_name");
	if (!attempt->device_name) {
		attempt->device_name = g_strdup(g_get_host_name());
	}
	attempt->cancellable = g_cancellable_new();
	g_autoptr(Profile) profile = profile_open(reception->profile, NULL);
	if (profile && profile_is_signed_in(profile)) {
		attempt->before.server = g_strdup(profile_login(profile)->server);
		tokens_copy(&profile_login(profile)->tokens, &attempt->before.tokens);
	}
	return attempt;
}

static void start(Reception *reception, Attempt *attempt)
{
	Work *work = g_new(Work, 1);
	*work = (Work){ reception, attempt };
	g_atomic_int_inc(&attempt->references); /* the thread's */
	g_mutex_lock(&reception->lock);
	if (reception->current) {
		g_cancellable_cancel(reception->current->cancellable);
		attempt_unref(reception->current);
	}
	attempt->id = ++reception->last_id;
	g_atomic_int_inc(&attempt->references); /* the reception's */
	reception->current = attempt;
	reception->running++;
	g_mutex_unlock(&reception->lock);
	g_thread_unref(g_thread_new("sign-in", run, work));
}

json_t *reception_begin(Reception *reception, const json_t *params, GError **error)
{
	if (!check_params(params, error)) {
		return NULL;
	}
	Attempt *attempt = new_attempt(reception, params);
	start(reception, attempt);
	bool waits = strcmp(attempt->how, "password") != 0;
	g_mutex_lock(&reception->lock);
	while (waits && attempt->stage == STARTING) {
		g_cond_wait(&reception->moved, &reception->lock);
	}
	json_t *page = NULL;
	if (attempt->failure) {
		g_propagate_error(error, g_error_copy(attempt->failure));
	} else {
		page = attempt->page ? json_deep_copy(attempt->page)
				     : json_pack("{s:I}", "id", (json_int_t)attempt->id);
	}
	g_mutex_unlock(&reception->lock);
	attempt_unref(attempt);
	return page;
}

void reception_cancel(Reception *reception)
{
	g_mutex_lock(&reception->lock);
	if (reception->current) {
		g_cancellable_cancel(reception->current->cancellable);
	}
	g_mutex_unlock(&reception->lock);
}

static json_t *failure_json(const GError *failure)
{
	const char *code = failure->domain == DRIVE_ERROR
				   ? error_code_name((DriveError)failure->code)
				   : error_code_name(DRIVE_ERROR_IO);
	return json_pack("{s:s, s:s}", "code", code, "message", failure->message);
}

json_t *reception_json(Reception *reception)
{
	g_mutex_lock(&reception->lock);
	const Attempt *attempt = reception->current;
	json_t *object = json_null();
	if (attempt) {
		object = json_pack("{s:I, s:s, s:s, s:s, s:s*, s:s*, s:s*, s:b}", "id",
				   (json_int_t)attempt->id, "how", attempt->how, "state",
				   stage_names[attempt->stage], "server", attempt->server,
				   "provider", attempt->provider, "account", attempt->account,
				   "device", attempt->device, "registered",
				   (int)attempt->registered);
		if (attempt->stage == FAILED && attempt->failure) {
			json_object_set_new(object, "error", failure_json(attempt->failure));
		}
	}
	g_mutex_unlock(&reception->lock);
	return object;
}

/* ---- life -------------------------------------------------------------------------------- */

Reception *reception_new(const ReceptionOptions *options)
{
	Reception *reception = g_new0(Reception, 1);
	reception->options = *options;
	reception->profile = g_strdup(options->profile);
	reception->context = g_main_context_ref_thread_default();
	g_mutex_init(&reception->lock);
	g_cond_init(&reception->moved);
	return reception;
}

static bool is_running(Reception *reception)
{
	g_mutex_lock(&reception->lock);
	bool running = reception->running > 0;
	g_mutex_unlock(&reception->lock);
	return running;
}

void reception_free(Reception *reception)
{
	if (!reception) {
		return;
	}
	reception_cancel(reception);
	while (is_running(reception)) {
		g_main_context_iteration(reception->context, TRUE);
	}
	drop_telling(reception);
	attempt_unref(reception->current);
	g_main_context_unref(reception->context);
	g_mutex_clear(&reception->lock);
	g_cond_clear(&reception->moved);
	g_free(reception->profile);
	g_free(reception);
}
