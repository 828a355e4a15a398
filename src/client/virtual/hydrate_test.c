/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "chunk/content.h"
#include "client/virtual/backing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LARGE_SIZE (6 * MIB + 12345)

typedef struct Scene {
	Backing *backing;
	GBytes *bytes;
	DiskInfo info;
} Scene;

static Scene scene_new(size_t size)
{
	Scene scene = { .backing = backing_new(), .bytes = backing_noise(size, size) };
	scene.info = backing_place(scene.backing, "file", scene.bytes);
	return scene;
}

static void scene_clear(Scene *scene)
{
	backing_free(scene->backing);
	g_bytes_unref(scene->bytes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, scene_clear)

static void assert_untouched(const Scene *scene)
{
	struct stat info;
	DiskInfo now = backing_look(scene->backing, "file");
	g_assert_true(disk_info_equal(&now, &scene->info));
	g_assert_cmpint(fstatat(volume_root(scene->backing->volume), "file", &info, 0), ==, 0);
	g_assert_cmpint(info.st_mtim.tv_sec, ==, BACKING_MTIME_NS / 1000000000);
	g_assert_cmpint(info.st_mtim.tv_nsec, ==, BACKING_MTIME_NS % 1000000000);
}

/* ---- reading ------------------------------------------------------------------------------ */

static void test_comes_when_read(void)
{
	g_auto(Scene) scene = scene_new(LARGE_SIZE);
	FakeDrive *drive = scene.backing->drive;
	g_assert_cmpint(drive->fetches, ==, 0);
	backing_assert_bytes(scene.backing, "file", scene.bytes);
	assert_untouched(&scene);
	g_assert_cmpint(backing_state(scene.backing, "file"), ==, VOLUME_CACHED);
	int fetched = drive->chunks_fetched;
	g_assert_cmpint(fetched, >, 1);
	g_assert_cmpint(drive->fetches, <, fetched);
	backing_assert_bytes(scene.backing, "file", scene.bytes);
	backing_reopen(scene.backing);
	g_assert_cmpint(backing_state(scene.backing, "file"), ==, VOLUME_CACHED);
	backing_assert_bytes(scene.backing, "file", scene.bytes);
	g_assert_cmpint(drive->chunks_fetched, ==, fetched);
	assert_untouched(&scene);
}

static void test_random(void)
{
	g_auto(Scene) scene = scene_new(LARGE_SIZE);
	g_autoptr(GBytes) found = NULL;
	g_autoptr(GBytes) wanted = g_bytes_new_from_bytes(scene.bytes, 3 * MIB, 4096);
	g_assert_cmpint(backing_try_read(scene.backing, "file", 3 * MIB, 4096, &found), ==, 0);
	g_assert_true(g_bytes_equal(found, wanted));
	g_assert_cmpint(scene.backing->drive->chunks_fetched, <=, 2);
	g_assert_cmpint(backing_state(scene.backing, "file"), ==, VOLUME_PARTIAL);
	/* It is remembered. */
	int fetched = scene.backing->drive->chunks_fetched;
	backing_reopen(scene.backing);
	g_assert_cmpint(backing_state(scene.backing, "file"), ==, VOLUME_PARTIAL);
	g_assert_cmpint(backing_try_read(scene.backing, "file", 3 * MIB, 4096, NULL), ==, 0);
	g_assert_cmpint(scene.backing->drive->chunks_fetched, ==, fetched);
	assert_untouched(&scene);
	backing_assert_bytes(scene.backing, "file", scene.bytes);
}

static void test_beyond_the_end(void)
{
	g_auto(Scene) scene = scene_new(1000);
	g_assert_cmpint(backing_try_read(scene.backing, "file", 1000, 1, NULL), ==, 0);
	g_assert_cmpint(backing_try_read(scene.backing, "file", G_MAXUINT64, 9, NULL), ==, 0);
	g_assert_cmpint(scene.backing->drive->fetches, ==, 0);
	g_assert_cmpint(backing_try_read(scene.backing, "file", 999, G_MAXUINT64, NULL), ==, 0);
	backing_assert_bytes(scene.backing, "file", scene.bytes);
}

static void test_empty(void)
{
	g_auto(Scene) scene = scene_new(0);
	g_assert_cmpint(backing_state(scene.backing, "file"), ==, VOLUME_CACHED);
	backing_assert_bytes(scene.backing, "file", scene.bytes);
	g_assert_cmpint(scene.backing->drive->fetches, ==, 0);
}

/* The same chunk over and over, and lists of chunks. */
static void test_repeated(void)
{
	g_autoptr(Backing) backing = backing_new();
	size_t size = 70 * MIB;
	g_autoptr(GBytes) bytes = g_bytes_new_take(g_malloc0(size), size);
	backing_place(backing, "file", bytes);
	backing_assert_bytes(backing, "file", bytes);
	g_assert_cmpint(backing->drive->chunks_fetched, <, 40);
}

static void test_long(void)
{
	g_autoptr(Backing) backing = backing_new();
	g_autoptr(GBytes) bytes = backing_noise(40 * MIB, 7);
	backing_place(backing, "file", bytes);
	g_autoptr(GBytes) end = NULL;
	g_autoptr(GBytes) wanted = g_bytes_new_from_bytes(bytes, 39 * MIB, 100);
	g_assert_cmpint(backing_try_read(backing, "file", 39 * MIB, 100, &end), ==, 0);
	g_assert_true(g_bytes_equal(end, wanted));
	g_assert_cmpint(backing->drive->chunks_fetched, <, 8);
	backing_assert_bytes(backing, "file", bytes);
}

/* Reads that follow each other are few requests. */
static void test_ahead(void)
{
	g_auto(Scene) scene = scene_new(24 * MIB);
	Backing *backing = scene.backing;
	int fd = backing_open(backing, "file", O_RDONLY);
	VolumeFile *file = backing_open_file(backing, fd);
	g_autofree char *found = g_malloc(128 * KIB);
	const char *bytes = g_bytes_get_data(scene.bytes, NULL);
	for (uint64_t at = 0; at < 24 * MIB; at += 128 * KIB) {
		g_assert_cmpint(volume_file_need(file, at, 128 * KIB, NULL), ==, 0);
		g_assert_cmpint(pread(fd, found, 128 * KIB, (off_t)at), ==, 128 * KIB);
		g_assert_cmpint(memcmp(found, bytes + at, 128 * KIB), ==, 0);
	}
	volume_file_close(file);
	close(fd);
	g_assert_cmpint(backing->drive->fetches, <, backing->drive->chunks_fetched * 2 / 3);
}

typedef struct Reader {
	Backing *backing;
	GBytes *bytes;
	uint32_t seed;
} Reader;

static void *read_all(void *data)
{
	const Reader *reader = data;
	backing_assert_bytes(reader->backing, "file", reader->bytes);
	return NULL;
}

static void test_parallel(void)
{
	g_auto(Scene) scene = scene_new(LARGE_SIZE);
	Reader reader = { scene.backing, scene.bytes, 0 };
	GThread *threads[8];
	for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
		threads[i] = g_thread_new("reader", read_all, &reader);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
		g_thread_join(threads[i]);
	}
	uint64_t fetched = volume_totals(scene.backing->volume).fetched;
	g_assert_cmpuint(fetched, ==, LARGE_SIZE);
}

