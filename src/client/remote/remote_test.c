/* SPDX-License-Identifier: Apache-2.0 */
/* The server of these tests is a body, prepared by the test and given back to whatever is asked. */
#include "client/remote/remote.h"

#include "base/error.h"
#include "base/limits.h"
#include "chunk/content.h"
#include "client/remote/transport.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <string.h>

typedef struct Canned {
	Transport transport;
	Bulk *request; /* the last */
	char *endpoint;
	unsigned wait_ms;
	GBytes *answer; /* NULL: 204 */
} Canned;

static bool canned_exchange(Transport *transport, const char *endpoint, const Pieces *body,
			    unsigned wait_ms, GCancellable *cancellable, GBytes **ret_body,
			    GError **error)
{
	Canned *canned = (Canned *)transport;
	bulk_free(canned->request);
	canned->request = pieces_join(body);
	g_free(canned->endpoint);
	canned->endpoint = g_strdup(endpoint);
	canned->wait_ms = wait_ms;
	*ret_body = canned->answer ? g_bytes_ref(canned->answer) : NULL;
	return true;
}

static void canned_traffic(Transport *transport, uint64_t *ret_sent, uint64_t *ret_received)
{
	*ret_sent = 1;
	*ret_received = 2;
}

static void canned_free(Transport *transport)
{
	Canned *canned = (Canned *)transport;
	bulk_free(canned->request);
	g_clear_pointer(&canned->answer, g_bytes_unref);
	g_free(canned->endpoint);
	g_free(canned);
}

static const TransportVtable canned_vtable = { canned_exchange, canned_traffic, canned_free };
static const NodeId drive = { { 0xd0, 1 } };
static const NodeId node = { { 0xa0, 2 } };

typedef struct Fixture {
	Canned *canned;
	Remote *remote;
} Fixture;

static Fixture fixture(void)
{
	Canned *canned = g_new0(Canned, 1);
	canned->transport.vtable = &canned_vtable;
	canned->request = bulk_new(0);
	return (Fixture){ canned, remote_new(&canned->transport, &drive) };
}

static void clear(Fixture *fixture)
{
	remote_free(fixture->remote);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, clear)

static void answer_message(Fixture *fixture, const ProtobufCMessage *message,
			   const EncodedChunk *chunks, size_t count)
{
	Bulk *body = bulk_new(0);
	g_assert_true(message_append(body, message, NULL));
	for (size_t i = 0; i < count; i++) {
		frame_append_chunk(body, &chunks[i]);
	}
	g_clear_pointer(&fixture->canned->answer, g_bytes_unref);
	fixture->canned->answer = bulk_free_to_bytes(body);
}

static EncodedChunk chunk_of(const char *text)
{
	uint32_t size = (uint32_t)strlen(text);
	return (EncodedChunk){ chunk_id_of(text, size), CODEC_RAW, size, size,
			       (const uint8_t *)text };
}

static ProtobufCBinaryData binary(const void *bytes, size_t size)
{
	return (ProtobufCBinaryData){ size, (uint8_t *)bytes };
}

/* ---- changes ------------------------------------------------------------------------------ */

/* A page with a root, a folder, a file, a link and a tombstone; tests spoil it. */
typedef struct SamplePage {
	Imdrive__Sync__Entry entries[5];
	Imdrive__Sync__Entry *pointers[5];
	Imdrive__Sync__Page page;
	Imdrive__Sync__Page *pages[2];
	Imdrive__Sync__ChangesResponse response;
	uint8_t ids[5][NODE_ID_SIZE];
	GBytes *content;
	EncodedChunk chunk;
} SamplePage;

