/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * How often somebody may mistype a device's code (A9): the fifth wrong entry of a key locks it for
 * ten minutes. Memory is bounded; when it is full, those locked longest ago are forgotten first.
 * All functions may be called from any thread.
 */
typedef struct EntryLimit EntryLimit;

#define ENTRY_LIMIT_WRONG_MAX 5

EntryLimit *entry_limit_new(void);
void entry_limit_free(EntryLimit *limit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EntryLimit, entry_limit_free)

/*
 * Counts an entry as wrong before it is looked at, so that attempts at once count as attempts in
 * turn; false, with nothing counted, if any key is locked. keys: NULL among them is nobody. An
 * entry that was right is given back.
 */
bool entry_limit_take(EntryLimit *limit, const char *const *keys, unsigned count, int64_t now_us);
void entry_limit_give_back(EntryLimit *limit, const char *const *keys, unsigned count);
