/* SPDX-License-Identifier: Apache-2.0 */
#include "server/journal/fixture.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

static JournalOutcome create(Fixture *fixture, const NodeId *parent, const char *name,
			     NodeId *ret_id)
{
	g_autoptr(Commit) commit = fixture_commit(fixture);
	*ret_id = node_id_random();
	fixture_file(commit, ret_id, parent, name, name);
	fixture_run(commit);
	fixture_check(fixture);
	return fixture_outcome(commit, 0);
}

static void test_creates(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	g_autoptr(Commit) commit = fixture_commit(fixture);
	NodeId folder = node_id_random();
	NodeId file = node_id_random();
	NodeId link = node_id_random();
	fixture_folder(commit, &folder, &fixture->drive, "folder");
	fixture_file(commit, &file, &folder, "file", "hello");
	fixture_link(commit, &link, &folder, "link", "../target");
	fixture_run(commit);
	for (unsigned i = 0; i < 3; i++) {
		g_assert_cmpint(fixture_outcome(commit, i), ==, JOURNAL_APPLIED);
		g_assert_cmpuint(fixture_seq(commit, i), ==, 1);
	}
	g_assert_cmpuint(commit->seq, ==, 1);
	fixture_check(fixture);

	JournalNode node = fixture_node(fixture, &file);
	g_autoptr(GBytes) content = fixture_content("hello");
	g_assert_true(node_id_equal(&node.parent, &folder));
	g_assert_cmpmem(g_bytes_get_data(node.name, NULL), g_bytes_get_size(node.name), "file", 4);
	g_assert_true(g_bytes_equal(node.content, content));
	g_assert_cmpint(node.kind, ==, JOURNAL_FILE);
	g_assert_cmpuint(node.size, ==, 5);
	g_assert_cmpint(node.mtime_ns, ==, 1005);
	g_assert_cmpint(node.device, ==, fixture->device);
	g_assert_false(node.deleted);
	journal_node_clear(&node);
	node = fixture_node(fixture, &link);
	g_assert_cmpuint(node.size, ==, 9);
	journal_node_clear(&node);
	node = fixture_node(fixture, &folder);
	g_assert_null(node.content);
	journal_node_clear(&node);
	g_assert_true(fixture_resolves(fixture, "folder/file", &file));
	g_assert_true(fixture_resolves(fixture, "", &fixture->drive));
	g_assert_false(fixture_resolves(fixture, "folder/none", &file));

	g_autoptr(GError) error = NULL;
	JournalUsage usage;
	g_assert_true(journal_usage(fixture->journal, &fixture->drive, &usage, &error));
	g_assert_cmpuint(usage.nodes, ==, 3);
	g_assert_cmpuint(usage.bytes, ==, 5);
}

static void test_create_refusals(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId taken = fixture_make(fixture, &fixture->drive, "taken");
	NodeId nowhere = node_id_random();
	NodeId zero = { 0 };
	NodeId id[12];
	for (size_t i = 0; i < G_N_ELEMENTS(id); i++) {
		id[i] = node_id_random();
	}
	uint64_t before = fixture_head(fixture);
	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_file(commit, &id[0], &fixture->drive, "taken", "x");
	fixture_file(commit, &id[1], &nowhere, "a", "x");
	fixture_file(commit, &id[2], &taken, "a", "x");
	fixture_file(commit, &id[3], &fixture->drive, "..", "x");
	fixture_file(commit, &id[4], &fixture->drive, "a/b", "x");
	fixture_file(commit, &taken, &fixture->drive, "other", "x");
	fixture_file(commit, &zero, &fixture->drive, "zero", "x");
	fixture_file(commit, &id[5], &fixture->drive, "size", "x");
	fixture_last(commit)->size = 2;
	fixture_file(commit, &id[6], &fixture->drive, "kind", "x");
	fixture_last(commit)->kind = 4;
	fixture_link(commit, &id[7], &fixture->drive, "link", "");
	fixture_file(commit, &id[8], &fixture->drive, "verb", "x");
	fixture_last(commit)->verb = 9;
	fixture_file(commit, &id[9], &fixture->drive, "content", "x");
	fixture_last(commit)->content_size--;
	fixture_run(commit);
	static const JournalOutcome expected[] = {
		JOURNAL_NAME_TAKEN, JOURNAL_NO_PARENT, JOURNAL_NO_PARENT, JOURNAL_INVALID,
		JOURNAL_INVALID,    JOURNAL_EXISTS,    JOURNAL_INVALID,   JOURNAL_INVALID,
		JOURNAL_INVALID,    JOURNAL_INVALID,   JOURNAL_INVALID,   JOURNAL_INVALID,
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
		g_assert_cmpint(fixture_outcome(commit, i), ==, expected[i]);
	}
	g_assert_cmpuint(commit->seq, ==, before);
	fixture_check(fixture);
}

