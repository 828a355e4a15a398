/* SPDX-License-Identifier: Apache-2.0 */
#include "client/virtual/record.h"

#include "base/error.h"
#include "chunk/content.h"
#include "client/disk/world.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static GBytes *make_content(uint32_t length)
{
	const ContentRef ref = { chunk_id_of("abc", 3), length };
	g_autoptr(GPtrArray) lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	return content_encode(&ref, 1, lists);
}

static Record make_record(void)
{
	return (Record){
		.complete = true,
		.change_ns = 1234567890123456789,
		.mtime_ns = -5,
		.size = 77,
		.content = make_content(77),
	};
}

static void assert_equal(const Record *a, const Record *b)
{
	g_assert_true(a->complete == b->complete && a->is_aside == b->is_aside);
	g_assert_cmpint(a->change_ns, ==, b->change_ns);
	g_assert_cmpint(a->mtime_ns, ==, b->mtime_ns);
	g_assert_cmpuint(a->size, ==, b->size);
	g_assert_true(g_bytes_equal(a->content, b->content));
}

static void test_round_trip(void)
{
	g_auto(Record) record = make_record();
	g_auto(Record) found = { 0 };
	g_autoptr(GError) error = NULL;
	uint8_t bytes[RECORD_SIZE_MAX];
	size_t size = record_encode(&record, bytes);
	g_assert_true(record_decode(bytes, size, &found, &error));
	g_assert_no_error(error);
	assert_equal(&record, &found);
}

/* More would cost a block of its own on ext4. */
static void test_small(void)
{
	g_auto(Record) record = make_record();
	uint8_t bytes[RECORD_SIZE_MAX];
	g_assert_cmpuint(record_encode(&record, bytes), <=, 64);
}

static void test_empty_file(void)
{
	g_auto(Record) record = { .content = g_bytes_new(NULL, 0) };
	g_auto(Record) found = { 0 };
	uint8_t bytes[RECORD_SIZE_MAX];
	size_t size = record_encode(&record, bytes);
	g_assert_true(record_decode(bytes, size, &found, NULL));
	g_assert_cmpuint(g_bytes_get_size(found.content), ==, 0);
}

