/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/login/profile.h"

#include <glib.h>
#include <jansson.h>

/*
 * What the drive keeps of files that were: versions, and the trash. path: on the drive ("a/b").
 */

/* {"node", "versions": […]}, as of docs/openapi.yaml. To be unreffed. */
json_t *history_versions(const Profile *profile, const char *path, GError **error);

/*
 * Brings a version back; version 0: what was last deleted at this path. It comes to the devices
 * like any change. NOT_FOUND if there is none. The answer is to be unreffed.
 */
json_t *history_restore(const Profile *profile, const char *path, int64_t version, GError **error);
