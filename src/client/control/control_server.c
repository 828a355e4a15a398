/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's end of the control socket. Connections are few, local and of the same user; each is
 * read line by line up to JSON_BODY_SIZE_MAX, and ended when a line is longer or is no request.
 *
 * At most one read and one write of a peer are under way; it is freed when neither is and it has
 * ended. A peer is read from only while nothing is to be written to it, unless it watches: then its
 * end must be noticed.
 */
#include "client/control/control_server.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/control/socket_path.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct ControlServer {
	GSocketService *service;
	ControlHandler handler;
	void *data;
	char *path;
	int folder_fd;
	GPtrArray *peers; /* Peer */
	const char *const *slow_methods;
	ControlHandler slow_handler;
	void *slow_data;
	unsigned slow_running;
	unsigned beat_ms;
};

typedef struct Peer {
	ControlServer *server; /* NULL: ended */
	GSocketConnection *connection;
	GCancellable *cancellable;
	GByteArray *input;
	GString *output;  /* to be written */
	GString *writing; /* being written */
	uint8_t buffer[4096];
	bool is_reading;
	bool is_writing;
	bool is_slow;  /* a thread works on its request; further ones wait */
	bool is_deaf;  /* it is gone, and the request is carried out all the same */
	GSource *beat; /* while it is slow */
	bool watches;
	bool has_news; /* for a watcher, when it is done reading what it has */
	char *told;    /* what a watcher knows */
} Peer;

static void peer_free(void *data)
{
	Peer *peer = data;
	g_object_unref(peer->connection);
	g_object_unref(peer->cancellable);
	g_byte_array_unref(peer->input);
	g_string_free(peer->output, TRUE);
	g_string_free(peer->writing, TRUE);
	g_free(peer->told);
	g_free(peer);
}

/* What is under way is cut short, and frees the peer when it comes back. */
static void peer_end(Peer *peer)
{
	if (peer->server) {
		g_ptr_array_remove_fast(peer->server->peers, peer);
		peer->server = NULL;
		g_cancellable_cancel(peer->cancellable);
	}
	if (!peer->is_reading && !peer->is_writing && !peer->is_slow) {
		peer_free(peer);
	}
}

/* ---- one request ------------------------------------------------------------------------ */

static json_t *error_json(const GError *error)
{
	const char *code = error->domain == DRIVE_ERROR ? error_code_name((DriveError)error->code)
							: error_code_name(DRIVE_ERROR_IO);
	return json_pack("{s:{s:s, s:s}}", "error", "code", code, "message", error->message);
}

/* Where a request is handled: which handler, and its data. */
typedef struct Desk {
	ControlHandler handler;
	void *data;
} Desk;

static json_t *answer(const Desk *desk, const json_t *request)
{
	g_autoptr(GError) error = NULL;
	const char *method = json_string_value(json_object_get(request, "method"));
	json_t *params = json_object_get(request, "params");
	json_auto_t *none = json_object();
	if (!method || (params && !json_is_object(params))) {
		g_set_error_literal(&error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "a request is a line {\"method\": …, \"params\": {…}}");
		return error_json(error);
	}
	json_t *result = desk->handler(method, params ? params : none, desk->data, &error);
	return result ? json_pack("{s:o}", "result", result) : error_json(error);
}

static char *answer_text(const Desk *desk, const json_t *request)
{
	json_auto_t *reply = answer(desk, request);
	char *text = json_dumps(reply, JSON_COMPACT);
	char *copy = g_strconcat(text, "\n", NULL);
	free(text);
	return copy;
}

/* ---- watching --------------------------------------------------------------------------- */

static void tell_news(Peer *peer)
{
	const Desk desk = { peer->server->handler, peer->server->data };
	json_auto_t *request = json_pack("{s:s}", "method", "status");
	char *text = answer_text(&desk, request);
	peer->has_news = false;
	if (g_strcmp0(text, peer->told) != 0) {
		g_string_append(peer->output, text);
	}
	g_free(peer->told);
	peer->told = text;
}

/* ---- what takes time -------------------------------------------------------------------- */

static void go_on(Peer *peer);
static void answer_lines(Peer *peer);

typedef struct SlowCall {
	ControlServer *server; /* stays until slow_running is 0 */
	Desk desk;
	json_t *request;
} SlowCall;

static void slow_call_free(void *data)
{
	SlowCall *call = data;
	json_decref(call->request);
	g_free(call);
}

static void run_slow(GTask *task, void *source, void *data, GCancellable *cancellable)
{
	const SlowCall *call = data;
	g_cancellable_push_current(cancellable);
	g_task_return_pointer(task, answer_text(&call->desk, call->request), g_free);
	g_cancellable_pop_current(cancellable);
}

