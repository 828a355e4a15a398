/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "client/cli/command.h"
#include "client/control/control_client.h"
#include "client/daemon/daemon.h"

#include <stdio.h>
#include <unistd.h>

static gboolean once;

static const GOptionEntry entries[] = {
	{ "once", 0, 0, G_OPTION_ARG_NONE, &once, "end when both sides are the same", NULL },
	G_OPTION_ENTRY_NULL,
};

/* Another process has the profile: it is asked to take the folder too. */
static bool attach(const CommandContext *context, const char *folder, GError **error)
{
	g_autofree char *absolute = g_canonicalize_filename(folder, NULL);
	json_auto_t *params = json_pack("{s:s}", "folder", absolute);
	json_auto_t *result = control_client_call(context->profile, "attach", params, error);
	if (!result) {
		g_prefix_error(error, "sync '%s': ", folder);
		return false;
	}
	printf("The imdrive that is already running syncs '%s' from now on.\n", folder);
	return true;
}

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&sync_command, entries, &argc, &argv, error) ||
	    !command_count(&sync_command, argc, 1, 1, error)) {
		return false;
	}
	g_autoptr(Profile) profile = command_profile(context, error);
	if (!profile) {
		return false;
	}
	const DaemonOptions options = {
		.profile = profile,
		.folder = argv[1],
		.once = once,
		.progress = isatty(STDERR_FILENO),
	};
	if (!once) {
		const ProfileLogin *login = profile_login(profile);
		fprintf(stderr, "Syncing '%s' with %s as %s. Ctrl-C ends it.\n", argv[1],
			login->server, login->account);
	}
	g_autoptr(GError) failure = NULL;
	if (daemon_run(&options, &failure)) {
		return true;
	}
	if (g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_BUSY) && !once) {
		return attach(context, argv[1], error);
	}
	g_propagate_error(error, g_steal_pointer(&failure));
	return false;
}

const Command sync_command = {
	.name = "sync",
	.arguments = "FOLDER",
	.summary = "bind a folder and keep it in sync, in the foreground",
	.run = run,
};
