/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wiring of the client: profile, bindings, control socket, signals.
 */
#include "client/daemon/daemon.h"

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "client/daemon/daemon_internal.h"
#include "client/login/account.h"
#include "client/login/token_file.h"
#include "client/mount/mountpoint.h"

#include <errno.h>
#include <glib-unix.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PROGRESS_MS 200
/* How long news wait for more, and how often bytes are counted while jobs run. */
#define TICK_FIRST_MS 100
#define TICK_MS 500
/* How long there must have been work before memory is given back after it. */
#define REST_S 5

static void close_bound(Bound *bound)
{
	open_disks_remove(bound->daemon->disks, bound->folder);
	g_clear_pointer(&bound->binding, binding_close);
}

/* Anew after each: while one closes the others go on, and any can be unbound. */
static void close_all(Daemon *daemon)
{
	unsigned i = 0;
	while (i < daemon->bounds->len) {
		Bound *bound = daemon->bounds->pdata[i];
		bool open = bound->binding;
		close_bound(bound);
		i = open ? 0 : i + 1;
	}
}

static void bound_free(void *data)
{
	Bound *bound = data;
	if (bound->dropping) {
		g_source_remove(bound->dropping);
	}
	close_bound(bound);
	g_clear_error(&bound->failure);
	g_free(bound->id);
	g_free(bound->folder);
	g_free(bound);
}

/* ---- once ------------------------------------------------------------------------------- */

static void set_stuck(Daemon *daemon, Engine *engine)
{
	g_auto(EngineStatus) status = { 0 };
	engine_status_get(engine, &status);
	GString *text = g_string_new("not everything could be synced");
	if (status.reason) {
		g_string_append_printf(text, ": %s", status.reason);
	}
	for (unsigned i = 0; i < MIN(status.problems->len, 10); i++) {
		const EngineProblem *problem = status.problems->pdata[i];
		if (*problem->path) {
			g_autofree char *path =
				text_printable(problem->path, strlen(problem->path));
			g_string_append_printf(text, "\n  %s: %s", path, problem->message);
		}
	}
	g_clear_error(&daemon->failure);
	daemon->failure = g_error_new_literal(DRIVE_ERROR, DRIVE_ERROR_INVALID, text->str);
	g_string_free(text, TRUE);
}

static void end_if_settled(Daemon *daemon)
{
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		const Bound *bound = daemon->bounds->pdata[i];
		if (!bound->binding || engine_is_settled(binding_engine(bound->binding))) {
			continue;
		}
		if (!engine_is_stuck(binding_engine(bound->binding))) {
			return;
		}
		set_stuck(daemon, binding_engine(bound->binding));
	}
	g_main_loop_quit(daemon->loop);
}

/* ---- news ------------------------------------------------------------------------------- */

static gboolean rest(void *data)
{
	Daemon *daemon = data;
	if (daemon->tick) {
		return G_SOURCE_CONTINUE;
	}
	memory_give_back();
	daemon->rest = 0;
	return G_SOURCE_REMOVE;
}

static gboolean tick(void *data)
{
	Daemon *daemon = data;
	bool works = false;
	int64_t now_us = g_get_monotonic_time();
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		Bound *bound = daemon->bounds->pdata[i];
		if (bound->binding) {
			meter_note(&bound->meter, now_us, binding_moved(bound->binding));
			works |= engine_running(binding_engine(bound->binding)) > 1;
		}
	}
	control_server_changed(daemon->control);
	/* One job is the feed's, which waits for news: at rest nothing ticks. */
	daemon->tick = works ? g_timeout_add(TICK_MS, tick, daemon) : 0;
	if (works && !daemon->rest) {
		daemon->rest = g_timeout_add_seconds(REST_S, rest, daemon);
	}
	return G_SOURCE_REMOVE;
}

void daemon_changed(Daemon *daemon)
{
	if (!daemon->tick) {
		daemon->tick = g_timeout_add(TICK_FIRST_MS, tick, daemon);
	}
}

