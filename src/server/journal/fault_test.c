/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every door of the journal while the n-th call of the database fails, n = 1, 2, 3 … until it
 * succeeds: the failure is told, nothing of it remains, and everything still holds.
 */
#include "server/journal/fixture.h"

#include "base/error.h"
#include "chunk/content.h"

#include <string.h>

typedef struct World {
	Fixture *fixture;
	NodeId folder;
	NodeId inner;
	NodeId file;
	NodeId other;
	NodeId buried;
	GBytes *cursor;
	Commit *commit;
} World;

typedef bool (*Door)(World *world, GError **error);

static World world_new(void)
{
	World world = { .fixture = fixture_new() };
	Fixture *fixture = world.fixture;
	world.folder = fixture_make(fixture, &fixture->drive, "folder/");
	world.inner = fixture_make(fixture, &world.folder, "inner/");
	world.file = fixture_make(fixture, &world.inner, "file");
	world.other = fixture_make(fixture, &world.inner, "Other");
	NodeId dead = fixture_make(fixture, &fixture->drive, "dead/");
	world.buried = fixture_make(fixture, &dead, "buried");
	fixture_make(fixture, &dead, "beside");
	fixture_update_now(fixture, &world.file, "second");
	fixture_delete_now(fixture, &dead);
	world.commit = fixture_commit(fixture);
	world.commit->device = 99;
	return world;
}

static void world_clear(World *world)
{
	fixture_commit_free(world->commit);
	g_clear_pointer(&world->cursor, g_bytes_unref);
	fixture_free(world->fixture);
}

static bool is_same(const JournalUsage *a, const JournalUsage *b)
{
	return a->bytes == b->bytes && a->quota == b->quota && a->caseless == b->caseless &&
	       a->nodes == b->nodes && a->seq == b->seq;
}

/* Returns the number of calls that it took. */
static unsigned walk(World *world, Door door, bool whole)
{
	JournalUsage before = fixture_usage(world->fixture);
	for (unsigned nth = 1;; nth++) {
		g_autoptr(GError) error = NULL;
		sql_fault_set(world->fixture->sql, nth);
		bool done = door(world, &error);
		sql_fault_set(world->fixture->sql, 0);
		fixture_check(world->fixture);
		if (done) {
			g_assert_no_error(error);
			return nth;
		}
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_IO);
		JournalUsage after = fixture_usage(world->fixture);
		g_assert_true(!whole || is_same(&before, &after));
	}
}

/* ---- doors that write ---------------------------------------------------------------------- */

static bool door_create_drive(World *world, GError **error)
{
	static const NodeId drive = { { 5 } };
	static const JournalDriveOptions options = { .caseless = true };
	return journal_drive_create(world->fixture->journal, &drive, 5, &options, error);
}

static bool door_set_quota(World *world, GError **error)
{
	return journal_drive_set_quota(world->fixture->journal, &world->fixture->drive, 0, error);
}

static bool door_set_caseless(World *world, GError **error)
{
	return journal_drive_set_caseless(world->fixture->journal, &world->fixture->drive, true,
					  error);
}

static bool door_commit(World *world, GError **error)
{
	return fixture_try(world->commit, error);
}

static bool door_upload(World *world, GError **error)
{
	JournalStored stored[2] = {
		fixture_stored(world->fixture, "up", 2),
		fixture_stored(world->fixture, "second", 6),
	};
	return journal_upload(world->fixture->journal, 1, stored, 2, error);
}

static bool door_restore_version(World *world, GError **error)
{
	uint64_t seq;
	return journal_restore(world->fixture->journal, &world->fixture->drive, 1, &world->file, 1,
			       &seq, error);
}

static bool door_restore_node(World *world, GError **error)
{
	uint64_t seq;
	return journal_restore(world->fixture->journal, &world->fixture->drive, 1, &world->buried,
			       0, &seq, error);
}

