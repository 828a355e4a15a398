/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/account.h"

#include "base/error.h"
#include "client/cli/command.h"

#include <stdio.h>
#include <string.h>

static gboolean as_json;

static const GOptionEntry entries[] = {
	{ "json", 0, 0, G_OPTION_ARG_NONE, &as_json, "for programs", NULL },
	G_OPTION_ENTRY_NULL,
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

static void show_who(const json_t *account)
{
	bool admin = strcmp(text_of(account, "role"), "admin") == 0;
	printf("account  %s%s\n", text_of(account, "name"), admin ? ", administrator" : "");
}

static void show_device(const json_t *device)
{
	printf("device   %s (number %" JSON_INTEGER_FORMAT ")\n", text_of(device, "name"),
	       json_integer_value(json_object_get(device, "id")));
}

static void show_storage(const json_t *me)
{
	const json_t *usage = json_object_get(me, "usage");
	uint64_t used = (uint64_t)json_integer_value(json_object_get(usage, "bytes"));
	uint64_t quota = (uint64_t)json_integer_value(json_object_get(me, "quota"));
	g_autofree char *size = g_format_size(used);
	g_autofree char *limit = quota > 0 ? g_format_size(quota) : NULL;
	printf("stored   %s%s%s, with old versions and the trash\n", size, limit ? " of " : "",
	       limit ? limit : "");
}

static void show_identity(const json_t *identity)
{
	static const char *const keys[] = { "address", "name", "username" };
	const char *name = "";
	for (size_t i = 0; i < G_N_ELEMENTS(keys) && *name == '\0'; i++) {
		name = text_of(identity, keys[i]);
	}
	printf("sign in  by %s%s%s\n", text_of(identity, "provider"), *name ? " as " : "", name);
}

static void show_ways(const Profile *profile, const json_t *ways)
{
	if (!ways) {
		printf("sign in  this device may not see by what: look at %s/account\n",
		       profile_login(profile)->server);
		return;
	}
	size_t index;
	json_t *identity;
	json_array_foreach(json_object_get(ways, "identities"), index, identity)
	{
		show_identity(identity);
	}
	if (json_is_true(json_object_get(ways, "password"))) {
		puts("sign in  by password");
	}
}

/* Devices that were let in by a code may not see it: no error then, and *ret_ways is NULL. */
static bool ask_ways(const Profile *profile, json_t **ret_ways, GError **error)
{
	g_autoptr(GError) failure = NULL;
	*ret_ways = account_call(profile, "GET", "/api/v1/identities", NULL, &failure);
	if (!*ret_ways && failure->code != DRIVE_ERROR_FORBIDDEN) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return false;
	}
	return true;
}

static void show(const Profile *profile, json_t *me, json_t *ways)
{
	if (as_json) {
		json_object_set_new(me, "server", json_string(profile_login(profile)->server));
		if (ways) {
			json_object_update(me, ways);
		}
		json_dumpf(me, stdout, JSON_INDENT(2));
		putchar('\n');
		return;
	}
	command_make_visible(me);
	command_make_visible(ways);
	show_who(json_object_get(me, "account"));
	printf("drive    %s\n", profile_login(profile)->server);
	show_device(json_object_get(me, "device"));
	show_storage(me);
	show_ways(profile, ways);
}

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&account_command, entries, &argc, &argv, error) ||
	    !command_count(&account_command, argc, 0, 0, error)) {
		return false;
	}
	g_autoptr(Profile) profile = command_profile(context, error);
	if (!profile) {
		return false;
	}
	json_auto_t *ways = NULL;
	json_auto_t *me = account_call(profile, "GET", "/api/v1/me", NULL, error);
	if (!me || !ask_ways(profile, &ways, error)) {
		g_prefix_error(error, "look at the account: ");
		return false;
	}
	show(profile, me, ways);
	return true;
}

const Command account_command = {
	.name = "account",
	.arguments = "",
	.summary = "who you are on the drive, and by what you sign in",
	.run = run,
};
