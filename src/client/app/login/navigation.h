/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"

#include <adwaita.h>
#include <jansson.h>

/*
 * The way from the main login page to the chat service's page, and on by itself to the feedback:
 *
 *	main login ─> chat login | waiting for the browser ─> feedback
 *
 * Where the chat service's page opens: in the window only if the app's own record of that service
 * says so, nobody prefers the browser, and no screen reader is running; and a page that must not
 * stand in the window takes the whole attempt, begun anew, to the browser.
 *
 * Signal "entered": signed in, and the person has read the feedback. Signal "left": to another
 *drive.
 */
#define NAVIGATION_TYPE (navigation_get_type())
G_DECLARE_FINAL_TYPE(Navigation, navigation, NAVIGATION, PAGES, AdwBin)

/* Before all else. Borrows door. */
void navigation_set_door(Navigation *pages, Door *door);
/*
 * Begins at the main login page; drive: what "look" said; invitation: the token to take along (a
 * secret), or NULL.
 */
void navigation_start(Navigation *pages, const json_t *drive, const char *invitation);
/* Gives up what is under way. */
void navigation_stop(Navigation *pages);
