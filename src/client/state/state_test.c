/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "client/state/state_internal.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Fixture {
	char *folder;
	char *path;
	NodeId drive;
	State *state;
	uint64_t seq;
} Fixture;

static void open_again(Fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	g_clear_pointer(&fixture->state, state_close);
	fixture->state = state_open(fixture->path, &fixture->drive, &error);
	g_assert_no_error(error);
	state_check(fixture->state);
}

static void set_up(Fixture *fixture, const void *data)
{
	fixture->folder = g_dir_make_tmp("state-XXXXXX", NULL);
	fixture->path = g_build_filename(fixture->folder, "state.db", NULL);
	fixture->drive = node_id_random();
	open_again(fixture);
}

static void remove_files(Fixture *fixture)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
		g_autofree char *path = g_strconcat(fixture->path, ends[i], NULL);
		g_unlink(path);
	}
}

static void tear_down(Fixture *fixture, const void *data)
{
	state_close(fixture->state);
	remove_files(fixture);
	g_rmdir(fixture->folder);
	g_free(fixture->path);
	g_free(fixture->folder);
}

/* ---- small steps ------------------------------------------------------------------------- */

static Entry node(Fixture *fixture, int64_t parent, const char *name, EntryKind kind)
{
	Entry fields = {
		.key = state_key_new(fixture->state),
		.parent = parent,
		.id = node_id_random(),
		.name = (char *)name,
		.kind = kind,
	};
	return fields;
}

static void see(Fixture *fixture, Side side, Entry fields)
{
	g_autoptr(GBytes) content = g_bytes_new("content", 7);
	if (fields.kind == ENTRY_FILE) {
		fields.content = content;
	}
	if (side == SIDE_LOCAL) {
		fields.stamp = (EntryStamp){ .inode = (uint64_t)fields.key, .change_ns = 1 };
	} else {
		fields.seq = ++fixture->seq;
	}
	g_autoptr(Entry) entry = entry_new(&fields);
	state_put(fixture->state, side, entry);
}

/* A node that is the same everywhere, not recorded. */
static int64_t settled(Fixture *fixture, int64_t parent, const char *name, EntryKind kind)
{
	Entry fields = node(fixture, parent, name, kind);
	see(fixture, SIDE_REMOTE, fields);
	see(fixture, SIDE_LOCAL, fields);
	state_agree(fixture->state, fields.key);
	return fields.key;
}

static void rename_on(Fixture *fixture, Side side, int64_t key, const char *name)
{
	Entry fields = *state_get(fixture->state, side, key);
	fields.name = (char *)name;
	see(fixture, side, fields);
}

static void record(Fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	bool done = state_record(fixture->state, state_mark(fixture->state), &error);
	g_assert_no_error(error);
	g_assert_true(done);
}

static void set_cursor(Fixture *fixture, const char *text)
{
	g_autoptr(GBytes) cursor = g_bytes_new(text, strlen(text));
	state_set_cursor(fixture->state, cursor);
}

static bool cursor_is(Fixture *fixture, const char *text)
{
	GBytes *cursor = state_cursor(fixture->state);
	return cursor && g_bytes_get_size(cursor) == strlen(text) &&
	       memcmp(g_bytes_get_data(cursor, NULL), text, strlen(text)) == 0;
}

/* ---- what is durable when ---------------------------------------------------------------- */

static void test_record_is_for_marked_generations(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	int64_t before = settled(fixture, ENTRY_KEY_ROOT, "before", ENTRY_FILE);
	uint64_t generation = state_mark(fixture->state);
	int64_t after = settled(fixture, ENTRY_KEY_ROOT, "after", ENTRY_FILE);
	g_assert_true(state_record(fixture->state, generation, &error));
	g_assert_true(state_is_dirty(fixture->state));
	open_again(fixture);
	g_assert_nonnull(state_get(fixture->state, SIDE_SYNCED, before));
	g_assert_null(state_get(fixture->state, SIDE_SYNCED, after));
	g_assert_cmpuint(state_totals(fixture->state).files, ==, 1);
	g_assert_false(state_is_dirty(fixture->state));
}

