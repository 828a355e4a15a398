/* SPDX-License-Identifier: Apache-2.0 */
#include "client/control/control_client.h"
#include "client/control/control_server.h"
#include "client/control/socket_path.h"

#include "base/error.h"
#include "base/limits.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Fixture {
	char *root;
	char *folder;
	ControlServer *server;
	GThread *caller;
	const char *method;
	json_t *result;
	GError *error;
	gint done;
} Fixture;

static int files; /* what "status" says */

static json_t *handle(const char *method, json_t *params, void *data, GError **error)
{
	(void)data;
	if (strcmp(method, "echo") == 0) {
		return json_incref(params);
	}
	if (strcmp(method, "status") == 0) {
		return json_pack("{s:i}", "files", files);
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "no method '%s'", method);
	return NULL;
}

static const char *const slow_methods[] = { "slow", NULL };

/* Until it is given up. */
static json_t *handle_slow(const char *method, json_t *params, void *data, GError **error)
{
	GCancellable *cancellable = g_cancellable_get_current();
	GPollFD poll;
	g_assert_true(g_cancellable_make_pollfd(cancellable, &poll));
	g_atomic_int_set((gint *)data, 1);
	g_main_context_wakeup(NULL);
	g_poll(&poll, 1, -1);
	g_cancellable_release_fd(cancellable);
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED, "given up");
	return NULL;
}

static void set_up(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	fixture->root = g_dir_make_tmp("imdrive-control-XXXXXX", NULL);
	/* Longer than a socket address could hold. */
	fixture->folder = g_build_filename(fixture->root, data, NULL);
	g_assert_cmpint(g_mkdir(fixture->folder, 0700), ==, 0);
	fixture->server = control_server_new(fixture->folder, handle, NULL, &error);
	g_assert_no_error(error);
}

static void tear_down(Fixture *fixture, const void *data)
{
	(void)data;
	control_server_free(fixture->server);
	while (g_main_context_iteration(NULL, FALSE)) {
	}
	g_rmdir(fixture->folder);
	g_assert_cmpint(g_rmdir(fixture->root), ==, 0);
	json_decref(fixture->result);
	g_clear_error(&fixture->error);
	g_free(fixture->folder);
	g_free(fixture->root);
}

static void *call(void *data)
{
	Fixture *fixture = data;
	json_auto_t *params = json_pack("{s:s}", "text", "hé\n");
	fixture->result =
		control_client_call(fixture->folder, fixture->method, params, &fixture->error);
	g_atomic_int_set(&fixture->done, 1);
	g_main_context_wakeup(NULL);
	return NULL;
}

static void ask(Fixture *fixture, const char *method)
{
	fixture->method = method;
	fixture->caller = g_thread_new("caller", call, fixture);
	while (!g_atomic_int_get(&fixture->done)) {
		g_main_context_iteration(NULL, TRUE);
	}
	g_thread_join(fixture->caller);
}

static void test_answers(Fixture *fixture, const void *data)
{
	(void)data;
	ask(fixture, "echo");
	g_assert_no_error(fixture->error);
	g_assert_cmpstr(json_string_value(json_object_get(fixture->result, "text")), ==, "hé\n");
}

static void test_errors_come_through(Fixture *fixture, const void *data)
{
	(void)data;
	ask(fixture, "nonsense");
	g_assert_null(fixture->result);
	g_assert_error(fixture->error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_assert_nonnull(strstr(fixture->error->message, "no method 'nonsense'"));
}

static void test_socket_is_private(Fixture *fixture, const void *data)
{
	(void)data;
	struct stat info;
	g_autofree char *path = g_build_filename(fixture->folder, SOCKET_PATH_NAME, NULL);
	g_assert_cmpint(stat(path, &info), ==, 0);
	g_assert_cmpint(info.st_mode & 0777, ==, 0600);
}

static void test_nobody_there(Fixture *fixture, const void *data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_assert_null(control_client_call(fixture->root, "echo", NULL, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE);
}

/* Garbage gets an error, an endless line the end of the conversation. */
static void *send_garbage(void *data)
{
	Fixture *fixture = data;
	int fd = -1;
	g_autoptr(GSocketAddress) address = socket_path_address(fixture->folder, &fd, NULL);
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketConnection) connection =
		g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, NULL);
	GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
	GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
	char reply[256] = { 0 };
	g_output_stream_write_all(out, "[1,\n", 4, NULL, NULL, NULL);
	g_assert_cmpint(g_input_stream_read(in, reply, sizeof reply - 1, NULL, NULL), >, 0);
	g_assert_nonnull(strstr(reply, "\"invalid\""));
	g_autofree char *line = g_strnfill(2 * JSON_BODY_SIZE_MAX, 'x');
	g_output_stream_write_all(out, line, strlen(line), NULL, NULL, NULL);
	g_assert_cmpint(g_input_stream_read(in, reply, sizeof reply - 1, NULL, NULL), <=, 0);
	close(fd);
	g_atomic_int_set(&fixture->done, 1);
	g_main_context_wakeup(NULL);
	return NULL;
}

