/* SPDX-License-Identifier: Apache-2.0 */
#include "server/drive/drive.h"

#include "base/error.h"
#include "base/limits.h"
#include "chunk/content.h"
#include "server/drive/fixture_internal.h"

#include <string.h>

static GArray *first_chunks(const FixtureFile *file, unsigned count)
{
	GArray *chunks = g_array_new(false, false, sizeof(EncodedChunk));

	g_array_append_vals(chunks, file->chunks->data, count);
	return chunks;
}

/* ---- writing --------------------------------------------------------------------------- */

static void test_gives_back_what_was_committed(void)
{
	static const struct {
		size_t size;
		size_t chunk_size;
	} files[] = { { 0, 1 }, { 1, 1 }, { 1000, 1000 }, { 3200, 100 }, { 50000, 100 } };
	g_auto(Fixture) fixture = { 0 };

	fixture_init(&fixture);
	for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autoptr(FixtureFile) file =
			fixture_file_new(i, files[i].size, files[i].chunk_size);
		g_autofree char *name = g_strdup_printf("file %u", i);
		NodeId node = fixture_put(&fixture, &fixture.alice, name, file);

		fixture_assert_file(&fixture, &fixture.alice, &node, file);
		fixture_stop(&fixture);
		fixture_start(&fixture);
		fixture_assert_file(&fixture, &fixture.alice, &node, file);
	}
	fixture_assert_whole(&fixture);
}

static void assert_range(Fixture *fixture, const FixtureFile *file, uint64_t offset,
			 uint64_t length)
{
	size_t size;
	const uint8_t *bytes = g_bytes_get_data(file->bytes, &size);
	uint64_t begin = MIN(offset, size);
	DriveRange range = { file->content, offset, length };
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) found = fixture_read_range(fixture, &fixture->alice, &range, &error);

	g_assert_no_error(error);
	g_assert_cmpmem(g_bytes_get_data(found, NULL), g_bytes_get_size(found), bytes + begin,
			MIN(length, size - begin));
}

static void test_reads_any_part(void)
{
	static const uint64_t offsets[] = { 0, 1, 99, 100, 101, 1699, 9999, 10000, 20000 };
	static const uint64_t lengths[] = { 0, 1, 100, 101, 5000, UINT64_MAX };
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) file = fixture_file_new(1, 10000, 100);

	fixture_init(&fixture);
	g_assert_cmpuint(file->lists->len, >, 0);
	fixture_put(&fixture, &fixture.alice, "file", file);
	for (unsigned i = 0; i < G_N_ELEMENTS(offsets); i++) {
		for (unsigned j = 0; j < G_N_ELEMENTS(lengths); j++) {
			assert_range(&fixture, file, offsets[i], lengths[j]);
		}
	}
}

