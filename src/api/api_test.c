/* SPDX-License-Identifier: Apache-2.0 */
#include "api/test_world.h"

#include "base/limits.h"
#include "server/accounts/credentials.h"
#include "server/accounts/accounts.h"
#include "server/accounts/sessions.h"
#include "wire/frame.h"

#include <jansson.h>
#include <string.h>

typedef struct Fixture {
	TestWorld *world;
} Fixture;

static void setup(Fixture *fixture, const void *data)
{
	fixture->world = test_world_new();
}

static void teardown(Fixture *fixture, const void *data)
{
	test_world_free(fixture->world);
}

/* Status of a request whose answer does not matter. */
static unsigned status_of(TestWorld *world, const TestDevice *device, const char *path, Bulk *body)
{
	Response response;
	test_world_ask(world, device, path, body, &response);
	unsigned status = response.status;
	response_clear(&response);
	return status;
}

static json_t *json_of(const Response *response)
{
	size_t size;
	const char *text = g_bytes_get_data(response->body, &size);
	json_t *value = json_loadb(text, size, 0, NULL);
	g_assert_nonnull(value);
	return value;
}

static void create(TestWorld *world, uint64_t number, const char *name, const char *content,
		   Imdrive__Sync__Outcome wanted)
{
	Response response;
	g_autoptr(Bulk) body = test_world_create(&world->alice, number, name, content);
	test_world_ask(world, &world->alice, "/sync/v1/commit", body, &response);
	g_assert_cmpuint(response.status, ==, 200);
	g_autoptr(Imdrive__Sync__CommitResponse) answer =
		test_world_answer(response.body, &imdrive__sync__commit_response__descriptor);
	g_assert_cmpuint(answer->n_results, ==, 1);
	g_assert_cmpuint(answer->results[0]->number, ==, number);
	g_assert_cmpint(answer->results[0]->outcome, ==, wanted);
	response_clear(&response);
}

static Imdrive__Sync__ChangesResponse *changes(TestWorld *world, const TestDevice *device,
					       const ProtobufCBinaryData *cursor)
{
	Response response;
	g_autoptr(Bulk) body = test_world_changes(device, cursor, 0);
	test_world_ask(world, device, "/sync/v1/changes", body, &response);
	g_assert_cmpuint(response.status, ==, 200);
	void *answer =
		test_world_answer(response.body, &imdrive__sync__changes_response__descriptor);
	response_clear(&response);
	return answer;
}

/* ---- sync ------------------------------------------------------------------------------ */

static void test_commit_shows_in_changes(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	g_autoptr(Imdrive__Sync__ChangesResponse) before = changes(world, &world->alice, NULL);
	g_assert_cmpuint(before->n_pages, ==, 1);
	create(world, 1, "hello.txt", "hello world", IMDRIVE__SYNC__OUTCOME__OUTCOME_APPLIED);
	g_autoptr(Imdrive__Sync__ChangesResponse) after =
		changes(world, &world->alice, &before->pages[0]->cursor);
	g_assert_cmpuint(after->n_pages, ==, 1);
	const Imdrive__Sync__Page *page = after->pages[0];
	g_assert_true(page->at_head);
	g_assert_cmpuint(page->seq, ==, test_world_seq(world));
	const Imdrive__Sync__Entry *entry = page->entries[page->n_entries - 1];
	g_assert_cmpmem(entry->name.data, entry->name.len, "hello.txt", 9);
	g_assert_cmpuint(entry->size, ==, 11);
	g_assert_true(entry->own);

	g_autoptr(Imdrive__Sync__ChangesResponse) idle =
		changes(world, &world->alice, &page->cursor);
	g_assert_cmpuint(idle->n_pages, ==, 1);
	g_assert_cmpuint(idle->pages[0]->n_entries, ==, 0);
}