static bool ask_quota(void *data, GCancellable *cancellable, QuotaAnswer *ret_answer,
		      GError **error)
{
	const Daemon *daemon = data;
	g_autoptr(Profile) profile = profile_open(daemon->folder, error);
	if (!profile) {
		return false;
	}
	g_cancellable_push_current(cancellable);
	json_auto_t *me = account_call(profile, "GET", "/api/v1/me", NULL, error);
	g_cancellable_pop_current(cancellable);
	if (!me) {
		return false;
	}
	json_int_t quota = json_integer_value(json_object_get(me, "quota"));
	const json_t *usage = json_object_get(me, "usage");
	json_int_t used = json_integer_value(json_object_get(usage, "bytes"));
	ret_answer->quota = (uint64_t)MAX(quota, 0);
	ret_answer->used = (uint64_t)MAX(used, 0);
	return true;
}

static void recall_quota(Daemon *daemon)
{
	const ProfileLogin *login = profile_login(daemon->profile);
	if (login) {
		g_autofree char *account = g_strdup_printf("%s %s", login->server, login->account);
		quota_recall(daemon->quota, account);
	}
}

/* Only virtual disks tell how much room there is. */
static void note_quota(Daemon *daemon)
{
	bool wanted = false;
	QuotaNews news = { 0 };
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		const Bound *bound = daemon->bounds->pdata[i];
		wanted |= bound->mount;
		if (bound->binding) {
			binding_count(bound->binding, &news);
		}
	}
	if (wanted) {
		quota_note(daemon->quota, &news, g_get_monotonic_time());
	}
}

static void stepped(void *data)
{
	Daemon *daemon = data;
	note_quota(daemon);
	daemon_changed(daemon);
	if (daemon->once) {
		end_if_settled(daemon);
	}
}

/* ---- bindings --------------------------------------------------------------------------- */

static gboolean drop_unmounted(void *data)
{
	Bound *bound = data;
	Daemon *daemon = bound->daemon;
	bound->dropping = 0;
	g_ptr_array_remove(daemon->bounds, bound);
	if (daemon->bounds->len == 0 && !daemon->stays) {
		g_main_loop_quit(daemon->loop);
	}
	daemon_changed(daemon);
	return G_SOURCE_REMOVE;
}

/* A person unmounted it: it is done with, as a folder is at the end. */
static void unmounted(Binding *binding, void *data)
{
	(void)binding;
	Bound *bound = data;
	bound->dropping = g_idle_add(drop_unmounted, bound);
}

static Binding *open_binding(Daemon *daemon, const ProfileBinding *known, Bound *bound,
			     GError **error)
{
	const ProfileLogin *login = profile_login(daemon->profile);
	g_autofree char *state_path =
		profile_state_path(daemon->profile, known, &login->drive, error);
	if (!state_path || (known->mount && !mountpoint_prepare(known->folder, error))) {
		return NULL;
	}
	g_autofree char *disk_path = profile_disk_path(daemon->profile, known);
	g_auto(ProfileDisk) disk = { 0 };
	profile_disk(daemon->profile, &disk);
	const BindingOptions options = {
		.folder = known->mount ? disk_path : known->folder,
		.mountpoint = known->mount ? known->folder : NULL,
		.disk = disk,
		.marker = known->id,
		.is_new = known->is_new,
		.state_path = state_path,
		.server = login->server,
		.credential = daemon->credential,
		.drive = login->drive,
		.device_name = login->device_name,
		.quota = daemon->quota,
		.up = daemon->up,
		.down = daemon->down,
		.stepped = stepped,
		.stepped_data = daemon,
		.unmounted = unmounted,
		.unmounted_data = bound,
	};
	return binding_open(&options, error);
}

static bool open_bound(Daemon *daemon, const ProfileBinding *known, Bound *bound, GError **error)
{
	if (!profile_is_signed_in(daemon->profile)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED,
				    "this device is signed out: sign in with 'imdrive login'");
		return false;
	}
	bound->binding = open_binding(daemon, known, bound, error);
	if (!bound->binding) {
		return false;
	}
	if (known->is_new && !profile_marked(daemon->profile, known, error)) {
		g_clear_pointer(&bound->binding, binding_close);
		return false;
	}
	open_disks_add(daemon->disks, bound->folder, binding_disk(bound->binding));
	if (daemon->paused) {
		engine_pause(binding_engine(bound->binding), true);
	}
	return true;
}

