/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/message.h"

#include "base/error.h"
#include "base/limits.h"
#include "wire/frame.h"

#include <string.h>

static const ProtobufCMessageDescriptor *const changes_response =
	&imdrive__sync__changes_response__descriptor;

static void test_gives_back_what_it_got(void)
{
	Imdrive__Sync__Operation operation = IMDRIVE__SYNC__OPERATION__INIT;
	operation.number = 7;
	operation.verb = IMDRIVE__SYNC__VERB__VERB_CREATE;
	operation.mtime_ns = -5;
	operation.name = (ProtobufCBinaryData){ 4, (uint8_t *)"n\0\xff/" };
	Imdrive__Sync__Operation *operations[] = { &operation, &operation };
	Imdrive__Sync__CommitRequest request = IMDRIVE__SYNC__COMMIT_REQUEST__INIT;
	request.n_operations = 2;
	request.operations = operations;

	g_autoptr(Bulk) body = bulk_new(0);
	g_autoptr(GError) error = NULL;
	g_assert_true(message_append(body, &request.base, &error));
	FrameReader reader;
	frame_reader_init(&reader, body->data, body->len);
	const uint8_t *bytes;
	size_t size;
	g_assert_true(frame_reader_message(&reader, &bytes, &size, &error));

	g_autoptr(Imdrive__Sync__CommitRequest) got =
		(Imdrive__Sync__CommitRequest *)message_unpack(
			&imdrive__sync__commit_request__descriptor, bytes, size, &error);
	g_assert_no_error(error);
	g_assert_nonnull(got);
	g_assert_cmpuint(got->n_operations, ==, 2);
	g_assert_cmpuint(got->operations[1]->number, ==, 7);
	g_assert_cmpint(got->operations[1]->mtime_ns, ==, -5);
	g_assert_cmpmem(got->operations[1]->name.data, got->operations[1]->name.len, "n\0\xff/", 4);
}

static void assert_refused(const ProtobufCMessageDescriptor *descriptor, const void *bytes,
			   size_t size, DriveError code)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(message_unpack(descriptor, bytes, size, &error));
	g_assert_error(error, DRIVE_ERROR, (int)code);
}

static void test_no_bytes_are_the_empty_message(void)
{
	g_autoptr(Imdrive__Sync__ChangesResponse) got =
		(Imdrive__Sync__ChangesResponse *)message_unpack(changes_response, NULL, 0, NULL);
	g_assert_nonnull(got);
	g_assert_cmpuint(got->n_pages, ==, 0);
}

static void test_refuses_garbage(void)
{
	/* Field 1, length-delimited, longer than what follows; an endless varint; wire type 7. */
	assert_refused(changes_response, "\x0a\x7f", 2, DRIVE_ERROR_INVALID);
	assert_refused(changes_response, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11,
		       DRIVE_ERROR_INVALID);
	assert_refused(changes_response, "\x0f", 1, DRIVE_ERROR_INVALID);
}

/* A page of n entries of two bytes each, which become 2 structs and more in memory. */
static Bulk *empty_entries_new(unsigned count)
{
	Bulk *page = bulk_new(0);
	for (unsigned i = 0; i < count; i++) {
		bulk_append(page, "\x1a\x00", 2);
	}
	return page;
}

static void test_memory_is_bounded(void)
{
	g_autoptr(Bulk) few = empty_entries_new(10);
	ProtobufCMessage *got =
		message_unpack(&imdrive__sync__page__descriptor, few->data, few->len, NULL);
	g_assert_nonnull(got);
	message_free(got);
	g_autoptr(Bulk) many = empty_entries_new(1000000);
	assert_refused(&imdrive__sync__page__descriptor, many->data, many->len,
		       DRIVE_ERROR_TOO_LARGE);
}

static uint8_t node[16] = { 1 };

static void assert_fits(const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	g_autofree uint8_t *packed = g_malloc(size);
	protobuf_c_message_pack(message, packed);
	g_autoptr(GError) error = NULL;
	ProtobufCMessage *got = message_unpack(message->descriptor, packed, size, &error);
	g_assert_no_error(error);
	g_assert_nonnull(got);
	message_free(got);
}

