/* SPDX-License-Identifier: Apache-2.0 */
/* Links from both ends: who makes them over the api, and who opens what they gave him. */
#include "api/links.h"

#include "api/json_body.h"
#include "api/test_world.h"
#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/accounts.h"
#include "server/accounts/audit.h"
#include "server/accounts/identities.h"
#include "server/chat/chat_memory.h"
#include "server/share/share.h"

#include <string.h>

typedef struct Fixture {
	TestWorld *world;
	Service links; /* what strangers ask */
} Fixture;

static void setup(Fixture *fixture, const void *data)
{
	fixture->world = test_world_new();
	fixture->links = share_service(fixture->world->share);
}

static void teardown(Fixture *fixture, const void *data)
{
	test_world_free(fixture->world);
}

static void create(Fixture *fixture, const TestDevice *device, unsigned number, const char *name,
		   const char *content)
{
	Bulk *body = test_world_create(device, number, name, content);
	g_auto(Response) response = { 0 };
	test_world_ask(fixture->world, device, "/sync/v1/commit", body, &response);
	g_assert_cmpuint(response.status, ==, 200);
	bulk_free(body);
}

/* ---- owners ---------------------------------------------------------------------------- */

typedef struct Asked {
	unsigned status;
	json_t *json; /* NULL: no body */
} Asked;

static void asked_clear(Asked *asked)
{
	json_decref(asked->json);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Asked, asked_clear)

/* query: "path=a", or NULL; body: JSON, or NULL. */
static Asked ask(Fixture *fixture, const TestDevice *device, const char *method, const char *path,
		 const char *query, const char *body)
{
	g_autoptr(Parameters) parameters =
		query ? parameters_parse(query, strlen(query), NULL) : NULL;
	g_autoptr(GBytes) bytes = body ? g_bytes_new(body, strlen(body)) : NULL;
	const Request request = {
		.method = method,
		.path = path,
		.query = parameters,
		.headers = { [REQUEST_AUTHORIZATION] = device ? device->authorization : NULL },
		.body = bytes,
	};
	g_auto(Response) response = { 0 };
	api_handle(fixture->world->api, &request, &response);
	size_t size = 0;
	const char *text = response.body ? g_bytes_get_data(response.body, &size) : NULL;
	return (Asked){ response.status, text ? json_loadb(text, size, 0, NULL) : NULL };
}

static char *make(Fixture *fixture, const char *body)
{
	g_auto(Asked) asked =
		ask(fixture, &fixture->world->alice, "POST", "/api/v1/links", NULL, body);
	g_assert_cmpuint(asked.status, ==, 200);
	return g_strdup(json_string_value(json_object_get(asked.json, "url")));
}

static size_t count(Fixture *fixture, const TestDevice *device, const char *query)
{
	g_auto(Asked) asked = ask(fixture, device, "GET", "/api/v1/links", query, NULL);
	g_assert_cmpuint(asked.status, ==, 200);
	return json_array_size(json_object_get(asked.json, "links"));
}

/* ---- strangers ------------------------------------------------------------------------- */

/* As front does; url: of a link, with behind after it. range: or NULL. */
static void visit(Fixture *fixture, const char *url, const char *behind, const char *range,
		  Response *ret_response)
{
	g_autofree char *path = g_strconcat(url + strlen(TEST_WORLD_BASE), behind, NULL);
	const Request request = {
		.method = "GET",
		.path = path,
		.headers = { [REQUEST_RANGE] = range },
	};
	g_assert_true(fixture->links.serves(fixture->links.data, path));
	fixture->links.handle(fixture->links.data, &request, ret_response);
}

static unsigned status_of(Fixture *fixture, const char *url, const char *behind)
{
	g_auto(Response) response = { 0 };
	visit(fixture, url, behind, NULL, &response);
	return response.status;
}

static const char *header_of(const Response *response, const char *name)
{
	for (unsigned i = 0; response->headers && i < response->headers->len; i++) {
		const char *line = response->headers->pdata[i];
		if (g_str_has_prefix(line, name)) {
			return line + strlen(name) + strlen(": ");
		}
	}
	return NULL;
}

