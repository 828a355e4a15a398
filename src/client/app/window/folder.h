/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"

#include <adwaita.h>

/*
 * The last decision: which folder shall be the drive's?
 *
 * Signal "bound": it is.
 */
#define FOLDER_TYPE (folder_get_type())
G_DECLARE_FINAL_TYPE(Folder, folder, FOLDER, PAGE, AdwBin)

/* Before all else. Borrows door. */
void folder_set_door(Folder *page, Door *door);
