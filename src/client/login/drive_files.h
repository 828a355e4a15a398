/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/login/profile.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/*
 * What the drive does with its files when it is asked. path: on the drive ("a/b"). Each blocks as
 * account_call() does.
 */

/* ---- what was -------------------------------------------------------------------------- */

/* {"node", "versions": […]}, as of docs/openapi.yaml. To be unreffed. */
json_t *drive_files_versions(const Profile *profile, const char *path, GError **error);

/*
 * Brings a version back; version 0: what was last deleted at this path. It comes to the devices
 * like any change. NOT_FOUND if there is none. The answer is to be unreffed.
 */
json_t *drive_files_restore(const Profile *profile, const char *path, int64_t version,
			    GError **error);

/* ---- links with which others read ------------------------------------------------------ */

#define DRIVE_FILES_AS_IT_IS (-1)

/*
 * The link to a file or folder, made if it has none; days: how long it is good from now, 0 until it
 * is ended, DRIVE_FILES_AS_IT_IS. The answer is to be unreffed.
 */
json_t *drive_files_share(const Profile *profile, const char *path, int64_t days, GError **error);

/*
 * The same, and the drive brings it to a chat address: the link, with "to", the address as the
 * drive has it. Where the drive does not write there, the link is made all the same, for being sent
 * by hand. The answer is to be unreffed.
 */
json_t *drive_files_send_link(const Profile *profile, const char *path, int64_t days,
			      const char *to, GError **error);

/*
 * {"links": […], "chat": can the drive bring links to chat addresses now?}: all, or that of one
 * path, which must be there. To be unreffed.
 */
json_t *drive_files_links(const Profile *profile, const char *path, GError **error);

/* node: as a link has it. */
bool drive_files_unshare(const Profile *profile, const char *node, GError **error);

/* The same by a path, of what was deleted too; NOT_FOUND if it has none. */
bool drive_files_unshare_path(const Profile *profile, const char *path, GError **error);
