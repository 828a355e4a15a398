/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"

#include <adwaita.h>

/*
 * The first decision: where is your drive? The address is looked at while it is typed.
 *
 * Signal "found": the person goes on with the drive of address_drive(). Signal "left": back.
 */
#define ADDRESS_TYPE (address_get_type())
G_DECLARE_FINAL_TYPE(Address, address, ADDRESS, PAGE, AdwBin)

/* Before all else. Borrows door. */
void address_set_door(Address *page, Door *door);
/*
 * As if it had been typed; changes nothing but this page. invitation: the token for that drive (a
 * secret), or NULL. It is shown, and stays as long as the address stands there.
 */
void address_fill(Address *page, const char *text, const char *invitation);
void address_forget(Address *page);
/* Borrowed; NULL: none. */
const char *address_invitation(Address *page);
/* Whether there is anything to go back to. */
void address_set_way_back(Address *page, gboolean there);
/* What "look" said of the address that stands there; NULL: nothing yet. Borrowed. */
const json_t *address_drive(Address *page);
