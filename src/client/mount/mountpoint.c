/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mount/mountpoint.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOUNTS "/proc/self/mounts"
#define OUR_TYPE "fuse.imdrive"
#define LINE_SIZE (16 * 1024)
/* However many lie on top of each other. */
#define LAYERS_MAX 64

bool mountpoint_is_ours(const char *path)
{
	g_autofree char *wanted = g_canonicalize_filename(path, NULL);
	FILE *mounts = setmntent(MOUNTS, "re");
	if (!mounts) {
		return false;
	}
	bool ours = false;
	g_autofree char *line = g_malloc(LINE_SIZE);
	struct mntent entry;
	while (getmntent_r(mounts, &entry, line, LINE_SIZE)) {
		/* The last one lies on top. */
		if (strcmp(entry.mnt_dir, wanted) == 0) {
			ours = strcmp(entry.mnt_type, OUR_TYPE) == 0;
		}
	}
	endmntent(mounts);
	return ours;
}

/* Who may not unmount may have it done. */
static bool ask_fusermount(const char *path, GError **error)
{
	const char *const command[] = { "fusermount3", "-u", "-z", "--", path, NULL };
	g_autofree char *said = NULL;
	int status = 0;
	if (!g_spawn_sync(NULL, (char **)command, NULL,
			  G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &said,
			  &status, error)) {
		return false;
	}
	if (status != 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "%s", g_strstrip(said));
		return false;
	}
	return true;
}

bool mountpoint_detach(const char *path, GError **error)
{
	for (int layer = 0; layer < LAYERS_MAX && mountpoint_is_ours(path); layer++) {
		if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
			continue;
		}
		if (errno != EPERM) {
			return error_set_errno(error, errno, "unmount '%s'", path);
		}
		if (!ask_fusermount(path, error)) {
			g_prefix_error(error, "unmount '%s': ", path);
			return false;
		}
	}
	return true;
}

static bool is_empty(const char *path, GError **error)
{
	g_autoptr(GError) failure = NULL;
	g_autoptr(GDir) folder = g_dir_open(path, 0, &failure);
	if (!folder) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "mount at '%s': it is no folder that can be opened: %s", path,
			    failure->message);
		return false;
	}
	if (g_dir_read_name(folder)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT,
			    "mount at '%s': there are files in that folder, which the drive would "
			    "hide: name an empty folder, or use 'imdrive sync' to sync it",
			    path);
		return false;
	}
	return true;
}

bool mountpoint_revive(const char *path, GError **error)
{
	struct stat info;
	bool there = stat(path, &info) == 0;
	if (!there && errno == ENOTCONN) {
		/* The process behind it is gone. */
		if (!mountpoint_detach(path, error)) {
			return false;
		}
		there = stat(path, &info) == 0;
	}
	if (!there && mkdir(path, 0700) != 0) {
		return error_set_errno(error, errno, "mount at '%s': make the folder", path);
	}
	return true;
}

bool mountpoint_prepare(const char *path, GError **error)
{
	if (!mountpoint_revive(path, error)) {
		return false;
	}
	if (mountpoint_is_ours(path)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT,
			    "mount at '%s': a drive is mounted there already: choose another "
			    "folder, or unmount it with 'fusermount3 -u'",
			    path);
		return false;
	}
	return is_empty(path, error);
}