static void test_rename_again_records_the_first_name(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	int64_t key = settled(fixture, ENTRY_KEY_ROOT, "one", ENTRY_FILE);
	record(fixture);
	rename_on(fixture, SIDE_LOCAL, key, "two");
	rename_on(fixture, SIDE_REMOTE, key, "two");
	state_agree(fixture->state, key);
	uint64_t generation = state_mark(fixture->state);
	rename_on(fixture, SIDE_LOCAL, key, "three");
	rename_on(fixture, SIDE_REMOTE, key, "three");
	state_agree(fixture->state, key);
	g_assert_true(state_record(fixture->state, generation, &error));
	g_assert_cmpstr(state_get(fixture->state, SIDE_SYNCED, key)->name, ==, "three");
	open_again(fixture);
	g_assert_cmpstr(state_get(fixture->state, SIDE_SYNCED, key)->name, ==, "two");
}

static void test_cursor_skips_nothing(Fixture *fixture, const void *data)
{
	Entry waiting = node(fixture, ENTRY_KEY_ROOT, "waiting", ENTRY_FILE);
	see(fixture, SIDE_REMOTE, waiting);
	int64_t gone = settled(fixture, ENTRY_KEY_ROOT, "gone", ENTRY_FILE);
	record(fixture);
	state_remove(fixture->state, SIDE_REMOTE, gone, NULL);
	uint64_t generation = state_mark(fixture->state);
	int64_t fresh = settled(fixture, ENTRY_KEY_ROOT, "fresh", ENTRY_FILE);
	set_cursor(fixture, "c1");
	g_autoptr(GError) error = NULL;
	g_assert_true(state_record(fixture->state, generation, &error));

	open_again(fixture);
	g_assert_true(cursor_is(fixture, "c1"));
	g_assert_nonnull(state_get(fixture->state, SIDE_REMOTE, waiting.key));
	g_assert_null(state_get(fixture->state, SIDE_REMOTE, gone));
	g_assert_nonnull(state_get(fixture->state, SIDE_REMOTE, fresh));
	g_assert_null(state_get(fixture->state, SIDE_SYNCED, fresh));
	g_assert_cmpuint(state_divergent_count(fixture->state), ==, 3);
}

/* While it was applied here it was deleted there, which was heard and kept; now it is agreed. */
static int64_t agree_on_what_is_deleted(Fixture *fixture)
{
	Entry fields = node(fixture, ENTRY_KEY_ROOT, "a", ENTRY_FILE);
	see(fixture, SIDE_REMOTE, fields);
	g_autoptr(Entry) told = entry_ref(state_get(fixture->state, SIDE_REMOTE, fields.key));
	state_remove(fixture->state, SIDE_REMOTE, fields.key, NULL);
	set_cursor(fixture, "deleted");
	record(fixture);
	see(fixture, SIDE_LOCAL, fields);
	state_put(fixture->state, SIDE_REMOTE, told);
	state_agree(fixture->state, fields.key);
	return fields.key;
}

static void assert_deletion_is_kept(Fixture *fixture, int64_t key)
{
	open_again(fixture);
	g_assert_true(cursor_is(fixture, "deleted"));
	g_assert_nonnull(state_get(fixture->state, SIDE_SYNCED, key));
	g_assert_null(state_get(fixture->state, SIDE_REMOTE, key));
}

static void test_deletion_is_kept_of_what_is_agreed_later(Fixture *fixture, const void *data)
{
	int64_t key = agree_on_what_is_deleted(fixture);
	state_remove(fixture->state, SIDE_REMOTE, key, NULL);
	record(fixture);
	assert_deletion_is_kept(fixture, key);
}

