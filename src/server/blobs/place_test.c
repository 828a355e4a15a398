/* SPDX-License-Identifier: Apache-2.0 */
/* What every place promises (place_impl.h), and what each of them promises besides. */
#include "server/blobs/place_impl.h"

#include "base/error.h"
#include "base/limits.h"

#include <glib/gstdio.h>

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#define PART(text)                               \
	{                                        \
		(void *)(text), sizeof(text) - 1 \
	}
#define A 0x11ull
#define B INT64_MAX

typedef struct Fixture {
	char *folder; /* NULL for memory */
	Place *place;
} Fixture;

static void remove_folder(const char *path)
{
	g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *file = g_build_filename(path, name, NULL);

		g_assert_cmpint(g_unlink(file), ==, 0);
	}
	g_assert_cmpint(g_rmdir(path), ==, 0);
}

static void set_up(Fixture *fixture, const void *kind)
{
	g_autoptr(GError) error = NULL;

	if (strcmp(kind, "memory") == 0) {
		fixture->place = place_memory_new();
	} else {
		fixture->folder = g_dir_make_tmp("imdrive-place-XXXXXX", &error);
		g_assert_no_error(error);
		fixture->place = place_disk_new(fixture->folder, &error);
	}
	g_assert_no_error(error);
	if (strcmp(kind, "faulty") == 0) {
		fixture->place = place_faulty_new(fixture->place);
	}
}

static void tear_down(Fixture *fixture, const void *kind)
{
	place_free(fixture->place);
	if (fixture->folder != NULL) {
		remove_folder(fixture->folder);
		g_free(fixture->folder);
	}
}

static void create(Place *place, uint64_t name)
{
	g_autoptr(GError) error = NULL;

	place_create(place, name, &error);
	g_assert_no_error(error);
}

static void write_text(Place *place, uint64_t name, uint64_t offset, const char *text)
{
	g_autoptr(GError) error = NULL;
	struct iovec part = { (void *)text, strlen(text) };

	place_write(place, &(PlaceSpan){ name, offset, &part, 1 }, &error);
	g_assert_no_error(error);
}

static bool read_bytes(Place *place, uint64_t name, uint64_t offset, void *ret_bytes, size_t size,
		       GError **error)
{
	struct iovec part = { ret_bytes, size };

	return place_read(place, &(PlaceSpan){ name, offset, &part, 1 }, error);
}

static void assert_text(Place *place, uint64_t name, uint64_t offset, const char *text)
{
	g_autofree char *found = g_malloc0(strlen(text) + 1);
	g_autoptr(GError) error = NULL;

	read_bytes(place, name, offset, found, strlen(text), &error);
	g_assert_no_error(error);
	g_assert_cmpstr(found, ==, text);
}

static unsigned count_entries(Place *place, uint64_t name, uint64_t *ret_size)
{
	g_autoptr(GArray) entries = g_array_new(false, false, sizeof(PlaceEntry));
	g_autoptr(GError) error = NULL;

	place_list(place, entries, &error);
	g_assert_no_error(error);
	for (unsigned i = 0; i < entries->len; i++) {
		PlaceEntry *entry = &g_array_index(entries, PlaceEntry, i);

		if (entry->name == name) {
			*ret_size = entry->size;
		}
	}
	return entries->len;
}

