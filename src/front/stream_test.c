/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that are made while they are sent, to those who read them and those who do not. */
#include "front/front.h"

#include "base/error.h"
#include "front/raw.h"

#include <string.h>
#include <unistd.h>

#define BODY_TIMEOUT_MS 1000
/* What front allows, each with a piece of it in memory. */
#define STREAMS_MAX 128
#define STREAMS_PER_PEER_MAX 32

typedef struct Fixture {
	Front *front;
	unsigned port;
} Fixture;

/* An answer in pieces, the n-th of n times 1000 bytes. */
typedef struct Pieces {
	unsigned count;
	unsigned given;
	bool fails; /* behind the last */
} Pieces;

static _Atomic unsigned pieces_open;

static bool next_piece(void *data, GBytes **ret_piece, GError **error)
{
	Pieces *pieces = data;
	if (pieces->given == pieces->count && pieces->fails) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_IO, "no more");
		return false;
	}
	*ret_piece = NULL;
	if (pieces->given < pieces->count) {
		size_t size = (size_t)++pieces->given * 1000;
		char *bytes = g_malloc(size);
		memset(bytes, 'a' + (int)((pieces->given - 1) % 26), size);
		*ret_piece = g_bytes_new_take(bytes, size);
	}
	return true;
}

static void free_pieces(void *data)
{
	pieces_open--;
	g_free(data);
}

static ResponseSource make_pieces(unsigned count, const char *how)
{
	Pieces *pieces = g_new(Pieces, 1);
	*pieces = (Pieces){ count, 0, strcmp(how, "fails") == 0 };
	pieces_open++;
	return (ResponseSource){
		.size = strcmp(how, "known") == 0 ? (uint64_t)count * (count + 1) / 2 * 1000
						  : RESPONSE_SIZE_UNKNOWN,
		.next = next_piece,
		.free = free_pieces,
		.data = pieces,
	};
}

static bool serves(void *data, const char *path)
{
	return true;
}

static size_t body_max(void *data, const char *method, const char *path)
{
	return 0;
}

static void handle(void *data, const Request *request, Response *ret_response)
{
	const char *pieces = request_query(request, "pieces");
	ret_response->status = 200;
	ret_response->content_type = "text/plain";
	if (pieces) {
		ret_response->source = make_pieces((unsigned)g_ascii_strtoull(pieces, NULL, 10),
						   request_query(request, "how") ?: "known");
	}
}

static void setup(Fixture *fixture, const void *data)
{
	const char *const proxies[] = { "127.0.0.1", NULL };
	const FrontOptions options = {
		.listen = "127.0.0.1:0",
		.trusted_proxies = proxies,
		.body_timeout_ms = BODY_TIMEOUT_MS,
	};
	const Service service = { .serves = serves, .body_max = body_max, .handle = handle };
	g_autoptr(GError) error = NULL;
	fixture->front = front_start(&options, &service, 1, &error);
	g_assert_no_error(error);
	const char *colon = strrchr(front_url(fixture->front), ':');
	fixture->port = (unsigned)g_ascii_strtoull(colon + 1, NULL, 10);
}

static void ask(Fixture *fixture, const char *query, RawAnswer *ret_answer)
{
	int fd = raw_dial(fixture->port);
	g_autofree char *text = g_strdup_printf("GET /?%s HTTP/1.1\r\nHost: drive\r\n\r\n", query);
	raw_put_text(fd, text);
	raw_get_answer(fd, ret_answer);
	close(fd);
}

static void assert_answers(Fixture *fixture)
{
	RawAnswer answer;
	ask(fixture, "", &answer);
	g_assert_cmpuint(answer.status, ==, 200);
	raw_answer_clear(&answer);
}

static void teardown(Fixture *fixture, const void *data)
{
	assert_answers(fixture);
	front_stop(fixture->front);
	g_assert_cmpuint(pieces_open, ==, 0);
}

/* Asserts that these are the pieces from the first on, whole or not. */
static void assert_pieces(const char *bytes, size_t size, unsigned count)
{
	for (unsigned i = 1; i <= count; i++) {
		for (unsigned j = 0; j < i * 1000; j++) {
			if (size == 0) {
				return;
			}
			g_assert_cmpint(*bytes, ==, 'a' + (int)((i - 1) % 26));
			bytes++;
			size--;
		}
	}
	g_assert_cmpuint(size, ==, 0);
}

static void assert_all_closed(void)
{
	while (pieces_open > 0) {
		g_usleep(1000);
	}
}

static void test_answers_in_pieces(Fixture *fixture, const void *data)
{
	RawAnswer answer;
	ask(fixture, "pieces=100", &answer);
	g_assert_cmpuint(answer.status, ==, 200);
	g_assert_cmpuint(g_bytes_get_size(answer.body), ==, 5050000);
	assert_pieces(g_bytes_get_data(answer.body, NULL), 5050000, 100);
	raw_answer_clear(&answer);
	ask(fixture, "pieces=0", &answer);
	g_assert_cmpuint(answer.status, ==, 200);
	g_assert_cmpuint(g_bytes_get_size(answer.body), ==, 0);
	raw_answer_clear(&answer);
	assert_all_closed();
}

/* What comes until the connection ends. */
static GString *get_rest(int fd)
{
	GString *text = g_string_new(NULL);
	char part[16384];
	size_t got;
	while ((got = raw_get(fd, part, sizeof part)) > 0) {
		g_string_append_len(text, part, (gssize)got);
	}
	close(fd);
	return text;
}

static GString *ask_until_end(Fixture *fixture, const char *query)
{
	int fd = raw_dial(fixture->port);
	g_autofree char *text = g_strdup_printf("GET /?%s HTTP/1.1\r\nHost: drive\r\n"
						"Connection: close\r\n\r\n",
						query);
	g_assert_true(raw_put_text(fd, text));
	return get_rest(fd);
}