/* The deletion is applied here, too, before what was agreed is recorded. */
static void test_deletion_is_kept_of_what_is_settled_again(Fixture *fixture, const void *data)
{
	int64_t key = agree_on_what_is_deleted(fixture);
	uint64_t generation = state_mark(fixture->state);
	state_remove(fixture->state, SIDE_REMOTE, key, NULL);
	state_remove(fixture->state, SIDE_LOCAL, key, NULL);
	state_forget(fixture->state, key);
	g_autoptr(GError) error = NULL;
	g_assert_true(state_record(fixture->state, generation, &error));
	g_assert_no_error(error);
	assert_deletion_is_kept(fixture, key);
}

static void test_recorded_deletion_does_not_come_back(Fixture *fixture, const void *data)
{
	int64_t key = settled(fixture, ENTRY_KEY_ROOT, "edited", ENTRY_FILE);
	record(fixture);
	state_remove(fixture->state, SIDE_REMOTE, key, NULL);
	set_cursor(fixture, "c1");
	record(fixture);
	/* It was edited here, so it comes back there; with the cursor behind. */
	Entry fields = *state_get(fixture->state, SIDE_LOCAL, key);
	see(fixture, SIDE_REMOTE, fields);
	state_agree(fixture->state, key);
	state_set_kept_few(fixture->state, 0);
	set_cursor(fixture, "c2");
	record(fixture);
	open_again(fixture);
	g_assert_true(cursor_is(fixture, "c1"));
	g_assert_nonnull(state_get(fixture->state, SIDE_REMOTE, key));
	g_assert_cmpuint(state_divergent_count(fixture->state), ==, 0);
}

static void test_cursor_waits_while_much_is_left(Fixture *fixture, const void *data)
{
	for (unsigned i = 0; i < 1500; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);
		see(fixture, SIDE_REMOTE, node(fixture, ENTRY_KEY_ROOT, name, ENTRY_FILE));
	}
	set_cursor(fixture, "c1");
	g_assert_false(state_is_dirty(fixture->state));
	unsigned records = 0;
	while (!state_is_dirty(fixture->state)) {
		g_autofree char *name = g_strdup_printf("r%u", records++);
		settled(fixture, ENTRY_KEY_ROOT, name, ENTRY_FILE);
		record(fixture);
		g_assert_cmpuint(records, <, 100);
	}
	g_assert_cmpuint(records, >, 2);
	record(fixture);
	open_again(fixture);
	g_assert_true(cursor_is(fixture, "c1"));
	g_assert_cmpuint(state_divergent_count(fixture->state), ==, 1500);
}

static void test_promised_key_is_kept(Fixture *fixture, const void *data)
{
	NodeId id = node_id_random();
	int64_t key = state_key_for_id(fixture->state, &id);
	g_assert_cmpint(state_key_for_id(fixture->state, &id), ==, key);
	Entry child = node(fixture, key, "child", ENTRY_FILE);
	see(fixture, SIDE_REMOTE, child);
	set_cursor(fixture, "c1");
	record(fixture);
	open_again(fixture);
	g_assert_cmpint(state_key_of_id(fixture->state, &id), ==, key);
	g_assert_cmpint(state_get(fixture->state, SIDE_REMOTE, child.key)->parent, ==, key);
	g_assert_null(state_path(fixture->state, SIDE_REMOTE, child.key));
}

static void test_held_id_outlives_what_was_here(Fixture *fixture, const void *data)
{
	Entry file = node(fixture, ENTRY_KEY_ROOT, "file", ENTRY_FILE);
	see(fixture, SIDE_LOCAL, file);
	state_hold_id(fixture->state, &file.id, file.key);
	state_remove(fixture->state, SIDE_LOCAL, file.key, NULL);
	g_assert_cmpint(state_key_of_id(fixture->state, &file.id), ==, file.key);
	g_assert_cmpint(state_key_for_id(fixture->state, &file.id), ==, file.key);
	see(fixture, SIDE_REMOTE, file);
	state_let_id(fixture->state, file.key);
	state_let_id(fixture->state, file.key);
	g_assert_cmpint(state_key_of_id(fixture->state, &file.id), ==, file.key);
	state_remove(fixture->state, SIDE_REMOTE, file.key, NULL);
	g_assert_cmpint(state_key_of_id(fixture->state, &file.id), ==, ENTRY_KEY_NONE);
}