/* A folder that could not be bound is none that is bound, and anybody may bind it. */
static void forget(Daemon *daemon, const ProfileBinding *known)
{
	g_autofree char *id = g_strdup(known->id);
	g_autofree char *marker = g_build_filename(known->folder, DISK_RESERVED, "marker", NULL);
	g_autofree char *text = NULL;
	if (!known->mount && g_file_get_contents(marker, &text, NULL, NULL) &&
	    strcmp(text, id) == 0) {
		unlink(marker);
	}
	profile_unbind(daemon->profile, id, NULL);
}

const char *daemon_rest_of(const char *path, const char *folder)
{
	size_t size = strlen(folder);
	if (strncmp(path, folder, size) != 0 || (path[size] != '/' && path[size])) {
		return NULL;
	}
	return path[size] ? path + size + 1 : "";
}

bool daemon_attach(Daemon *daemon, const char *folder, bool mount, GError **error)
{
	/* A dead mount must be gone before the folder can be looked at. */
	if (mount && !mountpoint_revive(folder, error)) {
		return false;
	}
	const ProfileBinding *known = profile_bind(daemon->profile, folder, mount, error);
	if (!known) {
		return false;
	}
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		const Bound *bound = daemon->bounds->pdata[i];
		if (strcmp(bound->id, known->id) == 0) {
			return true;
		}
	}
	Bound *bound = g_new0(Bound, 1);
	bound->daemon = daemon;
	bound->id = g_strdup(known->id);
	bound->folder = g_strdup(known->folder);
	bound->mount = known->mount;
	if (!open_bound(daemon, known, bound, error)) {
		bound_free(bound);
		if (known->is_new) {
			forget(daemon, known);
		}
		error_append(error, DRIVE_ERROR_FORBIDDEN, ": name a folder that is yours");
		return false;
	}
	g_ptr_array_add(daemon->bounds, bound);
	daemon_changed(daemon);
	return true;
}

static Credential *new_credential(const Daemon *daemon)
{
	g_autofree char *folder = profile_path(daemon->profile, "");
	return credential_new(folder);
}

/* Somebody signed in or out: all bindings start anew with what the profile says now. */
static gboolean reload(void *data)
{
	Daemon *daemon = data;
	g_atomic_int_set(&daemon->reloads, 0);
	close_all(daemon);
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		Bound *bound = daemon->bounds->pdata[i];
		g_clear_error(&bound->failure);
		bound->meter = (Meter){ 0 };
	}
	/* Another may have signed in: nothing of the former credential is used any more. */
	credential_free(daemon->credential);
	daemon->credential = new_credential(daemon);
	quota_forget(daemon->quota);
	g_autoptr(GError) failure = NULL;
	if (!profile_reload(daemon->profile, &failure)) {
		log_event(LOG_ERROR, "profile-unreadable", "error=\"%s\"", failure->message);
		return G_SOURCE_REMOVE;
	}
	recall_quota(daemon);
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		Bound *bound = daemon->bounds->pdata[i];
		const ProfileBinding *known =
			profile_bind(daemon->profile, bound->folder, bound->mount, &bound->failure);
		if (known) {
			open_bound(daemon, known, bound, &bound->failure);
		}
	}
	daemon_changed(daemon);
	return G_SOURCE_REMOVE;
}

/* From any thread. */
void daemon_reload_soon(void *data)
{
	Daemon *daemon = data;
	if (g_atomic_int_compare_and_exchange(&daemon->reloads, 0, 1)) {
		g_idle_add(reload, daemon);
	}
}

static gboolean look_again(void *data)
{
	Daemon *daemon = data;
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		const Bound *bound = daemon->bounds->pdata[i];
		g_autoptr(GPtrArray) touched =
			open_disks_take_touched(daemon->disks, bound->folder);
		for (unsigned j = 0; bound->binding && j < touched->len; j++) {
			engine_look(binding_engine(bound->binding), touched->pdata[j]);
		}
	}
	daemon_changed(daemon);
	return G_SOURCE_REMOVE;
}

