/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "client/cli/command.h"
#include "client/login/drive_path.h"
#include "client/login/drive_files.h"

#include <stdio.h>

static int version;

static const GOptionEntry entries[] = {
	{ "version", 0, 0, G_OPTION_ARG_INT, &version,
	  "number as listed by 'imdrive versions'; without it, a deleted file comes back", "N" },
	G_OPTION_ENTRY_NULL,
};

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&restore_command, entries, &argc, &argv, error) ||
	    !command_count(&restore_command, argc, 1, 1, error)) {
		return false;
	}
	g_autoptr(Profile) profile = command_profile(context, error);
	g_autofree char *path = profile ? drive_path_of(profile, argv[1], error) : NULL;
	if (!path) {
		return false;
	}
	json_auto_t *answer = drive_files_restore(profile, path, MAX(version, 0), error);
	if (!answer) {
		g_prefix_error(error, "restore '%s': ", argv[1]);
		if (version > 0) {
			error_append(error, DRIVE_ERROR_NOT_FOUND,
				     "; 'imdrive versions FILE' lists what there is");
		}
		return false;
	}
	printf("Restored on the drive; it comes to the devices like any change.\n");
	return true;
}

const Command restore_command = {
	.name = "restore",
	.arguments = "FILE [--version N]",
	.summary = "bring back a version, or a deleted file",
	.run = run,
};
