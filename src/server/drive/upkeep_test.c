/* SPDX-License-Identifier: Apache-2.0 */
#include "server/drive/upkeep_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/drive/drive_internal.h"
#include "server/drive/fixture_internal.h"
#include "server/blobs/place_impl.h"

#include <string.h>

static void restart(Fixture *fixture)
{
	fixture_stop(fixture);
	fixture_start(fixture);
}

/* Files of 1000 bytes by their number. */
static void put_files(Fixture *fixture, uint32_t first, uint32_t count, NodeId *ret_nodes)
{
	for (uint32_t i = 0; i < count; i++) {
		g_autofree char *name = g_strdup_printf("file %u", first + i);
		g_autoptr(FixtureFile) file = fixture_file_new(first + i, 1000, 250);

		ret_nodes[i] = fixture_put(fixture, &fixture->alice, name, file);
	}
}

static void assert_files(Fixture *fixture, uint32_t first, uint32_t count, const NodeId *nodes)
{
	for (uint32_t i = 0; i < count; i++) {
		g_autoptr(FixtureFile) file = fixture_file_new(first + i, 1000, 250);

		fixture_assert_file(fixture, &fixture->alice, &nodes[i], file);
	}
}

static void remove_file(Fixture *fixture, const NodeId *node)
{
	g_autoptr(FixtureFile) none = fixture_file_new(0, 0, 1);
	JournalOperation operation = fixture_operation(fixture, &fixture->alice, node, NULL, none);
	JournalNode before = { 0 };
	JournalResult result;

	g_assert_true(drive_node(fixture->drive, &fixture->alice, node, &before, NULL));
	operation.verb = JOURNAL_DELETE;
	operation.base = before.seq;
	operation.decided_at = before.seq;
	journal_node_clear(&before);
	g_assert_true(fixture_commit(fixture, &fixture->alice, &operation, NULL, &result));
	g_assert_cmpint(result.outcome, ==, JOURNAL_APPLIED);
}

/* ---- recovery -------------------------------------------------------------------------- */

static void append_unnamed(Fixture *fixture, uint32_t number, BlobsLocation *ret_location)
{
	g_autoptr(FixtureFile) file = fixture_file_new(number, 1000, 1000);

	g_assert_true(blobs_append(fixture->blobs, (EncodedChunk *)file->chunks->data, 1,
				   ret_location, NULL));
	g_assert_true(blobs_sync(fixture->blobs, NULL));
}

static void test_cuts_torn_tails(void)
{
	g_auto(Fixture) fixture = { 0 };
	NodeId nodes[3];
	BlobsLocation location;
	uint64_t before;
	uint64_t after;

	fixture_init(&fixture);
	put_files(&fixture, 1, 3, nodes);
	fixture_packs(&fixture, &before);
	append_unnamed(&fixture, 100, &location);
	restart(&fixture);
	g_assert_cmpuint(fixture_packs(&fixture, &after), ==, 1);
	g_assert_cmpuint(after, ==, before);
	assert_files(&fixture, 1, 3, nodes);
	fixture_assert_whole(&fixture);
	g_assert_cmpuint(fixture.reports->len, ==, 0);
}

static void test_removes_packs_that_hold_nothing(void)
{
	g_auto(Fixture) fixture = { 0 };
	BlobsLocation location;
	uint64_t size;

	fixture_init(&fixture);
	append_unnamed(&fixture, 100, &location);
	g_assert_cmpuint(fixture_packs(&fixture, &size), ==, 1);
	restart(&fixture);
	g_assert_cmpuint(fixture_packs(&fixture, &size), ==, 0);
	g_assert_cmpuint(fixture.reports->len, ==, 0);
	fixture_assert_whole(&fixture);
}

