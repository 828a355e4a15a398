/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/command.h"
#include "client/control/control_client.h"

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&pause_command, NULL, &argc, &argv, error) ||
	    !command_count(&pause_command, argc, 0, 0, error)) {
		return false;
	}
	json_auto_t *result = control_client_call(context->profile, "pause", NULL, error);
	return result;
}

const Command pause_command = {
	.name = "pause",
	.arguments = "",
	.summary = "stop transfers until 'imdrive resume'",
	.run = run,
};
