/* SPDX-License-Identifier: Apache-2.0 */
#include "server/journal/fixture.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

static JournalPage read_page(Fixture *fixture, GBytes *cursor, unsigned nodes_max)
{
	g_autoptr(GError) error = NULL;
	JournalPage page;
	journal_changes(fixture->journal, &fixture->drive, cursor, nodes_max, &page, &error);
	g_assert_no_error(error);
	return page;
}

/* The cursor at the head. */
static GBytes *read_all(Fixture *fixture, unsigned *ret_count)
{
	GBytes *cursor = NULL;
	bool at_head = false;
	*ret_count = 0;
	while (!at_head) {
		JournalPage page = read_page(fixture, cursor, 3);
		g_clear_pointer(&cursor, g_bytes_unref);
		cursor = g_bytes_ref(page.cursor);
		at_head = page.at_head;
		*ret_count += page.nodes->len;
		journal_page_clear(&page);
	}
	return cursor;
}

static bool has(const JournalPage *page, const NodeId *id)
{
	for (unsigned i = 0; i < page->nodes->len; i++) {
		if (node_id_equal(&g_array_index(page->nodes, JournalNode, i).id, id)) {
			return true;
		}
	}
	return false;
}

static void test_empty_drive(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	JournalPage page = read_page(fixture, NULL, 10);
	g_assert_cmpuint(page.nodes->len, ==, 0);
	g_assert_true(page.at_head);
	g_assert_false(page.reset);
	g_assert_cmpuint(page.seq, ==, 0);
	JournalPage again = read_page(fixture, page.cursor, 10);
	g_assert_true(again.at_head);
	g_assert_false(again.reset);
	journal_page_clear(&again);
	NodeId id = fixture_make(fixture, &fixture->drive, "a");
	again = read_page(fixture, page.cursor, 10);
	g_assert_cmpuint(again.nodes->len, ==, 1);
	g_assert_true(has(&again, &id));
	g_assert_false(again.reset);
	g_assert_cmpuint(again.seq, ==, 1);
	journal_page_clear(&again);
	journal_page_clear(&page);
}

static void test_only_what_changed(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
	NodeId file = fixture_make(fixture, &folder, "file");
	unsigned count;
	g_autoptr(GBytes) cursor = read_all(fixture, &count);
	g_assert_cmpuint(count, ==, 2);
	fixture_update_now(fixture, &file, "new");
	JournalPage page = read_page(fixture, cursor, 10);
	g_assert_cmpuint(page.nodes->len, ==, 1);
	const JournalNode *node = &g_array_index(page.nodes, JournalNode, 0);
	g_autoptr(GBytes) content = fixture_content("new");
	g_assert_true(node_id_equal(&node->id, &file));
	g_assert_true(node_id_equal(&node->parent, &folder));
	g_assert_true(g_bytes_equal(node->content, content));
	g_assert_cmpuint(node->seq, ==, 3);
	journal_page_clear(&page);
}

static void test_pages_split_no_seq(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	for (unsigned i = 0; i < 5; i++) {
		g_autoptr(Commit) commit = fixture_commit(fixture);
		for (unsigned j = 0; j < 4; j++) {
			g_autofree char *name = g_strdup_printf("%u %u", i, j);
			NodeId id = node_id_new();
			fixture_file(commit, &id, &fixture->drive, name, name);
		}
		fixture_run(commit);
	}
	g_autoptr(GBytes) cursor = NULL;
	static const unsigned expected[] = { 8, 8, 4 };
	for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
		JournalPage page = read_page(fixture, cursor, 5);
		g_assert_cmpuint(page.nodes->len, ==, expected[i]);
		g_assert_cmpint(page.at_head, ==, i == 2);
		g_assert_cmpuint(page.seq, ==, MIN(2 * i + 2, 5));
		g_clear_pointer(&cursor, g_bytes_unref);
		cursor = g_bytes_ref(page.cursor);
		journal_page_clear(&page);
	}
}

