/* SPDX-License-Identifier: Apache-2.0 */
/* Versions, trash, and what is brought back from them. */
#include "server/journal/fixture.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define DAY_S 86400

static void clear_version(void *data)
{
	journal_node_clear(&((JournalVersion *)data)->node);
}

static void clear_node(void *data)
{
	journal_node_clear(data);
}

static GArray *versions_of(Fixture *fixture, const NodeId *id)
{
	g_autoptr(GError) error = NULL;
	GArray *versions = g_array_new(FALSE, FALSE, sizeof(JournalVersion));
	g_array_set_clear_func(versions, clear_version);
	journal_versions(fixture->journal, &fixture->drive, id, versions, &error);
	g_assert_no_error(error);
	return versions;
}

static GArray *trash_of(Fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	GArray *nodes = g_array_new(FALSE, FALSE, sizeof(JournalNode));
	g_array_set_clear_func(nodes, clear_node);
	journal_trash(fixture->journal, &fixture->drive, 100, nodes, &error);
	g_assert_no_error(error);
	return nodes;
}

static bool restore(Fixture *fixture, const NodeId *id, int64_t number, GError **error)
{
	uint64_t seq = 0;
	bool done = journal_restore(fixture->journal, &fixture->drive, 1, id, number, &seq, error);
	g_assert_true(!done || seq == fixture_head(fixture));
	fixture_check(fixture);
	return done;
}

static void restore_now(Fixture *fixture, const NodeId *id, int64_t number)
{
	g_autoptr(GError) error = NULL;
	restore(fixture, id, number, &error);
	g_assert_no_error(error);
}

static void refuse_restore(Fixture *fixture, const NodeId *id, int64_t number, DriveError code)
{
	g_autoptr(GError) error = NULL;
	g_assert_false(restore(fixture, id, number, &error));
	g_assert_error(error, DRIVE_ERROR, (int)code);
}

static void sweep(Fixture *fixture, int64_t versions_s, int64_t trash_s, int64_t days)
{
	bool more = true;
	JournalRetention retention = { .versions_s = versions_s, .trash_s = trash_s };
	while (more) {
		g_autoptr(GError) error = NULL;
		int64_t now_us = g_get_real_time() + days * DAY_S * G_USEC_PER_SEC;
		journal_sweep(fixture->journal, &retention, now_us, &more, &error);
		g_assert_no_error(error);
		fixture_check(fixture);
	}
}

static bool has_text(const JournalNode *node, const char *text)
{
	g_autoptr(GBytes) content = fixture_content(text);
	return g_bytes_equal(node->content, content) && node->size == strlen(text);
}

static const JournalVersion *version(const GArray *versions, unsigned index)
{
	g_assert_cmpuint(index, <, versions->len);
	return &g_array_index(versions, JournalVersion, index);
}

static void test_versions(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
	NodeId id = fixture_make(fixture, &fixture->drive, "one");
	fixture->device++;
	fixture_move_now(fixture, &id, &folder, "moved");
	fixture_update_now(fixture, &id, "two");
	fixture_update_now(fixture, &id, "two");
	fixture_update_now(fixture, &id, "three");
	fixture_delete_now(fixture, &id);

	g_autoptr(GArray) versions = versions_of(fixture, &id);
	g_assert_cmpuint(versions->len, ==, 3);
	static const char *const texts[] = { "one", "two", "three" };
	for (unsigned i = 0; i < 3; i++) {
		g_assert_cmpint(version(versions, i)->number, ==, i + 1);
		g_assert_cmpint(version(versions, i)->current, ==, i == 2);
		g_assert_true(has_text(&version(versions, i)->node, texts[i]));
		g_assert_true(node_id_equal(&version(versions, i)->node.id, &id));
	}
	/* Moving it made nobody the author of its content. */
	g_assert_cmpint(version(versions, 0)->node.device, ==, fixture->device - 1);
	g_assert_cmpint(version(versions, 1)->node.device, ==, fixture->device);
	g_assert_true(version(versions, 2)->node.deleted);
	g_autoptr(GArray) none = versions_of(fixture, &folder);
	g_assert_cmpuint(none->len, ==, 0);
}

