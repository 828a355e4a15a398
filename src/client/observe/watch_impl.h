/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/observe/watch.h"

/*
 * For those who implement a watch. A path has been checked: relative, no empty, "." or ".." parts.
 * Keys are > 0.
 */
typedef struct WatchClass {
	/* Ends the telling, then frees it. */
	void (*free)(Watch *watch);
	/* As in watch.h. */
	bool (*add)(Watch *watch, const char *path, const EntryStamp *stamp, int64_t key,
		    GError **error);
	void (*remove)(Watch *watch, int64_t key);
	void (*rekey)(Watch *watch, int64_t key, int64_t new_key);
	WatchTotals (*totals)(Watch *watch);
} WatchClass;

/* First member of every implementation. */
struct Watch {
	const WatchClass *class;
};