/* The chunks behind the message of an answer: how many, and whether one is of these bytes. */
static unsigned count_chunks(GBytes *body, const char *bytes, bool *ret_found)
{
	FrameReader reader;
	size_t size;
	const void *start = g_bytes_get_data(body, &size);
	const uint8_t *message;
	size_t message_size;
	frame_reader_init(&reader, start, size);
	g_assert_true(frame_reader_message(&reader, &message, &message_size, NULL));
	EncodedChunk chunk;
	bool end = false;
	unsigned count = 0;
	*ret_found = false;
	while (frame_reader_chunk(&reader, &chunk, &end, NULL) && !end) {
		ChunkId id = chunk_id_of(bytes, strlen(bytes));
		*ret_found = *ret_found || chunk_id_equal(&id, &chunk.id);
		count++;
	}
	g_assert_true(end);
	return count;
}

static void test_small_content_travels_with_changes(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	create(world, 1, "hello.txt", "hello world", IMDRIVE__SYNC__OUTCOME__OUTCOME_APPLIED);
	TestDevice phone = world->alice;
	int64_t device;
	g_autofree char *token = NULL;
	g_assert_true(devices_add(accounts_devices(world->accounts), phone.account, "phone",
				  g_get_real_time(), &token, &device, NULL));
	g_autofree char *authorization = g_strconcat("Bearer ", token, NULL);
	phone.authorization = authorization;
	Response response;
	g_autoptr(Bulk) body = test_world_changes(&phone, NULL, 0);
	test_world_ask(world, &phone, "/sync/v1/changes", body, &response);
	bool found;
	g_assert_cmpuint(count_chunks(response.body, "hello world", &found), ==, 1);
	g_assert_true(found);
	response_clear(&response);
	g_autoptr(Imdrive__Sync__ChangesResponse) answer = changes(world, &phone, NULL);
	const Imdrive__Sync__Page *page = answer->pages[0];
	g_assert_false(page->entries[page->n_entries - 1]->own);
}

static void test_retry_is_already(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	g_autoptr(Bulk) body = test_world_create(&world->alice, 7, "once", "once");
	for (int i = 0; i < 3; i++) {
		Response response;
		test_world_ask(world, &world->alice, "/sync/v1/commit", body, &response);
		g_autoptr(Imdrive__Sync__CommitResponse) answer = test_world_answer(
			response.body, &imdrive__sync__commit_response__descriptor);
		g_assert_cmpint(answer->results[0]->outcome, ==,
				i == 0 ? IMDRIVE__SYNC__OUTCOME__OUTCOME_APPLIED
				       : IMDRIVE__SYNC__OUTCOME__OUTCOME_ALREADY);
		response_clear(&response);
	}
}

static Bulk *fetch_body(const TestDevice *device, const ChunkId *ids, size_t count)
{
	Imdrive__Sync__FetchRequest request = IMDRIVE__SYNC__FETCH_REQUEST__INIT;
	request.drive.data = (uint8_t *)device->drive.bytes;
	request.drive.len = NODE_ID_SIZE;
	request.ids.data = (uint8_t *)ids;
	request.ids.len = count * sizeof *ids;
	return test_world_message(&request.base);
}

static void test_fetch_gives_only_what_is_held(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	create(world, 1, "a", "the content", IMDRIVE__SYNC__OUTCOME__OUTCOME_APPLIED);
	const ChunkId ids[] = { chunk_id_of("never seen", 10), chunk_id_of("the content", 11) };
	Response response;
	g_autoptr(Bulk) mine = fetch_body(&world->alice, ids, 2);
	test_world_ask(world, &world->alice, "/sync/v1/fetch", mine, &response);
	g_assert_cmpuint(response.status, ==, 200);
	g_autoptr(Imdrive__Sync__FetchResponse) answer =
		test_world_answer(response.body, &imdrive__sync__fetch_response__descriptor);
	g_assert_cmpmem(answer->missing.data, answer->missing.len, &ids[0], sizeof ids[0]);
	bool found;
	g_assert_cmpuint(count_chunks(response.body, "the content", &found), ==, 1);
	g_assert_true(found);
	response_clear(&response);

	/* Bob knows the id, which gives him nothing: neither from his drive nor from hers. */
	g_autoptr(Bulk) his = fetch_body(test_world_bob(world), &ids[1], 1);
	test_world_ask(world, test_world_bob(world), "/sync/v1/fetch", his, &response);
	g_assert_cmpuint(count_chunks(response.body, "the content", &found), ==, 0);
	response_clear(&response);
	g_assert_cmpuint(status_of(world, test_world_bob(world), "/sync/v1/fetch", mine), ==, 404);
}