static void test_version_comes_back(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId id = fixture_make(fixture, &fixture->drive, "one");
	fixture_update_now(fixture, &id, "two");
	restore_now(fixture, &id, 1);
	JournalNode node = fixture_node(fixture, &id);
	g_assert_true(has_text(&node, "one"));
	g_assert_cmpint(node.device, ==, 0);
	g_assert_cmpuint(node.seq, ==, fixture_head(fixture));
	journal_node_clear(&node);
	g_autoptr(GArray) versions = versions_of(fixture, &id);
	g_assert_cmpuint(versions->len, ==, 3);
	g_assert_cmpint(version(versions, 2)->number, ==, 3);
	refuse_restore(fixture, &id, 4, DRIVE_ERROR_NOT_FOUND);
	refuse_restore(fixture, &id, -1, DRIVE_ERROR_INVALID);
	refuse_restore(fixture, &id, 0, DRIVE_ERROR_CONFLICT);

	fixture_delete_now(fixture, &id);
	restore_now(fixture, &id, 2);
	node = fixture_node(fixture, &id);
	g_assert_true(has_text(&node, "two"));
	g_assert_false(node.deleted);
	journal_node_clear(&node);
}

static void test_numbers_stay(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId id = fixture_make(fixture, &fixture->drive, "one");
	fixture_update_now(fixture, &id, "two");
	sweep(fixture, 0, DAY_S, 0);
	fixture_update_now(fixture, &id, "three");
	g_autoptr(GArray) versions = versions_of(fixture, &id);
	g_assert_cmpuint(versions->len, ==, 2);
	g_assert_cmpint(version(versions, 0)->number, ==, 2);
	g_assert_true(has_text(&version(versions, 0)->node, "two"));
	refuse_restore(fixture, &id, 1, DRIVE_ERROR_NOT_FOUND);
}

static void test_trash(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
	NodeId inner = fixture_make(fixture, &folder, "inner");
	fixture_make(fixture, &folder, "stays");
	fixture_delete_now(fixture, &inner);
	fixture_delete_now(fixture, &folder);
	g_autoptr(GArray) trash = trash_of(fixture);
	g_assert_cmpuint(trash->len, ==, 2);
	const JournalNode *first = &g_array_index(trash, JournalNode, 0);
	const JournalNode *second = &g_array_index(trash, JournalNode, 1);
	g_assert_true(node_id_equal(&first->id, &folder));
	g_assert_true(node_id_equal(&second->id, &inner));
	g_assert_true(node_id_equal(&second->parent, &folder));
	g_assert_true(first->deleted && second->deleted);
}

static void test_folder_comes_back_whole(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
	NodeId inner = fixture_make(fixture, &folder, "inner/");
	NodeId file = fixture_make(fixture, &inner, "file");
	NodeId before = fixture_make(fixture, &inner, "before");
	NodeId together = fixture_make(fixture, &inner, "together");
	fixture_delete_now(fixture, &before);
	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_delete(commit, &together, fixture_base(fixture, &together), fixture_head(fixture));
	fixture_delete(commit, &folder, fixture_base(fixture, &folder), fixture_head(fixture));
	fixture_run(commit);
	g_assert_cmpint(fixture_outcome(commit, 1), ==, JOURNAL_APPLIED);
	refuse_restore(fixture, &fixture->drive, 0, DRIVE_ERROR_INVALID);

	restore_now(fixture, &folder, 0);
	g_assert_true(fixture_resolves(fixture, "folder/inner/file", &file));
	g_assert_true(fixture_resolves(fixture, "folder/inner/together", &together));
	g_assert_false(fixture_is_live(fixture, &before));
	g_assert_cmpuint(fixture_base(fixture, &file), ==, fixture_head(fixture));
}

static void test_ancestors_come_back_alone(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId top = fixture_make(fixture, &fixture->drive, "top/");
	NodeId folder = fixture_make(fixture, &top, "folder/");
	NodeId file = fixture_make(fixture, &folder, "file");
	NodeId sibling = fixture_make(fixture, &folder, "sibling");
	fixture_delete_now(fixture, &top);
	restore_now(fixture, &file, 0);
	g_assert_true(fixture_resolves(fixture, "top/folder/file", &file));
	g_assert_false(fixture_is_live(fixture, &sibling));
	restore_now(fixture, &sibling, 0);
	g_assert_true(fixture_resolves(fixture, "top/folder/sibling", &sibling));
}

static void test_taken_names(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
	NodeId old[3];
	for (unsigned i = 0; i < 3; i++) {
		old[i] = fixture_make(fixture, &folder, "file.txt");
		fixture_delete_now(fixture, &old[i]);
	}
	fixture_make(fixture, &folder, "file.txt");
	restore_now(fixture, &old[0], 0);
	restore_now(fixture, &old[1], 1);
	g_assert_true(fixture_resolves(fixture, "folder/file (restored).txt", &old[0]));
	g_assert_true(fixture_resolves(fixture, "folder/file (restored 2).txt", &old[1]));

	fixture_delete_now(fixture, &folder);
	fixture_make(fixture, &fixture->drive, "folder/");
	restore_now(fixture, &old[2], 0);
	g_assert_true(fixture_resolves(fixture, "folder (restored)/file.txt", &old[2]));
}

