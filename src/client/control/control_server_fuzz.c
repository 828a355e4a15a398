/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: how many bytes are sent at once (one byte), and what a program sends to the daemon's
 * socket. Each line that comes back is an object with a result or an error, there is none without
 * a request, and the connection ends when nothing more is sent.
 */
#include "client/control/control_server.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/control/socket_path.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Program {
	GSocket *socket;
	GByteArray *heard;
	gboolean ended;
} Program;

static json_t *handle(const char *method, json_t *params, void *data, GError **error)
{
	g_assert(json_is_object(params));
	if (strcmp(method, "echo") == 0 || strcmp(method, "slow") == 0) {
		return json_incref(params);
	}
	if (strcmp(method, "status") == 0) {
		return json_pack("{s:i}", "files", 1);
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "no method '%s'", method);
	return NULL;
}

static ControlServer *server;
static char *folder;

static void leave(void)
{
	control_server_free(server);
	g_rmdir(folder);
	g_free(folder);
}

static GSocketAddress *serve(void)
{
	static const char *const slow_methods[] = { "slow", NULL };
	static GSocketAddress *address;
	static int folder_fd = -1;
	if (!server) {
		folder = g_dir_make_tmp("imdrive-control-XXXXXX", NULL);
		server = control_server_new(folder, handle, NULL, NULL);
		g_assert(server);
		control_server_set_slow(server, slow_methods, handle, NULL);
		atexit(leave);
		address = socket_path_address(folder, &folder_fd, NULL);
		g_assert(address);
	}
	return address;
}

static gboolean hear(GSocket *socket, GIOCondition condition, void *data)
{
	Program *program = data;
	char buffer[4096];
	gssize size = g_socket_receive(socket, buffer, sizeof buffer, NULL, NULL);
	if (size > 0) {
		g_byte_array_append(program->heard, (const uint8_t *)buffer, (unsigned)size);
		return G_SOURCE_CONTINUE;
	}
	program->ended = TRUE;
	return G_SOURCE_REMOVE;
}

/* The daemon may have ended it before all was sent. */
static void say(Program *program, const uint8_t *data, size_t size, size_t step)
{
	while (size > 0 && !program->ended) {
		gssize sent = g_socket_send(program->socket, (const char *)data, MIN(size, step),
					    NULL, NULL);
		data += MAX(sent, 0);
		size -= (size_t)MAX(sent, 0);
		g_main_context_iteration(NULL, FALSE);
	}
	g_socket_shutdown(program->socket, FALSE, TRUE, NULL);
}

static size_t lines_in(const uint8_t *data, size_t size)
{
	size_t lines = 0;
	for (size_t i = 0; i < size; i++) {
		lines += data[i] == '\n';
	}
	return lines;
}

static void check_answers(GByteArray *heard)
{
	for (unsigned at = 0; at < heard->len;) {
		const uint8_t *line = heard->data + at;
		const uint8_t *end = memchr(line, '\n', heard->len - at);
		g_assert(end);
		json_auto_t *answer = json_loadb((const char *)line, (size_t)(end - line), 0, NULL);
		const json_t *code = json_object_get(json_object_get(answer, "error"), "code");
		g_assert(json_object_size(answer) == 1);
		g_assert(json_object_get(answer, "result") || json_is_string(code));
		at += (unsigned)(end - line) + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Program program = { .heard = g_byte_array_new() };
	program.socket = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
				      G_SOCKET_PROTOCOL_DEFAULT, NULL);
	g_assert(g_socket_connect(program.socket, serve(), NULL, NULL));
	g_socket_set_blocking(program.socket, FALSE);
	g_autoptr(GSource) source = g_socket_create_source(program.socket, G_IO_IN, NULL);
	g_source_set_callback(source, G_SOURCE_FUNC(hear), &program, NULL);
	g_source_attach(source, NULL);
	size_t step = size > 0 ? 1 + (size_t)data[0] * 16 : 1;
	say(&program, size > 0 ? data + 1 : data, size > 0 ? size - 1 : 0, step);
	while (!program.ended) {
		g_main_context_iteration(NULL, TRUE);
	}
	check_answers(program.heard);
	g_assert(lines_in(program.heard->data, program.heard->len) <= lines_in(data, size));
	g_object_unref(program.socket);
	g_byte_array_unref(program.heard);
	return 0;
}