static bool door_sweep(World *world, GError **error)
{
	bool more = true;
	JournalRetention retention = { 0 };
	while (more) {
		int64_t now_us = g_get_real_time() + 3 * 86400 * (int64_t)G_USEC_PER_SEC;
		if (!journal_sweep(world->fixture->journal, &retention, now_us, &more, error)) {
			return false;
		}
	}
	return true;
}

static bool door_relocate(World *world, GError **error)
{
	JournalStored stored = fixture_stored(world->fixture, "second", 6);
	stored.location.pack = 123;
	return journal_relocate(world->fixture->journal, FIXTURE_PACK, &stored, 1, error);
}

static bool door_pack_begin(World *world, GError **error)
{
	return journal_pack_begin(world->fixture->journal, 124, error);
}

static bool door_pack_forget(World *world, GError **error)
{
	return journal_pack_forget(world->fixture->journal, 124, error);
}

static void test_writing(void)
{
	static const struct {
		Door door;
		unsigned calls; /* at least */
	} doors[] = {
		{ door_create_drive, 5 }, { door_set_quota, 3 },       { door_upload, 6 },
		{ door_restore_node, 8 }, { door_restore_version, 8 }, { door_relocate, 5 },
		{ door_set_caseless, 3 }, { door_pack_begin, 3 },      { door_pack_forget, 3 },
		{ door_sweep, 20 },
	};
	World world = world_new();
	for (size_t i = 0; i < G_N_ELEMENTS(doors); i++) {
		unsigned calls = walk(&world, doors[i].door, doors[i].door != door_sweep);
		g_assert_cmpuint(calls, >, doors[i].calls);
	}
	world_clear(&world);
}

/* ---- commits ------------------------------------------------------------------------------- */

static void walk_commit(World *world, JournalOutcome outcome)
{
	walk(world, door_commit, true);
	for (unsigned i = 0; i < world->commit->operations->len; i++) {
		g_assert_cmpint(fixture_outcome(world->commit, i), ==, outcome);
	}
	world_clear(world);
}

static void test_create(void)
{
	World world = world_new();
	NodeId folder = node_id_new();
	NodeId file = node_id_new();
	NodeId link = node_id_new();
	fixture_folder(world.commit, &folder, &world.inner, "New");
	fixture_file(world.commit, &file, &folder, "file", "new text");
	fixture_link(world.commit, &link, &folder, "link", "file");
	walk_commit(&world, JOURNAL_APPLIED);
}

static void test_change(void)
{
	World world = world_new();
	Fixture *fixture = world.fixture;
	fixture_update(world.commit, &world.file, fixture_base(fixture, &world.file), "third");
	fixture_move(world.commit, &world.other, fixture_base(fixture, &world.other), &world.folder,
		     "moved");
	fixture_delete(world.commit, &world.buried, fixture_base(fixture, &world.buried), 0);
	walk_commit(&world, JOURNAL_APPLIED);
}

static void test_delete_folder(void)
{
	World world = world_new();
	Fixture *fixture = world.fixture;
	fixture_delete(world.commit, &world.folder, fixture_base(fixture, &world.folder),
		       fixture_head(fixture));
	walk_commit(&world, JOURNAL_APPLIED);
}

static void test_revive(void)
{
	World world = world_new();
	Fixture *fixture = world.fixture;
	fixture_update(world.commit, &world.buried, fixture_base(fixture, &world.buried), "back");
	walk_commit(&world, JOURNAL_APPLIED);
}

static void test_move_out(void)
{
	World world = world_new();
	Fixture *fixture = world.fixture;
	uint64_t base = fixture_base(fixture, &world.inner);
	fixture_delete_now(fixture, &world.folder);
	fixture_move(world.commit, &world.inner, base, &fixture->drive, "out");
	walk_commit(&world, JOURNAL_APPLIED);
}

