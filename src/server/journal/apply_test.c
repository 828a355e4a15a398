/* SPDX-License-Identifier: Apache-2.0 */
#include "server/journal/fixture.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

/* Makes nodes of a path like "a/b" known by name: folders end in '/'. Returns the last one's id. */
static NodeId make(Fixture *fixture, const NodeId *parent, const char *name)
{
	g_autoptr(Commit) commit = fixture_commit(fixture);
	NodeId id = node_id_random();
	size_t size = strlen(name);
	if (name[size - 1] == '/') {
		g_autofree char *plain = g_strndup(name, size - 1);
		fixture_folder(commit, &id, parent, plain);
	} else {
		fixture_file(commit, &id, parent, name, name);
	}
	fixture_run(commit);
	g_assert_cmpint(fixture_outcome(commit, 0), ==, JOURNAL_APPLIED);
	return id;
}

static JournalNode node_of(Fixture *fixture, const NodeId *id)
{
	g_autoptr(GError) error = NULL;
	JournalNode node;
	journal_node(fixture->journal, &fixture->drive, id, &node, &error);
	g_assert_no_error(error);
	return node;
}

static uint64_t seq_of(Fixture *fixture, const NodeId *id)
{
	JournalNode node = node_of(fixture, id);
	uint64_t seq = node.seq;
	journal_node_clear(&node);
	return seq;
}

static bool is_live(Fixture *fixture, const NodeId *id)
{
	JournalNode node = node_of(fixture, id);
	bool live = !node.deleted;
	journal_node_clear(&node);
	return live;
}

static bool resolves(Fixture *fixture, const char *path, const NodeId *id)
{
	g_autoptr(GError) error = NULL;
	JournalNode node;
	if (!journal_resolve(fixture->journal, &fixture->drive, path, &node, &error)) {
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
		return false;
	}
	bool same = node_id_equal(&node.id, id);
	journal_node_clear(&node);
	return same;
}

static uint64_t head(Fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	JournalUsage usage;
	journal_usage(fixture->journal, &fixture->drive, &usage, &error);
	g_assert_no_error(error);
	return usage.seq;
}

/* One operation after another, each in a commit of its own. */
static JournalOutcome delete (Fixture *fixture, const NodeId *id)
{
	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_delete(commit, id, seq_of(fixture, id), head(fixture));
	fixture_run(commit);
	fixture_check(fixture);
	return fixture_outcome(commit, 0);
}

static JournalOutcome move(Fixture *fixture, const NodeId *id, const NodeId *parent,
			   const char *name)
{
	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_move(commit, id, seq_of(fixture, id), parent, name);
	fixture_run(commit);
	fixture_check(fixture);
	return fixture_outcome(commit, 0);
}

static JournalOutcome update(Fixture *fixture, const NodeId *id, const char *text)
{
	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_update(commit, id, seq_of(fixture, id), text);
	fixture_run(commit);
	fixture_check(fixture);
	return fixture_outcome(commit, 0);
}

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

	JournalNode node = node_of(fixture, &file);
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
	node = node_of(fixture, &link);
	g_assert_cmpuint(node.size, ==, 9);
	journal_node_clear(&node);
	node = node_of(fixture, &folder);
	g_assert_null(node.content);
	journal_node_clear(&node);
	g_assert_true(resolves(fixture, "folder/file", &file));
	g_assert_true(resolves(fixture, "", &fixture->drive));
	g_assert_false(resolves(fixture, "folder/none", &file));

	g_autoptr(GError) error = NULL;
	JournalUsage usage;
	g_assert_true(journal_usage(fixture->journal, &fixture->drive, &usage, &error));
	g_assert_cmpuint(usage.nodes, ==, 3);
	g_assert_cmpuint(usage.bytes, ==, 5);
}

static void test_create_refusals(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId taken = make(fixture, &fixture->drive, "taken");
	NodeId nowhere = node_id_random();
	NodeId zero = { 0 };
	NodeId id[12];
	for (size_t i = 0; i < G_N_ELEMENTS(id); i++) {
		id[i] = node_id_random();
	}
	uint64_t before = head(fixture);
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
	NodeId id = make(fixture, &fixture->drive, "a");
	uint64_t base = seq_of(fixture, &id);
	g_assert_cmpint(update(fixture, &id, "new"), ==, JOURNAL_APPLIED);
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
	NodeId a = make(fixture, &fixture->drive, "a");
	NodeId b = make(fixture, &fixture->drive, "b");
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
	g_assert_true(resolves(fixture, "a", &c));
	g_assert_true(resolves(fixture, "b", &a));
	g_assert_true(resolves(fixture, "c", &b));
	fixture_run(commit);
	for (unsigned i = 0; i < 3; i++) {
		g_assert_cmpint(fixture_outcome(commit, i), ==, JOURNAL_ALREADY);
	}
}

