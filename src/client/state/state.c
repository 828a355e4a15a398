/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three trees. How they become durable (record.c):
 *
 *	settle ─> fresh, log ──(state_record)──> table synced
 *	put REMOTE ─> overlay ──(with the cursor)──> table remote
 */
#include "client/state/state.h"

#include "client/state/state_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/state/agreement.h"
#include "client/state/record.h"

#include <string.h>

#define CACHE_SIZE (4 * MIB)
/* So many rows beside the cursor are few. */
#define KEPT_FEW 1000
#define STEPS_UP_MAX (2 * DEPTH_MAX)
#define PATH_SIZE_USUAL 128

/* ---- opening ----------------------------------------------------------------------------- */

static Entry *new_root(const NodeId *drive)
{
	return entry_new(&(Entry){
		.key = ENTRY_KEY_ROOT,
		.parent = ENTRY_KEY_NONE,
		.id = *drive,
		.name = (char *)"",
		.kind = ENTRY_FOLDER,
	});
}

static bool has_root(SqlSession *session, bool *ret_has, GError **error)
{
	SqlStatement *statement =
		sql_statement(session, "SELECT 1 FROM synced WHERE key = 1", error);
	return statement && sql_step(statement, ret_has, error);
}

static bool load(State *state, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(state->sql, error);
	Header *header = &state->header;
	bool root = false;
	if (!session || !header_load(header, session, error) ||
	    !kept_load(state->kept, session, error) || !has_root(session, &root, error)) {
		return false;
	}
	state->key_next = header->key_next;
	state->totals = header->totals;
	state_set_cursor(state, header->cursor);
	state->rows = rows_new(state->sql, state->key_next);
	trees_init(&state->trees, state->rows);
	g_autoptr(Entry) entry = new_root(&header->drive);
	return (root || rows_write(state->rows, session, ENTRY_KEY_ROOT, entry, error)) &&
	       header_write(header, session, state->cursor, state->key_next, &state->totals,
			    error) &&
	       sql_commit(session, error);
}

static void restore_kept(int64_t key, const KeptValue *value, void *data)
{
	State *state = data;
	if (value->presence == KEPT_PROMISED) {
		promises_add(state->promises, &value->id, key);
	} else {
		trees_set(&state->trees, SIDE_REMOTE, key, value->entry);
	}
}

static void log_item_clear(void *item)
{
	entry_unref(((LogItem *)item)->entry);
}

static State *state_new(const NodeId *drive)
{
	State *state = g_new0(State, 1);
	header_init(&state->header, drive);
	state->log = g_array_new(FALSE, FALSE, sizeof(LogItem));
	g_array_set_clear_func(state->log, log_item_clear);
	state->log_first = 1;
	state->generation = 1;
	state->promises = promises_new();
	state->held = promises_new();
	state->kept = kept_new();
	state->kept_few = KEPT_FEW;
	return state;
}

State *state_open(const char *path, const NodeId *drive, GError **error)
{
	g_autoptr(State) state = state_new(drive);
	const SqlOptions options = {
		.durability = SQL_ORDERED,
		.cache_size = CACHE_SIZE,
	};
	state->sql = sql_open(path, &options, error);
	if (!state->sql || !header_migrate(state->sql, error) || !load(state, error)) {
		g_prefix_error(error, "open the state '%s': ", path);
		return NULL;
	}
	kept_each(state->kept, restore_kept, state);
	if (state_error(state)) {
		g_propagate_error(error, g_error_copy(state_error(state)));
		g_prefix_error(error, "open the state '%s': ", path);
		return NULL;
	}
	return g_steal_pointer(&state);
}

void state_close(State *state)
{
	if (!state) {
		return;
	}
	trees_clear(&state->trees);
	rows_free(state->rows);
	kept_free(state->kept);
	sql_close(state->sql);
	g_array_unref(state->log);
	promises_free(state->promises);
	promises_free(state->held);
	header_clear(&state->header);
	g_bytes_unref(state->cursor);
	g_free(state);
}

bool state_peek(const char *path, StateTotals *ret_totals, GError **error)
{
	if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "there is no state '%s'",
			    path);
		return false;
	}
	const SqlOptions options = { .durability = SQL_ORDERED };
	g_autoptr(Sql) sql = sql_open(path, &options, error);
	g_autoptr(SqlSession) session = sql ? sql_read(sql, error) : NULL;
	return session && header_peek(session, ret_totals, error);
}

const GError *state_error(State *state)
{
	return rows_error(state->rows);
}

/* ---- reading ----------------------------------------------------------------------------- */

const Entry *state_get(State *state, Side side, int64_t key)
{
	return trees_get(&state->trees, side, key);
}

