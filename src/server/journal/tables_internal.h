/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The journal's tables (docs/formats/journal.md) and the keys of their rows. */
bool tables_migrate(Sql *sql, GError **error);

typedef enum TablesKind {
	TABLES_NODE,
	TABLES_CHUNK,
	TABLES_KIND_COUNT,
} TablesKind;

/*
 * Keys that were never used before, in growing order. They are reserved in blocks, so that most
 * cost no statement; what a block has left is given up at the end of the process. Used by the
 * writer only.
 */
typedef struct TablesKeys {
	int64_t next[TABLES_KIND_COUNT];
	int64_t end[TABLES_KIND_COUNT];
} TablesKeys;

/* session: the writer's. */
bool tables_key(TablesKeys *keys, SqlSession *session, TablesKind kind, int64_t *ret_key,
		GError **error);
/* The transaction or a part of it was undone, and with it perhaps the reservation. */
void tables_keys_drop(TablesKeys *keys);
