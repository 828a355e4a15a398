/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <adwaita.h>
#include <jansson.h>
#include <stdbool.h>

/* Small windows over the window that widget is in. */

/* The window that it is in; NULL if it is in none. */
GtkWindow *dialogs_window_of(GtkWidget *widget);

/* An empty one of this size in pixels, modal, closed by Escape; to be filled and presented. */
GtkWidget *dialogs_window_new(GtkWidget *widget, const char *title, int width, int height);

/* What is in it: a header bar, and below it content, which gets all the room. */
void dialogs_fill(GtkWidget *window, GtkWidget *bar, GtkWidget *content);

/* Something did not work, and why. */
void dialogs_problem(GtkWidget *widget, const GError *error);

typedef struct DialogQuestion {
	const char *heading;
	const char *text;
	const char *yes; /* label of the button that does it */
	bool destructive;
} DialogQuestion;

/* params: to be handed on to the daemon; borrowed. */
typedef void (*DialogAnswer)(void *page, json_t *params);

/* Calls yes if the person says so. The page is held until he has answered; params is taken. */
void dialogs_ask(GtkWidget *page, const DialogQuestion *question, DialogAnswer yes, json_t *params);