static void test_refuses_a_damaged_chunk(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) file = fixture_file_new(1, 300, 100);
	NodeId node = node_id_random();
	JournalOperation operation;
	JournalResult result;
	uint64_t size;
	uint64_t seq;
	g_autoptr(GError) error = NULL;

	fixture_init(&fixture);
	operation = fixture_operation(&fixture, &fixture.alice, &node, "file", file);
	DriveCommit commit = { &operation, 1, (EncodedChunk *)file->chunks->data,
			       file->chunks->len };
	g_array_index(file->chunks, EncodedChunk, 2).id.bytes[0] ^= 1;
	g_assert_false(drive_commit(fixture.drive, &fixture.alice, &commit, &result, &seq, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
	g_clear_error(&error);
	g_assert_false(drive_upload(fixture.drive, &fixture.alice, commit.chunks,
				    commit.chunk_count, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
	/* A bad request leaves nothing behind. */
	g_assert_cmpuint(fixture.changed, ==, 0);
	g_assert_cmpuint(fixture_packs(&fixture, &size), ==, 0);
	g_assert_false(drive_node(fixture.drive, &fixture.alice, &node, &(JournalNode){ 0 }, NULL));
}

static void test_wakes_once_for_a_change(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) file = fixture_file_new(1, 100, 100);
	g_autoptr(FixtureFile) absent = fixture_file_new(2, 100, 100);
	NodeId node = node_id_random();
	JournalOperation operation;
	JournalResult result;

	fixture_init(&fixture);
	operation = fixture_operation(&fixture, &fixture.alice, &node, "file", file);
	g_assert_true(fixture_commit(&fixture, &fixture.alice, &operation, file->chunks, &result));
	g_assert_cmpuint(fixture.changed, ==, 1);
	/* The answer was lost, the device asks again. */
	g_assert_true(fixture_commit(&fixture, &fixture.alice, &operation, file->chunks, &result));
	g_assert_cmpint(result.outcome, ==, JOURNAL_ALREADY);
	g_assert_cmpint(fixture_outcome(&fixture, &fixture.alice, "other", absent, NULL), ==,
			JOURNAL_MISSING_CONTENT);
	g_assert_cmpuint(fixture.changed, ==, 1);
}

static void test_repeating_stores_nothing_twice(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) file = fixture_file_new(1, 1000, 100);
	uint64_t before;
	uint64_t after;

	fixture_init(&fixture);
	fixture_upload(&fixture, &fixture.alice, file->chunks);
	fixture_packs(&fixture, &before);
	fixture_upload(&fixture, &fixture.alice, file->chunks);
	fixture_put(&fixture, &fixture.alice, "one", file);
	fixture_put(&fixture, &fixture.alice, "two", file);
	fixture_upload(&fixture, &fixture.alice, file->chunks);
	fixture_packs(&fixture, &after);
	g_assert_cmpuint(before, ==, after);
}

static void test_commit_names_what_was_uploaded(void)
{
	g_auto(Fixture) fixture = { 0 };
	/* Long enough for lists, which come with the upload as well. */
	g_autoptr(FixtureFile) file = fixture_file_new(1, 10000, 100);

	fixture_init(&fixture);
	g_assert_cmpuint(file->lists->len, >, 0);
	g_assert_cmpint(fixture_outcome(&fixture, &fixture.alice, "file", file, NULL), ==,
			JOURNAL_MISSING_CONTENT);
	fixture_upload(&fixture, &fixture.alice, file->chunks);
	g_assert_cmpint(fixture_outcome(&fixture, &fixture.alice, "file", file, NULL), ==,
			JOURNAL_APPLIED);
	/* Held as a list now: its bytes need not be looked at again. */
	g_assert_cmpint(fixture_outcome(&fixture, &fixture.alice, "copy", file, NULL), ==,
			JOURNAL_APPLIED);
	fixture_assert_whole(&fixture);
}

static bool keep_chunk(const EncodedChunk *chunk, void *data, GError **error)
{
	GByteArray *bytes = data;

	g_assert_cmpint(chunk->encoding, ==, CODEC_ZSTD);
	g_byte_array_append(bytes, chunk->bytes, chunk->size);
	return true;
}

static void test_keeps_chunks_as_they_were_encoded(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) file = fixture_file_new(1, 0, 1);
	g_autofree char *text = g_strnfill(100000, 'a');
	g_autoptr(Codec) codec = codec_new();
	CodecEncoding encoding;
	g_autoptr(GBytes) encoded = codec_encode(codec, text, 100000, 3, &encoding);
	EncodedChunk chunk = {
		.id = chunk_id_of(text, 100000),
		.encoding = encoding,
		.raw_size = 100000,
		.size = g_bytes_get_size(encoded),
		.bytes = g_bytes_get_data(encoded, NULL),
	};
	ContentRef ref = { chunk.id, 100000 };
	g_autoptr(GByteArray) fetched = g_byte_array_new();
	g_autoptr(GArray) missing = g_array_new(false, false, sizeof(ChunkId));
	DriveFetch request = { &chunk.id, 1, SIZE_MAX, keep_chunk, fetched };
	NodeId node;

	fixture_init(&fixture);
	g_assert_cmpint(encoding, ==, CODEC_ZSTD);
	g_array_append_val(file->chunks, chunk);
	g_bytes_unref(file->content);
	file->content = content_encode(&ref, 1, file->lists);
	g_bytes_unref(file->bytes);
	file->bytes = g_bytes_new(text, 100000);
	node = fixture_put(&fixture, &fixture.alice, "text", file);
	fixture_assert_file(&fixture, &fixture.alice, &node, file);
	g_assert_true(drive_fetch(fixture.drive, &fixture.alice, &request, missing, NULL));
	g_assert_cmpmem(fetched->data, fetched->len, chunk.bytes, chunk.size);
}