/* Restores a file beside another of its name, and looks at the name that it gets. */
/* In a drive that is caseless, what comes back makes way for a name in another case, too. */
static void test_restoring_makes_no_twins(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	g_autoptr(GError) error = NULL;
	journal_drive_set_caseless(fixture->journal, &fixture->drive, true, &error);
	g_assert_no_error(error);
	NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
	NodeId old = fixture_make(fixture, &folder, "file");
	g_assert_cmpint(fixture_delete_now(fixture, &old), ==, JOURNAL_APPLIED);
	fixture_make(fixture, &folder, "FILE");
	uint64_t seq;
	journal_restore(fixture->journal, &fixture->drive, 1, &old, 0, &seq, &error);
	g_assert_no_error(error);
	g_assert_true(fixture_resolves(fixture, "folder/file (restored)", &old));
	g_assert_cmpint(fixture_delete_now(fixture, &folder), ==, JOURNAL_APPLIED);
	fixture_make(fixture, &fixture->drive, "Folder/");
	/* What is put into a deleted folder brings it back; not here. */
	NodeId id = node_id_random();
	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_file(commit, &id, &folder, "new", "new");
	fixture_run(commit);
	g_assert_cmpint(fixture_outcome(commit, 0), ==, JOURNAL_NO_PARENT);
	journal_restore(fixture->journal, &fixture->drive, 1, &folder, 0, &seq, &error);
	g_assert_no_error(error);
	g_assert_true(fixture_resolves(fixture, "folder (restored)", &folder));
	fixture_check(fixture);
}

static void expect_restored(const char *name, const char *expected)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId id = fixture_make(fixture, &fixture->drive, name);
	fixture_delete_now(fixture, &id);
	fixture_make(fixture, &fixture->drive, name);
	restore_now(fixture, &id, 0);
	JournalNode node = fixture_node(fixture, &id);
	g_assert_cmpmem(g_bytes_get_data(node.name, NULL), g_bytes_get_size(node.name), expected,
			strlen(expected));
	journal_node_clear(&node);
}

static void test_restored_names(void)
{
	expect_restored("report.odt", "report (restored).odt");
	expect_restored(".hidden", ".hidden (restored)");
	expect_restored("a.tar.gz", "a.tar (restored).gz");
	expect_restored("What. A sentence that ends", "What. A sentence that ends (restored)");

	/* At most as long as a name may be, cut between two characters. */
	g_autoptr(GString) name = g_string_new(NULL);
	g_autoptr(GString) expected = g_string_new(NULL);
	while (name->len + 2 <= NAME_SIZE_MAX - 4) {
		g_string_append(name, "ä");
		if (expected->len + 2 <= NAME_SIZE_MAX - 15) {
			g_string_append(expected, "ä");
		}
	}
	g_string_append(name, ".txt");
	g_string_append(expected, " (restored).txt");
	expect_restored(name->str, expected->str);
}