/* All that the source gives. */
static char *drain(Response *response)
{
	g_autoptr(GString) text = g_string_new(NULL);
	for (;;) {
		g_autoptr(GBytes) piece = NULL;
		g_autoptr(GError) error = NULL;
		response->source.next(response->source.data, &piece, &error);
		g_assert_no_error(error);
		if (!piece) {
			return g_string_free(g_steal_pointer(&text), FALSE);
		}
		size_t size;
		const char *bytes = g_bytes_get_data(piece, &size);
		g_string_append_len(text, bytes, (gssize)size);
	}
}

static void assert_content(Fixture *fixture, const char *url, const char *content)
{
	g_auto(Response) response = { 0 };
	visit(fixture, url, "/content", NULL, &response);
	g_assert_cmpuint(response.status, ==, 200);
	g_autofree char *text = drain(&response);
	g_assert_cmpstr(text, ==, content);
}

/* ---- tests ----------------------------------------------------------------------------- */

static void test_a_file_is_given(Fixture *fixture, const void *data)
{
	create(fixture, &fixture->world->alice, 1, "a \"file\" ü", "content");
	g_autofree char *url = make(fixture, "{\"path\": \"a \\\"file\\\" ü\"}");
	g_assert_true(g_str_has_prefix(url, TEST_WORLD_BASE "/s/"));
	g_auto(Response) page = { 0 };
	visit(fixture, url, "", NULL, &page);
	g_assert_cmpuint(page.status, ==, 200);
	g_assert_cmpstr(page.content_type, ==, "text/html; charset=utf-8");
	g_assert_cmpstr(header_of(&page, "Referrer-Policy"), ==, "no-referrer");
	g_assert_cmpstr(header_of(&page, "X-Robots-Tag"), ==, "noindex");
	g_auto(Response) content = { 0 };
	visit(fixture, url, "/content", NULL, &content);
	g_assert_cmpuint(content.source.size, ==, 7);
	g_autofree char *text = drain(&content);
	g_assert_cmpstr(text, ==, "content");
	/* Nothing of it runs where people sign in. */
	g_assert_cmpstr(content.content_type, ==, "application/octet-stream");
	g_assert_cmpstr(header_of(&content, "Content-Security-Policy"), ==,
			"sandbox; default-src 'none'");
	g_assert_cmpstr(header_of(&content, "Content-Disposition"), ==,
			"attachment; filename=\"a _file_ __\"; "
			"filename*=UTF-8''a%20%22file%22%20%C3%BC");
}

static void test_a_part_is_given(Fixture *fixture, const void *data)
{
	create(fixture, &fixture->world->alice, 1, "file", "0123456789");
	g_autofree char *url = make(fixture, "{\"path\": \"file\"}");
	g_auto(Response) part = { 0 };
	visit(fixture, url, "/content", "bytes=3-5", &part);
	g_assert_cmpuint(part.status, ==, 206);
	g_assert_cmpstr(header_of(&part, "Content-Range"), ==, "bytes 3-5/10");
	g_assert_cmpuint(part.source.size, ==, 3);
	g_autofree char *text = drain(&part);
	g_assert_cmpstr(text, ==, "345");
	g_auto(Response) none = { 0 };
	visit(fixture, url, "/content", "bytes=10-", &none);
	g_assert_cmpuint(none.status, ==, 416);
	g_assert_cmpstr(header_of(&none, "Content-Range"), ==, "bytes */10");
	g_assert_null(none.source.next);
}

static void test_asking_again_gives_the_same(Fixture *fixture, const void *data)
{
	create(fixture, &fixture->world->alice, 1, "file", "content");
	g_autofree char *first = make(fixture, "{\"path\": \"file\", \"days\": 7}");
	g_autofree char *again = make(fixture, "{\"path\": \"file\"}");
	g_assert_cmpstr(first, ==, again);
	g_assert_cmpuint(count(fixture, &fixture->world->alice, NULL), ==, 1);
	g_assert_cmpuint(count(fixture, &fixture->world->alice, "path=file"), ==, 1);
	g_auto(Asked) unknown =
		ask(fixture, &fixture->world->alice, "GET", "/api/v1/links", "path=other", NULL);
	g_assert_cmpuint(unknown.status, ==, 404);
}

