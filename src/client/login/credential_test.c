/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The drive of these tests answers each request for a token as the test says, and rotates as the
 * real one does: a refresh token that was used is answered again until its successor was used.
 */
#include "client/login/credential.h"

#include "base/error.h"
#include "client/login/profile.h"
#include "client/login/tokens.h"

#include <glib/gstdio.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef enum Mood {
	GRANTS,
	REFUSES, /* invalid_grant */
	FAILS,   /* 500 */
	CUTS,    /* rotates, but no answer arrives */
	RAMBLES, /* a web page */
	HURRIES, /* grants, but before the answer is out somebody signs out */
} Mood;

typedef struct Fixture {
	char *folder;
	struct MHD_Daemon *daemon;
	char *url;
	int mood;   /* Mood, atomic */
	int asked;  /* requests for a token, atomic */
	int serial; /* of the newest pair, atomic */
	int life_s;
	GThread *leaving;
	int left; /* atomic */
} Fixture;

/* ---- the drive ---------------------------------------------------------------------------- */

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, char *text)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	MHD_add_response_header(response, "Content-Type", "application/json");
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

/* "r3" is good if the newest is 3, or 4 and nobody has used it. */
static bool redeem(Fixture *fixture, const char *body)
{
	const char *token = strstr(body, "refresh_token=r");
	int serial = token ? (int)g_ascii_strtoll(token + strlen("refresh_token=r"), NULL, 10) : 0;
	int newest = g_atomic_int_get(&fixture->serial);
	if (serial == newest) {
		g_atomic_int_set(&fixture->serial, newest + 1);
	}
	return serial == newest || serial == newest - 1;
}

static void *sign_out(void *data)
{
	Fixture *fixture = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(Profile) profile = profile_open(fixture->folder, &error);
	g_assert_no_error(error);
	g_assert_true(profile_sign_out(profile, &error));
	g_atomic_int_set(&fixture->left, 1);
	return NULL;
}

/* He must wait until the renewal is over; without, he would be done in less than this. */
static void let_somebody_leave(Fixture *fixture)
{
	fixture->leaving = g_thread_new("leaving", sign_out, fixture);
	for (unsigned i = 0; i < 20 && !g_atomic_int_get(&fixture->left); i++) {
		g_usleep(10 * G_TIME_SPAN_MILLISECOND);
	}
}

static enum MHD_Result answer(void *data, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **context)
{
	Fixture *fixture = data;
	GString *body = *context;
	if (!body) {
		*context = g_string_new(NULL);
		return MHD_YES;
	}
	if (*upload_size > 0) {
		g_string_append_len(body, upload, (gssize)*upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	g_atomic_int_inc(&fixture->asked);
	Mood mood = (Mood)g_atomic_int_get(&fixture->mood);
	g_assert_nonnull(strstr(body->str, "client_id=imdrive"));
	if (mood == FAILS) {
		return reply(connection, 500, strdup("{}"));
	}
	if (mood == RAMBLES) {
		return reply(connection, 200, strdup("<html>"));
	}
	if (mood == REFUSES || !redeem(fixture, body->str)) {
		return reply(connection, 400, strdup("{\"error\":\"invalid_grant\"}"));
	}
	if (mood == CUTS) {
		return MHD_NO;
	}
	if (mood == HURRIES) {
		let_somebody_leave(fixture);
	}
	int serial = g_atomic_int_get(&fixture->serial);
	g_autofree char *text = g_strdup_printf(
		"{\"access_token\":\"a%d\",\"refresh_token\":\"r%d\",\"token_type\":\"Bearer\","
		"\"expires_in\":%d}",
		serial, serial, fixture->life_s);
	return reply(connection, 200, strdup(text));
}

static void completed(void *data, struct MHD_Connection *connection, void **context,
		      enum MHD_RequestTerminationCode how)
{
	if (*context) {
		g_string_free(*context, TRUE);
	}
}

/* ---- the profile --------------------------------------------------------------------------- */

static char *token_path(const Fixture *fixture)
{
	return g_build_filename(fixture->folder, "token", NULL);
}

/* access a1 and refresh r1; the first ends in that many seconds. */
static void write_tokens(Fixture *fixture, int life_s)
{
	int64_t now_us = g_get_real_time();
	const Tokens tokens = {
		.access = (char *)"a1",
		.refresh = (char *)"r1",
		.renew_us = now_us + (life_s - 60) * G_TIME_SPAN_SECOND,
		.expires_us = now_us + life_s * G_TIME_SPAN_SECOND,
		.client_id = (char *)"imdrive",
		.token_endpoint = fixture->url,
		.revocation_endpoint = fixture->url,
	};
	g_autofree char *text = tokens_format(&tokens);
	g_autofree char *path = token_path(fixture);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void set_up(Fixture *fixture, const void *data)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fixture->folder = g_dir_make_tmp("imdrive-credential-XXXXXX", NULL);
	fixture->daemon =
		MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL,
				 answer, fixture, MHD_OPTION_SOCK_ADDR, &address,
				 MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
	unsigned port = MHD_get_daemon_info(fixture->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	fixture->url = g_strdup_printf("http://127.0.0.1:%u/oauth/token", port);
	fixture->serial = 1;
	fixture->life_s = 3600;
}

static void tear_down(Fixture *fixture, const void *data)
{
	MHD_stop_daemon(fixture->daemon);
	static const char *const names[] = { "token", "token.lock" };
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(fixture->folder, names[i], NULL);
		g_unlink(path);
	}
	g_rmdir(fixture->folder);
	g_free(fixture->folder);
	g_free(fixture->url);
}

static void assert_token(Fixture *fixture, const char *refused, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Credential) credential = credential_new(fixture->folder);
	g_autofree char *token = credential_get(credential, refused, NULL, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(token, ==, expected);
}

static void assert_fails(Fixture *fixture, const char *refused, DriveError code)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Credential) credential = credential_new(fixture->folder);
	g_assert_null(credential_get(credential, refused, NULL, &error));
	g_assert_error(error, DRIVE_ERROR, (int)code);
}