static void test_forgets_by_time(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
	NodeId file = fixture_make(fixture, &folder, "one");
	NodeId other = fixture_make(fixture, &fixture->drive, "other");
	fixture_update_now(fixture, &file, "two");
	fixture_delete_now(fixture, &folder);
	fixture_delete_now(fixture, &other);
	sweep(fixture, 2 * DAY_S, 4 * DAY_S, 1);
	g_autoptr(GArray) kept = versions_of(fixture, &file);
	g_assert_cmpuint(kept->len, ==, 2);
	g_assert_cmpuint(fixture_usage(fixture).bytes, ==, 3 + 3 + 5);

	sweep(fixture, 2 * DAY_S, 4 * DAY_S, 3);
	g_autoptr(GArray) current = versions_of(fixture, &file);
	g_assert_cmpuint(current->len, ==, 1);
	g_assert_cmpuint(fixture_usage(fixture).bytes, ==, 3 + 5);
	restore_now(fixture, &other, 0);

	sweep(fixture, 2 * DAY_S, 4 * DAY_S, 5);
	g_autoptr(GError) error = NULL;
	JournalNode node;
	g_assert_false(journal_node(fixture->journal, &fixture->drive, &file, &node, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_assert_true(fixture_is_live(fixture, &other));
	g_assert_cmpuint(fixture_usage(fixture).nodes, ==, 1);
	g_autoptr(GArray) trash = trash_of(fixture);
	g_assert_cmpuint(trash->len, ==, 0);
	/* A device that comes late with a file for it makes it anew. */
	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_update(commit, &file, 1, "late");
	NodeId late = node_id_new();
	fixture_file(commit, &late, &folder, "late", "late");
	fixture_run(commit);
	g_assert_cmpint(fixture_outcome(commit, 0), ==, JOURNAL_NOT_FOUND);
	g_assert_cmpint(fixture_outcome(commit, 1), ==, JOURNAL_NO_PARENT);
}

/* Far more than one step may take, in one folder and in one file's history. */
static void test_forgets_in_steps(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
	NodeId often = fixture_make(fixture, &folder, "often");
	g_autoptr(Commit) commit = fixture_commit(fixture);
	for (unsigned i = 0; i < 2500; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);
		NodeId id = node_id_new();
		fixture_file(commit, &id, &folder, name, name);
	}
	fixture_run(commit);
	for (unsigned i = 0; i < 600; i++) {
		g_autoptr(Commit) update = fixture_commit(fixture);
		fixture_update(update, &often, fixture_base(fixture, &often), i % 2 ? "a" : "b");
		fixture_run(update);
	}
	fixture_delete_now(fixture, &folder);
	unsigned steps = 0;
	bool more = true;
	JournalRetention retention = { .versions_s = 1000 * DAY_S, .trash_s = 0 };
	while (more) {
		g_autoptr(GError) error = NULL;
		JournalUsage before = fixture_usage(fixture);
		journal_sweep(fixture->journal, &retention, g_get_real_time() + G_USEC_PER_SEC,
			      &more, &error);
		g_assert_no_error(error);
		fixture_check(fixture);
		g_assert_cmpuint(before.nodes - fixture_usage(fixture).nodes, <, 1100);
		steps++;
	}
	g_assert_cmpuint(steps, >, 4);
	g_assert_cmpuint(fixture_usage(fixture).nodes, ==, 0);
	g_assert_cmpuint(fixture_usage(fixture).bytes, ==, 0);
}

/* So many siblings that their tombstones would not fit into one page. */
static void test_many_siblings_need_several_seqs(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
	for (unsigned i = 0; i < 4; i++) {
		g_autoptr(Commit) commit = fixture_commit(fixture);
		for (unsigned j = 0; j < 2000; j++) {
			g_autofree char *name = g_strdup_printf("%u %u", i, j);
			NodeId id = node_id_new();
			fixture_folder(commit, &id, &folder, name);
		}
		fixture_run(commit);
	}
	fixture_delete_now(fixture, &folder);
	uint64_t before = fixture_head(fixture);
	g_autoptr(Commit) commit = fixture_commit(fixture);
	NodeId id = node_id_new();
	fixture_file(commit, &id, &folder, "file", "text");
	fixture_run(commit);
	fixture_check(fixture);
	g_assert_cmpint(fixture_outcome(commit, 0), ==, JOURNAL_APPLIED);
	g_assert_cmpuint(commit->seq, >, before + 1);
	g_assert_cmpuint(fixture_seq(commit, 0), ==, commit->seq);
	g_assert_cmpuint(fixture_base(fixture, &id), ==, commit->seq);
	g_assert_cmpuint(fixture_usage(fixture).nodes, ==, 2);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/journal/revive/versions", test_versions);
	g_test_add_func("/server/journal/revive/version-comes-back", test_version_comes_back);
	g_test_add_func("/server/journal/revive/version-numbers-stay", test_numbers_stay);
	g_test_add_func("/server/journal/revive/trash-is-newest-first", test_trash);
	g_test_add_func("/server/journal/revive/folder-comes-back-whole",
			test_folder_comes_back_whole);
	g_test_add_func("/server/journal/revive/ancestors-come-back-alone",
			test_ancestors_come_back_alone);
	g_test_add_func("/server/journal/revive/taken-names-get-another", test_taken_names);
	g_test_add_func("/server/journal/revive/restoring-makes-no-twins",
			test_restoring_makes_no_twins);
	g_test_add_func("/server/journal/revive/restored-names-keep-their-ending",
			test_restored_names);
	g_test_add_func("/server/journal/sweep/forgets-by-time", test_forgets_by_time);
	g_test_add_func("/server/journal/sweep/forgets-in-steps", test_forgets_in_steps);
	g_test_add_func("/server/journal/revive/many-siblings-need-several-seqs",
			test_many_siblings_need_several_seqs);
	return g_test_run();
}
