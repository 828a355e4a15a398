/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may name which chunk, and the counts behind it.
 *
 * A chunk may be named by an operation if the drive holds it, if the account has it leased, or if
 * it came with the commit. A list chunk must be held *as list*, which implies that the drive holds
 * what it names; if it is not, its bytes must be there and each chunk in it is checked by itself.
 * A data holding of the same bytes is not enough: else an uploaded chunk that happens to consist of
 * the ids of others' chunks would give access to them.
 *
 * A chunk that is named twice by one content or one list counts once.
 */
#include "server/journal/holding_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "chunk/content.h"
#include "server/journal/chunks_internal.h"

#include <string.h>

#define LEASE_US (24 * 3600 * (int64_t)G_USEC_PER_SEC)

/* What is known of a chunk during the transaction. */
typedef struct Known {
	ChunkId id;
	int64_t key; /* 0: no such chunk */
	uint32_t raw_size;
	bool loaded;   /* what follows is read */
	bool stored;   /* came with this commit */
	bool nameable; /* held, leased or stored */
	bool leased;   /* and not held */
	bool held;
	bool as_list;
	uint64_t plan; /* the last plan that counted its bytes */
} Known;

typedef struct Take {
	Known *known;
	bool as_list;
	GBytes *refs;    /* of a list that is not held as such yet */
	uint64_t length; /* of the part of the file that such a list stands for */
} Take;

struct Holding {
	Ledger *ledger;
	const JournalCommit *commit;
	GHashTable *known; /* Known.id -> Known, owned */
	GArray *takes;     /* of the last plan */
	uint64_t plan;
	uint64_t growth; /* bytes by which the plan makes the drive grow */
};

static void take_clear(void *data)
{
	Take *take = data;
	g_clear_pointer(&take->refs, g_bytes_unref);
}

Holding *holding_new(Ledger *ledger, const JournalCommit *commit)
{
	Holding *holding = g_new0(Holding, 1);
	holding->ledger = ledger;
	holding->commit = commit;
	holding->known = g_hash_table_new_full(chunk_id_hash, chunk_id_equal, NULL, g_free);
	holding->takes = g_array_new(FALSE, FALSE, sizeof(Take));
	g_array_set_clear_func(holding->takes, take_clear);
	return holding;
}

void holding_free(Holding *holding)
{
	if (!holding) {
		return;
	}
	g_array_unref(holding->takes);
	g_hash_table_unref(holding->known);
	g_free(holding);
}

void holding_undone(Holding *holding)
{
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, holding->known);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		((Known *)value)->loaded = false;
	}
	g_array_set_size(holding->takes, 0);
}

/* ---- what is known ------------------------------------------------------------------------- */

static Known *known_new(Holding *holding, const ChunkId *id)
{
	Known *known = g_new0(Known, 1);
	known->id = *id;
	g_hash_table_insert(holding->known, &known->id, known);
	return known;
}

static bool load_lease(Holding *holding, Known *known, GError **error)
{
	/* Also of what came with the commit: two devices of an account may send the same. */
	if (!holding->commit || known->key == 0 || known->held) {
		return true;
	}
	SqlStatement *statement =
		sql_statement(holding->ledger->session,
			      "SELECT 1 FROM lease WHERE chunk = $1 AND account = $2", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, known->key);
	sql_bind_int(statement, 2, holding->commit->account);
	if (!sql_step(statement, &known->leased, error)) {
		return false;
	}
	known->nameable = known->nameable || known->leased;
	return true;
}