static void test_garbage(Fixture *fixture, const void *data)
{
	(void)data;
	GThread *thread = g_thread_new("garbage", send_garbage, fixture);
	while (!g_atomic_int_get(&fixture->done)) {
		g_main_context_iteration(NULL, TRUE);
	}
	g_thread_join(thread);
}

/* ---- watching --------------------------------------------------------------------------- */

static bool see(json_t *status, void *data)
{
	int seen = (int)json_integer_value(json_object_get(status, "files"));
	g_atomic_int_set((gint *)data, seen);
	g_main_context_wakeup(NULL);
	return seen < 3;
}

static gint seen_files;

static void *watch(void *data)
{
	Fixture *fixture = data;
	control_client_watch(fixture->folder, see, &seen_files, &fixture->error);
	g_atomic_int_set(&fixture->done, 1);
	g_main_context_wakeup(NULL);
	return NULL;
}

static void run_until_seen(Fixture *fixture, int count)
{
	while (g_atomic_int_get(&seen_files) != count) {
		g_main_context_iteration(NULL, TRUE);
	}
}

static void test_watcher_is_told_what_changed(Fixture *fixture, const void *data)
{
	(void)data;
	files = 1;
	seen_files = 0;
	GThread *thread = g_thread_new("watch", watch, fixture);
	run_until_seen(fixture, 1);
	control_server_changed(fixture->server);
	files = 2;
	control_server_changed(fixture->server);
	run_until_seen(fixture, 2);
	/* It ends by itself at 3, which the server notices. */
	files = 3;
	control_server_changed(fixture->server);
	while (!g_atomic_int_get(&fixture->done)) {
		g_main_context_iteration(NULL, TRUE);
	}
	g_thread_join(thread);
	g_assert_no_error(fixture->error);
	control_server_changed(fixture->server);
}

static void test_watcher_sees_the_end(Fixture *fixture, const void *data)
{
	(void)data;
	files = 1;
	seen_files = 0;
	GThread *thread = g_thread_new("watch", watch, fixture);
	run_until_seen(fixture, 1);
	g_clear_pointer(&fixture->server, control_server_free);
	while (!g_atomic_int_get(&fixture->done)) {
		g_main_context_iteration(NULL, TRUE);
	}
	g_thread_join(thread);
	g_assert_error(fixture->error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE);
}

/* Writes "watch" and never reads: news do not pile up in the server. */
static void test_slow_watcher_costs_nothing(Fixture *fixture, const void *data)
{
	(void)data;
	int fd = -1;
	g_autoptr(GSocketAddress) address = socket_path_address(fixture->folder, &fd, NULL);
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketConnection) connection =
		g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, NULL);
	GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
	g_output_stream_write_all(out, "{\"method\":\"watch\"}\n", 19, NULL, NULL, NULL);
	for (files = 10; files < 100000; files++) {
		control_server_changed(fixture->server);
		g_main_context_iteration(NULL, FALSE);
	}
	g_assert_cmpuint(control_server_backlog(fixture->server), <, 1024);
	close(fd);
}

#define LONG_NAME                                                                         \
	"a-folder-whose-name-alone-is-longer-than-the-address-of-a-socket-could-ever-be-" \
	"which-is-one-hundred-and-seven-bytes-on-linux"
#define ADD(path, function) \
	g_test_add("/client/control/" path, Fixture, LONG_NAME, set_up, function, tear_down)

/* What waits for a server holds up nobody else, and ends when the daemon does. */
static void test_slow_calls_hold_up_nobody(Fixture *fixture, const void *data)
{
	(void)data;
	gint waits = 0;
	control_server_set_slow(fixture->server, slow_methods, handle_slow, &waits);
	int fd = -1;
	g_autoptr(GSocketAddress) address = socket_path_address(fixture->folder, &fd, NULL);
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketConnection) connection =
		g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, NULL);
	const char line[] = "{\"method\": \"slow\"}\n{\"method\": \"echo\"}\n";
	GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
	g_output_stream_write_all(out, line, strlen(line), NULL, NULL, NULL);
	while (!g_atomic_int_get(&waits)) {
		g_main_context_iteration(NULL, TRUE);
	}
	ask(fixture, "echo");
	g_assert_no_error(fixture->error);
	g_clear_pointer(&fixture->server, control_server_free);
	close(fd);
}

/* ---- what takes long -------------------------------------------------------------------- */

static gint released;

