/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What packs cost beyond the disk: blobs_append() and blobs_sync() beside write() and fdatasync()
 * of the same bytes to one file in the same folder, in turns; medians, and their ratio.
 *
 * Usage: bench-blobs [FOLDER]      (an empty folder is made in FOLDER, or in the present one)
 */
#include "base/limits.h"
#include "server/blobs/blobs.h"

#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RUNS 7

typedef struct Load {
	const char *name;
	size_t chunk_size;
	unsigned chunks;   /* of each thread */
	unsigned per_sync; /* chunks between two syncs */
	unsigned threads;
} Load;

static const Load loads[] = {
	{ "4 KiB, each synced", 4 * KIB, 1000, 1, 1 },
	{ "4 KiB, each synced, 8 threads", 4 * KIB, 250, 1, 8 },
	{ "512 KiB, synced by 4 MiB", 512 * KIB, 512, 8, 1 },
	{ "2 MiB, synced by 16 MiB", 2 * MIB, 128, 8, 1 },
	{ "2 MiB, one sync of 256 MiB", 2 * MIB, 128, 128, 1 },
};

typedef struct Run {
	const Load *load;
	Blobs *blobs; /* NULL: raw */
	int fd;
	const uint8_t *bytes;
} Run;

static void fail(const char *what)
{
	fprintf(stderr, "bench-blobs: %s: %s\n", what, g_strerror(errno));
	exit(1);
}

static void store(Run *run, unsigned number)
{
	const Load *load = run->load;
	BlobsLocation location;
	EncodedChunk chunk = {
		.encoding = CODEC_RAW,
		.raw_size = load->chunk_size,
		.size = load->chunk_size,
		.bytes = run->bytes,
	};

	memcpy(chunk.id.bytes, &number, sizeof(number));
	if (run->blobs == NULL) {
		/* O_APPEND: threads share the file as appends to a pack do. */
		if (write(run->fd, run->bytes, load->chunk_size) != (ssize_t)load->chunk_size) {
			fail("write");
		}
	} else if (!blobs_append(run->blobs, &chunk, 1, &location, NULL)) {
		fail("append");
	}
	if ((number + 1) % load->per_sync != 0) {
		return;
	}
	if (run->blobs == NULL ? fdatasync(run->fd) < 0 : !blobs_sync(run->blobs, NULL)) {
		fail("sync");
	}
}

static void *run_thread(void *data)
{
	Run *run = data;

	for (unsigned i = 0; i < run->load->chunks; i++) {
		store(run, i);
	}
	return NULL;
}

/* Seconds. */
static double measure(Run *run)
{
	GThread *threads[16];
	int64_t begin = g_get_monotonic_time();

	g_assert(run->load->threads <= G_N_ELEMENTS(threads));
	for (unsigned i = 0; i < run->load->threads; i++) {
		threads[i] = g_thread_new("bench", run_thread, run);
	}
	for (unsigned i = 0; i < run->load->threads; i++) {
		g_thread_join(threads[i]);
	}
	return (g_get_monotonic_time() - begin) / 1e6;
}

static void empty_folder(const char *path)
{
	g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *file = g_build_filename(path, name, NULL);

		g_unlink(file);
	}
}

static double measure_blobs(const char *folder, const Load *load, const uint8_t *bytes)
{
	g_autoptr(GError) error = NULL;
	Place *place = place_disk_new(folder, &error);
	g_autoptr(Blobs) blobs = place != NULL ? blobs_open(place, &error) : NULL;
	Run run = { .load = load, .blobs = blobs, .fd = -1, .bytes = bytes };
	double seconds;

	if (blobs == NULL) {
		fprintf(stderr, "bench-blobs: %s\n", error->message);
		exit(1);
	}
	sync();
	seconds = measure(&run);
	g_clear_pointer(&blobs, blobs_close);
	empty_folder(folder);
	return seconds;
}

static double measure_raw(const char *folder, const Load *load, const uint8_t *bytes)
{
	g_autofree char *path = g_build_filename(folder, "raw", NULL);
	Run run = { .load = load, .bytes = bytes };
	double seconds;

	run.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (run.fd < 0) {
		fail(path);
	}
	sync();
	seconds = measure(&run);
	close(run.fd);
	empty_folder(folder);
	return seconds;
}

static int compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static void compare(const char *folder, const Load *load, const uint8_t *bytes)
{
	double raw[RUNS];
	double ours[RUNS];
	double megabytes = load->chunk_size * (double)load->chunks * load->threads / 1e6;

	for (unsigned i = 0; i < RUNS; i++) {
		raw[i] = measure_raw(folder, load, bytes);
		ours[i] = measure_blobs(folder, load, bytes);
	}
	qsort(raw, RUNS, sizeof(raw[0]), compare_doubles);
	qsort(ours, RUNS, sizeof(ours[0]), compare_doubles);
	printf("%-32s %9.3f s %7.0f MB/s %9.3f s %7.0f MB/s   %5.2f\n", load->name, raw[RUNS / 2],
	       megabytes / raw[RUNS / 2], ours[RUNS / 2], megabytes / ours[RUNS / 2],
	       ours[RUNS / 2] / raw[RUNS / 2]);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	g_autofree char *folder = g_build_filename(argc > 1 ? argv[1] : ".", "bench-XXXXXX", NULL);
	g_autofree uint8_t *bytes = g_malloc(2 * MIB);

	if (g_mkdtemp(folder) == NULL) {
		fail(folder);
	}
	for (size_t i = 0; i < 2 * MIB; i++) {
		bytes[i] = g_random_int();
	}
	printf("%-32s %11s %12s %11s %12s   %5s\n", "", "raw", "", "packs", "", "ratio");
	for (unsigned i = 0; i < G_N_ELEMENTS(loads); i++) {
		compare(folder, &loads[i], bytes);
	}
	g_rmdir(folder);
	return 0;
}
