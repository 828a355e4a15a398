/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "client/cli/command.h"
#include "client/control/control_client.h"

static gboolean accept_deletions, undo_deletions;

static const GOptionEntry entries[] = {
	{ "accept-deletions", 0, 0, G_OPTION_ARG_NONE, &accept_deletions,
	  "the deletions that were held back are meant", NULL },
	{ "undo-deletions", 0, 0, G_OPTION_ARG_NONE, &undo_deletions,
	  "what was deleted comes back from the drive", NULL },
	G_OPTION_ENTRY_NULL,
};

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&resume_command, entries, &argc, &argv, error) ||
	    !command_count(&resume_command, argc, 0, 0, error)) {
		return false;
	}
	if (accept_deletions && undo_deletions) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "accept the deletions or undo them: say one");
		return false;
	}
	json_auto_t *undone = undo_deletions ? control_client_call(context->profile,
								   "undo-deletions", NULL, error)
					     : NULL;
	if (undo_deletions && !undone) {
		return false;
	}
	json_auto_t *params = json_pack("{s:b}", "accept_deletions", accept_deletions);
	json_auto_t *result = control_client_call(context->profile, "resume", params, error);
	return result;
}

const Command resume_command = {
	.name = "resume",
	.arguments = "[--accept-deletions | --undo-deletions]",
	.summary = "go on after 'pause', or after deletions were held back",
	.run = run,
};