static void test_upload_then_missing(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	EncodedChunk chunk = test_world_chunk("uploaded before");
	Imdrive__Sync__MissingRequest missing = IMDRIVE__SYNC__MISSING_REQUEST__INIT;
	missing.drive.data = world->alice.drive.bytes;
	missing.drive.len = NODE_ID_SIZE;
	missing.ids.data = chunk.id.bytes;
	missing.ids.len = CHUNK_ID_SIZE;
	missing.bytes = chunk.raw_size;
	g_autoptr(Bulk) ask = test_world_message(&missing.base);
	Imdrive__Sync__UploadRequest upload = IMDRIVE__SYNC__UPLOAD_REQUEST__INIT;
	upload.drive = missing.drive;
	g_autoptr(Bulk) send = test_world_message(&upload.base);
	frame_append_chunk(send, &chunk);
	for (int round = 0; round < 2; round++) {
		Response response;
		test_world_ask(world, &world->alice, "/sync/v1/missing", ask, &response);
		g_assert_cmpuint(response.status, ==, 200);
		g_autoptr(Imdrive__Sync__MissingResponse) answer = test_world_answer(
			response.body, &imdrive__sync__missing_response__descriptor);
		g_assert_cmpuint(answer->ids.len, ==, round == 0 ? CHUNK_ID_SIZE : 0);
		response_clear(&response);
		g_assert_cmpuint(status_of(world, &world->alice, "/sync/v1/upload", send), ==, 200);
	}
}

/* ---- waiting --------------------------------------------------------------------------- */

typedef struct Waiter {
	GMutex lock;
	GCond changed;
	bool woken;
} Waiter;

static void wake(void *data)
{
	Waiter *waiter = data;
	g_mutex_lock(&waiter->lock);
	waiter->woken = true;
	g_cond_signal(&waiter->changed);
	g_mutex_unlock(&waiter->lock);
}

static Request waiting_request(const TestDevice *device, GBytes *body, Waiter *waiter)
{
	return (Request){
		.method = "POST",
		.path = "/sync/v1/changes",
		.headers = { [REQUEST_AUTHORIZATION] = device->authorization },
		.body = body,
		.wake = wake,
		.wake_data = waiter,
	};
}

static GBytes *wait_body(TestWorld *world)
{
	g_autoptr(Imdrive__Sync__ChangesResponse) now = changes(world, &world->alice, NULL);
	return bulk_free_to_bytes(test_world_changes(&world->alice, &now->pages[0]->cursor, 30000));
}

static void test_waits_until_there_is_news(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	Waiter waiter = { 0 };
	g_autoptr(GBytes) body = wait_body(world);
	Request request = waiting_request(&world->alice, body, &waiter);
	Response response;
	api_handle(world->api, &request, &response);
	g_assert_cmpuint(response.status, ==, 0);
	g_assert_cmpuint(response.wait_ms, >=, 27000);
	g_assert_cmpuint(response.wait_ms, <=, 30000);
	g_assert_false(waiter.woken);
	create(world, 1, "news", "news", IMDRIVE__SYNC__OUTCOME__OUTCOME_APPLIED);
	g_assert_true(waiter.woken);
	api_forget(world->api, response.waiting);
	response_clear(&response);
	api_handle(world->api, &request, &response);
	g_assert_cmpuint(response.status, ==, 200);
	g_assert_null(response.waiting);
	response_clear(&response);
}

static void test_wait_ends_without_news(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	Waiter waiter = { 0 };
	g_autoptr(GBytes) body = wait_body(world);
	Request request = waiting_request(&world->alice, body, &waiter);
	Response response;
	request.waited_ms = 30000;
	api_handle(world->api, &request, &response);
	g_assert_cmpuint(response.status, ==, 204);
	response_clear(&response);
	request.waited_ms = 0;
	request.wake = NULL;
	api_handle(world->api, &request, &response);
	g_assert_cmpuint(response.status, ==, 204);
	response_clear(&response);
}

