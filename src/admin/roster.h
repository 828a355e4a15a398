/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * A table of whom chat accounts belong to, as spreadsheets and directories write it (RFC 4180): a
 * line is NAME,PROVIDER,SUBJECT[,TENANT]. Fields may stand in quotes, "" in them is one. Blanks
 * around fields outside quotes, empty lines, lines that begin with '#', and a first line
 * "name,provider,subject…" mean nothing.
 */
typedef struct RosterRow {
	unsigned line; /* from 1 on */
	char *name;    /* of an account; checked for nothing but being there */
	char *provider;
	char *subject;
	char *tenant; /* "": none */
} RosterRow;

void roster_row_clear(void *row);

/*
 * The rows (RosterRow, cleared with the array); NULL with DRIVE_ERROR_INVALID that begins with
 * "line N: ". At most ROSTER_ROWS_MAX.
 */
GArray *roster_parse(const char *text, GError **error);
