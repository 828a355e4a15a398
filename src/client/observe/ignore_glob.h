/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Patterns of gitignore: `*` and `?` do not match a slash, `**` between slashes matches any number
 * of folders. Matching takes at most (bytes of the pattern) x (bytes of the path) steps.
 */
typedef struct IgnoreGlob IgnoreGlob;

/* One part of a path, not terminated. */
typedef struct IgnorePart {
	const char *name;
	size_t size;
} IgnorePart;

/*
 * text: parts separated by single slashes, none at either end. NULL if it cannot match anything (an
 * open bracket, a backslash at the end, an empty part).
 */
IgnoreGlob *ignore_glob_new(const char *text, size_t size);
void ignore_glob_free(IgnoreGlob *glob);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IgnoreGlob, ignore_glob_free)

/* Does it match the whole path? count > 0. */
bool ignore_glob_match(const IgnoreGlob *glob, const IgnorePart *parts, size_t count);
