/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/link.h"

#include <stdbool.h>
#include <string.h>

#define SCHEME "imdrive:"
#define HOST_SIZE_MAX 253

static bool is_host(const char *text)
{
	for (; *text; text++) {
		if (!g_ascii_isalnum(*text) && !strchr(".-[]:", *text)) {
			return false;
		}
	}
	return true;
}

char *link_address(const char *link)
{
	if (g_ascii_strncasecmp(link, SCHEME, strlen(SCHEME)) != 0) {
		return NULL;
	}
	const char *at = link + strlen(SCHEME);
	if (g_ascii_strncasecmp(at, "https:", 6) == 0) {
		at += 6;
	}
	at += strspn(at, "/");
	g_autofree char *host = g_strndup(at, strcspn(at, "/?#"));
	size_t size = strlen(host);
	bool cut = size > 0 && host[size - 1] == ':';
	if (size == 0 || size > HOST_SIZE_MAX || cut || !is_host(host)) {
		return NULL;
	}
	return g_ascii_strdown(host, -1);
}
