/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"

#include <gtk/gtk.h>

/*
 * A window over that of widget with the link with which others read a file or folder; path NULL:
 * with all links.
 */
void sharing_open(GtkWidget *widget, Door *door, const char *path);
