/* SPDX-License-Identifier: Apache-2.0 */
#include "client/control/control_client.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/control/socket_path.h"

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_SIZE_MAX (16 * MIB)
#define TIMEOUT_S 30

/* timeout_s: how long the daemon may take for a line; 0: as long as it likes. */
static GSocketConnection *reach(const char *folder, unsigned timeout_s, GError **error)
{
	int fd = -1;
	g_autoptr(GSocketAddress) address = socket_path_address(folder, &fd, NULL);
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_socket_client_set_timeout(client, timeout_s);
	GSocketConnection *connection =
		address ? g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, NULL)
			: NULL;
	if (fd >= 0) {
		close(fd);
	}
	if (!connection) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE,
			    "no imdrive is running with the profile '%s': start it with "
			    "'imdrive sync FOLDER', or name another with --profile",
			    folder);
	}
	return connection;
}

/* Leaves a whole line at the beginning of text; its size without the end. */
static bool read_line(GInputStream *in, GByteArray *text, size_t *ret_size, GError **error)
{
	uint8_t buffer[16384];
	g_autoptr(GError) failure = NULL;
	const uint8_t *end;
	while (!(end = text->len > 0 ? memchr(text->data, '\n', text->len) : NULL)) {
		gssize size = g_input_stream_read(in, buffer, sizeof buffer, NULL, &failure);
		if (size <= 0 || text->len + (size_t)size > ANSWER_SIZE_MAX) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE,
				    "the running imdrive did not answer: %s",
				    failure ? failure->message : "it ended the conversation");
			return false;
		}
		g_byte_array_append(text, buffer, (unsigned)size);
	}
	*ret_size = (size_t)(end - text->data);
	return true;
}

static json_t *take_result(GByteArray *text, size_t size, GError **error)
{
	json_auto_t *reply =
		json_loadb((const char *)text->data, size, JSON_REJECT_DUPLICATES, NULL);
	g_byte_array_remove_range(text, 0, (unsigned)size + 1);
	json_t *result = json_object_get(reply, "result");
	if (result) {
		return json_incref(result);
	}
	const json_t *failure = json_object_get(reply, "error");
	const char *message = json_string_value(json_object_get(failure, "message"));
	const char *code = json_string_value(json_object_get(failure, "code"));
	g_set_error(error, DRIVE_ERROR, (int)error_code_from_name(code), "%s",
		    message ? message : "the running imdrive gave an answer of another version");
	return NULL;
}

static bool ask(GSocketConnection *connection, const char *method, json_t *params, GError **error)
{
	json_auto_t *request = json_pack("{s:s, s:O*}", "method", method, "params", params);
	char *text = json_dumps(request, JSON_COMPACT);
	g_autofree char *line = g_strconcat(text, "\n", NULL);
	free(text);
	GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
	if (!g_output_stream_write_all(out, line, strlen(line), NULL, NULL, error)) {
		g_prefix_error(error, "ask the running imdrive: ");
		return false;
	}
	return true;
}

/* However long it takes, as long as the daemon says that it is at it: by an empty line. */
static json_t *read_answer(GInputStream *in, GByteArray *text, GError **error)
{
	size_t size = 0;
	while (read_line(in, text, &size, error)) {
		if (size > 0) {
			return take_result(text, size, error);
		}
		g_byte_array_remove_index(text, 0);
	}
	return NULL;
}

json_t *control_client_call(const char *folder, const char *method, json_t *params, GError **error)
{
	g_autoptr(GSocketConnection) connection = reach(folder, TIMEOUT_S, error);
	if (!connection || !ask(connection, method, params, error)) {
		return NULL;
	}
	g_autoptr(GByteArray) reply = g_byte_array_new();
	GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
	return read_answer(in, reply, error);
}

bool control_client_watch(const char *folder, ControlWatcher watcher, void *data, GError **error)
{
	g_autoptr(GSocketConnection) connection = reach(folder, 0, error);
	if (!connection || !ask(connection, "watch", NULL, error)) {
		return false;
	}
	g_autoptr(GByteArray) text = g_byte_array_new();
	GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
	for (;;) {
		size_t size;
		json_auto_t *status =
			read_line(in, text, &size, error) ? take_result(text, size, error) : NULL;
		if (!status) {
			return false;
		}
		if (!watcher(status, data)) {
			return true;
		}
	}
}