static bool load(Holding *holding, Known *known, GError **error)
{
	SqlStatement *statement =
		sql_statement(holding->ledger->session,
			      "SELECT chunk.key, chunk.raw_size, holding.names, holding.lists "
			      "FROM chunk LEFT JOIN holding "
			      "ON holding.chunk = chunk.key AND holding.drive = $2 "
			      "WHERE " CHUNKS_ID_IS("$1"),
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_bytes(statement, 1, known->id.bytes, CHUNK_ID_SIZE);
	sql_bind_int(statement, 2, holding->ledger->drive);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	known->key = 0;
	known->held = false;
	known->as_list = false;
	if (row) {
		known->key = sql_column_int(statement, 0);
		known->raw_size = (uint32_t)sql_column_int(statement, 1);
		known->held = !sql_column_null(statement, 2);
		known->as_list = sql_column_int(statement, 3) > 0;
	}
	known->leased = false;
	known->nameable = row && (known->held || known->stored);
	if (!load_lease(holding, known, error)) {
		return false;
	}
	known->loaded = true;
	return true;
}

static bool known_get(Holding *holding, const ChunkId *id, Known **ret_known, GError **error)
{
	Known *known = g_hash_table_lookup(holding->known, id);
	if (!known) {
		known = known_new(holding, id);
	}
	*ret_known = known;
	return known->loaded || load(holding, known, error);
}

bool holding_store(Holding *holding, GError **error)
{
	const JournalCommit *commit = holding->commit;
	g_autofree ChunksKey *keys = g_new(ChunksKey, commit->stored_count);
	if (!chunks_store(holding->ledger->session, holding->ledger->keys, commit->stored,
			  commit->stored_count, keys, error)) {
		return false;
	}
	for (size_t i = 0; i < commit->stored_count; i++) {
		const JournalStored *stored = &commit->stored[i];
		Known *known = g_hash_table_lookup(holding->known, &stored->id);
		if (!known) {
			known = known_new(holding, &stored->id);
		}
		known->stored = true;
		if (keys[i].fresh) {
			/* New: nobody can hold it, which saves looking. */
			known->key = keys[i].key;
			known->raw_size = stored->location.raw_size;
			known->nameable = true;
			known->loaded = true;
		}
	}
	return true;
}

/* A commit of which nothing is taken must not fill the disk either. */
static bool may_lease(const Holding *holding, uint64_t leased, uint64_t size)
{
	const Ledger *ledger = holding->ledger;
	return leased + size <= LEASED_SIZE_MAX &&
	       (ledger->quota == 0 || ledger->counts.bytes + leased + size <= ledger->quota);
}

static bool lease_or_drop(Holding *holding, Known *known, GError **error)
{
	SqlSession *session = holding->ledger->session;
	uint64_t leased;
	if (!chunks_leased_bytes(session, holding->commit->account, &leased, error)) {
		return false;
	}
	/* What is leased already is counted in those bytes. */
	if (!known->leased && !may_lease(holding, leased, known->raw_size)) {
		return chunks_drop_unused(session, known->key, error);
	}
	known->leased = true;
	return chunks_lease(session, holding->commit->account, known->key,
			    holding->ledger->time_us + LEASE_US, error);
}

bool holding_lease_rest(Holding *holding, GError **error)
{
	const JournalCommit *commit = holding->commit;
	for (size_t i = 0; i < commit->stored_count; i++) {
		Known *known;
		if (!known_get(holding, &commit->stored[i].id, &known, error)) {
			return false;
		}
		if (known->key != 0 && !known->held && !lease_or_drop(holding, known, error)) {
			return false;
		}
	}
	return true;
}

/* ---- planning ------------------------------------------------------------------------------ */

static int compare_refs(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(ContentRef));
}

/* Each once. Two that differ only in length stay: one of them is wrong. */
static void make_distinct(Content *content)
{
	if (content->count < 2) {
		return;
	}
	qsort(content->refs, content->count, sizeof(ContentRef), compare_refs);
	size_t kept = 1;
	for (size_t i = 1; i < content->count; i++) {
		if (compare_refs(&content->refs[i], &content->refs[kept - 1]) != 0) {
			content->refs[kept++] = content->refs[i];
		}
	}
	content->count = kept;
}

static void plan_add(Holding *holding, const Take *take)
{
	Known *known = take->known;
	if (!known->held && known->plan != holding->plan) {
		known->plan = holding->plan;
		holding->growth += known->raw_size;
	}
	g_array_append_val(holding->takes, *take);
}

static bool plan_data(Holding *holding, Content *content, JournalOutcome *outcome, GError **error)
{
	make_distinct(content);
	for (size_t i = 0; i < content->count; i++) {
		const ContentRef *ref = &content->refs[i];
		Take take = { 0 };
		if (!known_get(holding, &ref->id, &take.known, error)) {
			return false;
		}
		if (!take.known->nameable) {
			*outcome = JOURNAL_MISSING_CONTENT;
			return true;
		}
		if (take.known->raw_size != ref->length) {
			*outcome = JOURNAL_INVALID;
			return true;
		}
		plan_add(holding, &take);
	}
	return true;
}