static json_t *handle_long(const char *method, json_t *params, void *data, GError **error)
{
	while (!g_atomic_int_get(&released)) {
		g_usleep(1000);
	}
	return json_pack("{s:i}", "files", 7);
}

static void *read_beats(void *data)
{
	Fixture *fixture = data;
	int fd = -1;
	g_autoptr(GSocketAddress) address = socket_path_address(fixture->folder, &fd, NULL);
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketConnection) connection =
		g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, NULL);
	const char line[] = "{\"method\": \"slow\"}\n";
	GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
	GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
	g_output_stream_write_all(out, line, strlen(line), NULL, NULL, NULL);
	g_autoptr(GDataInputStream) lines = g_data_input_stream_new(in);
	for (unsigned i = 0; i < 3; i++) {
		g_autofree char *beat = g_data_input_stream_read_line(lines, NULL, NULL, NULL);
		g_assert_cmpstr(beat, ==, "");
	}
	g_atomic_int_set(&released, 1);
	g_autofree char *answer = NULL;
	do {
		g_free(answer);
		answer = g_data_input_stream_read_line(lines, NULL, NULL, NULL);
	} while (answer && !*answer);
	g_assert_cmpstr(answer, ==, "{\"result\":{\"files\":7}}");
	close(fd);
	g_atomic_int_set(&fixture->done, 1);
	g_main_context_wakeup(NULL);
	return NULL;
}

static void test_who_waits_is_told_that_it_goes_on(Fixture *fixture, const void *data)
{
	released = 0;
	control_server_set_beat(fixture->server, 1);
	control_server_set_slow(fixture->server, slow_methods, handle_long, NULL);
	GThread *thread = g_thread_new("beats", read_beats, fixture);
	while (!g_atomic_int_get(&fixture->done)) {
		g_main_context_iteration(NULL, TRUE);
	}
	g_thread_join(thread);
}

static gboolean release(void *data)
{
	g_atomic_int_set(&released, 1);
	return G_SOURCE_REMOVE;
}

static void test_empty_lines_are_no_answer(Fixture *fixture, const void *data)
{
	released = 0;
	control_server_set_beat(fixture->server, 1);
	control_server_set_slow(fixture->server, slow_methods, handle_long, NULL);
	g_timeout_add(50, release, NULL);
	ask(fixture, "slow");
	g_assert_no_error(fixture->error);
	g_assert_cmpint(json_integer_value(json_object_get(fixture->result, "files")), ==, 7);
}

static gint carried_out;

static json_t *handle_alone(const char *method, json_t *params, void *data, GError **error)
{
	const Fixture *fixture = data;
	while (!g_atomic_int_get(&released)) {
		g_usleep(1000);
	}
	g_assert_false(g_cancellable_is_cancelled(g_cancellable_get_current()));
	g_atomic_int_set(&carried_out, 1);
	g_main_context_wakeup(NULL);
	return json_string(fixture->folder);
}

/* The one who chose is gone: what he chose is done all the same. */
static void test_who_leaves_gives_nothing_up(Fixture *fixture, const void *data)
{
	released = 0;
	carried_out = 0;
	control_server_set_beat(fixture->server, 1);
	control_server_set_slow(fixture->server, slow_methods, handle_alone, fixture);
	int fd = -1;
	g_autoptr(GSocketAddress) address = socket_path_address(fixture->folder, &fd, NULL);
	g_autoptr(GSocketClient) client = g_socket_client_new();
	GSocketConnection *connection =
		g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, NULL);
	const char line[] = "{\"method\": \"slow\"}\n";
	g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(connection)), line,
				  strlen(line), NULL, NULL, NULL);
	g_io_stream_close(G_IO_STREAM(connection), NULL, NULL);
	g_object_unref(connection);
	g_timeout_add(50, release, NULL);
	while (!g_atomic_int_get(&carried_out)) {
		g_main_context_iteration(NULL, TRUE);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("answers", test_answers);
	ADD("errors-come-through", test_errors_come_through);
	ADD("socket-is-private", test_socket_is_private);
	ADD("nobody-there", test_nobody_there);
	ADD("garbage", test_garbage);
	ADD("watcher-is-told-what-changed", test_watcher_is_told_what_changed);
	ADD("watcher-sees-the-end", test_watcher_sees_the_end);
	ADD("slow-watcher-costs-nothing", test_slow_watcher_costs_nothing);
	ADD("slow-calls-hold-up-nobody", test_slow_calls_hold_up_nobody);
	ADD("who-waits-is-told-that-it-goes-on", test_who_waits_is_told_that_it_goes_on);
	ADD("empty-lines-are-no-answer", test_empty_lines_are_no_answer);
	ADD("who-leaves-gives-nothing-up", test_who_leaves_gives_nothing_up);
	return g_test_run();
}
