/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/control.h"

#include "admin/verb.h"
#include "base/error.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_NAME "control"
/* A table of the largest size, each of its bytes escaped. */
#define LINE_SIZE_MAX (8 * ROSTER_SIZE_MAX)
/* Whoever connects and says nothing does not keep others out for longer. */
#define ASK_TIMEOUT_MS 10000
#define AT_ONCE_MAX 4

struct Control {
	DataFolder *data;
	int folder_fd;
	int listen_fd;
	int stop_fd;
	GThread *thread;
	GThreadPool *workers; /* of descriptors + 1 */
};

/* ---- sockets --------------------------------------------------------------------------- */

/*
 * A socket's address holds 107 bytes, which the path of a data folder may pass; one through the
 * folder's descriptor is always short.
 */
static void address_in(int folder_fd, struct sockaddr_un *ret_address)
{
	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	g_snprintf(ret_address->sun_path, sizeof ret_address->sun_path,
		   "/proc/self/fd/%d/" SOCKET_NAME, folder_fd);
}

static int open_folder(const char *folder, GError **error)
{
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		error_set_errno(error, errno, "open '%s'", folder);
	}
	return fd;
}

static bool write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t written = send(fd, text, size, MSG_NOSIGNAL);
		if (written < 0 && errno != EINTR) {
			return false;
		}
		if (written > 0) {
			text += written;
			size -= (size_t)written;
		}
	}
	return true;
}

/* One line, or what there is until the end; NULL if it does not come or is too long. */
static GString *read_line(int fd, int timeout_ms)
{
	g_autoptr(GString) line = g_string_new(NULL);
	char part[4096];
	while (line->len < LINE_SIZE_MAX) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		if (poll(&ready, 1, timeout_ms) <= 0) {
			return NULL;
		}
		ssize_t size = recv(fd, part, sizeof part, 0);
		if (size < 0 && errno == EINTR) {
			continue;
		}
		if (size < 0) {
			return NULL;
		}
		g_string_append_len(line, part, size);
		if (size == 0 || part[size - 1] == '\n') {
			sodium_memzero(part, sizeof part);
			return g_steal_pointer(&line);
		}
	}
	return NULL;
}

static bool send_json(int fd, json_t *object)
{
	g_assert(object);
	char *text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	g_assert(text);
	size_t size = strlen(text);
	/* The NUL makes room for the line's end. */
	text[size] = '\n';
	bool sent = write_all(fd, text, size + 1);
	sodium_memzero(text, size);
	free(text);
	return sent;
}

/* ---- the server's side ----------------------------------------------------------------- */

/* NULL-terminated, borrowed from the array; NULL if it is none of texts. */
static const char **words_of(const json_t *array)
{
	size_t count = json_array_size(array);
	const char **words = g_new0(const char *, count + 1);
	for (size_t i = 0; i < count; i++) {
		words[i] = json_string_value(json_array_get(array, i));
		if (!words[i]) {
			g_free(words);
			return NULL;
		}
	}
	return words;
}

static json_t *run(Control *control, const json_t *request)
{
	g_autofree const char **words = words_of(json_object_get(request, "words"));
	const char *const *rest = NULL;
	const Verb *verb = words ? verb_find(words, &rest) : NULL;
	const char *input = json_string_value(json_object_get(request, "input"));
	if (!verb || (verb->prompt && !input)) {
		return json_pack(
			"{s:i, s:s, s:s}", "status", 2, "out", "", "err",
			"imdrived: the server does not know this command: is it of another "
			"version?\n");
	}
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GString) err = g_string_new(NULL);
	VerbCall call = { .data = control->data, .words = rest, .input = input, .out = out };
	int status = verb_run(verb, &call, err);
	g_autofree char *out_text = g_utf8_make_valid(out->str, -1);
	g_autofree char *err_text = g_utf8_make_valid(err->str, -1);
	return json_pack("{s:i, s:s, s:s}", "status", status, "out", out_text, "err", err_text);
}

static void answer(void *data, void *user_data)
{
	Control *control = user_data;
	int fd = GPOINTER_TO_INT(data) - 1;
	g_autoptr(GString) line = read_line(fd, ASK_TIMEOUT_MS);
	if (line) {
		json_t *request = json_loadb(line->str, line->len, JSON_REJECT_DUPLICATES, NULL);
		sodium_memzero(line->str, line->len);
		send_json(fd, run(control, request));
		json_decref(request);
	}
	close(fd);
}