static void test_answer_of_unknown_size(Fixture *fixture, const void *data)
{
	g_autoptr(GString) answer = ask_until_end(fixture, "pieces=3&how=unknown");
	g_assert_nonnull(strstr(answer->str, "\r\nTransfer-Encoding: chunked\r\n"));
	g_assert_true(g_str_has_suffix(answer->str, "\r\n0\r\n\r\n"));
	g_assert_cmpuint(answer->len, >, 6000);
	assert_all_closed();
}

static void test_answer_that_breaks_is_cut(Fixture *fixture, const void *data)
{
	g_autoptr(GString) answer = ask_until_end(fixture, "pieces=3&how=fails");
	/* Whoever reads it misses the end. */
	g_assert_nonnull(strstr(answer->str, "cccccc"));
	g_assert_null(strstr(answer->str, "\r\n0\r\n"));
	assert_all_closed();
	assert_answers(fixture);
}

static void test_reader_who_leaves(Fixture *fixture, const void *data)
{
	int fd = raw_dial(fixture->port);
	char part[5000];
	g_assert_true(raw_put_text(fd, "GET /?pieces=2000 HTTP/1.1\r\nHost: drive\r\n\r\n"));
	g_assert_cmpuint(raw_get(fd, part, sizeof part), >, 0);
	close(fd);
	assert_all_closed();
	assert_answers(fixture);
}

static void test_readers_who_do_not_read(Fixture *fixture, const void *data)
{
	int fds[STREAMS_MAX + 1];
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		char part[1];
		fds[i] = raw_dial(fixture->port);
		g_assert_true(raw_put_text(fds[i], "GET /?pieces=2000 HTTP/1.1\r\n"
						   "Host: drive\r\n\r\n"));
		if (i + 1 < G_N_ELEMENTS(fds)) {
			g_assert_cmpuint(raw_get(fds[i], part, sizeof part), ==, 1);
		}
	}
	/* One more than may be open. */
	g_assert_cmpuint(raw_get_status(fds[STREAMS_MAX]), ==, 503);
	assert_answers(fixture);
	/* Time is up, without anybody reading. */
	assert_all_closed();
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		close(fds[i]);
	}
}

/* As a trusted proxy does. */
static int read_for(Fixture *fixture, const char *peer)
{
	int fd = raw_dial(fixture->port);
	g_autofree char *text = g_strdup_printf("GET /?pieces=2000 HTTP/1.1\r\nHost: drive\r\n"
						"X-Forwarded-For: %s\r\n\r\n",
						peer);
	g_assert_true(raw_put_text(fd, text));
	return fd;
}

static void assert_is_read(Fixture *fixture, const char *peer)
{
	char start[12];
	int fd = read_for(fixture, peer);
	g_assert_cmpuint(raw_get(fd, start, sizeof start), ==, sizeof start);
	g_assert_cmpmem(start, sizeof start, "HTTP/1.1 200", sizeof start);
	close(fd);
}

static void test_one_peer_takes_not_all(Fixture *fixture, const void *data)
{
	static const char *const peers[] = { "192.0.2.1", "2001:db8::" };
	int fds[G_N_ELEMENTS(peers)][STREAMS_PER_PEER_MAX];
	char part[1];
	for (unsigned i = 0; i < G_N_ELEMENTS(peers); i++) {
		for (unsigned k = 0; k < STREAMS_PER_PEER_MAX; k++) {
			g_autofree char *own = g_strdup_printf("%s%u", peers[i], k);
			fds[i][k] = read_for(fixture, i == 0 ? peers[i] : own);
			g_assert_cmpuint(raw_get(fds[i][k], part, sizeof part), ==, 1);
		}
		int refused = read_for(fixture, i == 0 ? peers[i] : "2001:db8::ffff");
		g_assert_cmpuint(raw_get_status(refused), ==, 503);
		close(refused);
	}
	/* Others are none the worse for it, nor are they themselves once they have read. */
	assert_is_read(fixture, "192.0.2.2");
	for (unsigned i = 0; i < G_N_ELEMENTS(peers); i++) {
		for (unsigned k = 0; k < STREAMS_PER_PEER_MAX; k++) {
			close(fds[i][k]);
		}
	}
	assert_all_closed();
	assert_is_read(fixture, peers[0]);
}

static void test_ends_while_somebody_reads(Fixture *fixture, const void *data)
{
	char part[1];
	int fd = raw_dial(fixture->port);
	g_assert_true(raw_put_text(fd, "GET /?pieces=2000 HTTP/1.1\r\nHost: drive\r\n\r\n"));
	g_assert_cmpuint(raw_get(fd, part, sizeof part), ==, 1);
	front_stop(fixture->front);
	g_assert_cmpuint(pieces_open, ==, 0);
	close(fd);
	setup(fixture, data);
}

static void add(const char *name, void (*test)(Fixture *, const void *))
{
	g_autofree char *path = g_strconcat("/front/stream/", name, NULL);
	g_test_add(path, Fixture, NULL, setup, test, teardown);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("answers-in-pieces", test_answers_in_pieces);
	add("answer-of-unknown-size", test_answer_of_unknown_size);
	add("answer-that-breaks-is-cut", test_answer_that_breaks_is_cut);
	add("reader-who-leaves", test_reader_who_leaves);
	add("readers-who-do-not-read", test_readers_who_do_not_read);
	add("one-peer-takes-not-all", test_one_peer_takes_not_all);
	add("ends-while-somebody-reads", test_ends_while_somebody_reads);
	return g_test_run();
}
