/* SPDX-License-Identifier: Apache-2.0 */
#include "client/observe/follow.h"

#include <string.h>

typedef struct Fixture {
	State *state;
	Follow *follow;
	GArray *keys; /* int64_t: what the last page or commit changed */
	NodeId drive;
} Fixture;

static void set_up(Fixture *fixture, const void *data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	fixture->drive = node_id_random();
	fixture->state = state_open(":memory:", &fixture->drive, &error);
	g_assert_no_error(error);
	fixture->follow = follow_new(fixture->state);
	fixture->keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
}

static void tear_down(Fixture *fixture, const void *data)
{
	(void)data;
	state_check(fixture->state);
	follow_free(fixture->follow);
	state_close(fixture->state);
	g_array_unref(fixture->keys);
}

/* ---- pages ------------------------------------------------------------------------------ */

static RemotePage *page_new(uint64_t seq, bool at_head)
{
	RemotePage *page = remote_page_new();
	g_autofree char *cursor = g_strdup_printf("cursor %" G_GUINT64_FORMAT, seq);
	page->cursor = g_bytes_new(cursor, strlen(cursor));
	page->seq = seq;
	page->at_head = at_head;
	return page;
}

static void show(RemotePage *page, const NodeId *id, const NodeId *parent, const char *name,
		 uint64_t seq)
{
	RemoteEntry entry = {
		.id = *id,
		.parent = *parent,
		.name = g_strdup(name),
		.kind = REMOTE_FOLDER,
		.seq = seq,
	};
	g_array_append_val(page->entries, entry);
}

static void show_deleted(RemotePage *page, const NodeId *id, uint64_t seq)
{
	RemoteEntry entry = { .id = *id, .seq = seq, .deleted = true };
	g_array_append_val(page->entries, entry);
}

/* Frees the page. */
static void take(Fixture *fixture, RemotePage *page)
{
	g_array_set_size(fixture->keys, 0);
	follow_page(fixture->follow, page, fixture->keys);
	remote_page_free(page);
}

static int64_t key_of(Fixture *fixture, const NodeId *id)
{
	return state_key_of_id(fixture->state, id);
}

static void commit(Fixture *fixture, const NodeId *id, const char *name, uint64_t seq)
{
	g_autoptr(Entry) entry = NULL;
	int64_t key = key_of(fixture, id);
	g_array_set_size(fixture->keys, 0);
	if (name) {
		Entry fields = {
			.key = key ? key : state_key_for_id(fixture->state, id),
			.parent = ENTRY_KEY_ROOT,
			.id = *id,
			.name = (char *)name,
			.kind = ENTRY_FOLDER,
			.seq = seq,
		};
		entry = entry_new(&fields);
		key = fields.key;
	}
	follow_committed(fixture->follow, key, entry, seq, fixture->keys);
}

/* path NULL: it is not in the remote tree. */
static void expect(Fixture *fixture, const NodeId *id, const char *path)
{
	int64_t key = key_of(fixture, id);
	const Entry *entry = key ? state_get(fixture->state, SIDE_REMOTE, key) : NULL;
	g_autofree char *there = entry ? state_path(fixture->state, SIDE_REMOTE, key) : NULL;
	g_assert_cmpstr(there, ==, path);
}

static bool was_told(Fixture *fixture, const NodeId *id)
{
	int64_t key = key_of(fixture, id);
	for (unsigned i = 0; i < fixture->keys->len; i++) {
		if (g_array_index(fixture->keys, int64_t, i) == key) {
			return true;
		}
	}
	return false;
}

static void expect_kept_cursor(Fixture *fixture, const char *text)
{
	GBytes *cursor = state_cursor(fixture->state);
	g_autoptr(GBytes) expected = g_bytes_new(text, strlen(text));
	g_assert_true(text ? cursor && g_bytes_equal(cursor, expected) : !cursor);
}

/* ---- tests ------------------------------------------------------------------------------ */

