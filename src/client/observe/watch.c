/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all watches have in common: checking what they are asked for.
 */
#include "client/observe/watch_impl.h"

#include <string.h>

static bool is_below(const char *path)
{
	for (const char *part = path; *part;) {
		size_t size = strcspn(part, "/");
		bool dots = part[0] == '.' && (size == 1 || (size == 2 && part[1] == '.'));
		bool ends_in_slash = part[size] == '/' && part[size + 1] == '\0';
		if (size == 0 || dots || ends_in_slash) {
			return false;
		}
		part += size + (part[size] == '/');
	}
	return true;
}

void watch_free(Watch *watch)
{
	if (watch) {
		watch->class->free(watch);
	}
}

bool watch_add(Watch *watch, const char *path, const EntryStamp *stamp, int64_t key, GError **error)
{
	g_assert(key > 0);
	g_assert(is_below(path));
	return watch->class->add(watch, path, stamp, key, error);
}

void watch_remove(Watch *watch, int64_t key)
{
	watch->class->remove(watch, key);
}

void watch_rekey(Watch *watch, int64_t key, int64_t new_key)
{
	g_assert(new_key > 0);
	if (key != new_key) {
		watch->class->rekey(watch, key, new_key);
	}
}

WatchTotals watch_totals(Watch *watch)
{
	return watch->class->totals(watch);
}
