/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "client/cli/command.h"
#include "client/control/control_client.h"
#include "client/login/account.h"

#include <stdio.h>

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&logout_command, NULL, &argc, &argv, error) ||
	    !command_count(&logout_command, argc, 0, 0, error)) {
		return false;
	}
	g_autoptr(Profile) profile = command_profile(context, error);
	if (!profile) {
		return false;
	}
	g_autoptr(GError) failure = NULL;
	bool told = account_sign_out(profile_login(profile), &failure);
	if (!profile_sign_out(profile, error)) {
		return false;
	}
	json_decref(control_client_call(context->profile, "reload", NULL, NULL));
	if (!told && !g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED)) {
		g_set_error(error, DRIVE_ERROR, failure->code,
			    "the credential is removed from this device, but the server could not "
			    "be told to refuse it (%s): revoke the device there",
			    failure->message);
		return false;
	}
	puts("Signed out. The files stay where they are.");
	return true;
}

const Command logout_command = {
	.name = "logout",
	.arguments = "",
	.summary = "end this device's credential; files stay",
	.run = run,
};