static void test_pages(Fixture *fixture, const void *data)
{
	(void)data;
	const NodeId a = node_id_random(), b = node_id_random();
	g_assert_false(follow_at_head(fixture->follow));
	g_assert_null(follow_cursor(fixture->follow));
	RemotePage *page = page_new(7, true);
	show(page, &a, &fixture->drive, "a", 5);
	show(page, &b, &a, "b", 7);
	take(fixture, page);
	expect(fixture, &a, "a");
	expect(fixture, &b, "a/b");
	g_assert_true(was_told(fixture, &a));
	g_assert_true(was_told(fixture, &b));
	g_assert_true(follow_at_head(fixture->follow));
	g_assert_cmpuint(follow_seq(fixture->follow), ==, 7);
	expect_kept_cursor(fixture, "cursor 7");
}

static void test_child_before_parent(Fixture *fixture, const void *data)
{
	(void)data;
	const NodeId parent = node_id_random(), child = node_id_random();
	RemotePage *first = page_new(5, false), *second = page_new(9, true);
	show(first, &child, &parent, "child", 5);
	take(fixture, first);
	int64_t key = key_of(fixture, &child);
	g_assert_nonnull(state_get(fixture->state, SIDE_REMOTE, key));
	g_assert_null(state_path(fixture->state, SIDE_REMOTE, key));
	g_assert_false(follow_at_head(fixture->follow));
	show(second, &parent, &fixture->drive, "parent", 9);
	take(fixture, second);
	expect(fixture, &child, "parent/child");
	g_assert_cmpint(key_of(fixture, &child), ==, key);
}

static void test_stale_news(Fixture *fixture, const void *data)
{
	(void)data;
	const NodeId a = node_id_random();
	commit(fixture, &a, "ours", 10);
	g_assert_true(was_told(fixture, &a));
	RemotePage *older = page_new(9, false), *own = page_new(10, false);
	RemotePage *newer = page_new(11, true);
	show(older, &a, &fixture->drive, "before", 9);
	take(fixture, older);
	expect(fixture, &a, "ours");
	g_assert_false(was_told(fixture, &a));
	show(own, &a, &fixture->drive, "ours", 10);
	take(fixture, own);
	g_assert_false(was_told(fixture, &a));
	show(newer, &a, &fixture->drive, "after", 11);
	take(fixture, newer);
	expect(fixture, &a, "after");
	/* The answer to our operation can come after news that are newer. */
	commit(fixture, &a, "ours", 10);
	expect(fixture, &a, "after");
}

static void test_deleted_folder(Fixture *fixture, const void *data)
{
	(void)data;
	const NodeId folder = node_id_random(), child = node_id_random();
	RemotePage *page = page_new(2, true);
	show(page, &folder, &fixture->drive, "folder", 1);
	show(page, &child, &folder, "child", 2);
	take(fixture, page);
	page = page_new(3, true);
	show_deleted(page, &folder, 3);
	take(fixture, page);
	expect(fixture, &folder, NULL);
	expect(fixture, &child, NULL);
	/* Both, by keys that no id has any more. */
	g_assert_cmpuint(fixture->keys->len, ==, 2);
}

/* It was moved out before, but that is told later, since it was changed once more. */
static void test_moved_out_before_deletion(Fixture *fixture, const void *data)
{
	(void)data;
	const NodeId folder = node_id_random(), child = node_id_random();
	const NodeId grandchild = node_id_random();
	RemotePage *page = page_new(3, true);
	show(page, &folder, &fixture->drive, "folder", 1);
	show(page, &child, &folder, "child", 2);
	show(page, &grandchild, &child, "grandchild", 3);
	take(fixture, page);
	page = page_new(5, false);
	show_deleted(page, &folder, 5);
	take(fixture, page);
	expect(fixture, &grandchild, "folder/child/grandchild");
	expect_kept_cursor(fixture, "cursor 3");
	g_assert_cmpuint(g_bytes_get_size(follow_cursor(fixture->follow)), ==, strlen("cursor 5"));
	page = page_new(6, true);
	show(page, &child, &fixture->drive, "child", 6);
	take(fixture, page);
	expect(fixture, &folder, NULL);
	expect(fixture, &grandchild, "child/grandchild");
	expect_kept_cursor(fixture, "cursor 6");
}

