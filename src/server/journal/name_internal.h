/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The key under which names that differ only in case or in the composition of their characters are
 * equal: Unicode NFC of the case-folded name. NULL if that is the name itself (a folded key is
 * stored only where it differs), or if the name is not valid UTF-8 and equals only itself.
 */
GBytes *name_fold(const void *name, size_t size);

/*
 * "report.odt" -> "report (restored).odt", then "report (restored 2).odt" … for attempt 1, 2 …;
 * never longer than NAME_SIZE_MAX, cut at a UTF-8 boundary.
 */
GBytes *name_restored(const void *name, size_t size, unsigned attempt);
