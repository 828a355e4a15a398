/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"

#include <gtk/gtk.h>

/* A window over that of widget with what a file was before, each to be brought back. */
void versions_open(GtkWidget *widget, Door *door, const char *path);
