/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pin, unpin, free, and the state of a path: through the mount itself, by an attribute that it
 * makes up. So they need no other way to the process that serves it.
 */
#include "client/cli/keep.h"

#include "base/error.h"
#include "base/text.h"
#include "client/cli/command.h"
#include "client/mount/mount.h"

#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define STATE_SIZE_MAX 64
#define DESCRIPTORS_MAX 32

static bool set_failure(GError **error, const char *what, const char *path, int errnum)
{
	if (errnum == ENODATA || errnum == EOPNOTSUPP || errnum == EPERM) {
		g_set_error(
			error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			"%s '%s': it is not on a mounted drive ('imdrive mount'); what a folder "
			"syncs is all here",
			what, path);
		return false;
	}
	if (errnum == EBUSY) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
			    "%s '%s': some of it is in use or not uploaded yet: try again later",
			    what, path);
		return false;
	}
	return error_set_errno(error, errnum, "%s '%s'", what, path);
}

static bool get_state(const char *path, char ret_state[STATE_SIZE_MAX + 1])
{
	ssize_t size = lgetxattr(path, MOUNT_STATE_ATTRIBUTE, ret_state, STATE_SIZE_MAX);
	ret_state[MAX(size, 0)] = '\0';
	return size >= 0;
}

static bool set(const Command *command, const char *value, int argc, char **argv, GError **error)
{
	if (!command_parse(command, NULL, &argc, &argv, error) ||
	    !command_count(command, argc, 1, G_MAXINT, error)) {
		return false;
	}
	for (int i = 1; i < argc; i++) {
		char state[STATE_SIZE_MAX + 1];
		/* Elsewhere it would be an attribute like any other. */
		if (!get_state(argv[i], state)) {
			return set_failure(error, command->name, argv[i], errno);
		}
		if (setxattr(argv[i], MOUNT_STATE_ATTRIBUTE, value, strlen(value), 0) != 0) {
			return set_failure(error, command->name, argv[i], errno);
		}
	}
	return true;
}

static bool pin(const CommandContext *context, int argc, char **argv, GError **error)
{
	return set(&keep_pin_command, "pinned", argc, argv, error);
}

static bool unpin(const CommandContext *context, int argc, char **argv, GError **error)
{
	return set(&keep_unpin_command, "unpinned", argc, argv, error);
}

static bool give_free(const CommandContext *context, int argc, char **argv, GError **error)
{
	return set(&keep_free_command, "online-only", argc, argv, error);
}

/* ---- showing ---------------------------------------------------------------------------- */

/* nftw() hands nothing on. */
static GHashTable *counts;

static int count_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)info;
	(void)place;
	char state[STATE_SIZE_MAX + 1];
	if (kind == FTW_F && get_state(path, state)) {
		size_t known = GPOINTER_TO_SIZE(g_hash_table_lookup(counts, state));
		g_hash_table_insert(counts, g_strdup(state), GSIZE_TO_POINTER(known + 1));
	}
	return 0;
}

static void show_folder(json_t *object, const char *path)
{
	counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	nftw(path, count_one, DESCRIPTORS_MAX, FTW_PHYS | FTW_MOUNT);
	json_t *files = json_object();
	GHashTableIter iter;
	void *state, *count;
	g_hash_table_iter_init(&iter, counts);
	while (g_hash_table_iter_next(&iter, &state, &count)) {
		json_object_set_new(files, state,
				    json_integer((json_int_t)GPOINTER_TO_SIZE(count)));
	}
	json_object_set_new(object, "files", files);
	g_clear_pointer(&counts, g_hash_table_unref);
}

static void print(const json_t *object)
{
	json_t *files = json_object_get(object, "files");
	const char *state = json_string_value(json_object_get(object, "state"));
	const char *path = json_string_value(json_object_get(object, "path"));
	if (!files) {
		printf("%s: %s\n", path, state);
		return;
	}
	printf("%s:%s", path, strcmp(state, "pinned") == 0 ? " pinned" : "");
	const char *name;
	json_t *count;
	const char *comma = "";
	json_object_foreach(files, name, count)
	{
		printf("%s %" JSON_INTEGER_FORMAT " %s", comma, json_integer_value(count), name);
		comma = ",";
	}
	puts(json_object_size(files) == 0 ? " no files" : "");
}

bool keep_show(const char *path, bool as_json, GError **error)
{
	char state[STATE_SIZE_MAX + 1];
	struct stat info;
	if (lstat(path, &info) != 0 || !get_state(path, state)) {
		return set_failure(error, "status", path, errno);
	}
	g_autofree char *shown = text_printable(path, strlen(path));
	json_auto_t *object = json_pack("{s:s, s:s}", "path", shown, "state", state);
	if (S_ISDIR(info.st_mode)) {
		show_folder(object, path);
	}
	if (as_json) {
		json_dumpf(object, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		command_make_visible(object);
		print(object);
	}
	return true;
}

const Command keep_pin_command = {
	.name = "pin",
	.arguments = "PATH...",
	.summary = "keep files of a mounted drive on this device",
	.run = pin,
};

const Command keep_unpin_command = {
	.name = "unpin",
	.arguments = "PATH...",
	.summary = "let them go again when room is needed",
	.run = unpin,
};

const Command keep_free_command = {
	.name = "free",
	.arguments = "PATH...",
	.summary = "let go now what is also on the server",
	.run = give_free,
};
