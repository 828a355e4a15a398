/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks the server over raw sockets. After each attack nothing may have been written and the
 * server must answer somebody else.
 */
#include "front/front.h"

#include "api/test_world.h"
#include "base/limits.h"
#include "front/raw.h"
#include "server/accounts/accounts.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_TIMEOUT_MS 1000
#define IDLE_TIMEOUT_MS 1500
#define BODY_TIMEOUT_MS 1000
#define BUFFERED_MAX (40 * MIB)
#define ANSWER_TIMEOUT_MS 20000

typedef struct Fixture {
	TestWorld *world;
	Front *front;
	unsigned port;
	uint64_t seq;
} Fixture;

/* A service beside the api: says what it was asked, and sets a cookie. */
static bool serves_pages(void *data, const char *path)
{
	return g_str_has_prefix(path, "/pages/");
}

static size_t pages_body_max(void *data, const char *method, const char *path)
{
	return strcmp(method, "POST") == 0 ? 1000 : 0;
}

static GThread *reader; /* of the last request */
static bool is_quick_page(void *data, const Request *request)
{
	reader = g_thread_self();
	return request_query(request, "quick");
}

static void handle_page(void *data, const Request *request, Response *ret_response)
{
	const char *language = request->headers[REQUEST_ACCEPT_LANGUAGE];
	const char *name = request_query(request, "name");
	g_autofree char *text = g_strdup_printf("%s %s", language ?: "-", name ?: "-");
	ret_response->status = 200;
	ret_response->content_type = "text/plain";
	ret_response->cache_control = "max-age=60";
	ret_response->body = g_bytes_new(text, strlen(text));
	response_add_header(ret_response, "Set-Cookie", "a=b; HttpOnly");
	response_add_header(ret_response, "Set-Cookie", "c=d");
	response_add_header(ret_response, "X-By", reader == g_thread_self() ? "reader" : "worker");
}

static Front *start(const FrontOptions *options, Api *api, GError **error)
{
	const Service services[] = {
		{ .serves = serves_pages,
		  .body_max = pages_body_max,
		  .handle = handle_page,
		  .is_quick = is_quick_page },
		api_service(api),
	};
	return front_start(options, services, G_N_ELEMENTS(services), error);
}

static void setup(Fixture *fixture, const void *data)
{
	const FrontOptions options = {
		.listen = "127.0.0.1:0",
		.header_timeout_ms = HEADER_TIMEOUT_MS,
		.idle_timeout_ms = IDLE_TIMEOUT_MS,
		.body_timeout_ms = BODY_TIMEOUT_MS,
		.buffered_max = BUFFERED_MAX,
	};
	g_autoptr(GError) error = NULL;
	fixture->world = test_world_new();
	fixture->front = start(&options, fixture->world->api, &error);
	g_assert_no_error(error);
	const char *colon = strrchr(front_url(fixture->front), ':');
	fixture->port = (unsigned)g_ascii_strtoull(colon + 1, NULL, 10);
	fixture->seq = test_world_seq(fixture->world);
}

/* ---- requests ---------------------------------------------------------------------- */

static void put_head(int fd, const TestDevice *device, const char *path, size_t size)
{
	g_autofree char *head =
		g_strdup_printf("POST %s HTTP/1.1\r\nHost: drive\r\n"
				"Authorization: %s\r\nContent-Length: %zu\r\n\r\n",
				path, device ? device->authorization : "none", size);
	raw_put_text(fd, head);
}

static void put_request(int fd, const TestDevice *device, const char *path, Bulk *body)
{
	put_head(fd, device, path, body->len);
	raw_put(fd, body->data, body->len);
}

/* The status that this text, sent on a connection of its own, is answered with. */
static unsigned status_of_text(const Fixture *fixture, const char *text)
{
	int fd = raw_dial(fixture->port);
	raw_put_text(fd, text);
	unsigned status = raw_get_status(fd);
	close(fd);
	return status;
}

static unsigned status_of_post(const Fixture *fixture, const TestDevice *device, const char *path,
			       Bulk *body)
{
	int fd = raw_dial(fixture->port);
	put_request(fd, device, path, body);
	unsigned status = raw_get_status(fd);
	close(fd);
	return status;
}

