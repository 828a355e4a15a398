/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long does an edit take to be readable in another folder?
 *
 *	latency FOLDER_A FOLDER_B COUNT SIZE
 *
 * Writes COUNT times SIZE random bytes over one file in A and waits, woken by inotify, until the
 * file in B has the same bytes: from the return of close() to the successful comparison. Prints, in
 * microseconds, p50 and p99 of that, and the median of fdatasync() after a 4 KiB append beside A:
 * "p50 p99 fdatasync".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS 60000

static int64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ll + now.tv_nsec / 1000;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void fill(char *bytes, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t got = getrandom(bytes + at, size - at, 0);
		if (got < 0) {
			fail("getrandom");
		}
		at += (size_t)got;
	}
}

static void put(const char *path, const char *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || close(fd) != 0) {
		fail(path);
	}
}

static int is_there(const char *path, const char *bytes, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return 0;
	}
	ssize_t got = read(fd, buffer, size + 1);
	close(fd);
	return got == (ssize_t)size && memcmp(bytes, buffer, size) == 0;
}

static void wait_for(int watch, const char *path, const char *bytes, char *buffer, size_t size)
{
	char events[4096];
	while (!is_there(path, bytes, buffer, size)) {
		struct pollfd ready = { .fd = watch, .events = POLLIN };
		if (poll(&ready, 1, TIMEOUT_MS) <= 0) {
			fprintf(stderr, "latency: %s did not change within %d ms\n", path,
				TIMEOUT_MS);
			exit(1);
		}
		if (read(watch, events, sizeof events) < 0 && errno != EAGAIN) {
			fail("read inotify");
		}
	}
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int64_t median_sync(const char *folder)
{
	char path[4096], block[4096] = { 0 };
	int64_t took[50];
	snprintf(path, sizeof path, "%s/../latency.sync", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	for (int i = 0; i < 50; i++) {
		int64_t start = now_us();
		if (write(fd, block, sizeof block) != sizeof block || fdatasync(fd) != 0) {
			fail(path);
		}
		took[i] = now_us() - start;
	}
	close(fd);
	unlink(path);
	qsort(took, 50, sizeof took[0], by_size);
	return took[25];
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: latency FOLDER_A FOLDER_B COUNT SIZE\n");
		return 2;
	}
	size_t count = strtoul(argv[3], NULL, 10), size = strtoul(argv[4], NULL, 10);
	char from[4096], to[4096];
	snprintf(from, sizeof from, "%s/latency.bin", argv[1]);
	snprintf(to, sizeof to, "%s/latency.bin", argv[2]);
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch < 0 || inotify_add_watch(watch, argv[2], IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
		fail("inotify");
	}
	char *bytes = malloc(size), *buffer = malloc(size + 1);
	int64_t *took = calloc(count + 1, sizeof *took);
	for (size_t i = 0; i <= count; i++) {
		fill(bytes, size);
		put(from, bytes, size);
		int64_t start = now_us();
		wait_for(watch, to, bytes, buffer, size);
		took[i] = now_us() - start;
		/* People do not save in lockstep with the drive. */
		usleep(30000 + (useconds_t)(random() % 20000));
	}
	/* The first one made the file. */
	qsort(took + 1, count, sizeof *took, by_size);
	printf("%ld %ld %ld\n", (long)took[1 + count / 2], (long)took[1 + count * 99 / 100],
	       (long)median_sync(argv[1]));
	free(took);
	free(bytes);
	free(buffer);
	return 0;
}
