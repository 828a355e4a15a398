/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is downloaded comes from the same origin as the pages that people sign in with, and may be
 * anything. So it is never shown there: it has no type, is an attachment, and a browser that shows
 * it all the same does so in a sandbox without script.
 */
#include "server/share/shared_content.h"

#include "base/error.h"
#include "base/text.h"
#include "request/range.h"

#include <string.h>

/* ---- headers --------------------------------------------------------------------------- */

/* For programs that know no other names: what is not plain becomes '_'. */
static char *plain_name(const char *name)
{
	char *plain = g_strdup(name);
	for (char *at = plain; *at; at++) {
		if (*at < ' ' || *at > '~' || strchr("\"\\%", *at)) {
			*at = '_';
		}
	}
	return plain;
}

static char *disposition_of(const char *name)
{
	g_autofree char *plain = plain_name(name);
	g_autofree char *escaped = g_uri_escape_string(name, NULL, FALSE);
	return g_strdup_printf("attachment; filename=\"%s\"; filename*=UTF-8''%s", plain, escaped);
}

void shared_content_add_headers(Response *response, const char *name)
{
	g_autofree char *disposition = disposition_of(name);
	response->content_type = "application/octet-stream";
	response_add_header(response, "Content-Disposition", disposition);
	response_add_header(response, "Content-Security-Policy", "sandbox; default-src 'none'");
	response_add_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	response_add_header(response, "Referrer-Policy", "no-referrer");
	response_add_header(response, "X-Robots-Tag", "noindex");
}

/* ---- bytes ----------------------------------------------------------------------------- */

typedef struct Sending {
	Share *share;
	char *token; /* of the link */
	DriveReading *reading;
} Sending;

static bool next_piece(void *data, GBytes **ret_piece, GError **error)
{
	const Sending *sending = data;
	return share_is_good(sending->share, sending->token, error) &&
	       drive_reading_next(sending->reading, ret_piece, error);
}

static void sending_free(void *data)
{
	Sending *sending = data;
	if (sending) {
		drive_reading_free(sending->reading);
		text_wipe(&sending->token);
		g_free(sending);
	}
}

static void refuse_range(ShareCall *call)
{
	g_autofree char *size = g_strdup_printf("bytes */%" G_GUINT64_FORMAT, call->node.size);
	response_add_header(call->response, "Content-Range", size);
	response_fail(call->response, 416, "invalid", "the file ends before that");
}

static void set_part(ShareCall *call, const Range *part)
{
	g_autofree char *range = g_strdup_printf(
		"bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT,
		part->offset, part->offset + part->length - 1, call->node.size);
	response_add_header(call->response, "Content-Range", range);
	call->response->status = 206;
}

static bool send_range(ShareCall *call, const Range *part, GError **error)
{
	const DriveRange range = {
		.content = call->node.content,
		.offset = part->offset,
		.length = part->length,
	};
	DriveReading *reading = drive_read(call->share->drive, &call->caller, &range, error);
	if (!reading) {
		return false;
	}
	Sending *sending = g_new(Sending, 1);
	*sending = (Sending){ call->share, g_strdup(call->link.token), reading };
	call->response->source = (ResponseSource){
		.size = part->length,
		.next = next_piece,
		.free = sending_free,
		.data = sending,
	};
	return true;
}

bool shared_content_send(ShareCall *call, GError **error)
{
	const char *const *headers = call->request->headers;
	if (call->node.kind != JOURNAL_FILE) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "what the link leads to is no file");
		return false;
	}
	char hex[NODE_ID_HEX_SIZE];
	node_id_to_hex(&call->node.id, hex);
	g_autofree char *etag =
		g_strdup_printf("\"%s-%" G_GUINT64_FORMAT "\"", hex, call->node.seq);
	Range part = { .length = call->node.size };
	RangeAsked asked = range_read(headers[REQUEST_RANGE], headers[REQUEST_IF_RANGE], etag,
				      call->node.size, &part);
	if (asked == RANGE_NONE) {
		refuse_range(call);
		return true;
	}
	if (!send_range(call, &part, error)) {
		return false;
	}
	g_autofree char *name = share_name(call->node.name);
	call->response->status = 200;
	shared_content_add_headers(call->response, name);
	response_add_header(call->response, "Accept-Ranges", "bytes");
	response_add_header(call->response, "ETag", etag);
	if (asked == RANGE_PART) {
		set_part(call, &part);
	}
	return true;
}