static void assert_unharmed(const Fixture *fixture)
{
	g_assert_cmpuint(status_of_text(fixture, "GET /healthz HTTP/1.1\r\nHost: drive\r\n\r\n"),
			 ==, 200);
	g_assert_cmpuint(test_world_seq(fixture->world), ==, fixture->seq);
}

static void teardown(Fixture *fixture, const void *data)
{
	if (fixture->front) {
		assert_unharmed(fixture);
	}
	front_stop(fixture->front);
	test_world_free(fixture->world);
}

static void assert_closed(int fd)
{
	char byte;
	g_assert_cmpuint(raw_get(fd, &byte, 1), ==, 0);
}

/* ---- form ------------------------------------------------------------------------------ */

static void test_oversized_header(Fixture *fixture, const void *data)
{
	g_autofree char *filler = g_strnfill(64 * KIB, 'x');
	g_autofree char *field = g_strconcat(
		"GET /healthz HTTP/1.1\r\nHost: drive\r\nX-Filler: ", filler, "\r\n\r\n", NULL);
	g_autofree char *line =
		g_strconcat("GET /", filler, " HTTP/1.1\r\nHost: drive\r\n\r\n", NULL);
	g_assert_cmpuint(status_of_text(fixture, field), >=, 400);
	g_assert_cmpuint(status_of_text(fixture, line), >=, 400);
}

static void test_garbage(Fixture *fixture, const void *data)
{
	const char *const garbage[] = {
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
		"GET\r\n\r\n",
		"POST /sync/v1/commit HTTP/9.9\r\n\r\n",
		"\r\n\r\n\r\n\r\n \r\n\r\n",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(garbage); i++) {
		int fd = raw_dial(fixture->port);
		raw_put_text(fd, garbage[i]);
		shutdown(fd, SHUT_WR);
		unsigned status = raw_get_status(fd);
		g_assert_true(status == 0 || status >= 400);
		close(fd);
	}
}

static void test_bad_content_length(Fixture *fixture, const void *data)
{
	const char *const lengths[] = { "-1", "abc", "99999999999999999999999", "1 2", "0x10", "" };
	for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
		g_autofree char *text = g_strdup_printf(
			"POST /sync/v1/commit HTTP/1.1\r\nHost: drive\r\nAuthorization: %s\r\n"
			"Content-Length: %s\r\n\r\n",
			fixture->world->alice.authorization, lengths[i]);
		int fd = raw_dial(fixture->port);
		raw_put_text(fd, text);
		unsigned status = raw_get_status(fd);
		g_assert_true(status == 0 || (status >= 400 && status < 500));
		close(fd);
	}
}

