/* SPDX-License-Identifier: Apache-2.0 */
#include "client/observe/spot.h"

#include <string.h>

Spot *spot_new(int64_t folder, const char *name)
{
	Spot *spot = g_new(Spot, 1);
	spot->folder = folder;
	spot->name = g_strdup(name);
	return spot;
}

void spot_free(void *item)
{
	Spot *spot = item;
	if (spot) {
		g_free(spot->name);
		g_free(spot);
	}
}

unsigned spot_hash(const void *item)
{
	const Spot *spot = item;
	return g_str_hash(spot->name) ^ (unsigned)(spot->folder * 2654435761u);
}

gboolean spot_equal(const void *a, const void *b)
{
	const Spot *x = a, *y = b;
	return x->folder == y->folder && strcmp(x->name, y->name) == 0;
}
