/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of chunks. The table `pack` has sums of the rows of `chunk`, changed together with
 * them: finding packs with nothing or little in them must not read millions of rows.
 */
#include "server/journal/chunks_internal.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

/* What is to be added to a pack's row. */
typedef struct Tally {
	uint64_t pack;
	int64_t size;
	int64_t count;
	uint64_t end;
} Tally;

static bool tally_write(SqlSession *session, const Tally *tally, GError **error)
{
	if (tally->count == 0) {
		return true;
	}
	SqlStatement *statement = sql_statement(
		session,
		"INSERT INTO pack (pack, size_live, finish, count) VALUES ($1, $2, $3, $4) "
		"ON CONFLICT (pack) DO UPDATE SET size_live = pack.size_live + $2,"
		" finish = CASE WHEN pack.finish < $3 THEN $3 ELSE pack.finish END,"
		" count = pack.count + $4",
		error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, (int64_t)tally->pack);
	sql_bind_int(statement, 2, tally->size);
	sql_bind_int(statement, 3, (int64_t)tally->end);
	sql_bind_int(statement, 4, tally->count);
	return sql_run(statement, error);
}

/* Neighbours are mostly of one pack and share one write. */
static bool tally_add(SqlSession *session, Tally *tally, const BlobsLocation *location,
		      GError **error)
{
	if (tally->pack != location->pack) {
		if (!tally_write(session, tally, error)) {
			return false;
		}
		*tally = (Tally){ .pack = location->pack };
	}
	uint64_t end = location->offset + BLOBS_RECORD_OVERHEAD + location->size;
	end = (end + BLOBS_ALIGNMENT - 1) / BLOBS_ALIGNMENT * BLOBS_ALIGNMENT;
	tally->size += location->size;
	tally->count++;
	tally->end = MAX(tally->end, end);
	return true;
}

static bool insert(SqlSession *session, int64_t key, const JournalStored *stored, GError **error)
{
	SqlStatement *statement =
		sql_statement(session,
			      "INSERT INTO chunk (key, id, pack, start, size, raw_size, encoding) "
			      "VALUES ($1, $2, $3, $4, $5, $6, $7)",
			      error);
	if (!statement) {
		return false;
	}
	const BlobsLocation *location = &stored->location;
	g_assert(location->raw_size > 0 && location->raw_size <= CHUNK_SIZE_MAX);
	g_assert(location->pack <= INT64_MAX);
	sql_bind_int(statement, 1, key);
	sql_bind_bytes(statement, 2, stored->id.bytes, CHUNK_ID_SIZE);
	sql_bind_int(statement, 3, (int64_t)location->pack);
	sql_bind_int(statement, 4, (int64_t)location->offset);
	sql_bind_int(statement, 5, location->size);
	sql_bind_int(statement, 6, location->raw_size);
	sql_bind_int(statement, 7, location->encoding);
	return sql_run(statement, error);
}

bool chunks_find(SqlSession *session, const ChunkId *id, int64_t *ret_key, GError **error)
{
	SqlStatement *statement =
		sql_statement(session, "SELECT key FROM chunk WHERE " CHUNKS_ID_IS("$1"), error);
	if (!statement) {
		return false;
	}
	sql_bind_bytes(statement, 1, id->bytes, CHUNK_ID_SIZE);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	*ret_key = row ? sql_column_int(statement, 0) : 0;
	return true;
}

static bool store_one(SqlSession *session, TablesKeys *keys, const JournalStored *stored,
		      ChunksKey *ret_key, GError **error)
{
	if (!chunks_find(session, &stored->id, &ret_key->key, error)) {
		return false;
	}
	ret_key->fresh = ret_key->key == 0;
	return !ret_key->fresh || (tables_key(keys, session, TABLES_CHUNK, &ret_key->key, error) &&
				   insert(session, ret_key->key, stored, error));
}

bool chunks_store(SqlSession *session, TablesKeys *keys, const JournalStored *stored, size_t count,
		  ChunksKey *ret_keys, GError **error)
{
	Tally tally = { 0 };
	for (size_t i = 0; i < count; i++) {
		if (!store_one(session, keys, &stored[i], &ret_keys[i], error)) {
			return false;
		}
		if (ret_keys[i].fresh && !tally_add(session, &tally, &stored[i].location, error)) {
			return false;
		}
	}
	return tally_write(session, &tally, error);
}

/* With $1 the chunk, $2 the account, $3 the expiry. */
static bool run_on_lease(SqlSession *session, const char *text, int64_t chunk, int64_t account,
			 int64_t expiry_us, GError **error)
{
	SqlStatement *statement = sql_statement(session, text, error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, chunk);
	sql_bind_int(statement, 2, account);
	sql_bind_int(statement, 3, expiry_us);
	return sql_run(statement, error);
}