static void test_two_lengths(Fixture *fixture, const void *data)
{
	g_autofree char *text = g_strdup_printf(
		"POST /api/v1/logout HTTP/1.1\r\nHost: drive\r\nAuthorization: %s\r\n"
		"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		fixture->world->alice.authorization);
	g_assert_cmpuint(status_of_text(fixture, text), ==, 400);
}

static void test_oversized_body(Fixture *fixture, const void *data)
{
	const TestDevice *alice = &fixture->world->alice;
	const struct {
		const char *path;
		size_t size;
	} cases[] = {
		{ "/sync/v1/upload", BODY_SIZE_MAX + 1 },
		{ "/sync/v1/commit", TIB },
		{ "/sync/v1/changes", MIB },
		{ "/api/v1/login", JSON_BODY_SIZE_MAX + 1 },
		{ "/nowhere", MIB },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		int fd = raw_dial(fixture->port);
		put_head(fd, alice, cases[i].path, cases[i].size);
		g_assert_cmpuint(raw_get_status(fd), ==, 413);
		close(fd);
	}
}

/* A body without an announced length is cut off where the limit is. */
static void test_oversized_chunked_body(Fixture *fixture, const void *data)
{
	int fd = raw_dial(fixture->port);
	g_autofree char *head = g_strdup_printf(
		"POST /sync/v1/changes HTTP/1.1\r\nHost: drive\r\nAuthorization: %s\r\n"
		"Transfer-Encoding: chunked\r\n\r\n",
		fixture->world->alice.authorization);
	raw_put_text(fd, head);
	g_autofree char *filler = g_strnfill(16 * KIB, 'x');
	g_autofree char *chunk = g_strconcat("4000\r\n", filler, "\r\n", NULL);
	for (int i = 0; i < 64; i++) {
		raw_put_text(fd, chunk);
	}
	raw_put_text(fd, "0\r\n\r\n");
	g_assert_cmpuint(raw_get_status(fd), ==, 413);
	close(fd);
}

static void test_strangers_body_is_not_kept(Fixture *fixture, const void *data)
{
	/* Announced by many at once, it would fill what there is for all. */
	int fds[8];
	for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
		fds[i] = raw_dial(fixture->port);
		put_head(fds[i], NULL, "/sync/v1/upload", BODY_SIZE_MAX / 2);
	}
	g_autofree char *bytes = g_strnfill(MIB, 'y');
	g_autoptr(Bulk) body = test_world_create(&fixture->world->alice, 1, "large", bytes);
	g_assert_cmpuint(status_of_post(fixture, &fixture->world->alice, "/sync/v1/commit", body),
			 ==, 200);
	fixture->seq++;
	g_autofree char *filler = g_malloc0(BODY_SIZE_MAX / 2);
	raw_put(fds[0], filler, BODY_SIZE_MAX / 2);
	g_assert_cmpuint(raw_get_status(fds[0]), ==, 401);
	for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
		close(fds[i]);
	}
}

static void test_too_much_at_once(Fixture *fixture, const void *data)
{
	const TestDevice *alice = &fixture->world->alice;
	int fds[3];
	for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
		fds[i] = raw_dial(fixture->port);
		put_head(fds[i], alice, "/sync/v1/upload", BODY_SIZE_MAX);
	}
	/* Two fit, whichever come first; the third is told to come back. */
	struct pollfd ready[3];
	for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
		ready[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	}
	g_assert_cmpint(poll(ready, 3, ANSWER_TIMEOUT_MS), ==, 1);
	for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
		if (ready[i].revents) {
			RawAnswer answer;
			raw_get_answer(fds[i], &answer);
			g_assert_cmpuint(answer.status, ==, 503);
			g_assert_nonnull(strstr(answer.header, "Retry-After"));
			raw_answer_clear(&answer);
		}
		close(fds[i]);
	}
}

/* ---- time ------------------------------------------------------------------------------ */

/* Sends a byte now and then, which must not keep the connection open. */
static void drip(int fd, unsigned until_ms)
{
	int64_t start_us = g_get_monotonic_time();
	struct pollfd ended = { .fd = fd, .events = POLLIN };
	while (poll(&ended, 1, 20) == 0) {
		raw_put_text(fd, "x");
		g_assert_cmpint(g_get_monotonic_time() - start_us, <, until_ms * 1000);
	}
	assert_closed(fd);
}

static void test_slow_header(Fixture *fixture, const void *data)
{
	int fd = raw_dial(fixture->port);
	raw_put_text(fd, "GET /healthz HTTP/1.1\r\nX-Slow: ");
	drip(fd, 20 * HEADER_TIMEOUT_MS);
	close(fd);
}

static void test_slow_body(Fixture *fixture, const void *data)
{
	int fd = raw_dial(fixture->port);
	put_head(fd, &fixture->world->alice, "/sync/v1/commit", 1000);
	drip(fd, 20 * BODY_TIMEOUT_MS);
	close(fd);
}

static void test_silent(Fixture *fixture, const void *data)
{
	int fd = raw_dial(fixture->port);
	assert_closed(fd);
	close(fd);
	fd = raw_dial(fixture->port);
	raw_put_text(fd, "GET /healthz HTTP/1.1\r\nHost: drive\r\n\r\n");
	g_assert_cmpuint(raw_get_status(fd), ==, 200);
	assert_closed(fd);
	close(fd);
}

