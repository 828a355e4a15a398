/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"
#include "client/app/link.h"

#include <adwaita.h>

/*
 * The one window: first run (address, sign in, folder), then how things stand.
 */
#define WINDOW_TYPE (window_get_type())
G_DECLARE_FINAL_TYPE(Window, window, WINDOW, MAIN, AdwApplicationWindow)

Window *window_new(AdwApplication *application, Door *door);
/* It shows what the daemon has said. */
gboolean window_is_usable(Window *window);
/* Where somebody signs in again who was signed out. */
void window_sign_in(Window *window);
/* A file of the drive, as the file manager hands it on: shows what it was before. */
void window_open_file(Window *window, const char *path);
/* A file or folder of the drive, as the file manager hands it on: its link for others. */
void window_share_file(Window *window, const char *path);
/* An invitation's link: fills the address in, and does nothing by itself. */
void window_invite(Window *window, const Link *link);
