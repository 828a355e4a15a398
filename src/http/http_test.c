/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server of these tests is a socket and a thread: it reads one request after the other from
 * each connection and does with it what the test says.
 */
#include "http/http.h"

#include "base/error.h"
#include "base/limits.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct Server Server;

/* Answers one request on fd; false: close the connection. */
typedef bool (*Answer)(Server *server, int fd, const char *head, GByteArray *body);

struct Server {
	int socket;
	unsigned port;
	Answer answer;
	GThread *thread;
	GMutex mutex;
	GCond cond;
	int connections; /* accepted so far */
	int requests;    /* read so far */
	bool stopping;
	GString *head; /* of the last request */
	GPtrArray *threads;
	GArray *sockets;
};

static bool send_all(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;
	while (size > 0) {
		ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
		if (sent <= 0) {
			return false;
		}
		at += sent;
		size -= (size_t)sent;
	}
	return true;
}

static bool send_text(int fd, const char *text)
{
	return send_all(fd, text, strlen(text));
}

static bool read_request(int fd, GString *head, GByteArray *body)
{
	g_string_truncate(head, 0);
	g_byte_array_set_size(body, 0);
	while (!g_str_has_suffix(head->str, "\r\n\r\n")) {
		char byte = 0;
		if (recv(fd, &byte, 1, 0) != 1) {
			return false;
		}
		g_string_append_c(head, byte);
	}
	const char *length = strstr(head->str, "Content-Length: ");
	size_t size = length ? g_ascii_strtoull(length + 16, NULL, 10) : 0;
	g_byte_array_set_size(body, (unsigned)size);
	for (size_t at = 0; at < size;) {
		ssize_t got = recv(fd, body->data + at, size - at, 0);
		if (got <= 0) {
			return false;
		}
		at += (size_t)got;
	}
	return true;
}

typedef struct Connection {
	Server *server;
	int fd;
} Connection;

static void *serve_connection(void *data)
{
	g_autofree Connection *connection = data;
	Server *server = connection->server;
	g_autoptr(GString) head = g_string_new(NULL);
	g_autoptr(GByteArray) body = g_byte_array_new();
	while (read_request(connection->fd, head, body)) {
		g_mutex_lock(&server->mutex);
		server->requests++;
		g_string_assign(server->head, head->str);
		Answer answer = server->answer;
		g_cond_broadcast(&server->cond);
		g_mutex_unlock(&server->mutex);
		if (!answer(server, connection->fd, head->str, body)) {
			break;
		}
	}
	shutdown(connection->fd, SHUT_RDWR);
	return NULL;
}

static void *serve(void *data)
{
	Server *server = data;
	for (;;) {
		int fd = accept(server->socket, NULL, NULL);
		g_mutex_lock(&server->mutex);
		bool stopping = server->stopping || fd < 0;
		if (!stopping) {
			server->connections++;
			g_array_append_val(server->sockets, fd);
			Connection *connection = g_new(Connection, 1);
			*connection = (Connection){ server, fd };
			g_ptr_array_add(server->threads,
					g_thread_new("connection", serve_connection, connection));
		}
		g_mutex_unlock(&server->mutex);
		if (stopping) {
			return NULL;
		}
	}
}

static Server *server_new(Answer answer)
{
	Server *server = g_new0(Server, 1);
	server->answer = answer;
	server->head = g_string_new(NULL);
	server->threads = g_ptr_array_new();
	server->sockets = g_array_new(FALSE, FALSE, sizeof(int));
	g_mutex_init(&server->mutex);
	g_cond_init(&server->cond);
	server->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = { .sin_family = AF_INET };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	socklen_t size = sizeof address;
	g_assert_cmpint(bind(server->socket, (struct sockaddr *)&address, size), ==, 0);
	g_assert_cmpint(listen(server->socket, 16), ==, 0);
	g_assert_cmpint(getsockname(server->socket, (struct sockaddr *)&address, &size), ==, 0);
	server->port = ntohs(address.sin_port);
	server->thread = g_thread_new("server", serve, server);
	return server;
}

