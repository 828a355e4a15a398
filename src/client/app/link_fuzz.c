/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a link. What is taken from it can stand in an address and in a path as it is. */
#include "client/app/link.h"

#include "base/limits.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup(data ? (const char *)data : "", size);
	g_auto(Link) link = { 0 };
	if (!link_read(text, &link)) {
		g_assert(!link.address && !link.invitation);
		return 0;
	}
	const char *host = link.address + (g_str_has_prefix(link.address, "http://") ? 7 : 0);
	g_assert(*host &&
		 strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-[]:") == strlen(host));
	for (const char *at = link.invitation; at && *at; at++) {
		g_assert(g_ascii_isalnum(*at) || *at == '-' || *at == '_');
	}
	g_assert(!link.invitation ||
		 (*link.invitation && strlen(link.invitation) <= INVITATION_TOKEN_SIZE_MAX));
	return 0;
}