static bool held_list_length(Holding *holding, int64_t chunk, uint64_t *ret_length, GError **error)
{
	SqlStatement *statement = sql_statement(holding->ledger->session,
						"SELECT length FROM list WHERE chunk = $1", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, chunk);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	if (!row) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "journal: the refs of list chunk %" G_GINT64_FORMAT " are missing",
			    chunk);
		return false;
	}
	*ret_length = (uint64_t)sql_column_int(statement, 0);
	return true;
}

/* A list that the drive does not hold as such: everything in it is checked. */
static bool plan_new_list(Holding *holding, Take *take, JournalOutcome *outcome, GError **error)
{
	GHashTable *lists = holding->commit ? holding->commit->lists : NULL;
	GBytes *refs = lists ? g_hash_table_lookup(lists, &take->known->id) : NULL;
	if (!take->known->nameable || !refs) {
		*outcome = JOURNAL_MISSING_CONTENT;
		return true;
	}
	gsize size;
	const void *bytes = g_bytes_get_data(refs, &size);
	g_auto(Content) inside = { 0 };
	if (size != take->known->raw_size || !content_decode_list(bytes, size, &inside, NULL)) {
		*outcome = JOURNAL_INVALID;
		return true;
	}
	take->length = content_length(&inside);
	take->refs = g_bytes_ref(refs);
	return plan_data(holding, &inside, outcome, error);
}

static bool plan_list(Holding *holding, const ContentRef *ref, uint64_t *length,
		      JournalOutcome *outcome, GError **error)
{
	Take take = { .as_list = true };
	if (!known_get(holding, &ref->id, &take.known, error)) {
		return false;
	}
	if (take.known->key != 0 && take.known->raw_size != ref->length) {
		*outcome = JOURNAL_INVALID;
		return true;
	}
	bool done = take.known->as_list
			    ? held_list_length(holding, take.known->key, &take.length, error)
			    : plan_new_list(holding, &take, outcome, error);
	*length += take.length;
	plan_add(holding, &take);
	return done;
}

/* Lists count once, but each occurrence is a part of the file. */
static bool plan_lists(Holding *holding, Content *content, uint64_t *ret_length,
		       JournalOutcome *outcome, GError **error)
{
	g_autofree ContentRef *all = g_memdup2(content->refs, content->count * sizeof(ContentRef));
	size_t all_count = content->count;
	make_distinct(content);
	g_autofree uint64_t *lengths = g_new0(uint64_t, content->count);
	for (size_t i = 0; i < content->count && *outcome == JOURNAL_APPLIED; i++) {
		if (!plan_list(holding, &content->refs[i], &lengths[i], outcome, error)) {
			return false;
		}
	}
	*ret_length = 0;
	for (size_t i = 0; i < all_count; i++) {
		const ContentRef *found = bsearch(&all[i], content->refs, content->count,
						  sizeof(ContentRef), compare_refs);
		*ret_length += lengths[found - content->refs];
	}
	return true;
}

bool holding_plan(Holding *holding, const void *content, size_t content_size, uint64_t size,
		  JournalOutcome *ret_outcome, GError **error)
{
	g_array_set_size(holding->takes, 0);
	holding->growth = 0;
	holding->plan++;
	*ret_outcome = JOURNAL_APPLIED;

	g_auto(Content) decoded = { 0 };
	if (!content_decode(content, content_size, &decoded, NULL)) {
		*ret_outcome = JOURNAL_INVALID;
		return true;
	}
	uint64_t length = content_length(&decoded);
	bool done = decoded.depth == 0 ? plan_data(holding, &decoded, ret_outcome, error)
				       : plan_lists(holding, &decoded, &length, ret_outcome, error);
	if (!done || *ret_outcome != JOURNAL_APPLIED) {
		return done;
	}
	const Ledger *ledger = holding->ledger;
	if (length != size) {
		*ret_outcome = JOURNAL_INVALID;
	} else if (holding->growth > 0 && ledger->quota > 0 &&
		   ledger->counts.bytes + holding->growth > ledger->quota) {
		*ret_outcome = JOURNAL_QUOTA;
	}
	return true;
}

/* ---- taking -------------------------------------------------------------------------------- */

static bool write_list(Holding *holding, const Take *take, GError **error)
{
	SqlStatement *statement =
		sql_statement(holding->ledger->session,
			      "INSERT INTO list (chunk, length, refs) VALUES ($1, $2, $3) "
			      "ON CONFLICT (chunk) DO NOTHING",
			      error);
	if (!statement) {
		return false;
	}
	gsize size;
	const void *bytes = g_bytes_get_data(take->refs, &size);
	sql_bind_int(statement, 1, take->known->key);
	sql_bind_int(statement, 2, (int64_t)take->length);
	sql_bind_bytes(statement, 3, bytes, size);
	return sql_run(statement, error);
}