/* From any thread. */
static void look_again_soon(void *data)
{
	g_idle_add(look_again, data);
}

static bool signed_in(const ProfileLogin *login, void *data, GError **error)
{
	Daemon *daemon = data;
	if (!profile_set_login(daemon->profile, login, error)) {
		return false;
	}
	daemon_reload_soon(daemon);
	return true;
}

static void signing_in(void *data)
{
	daemon_changed(data);
}

/* The folder stays as it is, but for the marker: it can be bound again. */
bool daemon_detach(Daemon *daemon, const char *folder, GError **error)
{
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		Bound *bound = daemon->bounds->pdata[i];
		if (strcmp(bound->folder, folder) != 0) {
			continue;
		}
		/* First: while it closes, it may be asked for again. */
		g_ptr_array_steal_index(daemon->bounds, i);
		bool ours = bound->binding;
		g_autofree char *id = g_strdup(bound->id);
		g_autofree char *marker =
			g_build_filename(bound->folder, DISK_RESERVED, "marker", NULL);
		bound_free(bound);
		daemon_changed(daemon);
		if (ours && unlink(marker) != 0 && errno != ENOENT) {
			return error_set_errno(error, errno, "remove '%s'", marker);
		}
		return profile_unbind(daemon->profile, id, error);
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "'%s' is not bound", folder);
	return false;
}

/* ---- progress --------------------------------------------------------------------------- */

static void add_work(GString *line, Bound *bound, const EngineStatus *status)
{
	int64_t now_us = g_get_monotonic_time();
	meter_note(&bound->meter, now_us, binding_moved(bound->binding));
	uint64_t rate = meter_rate(&bound->meter, now_us);
	int64_t seconds = meter_seconds(&bound->meter, now_us, status->bytes_left);
	g_autofree char *left = g_format_size(status->bytes_left);
	g_autofree char *speed = g_format_size(rate);
	g_autofree char *time = meter_format_seconds(MAX(seconds, 0));
	g_string_append_printf(line, ", %" G_GUINT64_FORMAT " to do, %s left", status->pending,
			       left);
	if (rate > 0) {
		g_string_append_printf(line, ", %s/s", speed);
	}
	if (seconds > 0) {
		g_string_append_printf(line, ", %s", time);
	}
}

/* One line, drawn anew where it stands. */
static gboolean show_progress(void *data)
{
	Daemon *daemon = data;
	g_autoptr(GString) line = g_string_new("\r\033[K");
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		Bound *bound = daemon->bounds->pdata[i];
		if (!bound->binding) {
			continue;
		}
		g_auto(EngineStatus) status = { 0 };
		engine_status_get(binding_engine(bound->binding), &status);
		g_string_append_printf(line, "%s%s: %" G_GUINT64_FORMAT " files", i > 0 ? "; " : "",
				       engine_status_name(status.state), status.files);
		if (status.pending > 0) {
			add_work(line, bound, &status);
		}
		if (status.problems->len > 0) {
			g_string_append_printf(line, ", %u problems: see 'imdrive status'",
					       status.problems->len);
		}
	}
	fputs(line->str, stderr);
	fflush(stderr);
	return G_SOURCE_CONTINUE;
}

/* ---- life ------------------------------------------------------------------------------- */

static gboolean asked_to_end(void *data)
{
	Daemon *daemon = data;
	g_main_loop_quit(daemon->loop);
	return G_SOURCE_CONTINUE;
}

static void daemon_clear(Daemon *daemon)
{
	close_all(daemon);
	if (daemon->tick) {
		g_source_remove(daemon->tick);
	}
	if (daemon->rest) {
		g_source_remove(daemon->rest);
	}
	if (daemon->resume) {
		g_source_remove(daemon->resume);
	}
	control_server_free(daemon->control);
	reception_free(daemon->reception);
	g_idle_remove_by_data(daemon);
	g_ptr_array_unref(daemon->bounds);
	quota_free(daemon->quota);
	g_free(daemon->folder);
	g_free(daemon->mounter);
	open_disks_free(daemon->disks);
	g_clear_pointer(&daemon->credential, credential_free);
	pace_free(daemon->up);
	pace_free(daemon->down);
	g_clear_pointer(&daemon->loop, g_main_loop_unref);
}