/* The bounds never hit what our own side says: as many and as small entries as there can be. */
static void test_the_fullest_page_fits(void)
{
	Imdrive__Sync__Entry entry = IMDRIVE__SYNC__ENTRY__INIT;
	entry.id = (ProtobufCBinaryData){ sizeof node, node };
	entry.parent = entry.id;
	entry.name = (ProtobufCBinaryData){ 1, (uint8_t *)"n" };
	entry.kind = IMDRIVE__SYNC__KIND__KIND_FOLDER;
	entry.seq = 1;
	g_autofree Imdrive__Sync__Entry **entries =
		g_new(Imdrive__Sync__Entry *, CHANGES_ENTRIES_MAX);
	for (unsigned i = 0; i < CHANGES_ENTRIES_MAX; i++) {
		entries[i] = &entry;
	}
	Imdrive__Sync__Page page = IMDRIVE__SYNC__PAGE__INIT;
	page.n_entries = CHANGES_ENTRIES_MAX;
	page.entries = entries;
	Imdrive__Sync__Page *pages[] = { &page };
	Imdrive__Sync__ChangesResponse response = IMDRIVE__SYNC__CHANGES_RESPONSE__INIT;
	response.n_pages = 1;
	response.pages = pages;
	assert_fits(&response.base);
}

static void test_the_fullest_commit_fits(void)
{
	Imdrive__Sync__Operation operation = IMDRIVE__SYNC__OPERATION__INIT;
	operation.number = 1;
	operation.verb = IMDRIVE__SYNC__VERB__VERB_DELETE;
	operation.node = (ProtobufCBinaryData){ sizeof node, node };
	operation.base_seq = 1;
	Imdrive__Sync__Result result = IMDRIVE__SYNC__RESULT__INIT;
	result.number = 1;
	result.outcome = IMDRIVE__SYNC__OUTCOME__OUTCOME_APPLIED;
	g_autofree Imdrive__Sync__Operation **operations =
		g_new(Imdrive__Sync__Operation *, COMMIT_OPERATIONS_MAX);
	g_autofree Imdrive__Sync__Result **results =
		g_new(Imdrive__Sync__Result *, COMMIT_OPERATIONS_MAX);
	for (unsigned i = 0; i < COMMIT_OPERATIONS_MAX; i++) {
		operations[i] = &operation;
		results[i] = &result;
	}
	Imdrive__Sync__CommitRequest request = IMDRIVE__SYNC__COMMIT_REQUEST__INIT;
	request.n_operations = COMMIT_OPERATIONS_MAX;
	request.operations = operations;
	assert_fits(&request.base);
	Imdrive__Sync__CommitResponse response = IMDRIVE__SYNC__COMMIT_RESPONSE__INIT;
	response.n_results = COMMIT_OPERATIONS_MAX;
	response.results = results;
	assert_fits(&response.base);
}

static void test_refuses_too_many_bytes(void)
{
	g_autofree uint8_t *bytes = g_malloc0(MESSAGE_SIZE_MAX + 1);
	assert_refused(changes_response, bytes, MESSAGE_SIZE_MAX + 1, DRIVE_ERROR_TOO_LARGE);
}

static void test_append_refuses_too_many_bytes(void)
{
	g_autofree uint8_t *ids = g_malloc0(MESSAGE_SIZE_MAX);
	Imdrive__Sync__FetchRequest request = IMDRIVE__SYNC__FETCH_REQUEST__INIT;
	request.ids = (ProtobufCBinaryData){ MESSAGE_SIZE_MAX, ids };
	g_autoptr(Bulk) body = bulk_new(0);
	g_autoptr(GError) error = NULL;
	g_assert_false(message_append(body, &request.base, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE);
	g_assert_cmpuint(body->len, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wire/message/gives-back-what-it-got", test_gives_back_what_it_got);
	g_test_add_func("/wire/message/no-bytes-are-the-empty-message",
			test_no_bytes_are_the_empty_message);
	g_test_add_func("/wire/message/refuses-garbage", test_refuses_garbage);
	g_test_add_func("/wire/message/memory-is-bounded", test_memory_is_bounded);
	g_test_add_func("/wire/message/the-fullest-page-fits", test_the_fullest_page_fits);
	g_test_add_func("/wire/message/the-fullest-commit-fits", test_the_fullest_commit_fits);
	g_test_add_func("/wire/message/refuses-too-many-bytes", test_refuses_too_many_bytes);
	g_test_add_func("/wire/message/append-refuses-too-many-bytes",
			test_append_refuses_too_many_bytes);
	return g_test_run();
}
