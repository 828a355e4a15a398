/* SPDX-License-Identifier: Apache-2.0 */
#include "server/drive/fixture_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "chunk/content.h"

#include <string.h>

#define ALICE 1
#define BOB 2
#define DAY_US (24 * 3600 * G_GINT64_CONSTANT(1000000))

static void note_changed(const NodeId *drive, void *data)
{
	g_atomic_int_inc(&((Fixture *)data)->changed);
}

static void note_broken(const GError *error, void *data)
{
	((Fixture *)data)->broken++;
}

static void note_report(const char *text, void *data)
{
	g_ptr_array_add(((Fixture *)data)->reports, g_strdup(text));
}

void fixture_start(Fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	DriveOptions options = {
		.sql = fixture->sql,
		.retention = fixture->retention,
		.changed = note_changed,
		.changed_data = fixture,
		.report = note_report,
		.report_data = fixture,
		.broken = note_broken,
		.broken_data = fixture,
	};

	fixture->faulty = place_faulty_new(place_memory_share(fixture->memory));
	fixture->blobs = blobs_open(fixture->faulty, &error);
	g_assert_no_error(error);
	fixture->journal = journal_open(fixture->sql, &error);
	g_assert_no_error(error);
	options.journal = fixture->journal;
	options.blobs = fixture->blobs;
	fixture->drive = drive_open(&options, &error);
	g_assert_no_error(error);
}

void fixture_stop(Fixture *fixture)
{
	g_clear_pointer(&fixture->drive, drive_close);
	g_clear_pointer(&fixture->journal, journal_close);
	g_clear_pointer(&fixture->blobs, blobs_close);
	fixture->faulty = NULL;
}

void fixture_crash(Fixture *fixture, uint64_t seed)
{
	fixture_stop(fixture);
	place_memory_crash(fixture->memory, seed);
	fixture_start(fixture);
}

void fixture_init(Fixture *fixture)
{
	SqlOptions options = { SQL_DURABLE, 4 * MIB };
	g_autoptr(GError) error = NULL;

	*fixture = (Fixture){ 0 };
	fixture->sql = sql_open(":memory:", &options, &error);
	g_assert_no_error(error);
	fixture->memory = place_memory_new();
	fixture->reports = g_ptr_array_new_with_free_func(g_free);
	fixture->retention = (JournalRetention){ 86400, 86400 };
	fixture_start(fixture);
	fixture->alice = (DriveCaller){ .account = ALICE, .device = 11 };
	fixture->bob = (DriveCaller){ .account = BOB, .device = 22 };
	drive_home(fixture->drive, ALICE, &fixture->alice.drive, &error);
	g_assert_no_error(error);
	drive_home(fixture->drive, BOB, &fixture->bob.drive, &error);
	g_assert_no_error(error);
}

void fixture_clear(Fixture *fixture)
{
	fixture_stop(fixture);
	place_free(fixture->memory);
	sql_close(fixture->sql);
	g_ptr_array_unref(fixture->reports);
}

/* ---- files ----------------------------------------------------------------------------- */

static void add_chunk(FixtureFile *file, const uint8_t *bytes, size_t size)
{
	EncodedChunk chunk = {
		.id = chunk_id_of(bytes, size),
		.encoding = CODEC_RAW,
		.raw_size = size,
		.size = size,
		.bytes = bytes,
	};

	g_array_append_val(file->chunks, chunk);
}

FixtureFile *fixture_file_new(uint32_t number, size_t size, size_t chunk_size)
{
	FixtureFile *file = g_new0(FixtureFile, 1);
	g_autoptr(GArray) refs = g_array_new(false, false, sizeof(ContentRef));
	uint8_t *bytes = g_malloc(size + 1);
	g_autoptr(GRand) rand = g_rand_new_with_seed(number);

	for (size_t i = 0; i < size; i++) {
		bytes[i] = g_rand_int(rand);
	}
	file->bytes = g_bytes_new_take(bytes, size);
	file->chunks = g_array_new(false, false, sizeof(EncodedChunk));
	file->lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	for (size_t at = 0; at < size; at += chunk_size) {
		size_t length = MIN(chunk_size, size - at);
		ContentRef ref = { .length = length };

		add_chunk(file, bytes + at, length);
		ref.id = g_array_index(file->chunks, EncodedChunk, file->chunks->len - 1).id;
		g_array_append_val(refs, ref);
	}
	file->content = content_encode((const ContentRef *)refs->data, refs->len, file->lists);
	for (unsigned i = 0; i < file->lists->len; i++) {
		size_t list_size;
		const uint8_t *list = g_bytes_get_data(file->lists->pdata[i], &list_size);

		add_chunk(file, list, list_size);
	}
	return file;
}

void fixture_file_free(FixtureFile *file)
{
	if (file == NULL) {
		return;
	}
	g_bytes_unref(file->bytes);
	g_bytes_unref(file->content);
	g_array_unref(file->chunks);
	g_ptr_array_unref(file->lists);
	g_free(file);
}

unsigned fixture_file_data(const FixtureFile *file)
{
	return file->chunks->len - file->lists->len;
}

GArray *fixture_ids(const FixtureFile *file)
{
	GArray *ids = g_array_new(false, false, sizeof(ChunkId));

	for (unsigned i = 0; i < file->chunks->len; i++) {
		g_array_append_val(ids, g_array_index(file->chunks, EncodedChunk, i).id);
	}
	return ids;
}

/* ---- verbs ----------------------------------------------------------------------------- */

