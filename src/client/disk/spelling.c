/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A character of U+F000 … U+F0FF in a name would be read as a byte, so its own bytes are spelled
 * one by one, too: writing and reading are each other's inverse.
 */
#include "client/disk/spelling.h"

#include "base/text.h"

#include <string.h>

#define FIRST_CHARACTER 0xf000
#define CHARACTERS 0x100

void spelling_refuse(Spelling *spelling, unsigned char byte)
{
	g_assert(byte > 0 && byte < 128);
	spelling->refused[byte / 8] |= (uint8_t)(1u << byte % 8);
}

static bool is_refused(const Spelling *spelling, unsigned char byte)
{
	return byte < 128 && (spelling->refused[byte / 8] & 1u << byte % 8);
}

bool spelling_is_plain(const Spelling *spelling)
{
	static const uint8_t none[sizeof spelling->refused];
	return !spelling->text_only && !spelling->no_last_dot && !spelling->no_last_space &&
	       memcmp(spelling->refused, none, sizeof none) == 0;
}

/* The character at text, of *ret_size bytes; 0 if it is none, but a byte. */
static gunichar character_at(const char *text, size_t *ret_size)
{
	gunichar character = g_utf8_get_char_validated(text, -1);
	bool valid = character != (gunichar)-1 && character != (gunichar)-2;
	*ret_size = valid ? (size_t)(g_utf8_next_char(text) - text) : 1;
	return valid ? character : 0;
}

static bool is_spelled_byte(gunichar character)
{
	return character >= FIRST_CHARACTER && character < FIRST_CHARACTER + CHARACTERS;
}

static void spell(GString *here, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		g_string_append_unichar(here, FIRST_CHARACTER + (unsigned char)bytes[i]);
	}
}

static bool must_spell(const Spelling *spelling, const char *at, gunichar character)
{
	if (character == 0) {
		return spelling->text_only;
	}
	bool last = at[1] == '\0';
	return is_spelled_byte(character) || is_refused(spelling, (unsigned char)*at) ||
	       (last && *at == '.' && spelling->no_last_dot) ||
	       (last && *at == ' ' && spelling->no_last_space);
}

char *spelling_write(const Spelling *spelling, const char *name)
{
	if (spelling_is_plain(spelling)) {
		return NULL;
	}
	GString *here = g_string_new(NULL);
	bool spelled = false;
	for (size_t size; *name; name += size) {
		gunichar character = character_at(name, &size);
		if (must_spell(spelling, name, character)) {
			spell(here, name, size);
			spelled = true;
		} else {
			g_string_append_len(here, name, (gssize)size);
		}
	}
	return g_string_free(here, !spelled);
}

char *spelling_write_path(const Spelling *spelling, const char *path)
{
	if (spelling_is_plain(spelling)) {
		return NULL;
	}
	g_auto(GStrv) names = g_strsplit(path, "/", -1);
	bool spelled = false;
	for (unsigned i = 0; names[i]; i++) {
		char *here = spelling_write(spelling, names[i]);
		if (here) {
			g_free(names[i]);
			names[i] = here;
			spelled = true;
		}
	}
	return spelled ? g_strjoinv("/", names) : NULL;
}

/* Each spelled byte as itself. */
static char *decode(const char *here)
{
	GString *name = g_string_new(NULL);
	for (size_t size; *here; here += size) {
		gunichar character = character_at(here, &size);
		if (is_spelled_byte(character)) {
			g_string_append_c(name, (char)(character - FIRST_CHARACTER));
		} else {
			g_string_append_len(name, here, (gssize)size);
		}
	}
	return g_string_free(name, FALSE);
}

bool spelling_read(const Spelling *spelling, const char *here, char **ret_name)
{
	*ret_name = NULL;
	if (spelling_is_plain(spelling)) {
		return true;
	}
	g_autofree char *name = decode(here);
	g_autofree char *again = spelling_write(spelling, name);
	if (!text_is_name(name, strlen(name)) || strcmp(again ? again : name, here) != 0) {
		return false;
	}
	*ret_name = again ? g_steal_pointer(&name) : NULL;
	return true;
}

bool spelling_same_caseless(const char *a, const char *b)
{
	g_autoptr(GBytes) folded_a = text_fold(a, strlen(a));
	g_autoptr(GBytes) folded_b = text_fold(b, strlen(b));
	g_autoptr(GBytes) key_a = folded_a ? g_bytes_ref(folded_a) : g_bytes_new(a, strlen(a));
	g_autoptr(GBytes) key_b = folded_b ? g_bytes_ref(folded_b) : g_bytes_new(b, strlen(b));
	return g_bytes_equal(key_a, key_b);
}
