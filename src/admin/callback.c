/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/callback.h"

#include "base/error.h"
#include "base/limits.h"

#include <gio/gio.h>
#include <stdbool.h>
#include <string.h>

#define REQUEST_SIZE_MAX (16 * KIB)
#define READ_TIMEOUT_S 10

struct Callback {
	GSocket *socket;
	char *path;
	char *url;
};

Callback *callback_listen(const char *path, unsigned port, GError **error)
{
	g_autoptr(Callback) callback = g_new0(Callback, 1);
	g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
	g_autoptr(GSocketAddress) address = g_inet_socket_address_new(loopback, (guint16)port);
	callback->path = g_strdup(path);
	callback->socket = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
					G_SOCKET_PROTOCOL_DEFAULT, error);
	if (!callback->socket || !g_socket_bind(callback->socket, address, TRUE, error) ||
	    !g_socket_listen(callback->socket, error)) {
		g_prefix_error(error, "listen on 127.0.0.1 for the browser: ");
		return NULL;
	}
	g_autoptr(GSocketAddress) bound = g_socket_get_local_address(callback->socket, error);
	if (!bound) {
		return NULL;
	}
	port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
	callback->url = g_strdup_printf("http://127.0.0.1:%u%s", port, path);
	return g_steal_pointer(&callback);
}

void callback_free(Callback *callback)
{
	if (!callback) {
		return;
	}
	g_clear_object(&callback->socket);
	g_free(callback->path);
	g_free(callback->url);
	g_free(callback);
}

const char *callback_url_of(const Callback *callback)
{
	return callback->url;
}

/* ---- parameters ------------------------------------------------------------------------ */

static bool add_pair(GHashTable *query, const char *pair)
{
	g_autofree char *plain = g_strdelimit(g_strdup(pair), "+", ' ');
	const char *equals = strchr(plain, '=');
	const char *end = equals ? equals : plain + strlen(plain);
	char *name = g_uri_unescape_segment(plain, end, NULL);
	char *value = g_uri_unescape_string(equals ? equals + 1 : "", NULL);
	bool ok = name && value && !g_hash_table_contains(query, name);
	if (!ok) {
		g_free(name);
		g_free(value);
		return false;
	}
	return g_hash_table_insert(query, name, value);
}

GHashTable *callback_parse(const char *url, const char *state, GError **error)
{
	g_autoptr(GHashTable) query =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	const char *mark = strchr(url, '?');
	g_autofree char *text =
		g_strndup(mark ? mark + 1 : "", mark ? strcspn(mark + 1, "# \r\n") : 0);
	g_auto(GStrv) pairs = g_strsplit(text, "&", PROVIDER_PARAMETERS_MAX + 1);
	bool ok = g_strv_length(pairs) <= PROVIDER_PARAMETERS_MAX;
	for (size_t i = 0; ok && pairs[i]; i++) {
		ok = !*pairs[i] || add_pair(query, pairs[i]);
	}
	if (!ok) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the address that the browser came back to is malformed");
		return NULL;
	}
	const char *came = g_hash_table_lookup(query, "state");
	if (!came || strcmp(came, state) != 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the browser came back from another sign-in (state)");
		return NULL;
	}
	return g_steal_pointer(&query);
}

/* ---- the listener ---------------------------------------------------------------------- */

/* The target of "GET TARGET HTTP/1.1"; NULL if that is not what came. */
static char *read_target(GSocket *peer)
{
	g_autoptr(GString) head = g_string_new(NULL);
	char buffer[1024];
	while (!strstr(head->str, "\r\n\r\n") && head->len < REQUEST_SIZE_MAX) {
		gssize size = g_socket_receive(peer, buffer, sizeof buffer, NULL, NULL);
		if (size <= 0) {
			return NULL;
		}
		g_string_append_len(head, buffer, size);
	}
	const char *end = strstr(head->str, " HTTP/1.");
	if (!g_str_has_prefix(head->str, "GET ") || !end || end < head->str + 4) {
		return NULL;
	}
	return g_strndup(head->str + 4, (gsize)(end - head->str - 4));
}

static void answer(GSocket *peer, bool found)
{
	const char *text = found ? "Back at imdrived: see its terminal. This page can be closed.\n"
				 : "Not here.\n";
	g_autofree char *whole = g_strdup_printf(
		"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
		"Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n"
		"\r\n%s",
		found ? "200 OK" : "404 Not Found", strlen(text), text);
	g_socket_send(peer, whole, strlen(whole), NULL, NULL);
}

/* What a browser came with, if it is what is waited for. */
static GHashTable *serve(const Callback *callback, GSocket *peer, const char *state)
{
	g_socket_set_timeout(peer, READ_TIMEOUT_S);
	g_autofree char *target = read_target(peer);
	size_t size = strlen(callback->path);
	bool path = target && strncmp(target, callback->path, size) == 0 && target[size] == '?';
	GHashTable *query = path ? callback_parse(target, state, NULL) : NULL;
	answer(peer, query != NULL);
	g_socket_close(peer, NULL);
	return query;
}

GHashTable *callback_wait(Callback *callback, const char *state, unsigned timeout_s, GError **error)
{
	int64_t deadline = g_get_monotonic_time() + (int64_t)timeout_s * G_USEC_PER_SEC;
	for (;;) {
		int64_t left = deadline - g_get_monotonic_time();
		g_autoptr(GSocket) peer = NULL;
		if (left > 0 &&
		    g_socket_condition_timed_wait(callback->socket, G_IO_IN, left, NULL, NULL)) {
			peer = g_socket_accept(callback->socket, NULL, NULL);
		}
		GHashTable *query = peer ? serve(callback, peer, state) : NULL;
		if (query) {
			return query;
		}
		if (g_get_monotonic_time() >= deadline) {
			g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE,
					    "nobody came back from the service");
			return NULL;
		}
	}
}
