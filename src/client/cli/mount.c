/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/text.h"
#include "client/cli/command.h"
#include "client/daemon/daemon.h"

#include <stdio.h>
#include <unistd.h>

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&mount_command, NULL, &argc, &argv, error) ||
	    !command_count(&mount_command, argc, 1, 1, error)) {
		return false;
	}
	g_autoptr(Profile) profile = command_profile(context, error);
	if (!profile) {
		return false;
	}
	const ProfileLogin *login = profile_login(profile);
	g_autofree char *account = text_visible(login->account, false);
	g_autofree char *hello =
		g_strdup_printf("The drive of %s at %s is mounted at '%s'. Ctrl-C ends it.",
				account, login->server, argv[1]);
	const DaemonOptions options = {
		.profile = profile,
		.folder = argv[1],
		.mount = true,
		.hello = hello,
		.progress = isatty(STDERR_FILENO),
	};
	g_autoptr(GError) failure = NULL;
	if (daemon_run(&options, &failure)) {
		return true;
	}
	if (g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_BUSY)) {
		if (!command_attach(context, argv[1], true, error)) {
			return false;
		}
		printf("The imdrive that is already running has the drive mounted at '%s'.\n",
		       argv[1]);
		return true;
	}
	g_propagate_error(error, g_steal_pointer(&failure));
	return false;
}

const Command mount_command = {
	.name = "mount",
	.arguments = "FOLDER",
	.summary = "the drive as a disk: files come when they are read; in the foreground",
	.run = run,
};
