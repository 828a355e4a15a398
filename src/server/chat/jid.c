/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/jid.h"

#include "base/error.h"
#include "base/limits.h"

#include <idna.h>
#include <stdlib.h>
#include <string.h>
#include <stringprep.h>

#define PART_SIZE_MAX 1023 /* RFC 7622, of each part */
#define JID_SIZE_MAX (3 * PART_SIZE_MAX + 2)

static char *invalid(GError **error, const char *what)
{
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, what);
	return NULL;
}

static char *prepare(const char *text, size_t size, const Stringprep_profile *profile,
		     GError **error)
{
	char buffer[PART_SIZE_MAX + 1];
	if (size == 0 || size > PART_SIZE_MAX) {
		return invalid(error, "a part of the address is empty or too long");
	}
	memcpy(buffer, text, size);
	buffer[size] = '\0';
	int status = stringprep(buffer, sizeof buffer, STRINGPREP_NO_UNASSIGNED, profile);
	if (status != STRINGPREP_OK || !*buffer) {
		return invalid(error, "the address has characters that no chat address has");
	}
	return g_strdup(buffer);
}

char *jid_domain(const char *text, GError **error)
{
	size_t size = strlen(text);
	if (!g_utf8_validate(text, -1, NULL)) {
		return invalid(error, "the address is not UTF-8");
	}
	if (size > 1 && text[size - 1] == '.') {
		size--;
	}
	g_autofree char *typed = prepare(text, size, stringprep_nameprep, error);
	if (!typed) {
		return NULL;
	}
	char *spoken = NULL;
	char *ascii = NULL;
	/* To what it reads as, from whatever form; and a look whether DNS could have such a name.
	 */
	int status = idna_to_unicode_8z8z(typed, &spoken, 0);
	if (status == IDNA_SUCCESS) {
		status = idna_to_ascii_8z(spoken, &ascii, IDNA_USE_STD3_ASCII_RULES);
	}
	g_autofree char *domain = status == IDNA_SUCCESS ? g_strdup(spoken) : NULL;
	free(spoken);
	free(ascii);
	if (!domain) {
		return invalid(error, "what stands after the @ is not the name of a server");
	}
	return prepare(domain, strlen(domain), stringprep_nameprep, error);
}

bool jid_parse(const char *text, Jid *ret_jid, GError **error)
{
	if (strnlen(text, JID_SIZE_MAX + 1) > JID_SIZE_MAX || !g_utf8_validate(text, -1, NULL)) {
		return invalid(error, "the address is too long or not UTF-8");
	}
	g_auto(Jid) jid = { NULL };
	const char *slash = strchr(text, '/');
	g_autofree char *bare = slash ? g_strndup(text, (size_t)(slash - text)) : g_strdup(text);
	if (slash) {
		jid.resource =
			prepare(slash + 1, strlen(slash + 1), stringprep_xmpp_resourceprep, error);
		if (!jid.resource) {
			return false;
		}
	}
	const char *at = strchr(bare, '@');
	if (at) {
		jid.node = prepare(bare, (size_t)(at - bare), stringprep_xmpp_nodeprep, error);
		if (!jid.node) {
			return false;
		}
	}
	jid.domain = jid_domain(at ? at + 1 : bare, error);
	if (!jid.domain) {
		return false;
	}
	*ret_jid = jid;
	jid = (Jid){ NULL };
	return true;
}

void jid_clear(Jid *jid)
{
	g_clear_pointer(&jid->node, g_free);
	g_clear_pointer(&jid->domain, g_free);
	g_clear_pointer(&jid->resource, g_free);
}

char *jid_bare(const Jid *jid)
{
	return jid->node ? g_strconcat(jid->node, "@", jid->domain, NULL) : g_strdup(jid->domain);
}

char *jid_from_typed(const char *typed, GError **error)
{
	if (strnlen(typed, JID_SIZE_MAX + 1) > JID_SIZE_MAX) {
		return invalid(error, "a chat address is not that long");
	}
	g_autofree char *text = g_strstrip(g_strdup(typed));
	const char *start = g_ascii_strncasecmp(text, "xmpp:", 5) == 0 ? text + 5 : text;
	char *query = start > text ? strchr(start, '?') : NULL;
	if (query) {
		*query = '\0';
	}
	/* The program it was copied from may add which of its devices it is. */
	char *slash = strchr(start, '/');
	if (slash) {
		*slash = '\0';
	}
	g_auto(Jid) jid = { NULL };
	if (!strchr(start, '@')) {
		return invalid(error, "a chat address looks like alice@example.org");
	}
	if (!jid_parse(start, &jid, error)) {
		return NULL;
	}
	g_autofree char *bare = jid_bare(&jid);
	if (strlen(bare) > CHAT_ADDRESS_SIZE_MAX) {
		return invalid(error, "the chat address is too long");
	}
	return g_steal_pointer(&bare);
}