/* Of the first that alice has, for the interface. */
static char *path_of_link(Fixture *fixture)
{
	g_auto(Asked) list =
		ask(fixture, &fixture->world->alice, "GET", "/api/v1/links", NULL, NULL);
	const json_t *link = json_array_get(json_object_get(list.json, "links"), 0);
	return g_strconcat("/api/v1/links/", json_string_value(json_object_get(link, "node")),
			   NULL);
}

static void test_what_ended_opens_nothing(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	create(fixture, &world->alice, 1, "file", "content");
	g_autofree char *url = make(fixture, "{\"path\": \"file\"}");
	g_autofree char *path = path_of_link(fixture);
	/* Not by somebody else. */
	g_auto(Asked) foreign = ask(fixture, test_world_bob(world), "DELETE", path, NULL, NULL);
	g_assert_cmpuint(foreign.status, ==, 404);
	g_assert_cmpuint(count(fixture, test_world_bob(world), NULL), ==, 0);
	g_assert_cmpuint(status_of(fixture, url, ""), ==, 200);
	g_auto(Asked) ended = ask(fixture, &world->alice, "DELETE", path, NULL, NULL);
	g_assert_cmpuint(ended.status, ==, 204);
	g_assert_cmpuint(status_of(fixture, url, ""), ==, 404);
	g_assert_cmpuint(status_of(fixture, url, "/content"), ==, 404);
	g_auto(Asked) twice = ask(fixture, &world->alice, "DELETE", path, NULL, NULL);
	g_assert_cmpuint(twice.status, ==, 404);
}

