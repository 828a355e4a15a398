/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/token_file.h"

#include "base/error.h"
#include "base/text.h"
#include "client/login/secret_store.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* What the file says then. */
#define IN_KEYRING "secret-service\n"
#define REASON "why_here"
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

static char *file_path(const char *folder)
{
	return g_build_filename(folder, "token", NULL);
}

/* The file's text, "" if there is none. */
static char *read_text(const char *folder, GError **error)
{
	g_autofree char *path = file_path(folder);
	g_autoptr(GError) failure = NULL;
	char *text = NULL;
	if (g_file_get_contents(path, &text, NULL, &failure)) {
		return text;
	}
	if (!g_error_matches(failure, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "read the credential: %s",
			    failure->message);
		return NULL;
	}
	return g_strdup("");
}

static bool is_in_keyring(const char *text)
{
	return g_str_has_prefix(text, IN_KEYRING);
}

static char *read_keyring(const char *folder, GError **error)
{
	g_autoptr(GError) failure = NULL;
	char *text = secret_store_read(folder, &failure);
	if (text) {
		return text;
	}
	if (g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
		return g_strdup(""); /* somebody has removed it there: signed out */
	}
	g_set_error(
		error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
		"this device's credential lies in the desktop's keyring: %s; unlock it, or sign "
		"in again",
		failure->message);
	return NULL;
}

bool token_file_read(const char *folder, Tokens *ret_tokens, GError **error)
{
	char *text = read_text(folder, error);
	if (text && is_in_keyring(text)) {
		g_free(text);
		text = read_keyring(folder, error);
	}
	if (!text) {
		return false;
	}
	bool parsed = tokens_parse(text, ret_tokens, error);
	text_wipe(&text);
	return parsed;
}

bool token_file_replace(const char *path, const char *text, GError **error)
{
	g_autoptr(GError) failure = NULL;
	if (!g_file_set_contents_full(path, text, -1,
				      G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
				      0600, &failure)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "write '%s': %s", path,
			    failure->message);
		return false;
	}
	return true;
}

static bool write_text(const char *folder, const char *text, GError **error)
{
	g_autofree char *path = file_path(folder);
	return token_file_replace(path, text, error);
}

/*
 * First what the file says: a keyring that cannot be reached may keep what nobody reads any more,
 * and what the drive refuses.
 */
static bool forget(const char *folder, GError **error)
{
	if (!write_text(folder, "", error)) {
		return false;
	}
	secret_store_remove(folder, NULL);
	return true;
}

/* The tokens with why the keyring does not have them, if they are of a form that has room for it.
 */
static char *with_reason(const char *text, const char *why)
{
	json_auto_t *object = why ? json_loads(text, 0, NULL) : NULL;
	if (!json_is_object(object)) {
		return g_strdup(text);
	}
	json_object_set_new(object, REASON, json_string(why));
	char *json = json_dumps(object, JSON_COMPACT);
	char *whole = g_strconcat(json, "\n", NULL);
	sodium_memzero(json, strlen(json));
	free(json);
	return whole;
}

bool token_file_write(const char *folder, const Tokens *tokens, GError **error)
{
	if (!tokens) {
		return forget(folder, error);
	}
	g_autoptr(GError) why = NULL;
	char *text = tokens_format(tokens);
	bool kept = tokens->refresh && secret_store_write(folder, text, &why);
	bool written;
	if (kept) {
		written = write_text(folder, IN_KEYRING, error);
	} else {
		/* Where there is no desktop, nobody misses its keyring. */
		bool missed = why && why->code != DRIVE_ERROR_UNSUPPORTED;
		char *whole = with_reason(text, missed ? why->message : NULL);
		written = write_text(folder, whole, error);
		text_wipe(&whole);
	}
	text_wipe(&text);
	return written;
}

bool token_file_in_keyring(const char *folder, char **ret_why)
{
	char *text = read_text(folder, NULL);
	bool kept = text && is_in_keyring(text);
	json_auto_t *object = kept || !text ? NULL : json_loads(text, 0, NULL);
	*ret_why = g_strdup(json_string_value(json_object_get(object, REASON)));
	text_wipe(&text);
	return kept;
}

void token_file_move(const char *folder)
{
	g_autofree char *why = NULL;
	if (!secret_store_may_be_there() || token_file_in_keyring(folder, &why)) {
		return;
	}
	int lock = token_file_lock(folder, NULL, NULL);
	if (lock < 0) {
		return;
	}
	g_auto(Tokens) tokens = { 0 };
	if (token_file_read(folder, &tokens, NULL) && tokens.refresh) {
		token_file_write(folder, &tokens, NULL);
	}
	close(lock);
}
