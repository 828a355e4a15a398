/* SPDX-License-Identifier: Apache-2.0 */
#include "server/journal/fixture.h"

#include "base/error.h"
#include "base/limits.h"
#include "chunk/content.h"

#include <string.h>

#define OTHER_ACCOUNT 2
#define DAY_US (86400 * (int64_t)G_USEC_PER_SEC)

/* Tries to create a file of this text without sending the chunk. */
static JournalOutcome name_without_sending(Fixture *fixture, const NodeId *drive, int64_t account,
					   const char *text)
{
	static unsigned count;
	g_autofree char *name = g_strdup_printf("n%u", count++);
	g_autoptr(Commit) commit = fixture_commit(fixture);
	NodeId id = node_id_new();
	commit->drive = *drive;
	commit->account = account;
	fixture_file(commit, &id, drive, name, text);
	g_array_set_size(commit->stored, 0);
	fixture_run(commit);
	fixture_check(fixture);
	return fixture_outcome(commit, 0);
}

static void sweep(Fixture *fixture, int64_t days)
{
	bool more = true;
	JournalRetention retention = { .versions_s = 0, .trash_s = 0 };
	while (more) {
		g_autoptr(GError) error = NULL;
		journal_sweep(fixture->journal, &retention,
			      g_get_real_time() + days * DAY_US + 1000, &more, &error);
		g_assert_no_error(error);
		fixture_check(fixture);
	}
}

static bool is_located(Fixture *fixture, const char *text)
{
	g_autoptr(GError) error = NULL;
	ChunkId id = chunk_id_of(text, strlen(text));
	BlobsLocation location;
	bool found;
	journal_locate(fixture->journal, &fixture->drive, &id, 1, &location, &found, &error);
	g_assert_no_error(error);
	if (found) {
		g_assert_cmpuint(location.raw_size, ==, strlen(text));
		g_assert_cmpuint(location.pack, ==, FIXTURE_PACK);
	}
	return found;
}

static unsigned packs_count(Fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) packs = g_array_new(FALSE, FALSE, sizeof(JournalPack));
	journal_packs(fixture->journal, packs, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(packs->len, <=, 1);
	return packs->len ? (unsigned)g_array_index(packs, JournalPack, 0).count : 0;
}

static void upload(Fixture *fixture, int64_t account, const char *text)
{
	g_autoptr(GError) error = NULL;
	JournalStored stored = fixture_stored(fixture, text, strlen(text));
	journal_upload(fixture->journal, account, &stored, 1, &error);
	g_assert_no_error(error);
	fixture_check(fixture);
}

static void test_knowing_an_id_gives_nothing(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId other = fixture_drive(fixture, OTHER_ACCOUNT);
	fixture_make(fixture, &fixture->drive, "secret");
	g_assert_cmpint(name_without_sending(fixture, &fixture->drive, 1, "secret"), ==,
			JOURNAL_APPLIED);
	g_assert_cmpint(name_without_sending(fixture, &other, OTHER_ACCOUNT, "secret"), ==,
			JOURNAL_MISSING_CONTENT);
	g_assert_cmpint(name_without_sending(fixture, &fixture->drive, 1, "unknown"), ==,
			JOURNAL_MISSING_CONTENT);
	upload(fixture, OTHER_ACCOUNT, "secret");
	g_assert_cmpint(name_without_sending(fixture, &other, OTHER_ACCOUNT, "secret"), ==,
			JOURNAL_APPLIED);
	g_assert_cmpuint(packs_count(fixture), ==, 1);
}

static void test_leases_end(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	upload(fixture, 1, "leased");
	g_assert_false(is_located(fixture, "leased"));
	sweep(fixture, 0);
	g_assert_cmpuint(packs_count(fixture), ==, 1);
	sweep(fixture, 2);
	g_assert_cmpuint(packs_count(fixture), ==, 0);
	g_assert_cmpint(name_without_sending(fixture, &fixture->drive, 1, "leased"), ==,
			JOURNAL_MISSING_CONTENT);
}

