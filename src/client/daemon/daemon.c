/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wiring of the client: profile, bindings, control socket, signals.
 */
#include "client/daemon/daemon.h"

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "client/control/control_server.h"
#include "client/daemon/binding.h"
#include "client/daemon/drive_calls.h"
#include "client/daemon/meter.h"
#include "client/daemon/reception.h"
#include "client/daemon/report.h"
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
/* What docs/formats/control.md describes. */
#define CONTROL_VERSION 1
#define PAUSE_S_MAX (7 * 24 * 3600)

typedef struct Bound {
	struct Daemon *daemon;
	char *id;
	char *folder;
	bool mount;
	Binding *binding; /* NULL: not open; failure says why */
	GError *failure;
	Meter meter;
	unsigned dropping; /* source that removes it */
} Bound;

typedef struct Daemon {
	Profile *profile;
	Credential *credential;
	GMainLoop *loop;
	ControlServer *control;
	Reception *reception;
	char *folder; /* the profile's */
	DriveCalls calls;
	GPtrArray *bounds; /* Bound */
	Pace *up, *down;   /* limits of all of them together */
	bool paused;
	unsigned resume;   /* source that ends a pause */
	int64_t resume_us; /* when (UTC); 0: whoever paused will */
	bool once;
	bool stays;      /* also when nothing is bound */
	int reloads;     /* atomic: whether one is under way */
	unsigned tick;   /* source that tells the watchers */
	unsigned rest;   /* source that gives memory back once nothing ticks */
	GError *failure; /* why `once` could not be reached */
} Daemon;

static void bound_free(void *data)
{
	Bound *bound = data;
	if (bound->dropping) {
		g_source_remove(bound->dropping);
	}
	binding_close(bound->binding);
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

static void changed(Daemon *daemon)
{
	if (!daemon->tick) {
		daemon->tick = g_timeout_add(TICK_FIRST_MS, tick, daemon);
	}
}

static void stepped(void *data)
{
	Daemon *daemon = data;
	changed(daemon);
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
	changed(daemon);
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
	if (daemon->paused) {
		engine_pause(binding_engine(bound->binding), true);
	}
	return true;
}

static bool attach(Daemon *daemon, const char *folder, bool mount, GError **error)
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
		return false;
	}
	g_ptr_array_add(daemon->bounds, bound);
	changed(daemon);
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
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		Bound *bound = daemon->bounds->pdata[i];
		g_clear_pointer(&bound->binding, binding_close);
		g_clear_error(&bound->failure);
		bound->meter = (Meter){ 0 };
	}
	/* Another may have signed in: nothing of the former credential is used any more. */
	credential_free(daemon->credential);
	daemon->credential = new_credential(daemon);
	g_autoptr(GError) failure = NULL;
	if (!profile_reload(daemon->profile, &failure)) {
		log_event(LOG_ERROR, "profile-unreadable", "error=\"%s\"", failure->message);
		return G_SOURCE_REMOVE;
	}
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		Bound *bound = daemon->bounds->pdata[i];
		const ProfileBinding *known =
			profile_bind(daemon->profile, bound->folder, bound->mount, &bound->failure);
		if (known) {
			open_bound(daemon, known, bound, &bound->failure);
		}
	}
	changed(daemon);
	return G_SOURCE_REMOVE;
}

/* From any thread. */
static void reload_soon(void *data)
{
	Daemon *daemon = data;
	if (g_atomic_int_compare_and_exchange(&daemon->reloads, 0, 1)) {
		g_idle_add(reload, daemon);
	}
}

static bool signed_in(const ProfileLogin *login, void *data, GError **error)
{
	Daemon *daemon = data;
	if (!profile_set_login(daemon->profile, login, error)) {
		return false;
	}
	reload_soon(daemon);
	return true;
}

static void signing_in(void *data)
{
	changed(data);
}

/* The folder stays as it is, but for the marker: it can be bound again. */
static bool detach(Daemon *daemon, const char *folder, GError **error)
{
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		Bound *bound = daemon->bounds->pdata[i];
		if (strcmp(bound->folder, folder) != 0) {
			continue;
		}
		bool ours = bound->binding;
		g_clear_pointer(&bound->binding, binding_close);
		g_autofree char *marker = g_build_filename(folder, DISK_RESERVED, "marker", NULL);
		if (ours && unlink(marker) != 0 && errno != ENOENT) {
			return error_set_errno(error, errno, "remove '%s'", marker);
		}
		g_autofree char *id = g_strdup(bound->id);
		g_ptr_array_remove_index(daemon->bounds, i);
		changed(daemon);
		return profile_unbind(daemon->profile, id, error);
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "'%s' is not bound", folder);
	return false;
}