static void test_cut_while_sending(Fixture *fixture, const void *data)
{
	g_autoptr(Bulk) body = test_world_create(&fixture->world->alice, 1, "cut", "content");
	for (size_t size = 0; size < body->len; size += 7) {
		int fd = raw_dial(fixture->port);
		put_head(fd, &fixture->world->alice, "/sync/v1/commit", body->len);
		raw_put(fd, body->data, size);
		/* RST instead of an end, every other time. */
		const struct linger reset = { .l_onoff = 1 };
		if (size % 2) {
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		}
		close(fd);
	}
}

/* ---- contents -------------------------------------------------------------------------- */

static void test_garbage_messages(Fixture *fixture, const void *data)
{
	const TestDevice *alice = &fixture->world->alice;
	const char *const paths[] = { "/sync/v1/changes", "/sync/v1/commit", "/sync/v1/missing",
				      "/sync/v1/upload", "/sync/v1/fetch" };
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autoptr(Bulk) body = bulk_new(0);
		g_assert_cmpuint(status_of_post(fixture, alice, paths[i], body), ==, 400);
		bulk_append(body, "M\xff\xff\xff\xff garbage", 13);
		unsigned status = status_of_post(fixture, alice, paths[i], body);
		g_assert_true(status == 400 || status == 413);
	}
}

static void test_wrong_hash(Fixture *fixture, const void *data)
{
	const TestDevice *alice = &fixture->world->alice;
	g_autoptr(Bulk) body = test_world_create(alice, 1, "name", "content");
	body->data[body->len - 1] ^= 1;
	g_assert_cmpuint(status_of_post(fixture, alice, "/sync/v1/commit", body), ==, 422);
}

static void test_foreign_drive(Fixture *fixture, const void *data)
{
	TestDevice intruder = *test_world_bob(fixture->world);
	intruder.drive = fixture->world->alice.drive;
	g_autoptr(Bulk) body = test_world_create(&intruder, 1, "name", "content");
	g_assert_cmpuint(status_of_post(fixture, &intruder, "/sync/v1/commit", body), ==, 404);
}

static void test_no_token_in_answers(Fixture *fixture, const void *data)
{
	const TestDevice *alice = &fixture->world->alice;
	g_autofree char *text = g_strdup_printf("GET /%s HTTP/1.1\r\nHost: drive\r\n"
						"Authorization: %sx\r\n\r\n",
						"api/v1/me", alice->authorization);
	int fd = raw_dial(fixture->port);
	raw_put_text(fd, text);
	RawAnswer answer;
	raw_get_answer(fd, &answer);
	g_assert_cmpuint(answer.status, ==, 401);
	g_assert_nonnull(strstr(answer.header, "WWW-Authenticate: Bearer"));
	size_t size;
	const char *body = g_bytes_get_data(answer.body, &size);
	g_assert_null(g_strstr_len(body, (gssize)size, "imdrive_"));
	raw_answer_clear(&answer);
	close(fd);
}

/* ---- what must work -------------------------------------------------------------------- */

static void test_pipelining(Fixture *fixture, const void *data)
{
	int fd = raw_dial(fixture->port);
	g_autoptr(GString) text = g_string_new(NULL);
	for (int i = 0; i < 20; i++) {
		g_string_append(text, i % 2 ? "GET /nowhere HTTP/1.1\r\nHost: drive\r\n\r\n"
					    : "GET /healthz HTTP/1.1\r\nHost: drive\r\n\r\n");
	}
	raw_put(fd, text->str, text->len);
	for (int i = 0; i < 20; i++) {
		g_assert_cmpuint(raw_get_status(fd), ==, i % 2 ? 404 : 200);
	}
	close(fd);
}

static void test_large_body_of_a_stranger_to_memory(Fixture *fixture, const void *data)
{
	/* Nothing has asked with this token yet, so that the database must admit the body. */
	const TestDevice *alice = &fixture->world->alice;
	g_autofree char *bytes = g_strnfill(MIB, 'y');
	g_autoptr(Bulk) body = test_world_create(alice, 1, "large", bytes);
	g_assert_cmpuint(status_of_post(fixture, alice, "/sync/v1/commit", body), ==, 200);
	fixture->seq++;
}