static void test_revoked_device_stops_waiting(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	Waiter waiter = { 0 };
	g_autoptr(GBytes) body = wait_body(world);
	Request request = waiting_request(&world->alice, body, &waiter);
	Response response;
	api_handle(world->api, &request, &response);
	g_assert_cmpuint(response.status, ==, 0);
	g_assert_true(devices_end(accounts_devices(world->accounts), world->alice.account,
				  world->alice.id, NULL));
	g_assert_true(waiter.woken);
	api_forget(world->api, response.waiting);
	response_clear(&response);
	api_handle(world->api, &request, &response);
	g_assert_cmpuint(response.status, ==, 401);
	response_clear(&response);
}

/* ---- who may --------------------------------------------------------------------------- */

static void test_strangers_get_401(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	TestDevice stranger = world->alice;
	stranger.authorization =
		(char *)"Bearer imdrive_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	TestDevice basic = world->alice;
	basic.authorization = (char *)"Basic YWxpY2U6Y29ycmVjdCBob3JzZQ==";
	const char *const posts[] = { "/sync/v1/changes", "/sync/v1/commit", "/sync/v1/missing",
				      "/sync/v1/upload",  "/sync/v1/fetch",  "/api/v1/logout",
				      "/api/v1/restore" };
	const char *const gets[] = { "/api/v1/me", "/api/v1/devices", "/api/v1/versions",
				     "/api/v1/trash" };
	for (size_t i = 0; i < G_N_ELEMENTS(posts); i++) {
		g_autoptr(Bulk) body = test_world_changes(&world->alice, NULL, 0);
		g_assert_cmpuint(status_of(world, NULL, posts[i], body), ==, 401);
		g_assert_cmpuint(status_of(world, &stranger, posts[i], body), ==, 401);
		g_assert_cmpuint(status_of(world, &basic, posts[i], body), ==, 401);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(gets); i++) {
		g_assert_cmpuint(status_of(world, NULL, gets[i], NULL), ==, 401);
		g_assert_cmpuint(status_of(world, &stranger, gets[i], NULL), ==, 401);
	}
	g_assert_cmpuint(status_of(world, NULL, "/healthz", NULL), ==, 200);
	g_assert_cmpuint(status_of(world, NULL, "/", NULL), ==, 404);
}

static Bulk *text_body(const char *text)
{
	Bulk *body = bulk_new(0);
	bulk_append(body, text, strlen(text));
	return body;
}

/* A device that was let in for these scopes only. */
static TestDevice scoped_device(TestWorld *world, unsigned scopes)
{
	g_autoptr(GError) error = NULL;
	g_auto(Credentials) credentials = { 0 };
	const CredentialsGrant grant = { .account = world->alice.account,
					 .epoch = -1,
					 .device_name = "viewer",
					 .method = "qq",
					 .client = "viewer",
					 .scopes = scopes };
	credentials_issue(accounts_devices(world->accounts), &grant, NULL, &credentials, &error);
	g_assert_no_error(error);
	TestDevice device = world->alice;
	device.id = credentials.device;
	device.authorization = g_strconcat("Bearer ", credentials.access, NULL);
	return device;
}

static void test_a7_scopes_are_kept(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	TestDevice reader = scoped_device(world, DEVICES_FILES_READ);
	TestDevice writer = scoped_device(world, DEVICES_FILES_WRITE);
	TestDevice keeper = scoped_device(world, DEVICES_ACCOUNT);
	g_autoptr(Bulk) look = test_world_changes(&reader, NULL, 0);
	g_autoptr(Bulk) write = test_world_create(&reader, 1, "x", "x");
	g_autoptr(Bulk) restore = text_body("{\"path\":\"a\",\"version\":1}");
	g_assert_cmpuint(status_of(world, &reader, "/sync/v1/changes", look), ==, 200);
	g_assert_cmpuint(status_of(world, &reader, "/sync/v1/commit", write), ==, 403);
	g_assert_cmpuint(status_of(world, &reader, "/api/v1/restore", restore), ==, 403);
	g_assert_cmpuint(status_of(world, &reader, "/api/v1/trash", NULL), ==, 200);
	g_assert_cmpuint(status_of(world, &writer, "/sync/v1/changes", look), ==, 403);
	g_assert_cmpuint(status_of(world, &writer, "/sync/v1/commit", write), ==, 200);
	g_assert_cmpuint(status_of(world, &keeper, "/sync/v1/changes", look), ==, 403);
	const char *const gets[] = { "/api/v1/devices", "/api/v1/sessions", "/api/v1/identities" };
	for (size_t i = 0; i < G_N_ELEMENTS(gets); i++) {
		g_assert_cmpuint(status_of(world, &keeper, gets[i], NULL), ==, 200);
		g_assert_cmpuint(status_of(world, &reader, gets[i], NULL), ==, 403);
		g_assert_cmpuint(status_of(world, &world->alice, gets[i], NULL), ==, 200);
	}
	g_assert_cmpuint(status_of(world, &reader, "/api/v1/me", NULL), ==, 200);
	g_free(reader.authorization);
	g_free(writer.authorization);
	g_free(keeper.authorization);
}

