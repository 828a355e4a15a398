/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of conflict copies: made for people, who shall see what it is a copy of, and open it with
 * the same program.
 */
#include "base/limits.h"
#include "client/plan/plan.h"

#include <string.h>

/* Bytes of a label and of an ending (".odt", ".tar.gz") that are kept. */
#define LABEL_SIZE_MAX 120
#define ENDING_SIZE_MAX 16

/* The longest beginning of at most size bytes that does not cut a character of UTF-8. */
static size_t cut(const char *text, size_t size)
{
	size_t length = strlen(text);
	if (length <= size) {
		return length;
	}
	size_t at = size;
	while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80) {
		at--;
	}
	/* Not UTF-8 at all, if it goes on for so long. */
	return size - at <= 3 ? at : size;
}

/* Where the ending of a name begins; its length if it has none. */
static size_t find_ending(const char *name)
{
	size_t length = strlen(name);
	const char *dot = strrchr(name, '.');
	if (!dot || dot == name || dot[1] == '\0' || strpbrk(dot, " \t()") ||
	    length - (size_t)(dot - name) > ENDING_SIZE_MAX) {
		return length;
	}
	size_t at = (size_t)(dot - name);
	return at > 4 && strncmp(dot - 4, ".tar", 4) == 0 ? at - 4 : at;
}

char *plan_conflict_name(const char *name, const char *label, unsigned attempt)
{
	g_autofree char *who = g_strndup(label, cut(label, LABEL_SIZE_MAX));
	g_strdelimit(who, "/", '-');
	g_autofree char *suffix =
		attempt <= 1 ? g_strdup_printf(ENTRY_CONFLICT_MARK "%s)", who)
			     : g_strdup_printf(ENTRY_CONFLICT_MARK "%s, %u)", who, attempt);
	size_t ending = find_ending(name);
	g_autofree char *stem = g_strndup(name, ending);
	size_t rest = strlen(suffix) + strlen(name + ending);
	g_assert(rest < NAME_SIZE_MAX);
	stem[cut(stem, NAME_SIZE_MAX - rest)] = '\0';
	return g_strconcat(stem, suffix, name + ending, NULL);
}

bool plan_conflict_parse(const char *name, char **ret_original, char **ret_label)
{
	const char *at = g_strrstr(name, ENTRY_CONFLICT_MARK);
	const char *label = at ? at + strlen(ENTRY_CONFLICT_MARK) : NULL;
	/* An ending holds no bracket. */
	const char *end = label ? strrchr(label, ')') : NULL;
	if (!end || end == label || at == name || (end[1] != '\0' && end[1] != '.')) {
		return false;
	}
	g_autofree char *stem = g_strndup(name, (size_t)(at - name));
	*ret_original = g_strconcat(stem, end + 1, NULL);
	*ret_label = g_strndup(label, (size_t)(end - label));
	return true;
}
