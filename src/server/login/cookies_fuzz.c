/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a header Cookie. Whatever is read from it can be set, and is read again as it was. */
#include "server/login/cookies.h"

#include <stdint.h>
#include <string.h>

#define BASE "http://127.0.0.1:8090"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *header = g_strndup(size > 0 ? (const char *)data : "", size);
	for (CookiesKind kind = COOKIES_SESSION; kind <= COOKIES_LANGUAGE; kind++) {
		g_autofree char *value = cookies_read(kind, BASE, header);
		if (!value) {
			continue;
		}
		g_assert_cmpuint(strlen(value), <=, COOKIES_VALUE_SIZE_MAX);
		g_auto(Response) response = { 0 };
		cookies_set(&response, kind, BASE, value);
		const char *line = response.headers->pdata[0];
		g_assert_true(g_str_has_prefix(line, "Set-Cookie: "));
		g_autofree char *sent = g_strndup(line + strlen("Set-Cookie: "),
						  strcspn(line, ";") - strlen("Set-Cookie: "));
		g_autofree char *again = cookies_read(kind, BASE, sent);
		g_assert_cmpstr(again, ==, value);
	}
	return 0;
}
