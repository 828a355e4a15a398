/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody gets at, or learns of, what is in the drive of somebody else. */
#include "server/drive/drive.h"

#include "base/error.h"
#include "chunk/content.h"
#include "server/drive/fixture_internal.h"

#include <string.h>

typedef bool (*Attempt)(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
			GError **error);

static bool try_commit(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
		       GError **error)
{
	JournalOperation operation = { .number = 999, .verb = JOURNAL_DELETE, .node = *node };
	DriveCommit commit = { .operations = &operation, .operation_count = 1 };
	JournalResult result;
	uint64_t seq;

	return drive_commit(fixture->drive, caller, &commit, &result, &seq, error);
}

static bool try_missing(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
			GError **error)
{
	g_autoptr(GArray) missing = g_array_new(false, false, sizeof(ChunkId));
	ChunkId id = { 0 };

	return drive_missing(fixture->drive, caller, &(DriveMissing){ &id, 1, 1 }, missing, error);
}

static bool try_upload(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
		       GError **error)
{
	g_autoptr(FixtureFile) file = fixture_file_new(77, 10, 10);

	return drive_upload(fixture->drive, caller, (EncodedChunk *)file->chunks->data, 1, error);
}

static bool try_restore(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
			GError **error)
{
	uint64_t seq;

	return drive_restore(fixture->drive, caller, node, 1, &seq, error);
}

static bool try_fetch(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
		      GError **error)
{
	g_autoptr(GArray) missing = g_array_new(false, false, sizeof(ChunkId));
	ChunkId id = { 0 };
	DriveFetch request = { .ids = &id, .count = 1 };

	return drive_fetch(fixture->drive, caller, &request, missing, error);
}

static bool try_changes(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
			GError **error)
{
	JournalPage page = { 0 };

	return drive_changes(fixture->drive, caller, NULL, 10, &page, error);
}

static bool try_inline(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
		       GError **error)
{
	g_autoptr(GArray) nodes = g_array_new(false, false, sizeof(JournalNode));
	JournalPage page = { .nodes = nodes };

	return drive_changes_inline(fixture->drive, caller, &(DriveInline){ .page = &page }, error);
}

static bool try_read(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
		     GError **error)
{
	g_autoptr(GBytes) content = g_bytes_new_static("", 0);

	g_autoptr(DriveReading) reading =
		drive_read(fixture->drive, caller, &(DriveRange){ .content = content }, error);

	return reading != NULL;
}

static bool try_node(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
		     GError **error)
{
	JournalNode found = { 0 };

	return drive_node(fixture->drive, caller, node, &found, error);
}

static bool try_resolve(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
			GError **error)
{
	JournalNode found = { 0 };

	return drive_resolve(fixture->drive, caller, "file", &found, error);
}

static bool try_path(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
		     GError **error)
{
	g_autoptr(GBytes) path = NULL;

	return drive_path(fixture->drive, caller, node, &path, error);
}

static bool try_within(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
		       GError **error)
{
	JournalNode found = { 0 };

	return drive_within(fixture->drive, caller, &caller->drive, node, &found, error);
}

static bool try_children(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
			 GError **error)
{
	g_autoptr(GArray) nodes = g_array_new(false, false, sizeof(JournalNode));

	return drive_children(fixture->drive, caller, &caller->drive, NULL, 10, nodes, error);
}

static bool try_count(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
		      GError **error)
{
	unsigned count;

	return drive_count(fixture->drive, caller, &caller->drive, 10, &count, error);
}

static bool try_versions(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
			 GError **error)
{
	g_autoptr(GArray) versions = g_array_new(false, false, sizeof(JournalVersion));

	return drive_versions(fixture->drive, caller, node, versions, error);
}

static bool try_trash(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
		      GError **error)
{
	g_autoptr(GArray) nodes = g_array_new(false, false, sizeof(JournalNode));

	return drive_trash(fixture->drive, caller, 10, nodes, error);
}