static void test_leaves_foreign_packs_alone(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	NodeId nodes[3];
	uint64_t size;

	fixture_init(&fixture);
	put_files(&fixture, 1, 3, nodes);
	g_assert_true(place_create(fixture.memory, 4711, NULL));
	restart(&fixture);
	g_assert_cmpuint(fixture.reports->len, ==, 1);
	fixture_upkeep(&fixture, 10);
	g_assert_cmpuint(fixture_packs(&fixture, &size), ==, 2);
	g_assert_true(drive_check(fixture.drive, DRIVE_CHECK_QUICK, problems, NULL));
	g_assert_cmpuint(problems->len, ==, 1);
}

static void test_tells_what_is_missing(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GArray) packs = g_array_new(false, false, sizeof(BlobsPack));
	NodeId nodes[3];
	BlobsPack *pack;

	fixture_init(&fixture);
	put_files(&fixture, 1, 3, nodes);
	g_assert_true(blobs_list(fixture.blobs, packs, NULL));
	pack = &g_array_index(packs, BlobsPack, 0);
	g_assert_true(place_truncate(fixture.memory, pack->pack, pack->size - 300, NULL));
	restart(&fixture);
	g_assert_cmpuint(fixture.reports->len, ==, 1);
	g_assert_true(drive_check(fixture.drive, DRIVE_CHECK_QUICK, problems, NULL));
	g_assert_cmpuint(problems->len, ==, 1);
	/* The rest of it is still there. */
	assert_files(&fixture, 1, 2, nodes);
	g_assert_true(place_remove(fixture.memory, pack->pack, NULL));
	restart(&fixture);
	g_assert_cmpuint(fixture.reports->len, >=, 2);
}

/* ---- forgetting ------------------------------------------------------------------------ */

static void test_removes_what_is_forgotten(void)
{
	g_auto(Fixture) fixture = { 0 };
	NodeId nodes[10];
	uint64_t size;

	fixture_init(&fixture);
	put_files(&fixture, 1, 10, nodes);
	for (unsigned i = 0; i < 10; i++) {
		remove_file(&fixture, &nodes[i]);
	}
	restart(&fixture);
	/* In the trash: kept. */
	fixture_upkeep(&fixture, 0);
	g_assert_cmpuint(fixture_packs(&fixture, &size), ==, 1);
	fixture_upkeep(&fixture, 3);
	g_assert_cmpuint(fixture_packs(&fixture, &size), ==, 0);
	fixture_assert_whole(&fixture);
	/* The journal has forgotten it too. */
	restart(&fixture);
	g_assert_cmpuint(fixture.reports->len, ==, 0);
}

static void test_does_all_there_is_in_one_round(void)
{
	g_auto(Fixture) fixture = { 0 };
	NodeId nodes[10];
	int64_t now_us = g_get_real_time() + 3 * 86400 * G_GINT64_CONSTANT(1000000);
	bool more = true;
	uint64_t size;

	fixture_init(&fixture);
	put_files(&fixture, 1, 10, nodes);
	for (unsigned i = 0; i < 10; i++) {
		remove_file(&fixture, &nodes[i]);
	}
	restart(&fixture);
	while (more) {
		g_assert_true(drive_upkeep_step(fixture.drive, now_us, &more, NULL));
	}
	/* What is empty is noted in the first round, and goes in the second. */
	more = true;
	while (more) {
		g_assert_true(drive_upkeep_step(fixture.drive, now_us, &more, NULL));
	}
	g_assert_cmpuint(fixture_packs(&fixture, &size), ==, 0);
}

static void test_rewrites_packs_of_little_use(void)
{
	g_auto(Fixture) fixture = { 0 };
	NodeId nodes[40];
	uint64_t before;
	uint64_t after;

	fixture_init(&fixture);
	put_files(&fixture, 1, 40, nodes);
	for (unsigned i = 0; i < 30; i++) {
		remove_file(&fixture, &nodes[i]);
	}
	fixture_packs(&fixture, &before);
	restart(&fixture);
	fixture_upkeep(&fixture, 3);
	g_assert_cmpuint(fixture_packs(&fixture, &after), ==, 1);
	g_assert_cmpuint(after, <, before / 3);
	assert_files(&fixture, 31, 10, nodes + 30);
	fixture_assert_whole(&fixture);
	restart(&fixture);
	assert_files(&fixture, 31, 10, nodes + 30);
	g_assert_cmpuint(fixture.reports->len, ==, 0);
}

