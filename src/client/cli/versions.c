/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "client/cli/command.h"
#include "client/login/drive_path.h"
#include "client/login/drive_files.h"

#include <stdio.h>

static void show(const json_t *version)
{
	int64_t time_us = json_integer_value(json_object_get(version, "time_us"));
	const char *device = json_string_value(json_object_get(version, "device"));
	g_autofree char *when = command_time(time_us);
	g_autofree char *size =
		g_format_size((uint64_t)json_integer_value(json_object_get(version, "size")));
	printf("%5" JSON_INTEGER_FORMAT "  %s  %10s  %s%s\n",
	       json_integer_value(json_object_get(version, "number")), when, size,
	       device ? device : "",
	       json_is_true(json_object_get(version, "current")) ? "  (now)" : "");
}

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&versions_command, NULL, &argc, &argv, error) ||
	    !command_count(&versions_command, argc, 1, 1, error)) {
		return false;
	}
	g_autoptr(Profile) profile = command_profile(context, error);
	g_autofree char *path = profile ? drive_path_of(profile, argv[1], error) : NULL;
	if (!path) {
		return false;
	}
	json_auto_t *answer = drive_files_versions(profile, path, error);
	if (!answer) {
		g_prefix_error(error, "list the versions of '%s': ", argv[1]);
		error_append(error, DRIVE_ERROR_NOT_FOUND,
			     "; if it was deleted, 'imdrive restore FILE' brings it back");
		return false;
	}
	command_make_visible(answer);
	size_t index;
	json_t *version;
	json_array_foreach(json_object_get(answer, "versions"), index, version)
	{
		show(version);
	}
	return true;
}

const Command versions_command = {
	.name = "versions",
	.arguments = "FILE",
	.summary = "what a file was before",
	.run = run,
};
