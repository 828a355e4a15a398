/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <adwaita.h>
#include <jansson.h>
#include <stdbool.h>

/*
 * Rows of the lists, from what the daemon says.
 */

/* What was done: {time_us, what, path}. It opens the file's place. */
GtkWidget *rows_new_activity(const json_t *item);
/* What needs attention: {path, message}. */
GtkWidget *rows_new_problem(const json_t *item);

/* Rows that come and go: kept in rows (borrowed) for rows_clear(). */
void rows_add(AdwPreferencesGroup *group, GPtrArray *rows, GtkWidget *row);
void rows_clear(AdwPreferencesGroup *group, GPtrArray *rows);

/* A row of two texts, neither of which is markup. */
GtkWidget *rows_new(const char *title, const char *subtitle);

/* Opens a file or folder as the desktop does, or the folder that it lies in. */
void rows_open(GtkWidget *widget, const char *path, bool place);

/* "12:04", "yesterday", "3 March": when, for people. Free with g_free(). */
char *rows_time(int64_t time_us, int64_t now_us);
