/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a header Accept-Language, and a name: the one gives a language, the other a shown name. */
#include "pages/html.h"

#include <stdint.h>
#include <string.h>

#define CHARACTERS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup(size > 0 ? (const char *)data : "", size);
	g_assert_cmpint(phrase_language_of(text), <, LANGUAGE_LAST);
	g_autofree char *name = html_name(text, CHARACTERS_MAX);
	g_assert_true(g_utf8_validate(name, -1, NULL));
	/* Marks that belong to letters do not count alone, but there are two for each at most. */
	g_assert_cmpint(g_utf8_strlen(name, -1), <=, CHARACTERS_MAX + 1);
	g_autofree char *again = html_name(name, CHARACTERS_MAX + 1);
	g_assert_cmpstr(again, ==, name);
	return 0;
}
