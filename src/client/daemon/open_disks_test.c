/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemon/open_disks.h"

#include "base/error.h"

#include <stdbool.h>

/* Never looked into. */
#define SOME_DISK ((Disk *)0x1000)

static void test_a_path_finds_the_disk_that_it_lies_on(void)
{
	OpenDisks *disks = open_disks_new();
	open_disks_add(disks, "/home/a", SOME_DISK);
	const char *rest;
	OpenDisk *disk = open_disks_borrow(disks, "/home/a/b/c", &rest, NULL);
	g_assert_nonnull(disk);
	g_assert_cmpstr(rest, ==, "b/c");
	g_assert_true(open_disks_disk(disk) == SOME_DISK);
	open_disks_return(disks, disk);
	static const char *const others[] = { "/home/a", "/home/a/", "/home/ab/c", "/home", "b/c" };
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(open_disks_borrow(disks, others[i], &rest, &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	}
	open_disks_remove(disks, "/home/a");
	g_assert_null(open_disks_borrow(disks, "/home/a/b", &rest, NULL));
	open_disks_free(disks);
}

typedef struct Removal {
	OpenDisks *disks;
	int done; /* atomic */
} Removal;

static void *remove_disk(void *data)
{
	Removal *removal = data;
	open_disks_remove(removal->disks, "/home/a");
	g_atomic_int_set(&removal->done, 1);
	return NULL;
}

static void test_no_disk_is_closed_under_whoever_works_on_it(void)
{
	Removal removal = { .disks = open_disks_new() };
	open_disks_add(removal.disks, "/home/a", SOME_DISK);
	const char *rest;
	OpenDisk *disk = open_disks_borrow(removal.disks, "/home/a/b", &rest, NULL);
	GThread *thread = g_thread_new("remove", remove_disk, &removal);
	/* It asks us to end, and waits; nobody new comes in. */
	while (!g_cancellable_is_cancelled(open_disks_cancellable(disk))) {
		g_thread_yield();
	}
	g_assert_null(open_disks_borrow(removal.disks, "/home/a/b", &rest, NULL));
	g_assert_cmpint(g_atomic_int_get(&removal.done), ==, 0);
	open_disks_return(removal.disks, disk);
	g_thread_join(thread);
	open_disks_free(removal.disks);
}

static void test_what_was_touched_is_told_once(void)
{
	OpenDisks *disks = open_disks_new();
	open_disks_add(disks, "/home/a", SOME_DISK);
	const char *rest;
	OpenDisk *disk = open_disks_borrow(disks, "/home/a/b", &rest, NULL);
	open_disks_touch(disks, disk, rest);
	open_disks_return(disks, disk);
	g_autoptr(GPtrArray) touched = open_disks_take_touched(disks, "/home/a");
	g_assert_cmpuint(touched->len, ==, 1);
	g_assert_cmpstr(touched->pdata[0], ==, "b");
	g_autoptr(GPtrArray) more = open_disks_take_touched(disks, "/home/a");
	g_assert_cmpuint(more->len, ==, 0);
	open_disks_free(disks);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/daemon/open_disks/a-path-finds-the-disk-that-it-lies-on",
			test_a_path_finds_the_disk_that_it_lies_on);
	g_test_add_func("/client/daemon/open_disks/no-disk-is-closed-under-whoever-works-on-it",
			test_no_disk_is_closed_under_whoever_works_on_it);
	g_test_add_func("/client/daemon/open_disks/what-was-touched-is-told-once",
			test_what_was_touched_is_told_once);
	return g_test_run();
}
