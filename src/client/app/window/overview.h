/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"

#include <adwaita.h>

/*
 * How things stand, in one glance: the state with what is left to do, what needs attention and what
 * to do about it, what happened last.
 *
 * Signal "sign-in": the person wants to sign in again.
 */
#define OVERVIEW_TYPE (overview_get_type())
G_DECLARE_FINAL_TYPE(Overview, overview, OVERVIEW, PAGE, AdwBin)

/* Before all else. Borrows door. */
void overview_set_door(Overview *page, Door *door);
/* Shows what the door knows already. */
void overview_refresh(Overview *page);
