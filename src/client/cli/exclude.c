/* SPDX-License-Identifier: Apache-2.0 */
/* Folders that this device leaves out. */
#include "client/cli/command.h"
#include "client/control/control_client.h"

#include <stdio.h>

static bool call(const CommandContext *context, const Command *command, int argc, char **argv,
		 GError **error)
{
	for (int i = 1; i < argc; i++) {
		g_autofree char *path = g_canonicalize_filename(argv[i], NULL);
		json_auto_t *params = json_pack("{s:s}", "path", path);
		json_auto_t *done =
			control_client_call(context->profile, command->name, params, error);
		if (!done) {
			g_prefix_error(error, "%s ", command->name);
			return false;
		}
	}
	return true;
}

static bool list(const CommandContext *context, GError **error)
{
	json_auto_t *status = control_client_call(context->profile, "status", NULL, error);
	size_t index, at;
	json_t *binding, *path;
	if (!status) {
		return false;
	}
	command_make_visible(status);
	json_array_foreach(json_object_get(status, "bindings"), index, binding)
	{
		const char *folder = json_string_value(json_object_get(binding, "path"));
		json_array_foreach(json_object_get(binding, "left_out"), at, path)
		{
			printf("%s/%s\n", folder, json_string_value(path));
		}
	}
	return true;
}

static bool run_exclude(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&exclude_command, NULL, &argc, &argv, error)) {
		return false;
	}
	return argc > 1 ? call(context, &exclude_command, argc, argv, error) : list(context, error);
}

static bool run_include(const CommandContext *context, int argc, char **argv, GError **error)
{
	return command_parse(&exclude_include_command, NULL, &argc, &argv, error) &&
	       command_count(&exclude_include_command, argc, 1, G_MAXINT - 1, error) &&
	       call(context, &exclude_include_command, argc, argv, error);
}

const Command exclude_command = {
	.name = "exclude",
	.arguments = "[FOLDER…]",
	.summary = "leave folders of the drive out on this device; without any, list these",
	.run = run_exclude,
};

const Command exclude_include_command = {
	.name = "include",
	.arguments = "FOLDER…",
	.summary = "take folders in again that were left out",
	.run = run_include,
};
