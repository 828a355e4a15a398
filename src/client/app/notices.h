/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"

#include <gio/gio.h>

/*
 * Notifications of the desktop: what a person would want to know while the window is closed or
 * behind others, each once, with what can be done about it on the notification itself.
 *
 *	many deletions held back     "Put them back"
 *	changed on two devices       "Choose"
 *	signed out                   "Sign in"
 *	the first sync has finished  "Open folder"
 *
 * One is taken back when what it says is over.
 */
typedef struct Notices Notices;

/*
 * Actions of the application that it uses: show, undo-deletions, sign-in, open-folder. Both
 * borrowed.
 */
Notices *notices_new(GApplication *application, Door *door);
void notices_free(Notices *notices);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Notices, notices_free)
