/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Which entries are left alone, on this device and on its own. Rules have the syntax of gitignore
 * (git-scm.com/docs/gitignore); paths are relative to the bound folder. Built-in rules come first,
 * so that a rule of the person's own can take one back ("!*~").
 *
 * Immutable once made: any thread.
 */
typedef struct Ignore Ignore;

/* File in the bound folder that holds the rules. It is itself synced like any other. */
#define IGNORE_FILE ".imdriveignore"

/*
 * The built-in rules, then these (text may be NULL). A rule that makes no sense matches nothing, as
 * in git. TOO_LARGE over IGNORE_FILE_SIZE_MAX or IGNORE_RULES_MAX.
 */
Ignore *ignore_new(const char *text, size_t size, GError **error);
void ignore_free(Ignore *ignore);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ignore, ignore_free)

/*
 * Is the entry at path ("a/b", not "") ignored, itself or because a folder above it is?
 */
bool ignore_match(const Ignore *ignore, const char *path, bool is_folder);

/* The text of the built-in rules with the reason for each, for people to read. Static. */
const char *ignore_defaults(void);
