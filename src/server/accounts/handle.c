/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/handle.h"

#include "base/limits.h"
#include "server/accounts/account_name.h"

#include <string.h>

/* Leaves room for "-" and a number. */
#define HANDLE_SIZE_MAX (ACCOUNT_NAME_SIZE_MAX - 16)
#define NUMBERED_MAX 50

/* A combining mark with nothing to combine with, or a third one on top, is a trick. */
#define MARKS_MAX 2

static bool is_mark(gunichar c)
{
	GUnicodeType type = g_unichar_type(c);
	return type == G_UNICODE_NON_SPACING_MARK || type == G_UNICODE_ENCLOSING_MARK ||
	       type == G_UNICODE_SPACING_MARK;
}

static bool is_plain(gunichar c)
{
	return g_unichar_isgraph(c) && g_unichar_type(c) != G_UNICODE_PRIVATE_USE && c != '/' &&
	       c != '\\' && c != ':' && c != '@';
}

/* Appends the characters that a name may have; the others become single spaces at the most. */
static void append_clean(GString *name, const char *text)
{
	bool gap = false;
	unsigned marks = MARKS_MAX;
	for (const char *at = text; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		bool mark = is_mark(c);
		marks = mark ? marks + 1 : 0;
		bool kept = mark ? marks <= MARKS_MAX : is_plain(c);
		if (!kept) {
			gap = name->len > 0 && !mark ? true : gap;
			continue;
		}
		if (name->len == 0 && c == '-') {
			continue;
		}
		char bytes[6];
		int size = g_unichar_to_utf8(c, bytes);
		if (name->len + (gap ? 1 : 0) + (size_t)size > HANDLE_SIZE_MAX) {
			return;
		}
		if (gap) {
			g_string_append_c(name, ' ');
			gap = false;
		}
		g_string_append_len(name, bytes, size);
	}
}

/* What account_name_key() accepts, or "". */
static char *clean(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, (gssize)strnlen(text, 512));
	g_autofree char *composed = g_utf8_normalize(valid, -1, G_NORMALIZE_NFC);
	g_autoptr(GString) name = g_string_new(NULL);
	append_clean(name, composed ? composed : "");
	g_autofree char *key = account_name_key(name->str, NULL);
	return g_strdup(key ? name->str : "");
}

static char *base_of(const Proof *proof)
{
	const char *const texts[] = { proof->username, proof->name, proof->chat_address };
	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		/* "alice@example.org" and "@alice:example.org" are alice. */
		const char *text = texts[i] ? texts[i] + (texts[i][0] == '@') : "";
		g_autofree char *part =
			g_strndup(text, i == 1 ? strlen(text) : strcspn(text, "@:/"));
		g_autofree char *name = clean(part);
		if (name[0]) {
			return g_steal_pointer(&name);
		}
	}
	g_autofree char *name = clean(proof->provider);
	return name[0] ? g_steal_pointer(&name) : g_strdup("chat");
}

static bool speaks_for_drive(const char *name)
{
	static const char *const names[] = {
		"admin", "administrator", "imdrive", "imdrived", "me",      "moderator", "nobody",
		"owner", "operator",      "root",    "security", "support", "system",
	};
	g_autofree char *key = account_name_key(name, NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		if (key && strcmp(key, names[i]) == 0) {
			return true;
		}
	}
	return false;
}

char *handle_from_proof(const Proof *proof, unsigned attempt)
{
	g_autofree char *name = base_of(proof);
	if (attempt == 0) {
		return speaks_for_drive(name) ? g_strdup_printf("%s-1", name)
					      : g_steal_pointer(&name);
	}
	if (attempt < NUMBERED_MAX) {
		return g_strdup_printf("%s-%u", name, attempt + 1);
	}
	return g_strdup_printf("%s-%08x", name, g_random_int());
}
