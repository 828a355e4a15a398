/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/limits.h"

#include <string.h>

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
