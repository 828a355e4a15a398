/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/text.h"
#include "client/cli/command.h"
#include "client/control/control_client.h"
#include "client/daemon/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gboolean once;

static const GOptionEntry entries[] = {
	{ "once", 0, 0, G_OPTION_ARG_NONE, &once, "end when both sides are the same", NULL },
	G_OPTION_ENTRY_NULL,
};

typedef struct Waiting {
	char *folder; /* as status shows it */
	char *reason; /* why it cannot be settled; NULL if it is */
} Waiting;

/* Until the folder is idle, or cannot become so by itself. */
static bool wait_for_idle(json_t *status, void *data)
{
	Waiting *waiting = data;
	size_t index;
	json_t *binding;
	json_array_foreach(json_object_get(status, "bindings"), index, binding)
	{
		const char *path = json_string_value(json_object_get(binding, "path"));
		const char *state = json_string_value(json_object_get(binding, "state"));
		if (g_strcmp0(path, waiting->folder) != 0) {
			continue;
		}
		if (g_strcmp0(state, "idle") == 0 || g_strcmp0(state, "syncing") == 0) {
			return g_strcmp0(state, "syncing") == 0;
		}
		const char *reason = json_string_value(json_object_get(binding, "reason"));
		waiting->reason = g_strdup_printf("it is %s%s%s; 'imdrive status' says more",
						  state ? state : "gone", reason ? ": " : "",
						  reason ? reason : "");
		return false;
	}
	waiting->reason = g_strdup("the running imdrive does not have it any more");
	return false;
}

/* What runs already takes the folder, and tells when it is settled. */
static bool attach_once(const CommandContext *context, const char *folder, GError **error)
{
	if (!command_attach(context, folder, false, error)) {
		return false;
	}
	g_autofree char *real = realpath(folder, NULL);
	g_autofree char *shown = text_printable(real ? real : folder, strlen(real ? real : folder));
	Waiting waiting = { .folder = shown };
	if (!control_client_watch(context->profile, wait_for_idle, &waiting, error)) {
		g_prefix_error(error, "sync '%s': ", folder);
		return false;
	}
	if (waiting.reason) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY, "sync '%s': %s", folder,
			    waiting.reason);
		g_free(waiting.reason);
		return false;
	}
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
	const ProfileLogin *login = profile_login(profile);
	g_autofree char *account = text_visible(login->account, false);
	g_autofree char *hello = g_strdup_printf("Syncing '%s' with %s as %s. Ctrl-C ends it.",
						 argv[1], login->server, account);
	const DaemonOptions options = {
		.profile = profile,
		.folder = argv[1],
		.once = once,
		.hello = once ? NULL : hello,
		.progress = isatty(STDERR_FILENO),
	};
	g_autoptr(GError) failure = NULL;
	if (daemon_run(&options, &failure)) {
		return true;
	}
	if (g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_BUSY) && once) {
		return attach_once(context, argv[1], error);
	}
	if (g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_BUSY)) {
		if (!command_attach(context, argv[1], false, error)) {
			return false;
		}
		printf("The imdrive that is already running syncs '%s' from now on.\n", argv[1]);
		return true;
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