static void test_reset_keeps_what_is_here(Fixture *fixture, const void *data)
{
	int64_t folder = settled(fixture, ENTRY_KEY_ROOT, "folder", ENTRY_FOLDER);
	int64_t file = settled(fixture, folder, "file", ENTRY_FILE);
	set_cursor(fixture, "c1");
	record(fixture);
	NodeId id = state_get(fixture->state, SIDE_LOCAL, file)->id;
	state_reset(fixture->state);
	state_check(fixture->state);
	g_assert_null(state_cursor(fixture->state));
	g_assert_nonnull(state_get(fixture->state, SIDE_LOCAL, file));
	g_assert_nonnull(state_get(fixture->state, SIDE_LOCAL, file)->content);
	g_assert_null(state_get(fixture->state, SIDE_SYNCED, file));
	g_assert_null(state_get(fixture->state, SIDE_REMOTE, file));
	g_assert_cmpint(state_key_of_id(fixture->state, &id), ==, file);
	g_assert_cmpuint(state_totals(fixture->state).files, ==, 0);

	/* Not recorded, it did not happen. */
	open_again(fixture);
	g_assert_true(cursor_is(fixture, "c1"));
	g_assert_nonnull(state_get(fixture->state, SIDE_SYNCED, file));

	state_reset(fixture->state);
	g_assert_true(state_is_dirty(fixture->state));
	record(fixture);
	state_check(fixture->state);
	open_again(fixture);
	g_assert_null(state_cursor(fixture->state));
	g_assert_null(state_get(fixture->state, SIDE_SYNCED, file));
	g_assert_cmpuint(state_divergent_count(fixture->state), ==, 0);
}

/* ---- cost -------------------------------------------------------------------------------- */

static int64_t changes_of(Fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SqlSession) session = sql_write(state_sql(fixture->state), &error);
	SqlStatement *statement = sql_statement(session, "SELECT total_changes()", &error);
	bool row = false;
	g_assert_true(sql_step(statement, &row, &error));
	return sql_column_int(statement, 0);
}

static void test_rename_of_a_folder_is_one_row(Fixture *fixture, const void *data)
{
	int64_t folder = settled(fixture, ENTRY_KEY_ROOT, "folder", ENTRY_FOLDER);
	for (unsigned i = 0; i < 10000; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);
		settled(fixture, folder, name, ENTRY_FILE);
	}
	set_cursor(fixture, "c1");
	record(fixture);
	open_again(fixture);
	int64_t before = changes_of(fixture);
	rename_on(fixture, SIDE_LOCAL, folder, "renamed");
	rename_on(fixture, SIDE_REMOTE, folder, "renamed");
	g_assert_cmpuint(state_divergent_count(fixture->state), ==, 1);
	state_agree(fixture->state, folder);
	record(fixture);
	/* The folder, and the row of the binding. */
	g_assert_cmpint(changes_of(fixture) - before, ==, 2);
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	state_child_keys(fixture->state, SIDE_LOCAL, folder, keys);
	g_assert_cmpuint(keys->len, ==, 10000);
}

/* ---- what goes wrong --------------------------------------------------------------------- */