static bool take_one(Holding *holding, const Take *take, GError **error)
{
	SqlStatement *statement =
		sql_statement(holding->ledger->session,
			      "INSERT INTO holding (chunk, drive, names, lists) "
			      "VALUES ($1, $2, $3, $4) ON CONFLICT (chunk, drive) DO UPDATE "
			      "SET names = holding.names + $3, lists = holding.lists + $4",
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, take->known->key);
	sql_bind_int(statement, 2, holding->ledger->drive);
	sql_bind_int(statement, 3, !take->as_list);
	sql_bind_int(statement, 4, take->as_list);
	if (!sql_run(statement, error)) {
		return false;
	}
	if (!take->known->held) {
		holding->ledger->counts.bytes += take->known->raw_size;
	}
	/* It counts as used now, and no longer as uploaded only. */
	if (take->known->leased &&
	    !chunks_lease_end(holding->ledger->session, holding->commit->account, take->known->key,
			      error)) {
		return false;
	}
	take->known->leased = false;
	take->known->held = true;
	take->known->as_list = take->known->as_list || take->as_list;
	return !take->refs || write_list(holding, take, error);
}

bool holding_take(Holding *holding, GError **error)
{
	for (unsigned i = 0; i < holding->takes->len; i++) {
		if (!take_one(holding, &g_array_index(holding->takes, Take, i), error)) {
			return false;
		}
	}
	return true;
}

/* ---- releasing ----------------------------------------------------------------------------- */

typedef struct Left {
	int64_t chunk;
	int64_t names;
	int64_t lists;
	int64_t raw_size;
} Left;

static bool count_down(Ledger *ledger, const ChunkId *id, bool as_list, Left *ret_left,
		       GError **error)
{
	SqlStatement *statement = sql_statement(
		ledger->session,
		"UPDATE holding SET names = names - $3, lists = lists - $4 "
		"WHERE chunk = (SELECT key FROM chunk WHERE " CHUNKS_ID_IS(
			"$1") ") AND drive = $2 "
			      "RETURNING chunk, names, lists, "
			      "(SELECT raw_size FROM chunk WHERE chunk.key = holding.chunk)",
		error);
	if (!statement) {
		return false;
	}
	sql_bind_bytes(statement, 1, id->bytes, CHUNK_ID_SIZE);
	sql_bind_int(statement, 2, ledger->drive);
	sql_bind_int(statement, 3, !as_list);
	sql_bind_int(statement, 4, as_list);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	if (!row) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "journal: a chunk that is named is not held");
		return false;
	}
	*ret_left = (Left){
		.chunk = sql_column_int(statement, 0),
		.names = sql_column_int(statement, 1),
		.lists = sql_column_int(statement, 2),
		.raw_size = sql_column_int(statement, 3),
	};
	return sql_run(statement, error);
}

static bool drop_holding(Ledger *ledger, const Left *left, GError **error)
{
	SqlStatement *statement = sql_statement(
		ledger->session, "DELETE FROM holding WHERE chunk = $1 AND drive = $2", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, left->chunk);
	sql_bind_int(statement, 2, ledger->drive);
	if (!sql_run(statement, error)) {
		return false;
	}
	ledger->counts.bytes -= (uint64_t)left->raw_size;
	return chunks_drop_unused(ledger->session, left->chunk, error);
}

static bool release_data(Ledger *ledger, Content *content, unsigned *work, GError **error)
{
	make_distinct(content);
	for (size_t i = 0; i < content->count; i++) {
		Left left;
		if (!count_down(ledger, &content->refs[i].id, false, &left, error)) {
			return false;
		}
		if (left.names == 0 && left.lists == 0 && !drop_holding(ledger, &left, error)) {
			return false;
		}
	}
	*work += (unsigned)content->count;
	return true;
}

static bool read_list(Ledger *ledger, int64_t chunk, Content *ret_content, GError **error)
{
	SqlStatement *statement =
		sql_statement(ledger->session, "SELECT refs FROM list WHERE chunk = $1", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, chunk);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	size_t size = 0;
	const void *refs = row ? sql_column_bytes(statement, 0, &size) : NULL;
	return content_decode_list(refs, size, ret_content, error);
}

