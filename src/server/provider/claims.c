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

/* The address that the record's template makes of the claims; NULL if one is missing. */
static char *fill_in(const char *template, const json_t *claims)
{
	g_autoptr(GString) address = g_string_new(NULL);
	const char *open;
	while ((open = strchr(template, '{')) && strchr(open, '}')) {
		const char *close = strchr(open, '}');
		g_autofree char *path = g_strndup(open + 1, (size_t)(close - open - 1));
		const char *text = document_text(claims, path);
		if (!text || !*text) {
			return NULL;
		}
		g_string_append_len(address, template, open - template);
		g_string_append_uri_escaped(address, text, NULL, FALSE);
		template = close + 1;
	}
	g_string_append(address, template);
	return g_string_free(g_steal_pointer(&address), FALSE);
}

/*
 * Where the picture is, if that is an address that may be asked. Some services still say http of
 * what they have under https, too.
 */
static char *find_picture(const Record *record, const json_t *claims)
{
	const char *where = record->picture;
	if (!where) {
		return NULL;
	}
	g_autofree char *said = g_str_has_prefix(where, "https://") ? fill_in(where, claims)
								    : document_pick(claims, where);
	bool loopback = record->allow_http_loopback;
	if (!said || strlen(said) >= PROOF_TEXT_SIZE_MAX || !g_utf8_validate(said, -1, NULL)) {
		return NULL;
	}
	if (g_str_has_prefix(said, "http://") && !(loopback && record_is_loopback(said))) {
		char *safe = g_strconcat("https://", said + strlen("http://"), NULL);
		g_free(said);
		said = safe;
	}
	return record_is_url(said, loopback) ? g_steal_pointer(&said) : NULL;
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
		.avatar_url = find_picture(record, claims),
		.email = email,
		.email_verified = email && record->email_verified &&
				  document_is_true(claims, record->email_verified),
		.chat_address = pick(claims, record->chat_address),
	};
	return true;
}