static void test_swap(void)
{
	World world = world_new();
	Fixture *fixture = world.fixture;
	NodeId file = node_id_new();
	world.commit->group = 1;
	fixture_file(world.commit, &file, &world.inner, "file", "in its place");
	fixture_move(world.commit, &world.file, fixture_base(fixture, &world.file), &world.inner,
		     "Other");
	fixture_move(world.commit, &world.other, fixture_base(fixture, &world.other), &world.inner,
		     "away");
	walk_commit(&world, JOURNAL_APPLIED);
}

static void test_failed_group(void)
{
	World world = world_new();
	NodeId folder = node_id_new();
	NodeId file = node_id_new();
	world.commit->group = 1;
	fixture_folder(world.commit, &folder, &world.inner, "New");
	fixture_file(world.commit, &file, &folder, "file", "not taken");
	fixture_update(world.commit, &world.file, 1, "stale");
	walk(&world, door_commit, true);
	g_assert_cmpint(fixture_outcome(world.commit, 0), ==, JOURNAL_GROUP_FAILED);
	g_assert_cmpint(fixture_outcome(world.commit, 2), ==, JOURNAL_STALE);
	world_clear(&world);
}

static void test_long_file(void)
{
	World world = world_new();
	ContentRef refs[40];
	g_autoptr(GPtrArray) lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	for (unsigned i = 0; i < G_N_ELEMENTS(refs); i++) {
		g_autofree char *text = g_strdup_printf("%u", i);
		refs[i] = (ContentRef){ chunk_id_of(text, strlen(text)), (uint32_t)strlen(text) };
		fixture_store(world.commit, text, strlen(text));
	}
	GBytes *content = content_encode(refs, G_N_ELEMENTS(refs), lists);
	GBytes *list = g_ptr_array_index(lists, 0);
	gsize size = g_bytes_get_size(list);
	ChunkId id = chunk_id_of(g_bytes_get_data(list, NULL), size);
	NodeId file = node_id_new();
	fixture_store(world.commit, g_bytes_get_data(list, NULL), size);
	g_hash_table_insert(world.commit->lists, g_memdup2(&id, sizeof id), g_bytes_ref(list));
	g_ptr_array_add(world.commit->memory, content);
	fixture_file(world.commit, &file, &world.inner, "long", "");
	JournalOperation *operation = fixture_last(world.commit);
	operation->size = 10 + 2 * 30;
	operation->content = g_bytes_get_data(content, &operation->content_size);
	walk_commit(&world, JOURNAL_APPLIED);
}

/* ---- doors that read ----------------------------------------------------------------------- */

static bool door_usage(World *world, GError **error)
{
	JournalUsage usage;
	NodeId drive;
	return journal_usage(world->fixture->journal, &world->fixture->drive, &usage, error) &&
	       journal_drive_of(world->fixture->journal, 1, &drive, error);
}

static bool door_node(World *world, GError **error)
{
	JournalNode node;
	if (!journal_node(world->fixture->journal, &world->fixture->drive, &world->file, &node,
			  error)) {
		return false;
	}
	journal_node_clear(&node);
	if (!journal_resolve(world->fixture->journal, &world->fixture->drive, "folder/inner/file",
			     &node, error)) {
		return false;
	}
	journal_node_clear(&node);
	return true;
}

static bool door_changes(World *world, GError **error)
{
	JournalPage page;
	if (!journal_changes(world->fixture->journal, &world->fixture->drive, world->cursor, 2,
			     &page, error)) {
		return false;
	}
	g_clear_pointer(&world->cursor, g_bytes_unref);
	world->cursor = g_bytes_ref(page.cursor);
	journal_page_clear(&page);
	return true;
}

static void clear_version(void *data)
{
	journal_node_clear(&((JournalVersion *)data)->node);
}

