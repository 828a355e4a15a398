/* SPDX-License-Identifier: Apache-2.0 */
/*
 * On a real folder. What is awaited is what the kernel tells; that nothing more is told is known
 * once a later event has come, for the kernel keeps their order.
 */
#include "client/observe/watch.h"

#include "base/error.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whichever folder it is. */
static const EntryStamp any = { 0 };

#define WAIT_US (10 * G_USEC_PER_SEC)

typedef struct Fixture {
	char *folder;
	Watch *watch;
	GMutex lock; /* guards all below */
	GCond cond;
	GPtrArray *told; /* char *: "key what name", not yet taken */
	uint32_t cookie; /* of the last move */
	unsigned overflows;
	bool blocked; /* notify does not return */
} Fixture;

static const char *const whats[] = {
	[WATCH_CREATED] = "created",   [WATCH_DELETED] = "deleted",
	[WATCH_CHANGED] = "changed",   [WATCH_MOVED_FROM] = "moved-from",
	[WATCH_MOVED_TO] = "moved-to", [WATCH_GONE] = "gone",
	[WATCH_OVERFLOW] = "overflow",
};

static void notify(const WatchEvent *events, size_t count, void *data)
{
	Fixture *fixture = data;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&fixture->lock);
	while (fixture->blocked) {
		g_cond_wait(&fixture->cond, &fixture->lock);
	}
	for (size_t i = 0; i < count; i++) {
		const WatchEvent *event = &events[i];
		g_assert_cmpint(!event->name, ==,
				event->what == WATCH_GONE || event->what == WATCH_OVERFLOW);
		g_assert_cmpint(event->key == 0, ==, event->what == WATCH_OVERFLOW);
		fixture->overflows += event->what == WATCH_OVERFLOW;
		if (event->cookie) {
			fixture->cookie = event->cookie;
		}
		g_ptr_array_add(fixture->told,
				g_strdup_printf("%" G_GINT64_FORMAT " %s %s%s", event->key,
						whats[event->what], event->name ? event->name : "",
						event->folder ? "/" : ""));
	}
	g_cond_broadcast(&fixture->cond);
}

static void open_watch(Fixture *fixture, size_t budget)
{
	g_autoptr(GError) error = NULL;
	fixture->watch = watch_inotify_new(fixture->folder, budget, notify, fixture, &error);
	g_assert_no_error(error);
}

static void set_up(Fixture *fixture, const void *data)
{
	(void)data;
	fixture->folder = g_dir_make_tmp("imdrive-watch-XXXXXX", NULL);
	g_assert_nonnull(fixture->folder);
	g_mutex_init(&fixture->lock);
	g_cond_init(&fixture->cond);
	fixture->told = g_ptr_array_new_with_free_func(g_free);
	open_watch(fixture, WATCH_BUDGET_DEFAULT);
}

static void remove_tree(const char *path)
{
	g_autoptr(GDir) dir =
		g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
	for (const char *name; dir && (name = g_dir_read_name(dir));) {
		g_autofree char *inner = g_build_filename(path, name, NULL);
		remove_tree(inner);
	}
	int rc = g_remove(path);
	g_assert_cmpint(rc, ==, 0);
}

static void tear_down(Fixture *fixture, const void *data)
{
	(void)data;
	watch_free(fixture->watch);
	remove_tree(fixture->folder);
	g_ptr_array_unref(fixture->told);
	g_mutex_clear(&fixture->lock);
	g_cond_clear(&fixture->cond);
	g_free(fixture->folder);
}

/* ---- people ----------------------------------------------------------------------------- */

static char *path_of(Fixture *fixture, const char *path)
{
	return g_build_filename(fixture->folder, path, NULL);
}

