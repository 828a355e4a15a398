/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemon/keep_calls.h"

#include "base/error.h"
#include "client/daemon/file_calls.h"
#include "client/mount/mount.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/xattr.h>

#define STATE_SIZE_MAX 64

static bool read_state(const char *path, char ret_state[STATE_SIZE_MAX + 1])
{
	ssize_t size = lgetxattr(path, MOUNT_STATE_ATTRIBUTE, ret_state, STATE_SIZE_MAX);
	ret_state[MAX(size, 0)] = '\0';
	return size >= 0;
}

static bool change(const char *path, const char *keep, GError **error)
{
	char state[STATE_SIZE_MAX + 1];
	/* Elsewhere it would be an attribute like any other. */
	bool done = read_state(path, state) &&
		    lsetxattr(path, MOUNT_STATE_ATTRIBUTE, keep, strlen(keep), 0) == 0;
	int errnum = errno;
	if (!done && errnum == EBUSY) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
			    "'%s': some of it is in use or not uploaded yet: try again later",
			    path);
	} else if (!done) {
		error_set_errno(error, errnum, "'%s'", path);
	}
	return done;
}

/* NULL: only looks. */
static bool check_keep(const json_t *keep, GError **error)
{
	const char *text = json_string_value(keep);
	bool right =
		!keep || (text && (strcmp(text, "pinned") == 0 || strcmp(text, "unpinned") == 0 ||
				   strcmp(text, "online-only") == 0));
	if (!right) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "files can be kept pinned, unpinned or online-only");
	}
	return right;
}

json_t *keep_calls_keep(const DriveCalls *calls, const json_t *params, GError **error)
{
	const json_t *keep = json_object_get(params, "keep");
	g_autoptr(GPtrArray) paths = file_calls_paths(params, error);
	if (!paths || !check_keep(keep, error)) {
		return NULL;
	}
	json_auto_t *list = json_array();
	for (unsigned i = 0; i < paths->len; i++) {
		char state[STATE_SIZE_MAX + 1];
		const char *path = paths->pdata[i];
		if (keep && !change(path, json_string_value(keep), error)) {
			return NULL;
		}
		json_array_append_new(list, json_string(read_state(path, state) ? state : ""));
	}
	return json_pack("{s:O}", "states", list);
}
