/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: where a browser may be sent. What is taken for a path of ours leads, as GLib resolves it
 * (RFC 3986), to our own host.
 */
#include "server/login/target.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *target = g_strndup(size > 0 ? (const char *)data : "", size);
	if (!target_is_own(target)) {
		return 0;
	}
	g_assert_null(strpbrk(target, "\r\n\\ \t"));
	g_autofree char *resolved = g_uri_resolve_relative("https://own.example/login?a=b", target,
							   G_URI_FLAGS_PARSE_RELAXED, NULL);
	g_assert_true(!resolved || g_str_has_prefix(resolved, "https://own.example/"));
	return 0;
}
