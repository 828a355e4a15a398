/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/command.h"
#include "client/control/control_client.h"

#include <stdio.h>

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&log_command, NULL, &argc, &argv, error) ||
	    !command_count(&log_command, argc, 0, 0, error)) {
		return false;
	}
	json_auto_t *result = control_client_call(context->profile, "log", NULL, error);
	if (!result) {
		return false;
	}
	command_make_visible(result);
	size_t index;
	json_t *item;
	json_array_foreach(json_object_get(result, "activity"), index, item)
	{
		int64_t time_us = json_integer_value(json_object_get(item, "time_us"));
		g_autofree char *when = command_time(time_us);
		printf("%s  %-13s  %s\n", when, json_string_value(json_object_get(item, "what")),
		       json_string_value(json_object_get(item, "path")));
	}
	return true;
}

const Command log_command = {
	.name = "log",
	.arguments = "",
	.summary = "what was done last",
	.run = run,
};