/* ---- trouble ------------------------------------------------------------------------------ */

static void test_corrupt(void)
{
	g_auto(Scene) scene = scene_new(LARGE_SIZE);
	Backing *backing = scene.backing;
	backing->drive->corrupt = true;
	g_assert_cmpint(backing_try_read(backing, "file", 0, 10, NULL), ==, EIO);
	g_assert_cmpint(backing_state(backing, "file"), ==, VOLUME_ONLINE_ONLY);
	backing_reopen(backing);
	g_assert_cmpint(backing_state(backing, "file"), ==, VOLUME_ONLINE_ONLY);
	backing->drive->corrupt = false;
	backing_assert_bytes(backing, "file", scene.bytes);
	assert_untouched(&scene);
}

/* What the drive calls one chunk is not read beyond its end where the drive says that it is longer.
 */
static void test_two_lengths(void)
{
	g_autoptr(Backing) backing = backing_new();
	g_autoptr(GBytes) bytes = backing_noise(1000, 1);
	g_autoptr(GBytes) honest = backing_content(backing, bytes);
	g_autoptr(GBytes) wanted = g_bytes_new_from_bytes(bytes, 0, 1000);
	g_autoptr(GBytes) found = NULL;
	g_auto(Content) one = { 0 };
	bool decoded = content_decode(g_bytes_get_data(honest, NULL), g_bytes_get_size(honest),
				      &one, NULL);
	g_assert_true(decoded);
	const ContentRef refs[] = { one.refs[0], { one.refs[0].id, 2000 } };
	g_autoptr(GBytes) content = content_encode(refs, 2, NULL);
	backing_place_content(backing, "file", content, 3000);
	g_assert_cmpint(backing_try_read(backing, "file", 0, 3000, NULL), ==, EIO);
	g_assert_cmpint(backing_try_read(backing, "file", 0, 1000, &found), ==, 0);
	g_assert_true(g_bytes_equal(found, wanted));
	g_assert_cmpint(backing_state(backing, "file"), ==, VOLUME_PARTIAL);
}