static void test_sessions_are_named_for_people(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	g_autofree char *token = NULL;
	const SessionsSpec spec = {
		.account = world->alice.account,
		.method = "qq",
		.agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
	};
	const AuditBy by = { .peer = "192.0.2.1", .now_us = g_get_real_time() };
	g_assert_true(sessions_begin(world->accounts, &spec, &by, &token, NULL));
	Response response;
	test_world_ask(world, &world->alice, "/api/v1/sessions", NULL, &response);
	json_auto_t *answer = json_of(&response);
	const json_t *session = json_array_get(json_object_get(answer, "sessions"), 0);
	g_assert_cmpstr(json_string_value(json_object_get(session, "agent")), ==,
			"Firefox on Linux");
	response_clear(&response);
}

static void test_foreign_drive_does_not_exist(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	TestDevice intruder = *test_world_bob(world);
	intruder.drive = world->alice.drive;
	uint64_t seq = test_world_seq(world);
	g_autoptr(Bulk) look = test_world_changes(&intruder, NULL, 0);
	g_autoptr(Bulk) write = test_world_create(&intruder, 1, "x", "x");
	g_assert_cmpuint(status_of(world, &intruder, "/sync/v1/changes", look), ==, 404);
	g_assert_cmpuint(status_of(world, &intruder, "/sync/v1/commit", write), ==, 404);
	intruder.drive = node_id_random();
	g_autoptr(Bulk) nowhere = test_world_changes(&intruder, NULL, 0);
	g_assert_cmpuint(status_of(world, &intruder, "/sync/v1/changes", nowhere), ==, 404);
	g_assert_cmpuint(test_world_seq(world), ==, seq);
}

static void test_inner_errors_stay_inside(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	g_assert_cmpuint(status_of(world, &world->alice, "/api/v1/me", NULL), ==, 200);
	test_world_fail(world, 1);
	Response response;
	test_world_ask(world, &world->alice, "/api/v1/me", NULL, &response);
	g_assert_cmpuint(response.status, ==, 500);
	json_t *answer = json_of(&response);
	const char *message = json_string_value(json_object_get(answer, "message"));
	g_assert_true(g_str_has_prefix(message, "internal error"));
	g_assert_null(strstr(message, "database"));
	g_assert_nonnull(strstr(response.detail, "database"));
	json_decref(answer);
	response_clear(&response);
	g_assert_cmpuint(status_of(world, &world->alice, "/api/v1/me", NULL), ==, 200);
}

/* ---- garbage --------------------------------------------------------------------------- */

static void test_garbage_is_refused(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	const char *const paths[] = { "/sync/v1/changes", "/sync/v1/commit", "/sync/v1/missing",
				      "/sync/v1/upload", "/sync/v1/fetch" };
	g_autoptr(GRand) rand = g_rand_new_with_seed(4711);
	uint64_t seq = test_world_seq(world);
	for (int round = 0; round < 2000; round++) {
		g_autoptr(Bulk) body = test_world_create(&world->alice, 1, "name", "content");
		unsigned changes_count = (unsigned)g_rand_int_range(rand, 1, 4);
		for (unsigned i = 0; i < changes_count; i++) {
			/* Not the tail: its chunk only has to be wrong, which is another test. */
			unsigned at = (unsigned)g_rand_int_range(rand, 0, 28);
			body->data[at] = (uint8_t)g_rand_int_range(rand, 0, 256);
		}
		if (round % 3 == 0) {
			body->len = (size_t)g_rand_int_range(rand, 0, 40);
		}
		const char *path = paths[round % 5];
		Response response;
		test_world_ask(world, &world->alice, path, body, &response);
		g_assert_cmpuint(response.status, !=, 0);
		g_assert_cmpuint(response.status, !=, 500);
		response_clear(&response);
	}
	g_autoptr(Bulk) cut = test_world_create(&world->alice, 1, "name", "content");
	cut->len--;
	g_assert_cmpuint(status_of(world, &world->alice, "/sync/v1/commit", cut), ==, 400);
	g_assert_cmpuint(test_world_seq(world), >=, seq);
}

