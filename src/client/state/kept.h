/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/tree/entry.h"
#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The table `remote`: what the server was heard to have up to the cursor, for the nodes where the
 * table `synced` does not say it yet. Written together with the cursor, so that a restart skips no
 * change; between two cursors only where a record of synced makes a row wrong.
 */
typedef struct Kept Kept;

typedef enum KeptPresence {
	KEPT_NOTHING = -1, /* no row: synced says it */
	KEPT_ABSENT = 0,   /* the server does not have the node */
	KEPT_PRESENT = 1,  /* it has this entry */
	KEPT_PROMISED = 2, /* only the key of this id is known */
} KeptPresence;

typedef struct KeptValue {
	KeptPresence presence;
	Entry *entry; /* KEPT_PRESENT, borrowed */
	NodeId id;    /* KEPT_PROMISED */
} KeptValue;

typedef void (*KeptVisitor)(int64_t key, const KeptValue *value, void *data);

Kept *kept_new(void);
void kept_free(Kept *kept);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Kept, kept_free)

/* Once, at the start. */
bool kept_load(Kept *kept, SqlSession *session, GError **error);
/* Every row, in no order. */
void kept_each(const Kept *kept, KeptVisitor visit, void *data);
/* Is there a row for key, after what this write did? */
bool kept_has(const Kept *kept, int64_t key);
/* Appends the keys (int64_t) of all rows. */
void kept_keys(const Kept *kept, GArray *ret_keys);

/* Within a write: makes the row for key say value, if it does not yet. */
bool kept_write(Kept *kept, SqlSession *session, int64_t key, const KeptValue *value,
		GError **error);
/* The write ended: what kept_write() did since the last end holds, or does not. */
void kept_end(Kept *kept, bool committed);
