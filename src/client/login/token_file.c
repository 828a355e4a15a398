/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/token_file.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_LOOK_US (20 * G_TIME_SPAN_MILLISECOND)
#define LOCK_WAIT_US (90 * G_TIME_SPAN_SECOND)

int token_file_lock(const char *folder, GCancellable *cancellable, GError **error)
{
	g_autofree char *path = g_build_filename(folder, "token.lock", NULL);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		error_set_errno(error, errno, "open '%s'", path);
		return -1;
	}
	int64_t end_us = g_get_monotonic_time() + LOCK_WAIT_US;
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		bool late = g_get_monotonic_time() > end_us;
		if (late || g_cancellable_is_cancelled(cancellable)) {
			g_set_error_literal(error, DRIVE_ERROR,
					    late ? DRIVE_ERROR_BUSY : DRIVE_ERROR_CANCELLED,
					    "another imdrive renews the credential of this device: "
					    "try again in a moment");
			close(fd);
			return -1;
		}
		g_usleep(LOCK_LOOK_US);
	}
	return fd;
}

bool token_file_read(const char *folder, Tokens *ret_tokens, GError **error)
{
	g_autofree char *path = g_build_filename(folder, "token", NULL);
	g_autofree char *text = NULL;
	g_autoptr(GError) failure = NULL;
	if (!g_file_get_contents(path, &text, NULL, &failure)) {
		if (!g_error_matches(failure, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "read the credential: %s",
				    failure->message);
			return false;
		}
		text = g_strdup("");
	}
	return tokens_parse(text, ret_tokens, error);
}

bool token_file_write(const char *folder, const Tokens *tokens, GError **error)
{
	g_autofree char *path = g_build_filename(folder, "token", NULL);
	g_autofree char *text = tokens ? tokens_format(tokens) : g_strdup("");
	g_autoptr(GError) failure = NULL;
	bool written = g_file_set_contents_full(
		path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
		&failure);
	sodium_memzero(text, strlen(text));
	if (!written) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "write '%s': %s", path,
			    failure->message);
	}
	return written;
}
