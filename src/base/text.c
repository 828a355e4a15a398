/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/limits.h"

#include <sodium.h>
#include <string.h>

#define RATE_MAX ((uint64_t)1 << 50)

bool text_is_name(const char *name, size_t size)
{
	if (size == 0 || size > NAME_SIZE_MAX) {
		return false;
	}
	if (memchr(name, '/', size) || memchr(name, '\0', size)) {
		return false;
	}
	bool dots = name[0] == '.' && (size == 1 || (size == 2 && name[1] == '.'));
	return !dots;
}

char *text_printable(const char *bytes, size_t size)
{
	GString *text = g_string_sized_new(size);
	size_t at = 0;
	while (at < size) {
		gunichar c = g_utf8_get_char_validated(bytes + at, (gssize)(size - at));
		bool valid = c != (gunichar)-1 && c != (gunichar)-2 && c != 0;
		if (valid && !g_unichar_iscntrl(c)) {
			g_string_append_unichar(text, c);
			at += g_unichar_to_utf8(c, NULL);
		} else {
			g_string_append_printf(text, "\\x%02x", (unsigned char)bytes[at]);
			at++;
		}
	}
	return g_string_free(text, FALSE);
}

bool text_turns_letters(gunichar c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static void append_visible(GString *visible, const char *line)
{
	g_autofree char *printable = text_printable(line, strlen(line));
	for (const char *at = printable; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		if (text_turns_letters(c)) {
			g_string_append_printf(visible, "\\u%04x", c);
		} else {
			g_string_append_unichar(visible, c);
		}
	}
}

char *text_visible(const char *text, bool lines)
{
	GString *visible = g_string_new(NULL);
	if (!lines) {
		append_visible(visible, text);
		return g_string_free(visible, FALSE);
	}
	g_auto(GStrv) parts = g_strsplit(text, "\n", -1);
	for (char **part = parts; *part; part++) {
		g_string_append(visible, part == parts ? "" : "\n");
		append_visible(visible, *part);
	}
	return g_string_free(visible, FALSE);
}

static bool is_folded_ascii(const char *name, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (name[i] < 0 || (name[i] >= 'A' && name[i] <= 'Z')) {
			return false;
		}
	}
	return true;
}

GBytes *text_fold(const void *name, size_t size)
{
	if (is_folded_ascii(name, size) || !g_utf8_validate_len(name, size, NULL)) {
		return NULL;
	}
	/* Folding can take a composed form apart, so composing comes last; and first, because what
	 * is folded depends on it. */
	g_autofree char *composed = g_utf8_normalize(name, (gssize)size, G_NORMALIZE_NFC);
	g_autofree char *folded = g_utf8_casefold(composed, -1);
	g_autofree char *key = g_utf8_normalize(folded, -1, G_NORMALIZE_NFC);
	size_t key_size = strlen(key);
	if (key_size == size && memcmp(key, name, size) == 0) {
		return NULL;
	}
	return g_bytes_new_take(g_steal_pointer(&key), key_size);
}

bool text_rate(const char *text, uint64_t *ret_bytes)
{
	static const char units[] = "KMG";
	if (strcmp(text, "off") == 0) {
		*ret_bytes = 0;
		return true;
	}
	char *end = NULL;
	uint64_t number = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &end, 10) : 0;
	if (number == 0 || number > RATE_MAX) {
		return false;
	}
	const char *unit = *end ? strchr(units, g_ascii_toupper(*end)) : NULL;
	if (*end && (!unit || end[1] != '\0')) {
		return false;
	}
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	if (number > RATE_MAX >> shift) {
		return false;
	}
	*ret_bytes = number << shift;
	return true;
}

void text_wipe(char **text)
{
	if (*text) {
		sodium_memzero(*text, strlen(*text));
	}
	g_clear_pointer(text, g_free);
}