static void test_lease_outlives_the_last_name(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId id = fixture_make(fixture, &fixture->drive, "text");
	upload(fixture, 1, "text");
	fixture_delete_now(fixture, &id);
	sweep(fixture, 0);
	g_assert_cmpuint(fixture_usage(fixture).bytes, ==, 0);
	g_assert_cmpint(name_without_sending(fixture, &fixture->drive, 1, "text"), ==,
			JOURNAL_APPLIED);
}

static void test_what_failed_is_leased(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId nowhere = node_id_random();
	NodeId id = node_id_new();
	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_file(commit, &id, &nowhere, "name", "text");
	fixture_run(commit);
	g_assert_cmpint(fixture_outcome(commit, 0), ==, JOURNAL_NO_PARENT);
	fixture_check(fixture);
	g_assert_cmpint(name_without_sending(fixture, &fixture->drive, 1, "text"), ==,
			JOURNAL_APPLIED);
	g_assert_true(is_located(fixture, "text"));
}

static void test_last_name_takes_the_chunk(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId other = fixture_drive(fixture, OTHER_ACCOUNT);
	NodeId a = fixture_make(fixture, &fixture->drive, "same");
	NodeId folder = fixture_make(fixture, &fixture->drive, "folder/");
	NodeId b = fixture_make(fixture, &folder, "same");
	g_assert_cmpuint(fixture_usage(fixture).bytes, ==, 4);
	g_assert_cmpuint(packs_count(fixture), ==, 1);
	fixture_update_now(fixture, &a, "");
	sweep(fixture, 2);
	g_assert_true(is_located(fixture, "same"));
	fixture_delete_now(fixture, &folder);
	g_assert_true(is_located(fixture, "same"));
	g_assert_cmpuint(fixture_usage(fixture).bytes, ==, 4);

	upload(fixture, OTHER_ACCOUNT, "same");
	g_assert_cmpint(name_without_sending(fixture, &other, OTHER_ACCOUNT, "same"), ==,
			JOURNAL_APPLIED);
	sweep(fixture, 4);
	g_assert_false(is_located(fixture, "same"));
	g_assert_cmpuint(fixture_usage(fixture).bytes, ==, 0);
	g_assert_cmpuint(fixture_usage(fixture).nodes, ==, 1);
	g_assert_cmpuint(packs_count(fixture), ==, 1);
	g_assert_false(fixture_resolves(fixture, "folder/same", &b));
}

static void test_quota(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	g_autoptr(GError) error = NULL;
	NodeId id = node_id_new();
	journal_drive_set_quota(fixture->journal, &fixture->drive, 10, &error);
	g_assert_no_error(error);
	fixture_make(fixture, &fixture->drive, "12345678");
	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_file(commit, &id, &fixture->drive, "a", "123");
	fixture_file(commit, &id, &fixture->drive, "b", "12345678");
	NodeId small = node_id_new();
	fixture_file(commit, &small, &fixture->drive, "c", "12");
	fixture_run(commit);
	fixture_check(fixture);
	g_assert_cmpint(fixture_outcome(commit, 0), ==, JOURNAL_QUOTA);
	g_assert_cmpint(fixture_outcome(commit, 1), ==, JOURNAL_APPLIED);
	g_assert_cmpint(fixture_outcome(commit, 2), ==, JOURNAL_APPLIED);
	g_assert_cmpuint(fixture_usage(fixture).bytes, ==, 10);
}

