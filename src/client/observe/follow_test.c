/* SPDX-License-Identifier: Apache-2.0 */
#include "client/observe/follow.h"

#include <string.h>

typedef struct Fixture {
	NodeId drive;
	State *state;
	Follow *follow;
	RemotePage *page;
	GArray *keys;
} Fixture;

static void set_up(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	(void)data;
	fixture->drive = node_id_random();
	fixture->state = state_open(":memory:", &fixture->drive, &error);
	g_assert_no_error(error);
	fixture->follow = follow_new(fixture->state);
	fixture->page = remote_page_new();
	fixture->keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
}

static void tear_down(Fixture *fixture, const void *data)
{
	(void)data;
	g_array_unref(fixture->keys);
	remote_page_free(fixture->page);
	follow_free(fixture->follow);
	state_close(fixture->state);
}

/* ---- what the server tells --------------------------------------------------------------- */

static void tell(Fixture *fixture, const NodeId *id, const NodeId *parent, const char *name,
		 uint64_t seq)
{
	bool is_file = strchr(name, '.') != NULL;
	const RemoteEntry entry = {
		.id = *id,
		.parent = parent ? *parent : fixture->drive,
		.name = g_strdup(name),
		.kind = is_file ? REMOTE_FILE : REMOTE_FOLDER,
		.content = is_file ? g_bytes_new("c", 1) : NULL,
		.seq = seq,
	};
	g_array_append_val(fixture->page->entries, entry);
}

static void tell_deleted(Fixture *fixture, const NodeId *id, uint64_t seq)
{
	const RemoteEntry entry = {
		.id = *id,
		.parent = fixture->drive,
		.name = g_strdup("x"),
		.kind = REMOTE_FOLDER,
		.seq = seq,
		.deleted = true,
	};
	g_array_append_val(fixture->page->entries, entry);
}

static void turn(Fixture *fixture, uint64_t seq, bool at_head)
{
	g_autofree char *text = g_strdup_printf("%u", (unsigned)seq);
	fixture->page->cursor = g_bytes_new(text, strlen(text));
	fixture->page->seq = seq;
	fixture->page->at_head = at_head;
	follow_page(fixture->follow, fixture->page, fixture->keys);
	state_check(fixture->state);
	remote_page_free(fixture->page);
	fixture->page = remote_page_new();
}

static bool is_there(Fixture *fixture, const NodeId *id)
{
	int64_t key = state_key_of_id(fixture->state, id);
	return state_get(fixture->state, SIDE_REMOTE, key) != NULL;
}

static bool state_cursor_is(Fixture *fixture, const char *text)
{
	GBytes *cursor = state_cursor(fixture->state);
	return cursor && g_bytes_get_size(cursor) == strlen(text) &&
	       memcmp(g_bytes_get_data(cursor, NULL), text, strlen(text)) == 0;
}

/* ---- tests ------------------------------------------------------------------------------- */

static void test_child_may_come_before_its_parent(Fixture *fixture, const void *data)
{
	(void)data;
	NodeId folder = node_id_random(), file = node_id_random();
	tell(fixture, &file, &folder, "a.txt", 1);
	turn(fixture, 1, false);
	tell(fixture, &folder, NULL, "folder", 2);
	turn(fixture, 2, true);
	int64_t key = state_key_of_id(fixture->state, &file);
	g_autofree char *path = state_path(fixture->state, SIDE_REMOTE, key);
	g_assert_cmpstr(path, ==, "folder/a.txt");
}

static void test_older_news_are_dropped(Fixture *fixture, const void *data)
{
	(void)data;
	NodeId file = node_id_random();
	tell(fixture, &file, NULL, "new.txt", 5);
	tell(fixture, &file, NULL, "old.txt", 4);
	tell_deleted(fixture, &file, 3);
	turn(fixture, 5, true);
	int64_t key = state_key_of_id(fixture->state, &file);
	g_assert_cmpstr(state_get(fixture->state, SIDE_REMOTE, key)->name, ==, "new.txt");
}

