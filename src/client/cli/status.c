/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/text.h"
#include "client/cli/command.h"
#include "client/cli/keep.h"
#include "client/control/control_client.h"
#include "client/daemon/meter.h"
#include "client/state/state.h"

#include <stdio.h>
#include <string.h>

static gboolean as_json;

static const GOptionEntry entries[] = {
	{ "json", 0, 0, G_OPTION_ARG_NONE, &as_json, "for programs", NULL },
	G_OPTION_ENTRY_NULL,
};

typedef struct Known {
	json_t *bindings;
	StateTotals totals;
} Known;

static void add_known(Known *known, const Profile *profile, const ProfileBinding *binding)
{
	const ProfileLogin *login = profile_login(profile);
	StateTotals totals = { 0 };
	g_autofree char *path =
		login ? profile_state_path(profile, binding, &login->drive, NULL) : NULL;
	if (path && state_peek(path, &totals, NULL)) {
		known->totals.files += totals.files;
		known->totals.bytes += totals.bytes;
	}
	g_autofree char *shown = text_printable(binding->folder, strlen(binding->folder));
	json_array_append_new(
		known->bindings,
		json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "kind",
			  binding->mount ? "mount" : "folder", "id", binding->id, "path", shown,
			  "state", "offline", "files", (json_int_t)totals.files, "folders",
			  (json_int_t)totals.folders, "bytes", (json_int_t)totals.bytes));
}

/* Nothing is running: what the profile knows. */
static json_t *status_at_rest(const CommandContext *context, GError **error)
{
	g_autoptr(Profile) profile = profile_open(context->profile, error);
	if (!profile) {
		return NULL;
	}
	const ProfileLogin *login = profile_login(profile);
	Known known = { .bindings = json_array() };
	for (unsigned i = 0; i < profile_bindings(profile)->len; i++) {
		add_known(&known, profile, profile_bindings(profile)->pdata[i]);
	}
	ProfileLimits limits = profile_limits(profile);
	json_t *status = json_pack(
		"{s:{s:I, s:I}, s:b, s:b, s:s?, s:s?, s:s?, s:s, s:I, s:I, s:i, s:[], s:o}",
		"limits", "up", (json_int_t)limits.up, "down", (json_int_t)limits.down, "running",
		0, "signed_in", profile_is_signed_in(profile), "server",
		login ? login->server : NULL, "account", login ? login->account : NULL, "device",
		login ? login->device_name : NULL, "state", "offline", "files",
		(json_int_t)known.totals.files, "bytes", (json_int_t)known.totals.bytes, "pending",
		0, "errors", "bindings", known.bindings);
	json_object_set_new(status, "credential",
			    login ? profile_credential(profile) : json_null());
	return status;
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));
	return value ? value : "";
}

static void show_pace(const json_t *binding)
{
	json_int_t rate = json_integer_value(json_object_get(binding, "rate"));
	json_int_t seconds = json_integer_value(json_object_get(binding, "seconds_left"));
	if (rate > 0) {
		g_autofree char *speed = g_format_size((uint64_t)rate);
		printf(", %s/s", speed);
	}
	if (seconds > 0) {
		g_autofree char *time = meter_format_seconds(seconds);
		printf(", %s left", time);
	}
}

static void show_binding(const json_t *binding, bool running)
{
	printf("  %s: %s", text(binding, "path"), running ? text(binding, "state") : "not running");
	json_int_t pending = json_integer_value(json_object_get(binding, "pending"));
	json_int_t left = json_integer_value(json_object_get(binding, "bytes_left"));
	g_autofree char *size =
		g_format_size((uint64_t)json_integer_value(json_object_get(binding, "bytes")));
	json_int_t files = json_integer_value(json_object_get(binding, "files"));
	printf(", %" JSON_INTEGER_FORMAT " %s, %s", files, files == 1 ? "file" : "files", size);
	if (pending > 0) {
		g_autofree char *to_do = g_format_size((uint64_t)left);
		printf(", %" JSON_INTEGER_FORMAT " to do (%s)", pending, to_do);
		show_pace(binding);
	}
	putchar('\n');
	if (*text(binding, "reason")) {
		printf("    %s\n", text(binding, "reason"));
	}
	json_int_t unwatched = json_integer_value(json_object_get(binding, "unwatched"));
	if (unwatched > 0) {
		printf("    %" JSON_INTEGER_FORMAT
		       " folders are looked at once a minute only: the system allows no more "
		       "watches (fs.inotify.max_user_watches)\n",
		       unwatched);
	}
	size_t index;
	json_t *path;
	json_array_foreach(json_object_get(binding, "skipped"), index, path)
	{
		printf("    not synced: %s\n", json_string_value(path));
	}
	json_array_foreach(json_object_get(binding, "left_out"), index, path)
	{
		printf("    left out here: %s\n", json_string_value(path));
	}
	json_array_foreach(json_object_get(binding, "spelled"), index, path)
	{
		printf("    this disk refuses the name '%s': it is '%s' here\n", text(path, "path"),
		       text(path, "here"));
	}
}

