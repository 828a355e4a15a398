/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "client/cli/command.h"
#include "client/control/control_client.h"
#include "client/daemon/daemon.h"

#include <stdio.h>
#include <unistd.h>

/* Another process has the profile: it is asked to mount it too. */
static bool attach(const CommandContext *context, const char *folder, GError **error)
{
	g_autofree char *absolute = g_canonicalize_filename(folder, NULL);
	json_auto_t *params = json_pack("{s:s, s:b}", "folder", absolute, "mount", 1);
	json_auto_t *result = control_client_call(context->profile, "attach", params, error);
	if (!result) {
		return false;
	}
	printf("The imdrive that is already running has the drive mounted at '%s'.\n", folder);
	return true;
}

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
	const DaemonOptions options = {
		.profile = profile,
		.folder = argv[1],
		.mount = true,
		.progress = isatty(STDERR_FILENO),
	};
	const ProfileLogin *login = profile_login(profile);
	fprintf(stderr, "Mounting the drive of %s at %s as '%s'. Ctrl-C ends it.\n", login->account,
		login->server, argv[1]);
	g_autoptr(GError) failure = NULL;
	if (daemon_run(&options, &failure)) {
		return true;
	}
	if (g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_BUSY)) {
		return attach(context, argv[1], error);
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