/* Posts a changes request that waits, on a connection of its own. */
static int begin_wait(Fixture *fixture, const TestDevice *device, unsigned wait_ms)
{
	int fd = raw_dial(fixture->port);
	g_autoptr(Bulk) first = test_world_changes(device, NULL, 0);
	put_request(fd, device, "/sync/v1/changes", first);
	RawAnswer answer;
	raw_get_answer(fd, &answer);
	g_assert_cmpuint(answer.status, ==, 200);
	g_autoptr(Imdrive__Sync__ChangesResponse) message =
		test_world_answer(answer.body, &imdrive__sync__changes_response__descriptor);
	raw_answer_clear(&answer);
	g_autoptr(Bulk) body = test_world_changes(device, &message->pages[0]->cursor, wait_ms);
	put_request(fd, device, "/sync/v1/changes", body);
	return fd;
}

static void assert_nothing_yet(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	g_assert_cmpint(poll(&ready, 1, 50), ==, 0);
}

static void test_commit_wakes_those_who_wait(Fixture *fixture, const void *data)
{
	const TestDevice *alice = &fixture->world->alice;
	int waits[3] = { begin_wait(fixture, alice, 30000), begin_wait(fixture, alice, 30000),
			 begin_wait(fixture, test_world_bob(fixture->world), 30000) };
	assert_nothing_yet(waits[0]);
	g_autoptr(Bulk) body = test_world_create(alice, 1, "news", "news");
	g_assert_cmpuint(status_of_post(fixture, alice, "/sync/v1/commit", body), ==, 200);
	fixture->seq++;
	g_assert_cmpuint(raw_get_status(waits[0]), ==, 200);
	g_assert_cmpuint(raw_get_status(waits[1]), ==, 200);
	assert_nothing_yet(waits[2]);
	for (int i = 0; i < 3; i++) {
		close(waits[i]);
	}
}

static void test_gone_while_waiting(Fixture *fixture, const void *data)
{
	const TestDevice *alice = &fixture->world->alice;
	const struct linger reset = { .l_onoff = 1 };
	for (int i = 0; i < 20; i++) {
		int fd = begin_wait(fixture, alice, 30000);
		if (i % 2) {
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		}
		close(fd);
	}
	int stays = begin_wait(fixture, alice, 30000);
	g_autoptr(Bulk) body = test_world_create(alice, 1, "news", "news");
	g_assert_cmpuint(status_of_post(fixture, alice, "/sync/v1/commit", body), ==, 200);
	fixture->seq++;
	g_assert_cmpuint(raw_get_status(stays), ==, 200);
	close(stays);
}

static void test_wait_ends_in_time(Fixture *fixture, const void *data)
{
	int64_t start_us = g_get_monotonic_time();
	int fd = begin_wait(fixture, &fixture->world->alice, 200);
	g_assert_cmpuint(raw_get_status(fd), ==, 204);
	int64_t waited_us = g_get_monotonic_time() - start_us;
	g_assert_cmpint(waited_us, >=, 150 * 1000);
	g_assert_cmpint(waited_us, <, 10 * G_TIME_SPAN_SECOND);
	close(fd);
}

static void test_revoked_device_is_cut_off(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	int fd = begin_wait(fixture, &world->alice, 30000);
	assert_nothing_yet(fd);
	g_assert_true(devices_end(accounts_devices(world->accounts), world->alice.account,
				  world->alice.id, NULL));
	g_assert_cmpuint(raw_get_status(fd), ==, 401);
	close(fd);
}

static void test_stops_with_devices_waiting(Fixture *fixture, const void *data)
{
	int waits[20];
	for (size_t i = 0; i < G_N_ELEMENTS(waits); i++) {
		waits[i] = begin_wait(fixture, &fixture->world->alice, 30000);
	}
	assert_nothing_yet(waits[0]);
	int64_t start_us = g_get_monotonic_time();
	g_clear_pointer(&fixture->front, front_stop);
	g_assert_cmpint(g_get_monotonic_time() - start_us, <, 4 * G_TIME_SPAN_SECOND);
	for (size_t i = 0; i < G_N_ELEMENTS(waits); i++) {
		g_assert_cmpuint(raw_get_status(waits[i]), ==, 204);
		assert_closed(waits[i]);
		close(waits[i]);
	}
}

