/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * The one error domain of imdrive.
 *
 * A code says what a caller may do about the failure; the message says what was tried, on what, and
 * why it failed. Every layer that knows the intent adds it with g_prefix_error(). The codes are
 * mapped to HTTP by error_http_status() and nowhere else.
 */
#define DRIVE_ERROR (error_quark())

typedef enum DriveError {
	DRIVE_ERROR_INVALID,         /* malformed request, message, argument or file */
	DRIVE_ERROR_UNAUTHENTICATED, /* no credential, or one that is expired or revoked */
	DRIVE_ERROR_FORBIDDEN,       /* known, but not allowed */
	DRIVE_ERROR_NOT_FOUND,       /* no such account, node, chunk, file, path */
	DRIVE_ERROR_CONFLICT,        /* exists already, or changed since its base */
	DRIVE_ERROR_TOO_LARGE,       /* over a named limit of base/limits.h */
	DRIVE_ERROR_QUOTA,           /* the account's storage is used up */
	DRIVE_ERROR_BUSY,            /* try again later: overload, rate limit, another's lock */
	DRIVE_ERROR_CORRUPT,         /* bytes do not have the hash or the form they must have */
	DRIVE_ERROR_CHANGED,         /* a file changed while it was worked on: look again */
	DRIVE_ERROR_UNSUPPORTED,     /* this file system or this version cannot do that */
	DRIVE_ERROR_NO_SPACE,        /* disk full, or the file system's own quota */
	DRIVE_ERROR_OFFLINE,         /* the peer cannot be reached or does not answer */
	DRIVE_ERROR_CANCELLED,       /* given up on request */
	DRIVE_ERROR_IO,              /* any other failure of disk or database */
	DRIVE_ERROR_LAST,
} DriveError;

GQuark error_quark(void);

/*
 * Sets *error from an errno value. ENOENT, ENOSPC, EDQUOT, EACCES and the like get the matching
 * code, everything else DRIVE_ERROR_IO. The message is "<text>: <strerror>". Always returns false,
 * so that a caller can write: return error_set_errno(error, errno, "open '%s'", path);
 */
gboolean error_set_errno(GError **error, int errnum, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Appends text, which says what to do, if *error (error may be NULL) is a DRIVE_ERROR of this code.
 */
void error_append(GError **error, DriveError code, const char *text);

/* HTTP status for an error of any domain; 500 for a foreign domain. */
unsigned error_http_status(const GError *error);

/*
 * Code for an HTTP status as a client sees it (the inverse of error_http_status() as far as there
 * is one; unknown statuses: 4xx INVALID, 5xx BUSY). name: what the answer calls the code, or NULL;
 * it counts only among codes of that status.
 */
DriveError error_code_from_http(unsigned status, const char *name);

/* Stable lower-case name of a code ("quota", "not-found") for JSON and logs. */
const char *error_code_name(DriveError code);

/* The code of that name; INVALID if it is none, or NULL. */
DriveError error_code_from_name(const char *name);
