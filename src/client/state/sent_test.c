/* SPDX-License-Identifier: Apache-2.0 */
#include "client/state/sent.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct Fixture {
	char *folder;
	char *path;
	char *file, *older;
	Sent *sent;
	GHashTable *before; /* what the last start found */
} Fixture;

static void start(Fixture *fixture, const char *boot)
{
	g_clear_pointer(&fixture->sent, sent_close);
	g_clear_pointer(&fixture->before, g_hash_table_unref);
	fixture->sent = sent_open(fixture->path, boot);
	fixture->before = sent_take(fixture->sent);
	g_assert_null(sent_take(fixture->sent));
}

static void set_up(Fixture *fixture, const void *data)
{
	(void)data;
	fixture->folder = g_dir_make_tmp("sent-XXXXXX", NULL);
	fixture->path = g_build_filename(fixture->folder, "state.db", NULL);
	fixture->file = g_strconcat(fixture->path, ".sent", NULL);
	fixture->older = g_strconcat(fixture->path, ".sent-older", NULL);
	start(fixture, "one");
	g_assert_null(fixture->before);
}

static void tear_down(Fixture *fixture, const void *data)
{
	(void)data;
	sent_close(fixture->sent);
	g_clear_pointer(&fixture->before, g_hash_table_unref);
	g_unlink(fixture->file);
	g_unlink(fixture->older);
	g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
	g_free(fixture->file);
	g_free(fixture->older);
	g_free(fixture->path);
	g_free(fixture->folder);
}

static NodeId node(uint8_t number)
{
	NodeId id = { .bytes = { number } };
	return id;
}

static void place(Fixture *fixture, uint8_t number, const char *name, uint64_t base)
{
	SentNote note = {
		.node = node(number),
		.kind = ENTRY_FILE,
		.placed = true,
		.parent = node(99),
		.name = (char *)name,
		.place_base = base,
	};
	sent_write(fixture->sent, &note, 1);
}

static void value(Fixture *fixture, uint8_t number, const char *content, uint64_t base)
{
	g_autoptr(GBytes) bytes = g_bytes_new(content, strlen(content));
	SentNote note = {
		.node = node(number),
		.kind = ENTRY_FILE,
		.valued = true,
		.value_base = base,
		.content = bytes,
		.size = strlen(content),
		.mtime_ns = -5,
		.executable = true,
		.stamp = { .inode = 7, .birth_ns = 8, .change_ns = INT64_MAX },
	};
	sent_write(fixture->sent, &note, 1);
}

static const SentNote *found(Fixture *fixture, uint8_t number)
{
	NodeId id = node(number);
	return fixture->before ? g_hash_table_lookup(fixture->before, &id) : NULL;
}

static void assert_value(Fixture *fixture, uint8_t number, const char *content)
{
	const SentNote *note = found(fixture, number);
	g_assert_nonnull(note);
	g_assert_true(note->valued);
	size_t size = 0;
	const char *bytes = g_bytes_get_data(note->content, &size);
	g_assert_cmpmem(bytes, size, content, strlen(content));
}

/* ---- tests ------------------------------------------------------------------------------- */

static void test_last_of_each(Fixture *fixture, const void *data)
{
	(void)data;
	place(fixture, 1, "name", 0);
	value(fixture, 1, "first", 0);
	value(fixture, 2, "other", 3);
	place(fixture, 1, "", 5);
	value(fixture, 1, "second", 6);
	value(fixture, 4, "gone", 6);
	const SentNote deleted = { .node = node(4), .kind = ENTRY_FILE, .deleted = true };
	sent_write(fixture->sent, &deleted, 1);
	start(fixture, "one");
	g_assert_cmpuint(g_hash_table_size(fixture->before), ==, 3);
	g_assert_true(found(fixture, 4)->deleted);
	g_assert_false(found(fixture, 1)->deleted);
	assert_value(fixture, 1, "second");
	assert_value(fixture, 2, "other");
	const SentNote *note = found(fixture, 1);
	g_assert_cmpstr(note->name, ==, "");
	g_assert_cmpuint(note->place_base, ==, 5);
	g_assert_cmpuint(note->value_base, ==, 6);
	NodeId parent = node(99);
	g_assert_true(note->placed && node_id_equal(&note->parent, &parent));
	g_assert_cmpint(note->kind, ==, ENTRY_FILE);
	g_assert_cmpuint(note->size, ==, strlen("second"));
	g_assert_cmpint(note->mtime_ns, ==, -5);
	g_assert_true(note->executable);
	g_assert_cmpuint(note->stamp.inode, ==, 7);
	g_assert_cmpint(note->stamp.birth_ns, ==, 8);
	g_assert_cmpint(note->stamp.change_ns, ==, INT64_MAX);
	g_assert_false(found(fixture, 2)->placed);
}