static void test_deleted_and_back(Fixture *fixture, const void *data)
{
	(void)data;
	const NodeId folder = node_id_random(), unknown = node_id_random();
	RemotePage *page = page_new(1, true);
	show(page, &folder, &fixture->drive, "folder", 1);
	take(fixture, page);
	page = page_new(4, false);
	show_deleted(page, &folder, 3);
	show_deleted(page, &unknown, 4);
	take(fixture, page);
	page = page_new(6, true);
	show(page, &folder, &fixture->drive, "folder", 6);
	take(fixture, page);
	expect(fixture, &folder, "folder");
	expect(fixture, &unknown, NULL);
}

static void test_own_deletion(Fixture *fixture, const void *data)
{
	(void)data;
	const NodeId folder = node_id_random(), child = node_id_random();
	RemotePage *page = page_new(2, true);
	show(page, &folder, &fixture->drive, "folder", 1);
	show(page, &child, &folder, "child", 2);
	take(fixture, page);
	commit(fixture, &folder, NULL, 5);
	/* Somebody else's move that we have not heard of yet may have saved the child. */
	expect(fixture, &child, "folder/child");
	page = page_new(4, true);
	show(page, &folder, &fixture->drive, "renamed", 3);
	show(page, &child, &fixture->drive, "child", 4);
	take(fixture, page);
	expect(fixture, &folder, "folder");
	expect(fixture, &child, "child");
	page = page_new(5, true);
	show_deleted(page, &folder, 5);
	take(fixture, page);
	expect(fixture, &folder, NULL);
	expect(fixture, &child, "child");
	/* What comes back later is news. */
	page = page_new(8, true);
	show(page, &folder, &fixture->drive, "restored", 8);
	take(fixture, page);
	expect(fixture, &folder, "restored");
}

static void test_own_deletion_of_a_file(Fixture *fixture, const void *data)
{
	(void)data;
	const NodeId file = node_id_random();
	RemotePage *page = page_new(1, true);
	show(page, &file, &fixture->drive, "file", 1);
	g_array_index(page->entries, RemoteEntry, 0).kind = REMOTE_LINK;
	g_array_index(page->entries, RemoteEntry, 0).content = g_bytes_new_static("target", 6);
	take(fixture, page);
	g_assert_cmpuint(state_get(fixture->state, SIDE_REMOTE, key_of(fixture, &file))->size, ==,
			 6);
	commit(fixture, &file, NULL, 5);
	expect(fixture, &file, NULL);
	page = page_new(4, true);
	show(page, &file, &fixture->drive, "renamed", 4);
	take(fixture, page);
	expect(fixture, &file, NULL);
}

static void test_root_is_not_news(Fixture *fixture, const void *data)
{
	(void)data;
	const NodeId nowhere = { 0 };
	RemotePage *page = page_new(3, true);
	show(page, &fixture->drive, &nowhere, "", 2);
	show_deleted(page, &fixture->drive, 3);
	take(fixture, page);
	g_assert_cmpuint(fixture->keys->len, ==, 0);
	g_assert_nonnull(state_get(fixture->state, SIDE_REMOTE, ENTRY_KEY_ROOT));
}

static void put_local(Fixture *fixture, int64_t key)
{
	Entry fields = *state_get(fixture->state, SIDE_REMOTE, key);
	fields.stamp = (EntryStamp){ .inode = (uint64_t)key, .birth_ns = 1 };
	g_autofree char *name = g_strdup(fields.name);
	fields.name = name;
	g_autoptr(Entry) entry = entry_new(&fields);
	state_put(fixture->state, SIDE_LOCAL, entry);
}