static void test_group_is_all_or_nothing(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId a = make(fixture, &fixture->drive, "a");
	NodeId b = make(fixture, &fixture->drive, "b");
	NodeId c = node_id_random();
	NodeId d = node_id_random();
	uint64_t before = head(fixture);
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
	g_assert_true(resolves(fixture, "a", &a));
	g_assert_true(resolves(fixture, "b", &b));
	g_assert_false(resolves(fixture, "c", &c));
	g_assert_true(resolves(fixture, "d", &d));
	fixture_check(fixture);
}

static void test_moves(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId a = make(fixture, &fixture->drive, "a/");
	NodeId b = make(fixture, &a, "b/");
	NodeId file = make(fixture, &b, "file");
	g_assert_cmpint(move(fixture, &a, &b, "a"), ==, JOURNAL_CYCLE);
	g_assert_cmpint(move(fixture, &a, &a, "a"), ==, JOURNAL_CYCLE);
	g_assert_cmpint(move(fixture, &a, &file, "a"), ==, JOURNAL_NO_PARENT);
	g_assert_cmpint(move(fixture, &fixture->drive, &a, "root"), ==, JOURNAL_INVALID);
	g_assert_cmpint(move(fixture, &b, &fixture->drive, "b"), ==, JOURNAL_APPLIED);
	g_assert_cmpint(move(fixture, &a, &b, "A"), ==, JOURNAL_APPLIED);
	g_assert_cmpint(move(fixture, &a, &b, "A"), ==, JOURNAL_APPLIED);
	g_assert_true(resolves(fixture, "b/A", &a));
	g_assert_true(resolves(fixture, "b/file", &file));
	g_assert_cmpint(delete (fixture, &fixture->drive), ==, JOURNAL_INVALID);
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
	NodeId other = make(fixture, &fixture->drive, "other/");
	g_assert_cmpint(move(fixture, first, &other, "d"), ==, JOURNAL_INVALID);
	/* Halves fit, one after the other; the bound of the first is too large then. */
	g_assert_cmpint(move(fixture, middle, &other, "d"), ==, JOURNAL_APPLIED);
	g_assert_cmpint(move(fixture, first, &other, "e"), ==, JOURNAL_APPLIED);
	g_assert_cmpint(move(fixture, &other, &fixture->drive, "again"), ==, JOURNAL_APPLIED);
}

static void test_folder_is_one_tombstone(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = make(fixture, &fixture->drive, "folder/");
	NodeId inner = make(fixture, &folder, "inner/");
	NodeId file = make(fixture, &inner, "file");
	uint64_t base = seq_of(fixture, &file);
	g_assert_cmpint(delete (fixture, &folder), ==, JOURNAL_APPLIED);
	g_assert_false(is_live(fixture, &folder));
	g_assert_false(is_live(fixture, &inner));
	g_assert_false(is_live(fixture, &file));
	g_assert_cmpuint(seq_of(fixture, &file), ==, base);
	g_assert_false(resolves(fixture, "folder/inner/file", &file));
	/* Its name is free again, and what lies below can still be deleted by itself, once. */
	make(fixture, &fixture->drive, "folder/");
	g_assert_cmpint(delete (fixture, &file), ==, JOURNAL_APPLIED);
	g_assert_cmpint(delete (fixture, &file), ==, JOURNAL_NOT_FOUND);
	g_assert_cmpint(move(fixture, &file, &fixture->drive, "x"), ==, JOURNAL_NOT_FOUND);
}

static void test_newer_inside(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = make(fixture, &fixture->drive, "folder/");
	NodeId inner = make(fixture, &folder, "inner/");
	uint64_t decided = head(fixture);
	NodeId file = make(fixture, &inner, "file");
	NodeId outside = make(fixture, &fixture->drive, "outside");

	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_delete(commit, &folder, 1, decided);
	fixture_delete(commit, &folder, 1, 99);
	fixture_run(commit);
	g_assert_cmpint(fixture_outcome(commit, 0), ==, JOURNAL_NEWER_INSIDE);
	g_assert_cmpint(fixture_outcome(commit, 1), ==, JOURNAL_INVALID);

	/* What the same commit moves in counts, what it deletes does not. */
	g_autoptr(Commit) moves = fixture_commit(fixture);
	fixture_delete(moves, &file, seq_of(fixture, &file), head(fixture));
	fixture_move(moves, &outside, seq_of(fixture, &outside), &inner, "outside");
	fixture_delete(moves, &folder, 1, decided);
	fixture_run(moves);
	g_assert_cmpint(fixture_outcome(moves, 2), ==, JOURNAL_NEWER_INSIDE);

	g_autoptr(Commit) removes = fixture_commit(fixture);
	fixture_delete(removes, &outside, seq_of(fixture, &outside), head(fixture));
	fixture_delete(removes, &folder, 1, decided);
	fixture_run(removes);
	g_assert_cmpint(fixture_outcome(removes, 1), ==, JOURNAL_APPLIED);
	fixture_check(fixture);
}

