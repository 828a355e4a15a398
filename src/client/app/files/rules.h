/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"

#include <gtk/gtk.h>

/* A window over that of widget with the rules of this bound folder, to be changed. */
void rules_open(GtkWidget *widget, Door *door, const char *folder);