static void server_free(Server *server)
{
	g_mutex_lock(&server->mutex);
	server->stopping = true;
	g_cond_broadcast(&server->cond);
	for (unsigned i = 0; i < server->sockets->len; i++) {
		shutdown(g_array_index(server->sockets, int, i), SHUT_RDWR);
	}
	g_mutex_unlock(&server->mutex);
	shutdown(server->socket, SHUT_RDWR);
	g_thread_join(server->thread);
	for (unsigned i = 0; i < server->threads->len; i++) {
		g_thread_join(g_ptr_array_index(server->threads, i));
		close(g_array_index(server->sockets, int, i));
	}
	close(server->socket);
	g_ptr_array_unref(server->threads);
	g_array_unref(server->sockets);
	g_string_free(server->head, TRUE);
	g_mutex_clear(&server->mutex);
	g_cond_clear(&server->cond);
	g_free(server);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Server, server_free)

static void wait_for_request(Server *server, int number)
{
	g_mutex_lock(&server->mutex);
	while (server->requests < number) {
		g_cond_wait(&server->cond, &server->mutex);
	}
	g_mutex_unlock(&server->mutex);
}

static HttpResponse *post(Http *http, Server *server, GBytes *body, GCancellable *cancellable,
			  GError **error)
{
	g_autofree char *url = g_strdup_printf(
		"http://user:secret@127.0.0.1:%u/bot-secret/path?key=secret", server->port);
	HttpRequest request = {
		.method = "POST",
		.url = url,
		.body = g_bytes_get_data(body, NULL),
		.body_size = g_bytes_get_size(body),
		.response_size_max = 16 * MIB,
	};
	return http_send(http, &request, cancellable, error);
}

/* ---- answers ------------------------------------------------------------------------------ */

static bool answer_echo(Server *server, int fd, const char *head, GByteArray *body)
{
	g_autofree char *text =
		g_strdup_printf("HTTP/1.1 200 OK\r\nContent-Type: Text/Plain; charset=utf-8\r\n"
				"Content-Length: %u\r\nX-One: a\r\nx-one:  b \r\n\r\n",
				body->len);
	return send_text(fd, text) && send_all(fd, body->data, body->len);
}

