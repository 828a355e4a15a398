/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

/*
 * What a screen reader is told that GTK 4.8 does not tell by itself: of the pages of a GtkStack or
 * an AdwViewStack, only the one that is seen is there.
 */
void spoken_follow(GtkWidget *stack);

/* The name of what shows nothing but an icon. */
void spoken_name(GtkWidget *widget, const char *name);
