/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/login/profile.h"

#include <glib.h>

/*
 * Where a file of a bound folder lies in the drive: "sub/report.odt" for "~/Drive/sub/report.odt",
 * "" for the bound folder itself.
 * The file need not exist any more. Free with g_free().
 */
char *drive_path_of(const Profile *profile, const char *file, GError **error);