/* moved: out of the folder, then the folder was deleted, then it was changed once more. */
static void test_moved_out_keeps_what_lies_in_it(Fixture *fixture, const void *data)
{
	bool in_one_page = data != NULL;
	NodeId folder = node_id_random(), moved = node_id_random(), inside = node_id_random();
	NodeId buried = node_id_random();
	tell(fixture, &folder, NULL, "folder", 1);
	tell(fixture, &moved, &folder, "moved", 2);
	tell(fixture, &inside, &moved, "inside.txt", 3);
	tell(fixture, &buried, &folder, "buried.txt", 4);
	turn(fixture, 4, true);

	tell_deleted(fixture, &folder, 6);
	if (!in_one_page) {
		turn(fixture, 6, false);
		g_assert_true(state_cursor_is(fixture, "4"));
		g_assert_cmpuint(g_bytes_get_size(follow_cursor(fixture->follow)), ==, 1);
		g_assert_true(is_there(fixture, &folder));
	}
	tell(fixture, &moved, NULL, "moved again", 7);
	turn(fixture, 7, true);
	g_assert_true(state_cursor_is(fixture, "7"));
	g_assert_false(is_there(fixture, &folder));
	g_assert_false(is_there(fixture, &buried));
	g_assert_true(is_there(fixture, &moved));
	g_assert_true(is_there(fixture, &inside));
}

static void test_own_deletion_keeps_what_was_moved_out(Fixture *fixture, const void *data)
{
	(void)data;
	NodeId folder = node_id_random(), moved = node_id_random(), inside = node_id_random();
	tell(fixture, &folder, NULL, "folder", 1);
	tell(fixture, &moved, &folder, "moved", 2);
	tell(fixture, &inside, &moved, "inside.txt", 3);
	turn(fixture, 3, true);
	int64_t key = state_key_of_id(fixture->state, &folder);
	follow_committed(fixture->follow, key, NULL, 6, fixture->keys);
	g_assert_true(is_there(fixture, &folder));
	/* Somebody had moved it out, at 5. */
	tell(fixture, &moved, NULL, "moved", 5);
	turn(fixture, 5, true);
	g_assert_true(is_there(fixture, &folder));
	tell_deleted(fixture, &folder, 6);
	turn(fixture, 6, true);
	g_assert_false(is_there(fixture, &folder));
	g_assert_true(is_there(fixture, &moved));
	g_assert_true(is_there(fixture, &inside));
}

static void test_revived_is_not_buried(Fixture *fixture, const void *data)
{
	(void)data;
	NodeId folder = node_id_random();
	tell(fixture, &folder, NULL, "folder", 1);
	turn(fixture, 1, true);
	tell_deleted(fixture, &folder, 2);
	turn(fixture, 2, false);
	tell(fixture, &folder, NULL, "folder", 3);
	turn(fixture, 3, true);
	g_assert_true(is_there(fixture, &folder));
}

static void test_reset_deletes_nothing(Fixture *fixture, const void *data)
{
	(void)data;
	NodeId file = node_id_random();
	tell(fixture, &file, NULL, "a.txt", 1);
	turn(fixture, 1, true);
	int64_t key = state_key_of_id(fixture->state, &file);
	g_autoptr(Entry) local = entry_ref(state_get(fixture->state, SIDE_REMOTE, key));
	state_put(fixture->state, SIDE_LOCAL, local);
	state_agree(fixture->state, key);
	tell_deleted(fixture, &file, 2);
	turn(fixture, 2, false);
	fixture->page->reset = true;
	turn(fixture, 9, true);
	g_assert_nonnull(state_get(fixture->state, SIDE_LOCAL, key));
	g_assert_null(state_get(fixture->state, SIDE_SYNCED, key));
}

#define ADD(name, function, data) \
	g_test_add("/client/observe/follow/" name, Fixture, data, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("child-may-come-before-its-parent", test_child_may_come_before_its_parent, NULL);
	ADD("older-news-are-dropped", test_older_news_are_dropped, NULL);
	ADD("moved-out-keeps-what-lies-in-it", test_moved_out_keeps_what_lies_in_it, NULL);
	ADD("moved-out-in-the-same-page", test_moved_out_keeps_what_lies_in_it, "");
	ADD("own-deletion-keeps-what-was-moved-out", test_own_deletion_keeps_what_was_moved_out,
	    NULL);
	ADD("revived-is-not-buried", test_revived_is_not_buried, NULL);
	ADD("reset-deletes-nothing", test_reset_deletes_nothing, NULL);
	return g_test_run();
}