bool chunks_lease(SqlSession *session, int64_t account, int64_t chunk, int64_t expiry_us,
		  GError **error)
{
	if (!run_on_lease(session,
			  "INSERT INTO lease (chunk, account, expiry)"
			  " SELECT key, $2, $3 FROM chunk WHERE key = $1"
			  " ON CONFLICT (chunk, account) DO NOTHING",
			  chunk, account, expiry_us, error)) {
		return false;
	}
	if (sql_changes(session) == 0) {
		return run_on_lease(session,
				    "UPDATE lease SET expiry = $3"
				    " WHERE chunk = $1 AND account = $2 AND expiry < $3",
				    chunk, account, expiry_us, error);
	}
	return run_on_lease(session,
			    "INSERT INTO leased (account, bytes)"
			    " SELECT $2, raw_size FROM chunk WHERE key = $1 AND $3 = $3"
			    " ON CONFLICT (account) DO UPDATE SET bytes = leased.bytes"
			    " + excluded.bytes",
			    chunk, account, expiry_us, error);
}

bool chunks_lease_end(SqlSession *session, int64_t account, int64_t chunk, GError **error)
{
	if (!run_on_lease(session, "DELETE FROM lease WHERE chunk = $1 AND account = $2 AND $3 = 0",
			  chunk, account, 0, error)) {
		return false;
	}
	return sql_changes(session) == 0 ||
	       run_on_lease(session,
			    "UPDATE leased SET bytes = bytes"
			    " - (SELECT raw_size FROM chunk WHERE key = $1)"
			    " WHERE account = $2 AND $3 = 0",
			    chunk, account, 0, error);
}

bool chunks_leased_bytes(SqlSession *session, int64_t account, uint64_t *ret_bytes, GError **error)
{
	SqlStatement *statement =
		sql_statement(session, "SELECT bytes FROM leased WHERE account = $1", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, account);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	*ret_bytes = row ? (uint64_t)sql_column_int(statement, 0) : 0;
	return true;
}

bool chunks_drop_unused(SqlSession *session, int64_t chunk, GError **error)
{
	SqlStatement *statement =
		sql_statement(session,
			      "DELETE FROM chunk WHERE key = $1"
			      " AND NOT EXISTS (SELECT 1 FROM holding WHERE chunk = $1)"
			      " AND NOT EXISTS (SELECT 1 FROM lease WHERE chunk = $1)"
			      " RETURNING pack, size",
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, chunk);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	if (!row) {
		return true;
	}
	Tally tally = {
		.pack = (uint64_t)sql_column_int(statement, 0),
		.size = -sql_column_int(statement, 1),
		.count = -1,
	};
	if (!sql_run(statement, error) || !tally_write(session, &tally, error)) {
		return false;
	}
	statement = sql_statement(session, "DELETE FROM list WHERE chunk = $1", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, chunk);
	return sql_run(statement, error);
}

/* ---- leases -------------------------------------------------------------------------------- */

typedef struct Lease {
	int64_t chunk;
	int64_t account;
	int64_t expiry;
} Lease;

static bool read_leases(SqlSession *session, int64_t chunk, unsigned count_max, GArray *ret_leases,
			GError **error)
{
	SqlStatement *statement =
		sql_statement(session,
			      "SELECT chunk, account, expiry FROM lease WHERE chunk > $1 "
			      "ORDER BY chunk, account",
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, chunk);
	for (;;) {
		bool row;
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		if (!row) {
			return true;
		}
		Lease lease = {
			.chunk = sql_column_int(statement, 0),
			.account = sql_column_int(statement, 1),
			.expiry = sql_column_int(statement, 2),
		};
		/* All of one chunk, since the next call goes on after it. */
		if (ret_leases->len >= count_max &&
		    g_array_index(ret_leases, Lease, ret_leases->len - 1).chunk != lease.chunk) {
			return true;
		}
		g_array_append_val(ret_leases, lease);
	}
}

static bool end_lease(SqlSession *session, const Lease *lease, GError **error)
{
	return chunks_lease_end(session, lease->account, lease->chunk, error) &&
	       chunks_drop_unused(session, lease->chunk, error);
}

bool chunks_expire(SqlSession *session, int64_t now_us, unsigned count_max, int64_t *chunk,
		   GError **error)
{
	g_autoptr(GArray) leases = g_array_new(FALSE, FALSE, sizeof(Lease));
	if (!read_leases(session, *chunk, count_max, leases, error)) {
		return false;
	}
	for (unsigned i = 0; i < leases->len; i++) {
		const Lease *lease = &g_array_index(leases, Lease, i);
		if (lease->expiry < now_us && !end_lease(session, lease, error)) {
			return false;
		}
	}
	bool more = leases->len >= count_max;
	*chunk = more ? g_array_index(leases, Lease, leases->len - 1).chunk : 0;
	return true;
}

/* ---- packs --------------------------------------------------------------------------------- */

void chunks_location(SqlStatement *statement, int column, BlobsLocation *ret_location)
{
	*ret_location = (BlobsLocation){
		.pack = (uint64_t)sql_column_int(statement, column),
		.offset = (uint64_t)sql_column_int(statement, column + 1),
		.size = (uint32_t)sql_column_int(statement, column + 2),
		.raw_size = (uint32_t)sql_column_int(statement, column + 3),
		.encoding = (CodecEncoding)sql_column_int(statement, column + 4),
	};
}

