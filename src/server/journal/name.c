/* SPDX-License-Identifier: Apache-2.0 */
#include "server/journal/name_internal.h"

#include "base/limits.h"

#include <stdint.h>
#include <string.h>

static bool is_folded_ascii(const char *name, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (name[i] < 0 || (name[i] >= 'A' && name[i] <= 'Z')) {
			return false;
		}
	}
	return true;
}

GBytes *name_fold(const void *name, size_t size)
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

GBytes *name_restored(const void *name, size_t size, unsigned attempt)
{
	const char *text = name;
	g_autofree char *suffix =
		attempt == 1 ? g_strdup(" (restored)") : g_strdup_printf(" (restored %u)", attempt);
	size_t suffix_size = strlen(suffix);

	/* A leading dot hides a file and begins no ending; a long ending is none. */
	const char *dot = g_strrstr_len(text, (gssize)size, ".");
	size_t stem = dot && dot > text ? (size_t)(dot - text) : size;
	if (size - stem > 16) {
		stem = size;
	}
	const char *ending = text + stem;
	size_t ending_size = size - stem;
	if (stem + suffix_size + ending_size > NAME_SIZE_MAX) {
		stem = NAME_SIZE_MAX - suffix_size - ending_size;
		while (stem > 0 && ((unsigned char)text[stem] & 0xc0) == 0x80) {
			stem--;
		}
	}
	GByteArray *bytes = g_byte_array_sized_new(NAME_SIZE_MAX);
	g_byte_array_append(bytes, name, (unsigned)stem);
	g_byte_array_append(bytes, (const uint8_t *)suffix, (unsigned)suffix_size);
	g_byte_array_append(bytes, (const uint8_t *)ending, (unsigned)ending_size);
	return g_byte_array_free_to_bytes(bytes);
}
