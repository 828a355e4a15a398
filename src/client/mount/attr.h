/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/mount/node.h"

#include <stdbool.h>
#include <sys/stat.h>

/*
 * Looking at backing files, and what of that is shown.
 */

/* What lies at name in a folder, or with "" what fd is. Links are not followed. 0, or an errno. */
int attr_get(int fd, const char *name, struct statx *ret_found);

NodeKey attr_key(const struct statx *found);
bool attr_is(const struct statx *found, const NodeKey *key);
bool attr_is_folder(const struct statx *found);

/*
 * As programs are to see it. A file whose bytes are not all here takes no blocks, which programs
 * (tar --sparse) take for a file of zeros that need not be read: it is shown as if it took them.
 */
void attr_show(const struct statx *found, struct stat *ret_shown);