bool chunks_packs(SqlSession *session, GArray *ret_packs, GError **error)
{
	SqlStatement *statement = sql_statement(
		session, "SELECT pack, size_live, finish, count FROM pack ORDER BY pack", error);
	if (!statement) {
		return false;
	}
	for (;;) {
		bool row;
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		if (!row) {
			return true;
		}
		JournalPack pack = {
			.pack = (uint64_t)sql_column_int(statement, 0),
			.size_live = (uint64_t)sql_column_int(statement, 1),
			.end = (uint64_t)sql_column_int(statement, 2),
			.count = (uint64_t)sql_column_int(statement, 3),
		};
		g_array_append_val(ret_packs, pack);
	}
}

bool chunks_pack_begin(SqlSession *session, uint64_t pack, GError **error)
{
	SqlStatement *statement = sql_statement(
		session, "INSERT INTO pack (pack, size_live, finish, count) VALUES ($1, 0, 0, 0)",
		error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, (int64_t)pack);
	return sql_run(statement, error);
}

bool chunks_pack_forget(SqlSession *session, uint64_t pack, GError **error)
{
	SqlStatement *statement =
		sql_statement(session, "DELETE FROM pack WHERE pack = $1 AND count = 0", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, (int64_t)pack);
	if (!sql_run(statement, error)) {
		return false;
	}
	if (sql_changes(session) == 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT,
			    "journal: forget pack %" G_GUINT64_FORMAT
			    ": it is unknown or has chunks",
			    pack);
		return false;
	}
	return true;
}

bool chunks_of_pack(SqlSession *session, uint64_t pack, uint64_t offset, unsigned count_max,
		    GArray *ret_stored, GError **error)
{
	SqlStatement *statement =
		sql_statement(session,
			      "SELECT id, pack, start, size, raw_size, encoding FROM chunk "
			      "WHERE pack = $1 AND start >= $2 ORDER BY start LIMIT $3",
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, (int64_t)pack);
	sql_bind_int(statement, 2, (int64_t)offset);
	sql_bind_int(statement, 3, count_max);
	for (;;) {
		bool row;
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		if (!row) {
			return true;
		}
		JournalStored stored;
		size_t size;
		const void *id = sql_column_bytes(statement, 0, &size);
		if (size != CHUNK_ID_SIZE) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
				    "journal: a chunk of pack %" G_GUINT64_FORMAT
				    " has no valid id",
				    pack);
			return false;
		}
		memcpy(stored.id.bytes, id, CHUNK_ID_SIZE);
		chunks_location(statement, 1, &stored.location);
		g_array_append_val(ret_stored, stored);
	}
}

static bool move(SqlSession *session, uint64_t pack_old, const JournalStored *stored,
		 bool *ret_moved, GError **error)
{
	SqlStatement *statement =
		sql_statement(session,
			      "UPDATE chunk SET pack = $3, start = $4, size = $5, encoding = $6 "
			      "WHERE " CHUNKS_ID_IS("$1") " AND pack = $2 AND raw_size = $7",
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_bytes(statement, 1, stored->id.bytes, CHUNK_ID_SIZE);
	sql_bind_int(statement, 2, (int64_t)pack_old);
	sql_bind_int(statement, 3, (int64_t)stored->location.pack);
	sql_bind_int(statement, 4, (int64_t)stored->location.offset);
	sql_bind_int(statement, 5, stored->location.size);
	sql_bind_int(statement, 6, stored->location.encoding);
	sql_bind_int(statement, 7, stored->location.raw_size);
	if (!sql_run(statement, error)) {
		return false;
	}
	*ret_moved = sql_changes(session) > 0;
	return true;
}

/* Encoded size of the chunk while it still lies in this pack, 0 if it does not. */
static bool size_in_pack(SqlSession *session, uint64_t pack, const ChunkId *id, int64_t *ret_size,
			 GError **error)
{
	SqlStatement *statement = sql_statement(
		session, "SELECT size FROM chunk WHERE " CHUNKS_ID_IS("$1") " AND pack = $2",
		error);
	if (!statement) {
		return false;
	}
	sql_bind_bytes(statement, 1, id->bytes, CHUNK_ID_SIZE);
	sql_bind_int(statement, 2, (int64_t)pack);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	*ret_size = row ? sql_column_int(statement, 0) : 0;
	return true;
}

bool chunks_relocate(SqlSession *session, uint64_t pack_old, const JournalStored *stored,
		     size_t count, GError **error)
{
	Tally from = { .pack = pack_old };
	Tally to = { 0 };
	for (size_t i = 0; i < count; i++) {
		int64_t size;
		bool moved;
		if (!size_in_pack(session, pack_old, &stored[i].id, &size, error) ||
		    !move(session, pack_old, &stored[i], &moved, error)) {
			return false;
		}
		if (!moved) {
			continue;
		}
		from.size -= size;
		from.count--;
		if (!tally_add(session, &to, &stored[i].location, error)) {
			return false;
		}
	}
	return tally_write(session, &to, error) && tally_write(session, &from, error);
}