static bool try_usage(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
		      GError **error)
{
	JournalUsage usage;

	return drive_usage(fixture->drive, caller, &usage, error);
}

static void test_a_foreign_drive_does_not_exist(void)
{
	static const Attempt attempts[] = {
		try_commit, try_missing, try_upload, try_restore,  try_fetch, try_changes,
		try_inline, try_read,    try_node,   try_resolve,  try_path,  try_versions,
		try_trash,  try_usage,   try_within, try_children, try_count,
	};
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) file = fixture_file_new(1, 1000, 100);
	NodeId node;

	fixture_init(&fixture);
	node = fixture_put(&fixture, &fixture.alice, "file", file);
	for (unsigned i = 0; i < G_N_ELEMENTS(attempts); i++) {
		DriveCaller foreign = fixture.bob;
		DriveCaller absent = fixture.bob;
		DriveCaller nobody = fixture.alice;
		g_autoptr(GError) foreign_error = NULL;
		g_autoptr(GError) absent_error = NULL;
		g_autoptr(GError) nobody_error = NULL;

		foreign.drive = fixture.alice.drive;
		absent.drive = node_id_random();
		nobody.account = 3;
		g_assert_false(attempts[i](&fixture, &foreign, &node, &foreign_error));
		g_assert_false(attempts[i](&fixture, &absent, &node, &absent_error));
		g_assert_false(attempts[i](&fixture, &nobody, &node, &nobody_error));
		g_assert_error(foreign_error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
		g_assert_error(absent_error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
		g_assert_error(nobody_error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
		g_assert_cmpstr(foreign_error->message, ==, absent_error->message);
		g_assert_cmpstr(foreign_error->message, ==, nobody_error->message);
	}
	fixture_assert_file(&fixture, &fixture.alice, &node, file);
	g_assert_cmpuint(fixture.changed, ==, 1);
}

static bool count_chunk(const EncodedChunk *chunk, void *data, GError **error)
{
	(*(unsigned *)data)++;
	return true;
}

static void test_knowing_an_id_gives_nothing(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) secret = fixture_file_new(1, 10000, 100);
	g_autoptr(GArray) ids = fixture_ids(secret);
	g_autoptr(GArray) missing = g_array_new(false, false, sizeof(ChunkId));
	g_autoptr(GArray) absent = g_array_new(false, false, sizeof(ChunkId));
	unsigned visited = 0;
	DriveMissing ask = { (const ChunkId *)ids->data, ids->len, 0 };
	DriveFetch fetch = { (const ChunkId *)ids->data, ids->len, SIZE_MAX, count_chunk,
			     &visited };
	DriveRange range = { secret->content, 0, UINT64_MAX };
	g_autoptr(DriveReading) reading = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GError) error = NULL;

	fixture_init(&fixture);
	fixture_put(&fixture, &fixture.alice, "secret", secret);
	/* Is it there? */
	g_assert_true(drive_missing(fixture.drive, &fixture.bob, &ask, missing, NULL));
	g_assert_cmpuint(missing->len, ==, ids->len);
	/* May I have it? */
	g_assert_true(drive_fetch(fixture.drive, &fixture.bob, &fetch, absent, NULL));
	g_assert_cmpuint(absent->len, ==, ids->len);
	g_assert_cmpuint(visited, ==, 0);
	reading = drive_read(fixture.drive, &fixture.bob, &range, &error);
	g_assert_no_error(error);
	g_assert_false(drive_reading_next(reading, &bytes, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	/* Is it mine? */
	g_assert_cmpint(fixture_outcome(&fixture, &fixture.bob, "mine", secret, NULL), ==,
			JOURNAL_MISSING_CONTENT);
	fixture_assert_whole(&fixture);
}

static void test_a_list_opens_no_door(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) secret = fixture_file_new(1, 10000, 100);
	g_autoptr(GArray) lists = g_array_new(false, false, sizeof(EncodedChunk));
	NodeId node = node_id_random();
	JournalOperation operation;
	JournalResult result;

	fixture_init(&fixture);
	fixture_put(&fixture, &fixture.alice, "secret", secret);
	for (unsigned i = fixture_file_data(secret); i < secret->chunks->len; i++) {
		g_array_append_val(lists, g_array_index(secret->chunks, EncodedChunk, i));
	}
	/* Somebody who knows the ids writes the lists himself; with the commit, or before. */
	g_assert_cmpint(fixture_outcome(&fixture, &fixture.bob, "a", secret, lists), ==,
			JOURNAL_MISSING_CONTENT);
	fixture_upload(&fixture, &fixture.bob, lists);
	g_assert_cmpint(fixture_outcome(&fixture, &fixture.bob, "b", secret, NULL), ==,
			JOURNAL_MISSING_CONTENT);
	/* He lets his drive hold a list as the data of a file, and then names it as a list. */
	{
		g_autoptr(FixtureFile) data = fixture_file_new(2, 0, 1);
		const EncodedChunk *list = &g_array_index(lists, EncodedChunk, 0);
		ContentRef ref = { list->id, list->raw_size };

		g_bytes_unref(data->content);
		data->content = content_encode(&ref, 1, data->lists);
		g_bytes_unref(data->bytes);
		data->bytes = g_bytes_new(list->bytes, list->raw_size);
		g_assert_cmpint(fixture_outcome(&fixture, &fixture.bob, "data", data, lists), ==,
				JOURNAL_APPLIED);
	}
	operation = fixture_operation(&fixture, &fixture.bob, &node, "c", secret);
	g_assert_true(fixture_commit(&fixture, &fixture.bob, &operation, NULL, &result));
	g_assert_cmpint(result.outcome, ==, JOURNAL_MISSING_CONTENT);
	fixture_assert_whole(&fixture);
}

static void test_a_list_of_nonsense_is_refused(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(FixtureFile) real = fixture_file_new(1, 10000, 100);
	g_autoptr(FixtureFile) fake = fixture_file_new(2, 0, 1);
	g_autoptr(GArray) chunks = g_array_new(false, false, sizeof(EncodedChunk));
	uint8_t nonsense[CONTENT_REF_SIZE * 20];
	uint8_t *content;
	size_t size;
	EncodedChunk chunk = { .bytes = nonsense };

	fixture_init(&fixture);
	/* As long as the real list, so that the content is well-formed. */
	chunk.size = chunk.raw_size = CONTENT_REF_SIZE * 20;
	memset(nonsense, 0, sizeof(nonsense));
	chunk.id = chunk_id_of(nonsense, sizeof(nonsense));
	g_array_append_val(chunks, chunk);
	size = 1 + CONTENT_REF_SIZE;
	content = g_malloc0(size);
	content[0] = 1;
	memcpy(content + 1, chunk.id.bytes, CHUNK_ID_SIZE);
	content[1 + CHUNK_ID_SIZE] = sizeof(nonsense) & 0xff;
	content[2 + CHUNK_ID_SIZE] = sizeof(nonsense) >> 8;
	g_bytes_unref(fake->content);
	fake->content = g_bytes_new_take(content, size);
	g_assert_cmpint(fixture_outcome(&fixture, &fixture.bob, "fake", fake, chunks), !=,
			JOURNAL_APPLIED);
	fixture_assert_whole(&fixture);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add_func("/server/drive/wall/" path, function)
	ADD("a-foreign-drive-does-not-exist", test_a_foreign_drive_does_not_exist);
	ADD("knowing-an-id-gives-nothing", test_knowing_an_id_gives_nothing);
	ADD("a-list-opens-no-door", test_a_list_opens_no_door);
	ADD("a-list-of-nonsense-is-refused", test_a_list_of_nonsense_is_refused);
	return g_test_run();
}
