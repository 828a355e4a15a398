/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many threads do what programs, the engine and the cache do, to a few files, in any order. Each
 * file holds one byte value over and over, which only whole files change: whoever reads two of
 * them, or zeros, has found a hole.
 */
#include "base/limits.h"
#include "client/virtual/backing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FILES 4
#define THREADS 6
#define STEPS 60
#define FILE_SIZE (900 * KIB)

typedef struct Stress {
	Backing *backing;
	GMutex writing[FILES]; /* one program writes to a file at a time */
	uint32_t seed;
	int serial; /* atomic */
} Stress;

static const char *const paths[FILES] = { "a", "b", "c", "d" };

static GBytes *fill(uint8_t value)
{
	char *bytes = g_malloc(FILE_SIZE);
	memset(bytes, value, FILE_SIZE);
	return g_bytes_new_take(bytes, FILE_SIZE);
}

static void read_one(Stress *stress, unsigned index, GRand *rand)
{
	g_autoptr(GBytes) found = NULL;
	uint64_t at = (uint64_t)g_rand_int_range(rand, 0, FILE_SIZE - 70000);
	/* A program that writes may be half through it. */
	g_mutex_lock(&stress->writing[index]);
	int errnum = backing_try_read(stress->backing, paths[index], at, 65536, &found);
	g_mutex_unlock(&stress->writing[index]);
	g_assert_cmpint(errnum, ==, 0);
	size_t size = 0;
	const uint8_t *bytes = g_bytes_get_data(found, &size);
	g_assert_cmpuint(size, ==, 65536);
	g_assert_cmpuint(bytes[0], >, 0);
	for (size_t i = 1; i < size; i++) {
		g_assert_cmpuint(bytes[i], ==, bytes[0]);
	}
}

/* Overwrites in place, so that it is fetched first. */
static void write_one(Stress *stress, unsigned index)
{
	uint8_t value = (uint8_t)(1 + g_atomic_int_add(&stress->serial, 1) % 250);
	g_autoptr(GBytes) bytes = fill(value);
	g_mutex_lock(&stress->writing[index]);
	g_assert_cmpint(backing_try_write(stress->backing, paths[index], 0, bytes), ==, 0);
	g_mutex_unlock(&stress->writing[index]);
}

/* What the engine does after an upload, once what it read is not young any more: as here, where
 * nobody writes meanwhile. */
static void promise_one(Stress *stress, unsigned index)
{
	g_autoptr(GBytes) found = NULL;
	DiskInfo info;
	Disk *disk = volume_disk(stress->backing->volume);
	g_mutex_lock(&stress->writing[index]);
	if (disk_look(disk, paths[index], &info, NULL) &&
	    backing_try_read(stress->backing, paths[index], 0, FILE_SIZE, &found) == 0) {
		g_autoptr(GBytes) content = backing_content(stress->backing, found);
		disk_promise(disk, paths[index], &info, content, NULL);
	}
	g_mutex_unlock(&stress->writing[index]);
}

static void free_one(Stress *stress, unsigned index)
{
	int fd = backing_open(stress->backing, paths[index], O_PATH);
	int errnum = volume_free(stress->backing->volume, fd);
	g_assert_true(errnum == 0 || errnum == EBUSY);
	close(fd);
}

static void *run(void *data)
{
	Stress *stress = data;
	g_autoptr(GRand) rand =
		g_rand_new_with_seed(stress->seed + (uint32_t)g_atomic_int_add(&stress->serial, 1));
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned index = (unsigned)g_rand_int_range(rand, 0, FILES);
		switch (g_rand_int_range(rand, 0, 8)) {
		case 0:
			write_one(stress, index);
			break;
		case 1:
		case 2:
			promise_one(stress, index);
			break;
		case 3:
			free_one(stress, index);
			break;
		default:
			read_one(stress, index, rand);
		}
	}
	return NULL;
}

static void test_stress(void)
{
	Stress stress = { .backing = backing_new(), .seed = g_test_rand_int() };
	GThread *threads[THREADS];
	for (unsigned i = 0; i < FILES; i++) {
		g_mutex_init(&stress.writing[i]);
		g_autoptr(GBytes) bytes = fill((uint8_t)(i + 1));
		backing_place(stress.backing, paths[i], bytes);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		threads[i] = g_thread_new("stress", run, &stress);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		g_thread_join(threads[i]);
	}
	volume_settle(stress.backing->volume);
	for (unsigned i = 0; i < FILES; i++) {
		g_mutex_clear(&stress.writing[i]);
	}
	backing_free(stress.backing);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/virtual/stress/never-a-hole", test_stress);
	return g_test_run();
}