static void *serve(void *data)
{
	Control *control = data;
	for (;;) {
		struct pollfd ready[2] = {
			{ .fd = control->listen_fd, .events = POLLIN },
			{ .fd = control->stop_fd, .events = POLLIN },
		};
		if (poll(ready, 2, -1) < 0 && errno != EINTR) {
			return NULL;
		}
		if (ready[1].revents) {
			return NULL;
		}
		int fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			g_thread_pool_push(control->workers, GINT_TO_POINTER(fd + 1), NULL);
		}
	}
}

static bool open_socket(Control *control, const char *folder, GError **error)
{
	control->folder_fd = open_folder(folder, error);
	if (control->folder_fd < 0) {
		return false;
	}
	struct sockaddr_un address;
	address_in(control->folder_fd, &address);
	/* One that is there is of a server that was killed: we have the lock. */
	unlinkat(control->folder_fd, SOCKET_NAME, 0);
	control->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	control->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (control->listen_fd < 0 || control->stop_fd < 0 ||
	    fchmod(control->listen_fd, 0600) != 0 ||
	    bind(control->listen_fd, (struct sockaddr *)&address, sizeof address) != 0 ||
	    fchmodat(control->folder_fd, SOCKET_NAME, 0600, 0) != 0 ||
	    listen(control->listen_fd, AT_ONCE_MAX) != 0) {
		return error_set_errno(error, errno, "open the control socket in '%s'", folder);
	}
	return true;
}

Control *control_start(const char *folder, DataFolder *data, GError **error)
{
	g_autoptr(Control) control = g_new0(Control, 1);
	control->data = data;
	control->folder_fd = -1;
	control->listen_fd = -1;
	control->stop_fd = -1;
	if (!open_socket(control, folder, error)) {
		return NULL;
	}
	control->workers = g_thread_pool_new(answer, control, AT_ONCE_MAX, FALSE, NULL);
	control->thread = g_thread_new("control", serve, control);
	return g_steal_pointer(&control);
}

static void close_fd(int fd)
{
	if (fd >= 0) {
		close(fd);
	}
}

void control_stop(Control *control)
{
	if (!control) {
		return;
	}
	if (control->thread) {
		eventfd_write(control->stop_fd, 1);
		g_thread_join(control->thread);
		unlinkat(control->folder_fd, SOCKET_NAME, 0);
		g_thread_pool_free(control->workers, FALSE, TRUE);
	}
	close_fd(control->listen_fd);
	close_fd(control->stop_fd);
	close_fd(control->folder_fd);
	g_free(control);
}

/* ---- the asking side ------------------------------------------------------------------- */

void control_answer_clear(ControlAnswer *got)
{
	g_clear_pointer(&got->out, g_free);
	g_clear_pointer(&got->err, g_free);
}

static int connect_to(const char *folder, GError **error)
{
	int folder_fd = open_folder(folder, error);
	if (folder_fd < 0) {
		return -1;
	}
	struct sockaddr_un address;
	address_in(folder_fd, &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
	int errnum = errno;
	close(folder_fd);
	if (!connected) {
		close_fd(fd);
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE,
			    "ask the server that serves '%s': %s", folder, g_strerror(errnum));
		return -1;
	}
	return fd;
}

static json_t *exchange(int fd, const char *const *words, const char *input)
{
	json_t *array = json_array();
	for (size_t i = 0; words[i]; i++) {
		json_array_append_new(array, json_string(words[i]));
	}
	json_t *request = json_pack("{s:o, s:s*}", "words", array, "input", input);
	if (!request || !send_json(fd, request)) {
		return NULL;
	}
	/* A check of a large drive takes its time. */
	g_autoptr(GString) line = read_line(fd, -1);
	return line ? json_loadb(line->str, line->len, 0, NULL) : NULL;
}

bool control_ask(const char *folder, const char *const *words, const char *input,
		 ControlAnswer *ret_answer, GError **error)
{
	int fd = connect_to(folder, error);
	if (fd < 0) {
		return false;
	}
	json_t *got = exchange(fd, words, input);
	close(fd);
	const char *out = json_string_value(json_object_get(got, "out"));
	const char *err = json_string_value(json_object_get(got, "err"));
	if (!out || !err) {
		json_decref(got);
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO,
			    "the server that serves '%s' ended before it answered: look whether it "
			    "was done",
			    folder);
		return false;
	}
	ret_answer->status = (int)json_integer_value(json_object_get(got, "status"));
	ret_answer->out = g_strdup(out);
	ret_answer->err = g_strdup(err);
	json_decref(got);
	return true;
}