/* One commit that fills more than a message is spread over several seqs. */
static void test_pages_fit_into_messages(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	g_autofree char *target = g_strnfill(LINK_TARGET_SIZE_MAX, 't');
	g_autoptr(Commit) commit = fixture_commit(fixture);
	for (unsigned i = 0; i < 2000; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);
		NodeId id = node_id_new();
		fixture_link(commit, &id, &fixture->drive, name, target);
	}
	fixture_run(commit);
	fixture_check(fixture);
	g_assert_cmpuint(fixture_seq(commit, 0), ==, 1);
	g_assert_cmpuint(fixture_seq(commit, 1999), ==, commit->seq);
	g_assert_cmpuint(commit->seq, >, 2);

	g_autoptr(GBytes) cursor = NULL;
	unsigned count = 0;
	bool at_head = false;
	while (!at_head) {
		JournalPage page = read_page(fixture, cursor, 8192);
		size_t size = 0;
		for (unsigned i = 0; i < page.nodes->len; i++) {
			size += g_bytes_get_size(g_array_index(page.nodes, JournalNode, i).content);
		}
		g_assert_cmpuint(size, <, MESSAGE_SIZE_MAX);
		count += page.nodes->len;
		g_clear_pointer(&cursor, g_bytes_unref);
		cursor = g_bytes_ref(page.cursor);
		at_head = page.at_head;
		journal_page_clear(&page);
	}
	g_assert_cmpuint(count, ==, 2000);
}

static void test_leaves_out_what_is_deleted_with_its_folder(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
	NodeId file = fixture_make(fixture, &folder, "file");
	unsigned count;
	g_autoptr(GBytes) before = read_all(fixture, &count);
	fixture_delete_now(fixture, &folder);

	JournalPage page = read_page(fixture, before, 10);
	g_assert_cmpuint(page.nodes->len, ==, 1);
	const JournalNode *tombstone = &g_array_index(page.nodes, JournalNode, 0);
	g_assert_true(node_id_equal(&tombstone->id, &folder));
	g_assert_true(tombstone->deleted);
	g_assert_false(has(&page, &file));
	journal_page_clear(&page);
	g_autoptr(GBytes) anew = read_all(fixture, &count);
	g_assert_cmpuint(count, ==, 0);
}

/* Who has the file at its old place learns from the folder's tombstone alone nothing about it. */
static void test_tells_of_what_moved_into_a_folder_before_that_was_deleted(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
	NodeId file = fixture_make(fixture, &fixture->drive, "file");
	unsigned count;
	g_autoptr(GBytes) before = read_all(fixture, &count);
	fixture_move_now(fixture, &file, &folder, "file");
	fixture_delete_now(fixture, &folder);

	JournalPage page = read_page(fixture, before, 10);
	g_assert_cmpuint(page.nodes->len, ==, 2);
	g_assert_true(has(&page, &file) && has(&page, &folder));
	g_assert_true(g_array_index(page.nodes, JournalNode, 0).deleted);
	g_assert_true(g_array_index(page.nodes, JournalNode, 1).deleted);
	journal_page_clear(&page);
	g_autoptr(GBytes) anew = read_all(fixture, &count);
	g_assert_cmpuint(count, ==, 0);
}

static void test_snapshot_shows_what_dies_meanwhile(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId old = fixture_make(fixture, &fixture->drive, "old");
	fixture_delete_now(fixture, &old);
	NodeId a = fixture_make(fixture, &fixture->drive, "a");
	NodeId b = fixture_make(fixture, &fixture->drive, "b");
	JournalPage first = read_page(fixture, NULL, 1);
	g_assert_true(has(&first, &a));
	g_assert_false(first.at_head);
	fixture_delete_now(fixture, &a);
	JournalPage rest = read_page(fixture, first.cursor, 10);
	g_assert_true(has(&rest, &a) && has(&rest, &b));
	g_assert_false(has(&rest, &old));
	g_assert_true(rest.at_head);
	journal_page_clear(&first);
	journal_page_clear(&rest);
}