static int make_file(Fixture *fixture, const char *path)
{
	g_autofree char *full = path_of(fixture, path);
	int fd = open(full, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
	g_assert_cmpint(fd, >=, 0);
	return fd;
}

static void write_file(Fixture *fixture, const char *path)
{
	int fd = make_file(fixture, path);
	ssize_t size = write(fd, "text", 4);
	g_assert_cmpint(size, ==, 4);
	close(fd);
}

static void make_folder(Fixture *fixture, const char *path)
{
	g_autofree char *full = path_of(fixture, path);
	int rc = g_mkdir(full, 0700);
	g_assert_cmpint(rc, ==, 0);
}

static void move(Fixture *fixture, const char *from, const char *to)
{
	g_autofree char *full_from = path_of(fixture, from), *full_to = path_of(fixture, to);
	int rc = g_rename(full_from, full_to);
	g_assert_cmpint(rc, ==, 0);
}

static void delete (Fixture *fixture, const char *path)
{
	g_autofree char *full = path_of(fixture, path);
	int rc = g_remove(full);
	g_assert_cmpint(rc, ==, 0);
}

/* ---- what is told ----------------------------------------------------------------------- */

static void add(Fixture *fixture, const char *path, int64_t key)
{
	g_autoptr(GError) error = NULL;
	bool added = watch_add(fixture->watch, path, &any, key, &error);
	g_assert_no_error(error);
	g_assert_true(added);
}

/* What the kernel watches for this process. */
static unsigned kernel_watches(void)
{
	unsigned count = 0;
	g_autoptr(GDir) dir = g_dir_open("/proc/self/fdinfo", 0, NULL);
	for (const char *name; dir && (name = g_dir_read_name(dir));) {
		g_autofree char *path = g_build_filename("/proc/self/fdinfo", name, NULL);
		g_autofree char *text = NULL;
		if (g_file_get_contents(path, &text, NULL, NULL)) {
			g_auto(GStrv) watches = g_strsplit(text, "inotify wd:", -1);
			count += g_strv_length(watches) - 1;
		}
	}
	return count;
}

static char *next(Fixture *fixture)
{
	int64_t end_us = g_get_monotonic_time() + WAIT_US;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&fixture->lock);
	while (fixture->told->len == 0) {
		if (!g_cond_wait_until(&fixture->cond, &fixture->lock, end_us)) {
			g_error("nothing is told");
		}
	}
	return g_ptr_array_steal_index(fixture->told, 0);
}

static void expect(Fixture *fixture, const char *expected)
{
	g_autofree char *told = next(fixture);
	g_assert_cmpstr(told, ==, expected);
}

/* What the lock guards. */
static unsigned value_of(Fixture *fixture, const unsigned *value)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&fixture->lock);
	return *value;
}

/* Nothing but what was expected has been told until now. Needs the bound folder watched as 1. */
static void expect_nothing(Fixture *fixture)
{
	make_folder(fixture, "end");
	expect(fixture, "1 created end/");
	delete (fixture, "end");
	expect(fixture, "1 deleted end/");
}

/* ---- tests ------------------------------------------------------------------------------ */

static void test_names(Fixture *fixture, const void *data)
{
	(void)data;
	add(fixture, "", 1);
	write_file(fixture, "file");
	expect(fixture, "1 created file");
	expect(fixture, "1 changed file");
	write_file(fixture, "file");
	expect(fixture, "1 changed file");
	g_autofree char *full = path_of(fixture, "file");
	int rc = g_chmod(full, 0700);
	g_assert_cmpint(rc, ==, 0);
	expect(fixture, "1 changed file");
	delete (fixture, "file");
	expect(fixture, "1 deleted file");
	make_folder(fixture, "folder");
	expect(fixture, "1 created folder/");
	delete (fixture, "folder");
	expect(fixture, "1 deleted folder/");
	expect_nothing(fixture);
}

static void test_made_without_writing(Fixture *fixture, const void *data)
{
	(void)data;
	add(fixture, "", 1);
	write_file(fixture, "file");
	expect(fixture, "1 created file");
	expect(fixture, "1 changed file");
	g_autofree char *file = path_of(fixture, "file");
	g_autofree char *hard = path_of(fixture, "hard");
	g_autofree char *soft = path_of(fixture, "soft");
	g_autofree char *pipe = path_of(fixture, "pipe");
	g_assert_cmpint(link(file, hard), ==, 0);
	g_assert_cmpint(symlink("file", soft), ==, 0);
	g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
	expect(fixture, "1 created hard");
	expect(fixture, "1 created soft");
	expect(fixture, "1 created pipe");
	expect_nothing(fixture);
}

static void test_moves(Fixture *fixture, const void *data)
{
	(void)data;
	make_folder(fixture, "a");
	make_folder(fixture, "b");
	add(fixture, "", 1);
	add(fixture, "a", 2);
	add(fixture, "b", 3);
	write_file(fixture, "a/x");
	expect(fixture, "2 created x");
	expect(fixture, "2 changed x");
	move(fixture, "a/x", "a/y");
	expect(fixture, "2 moved-from x");
	uint32_t cookie = value_of(fixture, &fixture->cookie);
	g_assert_cmpuint(cookie, !=, 0);
	expect(fixture, "2 moved-to y");
	g_assert_cmpuint(value_of(fixture, &fixture->cookie), ==, cookie);
	move(fixture, "a/y", "b/z");
	expect(fixture, "2 moved-from y");
	expect(fixture, "3 moved-to z");
	g_assert_cmpuint(value_of(fixture, &fixture->cookie), !=, cookie);
	expect_nothing(fixture);
}

