/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "client/cli/command.h"
#include "client/login/drive_path.h"
#include "client/login/account.h"

#include <stdio.h>
#include <string.h>

static int version;

static const GOptionEntry entries[] = {
	{ "version", 0, 0, G_OPTION_ARG_INT, &version,
	  "number as listed by 'imdrive versions'; without it, a deleted file comes back", "N" },
	G_OPTION_ENTRY_NULL,
};

/* The newest deleted node that was at this path. */
static json_t *find_deleted(const Profile *profile, const char *path, GError **error)
{
	json_auto_t *answer = account_call(profile, "GET", "/api/v1/trash", NULL, error);
	size_t index;
	json_t *node;
	if (!answer) {
		return NULL;
	}
	json_array_foreach(json_object_get(answer, "nodes"), index, node)
	{
		const char *was = json_string_value(json_object_get(node, "path"));
		if (was && strcmp(was, path) == 0) {
			return json_incref(json_object_get(node, "node"));
		}
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
		    "nothing of that name was deleted, as far as the server remembers; to bring "
		    "back an older version, say --version N");
	return NULL;
}

static json_t *request(const Profile *profile, const char *path, GError **error)
{
	if (version > 0) {
		return json_pack("{s:s, s:i}", "path", path, "version", version);
	}
	json_t *node = find_deleted(profile, path, error);
	return node ? json_pack("{s:o, s:i}", "node", node, "version", 0) : NULL;
}

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
	json_auto_t *object = request(profile, path, error);
	json_auto_t *answer =
		object ? account_call(profile, "POST", "/api/v1/restore", object, error) : NULL;
	if (!answer) {
		g_prefix_error(error, "restore '%s': ", argv[1]);
		if (version > 0 && error && (*error)->code == DRIVE_ERROR_NOT_FOUND) {
			g_autofree char *text = g_strdup((*error)->message);
			g_clear_error(error);
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "%s; 'imdrive versions FILE' lists what there is", text);
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
