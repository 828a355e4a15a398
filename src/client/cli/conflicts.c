/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "client/cli/command.h"
#include "client/control/control_client.h"

#include <stdio.h>
#include <string.h>

static char *keep;

static const GOptionEntry entries[] = {
	{ "keep", 0, 0, G_OPTION_ARG_STRING, &keep,
	  "mine, theirs or both; the other goes to the trash", "WHICH" },
	G_OPTION_ENTRY_NULL,
};

static void show_value(const char *whose, const json_t *value)
{
	if (!json_is_object(value)) {
		printf("  %-7s deleted\n", whose);
		return;
	}
	int64_t time_us = json_integer_value(json_object_get(value, "time_us"));
	g_autofree char *when = command_time(time_us);
	g_autofree char *size =
		g_format_size((uint64_t)json_integer_value(json_object_get(value, "size")));
	printf("  %-7s %s  %s\n", whose, when, size);
}

static void show(const json_t *conflict)
{
	printf("%s\n", json_string_value(json_object_get(conflict, "path")));
	show_value("mine", json_object_get(conflict, "mine"));
	show_value("theirs", json_object_get(conflict, "theirs"));
}

static json_t *find(const json_t *list, const char *file, GError **error)
{
	g_autofree char *path = g_canonicalize_filename(file, NULL);
	size_t index;
	json_t *conflict;
	json_array_foreach(list, index, conflict)
	{
		if (strcmp(json_string_value(json_object_get(conflict, "path")), path) == 0) {
			return conflict;
		}
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
		    "'%s' is no conflict copy that waits: 'imdrive conflicts' lists them", path);
	return NULL;
}

/* The copy is mine or theirs; the other value is the original's. */
static const char *which(const json_t *conflict, GError **error)
{
	bool mine = g_strcmp0(json_string_value(json_object_get(conflict, "copy")), "mine") == 0;
	if (g_strcmp0(keep, "both") == 0) {
		return "both";
	}
	if (g_strcmp0(keep, "mine") == 0 || g_strcmp0(keep, "theirs") == 0) {
		return (strcmp(keep, "mine") == 0) == mine ? "copy" : "original";
	}
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "say which to keep: --keep mine, --keep theirs or --keep both");
	return NULL;
}

static bool resolve(const CommandContext *context, const json_t *list, const char *file,
		    GError **error)
{
	json_t *conflict = find(list, file, error);
	const char *what = conflict ? which(conflict, error) : NULL;
	if (!what) {
		return false;
	}
	json_auto_t *params =
		json_pack("{s:O, s:O, s:s}", "path", json_object_get(conflict, "path"), "seen",
			  json_object_get(conflict, "seen"), "keep", what);
	json_auto_t *result = control_client_call(context->profile, "resolve", params, error);
	return result;
}

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&conflicts_command, entries, &argc, &argv, error) ||
	    !command_count(&conflicts_command, argc, 0, 1, error)) {
		return false;
	}
	json_auto_t *answer = control_client_call(context->profile, "conflicts", NULL, error);
	const json_t *list = json_object_get(answer, "conflicts");
	size_t index;
	json_t *conflict;
	if (!answer) {
		return false;
	}
	if (argc == 2) {
		return resolve(context, list, argv[1], error);
	}
	command_make_visible(answer);
	json_array_foreach(list, index, conflict)
	{
		show(conflict);
	}
	return true;
}

const Command conflicts_command = {
	.name = "conflicts",
	.arguments = "[FILE --keep mine|theirs|both]",
	.summary = "files that were changed on two devices, and which to keep",
	.run = run,
};