int64_t state_find(State *state, Side side, int64_t parent, const char *name)
{
	return trees_find(&state->trees, side, parent, name);
}

void state_children(State *state, Side side, int64_t parent, GPtrArray *ret_entries)
{
	trees_children(&state->trees, side, parent, ret_entries);
}

void state_child_keys(State *state, Side side, int64_t parent, GArray *ret_keys)
{
	trees_child_keys(&state->trees, side, parent, ret_keys);
}

void state_strays(State *state, GArray *ret_keys)
{
	g_assert(state->log->len == 0);
	rows_stray_keys(state->rows, ret_keys);
}

int64_t state_key_of_id(State *state, const NodeId *id)
{
	int64_t key = promises_key_of(state->promises, id);
	if (key == ENTRY_KEY_NONE) {
		key = promises_key_of(state->held, id);
	}
	return key != ENTRY_KEY_NONE ? key : trees_key_of_id(&state->trees, id);
}

void state_hold_id(State *state, const NodeId *id, int64_t key)
{
	promises_add(state->held, id, key);
}

void state_let_id(State *state, int64_t key)
{
	promises_drop(state->held, key);
}

int64_t state_key_for_id(State *state, const NodeId *id)
{
	int64_t key = state_key_of_id(state, id);
	if (key == ENTRY_KEY_NONE) {
		key = state_key_new(state);
		promises_add(state->promises, id, key);
	}
	return key;
}

int64_t state_key_of_file(State *state, uint64_t inode, int64_t birth_ns)
{
	return trees_key_of_file(&state->trees, inode, birth_ns);
}

bool state_is_below(State *state, Side side, int64_t key, int64_t folder)
{
	/* While pages of changes are missing, the remote tree may show folders in a circle. */
	for (unsigned step = 0; key != folder && step < STEPS_UP_MAX; step++) {
		const Entry *entry = state_get(state, side, key);
		if (!entry) {
			return false;
		}
		key = entry->parent;
	}
	return key == folder;
}

char *state_path(State *state, Side side, int64_t key)
{
	GString *path = g_string_sized_new(PATH_SIZE_USUAL);
	for (unsigned step = 0; key != ENTRY_KEY_ROOT; step++) {
		const Entry *entry = state_get(state, side, key);
		if (!entry || step > STEPS_UP_MAX) {
			g_string_free(path, TRUE);
			return NULL;
		}
		if (step > 0) {
			g_string_prepend_c(path, '/');
		}
		g_string_prepend(path, entry->name);
		key = entry->parent;
	}
	return g_string_free(path, FALSE);
}

void state_divergent(State *state, GArray *ret_keys)
{
	trees_divergent(&state->trees, ret_keys);
}

void state_conflicts(State *state, GPtrArray *ret_entries)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	trees_conflict_keys(&state->trees, keys);
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t key = g_array_index(keys, int64_t, i);
		const Entry *entry = state_get(state, SIDE_LOCAL, key);
		if (entry && strstr(entry->name, ENTRY_CONFLICT_MARK)) {
			g_ptr_array_add(ret_entries, entry_ref(entry));
		}
	}
}

size_t state_divergent_count(State *state)
{
	return state->trees.divergent;
}

int64_t state_key_new(State *state)
{
	return state->key_next++;
}

StateTotals state_totals(State *state)
{
	return state->totals;
}

/* ---- observations ------------------------------------------------------------------------ */

void state_put(State *state, Side side, const Entry *entry)
{
	g_assert(entry->references > 0);
	g_assert(entry->key < state->key_next);
	if (side == SIDE_REMOTE) {
		promises_drop(state->promises, entry->key);
	}
	trees_set(&state->trees, side, entry->key, entry);
}

void state_remove(State *state, Side side, int64_t key, GArray *ret_keys)
{
	g_assert(key != ENTRY_KEY_ROOT);
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_array_append_val(keys, key);
	/* What is removed is no child any more, so that folders in a circle come once. */
	for (unsigned i = 0; i < keys->len; i++) {
		key = g_array_index(keys, int64_t, i);
		if (state_get(state, side, key)) {
			trees_set(&state->trees, side, key, NULL);
			if (ret_keys) {
				g_array_append_val(ret_keys, key);
			}
		}
		if (side == SIDE_REMOTE) {
			promises_drop(state->promises, key);
		}
		trees_child_keys(&state->trees, side, key, keys);
	}
}

/* ---- agreement --------------------------------------------------------------------------- */

static void count(LogItem *item, const Entry *entry, int sign)
{
	if (!entry || entry->key == ENTRY_KEY_ROOT) {
		return;
	}
	if (entry->kind == ENTRY_FOLDER) {
		item->folders += sign;
		return;
	}
	item->files += sign;
	item->bytes += entry->kind == ENTRY_FILE ? sign * (int64_t)entry->size : 0;
}