static bool door_history(World *world, GError **error)
{
	g_autoptr(GArray) versions = g_array_new(FALSE, FALSE, sizeof(JournalVersion));
	g_array_set_clear_func(versions, clear_version);
	g_autoptr(GArray) trash = g_array_new(FALSE, FALSE, sizeof(JournalNode));
	g_array_set_clear_func(trash, (GDestroyNotify)journal_node_clear);
	g_autoptr(GArray) children = g_array_new(FALSE, FALSE, sizeof(JournalNode));
	g_array_set_clear_func(children, (GDestroyNotify)journal_node_clear);
	unsigned count;
	return journal_versions(world->fixture->journal, &world->fixture->drive, &world->file,
				versions, error) &&
	       journal_count(world->fixture->journal, &world->fixture->drive,
			     &world->fixture->drive, 9, &count, error) &&
	       journal_children(world->fixture->journal, &world->fixture->drive,
				&world->fixture->drive, NULL, 9, children, error) &&
	       journal_trash(world->fixture->journal, &world->fixture->drive, 9, trash, error);
}

static bool door_chunks(World *world, GError **error)
{
	Journal *journal = world->fixture->journal;
	ChunkId id = chunk_id_of("second", 6);
	BlobsLocation location;
	bool found;
	g_autoptr(GArray) missing = g_array_new(FALSE, FALSE, sizeof(ChunkId));
	return journal_locate(journal, &world->fixture->drive, &id, 1, &location, &found, error) &&
	       journal_locate_leased(journal, 1, &id, 1, &location, &found, error) &&
	       journal_holds_lists(journal, &world->fixture->drive, &id, 1, &found, error) &&
	       journal_missing(journal, &world->fixture->drive, 1, &id, 1, 6, missing, error);
}

static bool door_packs(World *world, GError **error)
{
	g_autoptr(GArray) packs = g_array_new(FALSE, FALSE, sizeof(JournalPack));
	g_autoptr(GArray) stored = g_array_new(FALSE, FALSE, sizeof(JournalStored));
	return journal_packs(world->fixture->journal, packs, error) &&
	       journal_pack_chunks(world->fixture->journal, FIXTURE_PACK, 0, 9, stored, error);
}

static bool door_check(World *world, GError **error)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	return journal_check(world->fixture->journal, problems, error);
}

static void test_reading(void)
{
	static const Door doors[] = {
		door_usage,   door_node,   door_changes, door_changes,
		door_history, door_chunks, door_packs,   door_check,
	};
	World world = world_new();
	for (size_t i = 0; i < G_N_ELEMENTS(doors); i++) {
		g_assert_cmpuint(walk(&world, doors[i], true), >, 2);
	}
	world_clear(&world);
}

static void test_opening(void)
{
	g_autoptr(GError) error = NULL;
	static const SqlOptions options = { .durability = SQL_DURABLE };
	g_autoptr(Sql) sql = sql_open(":memory:", &options, &error);
	Journal *journal = NULL;
	for (unsigned nth = 1; !journal; nth++) {
		g_clear_error(&error);
		sql_fault_set(sql, nth);
		journal = journal_open(sql, &error);
		sql_fault_set(sql, 0);
		g_assert_true(!journal == (error != NULL));
	}
	journal_close(journal);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/journal/fault/writing", test_writing);
	g_test_add_func("/server/journal/fault/create", test_create);
	g_test_add_func("/server/journal/fault/change", test_change);
	g_test_add_func("/server/journal/fault/delete-folder", test_delete_folder);
	g_test_add_func("/server/journal/fault/revive", test_revive);
	g_test_add_func("/server/journal/fault/move-out", test_move_out);
	g_test_add_func("/server/journal/fault/swap", test_swap);
	g_test_add_func("/server/journal/fault/failed-group", test_failed_group);
	g_test_add_func("/server/journal/fault/long-file", test_long_file);
	g_test_add_func("/server/journal/fault/reading", test_reading);
	g_test_add_func("/server/journal/fault/opening", test_opening);
	return g_test_run();
}
