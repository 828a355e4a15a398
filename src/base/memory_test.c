/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include "base/limits.h"

#include <glib.h>
#include <malloc.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>

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

int main(int argc, char **argv)
{
	memory_keep(1);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/memory/freed-memory-is-used-again", test_freed_memory_is_used_again);
	g_test_add_func("/base/memory/what-is-kept-is-given-back", test_what_is_kept_is_given_back);
	return g_test_run();
}