static gboolean beat(void *data)
{
	Peer *peer = data;
	bool waits = peer->server && !peer->is_deaf;
	if (waits && !peer->is_writing && peer->output->len == 0) {
		g_string_append_c(peer->output, '\n');
		go_on(peer);
	}
	return G_SOURCE_CONTINUE;
}

static void begin_beat(Peer *peer)
{
	peer->beat = g_timeout_source_new(peer->server->beat_ms);
	g_source_set_callback(peer->beat, beat, peer, NULL);
	g_source_attach(peer->beat, g_main_context_get_thread_default());
}

static void slow_done(GObject *source, GAsyncResult *result, void *data)
{
	Peer *peer = data;
	g_autofree char *text = g_task_propagate_pointer(G_TASK(result), NULL);
	const SlowCall *call = g_task_get_task_data(G_TASK(result));
	call->server->slow_running--;
	peer->is_slow = false;
	g_source_destroy(peer->beat);
	g_clear_pointer(&peer->beat, g_source_unref);
	if (!peer->server) {
		peer_end(peer);
		return;
	}
	g_string_append(peer->output, text);
	answer_lines(peer);
	go_on(peer);
}

static void begin_slow(Peer *peer, json_t *request)
{
	ControlServer *server = peer->server;
	SlowCall *call = g_new(SlowCall, 1);
	call->server = server;
	call->desk = (Desk){ server->slow_handler, server->slow_data };
	call->request = json_incref(request);
	peer->is_slow = true;
	begin_beat(peer);
	server->slow_running++;
	g_autoptr(GTask) task = g_task_new(NULL, peer->cancellable, slow_done, peer);
	g_task_set_check_cancellable(task, FALSE);
	g_task_set_task_data(task, call, slow_call_free);
	g_task_run_in_thread(task, run_slow);
}

static bool is_slow(const ControlServer *server, const char *method)
{
	return server->slow_methods && g_strv_contains(server->slow_methods, method);
}

static void answer_line(Peer *peer, const char *line, size_t size)
{
	const Desk desk = { peer->server->handler, peer->server->data };
	json_auto_t *request = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
	const char *method = json_string_value(json_object_get(request, "method"));
	if (g_strcmp0(method, "watch") == 0) {
		peer->watches = true;
		g_clear_pointer(&peer->told, g_free);
		tell_news(peer);
	} else if (method && is_slow(peer->server, method)) {
		begin_slow(peer, request);
	} else {
		g_autofree char *text = answer_text(&desk, request);
		g_string_append(peer->output, text);
	}
}

static void answer_lines(Peer *peer)
{
	const uint8_t *end;
	while (!peer->is_slow && peer->input->len > 0 &&
	       (end = memchr(peer->input->data, '\n', peer->input->len))) {
		size_t size = (size_t)(end - peer->input->data);
		answer_line(peer, (char *)peer->input->data, size);
		g_byte_array_remove_range(peer->input, 0, (unsigned)size + 1);
	}
}

/* ---- a connection ----------------------------------------------------------------------- */

static void written(GObject *source, GAsyncResult *result, void *data)
{
	Peer *peer = data;
	peer->is_writing = false;
	bool done = g_output_stream_write_all_finish(G_OUTPUT_STREAM(source), result, NULL, NULL);
	peer->is_deaf = !done;
	if (!peer->server || (!done && !peer->is_slow)) {
		peer_end(peer);
		return;
	}
	if (done) {
		go_on(peer);
	}
}

static void have_read(GObject *source, GAsyncResult *result, void *data)
{
	Peer *peer = data;
	peer->is_reading = false;
	gssize size = g_input_stream_read_finish(G_INPUT_STREAM(source), result, NULL);
	if (size <= 0 || !peer->server) {
		peer_end(peer);
		return;
	}
	g_byte_array_append(peer->input, peer->buffer, (unsigned)size);
	answer_lines(peer);
	if (peer->input->len > JSON_BODY_SIZE_MAX) {
		peer_end(peer);
		return;
	}
	go_on(peer);
}