static void test_missing(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	g_autoptr(GError) error = NULL;
	fixture_make(fixture, &fixture->drive, "held");
	upload(fixture, 1, "leased");
	upload(fixture, OTHER_ACCOUNT, "of another");
	static const char *const texts[] = { "none", "held", "of another", "leased", "none" };
	ChunkId ids[5];
	for (unsigned i = 0; i < 5; i++) {
		ids[i] = chunk_id_of(texts[i], strlen(texts[i]));
	}
	g_autoptr(GArray) missing = g_array_new(FALSE, FALSE, sizeof(ChunkId));
	g_assert_true(
		journal_missing(fixture->journal, &fixture->drive, 1, ids, 5, 24, missing, &error));
	g_assert_cmpuint(missing->len, ==, 2);
	g_assert_true(chunk_id_equal(&g_array_index(missing, ChunkId, 0), &ids[0]));
	g_assert_true(chunk_id_equal(&g_array_index(missing, ChunkId, 1), &ids[2]));

	/* 4 bytes are used, and 20 would be new. */
	journal_drive_set_quota(fixture->journal, &fixture->drive, 23, &error);
	g_assert_false(
		journal_missing(fixture->journal, &fixture->drive, 1, ids, 5, 24, missing, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_QUOTA);
	g_assert_cmpuint(missing->len, ==, 2);
	g_clear_error(&error);
	journal_drive_set_quota(fixture->journal, &fixture->drive, 24, &error);
	g_assert_true(
		journal_missing(fixture->journal, &fixture->drive, 1, ids, 5, 24, missing, &error));
}

static bool may_upload(Fixture *fixture, const char *text, uint64_t bytes)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) missing = g_array_new(FALSE, FALSE, sizeof(ChunkId));
	ChunkId id = chunk_id_of(text, strlen(text));
	bool may = journal_missing(fixture->journal, &fixture->drive, 1, &id, 1, bytes, missing,
				   &error);
	g_assert_true(may || g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_QUOTA));
	return may;
}

/* What was uploaded counts until a commit takes it, and then once; or until its day is over. */
static void test_what_is_leased_counts(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	journal_drive_set_quota(fixture->journal, &fixture->drive, 20, NULL);
	upload(fixture, 1, "123456789012");
	g_assert_true(may_upload(fixture, "new", 8));
	g_assert_false(may_upload(fixture, "new", 9));
	/* It is there: to send it again takes no room. */
	g_assert_true(may_upload(fixture, "123456789012", 12));
	upload(fixture, OTHER_ACCOUNT, "of another");
	g_assert_true(may_upload(fixture, "new", 8));
	g_assert_cmpint(name_without_sending(fixture, &fixture->drive, 1, "123456789012"), ==,
			JOURNAL_APPLIED);
	g_assert_cmpuint(fixture_usage(fixture).bytes, ==, 12);
	g_assert_true(may_upload(fixture, "new", 8));
	g_assert_false(may_upload(fixture, "new", 9));
	fixture_check(fixture);
	upload(fixture, 1, "12345678");
	g_assert_false(may_upload(fixture, "new", 1));
	sweep(fixture, 4);
	g_assert_true(may_upload(fixture, "new", 8));
	fixture_check(fixture);
}

/* Two devices send the same: what one left behind is in a file once the other's commit came. */
static void test_taken_ends_the_lease(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	journal_drive_set_quota(fixture->journal, &fixture->drive, 20, NULL);
	upload(fixture, 1, "123456789012");
	NodeId id = fixture_make(fixture, &fixture->drive, "123456789012");
	g_assert_cmpuint(fixture_usage(fixture).bytes, ==, 12);
	g_assert_true(may_upload(fixture, "new", 8));
	g_assert_false(may_upload(fixture, "new", 9));
	fixture_delete_now(fixture, &id);
	sweep(fixture, 0);
	g_assert_true(may_upload(fixture, "new", 20));
	g_assert_cmpuint(packs_count(fixture), ==, 0);
}

/* A commit of which nothing is taken fills no disk: what does not fit is not kept. */
static void test_what_a_commit_leaves_is_bounded(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	journal_drive_set_quota(fixture->journal, &fixture->drive, 10, NULL);
	NodeId nowhere = node_id_new();
	g_autoptr(Commit) commit = fixture_commit(fixture);
	NodeId a = node_id_new(), b = node_id_new();
	fixture_file(commit, &a, &nowhere, "a", "1234567");
	fixture_file(commit, &b, &nowhere, "b", "abcdefg");
	fixture_run(commit);
	g_assert_cmpint(fixture_outcome(commit, 0), ==, JOURNAL_NO_PARENT);
	fixture_check(fixture);
	g_assert_cmpint(name_without_sending(fixture, &fixture->drive, 1, "abcdefg"), ==,
			JOURNAL_MISSING_CONTENT);
	g_assert_cmpint(name_without_sending(fixture, &fixture->drive, 1, "1234567"), ==,
			JOURNAL_APPLIED);
	fixture_check(fixture);
}

