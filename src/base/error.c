/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

typedef struct ErrorKind {
	const char *name;
	unsigned http_status;
} ErrorKind;

static const ErrorKind kinds[DRIVE_ERROR_LAST] = {
	[DRIVE_ERROR_INVALID] = { "invalid", 400 },
	[DRIVE_ERROR_UNAUTHENTICATED] = { "unauthenticated", 401 },
	[DRIVE_ERROR_FORBIDDEN] = { "forbidden", 403 },
	[DRIVE_ERROR_NOT_FOUND] = { "not-found", 404 },
	[DRIVE_ERROR_CONFLICT] = { "conflict", 409 },
	[DRIVE_ERROR_TOO_LARGE] = { "too-large", 413 },
	[DRIVE_ERROR_QUOTA] = { "quota", 507 },
	[DRIVE_ERROR_BUSY] = { "busy", 503 },
	[DRIVE_ERROR_CORRUPT] = { "corrupt", 422 },
	[DRIVE_ERROR_CHANGED] = { "changed", 412 },
	[DRIVE_ERROR_UNSUPPORTED] = { "unsupported", 501 },
	[DRIVE_ERROR_NO_SPACE] = { "no-space", 507 },
	[DRIVE_ERROR_OFFLINE] = { "offline", 502 },
	[DRIVE_ERROR_CANCELLED] = { "cancelled", 500 },
	[DRIVE_ERROR_IO] = { "io", 500 },
};

G_DEFINE_QUARK(drive_error, error)

static DriveError code_from_errno(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
		return DRIVE_ERROR_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return DRIVE_ERROR_FORBIDDEN;
	case EEXIST:
	case ENOTEMPTY:
		return DRIVE_ERROR_CONFLICT;
	case ENOSPC:
	case EDQUOT:
		return DRIVE_ERROR_NO_SPACE;
	case EOPNOTSUPP:
	case ENOSYS:
	case ENAMETOOLONG:
	case EILSEQ:
		return DRIVE_ERROR_UNSUPPORTED;
	case EBUSY:
	case EAGAIN:
		return DRIVE_ERROR_BUSY;
	case EFBIG:
		return DRIVE_ERROR_TOO_LARGE;
	default:
		return DRIVE_ERROR_IO;
	}
}

gboolean error_set_errno(GError **error, int errnum, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, DRIVE_ERROR, code_from_errno(errnum), "%s: %s", text,
		    g_strerror(errnum));
	return FALSE;
}

void error_append(GError **error, DriveError code, const char *text)
{
	if (error && g_error_matches(*error, DRIVE_ERROR, (int)code)) {
		g_autofree char *message = g_steal_pointer(&(*error)->message);
		(*error)->message = g_strconcat(message, text, NULL);
	}
}

unsigned error_http_status(const GError *error)
{
	if (error->domain != DRIVE_ERROR) {
		return 500;
	}
	g_assert(error->code >= 0 && error->code < DRIVE_ERROR_LAST);
	return kinds[error->code].http_status;
}

DriveError error_code_from_http(unsigned status, const char *name)
{
	for (int code = 0; name && code < DRIVE_ERROR_LAST; code++) {
		if (kinds[code].http_status == status && status != 500 &&
		    strcmp(kinds[code].name, name) == 0) {
			return (DriveError)code;
		}
	}
	for (int code = 0; code < DRIVE_ERROR_LAST; code++) {
		if (kinds[code].http_status == status && status != 500) {
			return (DriveError)code;
		}
	}
	if (status == 429) {
		return DRIVE_ERROR_BUSY;
	}
	return status < 500 ? DRIVE_ERROR_INVALID : DRIVE_ERROR_BUSY;
}

const char *error_code_name(DriveError code)
{
	g_assert((int)code >= 0 && code < DRIVE_ERROR_LAST);
	return kinds[code].name;
}

DriveError error_code_from_name(const char *name)
{
	for (int code = 0; code < DRIVE_ERROR_LAST; code++) {
		if (g_strcmp0(kinds[code].name, name) == 0) {
			return (DriveError)code;
		}
	}
	return DRIVE_ERROR_INVALID;
}