static void test_creating_revives_ancestors_alone(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId top = make(fixture, &fixture->drive, "top/");
	NodeId folder = make(fixture, &top, "folder/");
	NodeId sibling = make(fixture, &top, "sibling/");
	NodeId cousin = make(fixture, &sibling, "cousin");
	NodeId old = make(fixture, &folder, "same name");
	g_assert_cmpint(delete (fixture, &top), ==, JOURNAL_APPLIED);
	NodeId created;
	g_assert_cmpint(create(fixture, &folder, "same name", &created), ==, JOURNAL_APPLIED);
	g_assert_true(resolves(fixture, "top/folder/same name", &created));
	g_assert_cmpuint(seq_of(fixture, &top), ==, head(fixture));
	g_assert_cmpuint(seq_of(fixture, &folder), ==, head(fixture));
	g_assert_cmpuint(seq_of(fixture, &sibling), ==, head(fixture));
	g_assert_false(is_live(fixture, &old));
	g_assert_false(is_live(fixture, &sibling));
	g_assert_false(is_live(fixture, &cousin));
}

static void test_taken_name_keeps_folder_deleted(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = make(fixture, &fixture->drive, "folder/");
	NodeId file = make(fixture, &folder, "file");
	NodeId outside = make(fixture, &fixture->drive, "outside");
	g_assert_cmpint(delete (fixture, &folder), ==, JOURNAL_APPLIED);
	make(fixture, &fixture->drive, "folder/");
	uint64_t before = head(fixture);
	NodeId created;
	g_assert_cmpint(create(fixture, &folder, "new", &created), ==, JOURNAL_NO_PARENT);
	g_assert_cmpint(update(fixture, &file, "new"), ==, JOURNAL_NO_PARENT);
	g_assert_cmpint(move(fixture, &outside, &folder, "in"), ==, JOURNAL_NO_PARENT);
	g_assert_cmpuint(head(fixture), ==, before);
}

static void test_content_beats_deletion(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId folder = make(fixture, &fixture->drive, "folder/");
	NodeId file = make(fixture, &folder, "file");
	NodeId sibling = make(fixture, &folder, "sibling");
	g_assert_cmpint(delete (fixture, &folder), ==, JOURNAL_APPLIED);
	g_assert_cmpint(update(fixture, &file, "new"), ==, JOURNAL_APPLIED);
	g_assert_true(resolves(fixture, "folder/file", &file));
	g_assert_false(is_live(fixture, &sibling));

	/* Who knows of the tombstone itself can write over it, if the name is free. */
	g_assert_cmpint(update(fixture, &sibling, "back"), ==, JOURNAL_APPLIED);
	g_assert_true(resolves(fixture, "folder/sibling", &sibling));
	g_assert_cmpint(delete (fixture, &sibling), ==, JOURNAL_APPLIED);
	make(fixture, &folder, "sibling");
	g_assert_cmpint(update(fixture, &sibling, "again"), ==, JOURNAL_NAME_TAKEN);
}

static void test_moving_out_takes_all_below(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId top = make(fixture, &fixture->drive, "top/");
	NodeId folder = make(fixture, &top, "folder/");
	NodeId file = make(fixture, &folder, "file");
	NodeId gone = make(fixture, &folder, "gone");
	g_assert_cmpint(delete (fixture, &gone), ==, JOURNAL_APPLIED);
	g_assert_cmpint(delete (fixture, &top), ==, JOURNAL_APPLIED);
	g_assert_cmpint(move(fixture, &folder, &fixture->drive, "out"), ==, JOURNAL_APPLIED);
	g_assert_true(resolves(fixture, "out/file", &file));
	g_assert_cmpuint(seq_of(fixture, &file), ==, head(fixture));
	g_assert_false(is_live(fixture, &gone));
	g_assert_false(is_live(fixture, &top));
}

static void test_moving_into_revives(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId top = make(fixture, &fixture->drive, "top/");
	NodeId folder = make(fixture, &top, "folder/");
	NodeId file = make(fixture, &folder, "file");
	NodeId outside = make(fixture, &fixture->drive, "outside");
	g_assert_cmpint(delete (fixture, &top), ==, JOURNAL_APPLIED);
	g_assert_cmpint(move(fixture, &outside, &folder, "file"), ==, JOURNAL_APPLIED);
	g_assert_true(resolves(fixture, "top/folder/file", &outside));
	g_assert_false(is_live(fixture, &file));

	/* A rename inside what is deleted brings back that node and those above it. */
	g_assert_cmpint(delete (fixture, &top), ==, JOURNAL_APPLIED);
	g_assert_cmpint(move(fixture, &folder, &top, "renamed"), ==, JOURNAL_APPLIED);
	g_assert_true(resolves(fixture, "top/renamed/file", &outside));
	g_assert_cmpuint(seq_of(fixture, &outside), ==, head(fixture));
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
