/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

/*
 * What this person has chosen in the app, in $XDG_CONFIG_HOME/imdrive/app.conf; and what the
 * desktop says about the person.
 */

/* The chat service that was used last; NULL: none. Free with g_free(). */
char *choices_last_service(void);
void choices_set_last_service(const char *id);

/* Whether chat services' pages open in the browser in any case. */
bool choices_prefers_browser(void);
void choices_set_prefers_browser(bool prefers);

/* What is in a web view, a screen reader may not see. */
bool choices_has_screen_reader(void);

/* Opens a page in $BROWSER, or as the desktop does. */
void choices_open_page(GtkWindow *window, const char *url);
