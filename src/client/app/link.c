/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/link.h"

#include "base/limits.h"
#include "base/text.h"

#include <string.h>

#define SCHEME "imdrive:"
#define SECURE "https:"
#define PLAIN "http:"
#define INVITE "/invite/"
#define HOST_SIZE_MAX 253

void link_clear(Link *link)
{
	g_clear_pointer(&link->address, g_free);
	text_wipe(&link->invitation);
}

static bool skip(const char **at, const char *prefix)
{
	size_t size = strlen(prefix);
	bool there = g_ascii_strncasecmp(*at, prefix, size) == 0;
	*at += there ? size : 0;
	return there;
}

static bool is_host(const char *text)
{
	size_t size = strlen(text);
	for (; *text; text++) {
		if (!g_ascii_isalnum(*text) && !strchr(".-[]:", *text)) {
			return false;
		}
	}
	return size > 0 && size <= HOST_SIZE_MAX && text[-1] != ':';
}

/* The token behind /invite/, which has nothing that a link would have to escape. */
static char *dup_invitation(const char *path)
{
	if (!skip(&path, INVITE)) {
		return NULL;
	}
	size_t size = 0;
	while (g_ascii_isalnum(path[size]) || path[size] == '-' || path[size] == '_') {
		size++;
	}
	bool whole = path[size] == '\0' || strchr("?#", path[size]);
	return whole && size > 0 && size <= INVITATION_TOKEN_SIZE_MAX ? g_strndup(path, size)
								      : NULL;
}

bool link_read(const char *text, Link *ret_link)
{
	bool own = skip(&text, SCHEME);
	bool secure = skip(&text, SECURE);
	/* Whether plain http may be is said where the drive is looked at. */
	bool plain = !own && !secure && skip(&text, PLAIN);
	if (!own && !secure && !plain) {
		return false;
	}
	text += strspn(text, "/");
	g_autofree char *host = g_strndup(text, strcspn(text, "/?#"));
	if (!is_host(host)) {
		return false;
	}
	g_autofree char *invitation = dup_invitation(text + strlen(host));
	if (!own && !invitation) {
		return false;
	}
	g_autofree char *lower = g_ascii_strdown(host, -1);
	ret_link->address = g_strconcat(plain ? "http://" : "", lower, NULL);
	ret_link->invitation = g_steal_pointer(&invitation);
	return true;
}
