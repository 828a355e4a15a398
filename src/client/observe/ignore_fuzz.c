/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: rules up to the first NUL, then a path. What must hold of any rules: what is in an ignored
 * folder is ignored; a last rule that takes back everything, or is about everything, decides.
 */
#include "client/observe/ignore.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The parts of the bytes that can be names, or NULL if there are none. */
static char *make_path(const uint8_t *bytes, size_t size)
{
	GString *path = g_string_new(NULL);
	for (size_t i = 0; i < size && bytes[i] != '\0'; i++) {
		bool ends_part = path->len == 0 || path->str[path->len - 1] == '/';
		if (bytes[i] != '/' || !ends_part) {
			g_string_append_c(path, (char)bytes[i]);
		}
	}
	if (path->len > 0 && path->str[path->len - 1] == '/') {
		g_string_truncate(path, path->len - 1);
	}
	return g_string_free(path, path->len == 0);
}

static void check_last_rule(const char *rules, size_t size, const char *path)
{
	g_autoptr(GString) text = g_string_new_len(rules, (gssize)size);
	g_string_append(text, "\n!*\n");
	g_autoptr(Ignore) nothing = ignore_new(text->str, text->len, NULL);
	if (nothing) {
		bool reserved =
			g_str_has_prefix(path, ".imdrive") && (path[8] == '/' || path[8] == '\0');
		g_assert(ignore_match(nothing, path, false) == reserved);
		g_assert(ignore_match(nothing, path, true) == reserved);
	}
	g_string_append(text, "*\n");
	g_autoptr(Ignore) everything = ignore_new(text->str, text->len, NULL);
	g_assert(!everything || ignore_match(everything, path, false));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size > 0 ? memchr(data, '\0', size) : NULL;
	if (!nul) {
		return 0;
	}
	size_t rules_size = (size_t)(nul - data);
	g_autofree char *path = make_path(nul + 1, size - rules_size - 1);
	g_autoptr(Ignore) ignore = ignore_new((const char *)data, rules_size, NULL);
	if (!path || !ignore) {
		return 0;
	}
	bool above = false;
	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		bool ignored = ignore_match(ignore, path, true);
		*slash = '/';
		g_assert(ignored || !above);
		above = ignored;
	}
	bool ignored = ignore_match(ignore, path, false);
	g_assert(ignored || !above);
	check_last_rule((const char *)data, rules_size, path);
	return 0;
}