static void go_on(Peer *peer)
{
	if (peer->has_news && !peer->is_writing) {
		tell_news(peer);
	}
	if (!peer->is_writing && peer->output->len > 0) {
		GString *text = peer->output;
		peer->output = peer->writing;
		peer->writing = text;
		g_string_truncate(peer->output, 0);
		peer->is_writing = true;
		g_output_stream_write_all_async(
			g_io_stream_get_output_stream(G_IO_STREAM(peer->connection)), text->str,
			text->len, G_PRIORITY_DEFAULT, peer->cancellable, written, peer);
	}
	if (!peer->is_reading && !peer->is_slow && (!peer->is_writing || peer->watches) &&
	    peer->output->len == 0) {
		peer->is_reading = true;
		g_input_stream_read_async(
			g_io_stream_get_input_stream(G_IO_STREAM(peer->connection)), peer->buffer,
			sizeof peer->buffer, G_PRIORITY_DEFAULT, peer->cancellable, have_read,
			peer);
	}
}

void control_server_changed(ControlServer *server)
{
	for (unsigned i = 0; i < server->peers->len; i++) {
		Peer *peer = server->peers->pdata[i];
		if (peer->watches) {
			peer->has_news = true;
			go_on(peer);
		}
	}
}

static gboolean incoming(GSocketService *service, GSocketConnection *connection, GObject *source,
			 void *data)
{
	(void)service;
	(void)source;
	ControlServer *server = data;
	Peer *peer = g_new0(Peer, 1);
	peer->server = server;
	peer->connection = g_object_ref(connection);
	peer->cancellable = g_cancellable_new();
	peer->input = g_byte_array_new();
	peer->output = g_string_new(NULL);
	peer->writing = g_string_new(NULL);
	g_ptr_array_add(server->peers, peer);
	go_on(peer);
	return TRUE;
}

size_t control_server_backlog(const ControlServer *server)
{
	size_t size = 0;
	for (unsigned i = 0; i < server->peers->len; i++) {
		const Peer *peer = server->peers->pdata[i];
		size += peer->output->len + (peer->is_writing ? peer->writing->len : 0);
	}
	return size;
}

/* ---- life ------------------------------------------------------------------------------- */

static bool listen_at(ControlServer *server, const char *folder, GError **error)
{
	g_autoptr(GSocketAddress) address = socket_path_address(folder, &server->folder_fd, error);
	if (!address) {
		return false;
	}
	/* The profile is locked: a socket that is there has no process behind it. */
	if (unlink(server->path) != 0 && errno != ENOENT) {
		return error_set_errno(error, errno, "remove '%s'", server->path);
	}
	mode_t mask = umask(0177);
	bool bound = g_socket_listener_add_address(G_SOCKET_LISTENER(server->service), address,
						   G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
						   NULL, NULL, error);
	umask(mask);
	if (!bound) {
		g_prefix_error(error, "listen at '%s': ", server->path);
	}
	return bound;
}

ControlServer *control_server_new(const char *folder, ControlHandler handler, void *data,
				  GError **error)
{
	g_autoptr(ControlServer) server = g_new0(ControlServer, 1);
	server->handler = handler;
	server->data = data;
	server->folder_fd = -1;
	server->beat_ms = CONTROL_SERVER_BEAT_MS;
	server->peers = g_ptr_array_new();
	server->path = g_build_filename(folder, SOCKET_PATH_NAME, NULL);
	server->service = g_socket_service_new();
	if (!listen_at(server, folder, error)) {
		return NULL;
	}
	g_signal_connect(server->service, "incoming", G_CALLBACK(incoming), server);
	g_socket_service_start(server->service);
	return g_steal_pointer(&server);
}

void control_server_set_slow(ControlServer *server, const char *const *methods,
			     ControlHandler handler, void *data)
{
	g_assert(!server->slow_methods);
	server->slow_methods = methods;
	server->slow_handler = handler;
	server->slow_data = data;
}

void control_server_set_beat(ControlServer *server, unsigned beat_ms)
{
	server->beat_ms = beat_ms;
}

static void end_slow(ControlServer *server)
{
	for (unsigned i = 0; i < server->peers->len; i++) {
		Peer *peer = server->peers->pdata[i];
		if (peer->is_slow) {
			g_cancellable_cancel(peer->cancellable);
		}
	}
	while (server->slow_running > 0) {
		g_main_context_iteration(g_main_context_get_thread_default(), TRUE);
	}
}

void control_server_free(ControlServer *server)
{
	if (!server) {
		return;
	}
	end_slow(server);
	g_socket_service_stop(server->service);
	g_socket_listener_close(G_SOCKET_LISTENER(server->service));
	g_object_unref(server->service);
	while (server->peers->len > 0) {
		peer_end(server->peers->pdata[0]);
	}
	g_ptr_array_unref(server->peers);
	if (server->folder_fd >= 0) {
		unlinkat(server->folder_fd, SOCKET_PATH_NAME, 0);
		close(server->folder_fd);
	}
	g_free(server->path);
	g_free(server);
}
