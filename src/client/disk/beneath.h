/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * Opens what lies beneath a folder, never through a link, never on another file system.
 *
 * root is a file descriptor of the folder. path is relative, of any length, without empty, "." or
 * ".." parts; "" is the folder itself. flags as for open(2); O_CLOEXEC is added. Any thread.
 */

/* A file descriptor, or -1 with errno set: ELOOP: a link is in the way; EXDEV: a mount is. */
int beneath_open(int root, const char *path, int flags);

/* The same step by step, for systems where openat2(2) is missing or forbidden. */
int beneath_open_stepwise(int root, const char *path, int flags);

/*
 * What an errno of these functions, or of a call on what they opened, means:
 * error_set_errno("<verb> '<path>'"), with a link in the way NOT_FOUND and what this file system
 * cannot do UNSUPPORTED. Returns false.
 */
bool beneath_fail(GError **error, int errnum, const char *verb, const char *path);