void state_totals_add(StateTotals *totals, const LogItem *item)
{
	totals->files += (uint64_t)item->files;
	totals->folders += (uint64_t)item->folders;
	totals->bytes += (uint64_t)item->bytes;
}

/* Takes the reference. */
static void set_synced(State *state, int64_t key, Entry *entry)
{
	const Entry *before = state_get(state, SIDE_SYNCED, key);
	g_assert(entry || before);
	LogItem item = { .generation = state->generation, .key = key, .entry = entry };
	count(&item, before, -1);
	count(&item, entry, 1);
	state_totals_add(&state->totals, &item);
	trees_set_synced(&state->trees, key, entry, state->log_first + state->log->len);
	g_array_append_val(state->log, item);
}

void state_agree(State *state, int64_t key)
{
	const Entry *local = state_get(state, SIDE_LOCAL, key);
	const Entry *remote = state_get(state, SIDE_REMOTE, key);
	g_assert(local && remote);
	const Entry *synced = state_get(state, SIDE_SYNCED, key);
	g_autoptr(Entry) entry = agreement_of(synced, local, remote);
	if (entry && !(synced && agreement_is_same(entry, synced))) {
		set_synced(state, key, g_steal_pointer(&entry));
	}
}

static Entry *with_parent(const Entry *entry, int64_t parent)
{
	Entry fields = *entry;
	fields.parent = parent;
	return entry_new(&fields);
}

/*
 * Nothing knows a folder's id any more, and yet something lies in it there: it was deleted, and the
 * server has it again since that came into it, of which the answer told. The folder's own news are
 * on their way, and will have another key.
 */
static void expect_again(State *state, int64_t key, const NodeId *id)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	trees_child_keys(&state->trees, SIDE_REMOTE, key, keys);
	if (keys->len == 0 || state_key_of_id(state, id) != ENTRY_KEY_NONE) {
		return;
	}
	int64_t again = state_key_for_id(state, id);
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t child = g_array_index(keys, int64_t, i);
		g_autoptr(Entry) remote = with_parent(state_get(state, SIDE_REMOTE, child), again);
		const Entry *synced = state_get(state, SIDE_SYNCED, child);
		if (synced && synced->parent == key) {
			set_synced(state, child, with_parent(synced, again));
		}
		trees_set(&state->trees, SIDE_REMOTE, child, remote);
	}
}

/* Nothing is agreed about it any more. */
static void part(State *state, int64_t key)
{
	const Entry *synced = state_get(state, SIDE_SYNCED, key);
	if (!synced) {
		return;
	}
	NodeId id = synced->id;
	bool folder = synced->kind == ENTRY_FOLDER;
	set_synced(state, key, NULL);
	if (folder) {
		expect_again(state, key, &id);
	}
}

void state_forget(State *state, int64_t key)
{
	g_assert(key != ENTRY_KEY_ROOT);
	g_assert(!state_get(state, SIDE_LOCAL, key) && !state_get(state, SIDE_REMOTE, key));
	part(state, key);
}

void state_unlearn(State *state, int64_t key)
{
	g_assert(key != ENTRY_KEY_ROOT && !state_get(state, SIDE_LOCAL, key));
	part(state, key);
}

static void put_changed(State *state, const Entry *fields)
{
	g_autoptr(Entry) entry = entry_new(fields);
	state_put(state, SIDE_LOCAL, entry);
}

void state_rekey_local(State *state, int64_t key, int64_t new_key, const NodeId *new_id)
{
	const Entry *entry = state_get(state, SIDE_LOCAL, key);
	g_assert(entry && key != ENTRY_KEY_ROOT);
	g_assert(!state_get(state, SIDE_LOCAL, new_key));
	Entry fields = *entry;
	g_autoptr(Entry) held = entry_ref(entry);
	fields.key = new_key;
	fields.id = *new_id;
	trees_set(&state->trees, SIDE_LOCAL, key, NULL);
	part(state, key);
	put_changed(state, &fields);

	g_autoptr(GPtrArray) children = g_ptr_array_new_with_free_func((GDestroyNotify)entry_unref);
	state_children(state, SIDE_LOCAL, key, children);
	for (unsigned i = 0; i < children->len; i++) {
		fields = *(const Entry *)children->pdata[i];
		fields.parent = new_key;
		put_changed(state, &fields);
	}
}

