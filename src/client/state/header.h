/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/node_id.h"
#include "client/state/state.h"
#include "sql/sql.h"

/*
 * What the database says of the whole: the row of the table `binding`, and the settings; and the
 * steps that lead to its tables.
 */
typedef struct Header {
	NodeId drive;
	GBytes *cursor; /* owned, NULL: none */
	int64_t key_next;
	StateTotals totals;   /* of the table synced */
	GHashTable *settings; /* char * -> char *, owned */
} Header;

void header_init(Header *header, const NodeId *drive);
void header_clear(Header *header);

bool header_migrate(Sql *sql, GError **error);
/* Of a new database: the beginning. CONFLICT if it belongs to another drive than header does. */
bool header_load(Header *header, SqlSession *session, GError **error);
/* The totals alone, of whichever drive; NOT_FOUND if the row is not there. */
bool header_peek(SqlSession *session, StateTotals *ret_totals, GError **error);
/* Writes the row: cursor and totals as given, and that keys up to key_next may be in use. */
bool header_write(const Header *header, SqlSession *session, GBytes *cursor, int64_t key_next,
		  const StateTotals *totals, GError **error);
void header_set_cursor(Header *header, GBytes *cursor);
/* In a write of its own; value NULL removes it. */
bool header_set_setting(Header *header, Sql *sql, const char *name, const char *value,
			GError **error);
