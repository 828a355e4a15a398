/* SPDX-License-Identifier: Apache-2.0 */
#include "server/journal/fixture.h"

#include "base/error.h"

#include <glib/gstdio.h>
#include <string.h>

#define DEVICES 8
#define COMMITS 25

typedef struct World {
	char *folder;
	char *path;
	Fixture fixture;
	NodeId drives[2];
} World;

static void open_world(World *world)
{
	static const SqlOptions options = { .durability = SQL_DURABLE };
	g_autoptr(GError) error = NULL;
	world->fixture.sql = sql_open(world->path, &options, &error);
	g_assert_no_error(error);
	world->fixture.journal = journal_open(world->fixture.sql, &error);
	g_assert_no_error(error);
}

static void close_world(World *world)
{
	journal_close(world->fixture.journal);
	sql_close(world->fixture.sql);
}

static void world_set_up(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	world->folder = g_dir_make_tmp("journal-XXXXXX", &error);
	g_assert_no_error(error);
	world->path = g_build_filename(world->folder, "db", NULL);
	open_world(world);
	for (int64_t i = 0; i < 2; i++) {
		world->drives[i] = fixture_drive(&world->fixture, FIXTURE_ACCOUNT + i);
	}
	world->fixture.drive = world->drives[0];
	world->fixture.account = FIXTURE_ACCOUNT;
	world->fixture.device = 1;
}

static void world_tear_down(World *world, const void *data)
{
	close_world(world);
	g_unlink(world->path);
	g_rmdir(world->folder);
	g_free(world->path);
	g_free(world->folder);
}

