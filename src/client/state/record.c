/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the trees become durable.
 *
 * The log holds every settlement that is not recorded, in order; a record writes a prefix of it, so
 * that the table is always what synced was at one moment that the disk had reached.
 *
 * The cursor's invariant: of what was put on SIDE_REMOTE before the cursor, the tables synced and
 * remote hold the newest (or something newer still). So a key that is recorded while a row of
 * `remote` speaks for it has that row made right in the same transaction, and with the cursor
 * itself go rows for all keys whose remote entry is not in the table synced.
 */
#include "client/state/record.h"

#include "client/state/state_internal.h"

/* Rows beside the cursor that are few are written at once; more of them wait for so many records
 * that rewriting them costs little in proportion. No clock: a simulation must repeat itself. */
#define KEPT_PER_RECORD 256

static bool cursor_moved(const State *state)
{
	if (!state->cursor || !state->header.cursor) {
		return state->cursor != state->header.cursor;
	}
	return !g_bytes_equal(state->cursor, state->header.cursor);
}

/*
 * A folder that is recorded as gone, or as gone on the server: what lay in it may be recorded
 * later. It must not wait for the folder to be told of again, since then nothing would lead from
 * there to it.
 */
static bool takes_cursor(const State *state, const LogItem *item)
{
	const Entry *remote;
	if (!item->entry) {
		return item->folders < 0;
	}
	return item->entry->kind == ENTRY_FOLDER &&
	       overlay_get(state->trees.sides[SIDE_REMOTE], item->key, &remote) && !remote;
}

bool record_takes_cursor(const State *state, size_t items)
{
	bool due = rows_is_void(state->rows);
	for (size_t i = 0; i < items && !due; i++) {
		due = takes_cursor(state, &g_array_index(state->log, LogItem, i));
	}
	if (due || !cursor_moved(state)) {
		return due;
	}
	size_t beside = overlay_size(state->trees.sides[SIDE_REMOTE]) + state->log->len - items +
			promises_count(state->promises);
	return beside < state->kept_few ||
	       beside < (size_t)state->records_since_cursor * KEPT_PER_RECORD;
}

/* The row of `remote` for key after a record of everything below the tag `left`. */
static KeptValue kept_value(State *state, int64_t key, uint64_t left)
{
	const Trees *trees = &state->trees;
	const NodeId *promised = promises_id_of(state->promises, key);
	if (promised) {
		return (KeptValue){ .presence = KEPT_PROMISED, .id = *promised };
	}
	if (!overlay_has(trees->sides[SIDE_REMOTE], key) && overlay_tag(trees->fresh, key) < left) {
		return (KeptValue){ .presence = KEPT_NOTHING };
	}
	/* One of the two overlays answers, so this reads no table. */
	const Entry *entry = trees_get(trees, SIDE_REMOTE, key);
	return (KeptValue){
		.presence = entry ? KEPT_PRESENT : KEPT_ABSENT,
		.entry = (Entry *)entry,
	};
}

typedef struct KeptPass {
	GArray *keys;
	uint64_t left;
} KeptPass;

static void kept_visit(int64_t key, const Entry *entry, uint64_t tag, void *data)
{
	KeptPass *pass = data;
	(void)entry;
	if (tag == 0 || tag >= pass->left) {
		g_array_append_val(pass->keys, key);
	}
}

/* Every key that has a row of `remote`, or must have one beside the cursor. */
static void kept_all(State *state, KeptPass *pass)
{
	kept_keys(state->kept, pass->keys);
	overlay_each(state->trees.sides[SIDE_REMOTE], kept_visit, pass);
	overlay_each(state->trees.fresh, kept_visit, pass);
	promises_keys(state->promises, pass->keys);
}

static bool record_kept(State *state, SqlSession *session, size_t items, bool with_cursor,
			GError **error)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	KeptPass pass = { .keys = keys, .left = state->log_first + items };
	if (with_cursor) {
		kept_all(state, &pass);
	}
	for (size_t i = 0; !with_cursor && i < items; i++) {
		int64_t key = g_array_index(state->log, LogItem, i).key;
		/* The server was heard to have something else than is recorded now: it differs from
		 * what is agreed, or that was settled again since. The cursor may have passed it.
		 */
		bool differs = overlay_has(state->trees.sides[SIDE_REMOTE], key) ||
			       overlay_tag(state->trees.fresh, key) >= pass.left;
		if (differs || kept_has(state->kept, key)) {
			g_array_append_val(keys, key);
		}
	}
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t key = g_array_index(keys, int64_t, i);
		KeptValue value = kept_value(state, key, pass.left);
		if (!kept_write(state->kept, session, key, &value, error)) {
			return false;
		}
	}
	return true;
}

/*
 * A node may be recorded before the folder it lies in. While the cursor stays behind, that folder
 * will be told of again, and must then get the same key.
 */
static bool record_parents(State *state, SqlSession *session, size_t items, GError **error)
{
	for (size_t i = 0; i < items; i++) {
		const Entry *entry = g_array_index(state->log, LogItem, i).entry;
		if (!entry || !rows_surely_lacks(state->rows, entry->parent) ||
		    kept_has(state->kept, entry->parent)) {
			continue;
		}
		const Entry *parent = state_get(state, SIDE_REMOTE, entry->parent);
		if (parent) {
			KeptValue value = { .presence = KEPT_PROMISED, .id = parent->id };
			if (!kept_write(state->kept, session, parent->key, &value, error)) {
				return false;
			}
		}
	}
	return true;
}

static bool write_all(State *state, size_t items, bool with_cursor, StateTotals *totals,
		      GError **error)
{
	g_autoptr(SqlSession) session = sql_write(state->sql, error);
	if (!session) {
		return false;
	}
	if (rows_is_void(state->rows)) {
		*totals = (StateTotals){ 0 };
		if (!rows_wipe(state->rows, session, error)) {
			return false;
		}
	}
	for (size_t i = 0; i < items; i++) {
		const LogItem *item = &g_array_index(state->log, LogItem, i);
		state_totals_add(totals, item);
		if (!rows_write(state->rows, session, item->key, item->entry, error)) {
			return false;
		}
	}
	return record_kept(state, session, items, with_cursor, error) &&
	       (with_cursor || record_parents(state, session, items, error)) &&
	       header_write(&state->header, session,
			    with_cursor ? state->cursor : state->header.cursor, state->key_next,
			    totals, error) &&
	       sql_commit(session, error);
}

static void done(State *state, size_t items, bool with_cursor)
{
	if (rows_is_void(state->rows)) {
		rows_set_void(state->rows, false);
	}
	for (size_t i = 0; i < items; i++) {
		int64_t key = g_array_index(state->log, LogItem, i).key;
		if (overlay_tag(state->trees.fresh, key) < state->log_first + items) {
			overlay_drop(state->trees.fresh, key);
		}
	}
	g_array_remove_range(state->log, 0, (unsigned)items);
	state->log_first += items;
	state->records_since_cursor++;
	if (with_cursor) {
		header_set_cursor(&state->header, state->cursor);
		state->records_since_cursor = 0;
	}
}

bool record_run(State *state, size_t items, bool with_cursor, GError **error)
{
	rows_pause(state->rows);
	StateTotals totals = state->header.totals;
	bool written = write_all(state, items, with_cursor, &totals, error);
	kept_end(state->kept, written);
	if (written) {
		state->header.totals = totals;
		done(state, items, with_cursor);
	}
	return written;
}
