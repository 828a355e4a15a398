/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/verb.h"

#include "admin/verb_access.h"
#include "admin/verb_client.h"
#include "admin/verb_provider.h"
#include "admin/verb_user.h"
#include "base/error.h"

#include <string.h>

static bool check(VerbCall *call, GError **error)
{
	bool quick = call->words[0] != NULL;
	if (quick && strcmp(call->words[0], "--quick") != 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "there is no option '%s'",
			    call->words[0]);
		return false;
	}
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	if (!drive_check(data_folder_drive(call->data),
			 quick ? DRIVE_CHECK_QUICK : DRIVE_CHECK_FULL, problems, error)) {
		return false;
	}
	for (unsigned i = 0; i < problems->len; i++) {
		g_string_append_printf(call->out, "%s\n", (char *)problems->pdata[i]);
	}
	if (problems->len > 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "%u of the promises about the data are broken", problems->len);
		return false;
	}
	g_string_append(call->out, "The drive is whole.\n");
	return true;
}

const Verb verb_table[] = {
	{ "user add", "NAME", 1, 1, "Adds an account. The password is one line on standard input.",
	  "password", true, verb_user_add },
	{ "user list", "", 0, 0, "Lists the accounts, their devices and what they use.", NULL,
	  false, verb_user_list },
	{ "user passwd", "NAME", 1, 1, "Changes a password: one line on standard input.",
	  "password", false, verb_user_passwd },
	{ "user quota", "NAME [SIZE|none]", 1, 2, "Shows or sets how much an account may store.",
	  NULL, false, verb_user_quota },
	{ "user names", "NAME [any|caseless]", 1, 2,
	  "Shows or sets whether a drive takes names that differ only in case.", NULL, false,
	  verb_user_names },
	{ "user disable", "NAME", 1, 1,
	  "Signs an account out and keeps it out, with all its files.", NULL, false,
	  verb_user_disable },
	{ "user enable", "NAME", 1, 1, "Lets a disabled account in again.", NULL, false,
	  verb_user_enable },
	{ "user remove", "NAME", 1, 1, "Removes an account and signs its devices out.", NULL, false,
	  verb_user_remove },
	{ "user role", "NAME admin|user", 2, 2, "Says who looks after the drive's people.", NULL,
	  false, verb_access_role },
	{ "user approve", "NAME", 1, 1, "Lets an account in that registered and waits.", NULL,
	  false, verb_access_approve },
	{ "user identities", "NAME", 1, 1, "Lists the chat accounts that enter an account.", NULL,
	  false, verb_access_identities },
	{ "user bind", "NAME PROVIDER SUBJECT [TENANT]", 3, 4,
	  "Lets a chat account in that no account has.", NULL, false, verb_access_bind },
	{ .name = "user bind-all",
	  .arguments = "",
	  .summary = "Lets chat accounts in as a table on standard input says, all or none: "
		     "NAME,PROVIDER,SUBJECT[,TENANT] on each line.",
	  .prompt = "Table, ended by Ctrl-D",
	  .many = true,
	  .run = verb_access_bind_all },
	{ "user rebind", "NAME PROVIDER SUBJECT [TENANT]", 3, 4,
	  "Gives a chat account to this account, whoever had it before.", NULL, false,
	  verb_access_rebind },
	{ "user unbind", "NAME ID", 2, 2, "Unlinks a chat account, unless it is the last way in.",
	  NULL, false, verb_access_unbind },
	{ "user sessions", "NAME", 1, 1, "Lists the browsers that are signed in.", NULL, false,
	  verb_access_sessions },
	{ "user revoke", "NAME", 1, 1, "Signs an account out everywhere.", NULL, false,
	  verb_access_revoke },
	{ "user recover", "NAME", 1, 1,
	  "Takes all ways into an account away, and prints a link that gives a new one.", NULL,
	  false, verb_access_recover },
	{ "device list", "NAME", 1, 1, "Lists the devices of an account.", NULL, false,
	  verb_user_devices },
	{ "device revoke", "NAME ID|all", 2, 2, "Signs a device out, also if it is connected.",
	  NULL, false, verb_user_revoke },
	{ "provider list", "", 0, 0, "Lists the chat services and which of them are enabled.", NULL,
	  false, verb_provider_list, true },
	{ "provider show", "NAME", 1, 1,
	  "Shows what a chat service needs, and checks what can be checked.", NULL, false,
	  verb_provider_show, true },
	{ "provider test", "NAME [--paste] [--port PORT] [--server SERVER]", 1, 6,
	  "Walks through a sign-in and shows what the service says of somebody.", NULL, false,
	  verb_provider_test, true },
	{ "client add", "NAME REDIRECT... [--scope=files:read,...]", 2, VERB_CLIENT_WORDS_MAX,
	  "Lets a program of others sign people in with the drive (OAuth 2.1); prints its id.",
	  NULL, false, verb_client_add },
	{ "client list", "", 0, 0, "Lists the programs that were added.", NULL, false,
	  verb_client_list },
	{ "client remove", "ID", 1, 1, "Takes a program away again.", NULL, false,
	  verb_client_remove },
	{ "invite", "[--admin] [--uses N] [--days N]", 0, 5,
	  "Prints a link by which somebody registers.", NULL, true, verb_access_invite },
	{ "invitation list", "", 0, 0, "Lists the invitations that are good.", NULL, false,
	  verb_access_invitations },
	{ "invitation revoke", "ID", 1, 1, "Ends an invitation.", NULL, false,
	  verb_access_uninvite },
	{ "audit", "[--since TIME] [--account NAME] [--last N]", 0, 6,
	  "Shows what happened to access: who, from where, what.", NULL, false, verb_access_audit },
	{ "check", "[--quick]", 0, 1,
	  "Verifies every promise about the data at rest; --quick leaves out the hashes.", NULL,
	  false, check },
	{ 0 },
};

/* Whether words begin with those of the name; *ret_rest is behind them. */
static bool begins_with(const char *const *words, const char *name, const char *const **ret_rest)
{
	g_auto(GStrv) own = g_strsplit(name, " ", -1);
	size_t i = 0;
	for (; own[i]; i++) {
		if (!words[i] || strcmp(words[i], own[i]) != 0) {
			return false;
		}
	}
	*ret_rest = words + i;
	return true;
}

const Verb *verb_find(const char *const *words, const char *const **ret_rest)
{
	for (const Verb *verb = verb_table; verb->name; verb++) {
		if (begins_with(words, verb->name, ret_rest)) {
			return verb;
		}
	}
	return NULL;
}

bool verb_takes(const Verb *verb, const char *const *words, GString *ret_err)
{
	unsigned count = g_strv_length((char **)words);
	if (count >= verb->least && count <= verb->most) {
		return true;
	}
	g_string_append(ret_err, "usage: ");
	verb_append_help(verb, ret_err);
	return false;
}

int verb_run(const Verb *verb, VerbCall *call, GString *ret_err)
{
	g_autoptr(GError) error = NULL;
	g_assert(!verb->prompt || call->input);
	if (!verb_takes(verb, call->words, ret_err)) {
		return 2;
	}
	if (verb->run(call, &error)) {
		return 0;
	}
	g_string_append_printf(ret_err, "imdrived: %s: %s\n", verb->name, error->message);
	return 1;
}

void verb_append_help(const Verb *verb, GString *text)
{
	g_string_append_printf(text, "imdrived %s %s%s--data DIR\n  %s\n", verb->name,
			       verb->arguments, *verb->arguments ? " " : "", verb->summary);
}