static void test_move_from_and_to_elsewhere(Fixture *fixture, const void *data)
{
	(void)data;
	make_folder(fixture, "elsewhere");
	write_file(fixture, "elsewhere/x");
	add(fixture, "", 1);
	move(fixture, "elsewhere/x", "x");
	expect(fixture, "1 moved-to x");
	move(fixture, "x", "elsewhere/y");
	expect(fixture, "1 moved-from x");
	expect_nothing(fixture);
}

static void test_folder_keeps_key(Fixture *fixture, const void *data)
{
	(void)data;
	make_folder(fixture, "a");
	make_folder(fixture, "a/deep");
	make_folder(fixture, "b");
	add(fixture, "", 1);
	add(fixture, "a", 2);
	add(fixture, "a/deep", 3);
	move(fixture, "a", "b/c");
	expect(fixture, "1 moved-from a/");
	write_file(fixture, "b/c/deep/x");
	expect(fixture, "3 created x");
	expect(fixture, "3 changed x");
	make_folder(fixture, "a");
	expect(fixture, "1 created a/");
	write_file(fixture, "a/x");
	expect_nothing(fixture);
	add(fixture, "a", 4);
	add(fixture, "b/c", 2);
	write_file(fixture, "a/y");
	expect(fixture, "4 created y");
	expect(fixture, "4 changed y");
	g_assert_cmpuint(watch_totals(fixture->watch).folders, ==, 4);
}

static void test_folder_gone(Fixture *fixture, const void *data)
{
	(void)data;
	make_folder(fixture, "a");
	add(fixture, "", 1);
	add(fixture, "a", 2);
	delete (fixture, "a");
	g_autofree char *first = next(fixture), *second = next(fixture);
	bool gone_first = strcmp(first, "2 gone /") == 0;
	g_assert_cmpstr(gone_first ? first : second, ==, "2 gone /");
	g_assert_cmpstr(gone_first ? second : first, ==, "1 deleted a/");
	g_assert_cmpuint(watch_totals(fixture->watch).folders, ==, 1);
	watch_remove(fixture->watch, 2);
	make_folder(fixture, "a");
	expect(fixture, "1 created a/");
	add(fixture, "a", 2);
	write_file(fixture, "a/x");
	expect(fixture, "2 created x");
	expect(fixture, "2 changed x");
}

static void test_newest_key_wins(Fixture *fixture, const void *data)
{
	(void)data;
	make_folder(fixture, "a");
	add(fixture, "", 1);
	add(fixture, "a", 2);
	add(fixture, "a", 3);
	g_assert_cmpuint(watch_totals(fixture->watch).folders, ==, 2);
	make_folder(fixture, "a/x");
	expect(fixture, "3 created x/");
	watch_remove(fixture->watch, 2);
	make_folder(fixture, "a/y");
	expect(fixture, "3 created y/");
	expect_nothing(fixture);
}

static void test_key_of_another_folder(Fixture *fixture, const void *data)
{
	(void)data;
	make_folder(fixture, "a");
	make_folder(fixture, "b");
	add(fixture, "", 1);
	add(fixture, "a", 2);
	add(fixture, "b", 2);
	g_assert_cmpuint(watch_totals(fixture->watch).folders, ==, 2);
	g_assert_cmpuint(kernel_watches(), ==, 2);
	make_folder(fixture, "a/x");
	make_folder(fixture, "b/y");
	expect(fixture, "2 created y/");
	expect_nothing(fixture);
}

static void test_rekey(Fixture *fixture, const void *data)
{
	(void)data;
	make_folder(fixture, "a");
	make_folder(fixture, "b");
	add(fixture, "", 1);
	add(fixture, "a", 2);
	add(fixture, "b", 3);
	watch_rekey(fixture->watch, 2, 20);
	watch_rekey(fixture->watch, 99, 100);
	make_folder(fixture, "a/x");
	expect(fixture, "20 created x/");
	watch_remove(fixture->watch, 2);
	watch_rekey(fixture->watch, 20, 3);
	g_assert_cmpuint(watch_totals(fixture->watch).folders, ==, 2);
	g_assert_cmpuint(kernel_watches(), ==, 2);
	make_folder(fixture, "b/x");
	make_folder(fixture, "a/y");
	expect(fixture, "3 created y/");
	expect_nothing(fixture);
}