static void test_of_another_drive_is_refused(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	NodeId other = node_id_random();
	g_clear_pointer(&fixture->state, state_close);
	g_assert_null(state_open(fixture->path, &other, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT);
	open_again(fixture);
}

static void test_unreadable_is_corrupt(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_clear_pointer(&fixture->state, state_close);
	remove_files(fixture);
	g_autofree char *rubbish = g_strnfill(20000, 'x');
	g_assert_true(g_file_set_contents(fixture->path, rubbish, -1, NULL));
	g_assert_null(state_open(fixture->path, &fixture->drive, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
}

static void write_raw(Fixture *fixture, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SqlSession) session = sql_write(state_sql(fixture->state), &error);
	SqlStatement *statement = sql_statement(session, text, &error);
	g_assert_no_error(error);
	g_assert_true(sql_run(statement, &error));
	g_assert_true(sql_commit(session, &error));
}

static void test_wrong_row_makes_the_state_void(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	int64_t key = settled(fixture, ENTRY_KEY_ROOT, "file", ENTRY_FILE);
	record(fixture);
	write_raw(fixture, "UPDATE synced SET name = X'2F' WHERE key > 2");
	state_close(fixture->state);
	fixture->state = state_open(fixture->path, &fixture->drive, &error);
	g_assert_no_error(error);
	g_assert_null(state_error(fixture->state));
	g_assert_null(state_get(fixture->state, SIDE_LOCAL, key));
	g_assert_error(state_error(fixture->state), DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
	g_assert_false(state_record(fixture->state, state_mark(fixture->state), &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
}

static void test_wrong_remote_row_is_corrupt(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	see(fixture, SIDE_REMOTE, node(fixture, ENTRY_KEY_ROOT, "waiting", ENTRY_FILE));
	set_cursor(fixture, "c1");
	record(fixture);
	write_raw(fixture, "UPDATE remote SET kind = 9");
	g_clear_pointer(&fixture->state, state_close);
	g_assert_null(state_open(fixture->path, &fixture->drive, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
}

static void test_file_is_private(Fixture *fixture, const void *data)
{
	struct stat info;
	g_assert_cmpint(stat(fixture->path, &info), ==, 0);
	g_assert_cmpuint(info.st_mode & 0777, ==, 0600);
}

/* One round of everything that writes; false at the first failure. */
static bool work(Fixture *fixture, GError **error)
{
	int64_t folder = settled(fixture, ENTRY_KEY_ROOT, "folder", ENTRY_FOLDER);
	int64_t file = settled(fixture, folder, "file", ENTRY_FILE);
	see(fixture, SIDE_REMOTE, node(fixture, folder, "waiting", ENTRY_FILE));
	NodeId id = node_id_random();
	state_key_for_id(fixture->state, &id);
	set_cursor(fixture, "c1");
	if (!state_record(fixture->state, state_mark(fixture->state), error)) {
		return false;
	}
	state_remove(fixture->state, SIDE_LOCAL, file, NULL);
	state_remove(fixture->state, SIDE_REMOTE, file, NULL);
	if (state_get(fixture->state, SIDE_SYNCED, file)) {
		state_forget(fixture->state, file);
	}
	settled(fixture, folder, "inside", ENTRY_FILE);
	if (state_get(fixture->state, SIDE_LOCAL, folder)) {
		state_rekey_local(fixture->state, folder, state_key_new(fixture->state), &id);
	}
	if (!state_record(fixture->state, state_mark(fixture->state), error)) {
		return false;
	}
	state_reset(fixture->state);
	set_cursor(fixture, "c2");
	return state_record(fixture->state, state_mark(fixture->state), error) &&
	       state_set_setting(fixture->state, "name", "value", error);
}

static void test_survives_any_failed_call(Fixture *fixture, const void *data)
{
	bool done = false;
	for (unsigned nth = 1; !done; nth++) {
		g_autoptr(GError) error = NULL;
		g_clear_pointer(&fixture->state, state_close);
		remove_files(fixture);
		open_again(fixture);
		sql_fault_set(state_sql(fixture->state), nth);
		done = work(fixture, &error);
		g_assert_true(done || error);
		sql_fault_set(state_sql(fixture->state), 0);
		if (!done && !state_error(fixture->state)) {
			/* Only a write failed: nothing is lost, and it can be done again. */
			state_check(fixture->state);
			StateTotals totals = state_totals(fixture->state);
			record(fixture);
			open_again(fixture);
			StateTotals after = state_totals(fixture->state);
			g_assert_cmpmem(&totals, sizeof totals, &after, sizeof after);
		}
		open_again(fixture);
		g_assert_cmpuint(nth, <, 500);
	}
	g_assert_true(cursor_is(fixture, "c2"));
}

static void test_settings_are_kept(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(state_get_setting(fixture->state, "brake"));
	g_assert_true(state_set_setting(fixture->state, "brake", "on", &error));
	g_assert_true(state_set_setting(fixture->state, "other", "x", &error));
	g_assert_true(state_set_setting(fixture->state, "other", NULL, &error));
	open_again(fixture);
	g_autofree char *brake = state_get_setting(fixture->state, "brake");
	g_assert_cmpstr(brake, ==, "on");
	g_assert_null(state_get_setting(fixture->state, "other"));
}

static void test_totals_can_be_peeked(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	StateTotals totals = { 0 };
	settled(fixture, ENTRY_KEY_ROOT, "file", ENTRY_FILE);
	settled(fixture, ENTRY_KEY_ROOT, "folder", ENTRY_FOLDER);
	record(fixture);
	g_assert_true(state_peek(fixture->path, &totals, &error));
	g_assert_cmpuint(totals.files, ==, 1);
	g_assert_cmpuint(totals.folders, ==, 1);
	g_autofree char *nowhere = g_build_filename(fixture->folder, "nowhere", NULL);
	g_assert_false(state_peek(nowhere, &totals, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_assert_false(g_file_test(nowhere, G_FILE_TEST_EXISTS));
}

static void test_keys_are_not_used_again(Fixture *fixture, const void *data)
{
	int64_t key = 0;
	for (unsigned i = 0; i < 1000; i++) {
		key = state_key_new(fixture->state);
	}
	open_again(fixture);
	g_assert_cmpint(state_key_new(fixture->state), >, key);
}

static void test_read_entries_stay_for_64_reads(Fixture *fixture, const void *data)
{
	GArray *keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	for (unsigned i = 0; i < 6000; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);
		int64_t key = settled(fixture, ENTRY_KEY_ROOT, name, ENTRY_FILE);
		g_array_append_val(keys, key);
	}
	record(fixture);
	open_again(fixture);
	const Entry *first = state_get(fixture->state, SIDE_LOCAL, g_array_index(keys, int64_t, 0));
	/* Fill the cache up to its end, so that what came first is the next to go. */
	for (unsigned i = 1; i < 4096; i++) {
		state_get(fixture->state, SIDE_LOCAL, g_array_index(keys, int64_t, i));
	}
	first = state_get(fixture->state, SIDE_LOCAL, first->key);
	for (unsigned i = 0; i < 63; i++) {
		state_get(fixture->state, SIDE_LOCAL, g_array_index(keys, int64_t, 5000 + i));
	}
	g_assert_cmpstr(first->name, ==, "0");
	g_array_unref(keys);
}

/* The server has a deleted folder again, since something came into it, and told of that alone. */
typedef struct Revived {
	int64_t folder, child;
	NodeId id; /* of the folder */
} Revived;

static Revived revived(Fixture *fixture)
{
	int64_t folder = settled(fixture, ENTRY_KEY_ROOT, "folder", ENTRY_FOLDER);
	Revived found = { .folder = folder };
	found.id = state_get(fixture->state, SIDE_SYNCED, folder)->id;
	state_remove(fixture->state, SIDE_REMOTE, folder, NULL);
	found.child = settled(fixture, folder, "child", ENTRY_FILE);
	return found;
}

static void assert_is_expected(Fixture *fixture, const Revived *revived)
{
	int64_t folder = state_key_of_id(fixture->state, &revived->id);
	g_assert_cmpint(folder, !=, ENTRY_KEY_NONE);
	for (Side side = SIDE_SYNCED; side <= SIDE_REMOTE; side++) {
		const Entry *child = state_get(fixture->state, side, revived->child);
		g_assert_cmpint(child->parent, ==, folder);
	}
}

static void test_a_folder_that_comes_back_is_expected(Fixture *fixture, const void *data)
{
	const Revived renewed = revived(fixture);
	const NodeId id = node_id_random();
	state_rekey_local(fixture->state, renewed.folder, state_key_new(fixture->state), &id);
	const Revived forgotten = revived(fixture);
	state_remove(fixture->state, SIDE_LOCAL, forgotten.folder, NULL);
	state_forget(fixture->state, forgotten.folder);
	assert_is_expected(fixture, &renewed);
	assert_is_expected(fixture, &forgotten);
	set_cursor(fixture, "1");
	record(fixture);
	open_again(fixture);
	assert_is_expected(fixture, &renewed);
	assert_is_expected(fixture, &forgotten);
}

/* A folder became another node, and the process ended before what is in it was settled there. */
static void test_strays_are_told(Fixture *fixture, const void *data)
{
	int64_t folder = settled(fixture, ENTRY_KEY_ROOT, "folder", ENTRY_FOLDER);
	int64_t file = settled(fixture, folder, "file", ENTRY_FILE);
	int64_t other = settled(fixture, ENTRY_KEY_ROOT, "other", ENTRY_FOLDER);
	settled(fixture, other, "file", ENTRY_FILE);
	record(fixture);
	NodeId id = node_id_random();
	state_rekey_local(fixture->state, folder, state_key_new(fixture->state), &id);
	record(fixture);
	open_again(fixture);
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	state_strays(fixture->state, keys);
	g_assert_cmpuint(keys->len, ==, 1);
	g_assert_cmpint(g_array_index(keys, int64_t, 0), ==, file);
}

#define ADD(name, function) \
	g_test_add("/client/state/state/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("record-is-for-marked-generations", test_record_is_for_marked_generations);
	ADD("rename-again-records-the-first-name", test_rename_again_records_the_first_name);
	ADD("cursor-skips-nothing", test_cursor_skips_nothing);
	ADD("deletion-is-kept-of-what-is-agreed-later",
	    test_deletion_is_kept_of_what_is_agreed_later);
	ADD("deletion-is-kept-of-what-is-settled-again",
	    test_deletion_is_kept_of_what_is_settled_again);
	ADD("recorded-deletion-does-not-come-back", test_recorded_deletion_does_not_come_back);
	ADD("cursor-waits-while-much-is-left", test_cursor_waits_while_much_is_left);
	ADD("promised-key-is-kept", test_promised_key_is_kept);
	ADD("held-id-outlives-what-was-here", test_held_id_outlives_what_was_here);
	ADD("reset-keeps-what-is-here", test_reset_keeps_what_is_here);
	ADD("rename-of-a-folder-is-one-row", test_rename_of_a_folder_is_one_row);
	ADD("of-another-drive-is-refused", test_of_another_drive_is_refused);
	ADD("unreadable-is-corrupt", test_unreadable_is_corrupt);
	ADD("wrong-row-makes-the-state-void", test_wrong_row_makes_the_state_void);
	ADD("wrong-remote-row-is-corrupt", test_wrong_remote_row_is_corrupt);
	ADD("file-is-private", test_file_is_private);
	ADD("survives-any-failed-call", test_survives_any_failed_call);
	ADD("settings-are-kept", test_settings_are_kept);
	ADD("totals-can-be-peeked", test_totals_can_be_peeked);
	ADD("keys-are-not-used-again", test_keys_are_not_used_again);
	ADD("read-entries-stay-for-64-reads", test_read_entries_stay_for_64_reads);
	ADD("a-folder-that-comes-back-is-expected", test_a_folder_that_comes_back_is_expected);
	ADD("strays-are-told", test_strays_are_told);
	return g_test_run();
}