static void assert_damaged(const uint8_t *bytes, size_t size)
{
	g_auto(Record) found = { 0 };
	g_autoptr(GError) error = NULL;
	g_assert_false(record_decode(bytes, size, &found, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
	g_assert_null(found.content);
}

static void test_damaged(void)
{
	g_auto(Record) record = make_record();
	uint8_t bytes[RECORD_SIZE_MAX];
	size_t size = record_encode(&record, bytes);
	for (size_t i = 0; i < size; i++) {
		assert_damaged(bytes, i);
	}
	uint8_t other[RECORD_SIZE_MAX];
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = { { 0, 2 }, { 1, 4 }, { 1, 2 }, { 18, 78 }, { 25, 255 }, { 26, 9 } };
	for (unsigned i = 0; i < G_N_ELEMENTS(changes); i++) {
		memcpy(other, bytes, size);
		other[changes[i].at] = changes[i].value;
		assert_damaged(other, size);
	}
}

/* ---- in the attribute --------------------------------------------------------------------- */

typedef struct Place {
	char *folder;
	int root;
	int fd;
} Place;

static Place place_new(mode_t mode)
{
	Place place = { .folder = g_dir_make_tmp("imdrive-record-XXXXXX", NULL) };
	place.root = open(place.folder, O_RDONLY | O_DIRECTORY);
	place.fd = openat(place.root, "file", O_RDWR | O_CREAT, 0600);
	g_assert_cmpint(place.fd, >=, 0);
	g_assert_cmpint(fchmod(place.fd, mode), ==, 0);
	g_assert_cmpint(mkdirat(place.root, ".imdrive", 0700), ==, 0);
	return place;
}

static void place_clear(Place *place)
{
	close(place->fd);
	close(place->root);
	world_remove_folder(place->folder);
	g_free(place->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static void check_attribute(Place *place)
{
	g_auto(Record) record = make_record();
	g_auto(Record) by_fd = { 0 };
	g_auto(Record) by_name = { 0 };
	g_auto(Record) by_path = { 0 };
	g_assert_cmpint(record_read(place->fd, NULL, &by_fd), ==, ENODATA);
	g_assert_cmpint(record_read(place->root, "absent", &by_fd), ==, ENOENT);
	g_assert_cmpint(record_write(place->fd, &record), ==, 0);
	g_assert_cmpint(record_read(place->fd, NULL, &by_fd), ==, 0);
	g_assert_cmpint(record_read(place->root, "file", &by_name), ==, 0);
	int path = openat(place->root, "file", O_PATH);
	g_assert_cmpint(record_read(path, NULL, &by_path), ==, 0);
	close(path);
	assert_equal(&record, &by_fd);
	assert_equal(&record, &by_name);
	assert_equal(&record, &by_path);
	g_assert_cmpint(record_remove(place->fd), ==, 0);
	g_assert_cmpint(record_remove(place->fd), ==, 0);
	g_auto(Record) none = { 0 };
	g_assert_cmpint(record_read(place->fd, NULL, &none), ==, ENODATA);
}

static void test_attribute(void)
{
	g_auto(Place) place = place_new(0644);
	check_attribute(&place);
}

/* The owner may not even read it; to root all is allowed. */
static void test_forbidden(void)
{
	static const mode_t modes[] = { 0444, 0200, 0 };
	for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
		g_auto(Place) place = place_new(modes[i]);
		struct stat info;
		bool root = geteuid() == 0;
		if (root) {
			g_assert_cmpint(chmod(place.folder, 0755), ==, 0);
			g_assert_cmpint(fchown(place.fd, 65534, 65534), ==, 0);
			g_assert_cmpint(seteuid(65534), ==, 0);
		}
		check_attribute(&place);
		int fd = record_reopen(place.fd, O_RDWR);
		g_assert_cmpint(fd, >=, 0);
		close(fd);
		g_assert_cmpint(fstat(place.fd, &info), ==, 0);
		g_assert_cmpuint(info.st_mode & 0777, ==, modes[i]);
		g_assert_true(!root || seteuid(0) == 0);
	}
}

static void test_damaged_attribute(void)
{
	g_auto(Place) place = place_new(0644);
	g_auto(Record) record = { 0 };
	g_assert_cmpint(record_put(place.fd, RECORD_ATTRIBUTE, "abc", 3), ==, 0);
	g_assert_cmpint(record_read(place.fd, NULL, &record), ==, EBADMSG);
	g_autofree char *large = g_malloc0(RECORD_SIZE_MAX + 1);
	g_assert_cmpint(record_put(place.fd, RECORD_ATTRIBUTE, large, RECORD_SIZE_MAX + 1), ==, 0);
	g_assert_cmpint(record_read(place.fd, NULL, &record), ==, EBADMSG);
}

static void test_aside(void)
{
	g_auto(Place) place = place_new(0644);
	g_auto(Record) record = make_record();
	g_autoptr(GBytes) content = g_bytes_ref(record.content);
	g_assert_cmpint(record_put_aside(place.root, content, &record), ==, 0);
	g_assert_cmpint(record_put_aside(place.root, content, &record), ==, 0);
	g_assert_cmpint(record_write(place.fd, &record), ==, 0);
	g_auto(Record) found = { 0 };
	g_assert_cmpint(record_read(place.fd, NULL, &found), ==, 0);
	g_assert_true(found.is_aside && !found.content);
	g_assert_cmpint(record_load(place.root, &found), ==, 0);
	g_assert_true(g_bytes_equal(found.content, content));
	/* Not what it must be. */
	g_autofree char *path = record_aside_path(&found);
	g_clear_pointer(&found.content, g_bytes_unref);
	int fd = openat(place.root, path, O_WRONLY);
	g_assert_cmpint(pwrite(fd, "x", 1, 5), ==, 1);
	close(fd);
	g_assert_cmpint(record_load(place.root, &found), ==, EBADMSG);
	g_assert_cmpint(unlinkat(place.root, path, 0), ==, 0);
	g_assert_cmpint(record_load(place.root, &found), ==, ENOENT);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/virtual/record/round-trip", test_round_trip);
	g_test_add_func("/client/virtual/record/fits-into-an-inode", test_small);
	g_test_add_func("/client/virtual/record/empty-file", test_empty_file);
	g_test_add_func("/client/virtual/record/refuses-damage", test_damaged);
	g_test_add_func("/client/virtual/record/attribute", test_attribute);
	g_test_add_func("/client/virtual/record/of-unreadable-files", test_forbidden);
	g_test_add_func("/client/virtual/record/damaged-attribute", test_damaged_attribute);
	g_test_add_func("/client/virtual/record/aside", test_aside);
	return g_test_run();
}