static void test_not_there(void)
{
	g_auto(Scene) scene = scene_new(LARGE_SIZE);
	g_hash_table_remove_all(scene.backing->drive->chunks);
	g_assert_cmpint(backing_try_read(scene.backing, "file", 0, 10, NULL), ==, EIO);
}

/* One flight carries all of it, in several requests if the drive wants it so. */
#define FLIGHT_SIZE (1 * MIB)

static void test_lost_in_the_middle(void)
{
	g_auto(Scene) scene = scene_new(FLIGHT_SIZE);
	Backing *backing = scene.backing;
	backing->drive->fetch_max = 1;
	backing->drive->fail_before = 2;
	g_assert_cmpint(backing_try_read(backing, "file", 0, FLIGHT_SIZE, NULL), ==, ENETUNREACH);
	volume_settle(backing->volume);
	g_assert_cmpint(backing_state(backing, "file"), ==, VOLUME_PARTIAL);
	backing_assert_bytes(backing, "file", scene.bytes);
	/* What had come was not fetched again. */
	g_assert_cmpuint(volume_totals(backing->volume).fetched, ==, FLIGHT_SIZE);
	assert_untouched(&scene);
}

static void test_offline(void)
{
	g_auto(Scene) scene = scene_new(LARGE_SIZE);
	Backing *backing = scene.backing;
	g_assert_cmpint(backing_try_read(backing, "file", 0, 10, NULL), ==, 0);
	int exchanges = backing->drive->exchanges;
	volume_set_online(backing->volume, false);
	g_assert_cmpint(backing_try_read(backing, "file", 0, 10, NULL), ==, 0);
	g_assert_cmpint(backing_try_read(backing, "file", 5 * MIB, 10, NULL), ==, ENETUNREACH);
	g_assert_cmpint(backing_try_truncate(backing, "file", 5 * MIB), ==, ENETUNREACH);
	g_assert_cmpint(backing->drive->exchanges, ==, exchanges);
	assert_untouched(&scene);
	volume_set_online(backing->volume, true);
	backing_assert_bytes(backing, "file", scene.bytes);
}

static void test_cancelled(void)
{
	g_auto(Scene) scene = scene_new(LARGE_SIZE);
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	g_cancellable_cancel(cancellable);
	int fd = backing_open(scene.backing, "file", O_RDWR);
	VolumeFile *file = backing_open_file(scene.backing, fd);
	g_assert_cmpint(volume_file_need(file, 0, 10, cancellable), ==, EINTR);
	g_assert_cmpint(volume_file_touch(file, VOLUME_KEEP_ALL, cancellable), ==, EINTR);
	volume_file_close(file);
	close(fd);
	assert_untouched(&scene);
	backing_assert_bytes(scene.backing, "file", scene.bytes);
}

