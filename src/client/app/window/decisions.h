/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"

#include <adwaita.h>

/*
 * What only a person can decide: which of two versions of a file is meant, and whether many
 * deletions are. Each is one click; where a file has changed since it was shown here, the daemon
 * does nothing, and it is shown anew.
 */
#define DECISIONS_TYPE (decisions_get_type())
G_DECLARE_FINAL_TYPE(Decisions, decisions, DECISIONS, BOX, AdwBin)

/* Before all else. Borrows door. */
void decisions_set_door(Decisions *box, Door *door);
/* The status is another. */
void decisions_refresh(Decisions *box);
