/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <adwaita.h>

/* Small windows over the window that widget is in. */

/* Something did not work, and why; text: for people. */
void dialogs_problem(GtkWidget *widget, const char *text);

/* Escape closes this window. */
void dialogs_close_by_escape(GtkWidget *window);

typedef struct DialogQuestion {
	const char *heading;
	const char *text;
	const char *yes; /* label of the button that does it */
	gboolean destructive;
} DialogQuestion;

/* Calls yes(object) if the person says so; object (a GObject) is held until it has answered. */
void dialogs_ask(GtkWidget *widget, const DialogQuestion *question, void (*yes)(void *object),
		 void *object);