static void test_wrong_hash_writes_nothing(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	uint64_t seq = test_world_seq(world);
	g_autoptr(Bulk) body = test_world_create(&world->alice, 1, "name", "content");
	body->data[body->len - 1] ^= 1;
	Response response;
	test_world_ask(world, &world->alice, "/sync/v1/commit", body, &response);
	g_assert_cmpuint(response.status, ==, 422);
	json_t *answer = json_of(&response);
	g_assert_cmpstr(json_string_value(json_object_get(answer, "error")), ==, "corrupt");
	json_decref(answer);
	response_clear(&response);
	g_assert_cmpuint(test_world_seq(world), ==, seq);
}

static void test_names_that_are_none(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	uint64_t seq = test_world_seq(world);
	g_autofree char *long_name = g_strnfill(NAME_SIZE_MAX + 1, 'x');
	const char *const names[] = { "a/b", "", ".", "..", long_name };
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		create(world, 10 + i, names[i], "content", IMDRIVE__SYNC__OUTCOME__OUTCOME_INVALID);
	}
	g_assert_cmpuint(test_world_seq(world), ==, seq);
}

/* Page by page from the beginning. */
static size_t count_entries(TestWorld *world)
{
	size_t count = 0;
	Imdrive__Sync__ChangesResponse *shown = changes(world, &world->alice, NULL);
	for (;;) {
		count += shown->pages[0]->n_entries;
		if (shown->pages[0]->at_head) {
			message_free(shown);
			return count;
		}
		Imdrive__Sync__ChangesResponse *next =
			changes(world, &world->alice, &shown->pages[0]->cursor);
		message_free(shown);
		shown = next;
	}
}

/* As many operations as may be, with the longest names: what comes of them is still one message. */
static void test_largest_commit_fits_into_changes(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	enum { COUNT = COMMIT_OPERATIONS_MAX };
	g_autofree Imdrive__Sync__Operation *list = g_new(Imdrive__Sync__Operation, COUNT);
	g_autofree Imdrive__Sync__Operation **pointers = g_new(Imdrive__Sync__Operation *, COUNT);
	g_autofree NodeId *nodes = g_new(NodeId, COUNT);
	g_autofree char *names = g_malloc(COUNT * (NAME_SIZE_MAX + 1));
	for (unsigned i = 0; i < COUNT; i++) {
		char *name = names + (size_t)i * (NAME_SIZE_MAX + 1);
		memset(name, 'x', NAME_SIZE_MAX);
		for (unsigned digit = 0, left = i; digit < 6; digit++, left /= 10) {
			name[digit] = (char)('0' + left % 10);
		}
		nodes[i] = node_id_random();
		imdrive__sync__operation__init(&list[i]);
		list[i].number = i + 1;
		list[i].verb = IMDRIVE__SYNC__VERB__VERB_CREATE;
		list[i].node = (ProtobufCBinaryData){ NODE_ID_SIZE, nodes[i].bytes };
		list[i].parent = (ProtobufCBinaryData){ NODE_ID_SIZE, world->alice.drive.bytes };
		list[i].name = (ProtobufCBinaryData){ NAME_SIZE_MAX, (uint8_t *)name };
		list[i].kind = IMDRIVE__SYNC__KIND__KIND_LINK;
		list[i].content = (ProtobufCBinaryData){ 190, (uint8_t *)names + 8 };
		pointers[i] = &list[i];
	}
	Imdrive__Sync__CommitRequest request = IMDRIVE__SYNC__COMMIT_REQUEST__INIT;
	request.drive = (ProtobufCBinaryData){ NODE_ID_SIZE, world->alice.drive.bytes };
	request.operations = pointers;
	request.n_operations = COUNT;
	g_autoptr(Bulk) body = test_world_message(&request.base);
	g_assert_cmpuint(body->len, >, COMMIT_MESSAGE_SIZE_MAX * 9 / 10);
	Response response;
	test_world_ask(world, &world->alice, "/sync/v1/commit", body, &response);
	g_assert_cmpuint(response.status, ==, 200);
	g_autoptr(Imdrive__Sync__CommitResponse) answer =
		test_world_answer(response.body, &imdrive__sync__commit_response__descriptor);
	for (unsigned i = 0; i < COUNT; i++) {
		g_assert_cmpint(answer->results[i]->outcome, ==,
				IMDRIVE__SYNC__OUTCOME__OUTCOME_APPLIED);
	}
	response_clear(&response);
	g_assert_cmpuint(count_entries(world), ==, COUNT);

	list[0].content = (ProtobufCBinaryData){ CONTENT_SIZE_MAX, (uint8_t *)names };
	list[1].content = list[0].content;
	g_autoptr(Bulk) larger = test_world_message(&request.base);
	g_assert_cmpuint(status_of(world, &world->alice, "/sync/v1/commit", larger), ==, 413);
}