JournalOperation fixture_operation(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
				   const char *name, const FixtureFile *file)
{
	size_t content_size;
	const void *content = g_bytes_get_data(file->content, &content_size);

	return (JournalOperation){
		.number = ++fixture->operation,
		.verb = JOURNAL_CREATE,
		.node = *node,
		.parent = caller->drive,
		.name = name,
		.name_size = name != NULL ? strlen(name) : 0,
		.kind = JOURNAL_FILE,
		.size = g_bytes_get_size(file->bytes),
		.mtime_ns = 1,
		.content = content,
		.content_size = content_size,
	};
}

bool fixture_commit(Fixture *fixture, const DriveCaller *caller, const JournalOperation *operation,
		    const GArray *chunks, JournalResult *ret_result)
{
	DriveCommit commit = {
		.operations = operation,
		.operation_count = 1,
		.chunks = chunks != NULL ? (const EncodedChunk *)chunks->data : NULL,
		.chunk_count = chunks != NULL ? chunks->len : 0,
	};
	uint64_t seq;

	return drive_commit(fixture->drive, caller, &commit, ret_result, &seq, NULL);
}

JournalOutcome fixture_outcome(Fixture *fixture, const DriveCaller *caller, const char *name,
			       const FixtureFile *file, const GArray *chunks)
{
	NodeId node = node_id_random();
	JournalOperation operation = fixture_operation(fixture, caller, &node, name, file);
	JournalResult result;

	g_assert_true(fixture_commit(fixture, caller, &operation, chunks, &result));
	return result.outcome;
}

void fixture_upload(Fixture *fixture, const DriveCaller *caller, const GArray *chunks)
{
	g_autoptr(GError) error = NULL;

	drive_upload(fixture->drive, caller, (const EncodedChunk *)chunks->data, chunks->len,
		     &error);
	g_assert_no_error(error);
}

NodeId fixture_put(Fixture *fixture, const DriveCaller *caller, const char *name,
		   const FixtureFile *file)
{
	NodeId node = node_id_random();
	JournalOperation operation = fixture_operation(fixture, caller, &node, name, file);
	JournalResult result;

	g_assert_true(fixture_commit(fixture, caller, &operation, file->chunks, &result));
	g_assert_cmpint(result.outcome, ==, JOURNAL_APPLIED);
	return node;
}

void fixture_update(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
		    const FixtureFile *file)
{
	JournalOperation operation = fixture_operation(fixture, caller, node, NULL, file);
	JournalNode before = { 0 };
	JournalResult result;

	g_assert_true(drive_node(fixture->drive, caller, node, &before, NULL));
	operation.verb = JOURNAL_UPDATE;
	operation.base = before.seq;
	journal_node_clear(&before);
	g_assert_true(fixture_commit(fixture, caller, &operation, file->chunks, &result));
	g_assert_cmpint(result.outcome, ==, JOURNAL_APPLIED);
}

GBytes *fixture_read_range(Fixture *fixture, const DriveCaller *caller, const DriveRange *range,
			   GError **error)
{
	g_autoptr(GByteArray) all = g_byte_array_new();
	g_autoptr(DriveReading) reading = drive_read(fixture->drive, caller, range, error);

	while (reading != NULL) {
		g_autoptr(GBytes) bytes = NULL;

		if (!drive_reading_next(reading, &bytes, error)) {
			return NULL;
		}
		if (bytes == NULL) {
			return g_byte_array_free_to_bytes(g_steal_pointer(&all));
		}
		g_byte_array_append(all, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	}
	return NULL;
}

GBytes *fixture_read(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
		     GError **error)
{
	JournalNode found = { 0 };
	GBytes *bytes;

	if (!drive_node(fixture->drive, caller, node, &found, error)) {
		return NULL;
	}
	bytes = fixture_read_range(fixture, caller, &(DriveRange){ found.content, 0, UINT64_MAX },
				   error);
	journal_node_clear(&found);
	return bytes;
}

void fixture_assert_file(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
			 const FixtureFile *file)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = fixture_read(fixture, caller, node, &error);

	g_assert_no_error(error);
	g_assert_true(g_bytes_equal(bytes, file->bytes));
}

void fixture_assert_whole(Fixture *fixture)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;

	drive_check(fixture->drive, DRIVE_CHECK_FULL, problems, &error);
	g_assert_no_error(error);
	for (unsigned i = 0; i < problems->len; i++) {
		g_test_message("%s", (char *)problems->pdata[i]);
	}
	g_assert_cmpuint(problems->len, ==, 0);
}

void fixture_upkeep(Fixture *fixture, unsigned days)
{
	int64_t now_us = g_get_real_time() + days * DAY_US;
	g_autoptr(GError) error = NULL;

	for (unsigned round = 0; round < 3; round++) {
		bool more = true;

		for (unsigned step = 0; more; step++) {
			g_assert_cmpuint(step, <, 10000);
			drive_upkeep_step(fixture->drive, now_us, &more, &error);
			g_assert_no_error(error);
		}
		/* Over an hour, so that nothing is put off. */
		now_us += DAY_US / 20;
	}
}

unsigned fixture_packs(Fixture *fixture, uint64_t *ret_size)
{
	g_autoptr(GArray) packs = g_array_new(false, false, sizeof(BlobsPack));

	g_assert_true(blobs_list(fixture->blobs, packs, NULL));
	*ret_size = 0;
	for (unsigned i = 0; i < packs->len; i++) {
		*ret_size += g_array_index(packs, BlobsPack, i).size;
	}
	return packs->len;
}
