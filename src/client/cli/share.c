/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "client/cli/command.h"
#include "client/login/drive_path.h"
#include "client/login/drive_files.h"

#include <stdio.h>

static int days = DRIVE_FILES_AS_IT_IS;
static gboolean end;
static char *to;

static const GOptionEntry entries[] = {
	{ "days", 0, 0, G_OPTION_ARG_INT, &days,
	  "how long the link is good from now; 0: until it is ended", "N" },
	{ "to", 0, 0, G_OPTION_ARG_STRING, &to, "the drive brings the link to this chat address",
	  "ADDRESS" },
	{ "end", 0, 0, G_OPTION_ARG_NONE, &end, "end the link: it opens nothing any more", NULL },
	G_OPTION_ENTRY_NULL,
};

static void show(const json_t *link)
{
	const char *path = json_string_value(json_object_get(link, "path"));
	const char *url = json_string_value(json_object_get(link, "url"));
	int64_t expires_us = json_integer_value(json_object_get(link, "expires_us"));
	g_autofree char *until = expires_us > 0 ? command_time(expires_us) : NULL;
	printf("%s\n  %s%s%s%s\n", path ? path : "", url ? url : "", until ? "  until " : "",
	       until ? until : "",
	       json_is_true(json_object_get(link, "deleted")) ? "  (deleted)" : "");
}

static bool list(const Profile *profile, GError **error)
{
	json_auto_t *answer = drive_files_links(profile, NULL, error);
	size_t index;
	json_t *link;
	if (!answer) {
		g_prefix_error(error, "list what is shared: ");
		return false;
	}
	command_make_visible(answer);
	json_array_foreach(json_object_get(answer, "links"), index, link)
	{
		show(link);
	}
	return true;
}

static bool end_link(const Profile *profile, const char *file, const char *path, GError **error)
{
	if (!drive_files_unshare_path(profile, path, error)) {
		g_prefix_error(error, "end the link to '%s': ", file);
		error_append(error, DRIVE_ERROR_NOT_FOUND, "; 'imdrive share' lists what is");
		return false;
	}
	printf("The link to '%s' opens nothing any more.\n", file);
	return true;
}

static bool set_not_shared(const char *file, GError **error)
{
	g_prefix_error(error, "share '%s': ", file);
	error_append(error, DRIVE_ERROR_NOT_FOUND,
		     "; if it is new, share it once 'imdrive status' says that nothing is pending");
	return false;
}

static bool send_link(const Profile *profile, const char *file, const char *path, GError **error)
{
	json_auto_t *link = drive_files_send_link(profile, path, days, to, error);
	if (!link) {
		return set_not_shared(file, error);
	}
	command_make_visible(link);
	const char *address = json_string_value(json_object_get(link, "to"));
	printf("The drive sent the link to '%s' to %s.\n", file, address ? address : to);
	return true;
}

static bool make_link(const Profile *profile, const char *file, const char *path, GError **error)
{
	json_auto_t *link = drive_files_share(profile, path, days, error);
	if (!link) {
		return set_not_shared(file, error);
	}
	command_make_visible(link);
	const char *url = json_string_value(json_object_get(link, "url"));
	printf("%s\n", url ? url : "");
	return true;
}

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	if (!command_parse(&share_command, entries, &argc, &argv, error)) {
		return false;
	}
	bool needs_file = end || to || days != DRIVE_FILES_AS_IT_IS;
	if (!command_count(&share_command, argc, needs_file, 1, error)) {
		return false;
	}
	if (end && to) {
		g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
				    "share: a link is sent, or it ends: not both");
		return false;
	}
	g_autoptr(Profile) profile = command_profile(context, error);
	if (!profile) {
		return false;
	}
	if (argc == 1) {
		return list(profile, error);
	}
	g_autofree char *path = drive_path_of(profile, argv[1], error);
	return path && (end ? end_link : to ? send_link : make_link)(profile, argv[1], path, error);
}

const Command share_command = {
	.name = "share",
	.arguments = "[FILE] [--to ADDRESS] [--days N] [--end]",
	.summary = "a link with which others read a file or folder; all of them",
	.run = run,
};
