/* SPDX-License-Identifier: Apache-2.0 */
#include "front/raw.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_TIMEOUT_MS 20000

void raw_answer_clear(RawAnswer *answer)
{
	g_clear_pointer(&answer->header, g_free);
	g_clear_pointer(&answer->body, g_bytes_unref);
}

int raw_dial(unsigned port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(connect(fd, (const struct sockaddr *)&address, sizeof address), ==, 0);
	return fd;
}

bool raw_put(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;
	while (size > 0) {
		ssize_t written = send(fd, at, size, MSG_NOSIGNAL);
		if (written <= 0) {
			return false;
		}
		at += written;
		size -= (size_t)written;
	}
	return true;
}

bool raw_put_text(int fd, const char *text)
{
	return raw_put(fd, text, strlen(text));
}

size_t raw_get(int fd, void *bytes, size_t size)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	g_assert_cmpint(poll(&ready, 1, ANSWER_TIMEOUT_MS), ==, 1);
	ssize_t got = recv(fd, bytes, size, 0);
	return got > 0 ? (size_t)got : 0;
}

static size_t length_of(const char *header)
{
	const char *field = strcasestr(header, "\r\nContent-Length:");
	return field ? g_ascii_strtoull(field + strlen("\r\nContent-Length:"), NULL, 10) : 0;
}

void raw_get_answer(int fd, RawAnswer *ret_answer)
{
	g_autoptr(GString) text = g_string_new(NULL);
	const char *end = NULL;
	char part[16384];
	*ret_answer = (RawAnswer){ 0 };
	while (!end || text->len < (size_t)(end - text->str) + 4 + length_of(text->str)) {
		/* Not beyond this answer: the next one may follow. */
		size_t want =
			end ? (size_t)(end - text->str) + 4 + length_of(text->str) - text->len : 1;
		size_t got = raw_get(fd, part, MIN(want, sizeof part));
		if (got == 0) {
			return;
		}
		g_string_append_len(text, part, (gssize)got);
		end = strstr(text->str, "\r\n\r\n");
	}
	size_t header_size = (size_t)(end - text->str) + 4;
	ret_answer->status = (unsigned)g_ascii_strtoull(text->str + strlen("HTTP/1.1 "), NULL, 10);
	ret_answer->header = g_strndup(text->str, header_size);
	ret_answer->body = g_bytes_new(text->str + header_size, text->len - header_size);
}

unsigned raw_get_status(int fd)
{
	RawAnswer answer;
	raw_get_answer(fd, &answer);
	raw_answer_clear(&answer);
	return answer.status;
}
