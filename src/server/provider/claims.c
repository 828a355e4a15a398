/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/claims.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/provider/document.h"

#include <string.h>

/* Without control characters, of at most PROVIDER_TEXT_SIZE_MAX bytes; NULL if nothing is left. */
static char *clean(const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);
	for (const char *at = text; *at; at = g_utf8_next_char(at)) {
		gunichar letter = g_utf8_get_char(at);
		size_t size = (size_t)(g_utf8_next_char(at) - at);
		if (out->len + size > PROVIDER_TEXT_SIZE_MAX) {
			break;
		}
		if (!g_unichar_iscntrl(letter)) {
			g_string_append_len(out, at, (gssize)size);
		}
	}
	g_strstrip(out->str);
	return *out->str ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

static char *pick(const json_t *claims, const char *expression)
{
	g_autofree char *text = expression ? document_pick(claims, expression) : NULL;
	return text ? clean(text) : NULL;
}

static bool is_subject(const char *text)
{
	size_t size = strlen(text);
	if (size == 0 || size > PROVIDER_SUBJECT_SIZE_MAX || !g_utf8_validate(text, -1, NULL)) {
		return false;
	}
	for (const char *at = text; *at; at = g_utf8_next_char(at)) {
		if (g_unichar_iscntrl(g_utf8_get_char(at))) {
			return false;
		}
	}
	return true;
}

/* Borrowed; NULL if it is not acceptable. */
static const char *find_subject(const Record *record, const json_t *claims, GError **error)
{
	const char *subject = document_text(claims, record->subject);
	if (!subject) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "the service does not say who it is (no '%s')", record->subject);
		return NULL;
	}
	if (!is_subject(subject)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "'%s' of the service is empty, longer than %d bytes or no text",
			    record->subject, PROVIDER_SUBJECT_SIZE_MAX);
		return NULL;
	}
	return subject;
}

static bool check_group(const Record *record, const json_t *claims, GError **error)
{
	if (!record->groups || !record->groups[0]) {
		return true;
	}
	g_autofree char *group = document_pick(claims, record->group);
	if (group && g_strv_contains((const char *const *)record->groups, group)) {
		return true;
	}
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
			    "is not of a group that the record's 'groups' admits");
	return false;
}

bool claims_read(const Record *record, const char *tenant, const json_t *claims, Proof *ret_proof,
		 GError **error)
{
	const char *subject = find_subject(record, claims, error);
	if (!subject || !check_group(record, claims, error)) {
		return false;
	}
	char *email = pick(claims, record->email);
	*ret_proof = (Proof){
		.provider = g_strdup(record->id),
		.tenant = g_strdup(tenant ? tenant : ""),
		.subject = g_strdup(subject),
		.alt_subject = pick(claims, record->alt_subject),
		.name = pick(claims, record->name),
		.username = pick(claims, record->username),
		.email = email,
		.email_verified = email && record->email_verified &&
				  document_is_true(claims, record->email_verified),
		.chat_address = pick(claims, record->chat_address),
	};
	return true;
}
