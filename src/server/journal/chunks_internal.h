/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/journal/journal.h"
#include "server/journal/tables_internal.h"
#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The index of chunks: which lies where, and what each pack has. A chunk stays in it as long as a
 * drive holds it or an account has it leased. All functions work inside the caller's transaction.
 */

/*
 * The condition that a row of `chunk` has the id of this parameter ("$1"). Its index has the first
 * bytes only: ids are random, so that every new chunk touches a page of it, and the fewer pages
 * there are the fewer must be written.
 */
#define CHUNKS_ID_IS(parameter) \
	"substr(chunk.id, 1, 8) = substr(" parameter ", 1, 8) AND chunk.id = " parameter

typedef struct ChunksKey {
	int64_t key; /* of the chunk's row */
	bool fresh;  /* was not known before */
} ChunksKey;

/* Makes stored chunks known; for one that was known before, the first place counts. */
bool chunks_store(SqlSession *session, TablesKeys *keys, const JournalStored *stored, size_t count,
		  ChunksKey *ret_keys, GError **error);

/* 0 if there is no such chunk. */
bool chunks_find(SqlSession *session, const ChunkId *id, int64_t *ret_key, GError **error);

/*
 * Leases the chunk to the account until `expiry_us`, or longer if it is leased longer; does nothing
 * if the chunk is gone.
 */
bool chunks_lease(SqlSession *session, int64_t account, int64_t chunk, int64_t expiry_us,
		  GError **error);

/* Ends it, if there is one; the chunk stays in the index. */
bool chunks_lease_end(SqlSession *session, int64_t account, int64_t chunk, GError **error);
/* Of all chunks that the account has leased. */
bool chunks_leased_bytes(SqlSession *session, int64_t account, uint64_t *ret_bytes, GError **error);

/* Takes the chunk out of the index if nobody holds or leases it. */
bool chunks_drop_unused(SqlSession *session, int64_t chunk, GError **error);

/* Ends leases past now: those of up to count_max chunks after *chunk, which goes on or becomes 0.
 */
bool chunks_expire(SqlSession *session, int64_t now_us, unsigned count_max, int64_t *chunk,
		   GError **error);

/* journal_pack_begin() and those after it in journal.h, up to journal_relocate() */
bool chunks_pack_begin(SqlSession *session, uint64_t pack, GError **error);
bool chunks_pack_forget(SqlSession *session, uint64_t pack, GError **error);
bool chunks_packs(SqlSession *session, GArray *ret_packs, GError **error);
bool chunks_of_pack(SqlSession *session, uint64_t pack, uint64_t offset, unsigned count_max,
		    GArray *ret_stored, GError **error);
bool chunks_relocate(SqlSession *session, uint64_t pack_old, const JournalStored *stored,
		     size_t count, GError **error);

/* The columns pack, start, size, raw_size, encoding from `column` on. */
void chunks_location(SqlStatement *statement, int column, BlobsLocation *ret_location);
