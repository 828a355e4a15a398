/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemon/daemon.h"

#include "client/cli/command.h"

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&daemon_command, NULL, &argc, &argv, error) ||
	    !command_count(&daemon_command, argc, 0, 0, error)) {
		return false;
	}
	g_autoptr(Profile) profile = profile_open(context->profile, error);
	if (!profile) {
		return false;
	}
	const DaemonOptions options = { .profile = profile };
	return daemon_run(&options, error);
}

const Command daemon_command = {
	.name = "daemon",
	.arguments = "",
	.summary = "sync all bound folders and serve user interfaces, in the background",
	.run = run,
};