static void sample_entries(SamplePage *sample)
{
	static const char *const names[] = { "", "folder", "file", "link", "" };
	static const Imdrive__Sync__Kind kinds[] = {
		IMDRIVE__SYNC__KIND__KIND_FOLDER,  IMDRIVE__SYNC__KIND__KIND_FOLDER,
		IMDRIVE__SYNC__KIND__KIND_FILE,    IMDRIVE__SYNC__KIND__KIND_LINK,
		IMDRIVE__SYNC__KIND__KIND_UNKNOWN,
	};
	for (size_t i = 0; i < G_N_ELEMENTS(sample->entries); i++) {
		Imdrive__Sync__Entry *entry = &sample->entries[i];
		imdrive__sync__entry__init(entry);
		memset(sample->ids[i], (int)i + 1, NODE_ID_SIZE);
		entry->id = binary(i ? sample->ids[i] : drive.bytes, NODE_ID_SIZE);
		entry->parent = binary(drive.bytes, i ? NODE_ID_SIZE : 0);
		entry->name = binary(names[i], strlen(names[i]));
		entry->kind = kinds[i];
		entry->seq = i + 1;
		sample->pointers[i] = entry;
	}
	sample->entries[2].content =
		binary(g_bytes_get_data(sample->content, NULL), g_bytes_get_size(sample->content));
	sample->entries[2].size = 5;
	sample->entries[2].mtime_ns = -7;
	sample->entries[2].executable = true;
	sample->entries[3].content = binary("../target", 9);
	sample->entries[4].deleted = true;
	sample->entries[4].own = true;
}

static SamplePage *sample_new(void)
{
	SamplePage *sample = g_new0(SamplePage, 1);
	sample->chunk = chunk_of("hello");
	ContentRef ref = { sample->chunk.id, 5 };
	g_autoptr(GPtrArray) lists = g_ptr_array_new();
	sample->content = content_encode(&ref, 1, lists);
	sample_entries(sample);
	imdrive__sync__page__init(&sample->page);
	sample->page.drive = binary(drive.bytes, NODE_ID_SIZE);
	sample->page.cursor = binary("cursor", 6);
	sample->page.n_entries = G_N_ELEMENTS(sample->entries);
	sample->page.entries = sample->pointers;
	sample->page.at_head = true;
	sample->page.seq = 9;
	sample->pages[0] = sample->pages[1] = &sample->page;
	imdrive__sync__changes_response__init(&sample->response);
	sample->response.n_pages = 1;
	sample->response.pages = sample->pages;
	return sample;
}

static void sample_free(SamplePage *sample)
{
	g_bytes_unref(sample->content);
	g_free(sample);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SamplePage, sample_free)

static void test_page(void)
{
	g_auto(Fixture) f = fixture();
	g_autoptr(SamplePage) sample = sample_new();
	answer_message(&f, &sample->response.base, &sample->chunk, 1);
	g_autoptr(RemotePage) page = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) cursor = g_bytes_new_static("old", 3);
	remote_changes(f.remote, cursor, 1000, 4096, NULL, &page, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(f.canned->endpoint, ==, "changes");
	g_assert_cmpuint(f.canned->wait_ms, ==, 1000);
	g_assert_true(page->at_head);
	g_assert_false(page->reset);
	g_assert_cmpuint(page->seq, ==, 9);
	g_assert_cmpmem(g_bytes_get_data(page->cursor, NULL), g_bytes_get_size(page->cursor),
			"cursor", 6);
	g_assert_cmpuint(page->entries->len, ==, 5);
	const RemoteEntry *file = &g_array_index(page->entries, RemoteEntry, 2);
	g_assert_cmpstr(file->name, ==, "file");
	g_assert_cmpint(file->kind, ==, REMOTE_FILE);
	g_assert_cmpint(file->mtime_ns, ==, -7);
	g_assert_true(file->executable);
	g_assert_true(g_bytes_equal(file->content, sample->content));
	g_assert_true(node_id_equal(&file->parent, &drive));
	const RemoteEntry *gone = &g_array_index(page->entries, RemoteEntry, 4);
	g_assert_true(gone->deleted && gone->own);
	g_assert_cmpuint(page->chunks->len, ==, 1);
	g_assert_cmpmem(g_array_index(page->chunks, EncodedChunk, 0).bytes, 5, "hello", 5);
}