static void test_a_download_ends_with_its_link(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	create(fixture, &world->alice, 1, "file", "content");
	g_autofree char *url = make(fixture, "{\"path\": \"file\"}");
	g_autofree char *path = path_of_link(fixture);
	g_auto(Response) begun = { 0 };
	visit(fixture, url, "/content", NULL, &begun);
	g_assert_cmpuint(begun.status, ==, 200);
	g_auto(Asked) ended = ask(fixture, &world->alice, "DELETE", path, NULL, NULL);
	g_assert_cmpuint(ended.status, ==, 204);
	g_autoptr(GBytes) piece = NULL;
	g_autoptr(GError) error = NULL;
	g_assert_false(begun.source.next(begun.source.data, &piece, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
}

static void test_a_disabled_account_shares_nothing(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	create(fixture, &world->alice, 1, "file", "content");
	g_autofree char *url = make(fixture, "{\"path\": \"file\"}");
	assert_content(fixture, url, "content");
	g_assert_true(accounts_set_disabled(world->accounts, world->alice.account, true, NULL));
	g_assert_cmpuint(status_of(fixture, url, ""), ==, 404);
	g_assert_cmpuint(status_of(fixture, url, "/content"), ==, 404);
	g_assert_true(accounts_set_disabled(world->accounts, world->alice.account, false, NULL));
	assert_content(fixture, url, "content");
	g_assert_true(accounts_remove(world->accounts, world->alice.account, NULL));
	g_assert_cmpuint(status_of(fixture, url, "/content"), ==, 404);
}

static void test_nothing_beside_it(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	create(fixture, &world->alice, 1, "shared", "shared");
	create(fixture, &world->alice, 2, "secret", "secret");
	g_autofree char *secret = make(fixture, "{\"path\": \"secret\"}");
	g_auto(Asked) list =
		ask(fixture, &world->alice, "GET", "/api/v1/links", "path=secret", NULL);
	json_t *link = json_array_get(json_object_get(list.json, "links"), 0);
	const char *node = json_string_value(json_object_get(link, "node"));
	char root[NODE_ID_HEX_SIZE];
	node_id_to_hex(&world->alice.drive, root);
	g_autofree char *url = make(fixture, "{\"path\": \"shared\"}");
	const char *const others[] = { node, root, "00000000000000000000000000000001", "..", "." };
	for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
		g_autofree char *page = g_strconcat("/", others[i], NULL);
		g_autofree char *content = g_strconcat(page, "/content", NULL);
		g_assert_cmpuint(status_of(fixture, url, page), ==, 404);
		g_assert_cmpuint(status_of(fixture, url, content), ==, 404);
	}
	g_assert_cmpuint(status_of(fixture, url, "/archive"), ==, 404);
	g_assert_cmpuint(status_of(fixture, url, "/content/"), ==, 404);
	g_assert_cmpuint(status_of(fixture, url, "x"), ==, 404);
	g_assert_cmpuint(status_of(fixture, TEST_WORLD_BASE "/s/", ""), ==, 404);
	assert_content(fixture, url, "shared");
}

static void test_what_cannot_be_shared(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	create(fixture, test_world_bob(world), 1, "his", "his");
	create(fixture, &world->alice, 1, "file", "content");
	static const struct {
		const char *body;
		unsigned status;
	} wishes[] = {
		{ "{\"path\": \"\"}", 400 },
		{ "{\"path\": \"his\"}", 404 },
		{ "{\"node\": \"00000000000000000000000000000001\"}", 404 },
		{ "{\"node\": \"short\"}", 400 },
		{ "{}", 400 },
		{ "[]", 400 },
		{ "{\"path\": \"file\", \"days\": -1}", 400 },
		{ "{\"path\": \"file\", \"days\": 3651}", 400 },
		{ "{\"path\": \"file\", \"days\": \"7\"}", 400 },
		{ "{\"path\": \"file\", \"node\": \"00000000000000000000000000000001\"}", 400 },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(wishes); i++) {
		g_auto(Asked) asked =
			ask(fixture, &world->alice, "POST", "/api/v1/links", NULL, wishes[i].body);
		g_test_message("%s", wishes[i].body);
		g_assert_cmpuint(asked.status, ==, wishes[i].status);
	}
	g_auto(Asked) stranger =
		ask(fixture, NULL, "POST", "/api/v1/links", NULL, "{\"path\": \"file\"}");
	g_assert_cmpuint(stranger.status, ==, 401);
	g_assert_cmpuint(count(fixture, &world->alice, NULL), ==, 0);
}

static void test_links_are_read_only(Fixture *fixture, const void *data)
{
	create(fixture, &fixture->world->alice, 1, "file", "content");
	g_autofree char *url = make(fixture, "{\"path\": \"file\"}");
	uint64_t seq = test_world_seq(fixture->world);
	static const char *const methods[] = { "POST", "PUT", "DELETE", "PATCH" };
	for (unsigned i = 0; i < G_N_ELEMENTS(methods); i++) {
		const Request request = {
			.method = methods[i],
			.path = url + strlen(TEST_WORLD_BASE),
		};
		g_auto(Response) response = { 0 };
		fixture->links.handle(fixture->links.data, &request, &response);
		g_assert_cmpuint(response.status, ==, 405);
	}
	g_assert_cmpuint(test_world_seq(fixture->world), ==, seq);
}

/* ---- sent into a chat ------------------------------------------------------------------- */

/* The address of messages about a file of alice's, which has a link from now on. */
static char *messages_of(Fixture *fixture, const char *name)
{
	g_autofree char *wish = g_strdup_printf("{\"path\": \"%s\"}", name);
	g_auto(Asked) link =
		ask(fixture, &fixture->world->alice, "POST", "/api/v1/links", NULL, wish);
	const char *node = json_string_value(json_object_get(link.json, "node"));
	return g_strconcat("/api/v1/links/", node, "/messages", NULL);
}

static Asked send_to(Fixture *fixture, const TestDevice *device, const char *path, const char *to)
{
	g_autofree char *body = g_strdup_printf("{\"to\": \"%s\"}", to);
	return ask(fixture, device, "POST", path, NULL, body);
}

static void bind_address(Fixture *fixture, const TestDevice *device, const char *address)
{
	const Proof proof = {
		.provider = (char *)"memory",
		.tenant = (char *)"",
		.subject = (char *)address,
		.chat_address = (char *)address,
	};
	const IdentitiesBind bind = { .account = device->account, .epoch = -1, .proof = &proof };
	g_autoptr(GError) error = NULL;
	identities_bind(fixture->world->accounts, &bind, NULL, &error);
	g_assert_no_error(error);
}

static void test_the_drive_brings_a_link(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	create(fixture, &world->alice, 1, "plan", "content");
	bind_address(fixture, &world->alice, "alice@own.example");
	g_autofree char *path = messages_of(fixture, "plan");
	g_auto(Asked) sent = send_to(fixture, &world->alice, path, "Bob@own.example/phone");
	g_assert_cmpuint(sent.status, ==, 200);
	g_assert_cmpstr(json_string_value(json_object_get(sent.json, "to")), ==, "bob@own.example");
	g_auto(ChatMemoryMessage) message = { NULL };
	g_assert_true(chat_memory_take(world->chat_driver, &message));
	g_assert_cmpstr(message.to, ==, "bob@own.example");
	g_assert_nonnull(
		strstr(message.text, "alice (alice@own.example) shares the file \"plan\""));
	g_auto(GStrv) lines = g_strsplit(message.text, "\n", -1);
	const char *link = lines[1];
	assert_content(fixture, link, "content");
	/* Whom and what, but not how to open it. */
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(AuditRow));
	g_array_set_clear_func(rows, audit_row_clear);
	g_assert_true(audit_list(world->accounts, &(const AuditQuery){ 0 }, rows, NULL));
	const AuditRow *row = &g_array_index(rows, AuditRow, rows->len - 1);
	g_assert_cmpstr(row->what, ==, "send-link");
	g_assert_cmpint(row->actor, ==, world->alice.account);
	g_assert_cmpstr(row->target, ==, "memory/bob@own.example");
	g_assert_null(strstr(row->detail, strrchr(link, '/') + 1));
}