static void test_drives(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	Journal *journal = world->fixture.journal;
	NodeId drive;
	g_assert_true(journal_drive_of(journal, FIXTURE_ACCOUNT + 1, &drive, &error));
	g_assert_true(node_id_equal(&drive, &world->drives[1]));
	g_assert_false(journal_drive_of(journal, 99, &drive, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_clear_error(&error);

	static const JournalDriveOptions options = { 0 };
	NodeId other = node_id_random();
	g_assert_false(journal_drive_create(journal, &other, FIXTURE_ACCOUNT, &options, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT);
	g_clear_error(&error);
	g_assert_false(journal_drive_create(journal, &world->drives[0], 99, &options, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT);
	g_clear_error(&error);
	g_assert_false(journal_drive_set_quota(journal, &other, 1, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);

	JournalNode root = fixture_node(&world->fixture, &world->drives[0]);
	static const NodeId none;
	g_assert_true(node_id_equal(&root.parent, &none));
	g_assert_cmpint(root.kind, ==, JOURNAL_FOLDER);
	journal_node_clear(&root);
	fixture_check(&world->fixture);
}

/* One device: creates, and changes what it created. */
static void *work(void *data)
{
	World *world = ((void **)data)[0];
	unsigned device = GPOINTER_TO_UINT(((void **)data)[1]);
	Fixture fixture = world->fixture;
	fixture.device = device;
	fixture.account = FIXTURE_ACCOUNT + device % 2;
	fixture.drive = world->drives[device % 2];
	fixture.offset = device * 1000000;
	for (unsigned i = 0; i < COMMITS; i++) {
		g_autofree char *name = g_strdup_printf("%u %u", device, i);
		g_autoptr(Commit) commit = fixture_commit(&fixture);
		NodeId id = node_id_new();
		fixture_file(commit, &id, &fixture.drive, name, i % 2 ? name : "shared");
		fixture_run(commit);
		g_assert_cmpint(fixture_outcome(commit, 0), ==, JOURNAL_APPLIED);
		g_assert_cmpuint(commit->seq, ==, fixture_seq(commit, 0));
		g_assert_cmpuint(fixture_base(&fixture, &id), ==, commit->seq);
		g_autoptr(Commit) change = fixture_commit(&fixture);
		fixture_update(change, &id, commit->seq, "changed");
		fixture_run(change);
		g_assert_cmpint(fixture_outcome(change, 0), ==, JOURNAL_APPLIED);
	}
	return NULL;
}

static void work_together(World *world)
{
	GThread *threads[DEVICES];
	void *arguments[DEVICES][2];
	for (unsigned i = 0; i < DEVICES; i++) {
		arguments[i][0] = world;
		arguments[i][1] = GUINT_TO_POINTER(i + 1);
		threads[i] = g_thread_new("device", work, arguments[i]);
	}
	for (unsigned i = 0; i < DEVICES; i++) {
		g_thread_join(threads[i]);
	}
}

static void test_devices_at_once(World *world, const void *data)
{
	work_together(world);
	fixture_check(&world->fixture);
	for (unsigned i = 0; i < 2; i++) {
		world->fixture.drive = world->drives[i];
		JournalUsage usage = fixture_usage(&world->fixture);
		g_assert_cmpuint(usage.nodes, ==, DEVICES / 2 * COMMITS);
		g_assert_cmpuint(usage.seq, ==, DEVICES * COMMITS);
	}
}

static void test_reopening(World *world, const void *data)
{
	NodeId a = fixture_make(&world->fixture, &world->drives[0], "a");
	close_world(world);
	open_world(world);
	g_assert_true(fixture_resolves(&world->fixture, "a", &a));
	NodeId b = fixture_make(&world->fixture, &world->drives[0], "b");
	g_assert_true(fixture_resolves(&world->fixture, "b", &b));
	g_assert_cmpuint(fixture_head(&world->fixture), ==, 2);
	fixture_check(&world->fixture);
}

static void damage(Fixture *fixture, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SqlSession) session = sql_write(fixture->sql, &error);
	SqlStatement *statement = sql_statement(session, text, &error);
	g_assert_no_error(error);
	sql_run(statement, &error);
	sql_commit(session, &error);
	g_assert_no_error(error);
}

/* What the check is for: damage that SQLite cannot see. */
static void test_check_finds(World *world, const void *data)
{
	static const char *const damages[] = {
		"UPDATE drive SET bytes = bytes + 1",
		"UPDATE drive SET nodes = nodes + 1",
		"UPDATE drive SET seq = seq - 1",
		"UPDATE node SET parent = key WHERE kind = 2 AND parent IS NOT NULL",
		"UPDATE node SET parent = 999 WHERE kind = 1",
		"UPDATE node SET name = 'a/b' WHERE kind = 1",
		"UPDATE node SET size = size + 1 WHERE kind = 1",
		"UPDATE node SET content = NULL WHERE kind = 1",
		"UPDATE node SET deleted = 1 WHERE kind = 1",
		"UPDATE node SET folded = name WHERE kind = 1",
		"UPDATE node SET height = 0",
		"UPDATE holding SET names = names + 1",
		"DELETE FROM holding",
		"DELETE FROM chunk",
		"DELETE FROM commit_tag",
		"UPDATE pack SET size_live = size_live - 1",
		"UPDATE journal_key SET next = 1",
		"DELETE FROM node WHERE kind = 1",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(damages); i++) {
		g_autoptr(Fixture) fixture = fixture_new();
		NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
		NodeId inner = fixture_make(fixture, &folder, "inner/");
		NodeId file = fixture_make(fixture, &inner, "file");
		fixture_update_now(fixture, &file, "changed");
		damage(fixture, damages[i]);
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
		journal_check(fixture->journal, problems, &error);
		g_assert_no_error(error);
		g_test_message("%s: %u problems", damages[i], problems->len);
		g_assert_cmpuint(problems->len, >, 0);
	}
}

/* A journal whose tables are those of an earlier version, with what was in them. */
static void test_migrates(World *world, const void *data)
{
	static const char *const steps_back[] = {
		"ALTER TABLE drive DROP COLUMN caseless",
		"DROP TABLE leased",
	};
	NodeId file = fixture_make(&world->fixture, &world->drives[0], "file");
	for (unsigned back = 1; back <= G_N_ELEMENTS(steps_back); back++) {
		for (unsigned i = 0; i < back; i++) {
			damage(&world->fixture, steps_back[i]);
		}
		g_autofree char *version = g_strdup_printf(
			"UPDATE migration SET version = version - %u WHERE component = 'journal'",
			back);
		damage(&world->fixture, version);
		close_world(world);
		open_world(world);
		fixture_check(&world->fixture);
		g_assert_true(fixture_resolves(&world->fixture, "file", &file));
		g_assert_false(fixture_usage(&world->fixture).caseless);
	}
}

static void add(const char *path, void (*test)(World *, const void *))
{
	g_test_add(path, World, NULL, world_set_up, test, world_tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/server/journal/drives", test_drives);
	add("/server/journal/devices-at-once", test_devices_at_once);
	add("/server/journal/reopening", test_reopening);
	add("/server/journal/migrates-from-every-version", test_migrates);
	add("/server/journal/check-finds-damage", test_check_finds);
	return g_test_run();
}