static void test_no_news(void)
{
	g_auto(Fixture) f = fixture();
	RemotePage *page = NULL;
	g_assert_true(remote_changes(f.remote, NULL, 10, 0, NULL, &page, NULL));
	g_assert_null(page);
	g_autoptr(GError) error = NULL;
	g_assert_false(remote_changes(f.remote, NULL, 0, 0, NULL, &page, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
}

typedef void (*Spoil)(SamplePage *sample);

static void spoil_name(SamplePage *sample)
{
	sample->entries[2].name = binary("../x", 4);
}
static void spoil_empty_name(SamplePage *sample)
{
	sample->entries[2].name = binary("", 0);
}
static void spoil_id(SamplePage *sample)
{
	sample->entries[2].id.len = 15;
}
static void spoil_zero_id(SamplePage *sample)
{
	memset(sample->ids[4], 0, NODE_ID_SIZE);
}
static void spoil_parent(SamplePage *sample)
{
	sample->entries[2].parent.len = 0;
}
static void spoil_own_parent(SamplePage *sample)
{
	sample->entries[1].parent = sample->entries[1].id;
}
static void spoil_root_parent(SamplePage *sample)
{
	sample->entries[0].parent = binary(sample->ids[1], NODE_ID_SIZE);
}
static void spoil_root_deleted(SamplePage *sample)
{
	sample->entries[0].deleted = true;
}
static void spoil_size(SamplePage *sample)
{
	sample->entries[2].size = 6;
}
static void spoil_huge_size(SamplePage *sample)
{
	sample->entries[2].size = UINT64_MAX;
}
static void spoil_content(SamplePage *sample)
{
	sample->entries[2].content.len--;
}
static void spoil_link(SamplePage *sample)
{
	sample->entries[3].content = binary("a\0b", 3);
}
static void spoil_empty_link(SamplePage *sample)
{
	sample->entries[3].content.len = 0;
}
static void spoil_folder(SamplePage *sample)
{
	sample->entries[1].content = binary("x", 1);
}
static void spoil_order(SamplePage *sample)
{
	sample->entries[1].seq = 4;
}
static void spoil_seq(SamplePage *sample)
{
	sample->entries[4].seq = 10;
}
static void spoil_drive(SamplePage *sample)
{
	sample->page.drive = binary(sample->ids[1], NODE_ID_SIZE);
}
static void spoil_cursor(SamplePage *sample)
{
	sample->page.cursor.len = 0;
}
static void spoil_pages(SamplePage *sample)
{
	sample->response.n_pages = 2;
}

typedef struct Bad {
	const char *name;
	Spoil spoil;
} Bad;

static const Bad bads[] = {
	{ "name", spoil_name },
	{ "empty-name", spoil_empty_name },
	{ "id", spoil_id },
	{ "zero-id", spoil_zero_id },
	{ "parent", spoil_parent },
	{ "own-parent", spoil_own_parent },
	{ "root-parent", spoil_root_parent },
	{ "root-deleted", spoil_root_deleted },
	{ "size", spoil_size },
	{ "huge-size", spoil_huge_size },
	{ "content", spoil_content },
	{ "link", spoil_link },
	{ "empty-link", spoil_empty_link },
	{ "folder", spoil_folder },
	{ "order", spoil_order },
	{ "seq", spoil_seq },
	{ "drive", spoil_drive },
	{ "cursor", spoil_cursor },
	{ "pages", spoil_pages },
};

static void test_bad_page(const void *data)
{
	const Bad *bad = data;
	g_auto(Fixture) f = fixture();
	g_autoptr(SamplePage) sample = sample_new();
	bad->spoil(sample);
	answer_message(&f, &sample->response.base, &sample->chunk, 1);
	RemotePage *page = NULL;
	g_autoptr(GError) error = NULL;
	g_assert_false(remote_changes(f.remote, NULL, 0, 0, NULL, &page, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	g_assert_null(page);
}

static void test_unknown_kind(void)
{
	g_auto(Fixture) f = fixture();
	g_autoptr(SamplePage) sample = sample_new();
	sample->entries[1].kind = IMDRIVE__SYNC__KIND__KIND_MOUNT;
	answer_message(&f, &sample->response.base, NULL, 0);
	RemotePage *page = NULL;
	g_autoptr(GError) error = NULL;
	g_assert_false(remote_changes(f.remote, NULL, 0, 0, NULL, &page, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED);
}

static void test_cut_bodies(void)
{
	g_auto(Fixture) f = fixture();
	g_autoptr(SamplePage) sample = sample_new();
	answer_message(&f, &sample->response.base, &sample->chunk, 1);
	g_autoptr(GBytes) whole = g_steal_pointer(&f.canned->answer);
	size_t message_size =
		5 + imdrive__sync__changes_response__get_packed_size(&sample->response);
	for (size_t size = 0; size < g_bytes_get_size(whole); size++) {
		/* A copy, so that a sanitizer sees a read beyond the cut. */
		f.canned->answer = g_bytes_new(g_bytes_get_data(whole, NULL), size);
		g_autoptr(RemotePage) page = NULL;
		g_autoptr(GError) error = NULL;
		bool ok = remote_changes(f.remote, NULL, 0, 0, NULL, &page, &error);
		g_assert_cmpint(ok, ==, size == message_size);
		g_assert_true(ok || error->code == DRIVE_ERROR_INVALID);
		g_clear_pointer(&f.canned->answer, g_bytes_unref);
	}
}

/* ---- commit ------------------------------------------------------------------------------- */

typedef struct SampleResults {
	Imdrive__Sync__Result results[2];
	Imdrive__Sync__Result *pointers[2];
	Imdrive__Sync__CommitResponse response;
} SampleResults;

static void sample_results(SampleResults *sample)
{
	imdrive__sync__commit_response__init(&sample->response);
	for (size_t i = 0; i < 2; i++) {
		imdrive__sync__result__init(&sample->results[i]);
		sample->results[i].number = 7 + i;
		sample->results[i].outcome = IMDRIVE__SYNC__OUTCOME__OUTCOME_APPLIED;
		sample->results[i].seq = 3;
		sample->pointers[i] = &sample->results[i];
	}
	sample->results[1].outcome = IMDRIVE__SYNC__OUTCOME__OUTCOME_STALE;
	sample->response.n_results = 2;
	sample->response.results = sample->pointers;
}

static bool commit_two(Fixture *f, RemoteResult *results, GError **error)
{
	g_autoptr(GBytes) target = g_bytes_new_static("target", 6);
	RemoteOperation operations[] = {
		{ .number = 7,
		  .verb = REMOTE_CREATE,
		  .node = node,
		  .parent = drive,
		  .name = "name",
		  .kind = REMOTE_LINK,
		  .mtime_ns = -1,
		  .content = target },
		{ .number = 8, .verb = REMOTE_DELETE, .node = node, .base = 5, .decided_at = 6 },
	};
	EncodedChunk chunk = chunk_of("hello");
	return remote_commit(f->remote, operations, 2, &chunk, 1, NULL, results, error);
}

static void test_commit(void)
{
	g_auto(Fixture) f = fixture();
	SampleResults sample;
	sample_results(&sample);
	answer_message(&f, &sample.response.base, NULL, 0);
	RemoteResult results[2];
	g_autoptr(GError) error = NULL;
	commit_two(&f, results, &error);
	g_assert_no_error(error);
	g_assert_cmpint(results[0].outcome, ==, REMOTE_APPLIED);
	g_assert_cmpuint(results[0].seq, ==, 3);
	g_assert_cmpint(results[1].outcome, ==, REMOTE_STALE);
}

static void test_commit_request(void)
{
	g_auto(Fixture) f = fixture();
	SampleResults sample;
	sample_results(&sample);
	answer_message(&f, &sample.response.base, NULL, 0);
	RemoteResult results[2];
	g_assert_true(commit_two(&f, results, NULL));
	FrameReader reader;
	frame_reader_init(&reader, f.canned->request->data, f.canned->request->len);
	const uint8_t *bytes = NULL;
	size_t size = 0;
	g_assert_true(frame_reader_message(&reader, &bytes, &size, NULL));
	g_autoptr(Imdrive__Sync__CommitRequest) request =
		(Imdrive__Sync__CommitRequest *)message_unpack(
			&imdrive__sync__commit_request__descriptor, bytes, size, NULL);
	g_assert_cmpuint(request->n_operations, ==, 2);
	const Imdrive__Sync__Operation *create = request->operations[0];
	g_assert_cmpuint(create->number, ==, 7);
	g_assert_cmpmem(create->name.data, create->name.len, "name", 4);
	g_assert_cmpmem(create->content.data, create->content.len, "target", 6);
	g_assert_cmpmem(create->parent.data, create->parent.len, drive.bytes, NODE_ID_SIZE);
	const Imdrive__Sync__Operation *delete = request->operations[1];
	g_assert_cmpuint(delete->base_seq, ==, 5);
	g_assert_cmpuint(delete->decided_at, ==, 6);
	g_assert_cmpuint(delete->parent.len, ==, 0);
	EncodedChunk chunk;
	bool end = false;
	g_assert_true(frame_reader_chunk(&reader, &chunk, &end, NULL));
	g_assert_false(end);
	g_assert_cmpmem(chunk.bytes, chunk.size, "hello", 5);
}

static void test_bad_results(void)
{
	for (int spoil = 0; spoil < 5; spoil++) {
		g_auto(Fixture) f = fixture();
		SampleResults sample;
		sample_results(&sample);
		sample.response.n_results = spoil == 0 ? 1 : 2;
		sample.results[1].number += spoil == 1;
		sample.results[1].outcome = spoil == 2 ? 99 : 3;
		sample.results[0].outcome = spoil == 3 ? 0 : 1;
		sample.results[0].seq = spoil == 4 ? 0 : 3;
		answer_message(&f, &sample.response.base, NULL, 0);
		RemoteResult results[2] = { { .seq = 99 }, { .seq = 99 } };
		g_autoptr(GError) error = NULL;
		g_assert_false(commit_two(&f, results, &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
		g_assert_cmpuint(results[0].seq, ==, 99);
		g_assert_cmpuint(results[1].seq, ==, 99);
	}
}

static void test_too_large(void)
{
	g_auto(Fixture) f = fixture();
	g_autofree char *text = g_strnfill(CHUNK_SIZE_MAX, 'x');
	EncodedChunk chunks[8];
	for (size_t i = 0; i < G_N_ELEMENTS(chunks); i++) {
		chunks[i] = chunk_of(text);
	}
	g_autoptr(GError) error = NULL;
	g_assert_false(remote_upload(f.remote, chunks, G_N_ELEMENTS(chunks), NULL, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE);
}

/* ---- chunks ------------------------------------------------------------------------------- */

static void ids_of(const char *const *texts, size_t count, ChunkId *ret_ids)
{
	for (size_t i = 0; i < count; i++) {
		ret_ids[i] = chunk_id_of(texts[i], strlen(texts[i]));
	}
}

static bool ask_missing(const char *const *asked, const char *const *said, size_t said_count,
			size_t slack, GArray *missing, GError **error)
{
	g_auto(Fixture) f = fixture();
	ChunkId ids[4];
	ids_of(asked, 4, ids);
	ChunkId answer[4];
	ids_of(said, said_count, answer);
	Imdrive__Sync__MissingResponse response = IMDRIVE__SYNC__MISSING_RESPONSE__INIT;
	response.ids = binary(answer, said_count * CHUNK_ID_SIZE - slack);
	answer_message(&f, &response.base, NULL, 0);
	return remote_missing(f.remote, ids, 4, 100, NULL, missing, error);
}

static void test_missing(void)
{
	const char *const asked[] = { "a", "b", "c", "b" };
	const char *const said[] = { "b", "c" };
	g_autoptr(GArray) missing = g_array_new(FALSE, FALSE, sizeof(ChunkId));
	g_assert_true(ask_missing(asked, said, 2, 0, missing, NULL));
	g_assert_cmpuint(missing->len, ==, 2);
	ChunkId expected[2];
	ids_of(said, 2, expected);
	g_assert_cmpmem(missing->data, sizeof expected, expected, sizeof expected);
	g_assert_true(ask_missing(asked, said, 0, 0, missing, NULL));
	g_assert_cmpuint(missing->len, ==, 2);
}

static void test_bad_missing(void)
{
	const char *const asked[] = { "a", "b", "c", "d" };
	const char *const said[][2] = { { "a", "x" }, { "b", "a" }, { "a", "a" }, { "a", "b" } };
	for (size_t i = 0; i < G_N_ELEMENTS(said); i++) {
		g_autoptr(GArray) missing = g_array_new(FALSE, FALSE, sizeof(ChunkId));
		g_autoptr(GError) error = NULL;
		g_assert_false(ask_missing(asked, said[i], 2, i == 3, missing, &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
		g_assert_cmpuint(missing->len, ==, 0);
	}
}

static bool fetch(const char *const *said, size_t said_count, GArray **chunks, GBytes **body,
		  GError **error)
{
	g_auto(Fixture) f = fixture();
	const char *const asked[] = { "a", "b", "c", "d" };
	ChunkId ids[4];
	ids_of(asked, 4, ids);
	EncodedChunk answer[4];
	for (size_t i = 0; i < said_count; i++) {
		answer[i] = chunk_of(said[i]);
	}
	Imdrive__Sync__FetchResponse response = IMDRIVE__SYNC__FETCH_RESPONSE__INIT;
	answer_message(&f, &response.base, answer, said_count);
	return remote_fetch(f.remote, ids, 4, NULL, chunks, body, error);
}

static void test_fetch(void)
{
	const char *const said[] = { "a", "c" };
	g_autoptr(GArray) chunks = NULL;
	g_autoptr(GBytes) body = NULL;
	g_assert_true(fetch(said, 2, &chunks, &body, NULL));
	g_assert_cmpuint(chunks->len, ==, 2);
	g_assert_cmpmem(g_array_index(chunks, EncodedChunk, 1).bytes, 1, "c", 1);
}

static void test_bad_fetch(void)
{
	const char *const said[][2] = { { "a", "x" }, { "b", "a" }, { "a", "a" } };
	for (size_t i = 0; i < G_N_ELEMENTS(said); i++) {
		GArray *chunks = NULL;
		GBytes *body = NULL;
		g_autoptr(GError) error = NULL;
		g_assert_false(fetch(said[i], 2, &chunks, &body, &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
		g_assert_null(chunks);
		g_assert_null(body);
	}
	g_autoptr(GError) error = NULL;
	GArray *chunks = NULL;
	GBytes *body = NULL;
	g_assert_false(fetch(NULL, 0, &chunks, &body, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
}

static void test_empty_answers(void)
{
	g_auto(Fixture) f = fixture();
	EncodedChunk chunk = chunk_of("a");
	g_autoptr(GError) error = NULL;
	g_assert_false(remote_upload(f.remote, &chunk, 1, NULL, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	g_clear_error(&error);
	RemoteResult results[2];
	g_assert_false(commit_two(&f, results, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/remote/remote/page", test_page);
	g_test_add_func("/client/remote/remote/no-news", test_no_news);
	for (size_t i = 0; i < G_N_ELEMENTS(bads); i++) {
		g_autofree char *path =
			g_strconcat("/client/remote/remote/refuses-page/", bads[i].name, NULL);
		g_test_add_data_func(path, &bads[i], test_bad_page);
	}
	g_test_add_func("/client/remote/remote/refuses-unknown-kind", test_unknown_kind);
	g_test_add_func("/client/remote/remote/refuses-cut-bodies", test_cut_bodies);
	g_test_add_func("/client/remote/remote/commit", test_commit);
	g_test_add_func("/client/remote/remote/commit-request", test_commit_request);
	g_test_add_func("/client/remote/remote/refuses-bad-results", test_bad_results);
	g_test_add_func("/client/remote/remote/refuses-too-large", test_too_large);
	g_test_add_func("/client/remote/remote/missing", test_missing);
	g_test_add_func("/client/remote/remote/refuses-bad-missing", test_bad_missing);
	g_test_add_func("/client/remote/remote/fetch", test_fetch);
	g_test_add_func("/client/remote/remote/refuses-bad-fetch", test_bad_fetch);
	g_test_add_func("/client/remote/remote/refuses-empty-answers", test_empty_answers);
	return g_test_run();
}