/* ---- control ---------------------------------------------------------------------------- */

static json_t *limits_json(const Daemon *daemon)
{
	return json_pack("{s:I, s:I}", "up", (json_int_t)pace_rate(daemon->up), "down",
			 (json_int_t)pace_rate(daemon->down));
}

static json_t *status_json(Daemon *daemon)
{
	const ProfileLogin *login = profile_login(daemon->profile);
	bool signed_in = profile_is_signed_in(daemon->profile);
	Report sum = { .errors = json_array(), .bindings = json_array() };
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		const Bound *bound = daemon->bounds->pdata[i];
		report_add(&sum,
			   &(ReportBinding){
				   .id = bound->id,
				   .folder = bound->folder,
				   .mount = bound->mount,
				   .engine = bound->binding ? binding_engine(bound->binding) : NULL,
				   .failure = bound->failure,
				   .meter = &bound->meter,
			   });
	}
	json_t *status = json_pack(
		"{s:o, s:b, s:b, s:s?, s:s?, s:s?, s:s, s:I, s:I, s:I, s:o, s:o}", "limits",
		limits_json(daemon), "running", 1, "signed_in", signed_in && !sum.signed_out,
		"server", login ? login->server : NULL, "account", login ? login->account : NULL,
		"device", login ? login->device_name : NULL, "state", engine_status_name(sum.state),
		"files", sum.files, "bytes", sum.bytes, "pending", sum.pending, "errors",
		sum.errors, "bindings", sum.bindings);
	json_object_set_new(status, "version", json_integer(CONTROL_VERSION));
	json_object_set_new(status, "paused", json_boolean(daemon->paused));
	json_object_set_new(status, "resume_us", json_integer(daemon->resume_us));
	json_object_set_new(status, "sign_in", reception_json(daemon->reception));
	return status;
}

static json_t *activity_json(Daemon *daemon)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		const Bound *bound = daemon->bounds->pdata[i];
		GArray *activity = bound->binding
					   ? engine_status_activity(binding_engine(bound->binding))
					   : NULL;
		for (unsigned j = 0; activity && j < activity->len; j++) {
			const EngineActivity *item = &g_array_index(activity, EngineActivity, j);
			g_autofree char *path = g_build_filename(bound->folder, item->path, NULL);
			json_array_append_new(list,
					      json_pack("{s:I, s:s, s:o}", "time_us",
							(json_int_t)item->time_us, "what",
							item->what, "path", report_text(path)));
		}
	}
	return json_pack("{s:o}", "activity", list);
}

static json_t *set_paused(Daemon *daemon, bool paused, bool accept_deletions)
{
	if (daemon->resume) {
		g_source_remove(daemon->resume);
		daemon->resume = 0;
	}
	daemon->resume_us = 0;
	daemon->paused = paused;
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		const Bound *bound = daemon->bounds->pdata[i];
		if (!bound->binding) {
			continue;
		}
		engine_pause(binding_engine(bound->binding), paused);
		if (accept_deletions) {
			engine_accept_deletions(binding_engine(bound->binding));
		}
	}
	changed(daemon);
	return json_object();
}

static gboolean resume(void *data)
{
	Daemon *daemon = data;
	daemon->resume = 0;
	json_decref(set_paused(daemon, false, false));
	return G_SOURCE_REMOVE;
}

/* For "seconds", or until somebody resumes. */
static json_t *pause_for(Daemon *daemon, json_t *params, GError **error)
{
	json_int_t seconds = 0;
	if (json_unpack(params, "{s?I}", "seconds", &seconds) != 0 || seconds < 0 ||
	    seconds > PAUSE_S_MAX) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "pause takes seconds, a week at most");
		return NULL;
	}
	json_t *result = set_paused(daemon, true, false);
	if (seconds > 0) {
		daemon->resume_us = g_get_real_time() + seconds * G_TIME_SPAN_SECOND;
		daemon->resume = g_timeout_add_seconds((unsigned)seconds, resume, daemon);
	}
	return result;
}

/* What is not named stays as it is. */
static json_t *set_limits(Daemon *daemon, json_t *params, GError **error)
{
	ProfileLimits limits = profile_limits(daemon->profile);
	json_int_t up = (json_int_t)limits.up, down = (json_int_t)limits.down;
	if (json_unpack(params, "{s?I, s?I}", "up", &up, "down", &down) != 0 || up < 0 ||
	    down < 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "limits are bytes per second, 0 for none");
		return NULL;
	}
	limits = (ProfileLimits){ .up = (uint64_t)up, .down = (uint64_t)down };
	if (!profile_set_limits(daemon->profile, &limits, error)) {
		return NULL;
	}
	pace_set(daemon->up, limits.up);
	pace_set(daemon->down, limits.down);
	changed(daemon);
	return limits_json(daemon);
}