static void test_locates_leased(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	g_autoptr(GError) error = NULL;
	upload(fixture, 1, "leased");
	ChunkId id = chunk_id_of("leased", 6);
	BlobsLocation location;
	bool found = false;
	g_assert_true(
		journal_locate_leased(fixture->journal, 1, &id, 1, &location, &found, &error));
	g_assert_true(found);
	g_assert_cmpuint(location.size, ==, 6);
	g_assert_true(journal_locate_leased(fixture->journal, OTHER_ACCOUNT, &id, 1, &location,
					    &found, &error));
	g_assert_false(found);
}

static void test_packs_and_relocation(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	g_autoptr(GError) error = NULL;
	static const char *const texts[] = { "one", "twotwo", "three" };
	for (unsigned i = 0; i < 3; i++) {
		fixture_make(fixture, &fixture->drive, texts[i]);
	}
	g_autoptr(GArray) stored = g_array_new(FALSE, FALSE, sizeof(JournalStored));
	g_assert_true(journal_pack_chunks(fixture->journal, FIXTURE_PACK, 1, 5, stored, &error));
	g_assert_cmpuint(stored->len, ==, 2);
	JournalStored *second = &g_array_index(stored, JournalStored, 0);
	ChunkId id = chunk_id_of("twotwo", 6);
	g_assert_true(chunk_id_equal(&second->id, &id));

	second->location.pack = 5;
	second->location.offset = 4096;
	g_assert_true(journal_relocate(fixture->journal, FIXTURE_PACK, second, 1, &error));
	fixture_check(fixture);
	g_autoptr(GArray) packs = g_array_new(FALSE, FALSE, sizeof(JournalPack));
	g_assert_true(journal_packs(fixture->journal, packs, &error));
	g_assert_cmpuint(packs->len, ==, 2);
	const JournalPack *moved = &g_array_index(packs, JournalPack, 0);
	g_assert_cmpuint(moved->pack, ==, 5);
	g_assert_cmpuint(moved->count, ==, 1);
	g_assert_cmpuint(moved->size_live, ==, 6);
	g_assert_cmpuint(moved->end, ==, 4096 + 64);

	/* It lies elsewhere by now: nothing happens. */
	second->location.pack = 6;
	g_assert_true(journal_relocate(fixture->journal, FIXTURE_PACK, second, 1, &error));
	BlobsLocation location;
	bool found;
	g_assert_true(journal_locate(fixture->journal, &fixture->drive, &id, 1, &location, &found,
				     &error));
	g_assert_true(found);
	g_assert_cmpuint(location.pack, ==, 5);
	g_assert_cmpuint(location.offset, ==, 4096);
	fixture_check(fixture);
}

/* ---- long files ---------------------------------------------------------------------------- */

typedef struct Long {
	GArray *refs;     /* ContentRef */
	GPtrArray *lists; /* GBytes */
	GBytes *content;
	uint64_t size;
} Long;

/* A file of `count` chunks; those from `changed` on are others than without. */
static Long long_new(unsigned count, unsigned changed)
{
	Long file = {
		.refs = g_array_new(FALSE, FALSE, sizeof(ContentRef)),
		.lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref),
	};
	for (unsigned i = 0; i < count; i++) {
		g_autofree char *text =
			g_strdup_printf("%s %u", i < changed ? "old" : "new", i % 900);
		ContentRef ref = { chunk_id_of(text, strlen(text)), (uint32_t)strlen(text) };
		g_array_append_val(file.refs, ref);
		file.size += ref.length;
	}
	file.content = content_encode((ContentRef *)file.refs->data, count, file.lists);
	return file;
}

static void long_clear(Long *file)
{
	g_array_unref(file->refs);
	g_ptr_array_unref(file->lists);
	g_bytes_unref(file->content);
}

static void send_chunks(Commit *commit, const Long *file)
{
	for (unsigned i = 0; i < file->refs->len; i++) {
		const ContentRef *ref = &g_array_index(file->refs, ContentRef, i);
		JournalStored stored = fixture_stored(commit->fixture, "", 0);
		stored.id = ref->id;
		stored.location.size = ref->length;
		stored.location.raw_size = ref->length;
		g_array_append_val(commit->stored, stored);
	}
}

