/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input, in lines: what stands behind "/s/" in the address of who has a link, where LINK stands for
 * its token; a Range; a query. Whatever it is, nothing breaks, and what he gets is what was shared.
 */
#include "api/json_body.h"
#include "api/test_world.h"
#include "server/share/share.h"

#include <string.h>

#define CONTENT "what is shared"
#define SECRET "what is not"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Shared {
	TestWorld *world;
	Service links;
	char *token;
} Shared;

static void create(TestWorld *world, uint64_t number, const char *name, const char *content)
{
	g_autoptr(Bulk) body = test_world_create(&world->alice, number, name, content);
	g_auto(Response) response = { 0 };
	test_world_ask(world, &world->alice, "/sync/v1/commit", body, &response);
	g_assert_cmpuint(response.status, ==, 200);
}

static char *make_token(TestWorld *world)
{
	static const char wish[] = "{\"path\": \"shared\"}";
	g_autoptr(Bulk) body = bulk_new(0);
	g_auto(Response) response = { 0 };
	size_t size;
	bulk_append(body, wish, strlen(wish));
	test_world_ask(world, &world->alice, "/api/v1/links", body, &response);
	const char *text = g_bytes_get_data(response.body, &size);
	g_autoptr(json_t) link = json_loadb(text, size, 0, NULL);
	const char *url = json_string_value(json_object_get(link, "url"));
	return g_strdup(strrchr(url, '/') + 1);
}

static Shared *shared_new(void)
{
	Shared *shared = g_new0(Shared, 1);
	shared->world = test_world_new();
	shared->links = share_service(shared->world->share);
	create(shared->world, 1, "shared", CONTENT);
	create(shared->world, 2, "secret", SECRET);
	shared->token = make_token(shared->world);
	return shared;
}

/* What came is a part of what was shared. */
static void check_content(Response *response)
{
	g_autoptr(GBytes) piece = NULL;
	uint64_t size = 0;
	while (response->source.next &&
	       response->source.next(response->source.data, &piece, NULL) && piece) {
		size_t part;
		const void *bytes = g_bytes_get_data(piece, &part);
		g_assert_nonnull(memmem(CONTENT, strlen(CONTENT), bytes, part));
		size += part;
		g_clear_pointer(&piece, g_bytes_unref);
	}
	g_assert_true(!response->source.next || size == response->source.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static Shared *shared;
	if (!shared) {
		shared = shared_new();
	}
	g_autofree char *text = g_strndup((const char *)data, size);
	g_auto(GStrv) lines = g_strsplit(text, "\n", 3);
	unsigned count = g_strv_length(lines);
	g_auto(GStrv) parts = g_strsplit(count > 0 ? lines[0] : "", "LINK", 3);
	g_autofree char *behind = g_strjoinv(shared->token, parts);
	g_autofree char *path = g_strconcat("/s/", behind, NULL);
	g_autoptr(Parameters) query =
		count > 2 ? parameters_parse(lines[2], strlen(lines[2]), NULL) : NULL;
	const Request request = {
		.method = "GET",
		.path = path,
		.query = query,
		.headers = { [REQUEST_RANGE] = count > 1 ? lines[1] : NULL },
	};
	Response response = { 0 };
	shared->links.handle(shared->links.data, &request, &response);
	g_assert(response.status != 0 && response.status < 500);
	check_content(&response);
	response_clear(&response);
	return 0;
}