/* Who read has gone when it comes. */
static void test_comes_late(void)
{
	g_auto(Scene) scene = scene_new(LARGE_SIZE);
	Backing *backing = scene.backing;
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	int fd = backing_open(backing, "file", O_RDONLY);
	VolumeFile *file = backing_open_file(backing, fd);
	backing->drive->cancel_at_next = cancellable;
	volume_file_need(file, 0, 10, cancellable);
	volume_file_close(file);
	close(fd);
	while (volume_totals(backing->volume).fetched == 0) {
		g_usleep(1000);
	}
	backing_reopen(backing);
	g_assert_cmpint(backing_state(backing, "file"), ==, VOLUME_PARTIAL);
	backing_assert_bytes(backing, "file", scene.bytes);
}

/* ---- changing ----------------------------------------------------------------------------- */

static GBytes *overwrite(GBytes *bytes, uint64_t offset, GBytes *by)
{
	GByteArray *array = g_bytes_unref_to_array(g_bytes_ref(bytes));
	size_t size = g_bytes_get_size(by);
	if (array->len < offset + size) {
		g_byte_array_set_size(array, (unsigned)(offset + size));
	}
	memcpy(array->data + offset, g_bytes_get_data(by, NULL), size);
	return g_byte_array_free_to_bytes(array);
}

static void assert_dirty(Backing *backing, const DiskInfo *before)
{
	DiskInfo now = backing_look(backing, "file");
	g_assert_cmpint(now.stamp.change_ns, !=, before->stamp.change_ns);
	g_assert_cmpint(backing_state(backing, "file"), ==, VOLUME_DIRTY);
}

static void test_write_into(void)
{
	static const uint64_t offsets[] = { 0, 3 * MIB, LARGE_SIZE };
	for (unsigned i = 0; i < G_N_ELEMENTS(offsets); i++) {
		g_auto(Scene) scene = scene_new(LARGE_SIZE);
		Backing *backing = scene.backing;
		g_autoptr(GBytes) by = g_bytes_new_static("hello", 5);
		g_autoptr(GBytes) wanted = overwrite(scene.bytes, offsets[i], by);
		g_assert_cmpint(backing_try_write(backing, "file", offsets[i], by), ==, 0);
		assert_dirty(backing, &scene.info);
		backing_assert_bytes(backing, "file", wanted);
		backing_reopen(backing);
		backing->drive->fail_before = 1;
		backing_assert_bytes(backing, "file", wanted);
		assert_dirty(backing, &scene.info);
	}
}

static void test_write_all(void)
{
	g_auto(Scene) scene = scene_new(LARGE_SIZE);
	g_autoptr(GBytes) by = g_bytes_new_static("hello", 5);
	backing_write(scene.backing, "file", by);
	backing_assert_bytes(scene.backing, "file", by);
	assert_dirty(scene.backing, &scene.info);
	g_assert_cmpint(scene.backing->drive->fetches, ==, 0);
}

static void test_truncate(void)
{
	g_auto(Scene) scene = scene_new(LARGE_SIZE);
	g_assert_cmpint(backing_try_truncate(scene.backing, "file", 100 * KIB), ==, 0);
	g_autoptr(GBytes) wanted = g_bytes_new_from_bytes(scene.bytes, 0, 100 * KIB);
	backing_assert_bytes(scene.backing, "file", wanted);
	assert_dirty(scene.backing, &scene.info);
	g_assert_cmpint(scene.backing->drive->chunks_fetched, <=, 8);
	g_assert_cmpint(backing_try_truncate(scene.backing, "file", LARGE_SIZE), ==, 0);
	g_autofree char *zeros = g_malloc0(LARGE_SIZE);
	memcpy(zeros, g_bytes_get_data(wanted, NULL), 100 * KIB);
	g_autoptr(GBytes) longer = g_bytes_new(zeros, LARGE_SIZE);
	backing_assert_bytes(scene.backing, "file", longer);
}

