/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/tree/entry.h"
#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The recorded part of `synced`: the table of that name. Readers see what was last committed.
 *
 * A failed read finds nothing and is kept as rows_error(): from then on nothing that was read may
 * be decided upon.
 */
typedef struct Rows Rows;

/* True to take the node with this key; must not use the rows. */
typedef bool (*KeyAccept)(int64_t key, void *data);

/* fresh_key: no row's key or parent is as high as this yet. */
Rows *rows_new(Sql *sql, int64_t fresh_key);
void rows_free(Rows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rows, rows_free)

/* The first failure of a read, borrowed; NULL if there was none. */
const GError *rows_error(const Rows *rows);
/*
 * While void, nothing is found: the rows are about to be wiped.
 */
void rows_set_void(Rows *rows, bool is_void);
bool rows_is_void(const Rows *rows);
/* Ends the snapshot that reads share; before each write. */
void rows_pause(Rows *rows);

/* Borrowed for 64 further reads, or until it is written. NULL if absent. */
const Entry *rows_get(Rows *rows, int64_t key);
/* Known without asking that there is no row with this key. */
bool rows_surely_lacks(const Rows *rows, int64_t key);
/* The first accepted node with that place. */
int64_t rows_find(Rows *rows, int64_t parent, const char *name, KeyAccept accept, void *data);
int64_t rows_key_of_id(Rows *rows, const NodeId *id);
int64_t rows_key_of_file(Rows *rows, uint64_t inode, int64_t birth_ns, KeyAccept accept,
			 void *data);
/* Appends the keys (int64_t) of the accepted children, in no order. */
void rows_child_keys(Rows *rows, int64_t parent, KeyAccept accept, void *data, GArray *ret_keys);
/* Appends references to the accepted children, by name. */
void rows_children(Rows *rows, int64_t parent, KeyAccept accept, void *data,
		   GPtrArray *ret_entries);
/* Appends the keys (int64_t) of all rows whose parent has no row. */
void rows_stray_keys(Rows *rows, GArray *ret_keys);
/* Appends the keys (int64_t) of all rows that have the name of a conflict copy. */
void rows_conflict_keys(Rows *rows, GArray *ret_keys);
/* Appends references to all accepted entries, by key. */
void rows_each(Rows *rows, KeyAccept accept, void *data, GPtrArray *ret_entries);

/* Within a write; the readers' snapshot is paused. entry NULL deletes. */
bool rows_write(Rows *rows, SqlSession *session, int64_t key, const Entry *entry, GError **error);
/* Deletes every row. */
bool rows_wipe(Rows *rows, SqlSession *session, GError **error);

/*
 * An entry from columns first .. first + 9 of a row, as ROWS_COLUMNS names them; its stamp is left
 * empty. DRIVE_ERROR_CORRUPT if that is none.
 */
#define ROWS_COLUMNS "key, parent, name, id, kind, size, mtime, executable, content, seq"
Entry *rows_parse(SqlStatement *statement, const EntryStamp *stamp, GError **error);
/* Binds $1 .. $10, the columns of ROWS_COLUMNS. entry must stay until the statement ran. */
void rows_bind(SqlStatement *statement, const Entry *entry);
