/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "client/cli/command.h"
#include "client/login/account.h"

#include <stdio.h>
#include <string.h>

static char *minute_of(int64_t time_us)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(time_us / G_TIME_SPAN_SECOND);
	g_autoptr(GDateTime) local = utc ? g_date_time_to_local(utc) : NULL;
	return local ? g_date_time_format(local, "%Y-%m-%d %H:%M") : g_strdup("-");
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text && text[0] ? text : "-";
}

static void show(const json_t *device)
{
	g_autofree char *seen = minute_of(json_integer_value(json_object_get(device, "seen_us")));
	printf("%6" JSON_INTEGER_FORMAT "  %-24s  %s  %-15s  %s%s\n",
	       json_integer_value(json_object_get(device, "id")), text_of(device, "name"), seen,
	       text_of(device, "peer"), text_of(device, "method"),
	       json_is_true(json_object_get(device, "this")) ? "  (this one)" : "");
}

static bool list(const Profile *profile, GError **error)
{
	json_auto_t *answer = account_call(profile, "GET", "/api/v1/devices", NULL, error);
	if (!answer) {
		g_prefix_error(error, "list the devices: ");
		return false;
	}
	printf("%6s  %-24s  %-16s  %-15s  %s\n", "number", "name", "last seen", "from",
	       "signed in by");
	command_make_visible(answer);
	size_t index;
	json_t *device;
	json_array_foreach(json_object_get(answer, "devices"), index, device)
	{
		show(device);
	}
	return true;
}

static bool end_one(const Profile *profile, const char *number, GError **error)
{
	int64_t id;
	if (!g_ascii_string_to_signed(number, 10, 1, INT64_MAX, &id, NULL)) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			    "'%s' is not the number of a device: 'imdrive devices' shows them",
			    number);
		return false;
	}
	g_autofree char *path = g_strdup_printf("/api/v1/devices/%" G_GINT64_FORMAT, id);
	json_auto_t *answer = account_call(profile, "DELETE", path, NULL, error);
	if (!answer) {
		g_prefix_error(error, "sign device %s out: ", number);
		error_append(error, DRIVE_ERROR_NOT_FOUND, "; 'imdrive devices' lists them");
		return false;
	}
	printf("Device %s is signed out. Its files stay where they are.\n", number);
	return true;
}

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&devices_command, NULL, &argc, &argv, error)) {
		return false;
	}
	bool revokes = argc == 3 && strcmp(argv[1], "revoke") == 0;
	if (!revokes && !command_count(&devices_command, argc, 0, 0, error)) {
		return false;
	}
	g_autoptr(Profile) profile = command_profile(context, error);
	return profile && (revokes ? end_one(profile, argv[2], error) : list(profile, error));
}

const Command devices_command = {
	.name = "devices",
	.arguments = "[revoke NUMBER]",
	.summary = "where else you are signed in; sign one out",
	.run = run,
};