/* ---- tests --------------------------------------------------------------------------------- */

static void a_good_one_is_given_without_asking(Fixture *fixture, const void *data)
{
	write_tokens(fixture, 3600);
	assert_token(fixture, NULL, "a1");
	g_assert_cmpint(fixture->asked, ==, 0);
}

static void renews_shortly_before_the_end(Fixture *fixture, const void *data)
{
	write_tokens(fixture, 55);
	assert_token(fixture, NULL, "a2");
	assert_token(fixture, NULL, "a2");
	g_assert_cmpint(fixture->asked, ==, 1);
	g_autofree char *path = token_path(fixture);
	struct stat info;
	g_assert_cmpint(stat(path, &info), ==, 0);
	g_assert_cmpint(info.st_mode & 0777, ==, 0600);
}

static void renews_when_refused(Fixture *fixture, const void *data)
{
	write_tokens(fixture, 3600);
	assert_token(fixture, "a1", "a2");
	/* One that another process was refused meanwhile is not renewed again. */
	assert_token(fixture, "a1", "a2");
	g_assert_cmpint(fixture->asked, ==, 1);
}

static void n3_signed_out_asks_once_and_then_never(Fixture *fixture, const void *data)
{
	write_tokens(fixture, 55);
	fixture->mood = REFUSES;
	for (unsigned i = 0; i < 5; i++) {
		assert_fails(fixture, NULL, DRIVE_ERROR_UNAUTHENTICATED);
	}
	g_assert_cmpint(fixture->asked, ==, 1);
	/* Until somebody signs in again. */
	write_tokens(fixture, 3600);
	assert_token(fixture, NULL, "a1");
}

static void n3_a_drive_that_is_away_signs_nobody_out(Fixture *fixture, const void *data)
{
	static const Mood moods[] = { FAILS, RAMBLES, CUTS };
	for (unsigned i = 0; i < G_N_ELEMENTS(moods); i++) {
		fixture->mood = (int)moods[i];
		fixture->serial = 1;
		/* It still lasts for a while: good enough. */
		write_tokens(fixture, 55);
		assert_token(fixture, NULL, "a1");
		/* It does not last, or was refused: nothing to give. */
		write_tokens(fixture, -1);
		assert_fails(fixture, NULL, i == 0 ? DRIVE_ERROR_BUSY : DRIVE_ERROR_OFFLINE);
		write_tokens(fixture, 3600);
		assert_fails(fixture, "a1", i == 0 ? DRIVE_ERROR_BUSY : DRIVE_ERROR_OFFLINE);
		fixture->mood = GRANTS;
		assert_token(fixture, "a1", "a2");
	}
}

