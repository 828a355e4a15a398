/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdint.h>

/* A name in a folder, as a key of hash tables. */
typedef struct Spot {
	int64_t folder;
	char *name;
} Spot;

Spot *spot_new(int64_t folder, const char *name);
void spot_free(void *spot);
unsigned spot_hash(const void *spot);
gboolean spot_equal(const void *a, const void *b);
