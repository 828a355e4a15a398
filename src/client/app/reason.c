/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/reason.h"

#include "base/error.h"

#include <glib/gi18n.h>
#include <string.h>

typedef struct Kind {
	DriveError code;
	const char *text;
} Kind;

static const Kind kinds[] = {
	{ DRIVE_ERROR_INVALID, N_("That cannot be done as it was asked for.") },
	{ DRIVE_ERROR_UNAUTHENTICATED, N_("This device is signed out of the drive.") },
	{ DRIVE_ERROR_FORBIDDEN, N_("That is not allowed.") },
	{ DRIVE_ERROR_NOT_FOUND, N_("It is not there, or not any more.") },
	{ DRIVE_ERROR_CONFLICT, N_("There is something else in its place.") },
	{ DRIVE_ERROR_TOO_LARGE, N_("It is too large.") },
	{ DRIVE_ERROR_QUOTA, N_("The room on the drive is used up.") },
	{ DRIVE_ERROR_BUSY, N_("Too much is going on: try again in a moment.") },
	{ DRIVE_ERROR_CORRUPT, N_("What arrived is damaged.") },
	{ DRIVE_ERROR_CHANGED, N_("It was changed meanwhile.") },
	{ DRIVE_ERROR_UNSUPPORTED, N_("That is not possible here.") },
	{ DRIVE_ERROR_NO_SPACE, N_("The disk of this device is full.") },
	{ DRIVE_ERROR_OFFLINE, N_("The drive cannot be reached.") },
	{ DRIVE_ERROR_IO, N_("The disk or the database failed.") },
};

static char *text_of(DriveError code, const char *message)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		const char *text = _(kinds[i].text);
		/* Whoever reads English reads the message, which says more. */
		if (kinds[i].code == code && strcmp(text, kinds[i].text) != 0) {
			return g_strdup_printf("%s\n%s", text, message);
		}
	}
	return g_strdup(message);
}

char *reason_of(const GError *error)
{
	return error->domain == DRIVE_ERROR ? text_of((DriveError)error->code, error->message)
					    : g_strdup(error->message);
}

char *reason_text(const char *code, const char *message)
{
	return code ? text_of(error_code_from_name(code), message) : g_strdup(message);
}