/* A batch of staged files holds a descriptor each. */
static void allow_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* All that the profile knows; what cannot be opened says why. */
static void attach_known(Daemon *daemon)
{
	GPtrArray *known = profile_bindings(daemon->profile);
	for (unsigned i = 0; i < known->len; i++) {
		const ProfileBinding *binding = known->pdata[i];
		Bound *bound = g_new0(Bound, 1);
		bound->daemon = daemon;
		bound->id = g_strdup(binding->id);
		bound->folder = g_strdup(binding->folder);
		bound->mount = binding->mount;
		open_bound(daemon, binding, bound, &bound->failure);
		g_ptr_array_add(daemon->bounds, bound);
	}
}

static bool open_doors(Daemon *daemon, GError **error)
{
	const ReceptionOptions options = {
		.profile = daemon->folder,
		.signed_in = signed_in,
		.changed = signing_in,
		.data = daemon,
	};
	daemon->reception = reception_new(&options);
	daemon->calls = (DriveCalls){
		.profile = daemon->folder,
		.reception = daemon->reception,
		.reload = daemon_reload_soon,
		.data = daemon,
		.disks = daemon->disks,
		.touched = look_again_soon,
	};
	daemon->control = control_server_new(daemon->folder, methods_handle, daemon, error);
	if (!daemon->control) {
		return false;
	}
	control_server_set_slow(daemon->control, drive_calls_methods(), drive_calls_handle,
				&daemon->calls);
	return true;
}

/* A keyring may take its time, and nobody waits for it. */
static void *move_credential(void *data)
{
	g_autofree char *folder = data;
	token_file_move(folder);
	return NULL;
}

static bool start(Daemon *daemon, const DaemonOptions *options, GError **error)
{
	daemon->folder = profile_path(daemon->profile, "");
	g_autofree char *kept_quota = profile_path(daemon->profile, "quota");
	daemon->quota = quota_new(ask_quota, daemon, kept_quota);
	recall_quota(daemon);
	allow_descriptors();
	g_thread_unref(g_thread_new("keyring", move_credential, g_strdup(daemon->folder)));
	daemon->credential = new_credential(daemon);
	if (!profile_lock(daemon->profile, error) || !open_doors(daemon, error)) {
		return false;
	}
	if (options->folder) {
		bool bound = daemon_attach(daemon, options->folder, options->mount, error);
		if (bound && options->hello) {
			fprintf(stderr, "%s\n", options->hello);
		}
		return bound;
	}
	daemon->stays = true;
	attach_known(daemon);
	return true;
}

bool daemon_run(const DaemonOptions *options, GError **error)
{
	ProfileLimits limits = profile_limits(options->profile);
	Daemon daemon = {
		.profile = options->profile,
		.loop = g_main_loop_new(NULL, FALSE),
		.bounds = g_ptr_array_new_with_free_func(bound_free),
		.disks = open_disks_new(),
		.once = options->once,
		.up = pace_new(limits.up),
		.down = pace_new(limits.down),
	};
	if (!start(&daemon, options, error)) {
		daemon_clear(&daemon);
		return false;
	}
	unsigned interrupt = g_unix_signal_add(SIGINT, asked_to_end, &daemon);
	unsigned progress =
		options->progress ? g_timeout_add(PROGRESS_MS, show_progress, &daemon) : 0;
	/* Stays: it may come twice, and GDBus sends one when the session's bus goes. */
	g_unix_signal_add(SIGTERM, asked_to_end, &daemon);
	g_main_loop_run(daemon.loop);
	g_source_remove(interrupt);
	if (progress) {
		g_source_remove(progress);
	}
	if (options->progress) {
		fputc('\n', stderr);
	}
	daemon_clear(&daemon);
	if (daemon.failure) {
		g_propagate_error(error, daemon.failure);
		return false;
	}
	return true;
}