static void test_other_boot(Fixture *fixture, const void *data)
{
	(void)data;
	value(fixture, 1, "old", 1);
	g_assert_true(sent_turn(fixture->sent));
	value(fixture, 2, "new", 1);
	start(fixture, "two");
	g_assert_null(fixture->before);
	g_assert_false(g_file_test(fixture->file, G_FILE_TEST_EXISTS));
	g_assert_false(g_file_test(fixture->older, G_FILE_TEST_EXISTS));
}

/* Whoever is killed at the next start, too, has taken nothing away. */
static void test_kept_until_dropped(Fixture *fixture, const void *data)
{
	(void)data;
	value(fixture, 1, "first", 1);
	start(fixture, "one");
	value(fixture, 2, "second", 1);
	g_assert_true(sent_has_older(fixture->sent));
	g_assert_false(sent_turn(fixture->sent));
	start(fixture, "one");
	assert_value(fixture, 1, "first");
	assert_value(fixture, 2, "second");
	sent_drop(fixture->sent);
	start(fixture, "one");
	g_assert_null(fixture->before);
}

static void test_goes_by_age(Fixture *fixture, const void *data)
{
	(void)data;
	g_assert_false(sent_turn(fixture->sent));
	value(fixture, 1, "first", 1);
	g_assert_true(sent_turn(fixture->sent));
	value(fixture, 2, "second", 1);
	sent_drop(fixture->sent);
	start(fixture, "one");
	g_assert_null(found(fixture, 1));
	assert_value(fixture, 2, "second");
}

static void test_taken_back(Fixture *fixture, const void *data)
{
	(void)data;
	value(fixture, 1, "first", 1);
	value(fixture, 2, "second", 1);
	g_assert_true(sent_turn(fixture->sent));
	const SentNote nothing = { .node = node(1), .kind = ENTRY_FILE };
	sent_write(fixture->sent, &nothing, 1);
	start(fixture, "one");
	g_assert_null(found(fixture, 1));
	start(fixture, "one");
	g_assert_null(found(fixture, 1));
	assert_value(fixture, 2, "second");
}

/* Killed in the middle of a note, wherever: those before it are whole. */
static void test_torn(Fixture *fixture, const void *data)
{
	(void)data;
	value(fixture, 1, "first", 1);
	value(fixture, 2, "second", 1);
	g_autofree char *bytes = NULL;
	size_t size = 0;
	g_assert_true(g_file_get_contents(fixture->file, &bytes, &size, NULL));
	for (size_t cut = size - 1; cut > size - 60; cut--) {
		g_unlink(fixture->older);
		g_assert_true(g_file_set_contents(fixture->file, bytes, (gssize)cut, NULL));
		start(fixture, "one");
		assert_value(fixture, 1, "first");
		g_assert_null(found(fixture, 2));
		value(fixture, 3, "third", 1);
		start(fixture, "one");
		assert_value(fixture, 1, "first");
		assert_value(fixture, 3, "third");
	}
}

static void test_machine_says_its_boot(Fixture *fixture, const void *data)
{
	(void)data;
	start(fixture, NULL);
	value(fixture, 1, "first", 1);
	start(fixture, NULL);
	assert_value(fixture, 1, "first");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, test) \
	g_test_add("/client/state/sent/" name, Fixture, NULL, set_up, test, tear_down)
	ADD("keeps-the-last-of-each-node", test_last_of_each);
	ADD("forgets-in-another-boot", test_other_boot);
	ADD("keeps-until-dropped", test_kept_until_dropped);
	ADD("goes-by-age", test_goes_by_age);
	ADD("takes-back-what-counts-no-more", test_taken_back);
	ADD("survives-torn-tail", test_torn);
	ADD("knows-the-boot-of-this-machine", test_machine_says_its_boot);
	return g_test_run();
}
