/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include "base/limits.h"

#include <glib.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OTHER_ALLOCATOR true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OTHER_ALLOCATOR true
#endif
#endif
#ifndef OTHER_ALLOCATOR
#define OTHER_ALLOCATOR false
#endif

#define BODY_SIZE (4 * MIB)
#define ROUNDS 50

static long faults(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

static void use_body(void)
{
	g_autofree char *body = g_malloc(BODY_SIZE);
	memset(body, 1, BODY_SIZE);
	/* So that the compiler does not leave it out. */
	g_assert_cmpint(*(volatile char *)(body + BODY_SIZE / 2), ==, 1);
}

static void test_freed_memory_is_used_again(void)
{
	if (OTHER_ALLOCATOR) {
		g_test_skip("not the C library's allocator");
		return;
	}
	use_body();
	long before = faults();
	for (unsigned i = 0; i < ROUNDS; i++) {
		use_body();
	}
	/* One body anew would be 2 faults with huge pages and 1024 without. */
	g_assert_cmpint(faults() - before, <, ROUNDS);
}

static void test_what_is_kept_is_given_back(void)
{
	if (OTHER_ALLOCATOR) {
		g_test_skip("not the C library's allocator");
		return;
	}
	use_body();
	g_assert_cmpuint(mallinfo2().keepcost, >=, BODY_SIZE);
	memory_give_back();
	g_assert_cmpuint(mallinfo2().keepcost, <, BODY_SIZE);
}

static void *used_block(size_t size)
{
	uint8_t *block = memory_take_block(size);
	memset(block, 1, size);
	g_assert_cmpint(*(volatile uint8_t *)(block + size - 1), ==, 1);
	return block;
}

/* A little longer than some MiB, as bodies are. */
#define BLOCK_SIZE (BODY_SIZE + 1000)

static void test_dropped_block_is_taken_again(void)
{
	if (OTHER_ALLOCATOR) {
		g_test_skip("blocks are the allocator's");
		return;
	}
	memory_drop_block(used_block(BLOCK_SIZE), BLOCK_SIZE);
	long before = faults();
	for (unsigned i = 0; i < ROUNDS; i++) {
		size_t size = BLOCK_SIZE - i * 1000;
		memory_drop_block(used_block(size), size);
	}
	g_assert_cmpint(faults() - before, <, ROUNDS);
}

static void use_blocks(void **ret_blocks, unsigned count, size_t size)
{
	for (unsigned i = 0; i < count; i++) {
		ret_blocks[i] = used_block(size);
	}
}

static void drop_blocks(void **blocks, unsigned count, size_t size)
{
	for (unsigned i = 0; i < count; i++) {
		memory_drop_block(blocks[i], size);
	}
}

static size_t resident(void)
{
	g_autofree char *text = NULL;
	bool read = g_file_get_contents("/proc/self/statm", &text, NULL, NULL);
	g_assert_true(read);
	const char *second = strchr(text, ' ');
	return (size_t)g_ascii_strtoull(second, NULL, 10) * (size_t)getpagesize();
}

static void test_dropped_blocks_are_kept_within_bounds_and_given_back(void)
{
	enum { COUNT = 20 };
	if (OTHER_ALLOCATOR) {
		g_test_skip("blocks are the allocator's");
		return;
	}
	void *blocks[COUNT];
	memory_give_back();
	size_t before = resident();
	use_blocks(blocks, COUNT, BLOCK_SIZE);
	g_assert_cmpuint(resident() - before, >, (COUNT - 1) * BLOCK_SIZE);
	drop_blocks(blocks, COUNT, BLOCK_SIZE);
	g_assert_cmpuint(resident() - before, <, 8 * BLOCK_SIZE);
	memory_give_back();
	g_assert_cmpuint(resident() - before, <, BLOCK_SIZE);
}

/* However many are in use: else each block of a busy program would come from the kernel. */
static void test_beside_many_blocks_one_is_kept(void)
{
	enum { COUNT = 10 };
	if (OTHER_ALLOCATOR) {
		g_test_skip("blocks are the allocator's");
		return;
	}
	void *blocks[COUNT];
	memory_give_back();
	use_blocks(blocks, COUNT, BLOCK_SIZE);
	memory_drop_block(blocks[0], BLOCK_SIZE);
	long before = faults();
	for (unsigned i = 0; i < ROUNDS; i++) {
		blocks[0] = used_block(BLOCK_SIZE);
		memory_drop_block(blocks[0], BLOCK_SIZE);
	}
	g_assert_cmpint(faults() - before, <, ROUNDS);
	drop_blocks(blocks + 1, COUNT - 1, BLOCK_SIZE);
	memory_give_back();
}

static void test_what_is_kept_makes_room_for_what_does_not_fit_it(void)
{
	enum { COUNT = 5 };
	if (OTHER_ALLOCATOR) {
		g_test_skip("blocks are the allocator's");
		return;
	}
	void *blocks[COUNT];
	memory_give_back();
	size_t before = resident();
	use_blocks(blocks, COUNT, 2 * MIB);
	drop_blocks(blocks, COUNT, 2 * MIB);
	g_assert_cmpuint(resident() - before, >, 2 * BLOCK_SIZE);
	use_blocks(blocks, COUNT, BLOCK_SIZE);
	g_assert_cmpuint(resident() - before, <, (COUNT + 1) * BLOCK_SIZE);
	drop_blocks(blocks, COUNT, BLOCK_SIZE);
	memory_give_back();
}

static void test_blocks_do_not_overlap(void)
{
	static const size_t sizes[] = { 1, 100 * KIB, 1 * MIB, 2 * MIB, 2 * MIB + 1, 9 * MIB };
	void *blocks[G_N_ELEMENTS(sizes)];
	for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
		blocks[i] = memory_take_block(sizes[i]);
		memset(blocks[i], (int)i, sizes[i]);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
		const uint8_t *bytes = blocks[i];
		for (size_t at = 0; at < sizes[i]; at++) {
			g_assert_cmpuint(bytes[at], ==, i);
		}
		memory_drop_block(blocks[i], sizes[i]);
	}
	memory_drop_block(NULL, 9 * MIB);
}

int main(int argc, char **argv)
{
	memory_keep(1);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/memory/freed-memory-is-used-again", test_freed_memory_is_used_again);
	g_test_add_func("/base/memory/what-is-kept-is-given-back", test_what_is_kept_is_given_back);
	g_test_add_func("/base/memory/dropped-block-is-taken-again",
			test_dropped_block_is_taken_again);
	g_test_add_func("/base/memory/dropped-blocks-are-kept-within-bounds-and-given-back",
			test_dropped_blocks_are_kept_within_bounds_and_given_back);
	g_test_add_func("/base/memory/beside-many-blocks-one-is-kept",
			test_beside_many_blocks_one_is_kept);
	g_test_add_func("/base/memory/what-is-kept-makes-room-for-what-does-not-fit-it",
			test_what_is_kept_makes_room_for_what_does_not_fit_it);
	g_test_add_func("/base/memory/blocks-do-not-overlap", test_blocks_do_not_overlap);
	return g_test_run();
}