static void test_foreign_cursors_reset(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	g_autoptr(Fixture) other = fixture_new();
	NodeId a = fixture_make(fixture, &fixture->drive, "a");
	fixture_make(other, &other->drive, "a");
	unsigned count;
	g_autoptr(GBytes) good = read_all(fixture, &count);
	g_autoptr(GBytes) foreign = read_all(other, &count);
	g_autoptr(GBytes) noise = g_bytes_new_static("noise", 5);

	/* Right in all but the tag, as after a backup was restored and went another way. */
	gsize size = g_bytes_get_size(good);
	g_autofree uint8_t *bytes = g_memdup2(g_bytes_get_data(good, NULL), size);
	bytes[size - 1] ^= 1;
	g_autoptr(GBytes) wrong = g_bytes_new(bytes, size);
	bytes[size - 1] ^= 1;
	/* Of a later state than the server has. */
	bytes[1 + NODE_ID_SIZE + 8] = 2;
	g_autoptr(GBytes) late = g_bytes_new(bytes, size);

	GBytes *all[] = { foreign, noise, wrong, late };
	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
		JournalPage page = read_page(fixture, all[i], 10);
		g_assert_true(page.reset);
		g_assert_true(has(&page, &a));
		journal_page_clear(&page);
	}
	JournalPage page = read_page(fixture, good, 10);
	g_assert_false(page.reset);
	journal_page_clear(&page);
}

static void forget_trash(Fixture *fixture)
{
	bool more = true;
	JournalRetention retention = { .versions_s = 0, .trash_s = 0 };
	while (more) {
		g_autoptr(GError) error = NULL;
		journal_sweep(fixture->journal, &retention, g_get_real_time() + 2 * G_USEC_PER_SEC,
			      &more, &error);
		g_assert_no_error(error);
	}
	fixture_check(fixture);
}

static void test_forgotten_tombstones_reset(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId a = fixture_make(fixture, &fixture->drive, "a");
	fixture_make(fixture, &fixture->drive, "b");
	fixture_make(fixture, &fixture->drive, "c");
	unsigned count;
	JournalPage snapshot = read_page(fixture, NULL, 1);
	g_autoptr(GBytes) before = read_all(fixture, &count);
	fixture_delete_now(fixture, &a);
	g_autoptr(GBytes) after = read_all(fixture, &count);
	fixture_make(fixture, &fixture->drive, "d");
	forget_trash(fixture);

	JournalPage page = read_page(fixture, before, 10);
	g_assert_true(page.reset);
	journal_page_clear(&page);
	page = read_page(fixture, snapshot.cursor, 10);
	g_assert_true(page.reset);
	journal_page_clear(&page);
	page = read_page(fixture, after, 10);
	g_assert_false(page.reset);
	g_assert_cmpuint(page.nodes->len, ==, 1);
	journal_page_clear(&page);
	journal_page_clear(&snapshot);

	/* A snapshot that began after the deletion is not in need of the tombstone. */
	snapshot = read_page(fixture, NULL, 1);
	page = read_page(fixture, snapshot.cursor, 1);
	g_assert_false(page.reset);
	journal_page_clear(&page);
	journal_page_clear(&snapshot);
}

static void test_unknown_drive(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	g_autoptr(GError) error = NULL;
	NodeId nowhere = node_id_random();
	JournalPage page;
	g_assert_false(journal_changes(fixture->journal, &nowhere, NULL, 1, &page, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/journal/changes/empty-drive-has-a-cursor", test_empty_drive);
	g_test_add_func("/server/journal/changes/only-what-changed", test_only_what_changed);
	g_test_add_func("/server/journal/changes/pages-split-no-seq", test_pages_split_no_seq);
	g_test_add_func("/server/journal/changes/pages-fit-into-messages",
			test_pages_fit_into_messages);
	g_test_add_func("/server/journal/changes/leaves-out-what-is-deleted-with-its-folder",
			test_leaves_out_what_is_deleted_with_its_folder);
	g_test_add_func("/server/journal/changes/"
			"tells-of-what-moved-into-a-folder-before-that-was-deleted",
			test_tells_of_what_moved_into_a_folder_before_that_was_deleted);
	g_test_add_func("/server/journal/changes/snapshot-shows-what-dies-meanwhile",
			test_snapshot_shows_what_dies_meanwhile);
	g_test_add_func("/server/journal/changes/foreign-cursors-reset",
			test_foreign_cursors_reset);
	g_test_add_func("/server/journal/changes/forgotten-tombstones-reset",
			test_forgotten_tombstones_reset);
	g_test_add_func("/server/journal/changes/unknown-drive-is-not-found", test_unknown_drive);
	return g_test_run();
}
