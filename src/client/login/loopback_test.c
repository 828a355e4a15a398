/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/loopback.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STATE "c3RhdGU"
#define ISSUER "https://drive.example.org"
#define GOOD "/callback?code=secret-code&state=" STATE "&iss=https%3A%2F%2Fdrive.example.org"

static Loopback *open_loopback(void)
{
	g_autoptr(GError) error = NULL;
	Loopback *loopback = loopback_open(STATE, ISSUER, &error);
	g_assert_no_error(error);
	return loopback;
}

static unsigned port_of(const Loopback *loopback)
{
	const char *redirect = loopback_redirect(loopback);
	g_assert_true(g_str_has_prefix(redirect, "http://127.0.0.1:"));
	g_assert_true(g_str_has_suffix(redirect, "/callback"));
	return (unsigned)g_ascii_strtoull(redirect + strlen("http://127.0.0.1:"), NULL, 10);
}

/* The whole answer to a request with this head. */
static char *ask(unsigned port, const char *head)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
	g_assert_cmpint(send(fd, head, strlen(head), MSG_NOSIGNAL), ==, (ssize_t)strlen(head));
	GString *answer = g_string_new(NULL);
	char part[512];
	for (ssize_t size; (size = recv(fd, part, sizeof part, 0)) > 0;) {
		g_string_append_len(answer, part, size);
	}
	close(fd);
	return g_string_free(answer, FALSE);
}

static unsigned get(const Loopback *loopback, const char *method, const char *target,
		    const char *host)
{
	unsigned port = port_of(loopback);
	g_autofree char *own = g_strdup_printf("127.0.0.1:%u", port);
	g_autofree char *head = g_strdup_printf("%s %s HTTP/1.1\r\nHost: %s\r\n\r\n", method,
						target, host ? host : own);
	g_autofree char *answer = ask(port, head);
	g_assert_true(g_str_has_prefix(answer, "HTTP/1.1 "));
	g_assert_null(strstr(answer, "secret-code"));
	return (unsigned)g_ascii_strtoull(answer + strlen("HTTP/1.1 "), NULL, 10);
}

static void n2_takes_the_answer_once(void)
{
	g_autoptr(Loopback) loopback = open_loopback();
	g_autoptr(GError) error = NULL;
	g_assert_cmpuint(get(loopback, "GET", GOOD, NULL), ==, 200);
	g_assert_cmpuint(get(loopback, "GET", GOOD, NULL), ==, 410);
	g_autofree char *code = loopback_wait(loopback, 60000, NULL, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(code, ==, "secret-code");
}

static void n2_what_is_not_the_answer_changes_nothing(void)
{
	static const char *const others[][3] = {
		{ "GET", "/", NULL },
		{ "GET", "/favicon.ico", NULL },
		{ "GET", "/callback/?code=x&state=" STATE, NULL },
		{ "GET", "//callback?code=x&state=" STATE, NULL },
		{ "POST", GOOD, NULL },
		{ "HEAD", GOOD, NULL },
		{ "GET", GOOD, "localhost" },
		{ "GET", GOOD, "evil.example" },
		{ "GET", GOOD, "127.0.0.1" },
		{ "GET", GOOD, "127.0.0.1:1" },
		/* Another state: whoever guessed the port must not end the sign-in. */
		{ "GET", "/callback?code=x", NULL },
		{ "GET", "/callback?code=x&state=", NULL },
		{ "GET", "/callback?code=x&state=other", NULL },
		{ "GET", "/callback?code=x&state=" STATE "&state=" STATE, NULL },
		{ "GET", "/callback?error=access_denied&state=other", NULL },
	};
	g_autoptr(Loopback) loopback = open_loopback();
	for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
		g_test_message("%s %s %s", others[i][0], others[i][1], others[i][2]);
		unsigned status = get(loopback, others[i][0], others[i][1], others[i][2]);
		g_assert_true(status == 404 || status == 400);
	}
	g_autoptr(GError) error = NULL;
	g_assert_cmpuint(get(loopback, "GET", GOOD, NULL), ==, 200);
	g_autofree char *code = loopback_wait(loopback, 60000, NULL, &error);
	g_assert_cmpstr(code, ==, "secret-code");
}

typedef struct End {
	const char *target;
	DriveError code;
} End;

static void n2_the_issuer_must_be_the_drive(void)
{
	static const End ends[] = {
		{ "/callback?code=x&state=" STATE, DRIVE_ERROR_INVALID },
		{ "/callback?code=x&iss=https://evil.example&state=" STATE, DRIVE_ERROR_INVALID },
		{ "/callback?code=x&iss=https://drive.example.org/&state=" STATE,
		  DRIVE_ERROR_INVALID },
		{ "/callback?error=access_denied&iss=https://evil.example&state=" STATE,
		  DRIVE_ERROR_INVALID },
		{ "/callback?error=access_denied&iss=https://drive.example.org&state=" STATE,
		  DRIVE_ERROR_FORBIDDEN },
		{ "/callback?error=invalid_scope&iss=https://drive.example.org&state=" STATE,
		  DRIVE_ERROR_INVALID },
		{ "/callback?iss=https://drive.example.org&state=" STATE, DRIVE_ERROR_INVALID },
		{ "/callback?code=a&code=b&iss=https://drive.example.org&state=" STATE,
		  DRIVE_ERROR_INVALID },
		{ "/callback?code=a&error=b&iss=https://drive.example.org&state=" STATE,
		  DRIVE_ERROR_INVALID },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
		g_autoptr(Loopback) loopback = open_loopback();
		g_autoptr(GError) error = NULL;
		g_test_message("%s", ends[i].target);
		g_assert_cmpuint(get(loopback, "GET", ends[i].target, NULL), ==, 200);
		g_assert_null(loopback_wait(loopback, 60000, NULL, &error));
		g_assert_error(error, DRIVE_ERROR, (int)ends[i].code);
	}
}

static void n2_gives_up(void)
{
	g_autoptr(Loopback) loopback = open_loopback();
	g_autoptr(GError) error = NULL;
	g_assert_null(loopback_wait(loopback, 1, NULL, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE);
	/* Whoever comes now is late. */
	g_assert_cmpuint(get(loopback, "GET", GOOD, NULL), ==, 410);
	g_autoptr(Loopback) other = open_loopback();
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	g_cancellable_cancel(cancellable);
	g_clear_error(&error);
	g_assert_null(loopback_wait(other, 60000, cancellable, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED);
}

static void n2_listens_on_loopback_only(void)
{
	g_autoptr(Loopback) loopback = open_loopback();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port_of(loopback)),
	};
	g_assert_cmpint(inet_pton(AF_INET, "127.0.0.2", &address.sin_addr), ==, 1);
	g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), !=, 0);
	close(fd);
}

#define ADD(name, function) g_test_add_func("/client/login/loopback/" name, function)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("n2-takes-the-answer-once", n2_takes_the_answer_once);
	ADD("n2-what-is-not-the-answer-changes-nothing", n2_what_is_not_the_answer_changes_nothing);
	ADD("n2-the-issuer-must-be-the-drive", n2_the_issuer_must_be_the_drive);
	ADD("n2-gives-up", n2_gives_up);
	ADD("n2-listens-on-loopback-only", n2_listens_on_loopback_only);
	return g_test_run();
}