static unsigned count_audit(Fixture *fixture, const char *what, const char *target)
{
	unsigned count = 0;
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(AuditRow));
	g_array_set_clear_func(rows, audit_row_clear);
	g_assert_true(audit_list(fixture->world->accounts, &(const AuditQuery){ 0 }, rows, NULL));
	for (unsigned i = 0; i < rows->len; i++) {
		const AuditRow *row = &g_array_index(rows, AuditRow, i);
		count += strcmp(row->what, what) == 0 && strcmp(row->target, target) == 0;
	}
	return count;
}

/* Whatever fails in the database: what is told, what was sent and what is noted agree. */
static void test_what_is_sent_is_in_the_audit(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	create(fixture, &world->alice, 1, "plan", "content");
	g_autofree char *path = messages_of(fixture, "plan");
	unsigned failures = 0;
	for (unsigned nth = 1; nth < CHAT_SHARES_PER_SENDER_HOUR_MAX; nth++) {
		g_autofree char *to = g_strdup_printf("bob%u@own.example", nth);
		g_autofree char *target = g_strconcat("memory/", to, NULL);
		test_world_fail(world, nth);
		g_auto(Asked) asked = send_to(fixture, &world->alice, path, to);
		test_world_fail(world, 0);
		g_auto(ChatMemoryMessage) message = { NULL };
		bool sent = chat_memory_take(world->chat_driver, &message);
		g_assert_true(sent == (asked.status == 200));
		g_assert_cmpuint(count_audit(fixture, "send-link", target), ==, sent);
		failures += !sent;
	}
	g_assert_cmpuint(failures, >, 0);
	/* The last of them got through all of it. */
	g_assert_cmpuint(failures, <, CHAT_SHARES_PER_SENDER_HOUR_MAX - 2);
}

static void test_what_was_not_handed_over_is_in_the_audit(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	create(fixture, &world->alice, 1, "plan", "content");
	g_autofree char *path = messages_of(fixture, "plan");
	g_auto(Asked) closed = send_to(fixture, &world->alice, path, "closed@rooms.example");
	g_assert_cmpuint(closed.status, ==, 403);
	g_assert_cmpuint(count_audit(fixture, "send-link", "memory/closed@rooms.example"), ==, 1);
	g_assert_cmpuint(count_audit(fixture, "send-link-failed", "memory/closed@rooms.example"),
			 ==, 1);
	/* Nothing of whom the drive does not write to: that would fill it. */
	g_auto(Asked) stranger = send_to(fixture, &world->alice, path, "carol@open.example");
	g_assert_cmpuint(stranger.status, ==, 403);
	g_assert_cmpuint(count_audit(fixture, "send-link", "memory/carol@open.example"), ==, 0);
}