static void test_gives_back_parts(Fixture *fixture, const void *kind)
{
	char left[3] = "";
	char right[7] = "";
	struct iovec from[] = { PART("01"), PART(""), PART("234"), PART("56") };
	struct iovec to[] = { { left, 2 }, { right, 4 } };
	g_autoptr(GError) error = NULL;

	create(fixture->place, A);
	place_write(fixture->place, &(PlaceSpan){ A, 4, from, 4 }, &error);
	g_assert_no_error(error);
	place_read(fixture->place, &(PlaceSpan){ A, 5, to, 2 }, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(left, ==, "12");
	g_assert_cmpstr(right, ==, "3456");
}

static void test_writes_in_any_order(Fixture *fixture, const void *kind)
{
	uint64_t size = 0;

	create(fixture->place, A);
	write_text(fixture->place, A, 10, "later");
	write_text(fixture->place, A, 0, "first");
	assert_text(fixture->place, A, 0, "first");
	assert_text(fixture->place, A, 10, "later");
	g_assert_cmpuint(count_entries(fixture->place, A, &size), ==, 1);
	g_assert_cmpuint(size, ==, 15);
}

static void test_names_are_used_once(Fixture *fixture, const void *kind)
{
	g_autoptr(GError) error = NULL;

	create(fixture->place, B);
	write_text(fixture->place, B, 0, "kept");
	g_assert_false(place_create(fixture->place, B, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT);
	assert_text(fixture->place, B, 0, "kept");
}

static void test_tells_what_is_absent(Fixture *fixture, const void *kind)
{
	char bytes[4];
	struct iovec part = { bytes, sizeof(bytes) };
	PlaceSpan span = { A, 0, &part, 1 };
	g_autoptr(GError) error = NULL;

	g_assert_false(place_read(fixture->place, &span, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_clear_error(&error);
	g_assert_false(place_write(fixture->place, &span, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_clear_error(&error);
	g_assert_false(place_sync(fixture->place, A, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_clear_error(&error);
	g_assert_false(place_truncate(fixture->place, A, 0, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_clear_error(&error);
	g_assert_false(place_remove(fixture->place, A, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_clear_error(&error);
	create(fixture->place, A);
	write_text(fixture->place, A, 0, "abc");
	g_assert_false(place_read(fixture->place, &span, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
}

static void test_only_cuts(Fixture *fixture, const void *kind)
{
	uint64_t size = 0;
	g_autoptr(GError) error = NULL;

	create(fixture->place, A);
	write_text(fixture->place, A, 0, "0123456789");
	place_truncate(fixture->place, A, 20, &error);
	g_assert_no_error(error);
	count_entries(fixture->place, A, &size);
	g_assert_cmpuint(size, ==, 10);
	place_truncate(fixture->place, A, 4, &error);
	g_assert_no_error(error);
	count_entries(fixture->place, A, &size);
	g_assert_cmpuint(size, ==, 4);
	assert_text(fixture->place, A, 0, "0123");
}

static void test_removes(Fixture *fixture, const void *kind)
{
	uint64_t size = 0;
	char byte;
	g_autoptr(GError) error = NULL;

	create(fixture->place, A);
	create(fixture->place, B);
	write_text(fixture->place, A, 0, "0");
	place_remove(fixture->place, A, &error);
	g_assert_no_error(error);
	g_assert_false(read_bytes(fixture->place, A, 0, &byte, 1, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_assert_cmpuint(count_entries(fixture->place, A, &size), ==, 1);
}

static void test_memory_keeps_what_was_synced(void)
{
	for (uint64_t seed = 0; seed < 200; seed++) {
		g_autoptr(Place) place = place_memory_new();
		g_autoptr(Place) later = place_memory_share(place);
		g_autoptr(GError) error = NULL;
		uint64_t size = 0;

		create(place, A);
		write_text(place, A, 0, "synced");
		place_sync(place, A, &error);
		g_assert_no_error(error);
		write_text(place, A, 6, "not");
		place_memory_crash(place, seed);
		g_assert_cmpuint(count_entries(later, A, &size), ==, 1);
		g_assert_cmpuint(size, >=, 6);
		assert_text(later, A, 0, "synced");
	}
}

static void test_memory_loses_what_was_not_synced(void)
{
	unsigned short_ones = 0;
	unsigned zeroed = 0;
	unsigned torn = 0;
	unsigned kept = 0;

	for (uint64_t seed = 0; seed < 200; seed++) {
		g_autoptr(Place) place = place_memory_new();
		g_autofree char *text = g_strnfill(2000, 'x');
		g_autofree char *found = g_malloc(2000);
		uint64_t size = 0;

		create(place, A);
		write_text(place, A, 0, text);
		place_memory_crash(place, seed);
		count_entries(place, A, &size);
		if (size < 2000) {
			short_ones++;
			continue;
		}
		g_assert_true(read_bytes(place, A, 0, found, 2000, NULL));
		kept += found[1999] == 'x';
		zeroed += found[0] == 0;
		torn += found[0] == 'x' && found[1999] == 0;
	}
	g_assert_cmpuint(short_ones, >, 10);
	g_assert_cmpuint(kept, >, 10);
	g_assert_cmpuint(zeroed, >, 10);
	g_assert_cmpuint(torn, >, 10);
}

static void test_faulty_fails_on_request(void)
{
	g_autoptr(Place) place = place_faulty_new(place_memory_new());
	g_autoptr(GError) error = NULL;

	place_faulty_set(place, 2, false, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE);
	create(place, A);
	g_assert_false(place_sync(place, A, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE);
	write_text(place, A, 0, "text");
	g_assert_cmpuint(place_faulty_calls(place), ==, 3);
	place_faulty_set(place, 1, true, DRIVE_ERROR, DRIVE_ERROR_IO);
	for (unsigned i = 0; i < 3; i++) {
		g_assert_false(place_sync(place, A, NULL));
	}
	place_faulty_set(place, 0, false, DRIVE_ERROR, DRIVE_ERROR_IO);
	g_assert_true(place_sync(place, A, NULL));
}

static void test_faulty_write_leaves_a_half(void)
{
	g_autoptr(Place) place = place_faulty_new(place_memory_new());
	struct iovec parts[] = { PART("01"), PART("23456789") };
	uint64_t size = 0;

	create(place, A);
	place_faulty_set(place, 1, false, DRIVE_ERROR, DRIVE_ERROR_IO);
	g_assert_false(place_write(place, &(PlaceSpan){ A, 0, parts, 2 }, NULL));
	count_entries(place, A, &size);
	g_assert_cmpuint(size, ==, 5);
	assert_text(place, A, 0, "01234");
}

static void test_disk_keeps_to_itself(void)
{
	g_autofree char *base = g_dir_make_tmp("imdrive-place-XXXXXX", NULL);
	g_autofree char *folder = g_build_filename(base, "packs", NULL);
	g_autofree char *pack = g_build_filename(folder, "0000000000000011.pack", NULL);
	static const char *const foreign[] = { "11.pack", "0000000000000012.pack.tmp",
					       "00000000000000zz.pack", "ffffffffffffffff.pack",
					       "000000000000001A.pack" };
	g_autoptr(GError) error = NULL;
	g_autoptr(Place) place = place_disk_new(folder, &error);
	struct stat status;
	uint64_t size;

	g_assert_no_error(error);
	create(place, A);
	for (unsigned i = 0; i < G_N_ELEMENTS(foreign); i++) {
		g_autofree char *path = g_build_filename(folder, foreign[i], NULL);

		g_assert_true(g_file_set_contents(path, "", 0, NULL));
	}
	g_assert_cmpuint(count_entries(place, A, &size), ==, 1);
	g_assert_cmpint(stat(folder, &status), ==, 0);
	g_assert_cmpint(status.st_mode & 07777, ==, 0700);
	g_assert_cmpint(stat(pack, &status), ==, 0);
	g_assert_cmpint(status.st_mode & 07777, ==, 0600);
	remove_folder(folder);
	g_rmdir(base);
}

static unsigned count_descriptors(void)
{
	g_autoptr(GDir) folder = g_dir_open("/proc/self/fd", 0, NULL);
	unsigned count = 0;

	while (g_dir_read_name(folder) != NULL) {
		count++;
	}
	return count;
}

static void test_disk_bounds_its_descriptors(void)
{
	g_autofree char *folder = g_dir_make_tmp("imdrive-place-XXXXXX", NULL);
	unsigned before = count_descriptors();
	g_autoptr(Place) place = place_disk_new(folder, NULL);

	for (uint64_t name = 1; name <= 300; name++) {
		create(place, name);
		write_text(place, name, 0, "text");
		g_assert_true(place_sync(place, name, NULL));
	}
	g_assert_cmpuint(count_descriptors(), <=, before + 130);
	for (uint64_t name = 1; name <= 300; name++) {
		assert_text(place, name, 0, "text");
	}
	g_assert_cmpuint(count_descriptors(), <=, before + 130);
	g_clear_pointer(&place, place_free);
	g_assert_cmpuint(count_descriptors(), ==, before);
	remove_folder(folder);
}

static void test_disk_keeps_unsynced_files_open(void)
{
	g_autofree char *folder = g_dir_make_tmp("imdrive-place-XXXXXX", NULL);
	unsigned before = count_descriptors();
	g_autoptr(Place) place = place_disk_new(folder, NULL);

	for (uint64_t name = 1; name <= 200; name++) {
		create(place, name);
		write_text(place, name, 0, "text");
	}
	g_assert_cmpuint(count_descriptors(), >=, before + 200);
	for (uint64_t name = 1; name <= 200; name++) {
		g_assert_true(place_sync(place, name, NULL));
	}
	assert_text(place, 1, 0, "text");
	create(place, 201);
	g_assert_cmpuint(count_descriptors(), <=, before + 130);
	g_clear_pointer(&place, place_free);
	remove_folder(folder);
}

static void test_disk_writes_large_parts(void)
{
	g_autofree char *folder = g_dir_make_tmp("imdrive-place-XXXXXX", NULL);
	g_autoptr(Place) place = place_disk_new(folder, NULL);
	g_autofree uint8_t *bytes = g_malloc(20 * MIB);
	g_autofree uint8_t *found = g_malloc(20 * MIB);
	struct iovec part = { bytes, 20 * MIB };

	for (size_t i = 0; i < 20 * MIB; i++) {
		bytes[i] = i * 7 + (i >> 8);
	}
	create(place, A);
	g_assert_true(place_write(place, &(PlaceSpan){ A, 0, &part, 1 }, NULL));
	g_assert_true(place_sync(place, A, NULL));
	g_assert_true(read_bytes(place, A, 0, found, 20 * MIB, NULL));
	g_assert_cmpmem(bytes, 20 * MIB, found, 20 * MIB);
	g_clear_pointer(&place, place_free);
	remove_folder(folder);
}

static void add_contract(const char *kind)
{
	static const struct {
		const char *name;
		void (*run)(Fixture *fixture, const void *kind);
	} tests[] = {
		{ "gives-back-parts", test_gives_back_parts },
		{ "writes-in-any-order", test_writes_in_any_order },
		{ "names-are-used-once", test_names_are_used_once },
		{ "tells-what-is-absent", test_tells_what_is_absent },
		{ "only-cuts", test_only_cuts },
		{ "removes", test_removes },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path =
			g_strdup_printf("/server/blobs/place/%s/%s", kind, tests[i].name);

		g_test_add(path, Fixture, kind, set_up, tests[i].run, tear_down);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add_contract("memory");
	add_contract("disk");
	add_contract("faulty");
	g_test_add_func("/server/blobs/place/memory/keeps-what-was-synced",
			test_memory_keeps_what_was_synced);
	g_test_add_func("/server/blobs/place/memory/loses-what-was-not-synced",
			test_memory_loses_what_was_not_synced);
	g_test_add_func("/server/blobs/place/faulty/fails-on-request",
			test_faulty_fails_on_request);
	g_test_add_func("/server/blobs/place/faulty/write-leaves-a-half",
			test_faulty_write_leaves_a_half);
	g_test_add_func("/server/blobs/place/disk/keeps-to-itself", test_disk_keeps_to_itself);
	g_test_add_func("/server/blobs/place/disk/bounds-its-descriptors",
			test_disk_bounds_its_descriptors);
	g_test_add_func("/server/blobs/place/disk/keeps-unsynced-files-open",
			test_disk_keeps_unsynced_files_open);
	g_test_add_func("/server/blobs/place/disk/writes-large-parts",
			test_disk_writes_large_parts);
	return g_test_run();
}
