/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"

#include <adwaita.h>
#include <jansson.h>
#include <stdbool.h>

/*
 * Rows of the lists, from what the daemon says.
 */

/*
 * What was done: {time_us, what, path}. It opens the file or shows its place and what it was; what
 * was deleted can be brought back. Borrows door.
 */
GtkWidget *rows_new_activity(const json_t *item, Door *door);
/* What needs attention: {path, code, message}. */
GtkWidget *rows_new_problem(const json_t *item);

/* Rows that come and go: kept in rows (borrowed) for rows_clear(). */
void rows_add(AdwPreferencesGroup *group, GPtrArray *rows, GtkWidget *row);
void rows_clear(AdwPreferencesGroup *group, GPtrArray *rows);

/* A row of two texts, neither of which is markup. */
GtkWidget *rows_new(const char *title, const char *subtitle);

/* A button with nothing but an icon; text: what it does, for screen readers too. */
GtkWidget *rows_icon_button(const char *icon, const char *text);

/* Opens a file or folder as the desktop does. */
void rows_open(GtkWidget *widget, const char *path);

/* Where that is, for people: "~/imdrive". Free with g_free(). */
char *rows_place(const char *path);

/* "12:04", "yesterday", "3 March": when, for people. Free with g_free(). */
char *rows_time(int64_t time_us, int64_t now_us);
