/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk.h"
#include "client/engine/engine.h"

#include <gio/gio.h>
#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/*
 * Conflict copies as people see them, and what they choose. Each choice says what its chooser has
 * seen of both files; the disk is read again, and where it is another, nothing is done. What a
 * choice replaces or removes stays on the drive as a version or in the trash, and in the reserved
 * folder for an hour.
 */

/* Appends what lies in the bound folder: see "conflicts" in docs/formats/control.md. */
void conflicts_list(Disk *disk, Engine *engine, const char *folder, json_t *ret_list);

typedef enum ConflictKeep {
	CONFLICT_KEEP_COPY,
	CONFLICT_KEEP_ORIGINAL,
	CONFLICT_KEEP_BOTH,
} ConflictKeep;

typedef struct ConflictChoice {
	const char *copy; /* path in the bound folder */
	const char *original;
	const char *seen; /* as it was listed */
	ConflictKeep keep;
} ConflictChoice;

/*
 * Carries it out; any thread. CHANGED: it is not what was seen. *ret_path: where the copy went, if
 * it has a name of its own now; NULL otherwise. Free with g_free().
 */
bool conflicts_resolve(Disk *disk, const ConflictChoice *choice, GCancellable *cancellable,
		       char **ret_path, GError **error);