/* A list that no state names any more does not name its chunks any more. */
static bool release_list(Ledger *ledger, const ContentRef *ref, unsigned *work, GError **error)
{
	Left left;
	if (!count_down(ledger, &ref->id, true, &left, error)) {
		return false;
	}
	*work += 1;
	if (left.lists > 0) {
		return true;
	}
	g_auto(Content) inside = { 0 };
	if (!read_list(ledger, left.chunk, &inside, error) ||
	    !release_data(ledger, &inside, work, error)) {
		return false;
	}
	return left.names > 0 || drop_holding(ledger, &left, error);
}

bool holding_release(Ledger *ledger, const void *content, size_t content_size, unsigned *work,
		     GError **error)
{
	g_auto(Content) decoded = { 0 };
	if (!content_decode(content, content_size, &decoded, error)) {
		return false;
	}
	if (decoded.depth == 0) {
		return release_data(ledger, &decoded, work, error);
	}
	make_distinct(&decoded);
	for (size_t i = 0; i < decoded.count; i++) {
		if (!release_list(ledger, &decoded.refs[i], work, error)) {
			return false;
		}
	}
	return true;
}

/* ---- asking -------------------------------------------------------------------------------- */

bool holding_look(Ledger *ledger, int64_t account, const ChunkId *id, HoldingState *ret_state,
		  GError **error)
{
	SqlStatement *statement =
		sql_statement(ledger->session,
			      "SELECT chunk.key, holding.chunk, holding.lists, lease.expiry,"
			      " chunk.pack, chunk.start, chunk.size, chunk.raw_size,"
			      " chunk.encoding FROM chunk"
			      " LEFT JOIN holding ON holding.chunk = chunk.key"
			      " AND holding.drive = $2"
			      " LEFT JOIN lease ON lease.chunk = chunk.key AND lease.account = $3"
			      " WHERE " CHUNKS_ID_IS("$1"),
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_bytes(statement, 1, id->bytes, CHUNK_ID_SIZE);
	sql_bind_int(statement, 2, ledger->drive);
	sql_bind_int(statement, 3, account);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	*ret_state = (HoldingState){ 0 };
	if (row) {
		ret_state->key = sql_column_int(statement, 0);
		ret_state->held = !sql_column_null(statement, 1);
		ret_state->as_list = sql_column_int(statement, 2) > 0;
		ret_state->leased = !sql_column_null(statement, 3);
		ret_state->expiry_us = sql_column_int(statement, 3);
		chunks_location(statement, 4, &ret_state->location);
	}
	return true;
}

bool holding_upload(SqlSession *session, TablesKeys *keys, int64_t account,
		    const JournalStored *stored, size_t count, GError **error)
{
	int64_t expiry_us = g_get_real_time() + LEASE_US;
	g_autofree ChunksKey *chunks = g_new(ChunksKey, count);
	if (!chunks_store(session, keys, stored, count, chunks, error)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!chunks_lease(session, account, chunks[i].key, expiry_us, error)) {
			return false;
		}
	}
	return true;
}

static bool note_missing(Ledger *ledger, int64_t account, const ChunkId *id,
			 HoldingMissing *missing, GError **error)
{
	HoldingState state;
	if (!holding_look(ledger, account, id, &state, error)) {
		return false;
	}
	if (!state.held && !state.leased) {
		g_array_append_val(missing->missing, *id);
		return true;
	}
	if (state.held) {
		missing->held += state.location.raw_size;
		return true;
	}
	missing->leased += state.location.raw_size;
	if (state.expiry_us < g_get_real_time() + LEASE_US / 2) {
		g_array_append_val(missing->renew, state.key);
	}
	return true;
}

bool holding_missing(Ledger *ledger, int64_t account, const ChunkId *ids, size_t count,
		     HoldingMissing *missing, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(chunk_id_hash, chunk_id_equal);
	for (size_t i = 0; i < count; i++) {
		if (g_hash_table_add(seen, (void *)&ids[i]) &&
		    !note_missing(ledger, account, &ids[i], missing, error)) {
			return false;
		}
	}
	return true;
}

bool holding_renew(SqlSession *session, int64_t account, const GArray *keys, GError **error)
{
	int64_t expiry_us = g_get_real_time() + LEASE_US;
	for (unsigned i = 0; i < keys->len; i++) {
		if (!chunks_lease(session, account, g_array_index(keys, int64_t, i), expiry_us,
				  error)) {
			return false;
		}
	}
	return true;
}