static void send_lists(Commit *commit, const Long *file)
{
	for (unsigned i = 0; i < file->lists->len; i++) {
		GBytes *list = g_ptr_array_index(file->lists, i);
		gsize size;
		const void *bytes = g_bytes_get_data(list, &size);
		ChunkId id = chunk_id_of(bytes, size);
		fixture_store(commit, bytes, size);
		g_hash_table_insert(commit->lists, g_memdup2(&id, sizeof id), g_bytes_ref(list));
	}
}

static void set_long(Commit *commit, const Long *file)
{
	JournalOperation *operation = fixture_last(commit);
	operation->size = file->size;
	operation->content = g_bytes_get_data(file->content, &operation->content_size);
}

static JournalOutcome put_long(Fixture *fixture, const NodeId *id, const Long *file, bool chunks,
			       bool lists)
{
	g_autoptr(Commit) commit = fixture_commit(fixture);
	g_autoptr(GError) error = NULL;
	JournalNode node;
	if (journal_node(fixture->journal, &fixture->drive, id, &node, &error)) {
		fixture_update(commit, id, node.seq, "");
		journal_node_clear(&node);
	} else {
		fixture_file(commit, id, &fixture->drive, "long", "");
	}
	set_long(commit, file);
	if (chunks) {
		send_chunks(commit, file);
	}
	if (lists) {
		send_lists(commit, file);
	}
	fixture_run(commit);
	fixture_check(fixture);
	return fixture_outcome(commit, 0);
}

static bool holds_list(Fixture *fixture, const Long *file, unsigned index)
{
	g_autoptr(GError) error = NULL;
	gsize size;
	const void *bytes = g_bytes_get_data(g_ptr_array_index(file->lists, index), &size);
	ChunkId id = chunk_id_of(bytes, size);
	bool held;
	journal_holds_lists(fixture->journal, &fixture->drive, &id, 1, &held, &error);
	g_assert_no_error(error);
	return held;
}

static void test_long_files(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	Long old = long_new(9000, 9000);
	Long new = long_new(9000, 8990);
	NodeId id = node_id_new();
	g_assert_cmpint(put_long(fixture, &id, &old, false, true), ==, JOURNAL_MISSING_CONTENT);
	g_assert_cmpint(put_long(fixture, &id, &old, true, false), ==, JOURNAL_MISSING_CONTENT);
	/* Now both are leased, but the bytes of the lists must come with the commit. */
	g_assert_cmpint(put_long(fixture, &id, &old, false, false), ==, JOURNAL_MISSING_CONTENT);
	g_assert_cmpint(put_long(fixture, &id, &old, false, true), ==, JOURNAL_APPLIED);
	uint64_t bytes = fixture_usage(fixture).bytes;
	g_assert_true(holds_list(fixture, &old, 0));

	/* Of a changed file only the last list is new. */
	Long tail = new;
	tail.lists = g_ptr_array_new();
	g_ptr_array_add(tail.lists, g_ptr_array_index(new.lists, new.lists->len - 1));
	g_assert_false(holds_list(fixture, &new, new.lists->len - 1));
	g_assert_cmpint(put_long(fixture, &id, &tail, true, true), ==, JOURNAL_APPLIED);
	g_ptr_array_unref(tail.lists);
	g_assert_cmpuint(fixture_usage(fixture).bytes, >, bytes);
	g_assert_cmpuint(fixture_usage(fixture).bytes, <, bytes + 200000);

	sweep(fixture, 2);
	g_assert_false(holds_list(fixture, &old, old.lists->len - 1));
	g_assert_true(holds_list(fixture, &new, 0));
	fixture_delete_now(fixture, &id);
	sweep(fixture, 4);
	g_assert_cmpuint(fixture_usage(fixture).bytes, ==, 0);
	g_assert_cmpuint(packs_count(fixture), ==, 0);
	long_clear(&old);
	long_clear(&new);
}

