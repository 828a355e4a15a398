/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods of the control socket that are answered at once, on the daemon's thread.
 */
#include "base/error.h"
#include "client/daemon/choice_calls.h"
#include "client/daemon/conflicts.h"
#include "client/daemon/daemon_internal.h"
#include "client/daemon/file_calls.h"
#include "client/daemon/report.h"

#include <string.h>
#include <unistd.h>

/* What docs/formats/control.md describes. */
#define CONTROL_VERSION 1
#define PAUSE_S_MAX (7 * 24 * 3600)

static json_t *limits_json(const Daemon *daemon)
{
	return json_pack("{s:I, s:I}", "up", (json_int_t)pace_rate(daemon->up), "down",
			 (json_int_t)pace_rate(daemon->down));
}

/*
 * Whether there is what mounts a disk: the device, and the program that lets a person use it, which
 * is searched for until it is found.
 */
static bool can_mount(Daemon *daemon)
{
	if (!daemon->mounter) {
		daemon->mounter = g_find_program_in_path("fusermount3");
	}
	return daemon->mounter && access("/dev/fuse", R_OK | W_OK) == 0;
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
	json_object_set_new(status, "conflicts", json_integer(sum.conflicts));
	g_auto(ProfileDisk) disk = { 0 };
	profile_disk(daemon->profile, &disk);
	json_object_set_new(status, "cache_size_max",
			    json_integer((json_int_t)disk.cache_size_max));
	json_object_set_new(status, "can_mount", json_boolean(can_mount(daemon)));
	json_object_set_new(status, "credential",
			    login ? profile_credential(daemon->profile) : json_null());
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

static json_t *conflicts_call(Daemon *daemon, json_t *params, GError **error)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		const Bound *bound = daemon->bounds->pdata[i];
		if (bound->binding) {
			conflicts_list(binding_disk(bound->binding), binding_engine(bound->binding),
				       bound->folder, list);
		}
	}
	return json_pack("{s:o}", "conflicts", list);
}

static json_t *undo_call(Daemon *daemon, json_t *params, GError **error)
{
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		const Bound *bound = daemon->bounds->pdata[i];
		if (bound->binding) {
			engine_undo_deletions(binding_engine(bound->binding));
		}
	}
	daemon_changed(daemon);
	return json_object();
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
	daemon_changed(daemon);
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
	daemon_changed(daemon);
	return limits_json(daemon);
}

static json_t *cache_call(Daemon *daemon, json_t *params, GError **error)
{
	json_int_t size;
	if (json_unpack(params, "{s:I}", "size_max", &size) != 0 || size < 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "cache takes size_max: bytes, 0 for no limit");
		return NULL;
	}
	if (!profile_set_cache_size(daemon->profile, (uint64_t)size, error)) {
		return NULL;
	}
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		const Bound *bound = daemon->bounds->pdata[i];
		if (bound->binding) {
			binding_set_cache_size(bound->binding, (uint64_t)size);
		}
	}
	daemon_changed(daemon);
	return json_object();
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
	return folder && daemon_attach(daemon, folder, mount, error) ? json_object() : NULL;
}

static json_t *detach_json(Daemon *daemon, json_t *params, GError **error)
{
	const char *folder = folder_of(params, error);
	return folder && daemon_detach(daemon, folder, error) ? json_object() : NULL;
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
	daemon_reload_soon(daemon);
	return json_object();
}

typedef struct Method {
	const char *name;
	json_t *(*run)(Daemon *daemon, json_t *params, GError **error);
} Method;

/* Besides those of drive_calls.h. */
static const Method methods[] = {
	{ "status", status_call },
	{ "log", log_call },
	{ "pause", pause_for },
	{ "resume", resume_call },
	{ "limit", set_limits },
	{ "attach", attach_json },
	{ "stop", stop_call },
	{ "reload", reload_call },
	{ "detach", detach_json },
	{ "sign-in-cancel", cancel_call },
	{ "conflicts", conflicts_call },
	{ "undo-deletions", undo_call },
	{ "cache", cache_call },
	{ "exclude", choice_calls_exclude },
	{ "include", choice_calls_include },
	{ "folders", choice_calls_folders },
	{ "files", file_calls_look },
};

json_t *methods_handle(const char *name, json_t *params, void *data, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		if (strcmp(methods[i].name, name) == 0) {
			return methods[i].run(data, params, error);
		}
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "no method '%s'", name);
	return NULL;
}