void state_reset(State *state)
{
	g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_unref);
	trees_local_entries(&state->trees, entries);

	trees_empty(&state->trees);
	rows_set_void(state->rows, true);
	state->log_first += state->log->len;
	g_array_set_size(state->log, 0);
	promises_clear(state->promises);
	state->totals = (StateTotals){ 0 };
	state_set_cursor(state, NULL);

	g_autoptr(Entry) root = new_root(&state->header.drive);
	set_synced(state, ENTRY_KEY_ROOT, entry_ref(root));
	trees_set(&state->trees, SIDE_REMOTE, ENTRY_KEY_ROOT, root);
	for (unsigned i = 0; i < entries->len; i++) {
		const Entry *entry = entries->pdata[i];
		trees_set(&state->trees, SIDE_LOCAL, entry->key, entry);
	}
}

/* ---- durability -------------------------------------------------------------------------- */

GBytes *state_cursor(State *state)
{
	return state->cursor;
}

void state_set_cursor(State *state, GBytes *cursor)
{
	GBytes *before = state->cursor;
	state->cursor = cursor ? g_bytes_ref(cursor) : NULL;
	g_bytes_unref(before);
}

uint64_t state_mark(State *state)
{
	return state->generation++;
}

bool state_is_dirty(State *state)
{
	return state->log->len > 0 || record_takes_cursor(state, 0);
}

size_t state_unrecorded(State *state)
{
	return state->log->len;
}

bool state_record(State *state, uint64_t generation, GError **error)
{
	g_assert(generation < state->generation);
	if (state_error(state)) {
		g_propagate_error(error, g_error_copy(state_error(state)));
		g_prefix_error(error, "record the state: ");
		return false;
	}
	size_t items = 0;
	while (items < state->log->len &&
	       g_array_index(state->log, LogItem, items).generation <= generation) {
		items++;
	}
	bool with_cursor = record_takes_cursor(state, items);
	if (items == 0 && !with_cursor) {
		return true;
	}
	if (!record_run(state, items, with_cursor, error)) {
		g_prefix_error(error, "record the state: ");
		return false;
	}
	return true;
}

/* ---- settings ---------------------------------------------------------------------------- */

char *state_get_setting(State *state, const char *name)
{
	return g_strdup(g_hash_table_lookup(state->header.settings, name));
}

bool state_set_setting(State *state, const char *name, const char *value, GError **error)
{
	rows_pause(state->rows);
	return header_set_setting(&state->header, state->sql, name, value, error);
}

bool state_secure(State *state, GError **error)
{
	rows_pause(state->rows);
	return sql_checkpoint(state->sql, error);
}

/* ---- for tests --------------------------------------------------------------------------- */

Sql *state_sql(State *state)
{
	return state->sql;
}

void state_set_kept_few(State *state, size_t kept_few)
{
	state->kept_few = kept_few;
}

/* ---- check ------------------------------------------------------------------------------- */

typedef struct FreshCheck {
	const State *state;
	LogItem sum;
} FreshCheck;

static void check_fresh(int64_t key, const Entry *entry, uint64_t tag, void *data)
{
	FreshCheck *check = data;
	const State *state = check->state;
	g_assert(tag >= state->log_first && tag < state->log_first + state->log->len);
	const LogItem *item = &g_array_index(state->log, LogItem, tag - state->log_first);
	g_assert(item->key == key && item->entry == entry);
	count(&check->sum, entry, 1);
}

static bool is_not_fresh(int64_t key, void *data)
{
	const State *state = data;
	return !overlay_has(state->trees.fresh, key);
}

static void check_totals(State *state)
{
	FreshCheck check = { .state = state };
	overlay_each(state->trees.fresh, check_fresh, &check);
	g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_unref);
	rows_each(state->rows, is_not_fresh, state, entries);
	for (unsigned i = 0; i < entries->len; i++) {
		count(&check.sum, entries->pdata[i], 1);
	}
	g_assert(state->totals.files == (uint64_t)check.sum.files);
	g_assert(state->totals.folders == (uint64_t)check.sum.folders);
	g_assert(state->totals.bytes == (uint64_t)check.sum.bytes);

	StateTotals totals = rows_is_void(state->rows) ? (StateTotals){ 0 } : state->header.totals;
	uint64_t generation = 0;
	for (unsigned i = 0; i < state->log->len; i++) {
		const LogItem *item = &g_array_index(state->log, LogItem, i);
		g_assert(item->generation >= generation);
		generation = item->generation;
		state_totals_add(&totals, item);
	}
	g_assert(generation <= state->generation);
	g_assert(memcmp(&totals, &state->totals, sizeof totals) == 0);
}

void state_check(State *state)
{
	g_assert_no_error(state_error(state));
	trees_check(&state->trees);
	check_totals(state);
	for (Side side = 0; side < SIDE_COUNT; side++) {
		g_assert(state_get(state, side, ENTRY_KEY_ROOT));
	}
}