/* An uploaded chunk that consists of the ids of others' chunks must not open them. */
static void test_data_is_no_list(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	NodeId other = fixture_drive(fixture, OTHER_ACCOUNT);
	Long file = long_new(3000, 3000);
	NodeId id = node_id_new();
	g_assert_cmpint(put_long(fixture, &id, &file, true, true), ==, JOURNAL_APPLIED);

	/* The thief knows all ids, has made the lists from them and holds these as data. */
	g_autoptr(Commit) commit = fixture_commit(fixture);
	commit->drive = other;
	commit->account = OTHER_ACCOUNT;
	send_lists(commit, &file);
	for (unsigned i = 0; i < file.lists->len; i++) {
		GBytes *list = g_ptr_array_index(file.lists, i);
		gsize size = g_bytes_get_size(list);
		ContentRef ref = {
			.id = chunk_id_of(g_bytes_get_data(list, NULL), size),
			.length = (uint32_t)size,
		};
		g_autoptr(GPtrArray) none = g_ptr_array_new();
		g_autofree char *name = g_strdup_printf("list %u", i);
		NodeId data = node_id_new();
		fixture_file(commit, &data, &other, name, "");
		GBytes *content = content_encode(&ref, 1, none);
		g_ptr_array_add(commit->memory, content);
		fixture_last(commit)->size = ref.length;
		fixture_last(commit)->content =
			g_bytes_get_data(content, &fixture_last(commit)->content_size);
	}
	NodeId stolen = node_id_new();
	fixture_file(commit, &stolen, &other, "stolen", "");
	set_long(commit, &file);
	fixture_run(commit);
	fixture_check(fixture);
	for (unsigned i = 0; i < file.lists->len; i++) {
		g_assert_cmpint(fixture_outcome(commit, i), ==, JOURNAL_APPLIED);
	}
	g_assert_cmpint(fixture_outcome(commit, file.lists->len), ==, JOURNAL_MISSING_CONTENT);
	long_clear(&file);
}

static void test_wrong_sizes_are_invalid(void)
{
	g_autoptr(Fixture) fixture = fixture_new();
	Long file = long_new(3000, 3000);
	NodeId id = node_id_new();
	file.size++;
	g_assert_cmpint(put_long(fixture, &id, &file, true, true), ==, JOURNAL_INVALID);
	long_clear(&file);

	/* A ref with another length than the chunk has. */
	ContentRef ref = { chunk_id_of("text", 4), 5 };
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	g_autoptr(GBytes) content = content_encode(&ref, 1, none);
	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_file(commit, &id, &fixture->drive, "file", "text");
	fixture_last(commit)->size = 5;
	fixture_last(commit)->content =
		g_bytes_get_data(content, &fixture_last(commit)->content_size);
	fixture_run(commit);
	g_assert_cmpint(fixture_outcome(commit, 0), ==, JOURNAL_INVALID);
	fixture_check(fixture);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/journal/holding/knowing-an-id-gives-nothing",
			test_knowing_an_id_gives_nothing);
	g_test_add_func("/server/journal/holding/leases-end", test_leases_end);
	g_test_add_func("/server/journal/holding/lease-outlives-the-last-name",
			test_lease_outlives_the_last_name);
	g_test_add_func("/server/journal/holding/what-failed-is-leased",
			test_what_failed_is_leased);
	g_test_add_func("/server/journal/holding/last-name-takes-the-chunk",
			test_last_name_takes_the_chunk);
	g_test_add_func("/server/journal/holding/quota", test_quota);
	g_test_add_func("/server/journal/holding/what-is-leased-counts",
			test_what_is_leased_counts);
	g_test_add_func("/server/journal/holding/taken-ends-the-lease", test_taken_ends_the_lease);
	g_test_add_func("/server/journal/holding/what-a-commit-leaves-is-bounded",
			test_what_a_commit_leaves_is_bounded);
	g_test_add_func("/server/journal/holding/missing", test_missing);
	g_test_add_func("/server/journal/holding/locates-leased", test_locates_leased);
	g_test_add_func("/server/journal/holding/packs-and-relocation", test_packs_and_relocation);
	g_test_add_func("/server/journal/holding/long-files", test_long_files);
	g_test_add_func("/server/journal/holding/data-is-no-list", test_data_is_no_list);
	g_test_add_func("/server/journal/holding/wrong-sizes-are-invalid",
			test_wrong_sizes_are_invalid);
	return g_test_run();
}
