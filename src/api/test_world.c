/* SPDX-License-Identifier: Apache-2.0 */
#include "api/test_world.h"

#include "chunk/content.h"
#include "server/accounts/accounts.h"
#include "server/chat/chat_memory.h"
#include "server/drive/drive.h"
#include "server/feed/feed.h"
#include "server/share/share.h"
#include "wire/frame.h"

#include <glib/gstdio.h>
#include <string.h>

struct TestWorldInside {
	char *folder;
	Sql *sql;
	Journal *journal;
	Blobs *blobs;
};

static void wake(const NodeId *drive, void *feed)
{
	feed_wake(feed, drive);
}

static void open_chat(TestWorld *world, GError **error)
{
	const ChatOptions chatting = {
		.sql = world->inside->sql,
		.drive_name = "127.0.0.1",
		.drive_url = TEST_WORLD_BASE,
	};
	world->chat = chat_new(&chatting, error);
	g_assert_nonnull(world->chat);
	world->chat_driver = chat_memory_new();
	g_assert_true(chat_add(world->chat, world->chat_driver, error));
}

static void open_all(TestWorld *world, GError **error)
{
	struct TestWorldInside *inside = world->inside;
	g_autofree char *database = g_build_filename(inside->folder, "db", NULL);
	inside->sql = sql_open(database, &(SqlOptions){ .durability = SQL_ORDERED }, error);
	g_assert_nonnull(inside->sql);
	world->accounts = accounts_open(inside->sql, 0, error);
	g_assert_nonnull(world->accounts);
	inside->journal = journal_open(inside->sql, error);
	g_assert_nonnull(inside->journal);
	inside->blobs = blobs_open(place_memory_new(), error);
	g_assert_nonnull(inside->blobs);
	world->feed = feed_new();
	const DriveOptions options = {
		.journal = inside->journal,
		.blobs = inside->blobs,
		.sql = inside->sql,
		.retention = { .versions_s = 3600, .trash_s = 3600 },
		.changed = wake,
		.changed_data = world->feed,
	};
	world->drive = drive_open(&options, error);
	g_assert_nonnull(world->drive);
	open_chat(world, error);
	const ShareOptions sharing = {
		.sql = inside->sql,
		.accounts = world->accounts,
		.drive = world->drive,
		.chat = world->chat,
	};
	world->share = share_open(&sharing, error);
	g_assert_nonnull(world->share);
	share_set_base(world->share, TEST_WORLD_BASE);
	const ApiOptions answering = {
		.accounts = world->accounts,
		.drive = world->drive,
		.feed = world->feed,
		.share = world->share,
	};
	world->api = api_new(&answering);
}

static void add_device(TestWorld *world, const char *name, TestDevice *ret_device)
{
	g_autoptr(GError) error = NULL;
	Devices *devices = accounts_devices(world->accounts);
	accounts_add(world->accounts, name, TEST_WORLD_PASSWORD, &ret_device->account, &error);
	g_assert_no_error(error);
	devices_add(devices, ret_device->account, "laptop", g_get_real_time(), &ret_device->token,
		    &ret_device->id, &error);
	g_assert_no_error(error);
	ret_device->authorization = g_strconcat("Bearer ", ret_device->token, NULL);
	drive_home(world->drive, ret_device->account, &ret_device->drive, &error);
	g_assert_no_error(error);
}

TestWorld *test_world_new(void)
{
	g_autoptr(GError) error = NULL;
	TestWorld *world = g_new0(TestWorld, 1);
	world->inside = g_new0(struct TestWorldInside, 1);
	world->inside->folder = g_dir_make_tmp("imdrive-api-XXXXXX", &error);
	g_assert_no_error(error);
	open_all(world, &error);
	g_assert_no_error(error);
	add_device(world, "alice", &world->alice);
	return world;
}

const TestDevice *test_world_bob(TestWorld *world)
{
	if (!world->bob.token) {
		add_device(world, "bob", &world->bob);
	}
	return &world->bob;
}

static void remove_folder(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_unlink(path);
	}
	g_rmdir(folder);
}

static void device_clear(TestDevice *device)
{
	g_free(device->token);
	g_free(device->authorization);
}

void test_world_free(TestWorld *world)
{
	if (!world) {
		return;
	}
	api_free(world->api);
	share_close(world->share);
	chat_free(world->chat);
	drive_close(world->drive);
	blobs_close(world->inside->blobs);
	journal_close(world->inside->journal);
	accounts_close(world->accounts);
	sql_close(world->inside->sql);
	feed_free(world->feed);
	device_clear(&world->alice);
	device_clear(&world->bob);
	remove_folder(world->inside->folder);
	g_free(world->inside->folder);
	g_free(world->inside);
	g_free(world);
}