/* One writes, many read: nobody sees what is neither old nor new. */
static void *read_some(void *data)
{
	const Reader *reader = data;
	g_autoptr(GRand) rand = g_rand_new_with_seed(reader->seed);
	const char *bytes = g_bytes_get_data(reader->bytes, NULL);
	for (unsigned i = 0; i < 50; i++) {
		uint64_t at = (uint64_t)g_rand_int_range(rand, 1, LARGE_SIZE - 4096);
		g_autoptr(GBytes) found = NULL;
		g_assert_cmpint(backing_try_read(reader->backing, "file", at, 4096, &found), ==, 0);
		g_assert_cmpint(memcmp(g_bytes_get_data(found, NULL), bytes + at, 4096), ==, 0);
	}
	return NULL;
}

static void test_touch_beside_readers(void)
{
	for (unsigned round = 0; round < 5; round++) {
		g_auto(Scene) scene = scene_new(LARGE_SIZE);
		Reader readers[4];
		GThread *threads[G_N_ELEMENTS(readers)];
		for (unsigned i = 0; i < G_N_ELEMENTS(readers); i++) {
			readers[i] = (Reader){ scene.backing, scene.bytes, 10 * round + i };
			threads[i] = g_thread_new("reader", read_some, &readers[i]);
		}
		/* The first byte as it is. */
		g_autoptr(GBytes) by = g_bytes_new_from_bytes(scene.bytes, 0, 1);
		g_assert_cmpint(backing_try_write(scene.backing, "file", 0, by), ==, 0);
		for (unsigned i = 0; i < G_N_ELEMENTS(readers); i++) {
			g_thread_join(threads[i]);
		}
		backing_assert_bytes(scene.backing, "file", scene.bytes);
		g_assert_cmpuint(volume_totals(scene.backing->volume).fetched, ==, LARGE_SIZE);
	}
}

/* ---- what was interrupted ----------------------------------------------------------------- */

static void test_torn(void)
{
	g_auto(Scene) scene = scene_new(LARGE_SIZE);
	Backing *backing = scene.backing;
	backing_assert_bytes(backing, "file", scene.bytes);
	backing_reopen(backing);
	/* Killed while it was truncated, and while bytes were written. */
	int fd = backing_open(backing, "file", O_RDWR);
	g_assert_cmpint(ftruncate(fd, 10), ==, 0);
	DiskInfo now = backing_look(backing, "file");
	g_assert_true(disk_info_equal(&now, &scene.info));
	close(fd);
	backing_assert_bytes(backing, "file", scene.bytes);
	assert_untouched(&scene);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/client/virtual/hydrate/" name, function)
	ADD("comes-when-it-is-read", test_comes_when_read);
	ADD("random-reads-fetch-their-chunk", test_random);
	ADD("beyond-the-end", test_beyond_the_end);
	ADD("empty", test_empty);
	ADD("repeated-chunks", test_repeated);
	ADD("long-files", test_long);
	ADD("reads-ahead", test_ahead);
	ADD("parallel-readers-share-a-fetch", test_parallel);
	ADD("corrupted-chunk-is-refused", test_corrupt);
	ADD("a-chunk-of-two-lengths-is-refused", test_two_lengths);
	ADD("chunk-that-the-drive-lacks", test_not_there);
	ADD("server-lost-in-the-middle", test_lost_in_the_middle);
	ADD("offline-fails-at-once", test_offline);
	ADD("cancelled", test_cancelled);
	ADD("keeps-what-comes-late", test_comes_late);
	ADD("touch-fetches-first", test_write_into);
	ADD("overwriting-fetches-nothing", test_write_all);
	ADD("truncating-fetches-what-stays", test_truncate);
	ADD("touch-beside-readers", test_touch_beside_readers);
	ADD("torn-file-is-repaired", test_torn);
	return g_test_run();
}
