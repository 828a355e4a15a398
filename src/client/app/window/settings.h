/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"

#include <adwaita.h>

/*
 * Folders, limits of bandwidth, where chat services' pages open, signing out.
 */
#define SETTINGS_TYPE (settings_get_type())
G_DECLARE_FINAL_TYPE(Settings, settings, SETTINGS, PAGE, AdwBin)

/* Before all else. Borrows door. */
void settings_set_door(Settings *page, Door *door);
/* Shows what holds now. */
void settings_refresh(Settings *page);