static void test_unknown_drive(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(Commit) commit = fixture_commit(fixture);
	NodeId id = node_id_random();
	commit->drive = node_id_random();
	fixture_folder(commit, &id, &commit->drive, "a");
	g_assert_false(fixture_try(commit, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
}

static void test_compares_base(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId id = fixture_make(fixture, &fixture->drive, "a");
	uint64_t base = fixture_base(fixture, &id);
	g_assert_cmpint(fixture_update_now(fixture, &id, "new"), ==, JOURNAL_APPLIED);
	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_update(commit, &id, base, "stale");
	fixture_move(commit, &id, base, &fixture->drive, "b");
	fixture_delete(commit, &id, base, base);
	NodeId none = node_id_random();
	fixture_update(commit, &none, base, "none");
	fixture_run(commit);
	for (unsigned i = 0; i < 3; i++) {
		g_assert_cmpint(fixture_outcome(commit, i), ==, JOURNAL_STALE);
	}
	g_assert_cmpint(fixture_outcome(commit, 3), ==, JOURNAL_NOT_FOUND);
	g_assert_cmpuint(commit->seq, ==, base + 1);
	fixture_check(fixture);
}

static void test_retry_is_already(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId id = node_id_random();
	g_autoptr(Commit) first = fixture_commit(fixture);
	fixture_file(first, &id, &fixture->drive, "a", "one");
	fixture_run(first);
	g_autoptr(Commit) second = fixture_commit(fixture);
	fixture_update(second, &id, 1, "two");
	fixture_run(second);
	g_autoptr(Commit) third = fixture_commit(fixture);
	fixture_move(third, &id, 2, &fixture->drive, "b");
	fixture_run(third);
	g_autoptr(Commit) fourth = fixture_commit(fixture);
	fixture_delete(fourth, &id, 3, 3);
	fixture_run(fourth);
	Commit *all[] = { first, second, third, fourth };
	for (unsigned i = 0; i < 4; i++) {
		fixture_run(all[i]);
		g_assert_cmpint(fixture_outcome(all[i], 0), ==, JOURNAL_ALREADY);
		g_assert_cmpuint(fixture_seq(all[i], 0), ==, i + 1);
		g_assert_cmpuint(all[i]->seq, ==, 4);
		all[i]->device++;
		fixture_run(all[i]);
		g_assert_cmpint(fixture_outcome(all[i], 0), !=, JOURNAL_ALREADY);
		all[i]->device--;
	}
	fixture_check(fixture);
}

static void test_swaps_in_group(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId a = fixture_make(fixture, &fixture->drive, "a");
	NodeId b = fixture_make(fixture, &fixture->drive, "b");
	g_autoptr(Commit) apart = fixture_commit(fixture);
	fixture_move(apart, &a, 1, &fixture->drive, "b");
	fixture_run(apart);
	g_assert_cmpint(fixture_outcome(apart, 0), ==, JOURNAL_NAME_TAKEN);

	NodeId c = node_id_random();
	g_autoptr(Commit) commit = fixture_commit(fixture);
	commit->group = 5;
	fixture_file(commit, &c, &fixture->drive, "a", "c");
	fixture_move(commit, &a, 1, &fixture->drive, "b");
	fixture_move(commit, &b, 2, &fixture->drive, "c");
	fixture_run(commit);
	for (unsigned i = 0; i < 3; i++) {
		g_assert_cmpint(fixture_outcome(commit, i), ==, JOURNAL_APPLIED);
	}
	fixture_check(fixture);
	g_assert_true(fixture_resolves(fixture, "a", &c));
	g_assert_true(fixture_resolves(fixture, "b", &a));
	g_assert_true(fixture_resolves(fixture, "c", &b));
	fixture_run(commit);
	for (unsigned i = 0; i < 3; i++) {
		g_assert_cmpint(fixture_outcome(commit, i), ==, JOURNAL_ALREADY);
	}
}

static void make_caseless(Fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	journal_drive_set_caseless(fixture->journal, &fixture->drive, true, &error);
	g_assert_no_error(error);
}

static JournalOutcome make_now(Fixture *fixture, const char *name)
{
	NodeId id = node_id_random();
	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_file(commit, &id, &fixture->drive, name, "x");
	fixture_run(commit);
	return fixture_outcome(commit, 0);
}

static void test_caseless_refuses_twins(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId before = fixture_make(fixture, &fixture->drive, "Before");
	NodeId twin = fixture_make(fixture, &fixture->drive, "before");
	make_caseless(fixture);
	g_assert_true(fixture_usage(fixture).caseless);
	NodeId strasse = fixture_make(fixture, &fixture->drive, "Stra\303\237e");
	g_assert_cmpint(make_now(fixture, "STRASSE"), ==, JOURNAL_CASE_TAKEN);
	g_assert_cmpint(make_now(fixture, "strasse"), ==, JOURNAL_CASE_TAKEN);
	g_assert_cmpint(make_now(fixture, "Stra\303\237e"), ==, JOURNAL_NAME_TAKEN);
	/* Two ways to write an accent. */
	NodeId cafe = fixture_make(fixture, &fixture->drive, "caf\303\251");
	g_assert_cmpint(make_now(fixture, "cafe\314\201"), ==, JOURNAL_CASE_TAKEN);
	g_assert_cmpint(fixture_move_now(fixture, &cafe, &fixture->drive, "strasse"), ==,
			JOURNAL_CASE_TAKEN);
	/* Its own name in another case is no other's. */
	g_assert_cmpint(fixture_move_now(fixture, &strasse, &fixture->drive, "STRASSE"), ==,
			JOURNAL_APPLIED);
	/* What was there stays, and can be worked on. */
	g_assert_cmpint(fixture_update_now(fixture, &twin, "new"), ==, JOURNAL_APPLIED);
	g_assert_cmpint(fixture_move_now(fixture, &twin, &fixture->drive, "BEFORE"), ==,
			JOURNAL_CASE_TAKEN);
	g_assert_cmpint(fixture_delete_now(fixture, &before), ==, JOURNAL_APPLIED);
	g_assert_cmpint(fixture_move_now(fixture, &twin, &fixture->drive, "BEFORE"), ==,
			JOURNAL_APPLIED);
	fixture_check(fixture);
}

static void test_caseless_swaps_in_group(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	make_caseless(fixture);
	NodeId a = fixture_make(fixture, &fixture->drive, "a");
	NodeId b = fixture_make(fixture, &fixture->drive, "b");
	NodeId c = node_id_random();
	g_autoptr(Commit) commit = fixture_commit(fixture);
	commit->group = 5;
	fixture_file(commit, &c, &fixture->drive, "A", "c");
	fixture_move(commit, &a, 1, &fixture->drive, "B");
	fixture_move(commit, &b, 2, &fixture->drive, "c");
	fixture_run(commit);
	for (unsigned i = 0; i < 3; i++) {
		g_assert_cmpint(fixture_outcome(commit, i), ==, JOURNAL_APPLIED);
	}
	g_assert_true(fixture_resolves(fixture, "A", &c));
	g_assert_true(fixture_resolves(fixture, "B", &a));
	g_assert_true(fixture_resolves(fixture, "c", &b));
	/* At its end, too. */
	NodeId d = node_id_random();
	g_autoptr(Commit) bad = fixture_commit(fixture);
	bad->group = 6;
	fixture_file(bad, &d, &fixture->drive, "C", "d");
	fixture_move(bad, &a, fixture_base(fixture, &a), &fixture->drive, "d");
	fixture_run(bad);
	g_assert_cmpint(fixture_outcome(bad, 0), ==, JOURNAL_CASE_TAKEN);
	g_assert_cmpint(fixture_outcome(bad, 1), ==, JOURNAL_GROUP_FAILED);
	g_assert_true(fixture_resolves(fixture, "B", &a));
	fixture_check(fixture);
}

static void test_group_is_all_or_nothing(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId a = fixture_make(fixture, &fixture->drive, "a");
	NodeId b = fixture_make(fixture, &fixture->drive, "b");
	NodeId c = node_id_random();
	NodeId d = node_id_random();
	uint64_t before = fixture_head(fixture);
	g_autoptr(Commit) commit = fixture_commit(fixture);
	commit->group = 1;
	fixture_file(commit, &c, &fixture->drive, "c", "content of c");
	fixture_move(commit, &a, 1, &fixture->drive, "b");
	fixture_update(commit, &b, 1, "stale");
	commit->group = 2;
	fixture_move(commit, &a, 1, &fixture->drive, "b");
	commit->group = 0;
	fixture_file(commit, &d, &fixture->drive, "d", "content of c");
	fixture_run(commit);
	static const JournalOutcome expected[] = {
		JOURNAL_GROUP_FAILED, JOURNAL_GROUP_FAILED, JOURNAL_STALE,
		JOURNAL_NAME_TAKEN,   JOURNAL_APPLIED,
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
		g_assert_cmpint(fixture_outcome(commit, i), ==, expected[i]);
	}
	g_assert_cmpuint(commit->seq, ==, before + 1);
	g_assert_true(fixture_resolves(fixture, "a", &a));
	g_assert_true(fixture_resolves(fixture, "b", &b));
	g_assert_false(fixture_resolves(fixture, "c", &c));
	g_assert_true(fixture_resolves(fixture, "d", &d));
	fixture_check(fixture);
}

static void test_moves(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId a = fixture_make(fixture, &fixture->drive, "a/");
	NodeId b = fixture_make(fixture, &a, "b/");
	NodeId file = fixture_make(fixture, &b, "file");
	g_assert_cmpint(fixture_move_now(fixture, &a, &b, "a"), ==, JOURNAL_CYCLE);
	g_assert_cmpint(fixture_move_now(fixture, &a, &a, "a"), ==, JOURNAL_CYCLE);
	g_assert_cmpint(fixture_move_now(fixture, &a, &file, "a"), ==, JOURNAL_NO_PARENT);
	g_assert_cmpint(fixture_move_now(fixture, &fixture->drive, &a, "root"), ==,
			JOURNAL_INVALID);
	g_assert_cmpint(fixture_move_now(fixture, &b, &fixture->drive, "b"), ==, JOURNAL_APPLIED);
	g_assert_cmpint(fixture_move_now(fixture, &a, &b, "A"), ==, JOURNAL_APPLIED);
	g_assert_cmpint(fixture_move_now(fixture, &a, &b, "A"), ==, JOURNAL_APPLIED);
	g_assert_true(fixture_resolves(fixture, "b/A", &a));
	g_assert_true(fixture_resolves(fixture, "b/file", &file));
	g_assert_cmpint(fixture_delete_now(fixture, &fixture->drive), ==, JOURNAL_INVALID);
}

static void test_depth_is_bounded(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	g_autoptr(GArray) chain = g_array_new(FALSE, FALSE, sizeof(NodeId));
	g_autoptr(Commit) commit = fixture_commit(fixture);
	NodeId parent = fixture->drive;
	for (unsigned i = 0; i < DEPTH_MAX; i++) {
		NodeId id = node_id_random();
		fixture_folder(commit, &id, &parent, "d");
		g_array_append_val(chain, id);
		parent = id;
	}
	NodeId file = node_id_random();
	fixture_file(commit, &file, &g_array_index(chain, NodeId, DEPTH_MAX - 2), "file", "f");
	fixture_run(commit);
	g_assert_cmpint(fixture_outcome(commit, DEPTH_MAX - 2), ==, JOURNAL_APPLIED);
	g_assert_cmpint(fixture_outcome(commit, DEPTH_MAX - 1), ==, JOURNAL_INVALID);
	g_assert_cmpint(fixture_outcome(commit, DEPTH_MAX), ==, JOURNAL_APPLIED);
	fixture_check(fixture);

	NodeId *first = &g_array_index(chain, NodeId, 0);
	NodeId *middle = &g_array_index(chain, NodeId, 250);
	NodeId other = fixture_make(fixture, &fixture->drive, "other/");
	g_assert_cmpint(fixture_move_now(fixture, first, &other, "d"), ==, JOURNAL_INVALID);
	/* Halves fit, one after the other; the bound of the first is too large then. */
	g_assert_cmpint(fixture_move_now(fixture, middle, &other, "d"), ==, JOURNAL_APPLIED);
	g_assert_cmpint(fixture_move_now(fixture, first, &other, "e"), ==, JOURNAL_APPLIED);
	g_assert_cmpint(fixture_move_now(fixture, &other, &fixture->drive, "again"), ==,
			JOURNAL_APPLIED);
}

static void test_folder_is_one_tombstone(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
	NodeId inner = fixture_make(fixture, &folder, "inner/");
	NodeId file = fixture_make(fixture, &inner, "file");
	uint64_t base = fixture_base(fixture, &file);
	g_assert_cmpint(fixture_delete_now(fixture, &folder), ==, JOURNAL_APPLIED);
	g_assert_false(fixture_is_live(fixture, &folder));
	g_assert_false(fixture_is_live(fixture, &inner));
	g_assert_false(fixture_is_live(fixture, &file));
	g_assert_cmpuint(fixture_base(fixture, &file), ==, base);
	g_assert_false(fixture_resolves(fixture, "folder/inner/file", &file));
	/* Its name is free again, and what lies below can still be deleted by itself, once. */
	fixture_make(fixture, &fixture->drive, "folder/");
	g_assert_cmpint(fixture_delete_now(fixture, &file), ==, JOURNAL_APPLIED);
	g_assert_cmpint(fixture_delete_now(fixture, &file), ==, JOURNAL_NOT_FOUND);
	g_assert_cmpint(fixture_move_now(fixture, &file, &fixture->drive, "x"), ==,
			JOURNAL_NOT_FOUND);
}

static void test_newer_inside(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
	NodeId inner = fixture_make(fixture, &folder, "inner/");
	uint64_t decided = fixture_head(fixture);
	NodeId file = fixture_make(fixture, &inner, "file");
	NodeId outside = fixture_make(fixture, &fixture->drive, "outside");

	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_delete(commit, &folder, 1, decided);
	fixture_delete(commit, &folder, 1, 99);
	fixture_run(commit);
	g_assert_cmpint(fixture_outcome(commit, 0), ==, JOURNAL_NEWER_INSIDE);
	g_assert_cmpint(fixture_outcome(commit, 1), ==, JOURNAL_INVALID);

	/* What the same commit moves in counts, what it deletes does not. */
	g_autoptr(Commit) moves = fixture_commit(fixture);
	fixture_delete(moves, &file, fixture_base(fixture, &file), fixture_head(fixture));
	fixture_move(moves, &outside, fixture_base(fixture, &outside), &inner, "outside");
	fixture_delete(moves, &folder, 1, decided);
	fixture_run(moves);
	g_assert_cmpint(fixture_outcome(moves, 2), ==, JOURNAL_NEWER_INSIDE);

	g_autoptr(Commit) removes = fixture_commit(fixture);
	fixture_delete(removes, &outside, fixture_base(fixture, &outside), fixture_head(fixture));
	fixture_delete(removes, &folder, 1, decided);
	fixture_run(removes);
	g_assert_cmpint(fixture_outcome(removes, 1), ==, JOURNAL_APPLIED);
	fixture_check(fixture);
}

static void test_creating_revives_ancestors_alone(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId top = fixture_make(fixture, &fixture->drive, "top/");
	NodeId folder = fixture_make(fixture, &top, "folder/");
	NodeId sibling = fixture_make(fixture, &top, "sibling/");
	NodeId cousin = fixture_make(fixture, &sibling, "cousin");
	NodeId old = fixture_make(fixture, &folder, "same name");
	g_assert_cmpint(fixture_delete_now(fixture, &top), ==, JOURNAL_APPLIED);
	NodeId created;
	g_assert_cmpint(create(fixture, &folder, "same name", &created), ==, JOURNAL_APPLIED);
	g_assert_true(fixture_resolves(fixture, "top/folder/same name", &created));
	g_assert_cmpuint(fixture_base(fixture, &top), ==, fixture_head(fixture));
	g_assert_cmpuint(fixture_base(fixture, &folder), ==, fixture_head(fixture));
	g_assert_cmpuint(fixture_base(fixture, &sibling), ==, fixture_head(fixture));
	g_assert_false(fixture_is_live(fixture, &old));
	g_assert_false(fixture_is_live(fixture, &sibling));
	g_assert_false(fixture_is_live(fixture, &cousin));
}

static void test_taken_name_keeps_folder_deleted(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
	NodeId file = fixture_make(fixture, &folder, "file");
	NodeId outside = fixture_make(fixture, &fixture->drive, "outside");
	g_assert_cmpint(fixture_delete_now(fixture, &folder), ==, JOURNAL_APPLIED);
	fixture_make(fixture, &fixture->drive, "folder/");
	uint64_t before = fixture_head(fixture);
	NodeId created;
	g_assert_cmpint(create(fixture, &folder, "new", &created), ==, JOURNAL_NO_PARENT);
	g_assert_cmpint(fixture_update_now(fixture, &file, "new"), ==, JOURNAL_NO_PARENT);
	g_assert_cmpint(fixture_move_now(fixture, &outside, &folder, "in"), ==, JOURNAL_NO_PARENT);
	g_assert_cmpuint(fixture_head(fixture), ==, before);
}

static void test_content_beats_deletion(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
	NodeId file = fixture_make(fixture, &folder, "file");
	NodeId sibling = fixture_make(fixture, &folder, "sibling");
	g_assert_cmpint(fixture_delete_now(fixture, &folder), ==, JOURNAL_APPLIED);
	g_assert_cmpint(fixture_update_now(fixture, &file, "new"), ==, JOURNAL_APPLIED);
	g_assert_true(fixture_resolves(fixture, "folder/file", &file));
	g_assert_false(fixture_is_live(fixture, &sibling));

	/* Who knows of the tombstone itself can write over it, if the name is free. */
	g_assert_cmpint(fixture_update_now(fixture, &sibling, "back"), ==, JOURNAL_APPLIED);
	g_assert_true(fixture_resolves(fixture, "folder/sibling", &sibling));
	g_assert_cmpint(fixture_delete_now(fixture, &sibling), ==, JOURNAL_APPLIED);
	fixture_make(fixture, &folder, "sibling");
	g_assert_cmpint(fixture_update_now(fixture, &sibling, "again"), ==, JOURNAL_NAME_TAKEN);
}

static void test_moving_out_takes_all_below(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId top = fixture_make(fixture, &fixture->drive, "top/");
	NodeId folder = fixture_make(fixture, &top, "folder/");
	NodeId file = fixture_make(fixture, &folder, "file");
	NodeId gone = fixture_make(fixture, &folder, "gone");
	g_assert_cmpint(fixture_delete_now(fixture, &gone), ==, JOURNAL_APPLIED);
	g_assert_cmpint(fixture_delete_now(fixture, &top), ==, JOURNAL_APPLIED);
	g_assert_cmpint(fixture_move_now(fixture, &folder, &fixture->drive, "out"), ==,
			JOURNAL_APPLIED);
	g_assert_true(fixture_resolves(fixture, "out/file", &file));
	g_assert_cmpuint(fixture_base(fixture, &file), ==, fixture_head(fixture));
	g_assert_false(fixture_is_live(fixture, &gone));
	g_assert_false(fixture_is_live(fixture, &top));
}

static void test_moving_into_revives(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId top = fixture_make(fixture, &fixture->drive, "top/");
	NodeId folder = fixture_make(fixture, &top, "folder/");
	NodeId file = fixture_make(fixture, &folder, "file");
	NodeId outside = fixture_make(fixture, &fixture->drive, "outside");
	g_assert_cmpint(fixture_delete_now(fixture, &top), ==, JOURNAL_APPLIED);
	g_assert_cmpint(fixture_move_now(fixture, &outside, &folder, "file"), ==, JOURNAL_APPLIED);
	g_assert_true(fixture_resolves(fixture, "top/folder/file", &outside));
	g_assert_false(fixture_is_live(fixture, &file));

	/* A rename inside what is deleted brings back that node and those above it. */
	g_assert_cmpint(fixture_delete_now(fixture, &top), ==, JOURNAL_APPLIED);
	g_assert_cmpint(fixture_move_now(fixture, &folder, &top, "renamed"), ==, JOURNAL_APPLIED);
	g_assert_true(fixture_resolves(fixture, "top/renamed/file", &outside));
	g_assert_cmpuint(fixture_base(fixture, &outside), ==, fixture_head(fixture));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/journal/apply/creates", test_creates);
	g_test_add_func("/server/journal/apply/create-refusals", test_create_refusals);
	g_test_add_func("/server/journal/apply/unknown-drive-is-not-found", test_unknown_drive);
	g_test_add_func("/server/journal/apply/compares-base", test_compares_base);
	g_test_add_func("/server/journal/apply/retry-is-already", test_retry_is_already);
	g_test_add_func("/server/journal/apply/swaps-in-group", test_swaps_in_group);
	g_test_add_func("/server/journal/apply/caseless-refuses-twins",
			test_caseless_refuses_twins);
	g_test_add_func("/server/journal/apply/caseless-swaps-in-group",
			test_caseless_swaps_in_group);
	g_test_add_func("/server/journal/apply/group-is-all-or-nothing",
			test_group_is_all_or_nothing);
	g_test_add_func("/server/journal/apply/moves-without-cycles", test_moves);
	g_test_add_func("/server/journal/apply/depth-is-bounded", test_depth_is_bounded);
	g_test_add_func("/server/journal/apply/folder-is-one-tombstone",
			test_folder_is_one_tombstone);
	g_test_add_func("/server/journal/apply/deletion-is-refused-for-newer-inside",
			test_newer_inside);
	g_test_add_func("/server/journal/apply/creating-revives-ancestors-alone",
			test_creating_revives_ancestors_alone);
	g_test_add_func("/server/journal/apply/taken-name-keeps-folder-deleted",
			test_taken_name_keeps_folder_deleted);
	g_test_add_func("/server/journal/apply/content-beats-deletion",
			test_content_beats_deletion);
	g_test_add_func("/server/journal/apply/moving-out-takes-all-below",
			test_moving_out_takes_all_below);
	g_test_add_func("/server/journal/apply/moving-into-revives", test_moving_into_revives);
	return g_test_run();
}