static void show_limit(const json_t *status, const char *direction)
{
	json_int_t rate =
		json_integer_value(json_object_get(json_object_get(status, "limits"), direction));
	if (rate > 0) {
		g_autofree char *size = g_format_size_full((uint64_t)rate, G_FORMAT_SIZE_IEC_UNITS);
		printf("  limited to %s/s %s\n", size, direction);
	}
}

/* What a binding says as its reason need not be said again. */
static bool is_reason(const json_t *status, const json_t *problem)
{
	size_t index;
	json_t *binding;
	json_array_foreach(json_object_get(status, "bindings"), index, binding)
	{
		if (strcmp(text(binding, "path"), text(problem, "path")) == 0 &&
		    strcmp(text(binding, "reason"), text(problem, "message")) == 0) {
			return true;
		}
	}
	return false;
}

static void show(const json_t *status)
{
	size_t index;
	json_t *item;
	bool running = json_is_true(json_object_get(status, "running"));
	if (json_is_true(json_object_get(status, "signed_in"))) {
		printf("%s, %s as %s, this device is '%s'\n",
		       running ? text(status, "state") : "not running", text(status, "server"),
		       text(status, "account"), text(status, "device"));
	} else {
		const char *server = text(status, "server");
		printf("signed out: run 'imdrive login %s'\n", *server ? server : "URL");
	}
	if (!running) {
		puts("nothing is being synced: run 'imdrive sync FOLDER'");
	}
	const json_t *credential = json_object_get(status, "credential");
	if (*text(credential, "why")) {
		printf("  its credential lies in a file (0600): %s\n", text(credential, "why"));
	}
	show_limit(status, "up");
	show_limit(status, "down");
	json_array_foreach(json_object_get(status, "bindings"), index, item)
	{
		show_binding(item, running);
	}
	json_array_foreach(json_object_get(status, "errors"), index, item)
	{
		if (!is_reason(status, item)) {
			printf("  ! %s: %s\n", text(item, "path"), text(item, "message"));
		}
	}
}

/* Does this path lie in a folder that is left out? */
static bool is_left_out(const CommandContext *context, const char *file)
{
	json_auto_t *status = control_client_call(context->profile, "status", NULL, NULL);
	g_autofree char *path = g_canonicalize_filename(file, NULL);
	size_t index, at;
	json_t *binding, *folder;
	json_array_foreach(json_object_get(status, "bindings"), index, binding)
	{
		json_array_foreach(json_object_get(binding, "left_out"), at, folder)
		{
			g_autofree char *top = g_build_filename(text(binding, "path"),
								json_string_value(folder), NULL);
			size_t size = strlen(top);
			if (strncmp(path, top, size) == 0 && (path[size] == '/' || !path[size])) {
				return true;
			}
		}
	}
	return false;
}

static bool show_path(const CommandContext *context, const char *file, GError **error)
{
	if (!is_left_out(context, file)) {
		return keep_show(file, as_json, error);
	}
	puts(as_json ? "{ \"state\": \"left-out\" }"
		     : "left out on this device ('imdrive include' takes it in again)");
	return true;
}

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&status_command, entries, &argc, &argv, error) ||
	    !command_count(&status_command, argc, 0, 1, error)) {
		return false;
	}
	if (argc > 1) {
		return show_path(context, argv[1], error);
	}
	g_autoptr(GError) failure = NULL;
	json_auto_t *status = control_client_call(context->profile, "status", NULL, &failure);
	if (!status && g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_OFFLINE)) {
		status = status_at_rest(context, error);
	} else if (!status) {
		g_propagate_error(error, g_steal_pointer(&failure));
	}
	if (!status) {
		return false;
	}
	if (as_json) {
		json_dumpf(status, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		command_make_visible(status);
		show(status);
	}
	return true;
}

const Command status_command = {
	.name = "status",
	.arguments = "[PATH]",
	.summary = "what is going on; or whether a file's bytes are here",
	.run = run,
};
