/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A crowd of devices that wait.
 *
 *	waiting PORT TOKEN COUNT FIRST THEN
 *
 * Opens COUNT connections to 127.0.0.1:PORT. Each posts the body FIRST (hexadecimal) to
 * /sync/v1/changes, reads the answer, and posts THEN, which is to wait: so each has used its
 * connection before, as devices have. Prints "ready" and stays until its standard input ends.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX 4096

typedef struct Request {
	char bytes[REQUEST_MAX];
	size_t size;
} Request;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void make_request(const char *token, const char *hex, Request *ret_request)
{
	size_t size = strlen(hex) / 2;
	int head = snprintf(ret_request->bytes, REQUEST_MAX,
			    "POST /sync/v1/changes HTTP/1.1\r\nHost: drive\r\n"
			    "Authorization: Bearer %s\r\nContent-Length: %zu\r\n\r\n",
			    token, size);
	if (head < 0 || (size_t)head + size > REQUEST_MAX) {
		fail("request");
	}
	for (size_t i = 0; i < size; i++) {
		unsigned byte;
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1) {
			fail("hexadecimal digits");
		}
		ret_request->bytes[(size_t)head + i] = (char)byte;
	}
	ret_request->size = (size_t)head + size;
}

static int dial(unsigned port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
		fail("connect");
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

static void post(int fd, const Request *request)
{
	if (write(fd, request->bytes, request->size) != (ssize_t)request->size) {
		fail("write");
	}
}

static void read_answer(int fd)
{
	static char text[1 << 20];
	size_t size = 0;
	for (;;) {
		ssize_t got = read(fd, text + size, sizeof text - 1 - size);
		if (got <= 0) {
			fail("read");
		}
		size += (size_t)got;
		text[size] = '\0';
		const char *end = strstr(text, "\r\n\r\n");
		const char *length = strcasestr(text, "\r\nContent-Length:");
		if (end && length &&
		    size >= (size_t)(end + 4 - text) + strtoul(length + 17, NULL, 10)) {
			break;
		}
	}
	if (strncmp(text, "HTTP/1.1 200", 12) != 0) {
		fprintf(stderr, "waiting: %.60s\n", text);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	static Request first;
	static Request then;
	struct rlimit files;
	if (argc != 6) {
		fprintf(stderr, "usage: waiting PORT TOKEN COUNT FIRST THEN\n");
		return 2;
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	unsigned port = (unsigned)strtoul(argv[1], NULL, 10);
	unsigned long count = strtoul(argv[3], NULL, 10);
	make_request(argv[2], argv[4], &first);
	make_request(argv[2], argv[5], &then);
	for (unsigned long i = 0; i < count; i++) {
		int fd = dial(port);
		post(fd, &first);
		read_answer(fd);
		post(fd, &then);
	}
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF) {
	}
	return 0;
}
