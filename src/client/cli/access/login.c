/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/text.h"
#include "base/limits.h"
#include "client/cli/command.h"
#include "client/login/terminal_qr.h"
#include "client/control/control_client.h"
#include "client/login/account.h"
#include "client/login/server_url.h"
#include "client/login/sign_in.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const char *user;
static const char *device_name;
static const char *provider;
static gboolean elsewhere;

static const GOptionEntry entries[] = {
	{ "device", 0, 0, G_OPTION_ARG_NONE, &elsewhere,
	  "sign in on another device, with a code and a QR code", NULL },
	{ "user", 0, 0, G_OPTION_ARG_STRING, &user,
	  "by name and password, one line on standard input", "NAME" },
	{ "provider", 0, 0, G_OPTION_ARG_STRING, &provider,
	  "go straight to this chat service, like 'qq'", "NAME" },
	{ "device-name", 0, 0, G_OPTION_ARG_STRING, &device_name, "what to call this device",
	  "NAME" },
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

/* ---- by password ------------------------------------------------------------------------ */

static const char *name_of_device(void)
{
	return device_name ? device_name : g_get_host_name();
}

static bool sign_in_here(const char *server, ProfileLogin *ret_login, GError **error)
{
	char password[PASSWORD_SIZE_MAX + 2];
	if (!read_password(password, sizeof password, error)) {
		return false;
	}
	const AccountPassword with = {
		.server = server,
		.name = user,
		.password = password,
		.device_name = name_of_device(),
	};
	bool signed_in = account_sign_in(&with, ret_login, error);
	sodium_memzero(password, sizeof password);
	return signed_in;
}

/* ---- by the drive's pages --------------------------------------------------------------- */

static void show_code(const SignInPrompt *prompt)
{
	g_autofree char *page = text_visible(prompt->page, false);
	g_autofree char *code = text_visible(prompt->user_code, false);
	printf("On a device that has a browser, open\n\n  %s\n\nand type the code  %s\n\n", page,
	       code);
	/* Nobody else can open an address of this machine. */
	g_autofree char *drawn = server_url_is_loopback(prompt->url)
					 ? NULL
					 : terminal_qr_draw(prompt->url, isatty(STDOUT_FILENO));
	if (drawn) {
		printf("or scan this, and compare the code:\n\n%s\n", drawn);
	}
	printf("The code is good for %u minutes. Waiting; Ctrl-C gives up.\n",
	       prompt->expires_s / 60);
}

static void show(const SignInPrompt *prompt, void *data)
{
	if (prompt->user_code) {
		show_code(prompt);
	} else {
		g_autofree char *url = text_visible(prompt->url, false);
		printf("%s\n\n  %s\n\nWaiting for %u minutes at most; Ctrl-C gives up. If there is "
		       "no browser on this machine, use --device.\n",
		       prompt->opened ? "Your browser is opening this page to sign in:"
				      : "Open this page to sign in, in a browser on this machine:",
		       url, prompt->expires_s / 60);
	}
	fflush(stdout);
}

static bool sign_in_on_pages(const char *server, ProfileLogin *ret_login, GError **error)
{
	const SignInOptions options = {
		.server = server,
		.client_id = "imdrive",
		.device_name = name_of_device(),
		.provider = provider,
		.prompt = show,
	};
	return elsewhere ? sign_in_device(&options, ret_login, error)
			 : sign_in_browser(&options, ret_login, error);
}

/* ---- feedback --------------------------------------------------------------------------- */

static void tell(const ProfileLogin *login)
{
	g_autofree char *account = text_visible(login->account, false);
	g_autofree char *device = text_visible(login->device_name, false);
	printf("%s %s! Signed in to %s as %s; this device is called '%s'.\n",
	       login->registered ? "Welcome," : "Welcome back,", account, login->server, account,
	       device);
	if (login->registered) {
		puts("The account is new: it was made by this sign-in.");
	}
}

/* What this profile was until now, if that can still enter. */
static void remember(const Profile *profile, ProfileLogin *ret_before)
{
	if (profile_is_signed_in(profile)) {
		const ProfileLogin *login = profile_login(profile);
		ret_before->server = g_strdup(login->server);
		tokens_copy(&login->tokens, &ret_before->tokens);
	}
}

/* A profile is one device: who signs in anew does not leave the old one in the account's list. */
static void replace(const ProfileLogin *before, const ProfileLogin *after)
{
	if (g_strcmp0(before->server, after->server) == 0) {
		account_sign_out(before, NULL);
	}
}

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&login_command, entries, &argc, &argv, error) ||
	    !command_count(&login_command, argc, 1, 1, error)) {
		return false;
	}
	if (!!user + !!elsewhere + !!provider > 1) {
		g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
				    "only one of --user, --device and --provider");
		return false;
	}
	g_autoptr(Profile) profile = profile_open(context->profile, error);
	if (!profile) {
		return false;
	}
	/* Before a password is asked for. */
	g_autofree char *server = server_url_read(argv[1], error);
	if (!server) {
		return false;
	}
	g_auto(ProfileLogin) before = { 0 };
	remember(profile, &before);
	g_auto(ProfileLogin) login = { 0 };
	bool signed_in = user ? sign_in_here(argv[1], &login, error)
			      : sign_in_on_pages(argv[1], &login, error);
	if (!signed_in || !profile_set_login(profile, &login, error)) {
		return false;
	}
	tell(&login);
	/* One that is running goes on with the new credential. */
	json_decref(control_client_call(context->profile, "reload", NULL, NULL));
	replace(&before, &login);
	return true;
}

const Command login_command = {
	.name = "login",
	.arguments = "URL",
	.summary = "make this a device of an account, in your browser",
	.run = run,
};
