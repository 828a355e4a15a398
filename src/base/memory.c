/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A block is some huge pages, and then some small ones, since most bodies are a little longer than
 * so many MiB. So there are few sizes, and a block that was dropped fits the next that is taken.
 */
#include "base/memory.h"

#include "base/limits.h"

#include <glib.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

/* Blocks from here on come from the kernel each time: larger than any body. */
#define OWN_BLOCK_SIZE_MIN (32 * MIB)
/* So much that is free at the end of the heap stays. */
#define KEPT_SIZE_MAX (16 * MIB)
/* The heap grows by this much: growing it is a system call. */
#define GROWTH_SIZE (1 * MIB)

#define HUGE_PAGE_SIZE (2 * MIB)
#define TAIL_SIZE (256 * KIB)
/* Of the blocks that were dropped so many stay, and not more bytes than these … */
#define BLOCKS_KEPT_MAX 8
#define BLOCKS_SIZE_MAX (12 * MIB)
/* … and with those in use not more than these: what is kept does not add much to what is much. */
#define BLOCKS_MAPPED_MAX (20 * MIB)
/* Beyond that, one part in so many. */
#define BLOCKS_SHARE 4

/* So that each has red zones of its own. */
#if defined(__SANITIZE_ADDRESS__)
#define BLOCK_SIZE_MIN SIZE_MAX
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BLOCK_SIZE_MIN SIZE_MAX
#endif
#endif
#ifndef BLOCK_SIZE_MIN
#define BLOCK_SIZE_MIN (1 * MIB)
#endif

typedef struct Block {
	uint8_t *bytes;
	size_t size;
} Block;

/* What was dropped, the latest last, and how much all blocks are. */
static struct {
	GMutex mutex;
	Block blocks[BLOCKS_KEPT_MAX];
	unsigned count;
	size_t size;
	size_t mapped;
} kept;

void memory_keep(unsigned heaps)
{
	mallopt(M_MMAP_THRESHOLD, (int)OWN_BLOCK_SIZE_MIN);
	mallopt(M_TRIM_THRESHOLD, (int)KEPT_SIZE_MAX);
	mallopt(M_TOP_PAD, (int)GROWTH_SIZE);
	mallopt(M_ARENA_MAX, (int)heaps);
}

static size_t block_size(size_t wanted)
{
	size_t pages = MAX(wanted, HUGE_PAGE_SIZE) + HUGE_PAGE_SIZE - TAIL_SIZE - 1;
	return pages / HUGE_PAGE_SIZE * HUGE_PAGE_SIZE + TAIL_SIZE;
}

static uint8_t *block_map(size_t size)
{
	size_t mapped = size + HUGE_PAGE_SIZE;
	void *map = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED) {
		g_error("no memory for a block of %zu bytes", size);
	}
	uint8_t *start = map;
	size_t before = (HUGE_PAGE_SIZE - (uintptr_t)map % HUGE_PAGE_SIZE) % HUGE_PAGE_SIZE;
	if (before > 0) {
		munmap(start, before);
	}
	if (mapped - before > size) {
		munmap(start + before + size, mapped - before - size);
	}
	/* Where there are no huge pages, small ones do. */
	(void)madvise(start + before, size - TAIL_SIZE, MADV_HUGEPAGE);
	return start + before;
}

/* The mutex is held, here and in the two that follow. */
static Block kept_remove(unsigned index)
{
	Block block = kept.blocks[index];
	kept.size -= block.size;
	kept.count--;
	memmove(kept.blocks + index, kept.blocks + index + 1,
		(kept.count - index) * sizeof *kept.blocks);
	return block;
}

static uint8_t *find_kept(size_t size)
{
	for (unsigned i = kept.count; i > 0; i--) {
		if (kept.blocks[i - 1].size == size) {
			return kept_remove(i - 1).bytes;
		}
	}
	return NULL;
}

/* Until there is room for so much, as far as that can be had. */
static void unmap_kept(size_t size)
{
	while (kept.count > 0 && kept.mapped + size > BLOCKS_MAPPED_MAX) {
		Block oldest = kept_remove(0);
		munmap(oldest.bytes, oldest.size);
		kept.mapped -= oldest.size;
	}
}

static uint8_t *take(size_t size)
{
	g_mutex_lock(&kept.mutex);
	uint8_t *found = find_kept(size);
	if (!found) {
		unmap_kept(size);
		kept.mapped += size;
	}
	g_mutex_unlock(&kept.mutex);
	return found ? found : block_map(size);
}

static void drop(uint8_t *bytes, size_t size)
{
	g_mutex_lock(&kept.mutex);
	size_t most =
		kept.mapped <= BLOCKS_MAPPED_MAX ? BLOCKS_SIZE_MAX : kept.mapped / BLOCKS_SHARE;
	bool room = kept.count < BLOCKS_KEPT_MAX && kept.size + size <= most;
	if (room) {
		kept.blocks[kept.count++] = (Block){ bytes, size };
		kept.size += size;
	} else {
		kept.mapped -= size;
	}
	g_mutex_unlock(&kept.mutex);
	if (!room) {
		munmap(bytes, size);
	}
}

void *memory_take_block(size_t size)
{
	g_assert(size > 0);
	if (size < BLOCK_SIZE_MIN) {
		return g_malloc(size);
	}
	return take(block_size(size));
}

void memory_drop_block(void *block, size_t size)
{
	if (!block || size < BLOCK_SIZE_MIN) {
		g_free(block);
	} else {
		drop(block, block_size(size));
	}
}

void memory_give_back(void)
{
	g_mutex_lock(&kept.mutex);
	while (kept.count > 0) {
		Block block = kept_remove(kept.count - 1);
		munmap(block.bytes, block.size);
		kept.mapped -= block.size;
	}
	g_mutex_unlock(&kept.mutex);
	malloc_trim(GROWTH_SIZE);
}