static bool answer_chunked(Server *server, int fd, const char *head, GByteArray *body)
{
	return send_text(fd, "HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\n"
			     "HTTP/1.1 418 Teapot\r\nTransfer-Encoding: chunked\r\n\r\n"
			     "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
}

static bool answer_too_long(Server *server, int fd, const char *head, GByteArray *body)
{
	return send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nabc") &&
	       send_all(fd, body->data, body->len);
}

static bool answer_endless(Server *server, int fd, const char *head, GByteArray *body)
{
	bool ok = send_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	g_autofree char *block = g_strnfill(64 * KIB, 'x');
	while (ok) {
		ok = send_text(fd, "10000\r\n") && send_all(fd, block, 64 * KIB) &&
		     send_text(fd, "\r\n");
	}
	return false;
}

static bool answer_endless_headers(Server *server, int fd, const char *head, GByteArray *body)
{
	bool ok = send_text(fd, "HTTP/1.1 200 OK\r\n");
	g_autofree char *block = g_strnfill(1000, 'x');
	while (ok) {
		ok = send_text(fd, "X-Long: ") && send_text(fd, block) && send_text(fd, "\r\n");
	}
	return false;
}

static bool answer_cut(Server *server, int fd, const char *head, GByteArray *body)
{
	send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
	return false;
}

static bool answer_nothing(Server *server, int fd, const char *head, GByteArray *body)
{
	return false;
}

static bool answer_garbage(Server *server, int fd, const char *head, GByteArray *body)
{
	send_text(fd, "SSH-2.0-OpenSSH_9.2\r\n");
	return false;
}

static bool answer_redirect(Server *server, int fd, const char *head, GByteArray *body)
{
	return send_text(fd, "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
}

static bool answer_no_content(Server *server, int fd, const char *head, GByteArray *body)
{
	return send_text(fd, "HTTP/1.1 204 No Content\r\n\r\n");
}

/* Keeps the answer back until the server is stopped or the client goes away. */
static bool answer_never(Server *server, int fd, const char *head, GByteArray *body)
{
	char byte = 0;
	return recv(fd, &byte, 1, 0) == 1;
}

/* The second request of a connection finds it closed. */
static bool answer_once(Server *server, int fd, const char *head, GByteArray *body)
{
	answer_echo(server, fd, head, body);
	return false;
}

/* Every other request gets no answer, once it was read: a kept connection that the server closes.
 */
static bool answer_every_other(Server *server, int fd, const char *head, GByteArray *body)
{
	g_mutex_lock(&server->mutex);
	bool answered = server->requests % 2 == 1;
	g_mutex_unlock(&server->mutex);
	return answered && answer_echo(server, fd, head, body);
}

/* ---- tests ------------------------------------------------------------------------------- */

static void test_exchange(void)
{
	g_autoptr(Server) server = server_new(answer_echo);
	g_autoptr(Http) http = http_new("imdrive-test/1");
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) body = g_bytes_new_static("hello\0world", 11);
	g_autoptr(HttpResponse) response = post(http, server, body, NULL, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(response->status, ==, 200);
	g_assert_true(g_bytes_equal(response->body, body));
	g_assert_cmpstr(response->content_type, ==, "text/plain");
	g_assert_cmpstr(g_hash_table_lookup(response->headers, "x-one"), ==, "b");
	g_assert_nonnull(strstr(server->head->str, "User-Agent: imdrive-test/1\r\n"));
	g_assert_null(strstr(server->head->str, "Expect"));
	g_assert_null(strstr(server->head->str, "urlencoded"));
	uint64_t sent = 0;
	uint64_t received = 0;
	http_traffic(http, &sent, &received);
	g_assert_cmpuint(sent, >=, server->head->len + 11);
	g_assert_cmpuint(sent, <=, server->head->len + 22);
	g_assert_cmpuint(received, >, 11 + 60);
}

static void test_methods(void)
{
	g_autoptr(Server) server = server_new(answer_chunked);
	g_autoptr(Http) http = http_new("imdrive-test/1");
	g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/", server->port);
	const char *const methods[] = { "GET", "DELETE", "PUT", "POST" };
	const char *const headers[] = { "Authorization: Bearer x", "Content-Type: a/b", NULL };
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		HttpRequest request = { .method = methods[i], .url = url, .headers = headers };
		request.response_size_max = 5;
		g_autoptr(GError) error = NULL;
		g_autoptr(HttpResponse) response = http_send(http, &request, NULL, &error);
		g_assert_no_error(error);
		g_assert_cmpuint(response->status, ==, 418);
		g_assert_cmpmem(g_bytes_get_data(response->body, NULL),
				g_bytes_get_size(response->body), "abcde", 5);
		g_assert_null(g_hash_table_lookup(response->headers, "x-interim"));
		g_assert_null(response->content_type);
		g_assert_true(g_str_has_prefix(server->head->str, methods[i]));
		g_assert_nonnull(strstr(server->head->str, "Authorization: Bearer x\r\n"));
		g_assert_nonnull(strstr(server->head->str, "Content-Type: a/b\r\n"));
	}
}

static void test_kept_connection(void)
{
	g_autoptr(Server) server = server_new(answer_echo);
	g_autoptr(Http) http = http_new("imdrive-test/1");
	g_autoptr(GBytes) body = g_bytes_new_static("x", 1);
	for (int i = 0; i < 20; i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(HttpResponse) response = post(http, server, body, NULL, &error);
		g_assert_no_error(error);
	}
	g_assert_cmpint(server->connections, ==, 1);
}

static void test_closed_connection(void)
{
	g_autoptr(Server) server = server_new(answer_once);
	g_autoptr(Http) http = http_new("imdrive-test/1");
	g_autoptr(GBytes) body = g_bytes_new_static("x", 1);
	for (int i = 0; i < 5; i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(HttpResponse) response = post(http, server, body, NULL, &error);
		g_assert_no_error(error);
		g_assert_cmpuint(response->status, ==, 200);
	}
	g_assert_cmpint(server->requests, ==, 5);
}

static GBytes *noise_new(size_t size)
{
	uint8_t *bytes = g_malloc(size);
	for (size_t i = 0; i < size; i++) {
		bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	}
	return g_bytes_new_take(bytes, size);
}

/* Few bytes, which curl sends with the headers, and many; each but the first call is sent twice. */
static void test_body_in_pieces(void)
{
	static const size_t sizes[] = { 3, 1000, 64 * KIB - 1, 64 * KIB, 3 * MIB };
	g_autoptr(Server) server = server_new(answer_every_other);
	g_autoptr(Http) http = http_new("imdrive-test/1");
	g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/", server->port);
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autoptr(GBytes) body = noise_new(sizes[i]);
		const uint8_t *bytes = g_bytes_get_data(body, NULL);
		const Piece list[] = { { bytes, 1 },
				       { bytes + 1, sizes[i] - 2 },
				       { NULL, 0 },
				       { bytes + sizes[i] - 1, 1 } };
		const Pieces pieces = { list, G_N_ELEMENTS(list) };
		const HttpRequest request = { .method = "POST",
					      .url = url,
					      .pieces = &pieces,
					      .response_size_max = 16 * MIB };
		g_autoptr(GError) error = NULL;
		g_autoptr(HttpResponse) response = http_send(http, &request, NULL, &error);
		g_assert_no_error(error);
		g_assert_true(g_bytes_equal(response->body, body));
	}
	g_assert_cmpint(server->requests, ==, 2 * (int)G_N_ELEMENTS(sizes) - 1);
	uint64_t sent = 0;
	uint64_t received = 0;
	http_traffic(http, &sent, &received);
	g_assert_cmpuint(sent, >=, 3 * MIB + 128 * KIB);
}

