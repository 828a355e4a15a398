/* SPDX-License-Identifier: Apache-2.0 */
#include "client/remote/transport.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One connection, one request, one answer. */
typedef struct Server {
	int socket;
	char *url;
	const char *answer;
	GString *request;
	GThread *thread;
} Server;

static void *serve(void *data)
{
	Server *server = data;
	int fd = accept(server->socket, NULL, NULL);
	char byte = 0;
	while (!g_str_has_suffix(server->request->str, "\r\n\r\nbody") &&
	       recv(fd, &byte, 1, 0) == 1) {
		g_string_append_c(server->request, byte);
	}
	send(fd, server->answer, strlen(server->answer), MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

static void server_start(Server *server, const char *answer)
{
	server->answer = answer;
	server->request = g_string_new(NULL);
	server->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = { .sin_family = AF_INET };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	socklen_t size = sizeof address;
	g_assert_cmpint(bind(server->socket, (struct sockaddr *)&address, size), ==, 0);
	g_assert_cmpint(listen(server->socket, 1), ==, 0);
	getsockname(server->socket, (struct sockaddr *)&address, &size);
	server->url = g_strdup_printf("http://127.0.0.1:%u/prefix//", ntohs(address.sin_port));
	server->thread = g_thread_new("server", serve, server);
}

static void server_stop(Server *server)
{
	g_thread_join(server->thread);
	close(server->socket);
	g_free(server->url);
	g_string_free(server->request, TRUE);
}

static char *get_token(void *data, const char *refused, GCancellable *cancellable, GError **error)
{
	if (refused) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED, "signed out");
		return NULL;
	}
	return g_strdup("token");
}

static const TransportToken token = { .get = get_token };

static GBytes *exchange(const char *answer, Server *server, GError **error)
{
	server_start(server, answer);
	Transport *transport = transport_http_new(server->url, &token, NULL);
	const Piece pieces[] = { { "bo", 2 }, { "dy", 2 } };
	const Pieces body = { pieces, G_N_ELEMENTS(pieces) };
	GBytes *got = NULL;
	transport->vtable->exchange(transport, "changes", &body, 0, NULL, &got, error);
	uint64_t sent = 0;
	uint64_t received = 0;
	transport->vtable->traffic(transport, &sent, &received);
	g_assert_cmpuint(sent, >, 4);
	g_assert_cmpuint(received, >, 0);
	transport->vtable->free(transport);
	return got;
}

static void test_exchange(void)
{
	Server server;
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) body =
		exchange("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", &server, &error);
	g_assert_no_error(error);
	g_assert_cmpmem(g_bytes_get_data(body, NULL), g_bytes_get_size(body), "hello", 5);
	const char *head = server.request->str;
	g_assert_true(g_str_has_prefix(head, "POST /prefix/sync/v1/changes HTTP/1.1\r\n"));
	g_assert_nonnull(strstr(head, "\r\nAuthorization: Bearer token\r\n"));
	server_stop(&server);
}

static void test_no_content(void)
{
	Server server;
	g_autoptr(GError) error = NULL;
	g_assert_null(exchange("HTTP/1.1 204 No Content\r\n\r\n", &server, &error));
	g_assert_no_error(error);
	server_stop(&server);
}

typedef struct Refusal {
	const char *name;
	const char *answer;
	DriveError code;
	const char *message;
} Refusal;

static const Refusal refusals[] = {
	{ "quota",
	  "HTTP/1.1 507 X\r\nContent-Type: application/json\r\nContent-Length: 43\r\n\r\n"
	  "{\"error\":\"quota\",\"message\":\"full \\u0007up\"}",
	  DRIVE_ERROR_QUOTA, "full \\x07up" },
	{ "full-disk",
	  "HTTP/1.1 507 X\r\nContent-Type: application/json\r\nContent-Length: 37\r\n\r\n"
	  "{\"error\":\"no-space\",\"message\":\"full\"}",
	  DRIVE_ERROR_NO_SPACE, "full" },
	{ "expired", "HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n", DRIVE_ERROR_UNAUTHENTICATED,
	  "signed out" },
	{ "broken-json",
	  "HTTP/1.1 503 X\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n[[[[",
	  DRIVE_ERROR_BUSY, "the server answered with status 503" },
	{ "json-of-another-form",
	  "HTTP/1.1 400 X\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n"
	  "{\"message\":[1]}",
	  DRIVE_ERROR_INVALID, "the server answered with status 400" },
	{ "proxy", "HTTP/1.1 502 X\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
	  DRIVE_ERROR_OFFLINE, "the server answered with status 502" },
	{ "portal", "HTTP/1.1 200 X\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
	  DRIVE_ERROR_OFFLINE, "web page" },
	{ "redirect", "HTTP/1.1 302 X\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
	  DRIVE_ERROR_INVALID, "the server answered with status 302" },
};

static void test_refusal(const void *data)
{
	const Refusal *refusal = data;
	Server server;
	g_autoptr(GError) error = NULL;
	g_assert_null(exchange(refusal->answer, &server, &error));
	g_assert_error(error, DRIVE_ERROR, (int)refusal->code);
	g_assert_nonnull(strstr(error->message, refusal->message));
	server_stop(&server);
}

static void test_bad_addresses(void)
{
	const char *const bad[] = { "", "drive.example.org:x/", "ftp://drive.example.org",
				    "https://drive.example.org/?a",
				    "https://drive.example.org/#a" };
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(transport_http_new(bad[i], &token, &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_unsetenv("http_proxy");
	g_test_add_func("/client/remote/transport_http/exchange", test_exchange);
	g_test_add_func("/client/remote/transport_http/no-content", test_no_content);
	for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
		g_autofree char *path = g_strconcat("/client/remote/transport_http/refusal/",
						    refusals[i].name, NULL);
		g_test_add_data_func(path, &refusals[i], test_refusal);
	}
	g_test_add_func("/client/remote/transport_http/bad-addresses", test_bad_addresses);
	return g_test_run();
}
