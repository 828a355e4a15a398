/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include "base/limits.h"

#include <malloc.h>

/* Blocks from here on come from the kernel each time: larger than any body. */
#define OWN_BLOCK_SIZE_MIN (32 * MIB)
/* So much that is free at the end of the heap stays. */
#define KEPT_SIZE_MAX (16 * MIB)
/* The heap grows by this much: growing it is a system call. */
#define GROWTH_SIZE (1 * MIB)

void memory_keep(unsigned heaps)
{
	mallopt(M_MMAP_THRESHOLD, (int)OWN_BLOCK_SIZE_MIN);
	mallopt(M_TRIM_THRESHOLD, (int)KEPT_SIZE_MAX);
	mallopt(M_TOP_PAD, (int)GROWTH_SIZE);
	mallopt(M_ARENA_MAX, (int)heaps);
}

void memory_give_back(void)
{
	malloc_trim(GROWTH_SIZE);
}