static void test_takes_no_more_than_the_quota(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) file = fixture_file_new(1, 1000, 100);
	g_autoptr(FixtureFile) small = fixture_file_new(2, 400, 100);
	uint64_t size;
	g_autoptr(GError) error = NULL;

	fixture_init(&fixture);
	g_assert_true(journal_drive_set_quota(fixture.journal, &fixture.alice.drive, 500, NULL));
	g_assert_false(drive_upload(fixture.drive, &fixture.alice,
				    (EncodedChunk *)file->chunks->data, file->chunks->len, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_QUOTA);
	g_assert_cmpuint(fixture_packs(&fixture, &size), ==, 0);
	g_assert_cmpint(fixture_outcome(&fixture, &fixture.alice, "file", file, file->chunks), ==,
			JOURNAL_QUOTA);
	g_assert_cmpint(fixture_outcome(&fixture, &fixture.alice, "small", small, small->chunks),
			==, JOURNAL_APPLIED);
}

static void test_missing_tells_what_to_send(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) file = fixture_file_new(1, 1000, 100);
	g_autoptr(GArray) some = first_chunks(file, 4);
	g_autoptr(GArray) ids = fixture_ids(file);
	g_autoptr(GArray) missing = g_array_new(false, false, sizeof(ChunkId));
	DriveMissing request = { .bytes = 1000 };
	g_autoptr(GError) error = NULL;

	fixture_init(&fixture);
	fixture_upload(&fixture, &fixture.alice, some);
	/* Each once, whatever is asked. */
	g_array_append_vals(ids, file->chunks->data, 0);
	g_array_append_val(ids, g_array_index(ids, ChunkId, 9));
	request.ids = (const ChunkId *)ids->data;
	request.count = ids->len;
	drive_missing(fixture.drive, &fixture.alice, &request, missing, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(missing->len, ==, 6);
	g_assert_cmpmem(missing->data, 6 * CHUNK_ID_SIZE, (const ChunkId *)ids->data + 4,
			6 * CHUNK_ID_SIZE);
}