static void a6_a_crash_between_answer_and_file_signs_nobody_out(Fixture *fixture, const void *data)
{
	write_tokens(fixture, -1);
	fixture->mood = CUTS;
	assert_fails(fixture, NULL, DRIVE_ERROR_OFFLINE);
	g_assert_cmpint(fixture->serial, ==, 2);
	/* What was rotated away is all that this device has. */
	fixture->mood = GRANTS;
	assert_token(fixture, NULL, "a2");
}

static void what_was_signed_out_of_does_not_come_back(Fixture *fixture, const void *data)
{
	write_tokens(fixture, -1);
	fixture->mood = HURRIES;
	assert_token(fixture, NULL, "a2");
	g_thread_join(fixture->leaving);
	g_autofree char *path = token_path(fixture);
	g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void one_that_lasts_is_not_renewed(Fixture *fixture, const void *data)
{
	g_autofree char *path = token_path(fixture);
	g_assert_true(g_file_set_contents(path, "imdrive_old\n", -1, NULL));
	assert_token(fixture, NULL, "imdrive_old");
	assert_fails(fixture, "imdrive_old", DRIVE_ERROR_UNAUTHENTICATED);
	g_unlink(path);
	assert_fails(fixture, NULL, DRIVE_ERROR_UNAUTHENTICATED);
	g_assert_cmpint(fixture->asked, ==, 0);
}

static void *get_one(void *data)
{
	g_autoptr(GError) error = NULL;
	char *token = credential_get(data, "a1", NULL, &error);
	g_assert_no_error(error);
	return token;
}

static void many_threads_ask_once(Fixture *fixture, const void *data)
{
	write_tokens(fixture, 3600);
	g_autoptr(Credential) credential = credential_new(fixture->folder);
	GThread *threads[8];
	for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
		threads[i] = g_thread_new("get", get_one, credential);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
		g_autofree char *token = g_thread_join(threads[i]);
		g_assert_cmpstr(token, ==, "a2");
	}
	g_assert_cmpint(fixture->asked, ==, 1);
}

/* In the child nothing is asserted: its exit code tells. */
static int get_in_child(const char *folder)
{
	g_autoptr(Credential) credential = credential_new(folder);
	g_autofree char *token = credential_get(credential, "a1", NULL, NULL);
	return g_strcmp0(token, "a2") == 0 ? 0 : 1;
}

static void many_processes_ask_once(Fixture *fixture, const void *data)
{
	write_tokens(fixture, 3600);
	pid_t children[4];
	for (unsigned i = 0; i < G_N_ELEMENTS(children); i++) {
		children[i] = fork();
		g_assert_cmpint(children[i], >=, 0);
		if (children[i] == 0) {
			execl("/proc/self/exe", "credential", "--child", fixture->folder, NULL);
			_exit(127);
		}
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(children); i++) {
		int status = -1;
		g_assert_cmpint(waitpid(children[i], &status, 0), ==, children[i]);
		g_assert_cmpint(status, ==, 0);
	}
	g_assert_cmpint(fixture->asked, ==, 1);
}

#define ADD(path, function) \
	g_test_add("/client/login/credential/" path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--child") == 0) {
		return get_in_child(argv[2]);
	}
	g_test_init(&argc, &argv, NULL);
	ADD("a-good-one-is-given-without-asking", a_good_one_is_given_without_asking);
	ADD("renews-shortly-before-the-end", renews_shortly_before_the_end);
	ADD("renews-when-refused", renews_when_refused);
	ADD("n3-signed-out-asks-once-and-then-never", n3_signed_out_asks_once_and_then_never);
	ADD("n3-a-drive-that-is-away-signs-nobody-out", n3_a_drive_that_is_away_signs_nobody_out);
	ADD("a6-a-crash-between-answer-and-file-signs-nobody-out",
	    a6_a_crash_between_answer_and_file_signs_nobody_out);
	ADD("what-was-signed-out-of-does-not-come-back", what_was_signed_out_of_does_not_come_back);
	ADD("one-that-lasts-is-not-renewed", one_that_lasts_is_not_renewed);
	ADD("many-threads-ask-once", many_threads_ask_once);
	ADD("many-processes-ask-once", many_processes_ask_once);
	return g_test_run();
}