static void test_remove(Fixture *fixture, const void *data)
{
	(void)data;
	make_folder(fixture, "a");
	add(fixture, "", 1);
	add(fixture, "a", 2);
	watch_remove(fixture->watch, 2);
	watch_remove(fixture->watch, 2);
	write_file(fixture, "a/x");
	expect_nothing(fixture);
	add(fixture, "a", 2);
	delete (fixture, "a/x");
	expect(fixture, "2 deleted x");
}

static void test_what_cannot_be_watched(Fixture *fixture, const void *data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autofree char *soft = path_of(fixture, "soft");
	make_folder(fixture, "a");
	make_folder(fixture, "a/b");
	write_file(fixture, "file");
	g_assert_cmpint(symlink("a", soft), ==, 0);
	static const char *const paths[] = { "missing", "missing/b", "file", "soft", "soft/b" };
	for (unsigned i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_assert_false(watch_add(fixture->watch, paths[i], &any, 2, &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
		g_assert_nonnull(strstr(error->message, paths[i]));
		g_clear_error(&error);
	}
	g_assert_cmpuint(watch_totals(fixture->watch).folders, ==, 0);
	g_autofree char *missing = path_of(fixture, "missing");
	g_assert_null(watch_inotify_new(missing, 0, notify, fixture, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
}

static void test_another_folder(Fixture *fixture, const void *data)
{
	(void)data;
	struct statx info;
	g_autoptr(GError) error = NULL;
	make_folder(fixture, "a");
	make_folder(fixture, "b");
	g_autofree char *full = path_of(fixture, "a");
	int rc = statx(AT_FDCWD, full, 0, STATX_INO | STATX_BTIME, &info);
	g_assert_cmpint(rc, ==, 0);
	EntryStamp stamp = { .inode = info.stx_ino };
	if (info.stx_mask & STATX_BTIME) {
		stamp.birth_ns = info.stx_btime.tv_sec * 1000000000 + info.stx_btime.tv_nsec;
	}
	g_assert_true(watch_add(fixture->watch, "a", &stamp, 2, &error));
	g_assert_no_error(error);
	g_assert_false(watch_add(fixture->watch, "b", &stamp, 3, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CHANGED);
	g_clear_error(&error);
	stamp.birth_ns++;
	g_assert_false(watch_add(fixture->watch, "a", &stamp, 3, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CHANGED);
	make_folder(fixture, "a/x");
	expect(fixture, "2 created x/");
}

/* It is told by name to whoever watches the folder above. */
static void test_watched_folder_itself(Fixture *fixture, const void *data)
{
	(void)data;
	make_folder(fixture, "a");
	add(fixture, "", 1);
	add(fixture, "a", 2);
	g_autofree char *full = path_of(fixture, "a");
	g_assert_cmpint(g_chmod(full, 0750), ==, 0);
	g_assert_cmpint(g_chmod(fixture->folder, 0750), ==, 0);
	move(fixture, "a", "b");
	expect(fixture, "1 changed a/");
	expect(fixture, "1 moved-from a/");
	expect(fixture, "1 moved-to b/");
	expect_nothing(fixture);
}

static void test_unreadable(Fixture *fixture, const void *data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autofree char *full = path_of(fixture, "a");
	make_folder(fixture, "a");
	g_assert_cmpint(g_chmod(full, 0), ==, 0);
	if (g_access(full, R_OK) == 0) {
		g_test_skip("whoever runs this may read everything");
		return;
	}
	g_assert_false(watch_add(fixture->watch, "a", &any, 2, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
}

static void test_budget(Fixture *fixture, const void *data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	watch_free(fixture->watch);
	open_watch(fixture, 2);
	make_folder(fixture, "a");
	make_folder(fixture, "b");
	add(fixture, "", 1);
	add(fixture, "a", 2);
	g_assert_false(watch_add(fixture->watch, "b", &any, 3, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE);
	g_assert_cmpuint(watch_totals(fixture->watch).folders, ==, 2);
	g_assert_cmpuint(watch_totals(fixture->watch).budget, ==, 2);
	write_file(fixture, "b/x");
	expect_nothing(fixture);
	/* The same folder again needs no more. */
	add(fixture, "a", 2);
	add(fixture, "a", 4);
	watch_remove(fixture->watch, 4);
	add(fixture, "b", 3);
	delete (fixture, "b/x");
	expect(fixture, "3 deleted x");
}

static void test_default_budget_leaves_room(Fixture *fixture, const void *data)
{
	(void)data;
	g_autofree char *text = NULL;
	if (!g_file_get_contents("/proc/sys/fs/inotify/max_user_watches", &text, NULL, NULL)) {
		g_test_skip("the system does not tell its limit");
		return;
	}
	size_t limit = (size_t)g_ascii_strtoull(text, NULL, 10);
	g_assert_cmpuint(watch_totals(fixture->watch).budget, >, limit / 2);
	g_assert_cmpuint(watch_totals(fixture->watch).budget, <, limit);
}

static void set_blocked(Fixture *fixture, bool blocked)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&fixture->lock);
	fixture->blocked = blocked;
	g_cond_broadcast(&fixture->cond);
}

static void test_overflow(Fixture *fixture, const void *data)
{
	(void)data;
	g_autofree char *text = NULL;
	bool known =
		g_file_get_contents("/proc/sys/fs/inotify/max_queued_events", &text, NULL, NULL);
	unsigned long long limit = known ? g_ascii_strtoull(text, NULL, 10) : 0;
	if (limit == 0 || limit > 200000) {
		g_test_skip("the queue is too long to fill");
		return;
	}
	int a = make_file(fixture, "a"), b = make_file(fixture, "b");
	add(fixture, "", 1);
	set_blocked(fixture, true);
	/* More than the queue holds, and what the thread has read before it was blocked. The kernel
	 * makes one of events that are the same: alternate. */
	for (unsigned long long i = 0; i < limit / 2 + 4096; i++) {
		g_assert_cmpint(fchmod(a, 0600), ==, 0);
		g_assert_cmpint(fchmod(b, 0600), ==, 0);
	}
	close(a);
	close(b);
	set_blocked(fixture, false);
	g_autofree char *told = next(fixture);
	while (strcmp(told, "0 overflow ") != 0) {
		g_free(told);
		told = next(fixture);
	}
	/* It goes on. */
	do {
		g_free(told);
		make_folder(fixture, "c");
		delete (fixture, "c");
		told = next(fixture);
	} while (strcmp(told, "1 created c/") != 0);
	g_assert_cmpuint(value_of(fixture, &fixture->overflows), ==, 1);
}

/* What many threads do at once never gives an event of a wrong folder. */
static void *churn(void *data)
{
	Fixture *fixture = data;
	for (int i = 0; i < 500; i++) {
		add(fixture, "a", 2);
		add(fixture, "b", 3);
		watch_rekey(fixture->watch, 2, 4);
		watch_rekey(fixture->watch, 4, 2);
		watch_remove(fixture->watch, 3);
	}
	return NULL;
}

static void test_threads(Fixture *fixture, const void *data)
{
	(void)data;
	make_folder(fixture, "a");
	make_folder(fixture, "b");
	add(fixture, "", 1);
	GThread *threads[] = { g_thread_new("churn", churn, fixture),
			       g_thread_new("churn", churn, fixture) };
	for (int i = 0; i < 200; i++) {
		make_folder(fixture, "a/in-a");
		make_folder(fixture, "b/in-b");
		delete (fixture, "a/in-a");
		delete (fixture, "b/in-b");
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
		g_thread_join(threads[i]);
	}
	make_folder(fixture, "end");
	g_autofree char *told = next(fixture);
	while (strcmp(told, "1 created end/") != 0) {
		g_assert_cmpint(told[0] == '3', ==, strstr(told, "in-b") != NULL);
		g_free(told);
		told = next(fixture);
	}
	g_assert_cmpuint(watch_totals(fixture->watch).folders, ==, 2);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	Watch *probe = watch_inotify_new("/", 1, notify, NULL, NULL);
	if (!probe) {
		g_print("1..0 # SKIP the system has no inotify instance left\n");
		return 0;
	}
	watch_free(probe);
#define ADD(name, function)                                                                \
	g_test_add("/client/observe/watch_inotify/" name, Fixture, NULL, set_up, function, \
		   tear_down)
	ADD("names", test_names);
	ADD("made-without-writing", test_made_without_writing);
	ADD("moves-have-two-ends", test_moves);
	ADD("moves-from-and-to-elsewhere", test_move_from_and_to_elsewhere);
	ADD("folder-keeps-its-key-when-moved", test_folder_keeps_key);
	ADD("folder-gone", test_folder_gone);
	ADD("newest-key-wins", test_newest_key_wins);
	ADD("key-stands-for-one-folder", test_key_of_another_folder);
	ADD("rekey", test_rekey);
	ADD("remove", test_remove);
	ADD("what-cannot-be-watched", test_what_cannot_be_watched);
	ADD("another-folder-is-not-watched", test_another_folder);
	ADD("watched-folder-itself", test_watched_folder_itself);
	ADD("unreadable", test_unreadable);
	ADD("budget", test_budget);
	ADD("default-budget-leaves-room", test_default_budget_leaves_room);
	ADD("overflow", test_overflow);
	ADD("threads", test_threads);
	return g_test_run();
}
