/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

/*
 * From now on the keyboard's focus is never lost in this window: where what had it is gone, what is
 * nearest to its place gets it once the window has been laid out anew. Once for a window.
 */
void focus_keep(GtkWindow *window);

/* To what has just been added to a window that keeps it: it is seen once it has been laid out. */
void focus_give(GtkWidget *widget);
