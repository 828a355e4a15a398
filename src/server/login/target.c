/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/target.h"

#include <glib.h>
#include <string.h>

/* "." and "..", also as %2e, which browsers read the same. */
static bool is_dots(const char *segment, size_t size)
{
	size_t dots = 0;
	size_t at = 0;
	while (at < size) {
		if (segment[at] == '.') {
			at++;
		} else if (size - at >= 3 && g_ascii_strncasecmp(segment + at, "%2e", 3) == 0) {
			at += 3;
		} else {
			return false;
		}
		dots++;
	}
	return dots == 1 || dots == 2;
}

bool target_is_own(const char *target)
{
	size_t size = strnlen(target, TARGET_SIZE_MAX + 1);
	if (size > TARGET_SIZE_MAX || target[0] != '/' || target[1] == '/') {
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)target[i];
		if (c <= ' ' || c >= 0x7f || c == '\\' || c == '#') {
			return false;
		}
	}
	size_t end = strcspn(target, "?");
	for (size_t at = 1; at <= end;) {
		size_t length = strcspn(target + at, "/?");
		if (is_dots(target + at, length)) {
			return false;
		}
		at += length + 1;
	}
	return true;
}