static void test_reset(Fixture *fixture, const void *data)
{
	(void)data;
	const NodeId kept = node_id_random(), gone = node_id_random();
	RemotePage *page = page_new(2, true);
	show(page, &kept, &fixture->drive, "kept", 1);
	show(page, &gone, &fixture->drive, "gone", 2);
	take(fixture, page);
	put_local(fixture, key_of(fixture, &kept));
	put_local(fixture, key_of(fixture, &gone));
	state_agree(fixture->state, key_of(fixture, &kept));
	state_agree(fixture->state, key_of(fixture, &gone));
	int64_t gone_key = key_of(fixture, &gone);
	page = page_new(9, true);
	page->reset = true;
	show(page, &kept, &fixture->drive, "kept", 8);
	take(fixture, page);
	expect(fixture, &kept, "kept");
	expect(fixture, &gone, NULL);
	/* Not deleted: it is as if it were new here. */
	g_assert_nonnull(state_get(fixture->state, SIDE_LOCAL, gone_key));
	g_assert_null(state_get(fixture->state, SIDE_SYNCED, gone_key));
	g_assert_null(state_get(fixture->state, SIDE_SYNCED, key_of(fixture, &kept)));
}

/* What was waiting to be deleted on the old server says nothing about the new one. */
static void test_reset_forgets_deletions(Fixture *fixture, const void *data)
{
	(void)data;
	const NodeId a = node_id_random(), b = node_id_random();
	RemotePage *page = page_new(102, true);
	show(page, &a, &fixture->drive, "a", 101);
	show(page, &b, &fixture->drive, "b", 102);
	take(fixture, page);
	page = page_new(104, false);
	show_deleted(page, &b, 104);
	take(fixture, page);
	commit(fixture, &a, NULL, 110);
	page = page_new(2, true);
	page->reset = true;
	show(page, &a, &fixture->drive, "a", 1);
	show(page, &b, &fixture->drive, "b", 2);
	take(fixture, page);
	expect(fixture, &a, "a");
	expect(fixture, &b, "b");
	take(fixture, page_new(200, true));
	expect(fixture, &a, "a");
	expect(fixture, &b, "b");
}

static void test_goes_on_from_kept_cursor(Fixture *fixture, const void *data)
{
	(void)data;
	take(fixture, page_new(5, true));
	follow_free(fixture->follow);
	fixture->follow = follow_new(fixture->state);
	g_autoptr(GBytes) expected = g_bytes_new_static("cursor 5", 8);
	g_assert_true(g_bytes_equal(follow_cursor(fixture->follow), expected));
	g_assert_false(follow_at_head(fixture->follow));
}

/* ---- circles ---------------------------------------------------------------------------- */

/* They lie in each other, on a page that says that it is all. */
static void show_circle(Fixture *fixture, const NodeId *ids, unsigned count, uint64_t seq)
{
	RemotePage *page = page_new(seq, true);
	for (unsigned i = 0; i < count; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);
		show(page, &ids[i], &ids[(i + 1) % count], name, seq);
	}
	take(fixture, page);
}

static void test_circle_of_new_folders(Fixture *fixture, const void *data)
{
	(void)data;
	const NodeId two[] = { node_id_random(), node_id_random() };
	show_circle(fixture, two, 2, 5);
	g_assert_false(follow_at_head(fixture->follow));
	/* Nor is it the head because it is said once more. */
	take(fixture, page_new(6, true));
	g_assert_false(follow_at_head(fixture->follow));
	RemotePage *page = page_new(7, true);
	show(page, &two[0], &fixture->drive, "0", 7);
	take(fixture, page);
	expect(fixture, &two[1], "0/1");
	g_assert_true(follow_at_head(fixture->follow));
}