/* ---- bodies ---------------------------------------------------------------------------- */

Bulk *test_world_message(const ProtobufCMessage *message)
{
	Bulk *body = bulk_new(0);
	g_autoptr(GError) error = NULL;
	bool appended = message_append(body, message, &error);
	g_assert_no_error(error);
	g_assert_true(appended);
	return body;
}

static ProtobufCBinaryData id_field(const NodeId *id)
{
	return (ProtobufCBinaryData){ .data = (uint8_t *)id->bytes, .len = NODE_ID_SIZE };
}

Bulk *test_world_changes(const TestDevice *device, const ProtobufCBinaryData *cursor,
			 unsigned wait_ms)
{
	Imdrive__Sync__Cursor from = IMDRIVE__SYNC__CURSOR__INIT;
	Imdrive__Sync__Cursor *cursors[] = { &from };
	Imdrive__Sync__ChangesRequest request = IMDRIVE__SYNC__CHANGES_REQUEST__INIT;
	from.drive = id_field(&device->drive);
	if (cursor) {
		from.opaque = *cursor;
	}
	request.cursors = cursors;
	request.n_cursors = 1;
	request.wait_ms = wait_ms;
	request.inline_bytes = 65536;
	return test_world_message(&request.base);
}

EncodedChunk test_world_chunk(const char *bytes)
{
	size_t size = strlen(bytes);
	return (EncodedChunk){
		.id = chunk_id_of(bytes, size),
		.encoding = CODEC_RAW,
		.raw_size = (uint32_t)size,
		.size = (uint32_t)size,
		.bytes = (const uint8_t *)bytes,
	};
}

Bulk *test_world_create(const TestDevice *device, uint64_t number, const char *name,
			const char *content)
{
	EncodedChunk chunk = test_world_chunk(content);
	ContentRef ref = { .id = chunk.id, .length = chunk.raw_size };
	g_autoptr(GPtrArray) lists = g_ptr_array_new();
	g_autoptr(GBytes) encoded = content_encode(&ref, 1, lists);
	NodeId node = node_id_random();
	Imdrive__Sync__Operation operation = IMDRIVE__SYNC__OPERATION__INIT;
	Imdrive__Sync__Operation *operations[] = { &operation };
	Imdrive__Sync__CommitRequest request = IMDRIVE__SYNC__COMMIT_REQUEST__INIT;
	operation.number = number;
	operation.verb = IMDRIVE__SYNC__VERB__VERB_CREATE;
	operation.node = id_field(&node);
	operation.parent = id_field(&device->drive);
	operation.name = (ProtobufCBinaryData){ .data = (uint8_t *)name, .len = strlen(name) };
	operation.kind = IMDRIVE__SYNC__KIND__KIND_FILE;
	operation.size = chunk.raw_size;
	operation.content.data = (uint8_t *)g_bytes_get_data(encoded, &operation.content.len);
	request.drive = id_field(&device->drive);
	request.operations = operations;
	request.n_operations = 1;
	Bulk *body = test_world_message(&request.base);
	frame_append_chunk(body, &chunk);
	return body;
}

/* ---- asking ---------------------------------------------------------------------------- */

void test_world_ask(TestWorld *world, const TestDevice *device, const char *path, Bulk *body,
		    Response *ret_response)
{
	g_autoptr(GBytes) bytes = body ? g_bytes_new_static(body->data, body->len) : NULL;
	const Request request = {
		.method = body ? "POST" : "GET",
		.path = path,
		.headers = { [REQUEST_AUTHORIZATION] = device ? device->authorization : NULL },
		.body = bytes,
	};
	api_handle(world->api, &request, ret_response);
}

void *test_world_answer(GBytes *body, const ProtobufCMessageDescriptor *descriptor)
{
	FrameReader reader;
	const uint8_t *message;
	size_t size;
	g_autoptr(GError) error = NULL;
	const void *bytes = g_bytes_get_data(body, &size);
	frame_reader_init(&reader, bytes, size);
	bool framed = frame_reader_message(&reader, &message, &size, &error);
	g_assert_no_error(error);
	g_assert_true(framed);
	void *unpacked = message_unpack(descriptor, message, size, &error);
	g_assert_no_error(error);
	return unpacked;
}

void test_world_fail(TestWorld *world, unsigned nth)
{
	sql_fault_set(world->inside->sql, nth);
}

uint64_t test_world_seq(TestWorld *world)
{
	JournalUsage usage;
	g_autoptr(GError) error = NULL;
	const DriveCaller caller = { world->alice.account, world->alice.id, world->alice.drive };
	drive_usage(world->drive, &caller, &usage, &error);
	g_assert_no_error(error);
	return usage.seq;
}
