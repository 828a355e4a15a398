/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"

#include <gtk/gtk.h>

/* A window over that of widget: which folders of this bound folder are on this device. */
void selective_open(GtkWidget *widget, Door *door, const char *folder);