static void test_leaves_packs_in_use_alone(void)
{
	g_auto(Fixture) fixture = { 0 };
	NodeId nodes[40];
	uint64_t before;
	uint64_t after;

	fixture_init(&fixture);
	put_files(&fixture, 1, 40, nodes);
	for (unsigned i = 0; i < 15; i++) {
		remove_file(&fixture, &nodes[i]);
	}
	restart(&fixture);
	fixture_packs(&fixture, &before);
	fixture_upkeep(&fixture, 3);
	g_assert_cmpuint(fixture_packs(&fixture, &after), ==, 1);
	g_assert_cmpuint(after, ==, before);
	assert_files(&fixture, 16, 25, nodes + 15);
}

static void test_gathers_small_packs(void)
{
	g_auto(Fixture) fixture = { 0 };
	NodeId nodes[30];
	uint64_t size;

	fixture_init(&fixture);
	for (unsigned i = 0; i < 30; i++) {
		put_files(&fixture, 1 + i, 1, &nodes[i]);
		restart(&fixture);
	}
	g_assert_cmpuint(fixture_packs(&fixture, &size), ==, 30);
	fixture_upkeep(&fixture, 0);
	g_assert_cmpuint(fixture_packs(&fixture, &size), <=, 18);
	assert_files(&fixture, 1, 30, nodes);
	fixture_assert_whole(&fixture);
}

/* ---- traffic --------------------------------------------------------------------------- */

/* Appends until the pack is full and another one is open; all of it on disk. */
static void fill_pack(Fixture *fixture, uint64_t pack)
{
	g_autofree uint8_t *bytes = g_malloc0(CHUNK_SIZE_MAX);
	EncodedChunk chunk = {
		.raw_size = CHUNK_SIZE_MAX,
		.size = CHUNK_SIZE_MAX,
		.bytes = bytes,
	};
	BlobsLocation location = { .pack = pack };

	while (location.pack == pack) {
		g_assert_true(blobs_append(fixture->blobs, &chunk, 1, &location, NULL));
	}
	g_assert_true(blobs_sync(fixture->blobs, NULL));
	g_assert_false(blobs_is_open(fixture->blobs, pack));
}

static void test_keeps_what_is_being_uploaded(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) file = fixture_file_new(1, 1000, 1000);
	JournalStored stored = { .id = ((EncodedChunk *)file->chunks->data)->id };
	TrafficPass pass;
	uint64_t size;
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(GError) error = NULL;

	fixture_init(&fixture);
	/* An upload has stored its bytes and not yet told the journal … */
	pass = traffic_enter(fixture.drive->traffic);
	append_unnamed(&fixture, 1, &stored.location);
	fill_pack(&fixture, stored.location.pack);
	fixture_upkeep(&fixture, 0);
	g_assert_cmpuint(fixture_packs(&fixture, &size), ==, 2);
	/* … which it does now. */
	journal_upload(fixture.journal, fixture.alice.account, &stored, 1, &error);
	g_assert_no_error(error);
	traffic_leave(&pass);
	for (unsigned i = 0; i < 3; i++) {
		bool more = true;

		/* Not so long that the lease ends. */
		g_assert_true(upkeep_step(fixture.drive->upkeep, fixture.drive, g_get_real_time(),
					  &more, NULL));
	}
	g_assert_true(blobs_read(fixture.blobs, &stored.id, &stored.location, bytes, NULL));
}

static void test_removes_what_an_upload_gave_up(void)
{
	g_auto(Fixture) fixture = { 0 };
	BlobsLocation location;
	TrafficPass pass;
	uint64_t size;

	fixture_init(&fixture);
	pass = traffic_enter(fixture.drive->traffic);
	append_unnamed(&fixture, 1, &location);
	fill_pack(&fixture, location.pack);
	fixture_upkeep(&fixture, 0);
	g_assert_cmpuint(fixture_packs(&fixture, &size), ==, 2);
	traffic_leave(&pass);
	fixture_upkeep(&fixture, 0);
	g_assert_cmpuint(fixture_packs(&fixture, &size), ==, 1);
}

