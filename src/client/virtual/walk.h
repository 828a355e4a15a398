/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * Goes through all files of a folder, never through a link. The tree may change meanwhile: what is
 * moved may be seen twice or not at all.
 */
typedef struct WalkFile {
	int folder; /* descriptor */
	const char *name;
	const char *path; /* from where the walk began */
	bool pinned;      /* it lies in a pinned folder */
} WalkFile;

/* False stops. */
typedef bool (*WalkVisitor)(const WalkFile *file, void *data);

/* skip: name of an entry of the folder that is left out, or NULL. False if it was stopped. */
bool walk_files(int folder, const char *skip, WalkVisitor visit, void *data);