/* ---- json ------------------------------------------------------------------------------ */

static unsigned login(TestWorld *world, const char *text, json_t **ret_answer)
{
	Response response;
	g_autoptr(Bulk) body = text_body(text);
	test_world_ask(world, NULL, "/api/v1/login", body, &response);
	unsigned status = response.status;
	if (ret_answer) {
		*ret_answer = json_of(&response);
	}
	response_clear(&response);
	return status;
}

static void test_login_me_logout(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	json_t *answer;
	g_assert_cmpuint(login(world,
			       "{\"name\":\"Alice\",\"password\":\"" TEST_WORLD_PASSWORD
			       "\",\"device_name\":\"phone\"}",
			       &answer),
			 ==, 200);
	g_autofree char *authorization =
		g_strconcat("Bearer ", json_string_value(json_object_get(answer, "token")), NULL);
	TestDevice phone = { .authorization = authorization };
	g_assert_true(json_is_false(json_object_get(answer, "registered")));
	json_decref(answer);

	Response response;
	test_world_ask(world, &phone, "/api/v1/me", NULL, &response);
	g_assert_cmpuint(response.status, ==, 200);
	answer = json_of(&response);
	json_t *account = json_object_get(answer, "account");
	json_t *device = json_object_get(answer, "device");
	g_assert_cmpstr(json_string_value(json_object_get(account, "name")), ==, "alice");
	g_assert_cmpstr(json_string_value(json_object_get(device, "name")), ==, "phone");
	json_decref(answer);
	response_clear(&response);

	g_autoptr(Bulk) nothing = text_body("");
	g_assert_cmpuint(status_of(world, &phone, "/api/v1/logout", nothing), ==, 204);
	g_assert_cmpuint(status_of(world, &phone, "/api/v1/me", NULL), ==, 401);
	g_assert_cmpuint(status_of(world, &world->alice, "/api/v1/me", NULL), ==, 200);
}

static void test_login_refuses(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	const struct {
		const char *text;
		unsigned status;
	} cases[] = {
		{ "{\"name\":\"alice\",\"password\":\"wrong\",\"device_name\":\"x\"}", 401 },
		{ "{\"name\":\"nobody\",\"password\":\"wrong\",\"device_name\":\"x\"}", 401 },
		{ "{\"name\":\"alice\",\"password\":\"" TEST_WORLD_PASSWORD "\"}", 400 },
		{ "{\"name\":\"alice\",\"password\":\"" TEST_WORLD_PASSWORD
		  "\",\"device_name\":\"\"}",
		  400 },
		{ "{\"name\":\"alice\",\"name\":\"bob\"}", 400 },
		{ "{\"name\":5}", 400 },
		{ "[]", 400 },
		{ "", 400 },
		{ "{", 400 },
		{ "{\"name\":\"a\\u0000b\",\"password\":\"x\",\"device_name\":\"x\"}", 400 },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 400 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_assert_cmpuint(login(world, cases[i].text, NULL), ==, cases[i].status);
	}
}

