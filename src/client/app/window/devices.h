/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"

#include <adwaita.h>

/*
 * Who is signed in, by which chat accounts, and on which devices and browsers else; each of those
 * can be signed out.
 */
#define DEVICES_TYPE (devices_get_type())
G_DECLARE_FINAL_TYPE(Devices, devices, DEVICES, PAGE, AdwBin)

/* Before all else. Borrows door. */
void devices_set_door(Devices *page, Door *door);
/* Asks the drive. */
void devices_refresh(Devices *page);