static void test_bounds_a_request(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autofree ChunkId *ids = g_new0(ChunkId, CHUNK_IDS_MAX + 1);
	g_autofree EncodedChunk *chunks = g_new0(EncodedChunk, CHUNK_IDS_MAX + 1);
	g_autofree JournalOperation *operations =
		g_new0(JournalOperation, COMMIT_OPERATIONS_MAX + 1);
	g_autoptr(GArray) missing = g_array_new(false, false, sizeof(ChunkId));
	DriveMissing ask = { ids, CHUNK_IDS_MAX + 1, 0 };
	DriveFetch fetch = { .ids = ids, .count = CHUNK_IDS_MAX + 1 };
	DriveCommit commit = { .operations = operations,
			       .operation_count = COMMIT_OPERATIONS_MAX + 1 };
	g_autoptr(GError) error = NULL;

	fixture_init(&fixture);
	g_assert_false(drive_missing(fixture.drive, &fixture.alice, &ask, missing, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE);
	g_clear_error(&error);
	g_assert_false(drive_fetch(fixture.drive, &fixture.alice, &fetch, missing, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE);
	g_clear_error(&error);
	g_assert_false(
		drive_upload(fixture.drive, &fixture.alice, chunks, CHUNK_IDS_MAX + 1, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE);
	g_clear_error(&error);
	g_assert_false(drive_commit(fixture.drive, &fixture.alice, &commit, NULL, NULL, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE);
	g_clear_error(&error);
	chunks[0].raw_size = CHUNK_SIZE_MAX + 1;
	g_assert_false(drive_upload(fixture.drive, &fixture.alice, chunks, 1, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE);
}

static void test_tells_that_the_disk_broke(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) file = fixture_file_new(1, 100, 100);
	g_autoptr(FixtureFile) later = fixture_file_new(2, 100, 100);
	NodeId node = node_id_random();
	JournalOperation operation;
	JournalResult result;

	fixture_init(&fixture);
	fixture_put(&fixture, &fixture.alice, "file", file);
	operation = fixture_operation(&fixture, &fixture.alice, &node, "later", later);
	/* Write, then sync. */
	place_faulty_set(fixture.faulty, 2, false, DRIVE_ERROR, DRIVE_ERROR_IO);
	g_assert_false(
		fixture_commit(&fixture, &fixture.alice, &operation, later->chunks, &result));
	g_assert_cmpuint(fixture.broken, ==, 1);
	g_assert_cmpuint(fixture.changed, ==, 1);
	fixture_crash(&fixture, 1);
	g_assert_true(fixture_commit(&fixture, &fixture.alice, &operation, later->chunks, &result));
	g_assert_cmpint(result.outcome, ==, JOURNAL_APPLIED);
	fixture_assert_whole(&fixture);
}

/* ---- reading --------------------------------------------------------------------------- */

static bool collect_chunk(const EncodedChunk *chunk, void *data, GError **error)
{
	EncodedChunk copy = *chunk;

	copy.bytes = NULL;
	g_assert_true(chunk_id_equal(&chunk->id, &(ChunkId){ 0 }) == false);
	g_array_append_val((GArray *)data, copy);
	return true;
}

static void test_fetch_gives_what_fits(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) file = fixture_file_new(1, 1000, 100);
	g_autoptr(FixtureFile) absent = fixture_file_new(2, 100, 100);
	g_autoptr(GArray) ids = fixture_ids(file);
	g_autoptr(GArray) found = g_array_new(false, false, sizeof(EncodedChunk));
	g_autoptr(GArray) missing = g_array_new(false, false, sizeof(ChunkId));
	DriveFetch request = { .visit = collect_chunk, .visit_data = found, .bytes_max = 399 };
	g_autoptr(GError) error = NULL;

	fixture_init(&fixture);
	fixture_put(&fixture, &fixture.alice, "file", file);
	g_array_append_val(ids, g_array_index(absent->chunks, EncodedChunk, 0).id);
	request.ids = (const ChunkId *)ids->data;
	request.count = ids->len;
	drive_fetch(fixture.drive, &fixture.alice, &request, missing, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(found->len, ==, 3);
	for (unsigned i = 0; i < found->len; i++) {
		g_assert_true(chunk_id_equal(&g_array_index(found, EncodedChunk, i).id,
					     &g_array_index(ids, ChunkId, i)));
	}
	/* What is not held is told, whether or not it came that far. */
	g_assert_cmpuint(missing->len, ==, 1);
	g_assert_true(chunk_id_equal(missing->data, &g_array_index(ids, ChunkId, 10)));
	/* One always comes, else nothing would go on. */
	g_array_set_size(found, 0);
	request.bytes_max = 1;
	g_assert_true(drive_fetch(fixture.drive, &fixture.alice, &request, missing, NULL));
	g_assert_cmpuint(found->len, ==, 1);
}

static unsigned count_inline(Fixture *fixture, const DriveCaller *caller, size_t bytes_max,
			     size_t *ret_visited)
{
	g_autoptr(GArray) found = g_array_new(false, false, sizeof(EncodedChunk));
	JournalPage page = { 0 };
	DriveInline request = {
		.page = &page, .bytes_max = bytes_max, .visit = collect_chunk, .visit_data = found
	};
	g_autoptr(GError) error = NULL;

	drive_changes(fixture->drive, caller, NULL, 1000, &page, &error);
	g_assert_no_error(error);
	drive_changes_inline(fixture->drive, caller, &request, &error);
	g_assert_no_error(error);
	journal_page_clear(&page);
	*ret_visited = request.visited;
	return found->len;
}

static void test_changes_bring_small_files(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) large = fixture_file_new(1, INLINE_SIZE_MAX + 1, 100000);
	g_autoptr(FixtureFile) same = fixture_file_new(2, 1000, 1000);
	DriveCaller other;
	size_t visited;

	fixture_init(&fixture);
	other = fixture.alice;
	other.device++;
	for (unsigned i = 0; i < 600; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);
		g_autoptr(FixtureFile) file = fixture_file_new(100 + i, 500, 500);

		fixture_put(&fixture, &fixture.alice, name, file);
	}
	fixture_put(&fixture, &fixture.alice, "same", same);
	fixture_put(&fixture, &fixture.alice, "same again", same);
	fixture_put(&fixture, &fixture.alice, "large", large);
	g_assert_cmpuint(count_inline(&fixture, &other, 10 * MIB, &visited), ==, 601);
	g_assert_cmpuint(visited, ==, 600 * 500 + 1000);
	g_assert_cmpuint(count_inline(&fixture, &other, 2999, &visited), ==, 5);
	g_assert_cmpuint(visited, ==, 2500);
	g_assert_cmpuint(count_inline(&fixture, &other, 0, &visited), ==, 0);
	/* A device needs nothing of what came from itself; a browser (0) has no such thing. */
	g_assert_cmpuint(count_inline(&fixture, &fixture.alice, 10 * MIB, &visited), ==, 0);
	other.device = 0;
	g_assert_cmpuint(count_inline(&fixture, &other, 10 * MIB, &visited), ==, 601);
}

/* A folder of alice's, below the root. */
static NodeId put_folder(Fixture *fixture, const char *name)
{
	g_autoptr(FixtureFile) none = fixture_file_new(0, 0, 10);
	NodeId id = node_id_random();
	JournalOperation folder = fixture_operation(fixture, &fixture->alice, &id, name, none);
	JournalResult result;

	folder.kind = JOURNAL_FOLDER;
	folder.content = NULL;
	folder.content_size = 0;
	g_assert_true(fixture_commit(fixture, &fixture->alice, &folder, NULL, &result));
	g_assert_cmpint(result.outcome, ==, JOURNAL_APPLIED);
	return id;
}

static NodeId put_inside(Fixture *fixture, const NodeId *folder, const char *name,
			 const FixtureFile *file)
{
	NodeId id = node_id_random();
	JournalOperation inside = fixture_operation(fixture, &fixture->alice, &id, name, file);
	JournalResult result;

	inside.parent = *folder;
	g_assert_true(fixture_commit(fixture, &fixture->alice, &inside, file->chunks, &result));
	g_assert_cmpint(result.outcome, ==, JOURNAL_APPLIED);
	return id;
}

static void delete_node(Fixture *fixture, const NodeId *id)
{
	g_autoptr(FixtureFile) none = fixture_file_new(0, 0, 10);
	JournalOperation operation = fixture_operation(fixture, &fixture->alice, id, "", none);
	JournalNode node = { 0 };
	JournalUsage usage;
	JournalResult result;

	g_assert_true(drive_usage(fixture->drive, &fixture->alice, &usage, NULL));
	g_assert_true(drive_node(fixture->drive, &fixture->alice, id, &node, NULL));
	operation.verb = JOURNAL_DELETE;
	operation.base = node.seq;
	operation.decided_at = usage.seq;
	journal_node_clear(&node);
	g_assert_true(fixture_commit(fixture, &fixture->alice, &operation, NULL, &result));
	g_assert_cmpint(result.outcome, ==, JOURNAL_APPLIED);
}

static void test_finds_paths(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) file = fixture_file_new(1, 10, 10);
	g_autoptr(GBytes) path = NULL;
	g_autoptr(GBytes) root = NULL;
	NodeId folder;
	NodeId inside;
	JournalNode found = { 0 };
	g_autoptr(GError) error = NULL;

	fixture_init(&fixture);
	folder = put_folder(&fixture, "a folder");
	inside = put_inside(&fixture, &folder, "file", file);
	g_assert_true(drive_path(fixture.drive, &fixture.alice, &inside, &path, &error));
	g_assert_cmpmem(g_bytes_get_data(path, NULL), g_bytes_get_size(path), "a folder/file", 13);
	g_assert_true(drive_resolve(fixture.drive, &fixture.alice, "a folder/file", &found, NULL));
	g_assert_true(node_id_equal(&found.id, &inside));
	journal_node_clear(&found);
	g_assert_true(
		drive_path(fixture.drive, &fixture.alice, &fixture.alice.drive, &root, &error));
	g_assert_cmpuint(g_bytes_get_size(root), ==, 0);
}

/* The names in a folder of alice's, a few at a time, with a '/' behind each. */
static char *list(Fixture *fixture, const NodeId *folder, unsigned count_max)
{
	g_autoptr(GBytes) after = NULL;
	GString *names = g_string_new(NULL);

	for (;;) {
		g_autoptr(GArray) nodes = g_array_new(false, false, sizeof(JournalNode));
		g_autoptr(GError) error = NULL;

		g_array_set_clear_func(nodes, (GDestroyNotify)journal_node_clear);
		drive_children(fixture->drive, &fixture->alice, folder, after, count_max, nodes,
			       &error);
		g_assert_no_error(error);
		g_assert_cmpuint(nodes->len, <=, count_max);
		if (nodes->len == 0) {
			return g_string_free(names, false);
		}
		for (unsigned i = 0; i < nodes->len; i++) {
			GBytes *name = g_array_index(nodes, JournalNode, i).name;
			size_t size;
			const char *text = g_bytes_get_data(name, &size);

			g_string_append_len(names, text, (gssize)size);
			g_string_append_c(names, '/');
			g_clear_pointer(&after, g_bytes_unref);
			after = g_bytes_ref(name);
		}
	}
}

static void test_lists_a_folder(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) file = fixture_file_new(1, 10, 10);
	NodeId folder;
	NodeId gone;
	char *names;
	unsigned count;
	g_autoptr(GArray) nodes = g_array_new(false, false, sizeof(JournalNode));
	g_autoptr(GError) error = NULL;

	fixture_init(&fixture);
	folder = put_folder(&fixture, "folder");
	put_inside(&fixture, &folder, "b", file);
	put_inside(&fixture, &folder, "\xff", file);
	gone = put_inside(&fixture, &folder, "bb", file);
	put_inside(&fixture, &folder, "a", file);
	fixture_put(&fixture, &fixture.alice, "beside", file);
	delete_node(&fixture, &gone);
	g_assert_true(
		drive_count(fixture.drive, &fixture.alice, &fixture.alice.drive, 9, &count, NULL));
	g_assert_cmpuint(count, ==, 5);
	g_assert_true(drive_count(fixture.drive, &fixture.alice, &folder, 2, &count, NULL));
	g_assert_cmpuint(count, ==, 2);
	for (unsigned count_max = 1; count_max < 5; count_max++) {
		names = list(&fixture, &folder, count_max);
		g_assert_cmpstr(names, ==, "a/b/\xff/");
		g_free(names);
	}
	delete_node(&fixture, &folder);
	g_assert_false(
		drive_children(fixture.drive, &fixture.alice, &folder, NULL, 9, nodes, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_assert_false(drive_count(fixture.drive, &fixture.alice, &folder, 9, &count, NULL));
	names = list(&fixture, &fixture.alice.drive, 9);
	g_assert_cmpstr(names, ==, "beside/");
	g_free(names);
}

static bool is_within(Fixture *fixture, const NodeId *top, const NodeId *node)
{
	JournalNode found = { 0 };
	g_autoptr(GError) error = NULL;
	bool is = drive_within(fixture->drive, &fixture->alice, top, node, &found, &error);

	g_assert_true(is || g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND));
	journal_node_clear(&found);
	return is;
}

static void test_knows_what_lies_within(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) file = fixture_file_new(1, 10, 10);
	NodeId folder;
	NodeId inside;
	NodeId beside;
	NodeId nowhere = node_id_random();

	fixture_init(&fixture);
	folder = put_folder(&fixture, "folder");
	inside = put_inside(&fixture, &folder, "inside", file);
	beside = fixture_put(&fixture, &fixture.alice, "beside", file);
	g_assert_true(is_within(&fixture, &folder, &folder));
	g_assert_true(is_within(&fixture, &folder, &inside));
	g_assert_true(is_within(&fixture, &inside, &inside));
	g_assert_true(is_within(&fixture, &fixture.alice.drive, &inside));
	g_assert_false(is_within(&fixture, &folder, &beside));
	g_assert_false(is_within(&fixture, &inside, &folder));
	g_assert_false(is_within(&fixture, &folder, &fixture.alice.drive));
	g_assert_false(is_within(&fixture, &folder, &nowhere));
	delete_node(&fixture, &folder);
	g_assert_false(is_within(&fixture, &folder, &inside));
	g_assert_false(is_within(&fixture, &inside, &inside));
}

