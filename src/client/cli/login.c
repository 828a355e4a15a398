/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/limits.h"
#include "client/cli/command.h"
#include "client/control/control_client.h"
#include "client/login/account.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const char *user;
static const char *device;

static const GOptionEntry entries[] = {
	{ "user", 0, 0, G_OPTION_ARG_STRING, &user, "name of the account", "NAME" },
	{ "device", 0, 0, G_OPTION_ARG_STRING, &device, "what to call this device", "NAME" },
	G_OPTION_ENTRY_NULL,
};

/* One line of standard input, not shown on a terminal. */
static bool read_password(char *ret_password, size_t size, GError **error)
{
	struct termios before, silent;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	if (terminal) {
		fputs("Password: ", stderr);
		silent = before;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	}
	bool got = fgets(ret_password, (int)size, stdin);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	if (!got || !strchr(ret_password, '\n')) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "sign in: the password is expected as one line on standard input, at "
			    "most %d bytes long",
			    PASSWORD_SIZE_MAX);
		return false;
	}
	*strchr(ret_password, '\n') = '\0';
	return true;
}

static bool sign_in(Profile *profile, const char *server, GError **error)
{
	char password[PASSWORD_SIZE_MAX + 2];
	if (!read_password(password, sizeof password, error)) {
		return false;
	}
	const AccountPassword with = {
		.server = server,
		.name = user,
		.password = password,
		.device_name = device ? device : g_get_host_name(),
	};
	g_auto(ProfileLogin) login = { 0 };
	bool signed_in = account_sign_in(&with, &login, error);
	sodium_memzero(password, sizeof password);
	if (!signed_in || !profile_set_login(profile, &login, error)) {
		return false;
	}
	printf("Signed in to %s as %s; this device is called '%s'.\n", login.server, login.account,
	       login.device_name);
	return true;
}

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&login_command, entries, &argc, &argv, error) ||
	    !command_count(&login_command, argc, 1, 1, error)) {
		return false;
	}
	if (!user) {
		g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
				    "say who signs in: imdrive login URL --user NAME");
		return false;
	}
	g_autoptr(Profile) profile = profile_open(context->profile, error);
	if (!profile || !sign_in(profile, argv[1], error)) {
		return false;
	}
	/* One that is running goes on with the new credential. */
	json_decref(control_client_call(context->profile, "reload", NULL, NULL));
	return true;
}

const Command login_command = {
	.name = "login",
	.arguments = "URL --user NAME",
	.summary = "make this a device of an account (password on stdin)",
	.run = run,
};