static void test_many_at_once(Fixture *fixture, const void *data)
{
	int waits[200];
	for (size_t i = 0; i < G_N_ELEMENTS(waits); i++) {
		waits[i] = begin_wait(fixture, &fixture->world->alice, 30000);
	}
	for (unsigned round = 1; round <= 3; round++) {
		g_autofree char *name = g_strdup_printf("file%u", round);
		g_autoptr(Bulk) body = test_world_create(&fixture->world->alice, round, name, name);
		g_assert_cmpuint(
			status_of_post(fixture, &fixture->world->alice, "/sync/v1/commit", body),
			==, 200);
		fixture->seq++;
		for (size_t i = 0; i < G_N_ELEMENTS(waits); i++) {
			g_assert_cmpuint(raw_get_status(waits[i]), ==, 200);
			close(waits[i]);
			waits[i] = begin_wait(fixture, &fixture->world->alice, 30000);
		}
	}
	for (size_t i = 0; i < G_N_ELEMENTS(waits); i++) {
		close(waits[i]);
	}
}

/* ---- threads --------------------------------------------------------------------------- */

#define FOLLOWERS 8
#define COMMITS 100

static void copy_cursor(const RawAnswer *answer, Bulk *cursor, uint64_t *ret_seq)
{
	g_autoptr(Imdrive__Sync__ChangesResponse) message =
		test_world_answer(answer->body, &imdrive__sync__changes_response__descriptor);
	const Imdrive__Sync__Page *page = message->pages[0];
	cursor->len = 0;
	bulk_append(cursor, page->cursor.data, page->cursor.len);
	*ret_seq = page->seq;
}

/* Waits for change after change until it has seen the last. */
static void *follow(void *data)
{
	const Fixture *fixture = data;
	const TestDevice *alice = &fixture->world->alice;
	int fd = raw_dial(fixture->port);
	uint64_t seq = 0;
	g_autoptr(Bulk) cursor = bulk_new(0);
	while (seq < fixture->seq + COMMITS) {
		const ProtobufCBinaryData from = { cursor->len, cursor->data };
		g_autoptr(Bulk) body =
			test_world_changes(alice, cursor->len > 0 ? &from : NULL, 50000);
		put_request(fd, alice, "/sync/v1/changes", body);
		RawAnswer answer;
		raw_get_answer(fd, &answer);
		g_assert_cmpuint(answer.status, ==, 200);
		copy_cursor(&answer, cursor, &seq);
		raw_answer_clear(&answer);
	}
	close(fd);
	return NULL;
}

/* A wake may come before, while and after the request falls asleep; none may be lost. */
static void test_no_wake_is_lost(Fixture *fixture, const void *data)
{
	GThread *followers[FOLLOWERS];
	for (size_t i = 0; i < FOLLOWERS; i++) {
		followers[i] = g_thread_new("follow", follow, fixture);
	}
	for (unsigned number = 1; number <= COMMITS; number++) {
		g_autofree char *name = g_strdup_printf("file%u", number);
		Response response;
		g_autoptr(Bulk) body =
			test_world_create(&fixture->world->alice, number, name, name);
		test_world_ask(fixture->world, &fixture->world->alice, "/sync/v1/commit", body,
			       &response);
		g_assert_cmpuint(response.status, ==, 200);
		response_clear(&response);
	}
	for (size_t i = 0; i < FOLLOWERS; i++) {
		g_thread_join(followers[i]);
	}
	fixture->seq += COMMITS;
}

static void ask_page(Fixture *fixture, const char *query, RawAnswer *ret_answer)
{
	int fd = raw_dial(fixture->port);
	g_autofree char *head = g_strdup_printf("GET /pages/1?%s HTTP/1.1\r\nHost: drive\r\n"
						"Accept-Language: zh\r\n\r\n",
						query);
	raw_put_text(fd, head);
	raw_get_answer(fd, ret_answer);
	close(fd);
}