static void test_circle_of_moved_folders(Fixture *fixture, const void *data)
{
	(void)data;
	const NodeId two[] = { node_id_random(), node_id_random() };
	RemotePage *page = page_new(2, true);
	show(page, &two[0], &fixture->drive, "0", 1);
	show(page, &two[1], &fixture->drive, "1", 2);
	take(fixture, page);
	g_assert_true(follow_at_head(fixture->follow));
	show_circle(fixture, two, 2, 3);
	g_assert_false(follow_at_head(fixture->follow));
	page = page_new(4, true);
	show_deleted(page, &two[1], 4);
	take(fixture, page);
	expect(fixture, &two[1], NULL);
	g_assert_true(follow_at_head(fixture->follow));
}

/* Longer than any way up is followed. */
static void test_long_circle(Fixture *fixture, const void *data)
{
	(void)data;
	NodeId ids[3000];
	for (unsigned i = 0; i < G_N_ELEMENTS(ids); i++) {
		ids[i] = node_id_random();
	}
	show_circle(fixture, ids, G_N_ELEMENTS(ids), 5);
	g_assert_false(follow_at_head(fixture->follow));
}

/* What a folder came into, and left since, is no way up any more. */
static void test_circle_behind_a_known_folder(Fixture *fixture, const void *data)
{
	(void)data;
	const NodeId a = node_id_random(), b = node_id_random(), in = node_id_random();
	RemotePage *page = page_new(9, true);
	show(page, &a, &fixture->drive, "a", 1);
	show(page, &in, &a, "in", 2);
	show(page, &a, &b, "a", 3);
	show(page, &b, &a, "b", 4);
	take(fixture, page);
	g_assert_false(follow_at_head(fixture->follow));
}

/* Ours was answered before we heard of what it came after. */
static void test_circle_by_our_own_move(Fixture *fixture, const void *data)
{
	(void)data;
	const NodeId a = node_id_random(), b = node_id_random();
	RemotePage *page = page_new(2, true);
	show(page, &a, &fixture->drive, "a", 1);
	show(page, &b, &a, "b", 2);
	take(fixture, page);
	Entry fields = {
		.key = key_of(fixture, &a),
		.parent = key_of(fixture, &b),
		.id = a,
		.name = (char *)"a",
		.kind = ENTRY_FOLDER,
		.seq = 4,
	};
	g_autoptr(Entry) entry = entry_new(&fields);
	follow_committed(fixture->follow, fields.key, entry, 4, fixture->keys);
	g_assert_false(follow_at_head(fixture->follow));
	page = page_new(4, true);
	show(page, &b, &fixture->drive, "b", 3);
	take(fixture, page);
	expect(fixture, &a, "b/a");
	g_assert_true(follow_at_head(fixture->follow));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) \
	g_test_add("/client/observe/follow/" name, Fixture, NULL, set_up, function, tear_down)
	ADD("pages-become-the-tree", test_pages);
	ADD("child-before-parent", test_child_before_parent);
	ADD("stale-news-after-own-commit", test_stale_news);
	ADD("deleted-folder-takes-what-is-in-it", test_deleted_folder);
	ADD("moved-out-before-deletion", test_moved_out_before_deletion);
	ADD("deleted-and-back", test_deleted_and_back);
	ADD("own-deletion-of-a-folder", test_own_deletion);
	ADD("own-deletion-of-a-file", test_own_deletion_of_a_file);
	ADD("root-is-not-news", test_root_is_not_news);
	ADD("reset-unites", test_reset);
	ADD("reset-forgets-deletions", test_reset_forgets_deletions);
	ADD("a-circle-of-new-folders-is-no-head", test_circle_of_new_folders);
	ADD("a-circle-of-moved-folders-is-no-head", test_circle_of_moved_folders);
	ADD("a-long-circle-is-no-head", test_long_circle);
	ADD("a-circle-behind-a-known-folder-is-no-head", test_circle_behind_a_known_folder);
	ADD("a-circle-by-our-own-move-is-no-head", test_circle_by_our_own_move);
	ADD("goes-on-from-kept-cursor", test_goes_on_from_kept_cursor);
	return g_test_run();
}
