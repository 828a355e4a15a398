/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

/*
 * Memory that was used is used again. The C library gives each block of some size back to the
 * kernel as soon as it is freed, and the next one comes as new pages, each of which costs a fault
 * and is cleared: for bulk data that is as much work as copying it, and in virtual machines many
 * times that.
 */

/*
 * First thing in main(): freed blocks are kept, in so many heaps that all threads share. One heap
 * holds the least; with more of them, threads seldom wait for each other. Without effect where
 * another allocator stands in (sanitizers).
 */
void memory_keep(unsigned heaps);

/* Gives what is kept and not in use back to the kernel: for a program that has come to rest. */
void memory_give_back(void);

/*
 * Memory for bulk data, from 2 MiB on in huge pages where the kernel has them (Linux, transparent
 * huge pages by madvise): one fault for 512. Never NULL; size is more than 0; what is in it is
 * random. memory_drop_block() takes what memory_take_block() gave, with the same size, and keeps
 * some for the next; NULL does nothing. Any thread.
 */
void *memory_take_block(size_t size);
void memory_drop_block(void *block, size_t size);
