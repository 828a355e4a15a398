/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/drive/drive.h"

/*
 * List chunks of the long files in a commit: the journal must see what they name before it lets the
 * drive hold it. ChunkId -> GBytes.
 */

/*
 * Those that the operations name and the drive does not hold as lists yet, without their bytes
 * (NULL).
 */
GHashTable *lists_wanted(Drive *drive, const NodeId *drive_id, const DriveCommit *commit,
			 GError **error);

/*
 * Reads those still without bytes, as far as the caller may name them; the others leave the table.
 * The caller has a pass.
 */
bool lists_load(Drive *drive, const DriveCaller *caller, GHashTable *lists, GError **error);