static void test_guessing_is_slowed(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	const char *wrong = "{\"name\":\"alice\",\"password\":\"guess\",\"device_name\":\"x\"}";
	unsigned status = 401;
	unsigned tries = 0;
	while (status == 401) {
		status = login(world, wrong, NULL);
		tries++;
		g_assert_cmpuint(tries, <, 100);
	}
	g_assert_cmpuint(status, ==, 429);
	/* Whoever is signed in is not kept out by somebody's guessing. */
	g_assert_cmpuint(status_of(world, &world->alice, "/api/v1/me", NULL), ==, 200);
}

static void test_versions_trash_restore(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	create(world, 1, "a", "first", IMDRIVE__SYNC__OUTCOME__OUTCOME_APPLIED);
	g_autoptr(Parameters) query = parameters_parse("path=a", 6, NULL);
	const Request request = {
		.method = "GET",
		.path = "/api/v1/versions",
		.query = query,
		.headers = { [REQUEST_AUTHORIZATION] = world->alice.authorization },
	};
	Response response;
	api_handle(world->api, &request, &response);
	g_assert_cmpuint(response.status, ==, 200);
	json_t *answer = json_of(&response);
	json_t *versions = json_object_get(answer, "versions");
	g_assert_cmpuint(json_array_size(versions), ==, 1);
	json_t *version = json_array_get(versions, 0);
	g_assert_true(json_is_true(json_object_get(version, "current")));
	g_assert_cmpstr(json_string_value(json_object_get(version, "device")), ==, "laptop");
	json_decref(answer);
	response_clear(&response);
	g_assert_cmpuint(status_of(world, &world->alice, "/api/v1/versions", NULL), ==, 400);
	g_assert_cmpuint(status_of(world, &world->alice, "/api/v1/trash", NULL), ==, 200);
	const struct {
		const char *text;
		unsigned status;
	} cases[] = {
		{ "{}", 400 },
		{ "{\"node\":\"xyz\"}", 400 },
		{ "{\"path\":\"nowhere\"}", 404 },
		{ "{\"path\":\"a\",\"version\":-1}", 400 },
		{ "{\"path\":\"a\",\"version\":\"1\"}", 400 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(Bulk) body = text_body(cases[i].text);
		g_assert_cmpuint(status_of(world, &world->alice, "/api/v1/restore", body), ==,
				 cases[i].status);
	}
}

static void add(const char *name, void (*test)(Fixture *, const void *))
{
	g_autofree char *path = g_strconcat("/api/api/", name, NULL);
	g_test_add(path, Fixture, NULL, setup, test, teardown);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("commit-shows-in-changes", test_commit_shows_in_changes);
	add("small-content-travels-with-changes", test_small_content_travels_with_changes);
	add("retry-is-already", test_retry_is_already);
	add("fetch-gives-only-what-is-held", test_fetch_gives_only_what_is_held);
	add("upload-then-missing", test_upload_then_missing);
	add("waits-until-there-is-news", test_waits_until_there_is_news);
	add("wait-ends-without-news", test_wait_ends_without_news);
	add("revoked-device-stops-waiting", test_revoked_device_stops_waiting);
	add("strangers-get-401", test_strangers_get_401);
	add("A7-scopes-are-kept", test_a7_scopes_are_kept);
	add("sessions-are-named-for-people", test_sessions_are_named_for_people);
	add("foreign-drive-does-not-exist", test_foreign_drive_does_not_exist);
	add("inner-errors-stay-inside", test_inner_errors_stay_inside);
	add("garbage-is-refused", test_garbage_is_refused);
	add("wrong-hash-writes-nothing", test_wrong_hash_writes_nothing);
	add("names-that-are-none", test_names_that_are_none);
	add("largest-commit-fits-into-changes", test_largest_commit_fits_into_changes);
	add("login-me-logout", test_login_me_logout);
	add("login-refuses", test_login_refuses);
	add("guessing-is-slowed", test_guessing_is_slowed);
	add("versions-trash-restore", test_versions_trash_restore);
	return g_test_run();
}