static bool upkeep_meanwhile(const EncodedChunk *chunk, void *data, GError **error)
{
	/* Rewrites and would remove the pack that the reader is in. */
	fixture_upkeep(data, 3);
	return true;
}

static void test_keeps_what_is_being_read(void)
{
	g_auto(Fixture) fixture = { 0 };
	NodeId nodes[40];
	g_autoptr(GArray) ids = g_array_new(false, false, sizeof(ChunkId));
	g_autoptr(GArray) missing = g_array_new(false, false, sizeof(ChunkId));
	DriveFetch request = { .bytes_max = SIZE_MAX, .visit = upkeep_meanwhile };
	uint64_t size;
	g_autoptr(GError) error = NULL;

	fixture_init(&fixture);
	put_files(&fixture, 1, 40, nodes);
	for (unsigned i = 0; i < 30; i++) {
		remove_file(&fixture, &nodes[i]);
	}
	restart(&fixture);
	for (unsigned i = 31; i < 34; i++) {
		g_autoptr(FixtureFile) file = fixture_file_new(i, 1000, 250);

		g_array_append_val(ids, ((EncodedChunk *)file->chunks->data)->id);
	}
	request.visit_data = &fixture;
	request.ids = (const ChunkId *)ids->data;
	request.count = ids->len;
	drive_fetch(fixture.drive, &fixture.alice, &request, missing, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(missing->len, ==, 0);
	g_assert_cmpuint(fixture_packs(&fixture, &size), ==, 2);
	fixture_upkeep(&fixture, 3);
	g_assert_cmpuint(fixture_packs(&fixture, &size), ==, 1);
	assert_files(&fixture, 31, 10, nodes + 30);
}

/* ---- damage ---------------------------------------------------------------------------- */

static void damage(Fixture *fixture, uint64_t offset_from_end)
{
	g_autoptr(GArray) packs = g_array_new(false, false, sizeof(BlobsPack));
	BlobsPack *pack;
	uint8_t byte = 0xff;
	struct iovec part = { &byte, 1 };

	g_assert_true(blobs_list(fixture->blobs, packs, NULL));
	pack = &g_array_index(packs, BlobsPack, 0);
	g_assert_true(place_write(
		fixture->memory, &(PlaceSpan){ pack->pack, pack->size - offset_from_end, &part, 1 },
		NULL));
}

static void test_scrub_tells_of_damage(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(GPtrArray) quick = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) full = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	NodeId nodes[3];

	fixture_init(&fixture);
	put_files(&fixture, 1, 3, nodes);
	restart(&fixture);
	fixture_upkeep(&fixture, 0);
	g_assert_cmpuint(fixture.reports->len, ==, 0);
	damage(&fixture, 100);
	fixture_upkeep(&fixture, 0);
	g_assert_cmpuint(fixture.reports->len, >=, 1);
	g_assert_true(drive_check(fixture.drive, DRIVE_CHECK_QUICK, quick, NULL));
	g_assert_cmpuint(quick->len, ==, 0);
	g_assert_true(drive_check(fixture.drive, DRIVE_CHECK_FULL, full, NULL));
	g_assert_cmpuint(full->len, ==, 1);
	/* It is the server's trouble, and never handed out as if it were whole. */
	g_assert_null(fixture_read(&fixture, &fixture.alice, &nodes[2], &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_IO);
	assert_files(&fixture, 1, 2, nodes);
}

static void test_damage_is_not_copied(void)
{
	g_auto(Fixture) fixture = { 0 };
	NodeId nodes[40];
	bool more = true;
	unsigned failed = 0;

	fixture_init(&fixture);
	put_files(&fixture, 1, 40, nodes);
	for (unsigned i = 0; i < 30; i++) {
		remove_file(&fixture, &nodes[i]);
	}
	restart(&fixture);
	damage(&fixture, 100);
	for (unsigned i = 0; i < 100; i++) {
		failed += !drive_upkeep_step(
			fixture.drive, g_get_real_time() + 3 * 86400 * G_GINT64_CONSTANT(1000000),
			&more, NULL);
	}
	/* Once: the pack is left as it is, with what can still be saved from it. */
	g_assert_cmpuint(failed, ==, 1);
	assert_files(&fixture, 31, 9, nodes + 30);
}

/* ---- threads --------------------------------------------------------------------------- */

typedef struct Reader {
	Fixture *fixture;
	const NodeId *nodes;
	int *stop;
} Reader;

static void *read_all_the_time(void *data)
{
	Reader *reader = data;

	do {
		assert_files(reader->fixture, 31, 10, reader->nodes + 30);
	} while (!g_atomic_int_get(reader->stop));
	return NULL;
}

static void *commit_all_the_time(void *data)
{
	Reader *reader = data;
	Fixture *fixture = reader->fixture;

	for (uint32_t i = 0; i < 200; i++) {
		g_autofree char *name = g_strdup_printf("new %u", i);
		g_autoptr(FixtureFile) file = fixture_file_new(1000 + i, 1000, 250);
		NodeId node = fixture_put(fixture, &fixture->bob, name, file);

		fixture_assert_file(fixture, &fixture->bob, &node, file);
	}
	return NULL;
}

static void test_upkeep_disturbs_nobody(void)
{
	g_auto(Fixture) fixture = { 0 };
	NodeId nodes[40];
	int stop = 0;
	Reader reader = { &fixture, nodes, &stop };
	GThread *threads[3];

	fixture_init(&fixture);
	put_files(&fixture, 1, 40, nodes);
	for (unsigned i = 0; i < 30; i++) {
		remove_file(&fixture, &nodes[i]);
	}
	restart(&fixture);
	threads[0] = g_thread_new("reader", read_all_the_time, &reader);
	threads[1] = g_thread_new("reader", read_all_the_time, &reader);
	threads[2] = g_thread_new("writer", commit_all_the_time, &reader);
	for (unsigned i = 0; i < 10; i++) {
		fixture_upkeep(&fixture, 3);
	}
	g_thread_join(threads[2]);
	g_atomic_int_set(&stop, 1);
	g_thread_join(threads[0]);
	g_thread_join(threads[1]);
	fixture_assert_whole(&fixture);
	g_assert_cmpuint(fixture.reports->len, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add_func("/server/drive/" path, function)
	ADD("recovery/cuts-torn-tails", test_cuts_torn_tails);
	ADD("recovery/removes-packs-that-hold-nothing", test_removes_packs_that_hold_nothing);
	ADD("recovery/leaves-foreign-packs-alone", test_leaves_foreign_packs_alone);
	ADD("recovery/tells-what-is-missing", test_tells_what_is_missing);
	ADD("upkeep/removes-what-is-forgotten", test_removes_what_is_forgotten);
	ADD("upkeep/does-all-there-is-in-one-round", test_does_all_there_is_in_one_round);
	ADD("upkeep/rewrites-packs-of-little-use", test_rewrites_packs_of_little_use);
	ADD("upkeep/leaves-packs-in-use-alone", test_leaves_packs_in_use_alone);
	ADD("upkeep/gathers-small-packs", test_gathers_small_packs);
	ADD("upkeep/keeps-what-is-being-uploaded", test_keeps_what_is_being_uploaded);
	ADD("upkeep/removes-what-an-upload-gave-up", test_removes_what_an_upload_gave_up);
	ADD("upkeep/keeps-what-is-being-read", test_keeps_what_is_being_read);
	ADD("upkeep/scrub-tells-of-damage", test_scrub_tells_of_damage);
	ADD("upkeep/damage-is-not-copied", test_damage_is_not_copied);
	ADD("upkeep/disturbs-nobody", test_upkeep_disturbs_nobody);
	return g_test_run();
}