typedef struct Caller {
	Http *http;
	Server *server;
	GBytes *body;
	GCancellable *cancellable;
	GError *error;
} Caller;

static void *call_repeatedly(void *data)
{
	Caller *caller = data;
	for (int i = 0; i < 50 && !caller->error; i++) {
		g_autoptr(HttpResponse) response =
			post(caller->http, caller->server, caller->body, NULL, &caller->error);
		g_assert_true(!response || g_bytes_equal(response->body, caller->body));
	}
	return NULL;
}

static void test_threads(void)
{
	g_autoptr(Server) server = server_new(answer_echo);
	g_autoptr(Http) http = http_new("imdrive-test/1");
	Caller callers[4];
	GThread *threads[4];
	for (size_t i = 0; i < G_N_ELEMENTS(callers); i++) {
		g_autofree char *text = g_strdup_printf("caller %zu", i);
		callers[i] = (Caller){ .http = http, .server = server };
		callers[i].body = g_bytes_new(text, strlen(text));
		threads[i] = g_thread_new("caller", call_repeatedly, &callers[i]);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(callers); i++) {
		g_thread_join(threads[i]);
		g_assert_no_error(callers[i].error);
		g_bytes_unref(callers[i].body);
	}
	g_assert_cmpint(server->connections, <=, 4);
}

static void test_large_bodies(void)
{
	g_autoptr(Server) server = server_new(answer_echo);
	g_autoptr(Http) http = http_new("imdrive-test/1");
	size_t size = 8 * MIB;
	g_autoptr(GBytes) body = noise_new(size);
	int rounds = g_test_perf() ? 100 : 2;
	int64_t start_us = g_get_monotonic_time();
	for (int i = 0; i < rounds; i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(HttpResponse) response = post(http, server, body, NULL, &error);
		g_assert_no_error(error);
		g_assert_true(g_bytes_equal(response->body, body));
	}
	double seconds = (double)(g_get_monotonic_time() - start_us) / 1e6;
	double rate = (double)size * rounds / seconds / 1e6;
	g_test_maximized_result(rate, "8 MiB there and back: %.0f MB/s each way", rate);
}

typedef struct Failure {
	const char *name;
	Answer answer;
	DriveError code;
	size_t response_size_max;
} Failure;

static const Failure failures[] = {
	{ "told-length", answer_too_long, DRIVE_ERROR_TOO_LARGE, MIB },
	{ "untold-length", answer_endless, DRIVE_ERROR_TOO_LARGE, MIB },
	{ "no-body-allowed", answer_chunked, DRIVE_ERROR_TOO_LARGE, 0 },
	{ "headers", answer_endless_headers, DRIVE_ERROR_TOO_LARGE, MIB },
	{ "cut-body", answer_cut, DRIVE_ERROR_OFFLINE, MIB },
	{ "no-answer", answer_nothing, DRIVE_ERROR_OFFLINE, MIB },
	{ "not-http", answer_garbage, DRIVE_ERROR_INVALID, MIB },
};