static void test_restores_a_version(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) old = fixture_file_new(1, 1000, 100);
	g_autoptr(FixtureFile) new = fixture_file_new(2, 1000, 100);
	g_autoptr(GArray) versions = g_array_new(false, false, sizeof(JournalVersion));
	uint64_t seq;
	NodeId node;
	g_autoptr(GError) error = NULL;

	fixture_init(&fixture);
	node = fixture_put(&fixture, &fixture.alice, "file", old);
	fixture_update(&fixture, &fixture.alice, &node, new);
	fixture_assert_file(&fixture, &fixture.alice, &node, new);
	drive_versions(fixture.drive, &fixture.alice, &node, versions, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(versions->len, ==, 2);
	drive_restore(fixture.drive, &fixture.alice, &node,
		      g_array_index(versions, JournalVersion, 0).number, &seq, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(fixture.changed, ==, 3);
	fixture_assert_file(&fixture, &fixture.alice, &node, old);
	for (unsigned i = 0; i < versions->len; i++) {
		journal_node_clear(&g_array_index(versions, JournalVersion, i).node);
	}
}

/* ---- drives ---------------------------------------------------------------------------- */

static void *find_home(void *data)
{
	NodeId id;

	g_assert_true(drive_home(data, 7, &id, NULL));
	return g_memdup2(&id, sizeof(id));
}

static void test_an_account_has_one_home(void)
{
	g_auto(Fixture) fixture = { 0 };
	GThread *threads[8];
	g_autofree NodeId *first = NULL;

	fixture_init(&fixture);
	g_assert_false(node_id_equal(&fixture.alice.drive, &fixture.bob.drive));
	for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
		threads[i] = g_thread_new("home", find_home, fixture.drive);
	}
	first = g_thread_join(threads[0]);
	for (unsigned i = 1; i < G_N_ELEMENTS(threads); i++) {
		g_autofree NodeId *other = g_thread_join(threads[i]);

		g_assert_true(node_id_equal(first, other));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add_func("/server/drive/drive/" path, function)
	ADD("gives-back-what-was-committed", test_gives_back_what_was_committed);
	ADD("reads-any-part", test_reads_any_part);
	ADD("refuses-a-damaged-chunk", test_refuses_a_damaged_chunk);
	ADD("wakes-once-for-a-change", test_wakes_once_for_a_change);
	ADD("repeating-stores-nothing-twice", test_repeating_stores_nothing_twice);
	ADD("commit-names-what-was-uploaded", test_commit_names_what_was_uploaded);
	ADD("keeps-chunks-as-they-were-encoded", test_keeps_chunks_as_they_were_encoded);
	ADD("takes-no-more-than-the-quota", test_takes_no_more_than_the_quota);
	ADD("missing-tells-what-to-send", test_missing_tells_what_to_send);
	ADD("bounds-a-request", test_bounds_a_request);
	ADD("tells-that-the-disk-broke", test_tells_that_the_disk_broke);
	ADD("fetch-gives-what-fits", test_fetch_gives_what_fits);
	ADD("changes-bring-small-files", test_changes_bring_small_files);
	ADD("finds-paths", test_finds_paths);
	ADD("lists-a-folder", test_lists_a_folder);
	ADD("knows-what-lies-within", test_knows_what_lies_within);
	ADD("restores-a-version", test_restores_a_version);
	ADD("an-account-has-one-home", test_an_account_has_one_home);
	return g_test_run();
}