static gboolean stop(void *data)
{
	Daemon *daemon = data;
	g_main_loop_quit(daemon->loop);
	return G_SOURCE_REMOVE;
}

static const char *folder_of(const json_t *params, GError **error)
{
	const char *folder = json_string_value(json_object_get(params, "folder"));
	if (!folder) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "which folder? Its name must be UTF-8 to be handed on");
	}
	return folder;
}

static json_t *attach_json(Daemon *daemon, json_t *params, GError **error)
{
	const char *folder = folder_of(params, error);
	bool create = json_is_true(json_object_get(params, "create"));
	if (folder && create && g_mkdir_with_parents(folder, 0777) != 0) {
		error_set_errno(error, errno, "make the folder '%s'", folder);
		return NULL;
	}
	bool mount = json_is_true(json_object_get(params, "mount"));
	return folder && attach(daemon, folder, mount, error) ? json_object() : NULL;
}

static json_t *detach_json(Daemon *daemon, json_t *params, GError **error)
{
	const char *folder = folder_of(params, error);
	return folder && detach(daemon, folder, error) ? json_object() : NULL;
}

static json_t *status_call(Daemon *daemon, json_t *params, GError **error)
{
	return status_json(daemon);
}

static json_t *log_call(Daemon *daemon, json_t *params, GError **error)
{
	json_int_t last = json_integer_value(json_object_get(params, "last"));
	json_auto_t *all = activity_json(daemon);
	json_t *list = json_object_get(all, "activity");
	while (last > 0 && json_array_size(list) > (size_t)last) {
		json_array_remove(list, 0);
	}
	return json_incref(all);
}

static json_t *resume_call(Daemon *daemon, json_t *params, GError **error)
{
	return set_paused(daemon, false, json_is_true(json_object_get(params, "accept_deletions")));
}

static json_t *cancel_call(Daemon *daemon, json_t *params, GError **error)
{
	reception_cancel(daemon->reception);
	return json_object();
}

static json_t *stop_call(Daemon *daemon, json_t *params, GError **error)
{
	/* Behind the answer. */
	g_idle_add(stop, daemon);
	return json_object();
}

static json_t *reload_call(Daemon *daemon, json_t *params, GError **error)
{
	reload_soon(daemon);
	return json_object();
}

typedef struct Method {
	const char *name;
	json_t *(*run)(Daemon *daemon, json_t *params, GError **error);
} Method;

/* Besides those of drive_calls.h. */
static const Method methods[] = {
	{ "status", status_call }, { "log", log_call },
	{ "pause", pause_for },    { "resume", resume_call },
	{ "limit", set_limits },   { "attach", attach_json },
	{ "stop", stop_call },     { "reload", reload_call },
	{ "detach", detach_json }, { "sign-in-cancel", cancel_call },
};

static json_t *handle(const char *name, json_t *params, void *data, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		if (strcmp(methods[i].name, name) == 0) {
			return methods[i].run(data, params, error);
		}
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "no method '%s'", name);
	return NULL;
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
	g_free(daemon->folder);
	g_clear_pointer(&daemon->bounds, g_ptr_array_unref);
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
	daemon->calls = (DriveCalls){ daemon->folder, daemon->reception, reload_soon, daemon };
	daemon->control = control_server_new(daemon->folder, handle, daemon, error);
	if (!daemon->control) {
		return false;
	}
	control_server_set_slow(daemon->control, drive_calls_methods(), drive_calls_handle,
				&daemon->calls);
	return true;
}

static bool start(Daemon *daemon, const DaemonOptions *options, GError **error)
{
	daemon->folder = profile_path(daemon->profile, "");
	allow_descriptors();
	daemon->credential = new_credential(daemon);
	if (!profile_lock(daemon->profile, error) || !open_doors(daemon, error)) {
		return false;
	}
	if (options->folder) {
		return attach(daemon, options->folder, options->mount, error);
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
		.once = options->once,
		.up = pace_new(limits.up),
		.down = pace_new(limits.down),
	};
	if (!start(&daemon, options, error)) {
		daemon_clear(&daemon);
		return false;
	}
	unsigned sources[] = {
		g_unix_signal_add(SIGTERM, asked_to_end, &daemon),
		g_unix_signal_add(SIGINT, asked_to_end, &daemon),
		options->progress ? g_timeout_add(PROGRESS_MS, show_progress, &daemon) : 0,
	};
	g_main_loop_run(daemon.loop);
	for (size_t i = 0; i < G_N_ELEMENTS(sources); i++) {
		if (sources[i]) {
			g_source_remove(sources[i]);
		}
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