static void test_failure(const void *data)
{
	const Failure *failure = data;
	g_autoptr(Server) server = server_new(failure->answer);
	g_autoptr(Http) http = http_new("imdrive-test/1");
	g_autofree char *url = g_strdup_printf(
		"http://user:secret@127.0.0.1:%u/bot-secret/path?key=secret", server->port);
	HttpRequest request = { .method = "POST", .url = url, .body = "abc", .body_size = 3 };
	request.response_size_max = failure->response_size_max;
	for (int i = 0; i < 2; i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(HttpResponse) response = http_send(http, &request, NULL, &error);
		g_assert_null(response);
		g_assert_error(error, DRIVE_ERROR, (int)failure->code);
		g_assert_null(strstr(error->message, "secret"));
		g_assert_nonnull(strstr(error->message, "http://127.0.0.1:"));
	}
	g_mutex_lock(&server->mutex);
	server->answer = answer_echo;
	g_mutex_unlock(&server->mutex);
	g_autoptr(GBytes) body = g_bytes_new_static("x", 1);
	g_autoptr(GError) error = NULL;
	g_autoptr(HttpResponse) response = post(http, server, body, NULL, &error);
	g_assert_no_error(error);
}

static void test_no_server(void)
{
	Server *server = server_new(answer_echo);
	g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/", server->port);
	server_free(server);
	g_autoptr(Http) http = http_new("imdrive-test/1");
	HttpRequest request = { .method = "GET", .url = url };
	g_autoptr(GError) error = NULL;
	g_assert_null(http_send(http, &request, NULL, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE);
}

static void test_bad_requests(void)
{
	g_autoptr(Http) http = http_new("imdrive-test/1");
	const char *const urls[] = {
		"",        "file:///etc/passwd", "ftp://127.0.0.1/",
		"http://", "http://a b/?secret", "http://127.0.0.1:99999/?secret"
	};
	for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
		HttpRequest request = { .method = "GET", .url = urls[i] };
		g_autoptr(GError) error = NULL;
		g_assert_null(http_send(http, &request, NULL, &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
		g_assert_null(strstr(error->message, "secret"));
	}
	const char *const bad[] = { "X: a\r\nY: secret", "secret", ": secret", "A secret: b" };
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		const char *const headers[] = { bad[i], NULL };
		HttpRequest request = { .method = "GET", .url = "http://127.0.0.1:1/" };
		request.headers = headers;
		g_autoptr(GError) error = NULL;
		g_assert_null(http_send(http, &request, NULL, &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
		g_assert_null(strstr(error->message, "secret"));
	}
}

static void test_redirect(void)
{
	g_autoptr(Server) server = server_new(answer_redirect);
	g_autoptr(Http) http = http_new("imdrive-test/1");
	g_autoptr(GBytes) body = g_bytes_new_static("x", 1);
	g_autoptr(HttpResponse) response = post(http, server, body, NULL, NULL);
	g_assert_cmpuint(response->status, ==, 302);
	g_assert_cmpstr(g_hash_table_lookup(response->headers, "location"), ==, "/other");
	g_assert_cmpint(server->requests, ==, 1);
}

/* Also not over a connection that another call has left open, nor by a name. */
static void test_public_only(void)
{
	g_autoptr(Server) server = server_new(answer_no_content);
	g_autoptr(Http) http = http_new("imdrive-test/1");
	g_autoptr(GBytes) body = g_bytes_new_static("x", 1);
	g_autoptr(HttpResponse) before = post(http, server, body, NULL, NULL);
	static const char *const hosts[] = { "127.0.0.1",  "localhost", "[::ffff:127.0.0.1]",
					     "2130706433", "0x7f.1",    "0.0.0.0" };
	for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
		g_autofree char *url = g_strdup_printf("http://%s:%u/", hosts[i], server->port);
		HttpRequest request = { .method = "GET", .url = url, .public_only = true };
		g_autoptr(GError) error = NULL;
		g_assert_null(http_send(http, &request, NULL, &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
	}
	g_assert_cmpint(server->requests, ==, 1);
	g_autoptr(HttpResponse) after = post(http, server, body, NULL, NULL);
	g_assert_cmpuint(after->status, ==, 204);
}

static void test_no_content(void)
{
	g_autoptr(Server) server = server_new(answer_no_content);
	g_autoptr(Http) http = http_new("imdrive-test/1");
	g_autoptr(GBytes) body = g_bytes_new_static("x", 1);
	g_autoptr(HttpResponse) response = post(http, server, body, NULL, NULL);
	g_assert_cmpuint(response->status, ==, 204);
	g_assert_cmpuint(g_bytes_get_size(response->body), ==, 0);
}

static void test_timeout(void)
{
	g_autoptr(Server) server = server_new(answer_never);
	g_autoptr(Http) http = http_new("imdrive-test/1");
	g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/", server->port);
	HttpRequest request = { .method = "GET", .url = url, .timeout_ms = 50 };
	g_autoptr(GError) error = NULL;
	g_assert_null(http_send(http, &request, NULL, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE);
}

static void test_stall(void)
{
	g_autoptr(Server) server = server_new(answer_never);
	g_autoptr(Http) http = http_new("imdrive-test/1");
	g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/", server->port);
	HttpRequest request = { .method = "GET", .url = url, .stall_ms = 1000 };
	g_autoptr(GError) error = NULL;
	g_assert_null(http_send(http, &request, NULL, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE);
}

static void *call_once(void *data)
{
	Caller *caller = data;
	g_autoptr(HttpResponse) response = post(caller->http, caller->server, caller->body,
						caller->cancellable, &caller->error);
	g_assert_null(response);
	return NULL;
}

static void test_cancel(void)
{
	g_autoptr(Server) server = server_new(answer_never);
	g_autoptr(Http) http = http_new("imdrive-test/1");
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	g_autoptr(GBytes) body = g_bytes_new_static("x", 1);
	Caller caller = { .http = http, .server = server, .body = body };
	caller.cancellable = cancellable;
	GThread *thread = g_thread_new("caller", call_once, &caller);
	wait_for_request(server, 1);
	int64_t start_us = g_get_monotonic_time();
	g_cancellable_cancel(cancellable);
	g_thread_join(thread);
	int64_t took_us = g_get_monotonic_time() - start_us;
	g_assert_error(caller.error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED);
	g_clear_error(&caller.error);
	g_assert_cmpint(took_us, <, 500000);
	call_once(&caller);
	g_assert_error(caller.error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED);
	g_clear_error(&caller.error);
	g_assert_cmpint(server->requests, ==, 1);
}

static void test_origin(void)
{
	const char *const pairs[][2] = {
		{ "https://u:p@example.org/a/b?c#d", "https://example.org" },
		{ "http://[::1]:8090/", "http://[::1]:8090" },
		{ "file:///x", "(no URL)" },
		{ "nonsense", "(no URL)" },
		{ NULL, "(no URL)" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
		g_autofree char *origin = http_origin(pairs[i][0]);
		g_assert_cmpstr(origin, ==, pairs[i][1]);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_unsetenv("http_proxy");
	g_test_add_func("/http/http/exchange", test_exchange);
	g_test_add_func("/http/http/methods", test_methods);
	g_test_add_func("/http/http/keeps-connection", test_kept_connection);
	g_test_add_func("/http/http/survives-closed-connection", test_closed_connection);
	g_test_add_func("/http/http/threads", test_threads);
	g_test_add_func("/http/http/large-bodies", test_large_bodies);
	g_test_add_func("/http/http/body-in-pieces", test_body_in_pieces);
	for (size_t i = 0; i < G_N_ELEMENTS(failures); i++) {
		g_autofree char *path = g_strconcat("/http/http/fails/", failures[i].name, NULL);
		g_test_add_data_func(path, &failures[i], test_failure);
	}
	g_test_add_func("/http/http/fails/no-server", test_no_server);
	g_test_add_func("/http/http/fails/bad-requests", test_bad_requests);
	g_test_add_func("/http/http/redirect-is-an-answer", test_redirect);
	g_test_add_func("/http/http/r9-public-only-reaches-nothing-inside", test_public_only);
	g_test_add_func("/http/http/no-content", test_no_content);
	g_test_add_func("/http/http/times-out", test_timeout);
	g_test_add_func("/http/http/notices-stall", test_stall);
	g_test_add_func("/http/http/cancels-at-once", test_cancel);
	g_test_add_func("/http/http/origin", test_origin);
	return g_test_run();
}