static void test_services_get_what_is_theirs(Fixture *fixture, const void *data)
{
	RawAnswer answer;
	ask_page(fixture, "name=a%20b", &answer);
	g_assert_cmpuint(answer.status, ==, 200);
	g_assert_cmpmem(g_bytes_get_data(answer.body, NULL), g_bytes_get_size(answer.body),
			"zh a b", 6);
	g_assert_nonnull(strstr(answer.header, "Set-Cookie: a=b; HttpOnly\r\n"));
	g_assert_nonnull(strstr(answer.header, "Set-Cookie: c=d\r\n"));
	g_assert_nonnull(strstr(answer.header, "Cache-Control: max-age=60\r\n"));
	g_assert_null(strstr(answer.header, "no-store"));
	g_assert_nonnull(strstr(answer.header, "X-By: worker\r\n"));
	raw_answer_clear(&answer);
	ask_page(fixture, "quick=1", &answer);
	g_assert_nonnull(strstr(answer.header, "X-By: reader\r\n"));
	raw_answer_clear(&answer);
}

static void test_query_that_is_no_text(Fixture *fixture, const void *data)
{
	const char *text = "GET /pages/1?name=%ff HTTP/1.1\r\nHost: drive\r\n\r\n";
	g_assert_cmpuint(status_of_text(fixture, text), ==, 400);
}

static void test_metrics_are_for_this_machine(Fixture *fixture, const void *data)
{
	g_assert_cmpuint(status_of_text(fixture, "GET /metrics HTTP/1.1\r\nHost: drive\r\n\r\n"),
			 ==, 200);
	/* Through a proxy on this machine, for somebody elsewhere. */
	g_assert_cmpuint(status_of_text(fixture, "GET /metrics HTTP/1.1\r\nHost: drive\r\n"
						 "X-Forwarded-For: 192.0.2.1\r\n\r\n"),
			 ==, 404);
}

static void test_address_in_use_is_told(Fixture *fixture, const void *data)
{
	g_autofree char *listen = g_strdup_printf("127.0.0.1:%u", fixture->port);
	g_autoptr(GError) error = NULL;
	g_assert_null(start(&(FrontOptions){ .listen = listen }, fixture->world->api, &error));
	g_assert_nonnull(strstr(error->message, listen));
	g_clear_error(&error);
	g_assert_null(start(&(FrontOptions){ .listen = "nonsense" }, fixture->world->api, &error));
	g_assert_nonnull(strstr(error->message, "nonsense"));
}

static void add(const char *name, void (*test)(Fixture *, const void *))
{
	g_autofree char *path = g_strconcat("/front/front/", name, NULL);
	g_test_add(path, Fixture, NULL, setup, test, teardown);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("oversized-header", test_oversized_header);
	add("garbage", test_garbage);
	add("bad-content-length", test_bad_content_length);
	add("two-lengths", test_two_lengths);
	add("oversized-body", test_oversized_body);
	add("oversized-chunked-body", test_oversized_chunked_body);
	add("strangers-body-is-not-kept", test_strangers_body_is_not_kept);
	add("too-much-at-once", test_too_much_at_once);
	add("slow-header", test_slow_header);
	add("slow-body", test_slow_body);
	add("silent", test_silent);
	add("cut-while-sending", test_cut_while_sending);
	add("garbage-messages", test_garbage_messages);
	add("wrong-hash", test_wrong_hash);
	add("foreign-drive", test_foreign_drive);
	add("no-token-in-answers", test_no_token_in_answers);
	add("pipelining", test_pipelining);
	add("large-body-of-one-unknown-to-memory", test_large_body_of_a_stranger_to_memory);
	add("commit-wakes-those-who-wait", test_commit_wakes_those_who_wait);
	add("gone-while-waiting", test_gone_while_waiting);
	add("wait-ends-in-time", test_wait_ends_in_time);
	add("revoked-device-is-cut-off", test_revoked_device_is_cut_off);
	add("stops-with-devices-waiting", test_stops_with_devices_waiting);
	add("many-at-once", test_many_at_once);
	add("no-wake-is-lost", test_no_wake_is_lost);
	add("services-get-what-is-theirs", test_services_get_what_is_theirs);
	add("query-that-is-no-text", test_query_that_is_no_text);
	add("metrics-are-for-this-machine", test_metrics_are_for_this_machine);
	add("address-in-use-is-told", test_address_in_use_is_told);
	return g_test_run();
}