static void test_what_cannot_be_sent(Fixture *fixture, const void *data)
{
	TestWorld *world = fixture->world;
	create(fixture, &world->alice, 1, "plan", "content");
	create(fixture, &world->alice, 2, "other", "content");
	g_autofree char *path = messages_of(fixture, "plan");
	static const struct {
		const char *path; /* NULL: of the plan */
		const char *body;
		unsigned status;
	} wishes[] = {
		{ NULL, "{\"to\": \"carol@open.example\"}", 403 },
		{ NULL, "{\"to\": \"nobody\"}", 400 },
		{ NULL, "{\"to\": 1}", 400 },
		{ NULL, "{}", 400 },
		{ "/api/v1/links/00000000000000000000000000000001/messages",
		  "{\"to\": \"bob@own.example\"}", 404 },
		{ "/api/v1/links/short/messages", "{\"to\": \"bob@own.example\"}", 404 },
		{ "/api/v1/links/messages", "{\"to\": \"bob@own.example\"}", 404 },
		{ "/api/v1/links/", "{\"to\": \"bob@own.example\"}", 404 },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(wishes); i++) {
		g_auto(Asked) asked =
			ask(fixture, &world->alice, "POST", wishes[i].path ? wishes[i].path : path,
			    NULL, wishes[i].body);
		g_test_message("%s %s", wishes[i].path, wishes[i].body);
		g_assert_cmpuint(asked.status, ==, wishes[i].status);
	}
	/* By nobody else, and not when it has ended. */
	g_auto(Asked) foreign = send_to(fixture, test_world_bob(world), path, "bob@own.example");
	g_assert_cmpuint(foreign.status, ==, 404);
	g_auto(Asked) stranger = send_to(fixture, NULL, path, "bob@own.example");
	g_assert_cmpuint(stranger.status, ==, 401);
	g_autofree char *link = g_strndup(path, strlen(path) - strlen("/messages"));
	g_auto(Asked) ended = ask(fixture, &world->alice, "DELETE", link, NULL, NULL);
	g_assert_cmpuint(ended.status, ==, 204);
	g_auto(Asked) late = send_to(fixture, &world->alice, path, "bob@own.example");
	g_assert_cmpuint(late.status, ==, 404);
	g_auto(ChatMemoryMessage) message = { NULL };
	g_assert_false(chat_memory_take(world->chat_driver, &message));
}

static bool can_send(Fixture *fixture)
{
	g_auto(Asked) asked =
		ask(fixture, &fixture->world->alice, "GET", "/api/v1/links", NULL, NULL);
	const json_t *chat = json_object_get(asked.json, "chat");
	g_assert_true(json_is_boolean(chat));
	return json_is_true(chat);
}

static void test_it_says_whether_it_can_send(Fixture *fixture, const void *data)
{
	g_assert_true(can_send(fixture));
	create(fixture, &fixture->world->alice, 1, "plan", "content");
	g_autofree char *path = messages_of(fixture, "plan");
	chat_memory_set_online(fixture->world->chat_driver, false);
	g_assert_false(can_send(fixture));
	g_auto(Asked) asked = send_to(fixture, &fixture->world->alice, path, "bob@own.example");
	g_assert_cmpuint(asked.status, ==, 503);
}

static void add(const char *name, void (*test)(Fixture *, const void *))
{
	g_autofree char *path = g_strconcat("/api/links/", name, NULL);
	g_test_add(path, Fixture, NULL, setup, test, teardown);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("a-file-is-given", test_a_file_is_given);
	add("a-part-is-given", test_a_part_is_given);
	add("asking-again-gives-the-same", test_asking_again_gives_the_same);
	add("what-ended-opens-nothing", test_what_ended_opens_nothing);
	add("a-download-ends-with-its-link", test_a_download_ends_with_its_link);
	add("a-disabled-account-shares-nothing", test_a_disabled_account_shares_nothing);
	add("nothing-beside-it", test_nothing_beside_it);
	add("what-cannot-be-shared", test_what_cannot_be_shared);
	add("links-are-read-only", test_links_are_read_only);
	add("the-drive-brings-a-link", test_the_drive_brings_a_link);
	add("what-cannot-be-sent", test_what_cannot_be_sent);
	add("what-is-sent-is-in-the-audit", test_what_is_sent_is_in_the_audit);
	add("what-was-not-handed-over-is-in-the-audit",
	    test_what_was_not_handed_over_is_in_the_audit);
	add("it-says-whether-it-can-send", test_it_says_whether_it_can_send);
	return g_test_run();
}
