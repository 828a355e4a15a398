/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking at the disk.
 *
 * The watch is added before the folder is listed, so that a change is seen by one or the other.
 * Any failure is kept beside the folder or name it concerns: "cannot be read" must never look like
 * "is not there". The marker is looked at last: if it is there after a name was found missing, the
 * name was missing from the right folder.
 */
#include "client/observe/scan.h"

#include "base/error.h"

#include <string.h>

static void place_clear(void *item)
{
	ScanPlace *place = item;
	g_free(place->name);
}

static void folder_clear(void *item)
{
	ScanFolder *folder = item;
	g_free(folder->path);
	g_clear_pointer(&folder->places, g_array_unref);
	g_clear_error(&folder->error);
}

static void name_clear(void *item)
{
	ScanName *name = item;
	place_clear(&name->place);
	g_free(name->path);
	g_clear_error(&name->error);
}

Scan *scan_new(void)
{
	Scan *scan = g_new0(Scan, 1);
	scan->folders = g_array_new(FALSE, TRUE, sizeof(ScanFolder));
	g_array_set_clear_func(scan->folders, folder_clear);
	scan->names = g_array_new(FALSE, TRUE, sizeof(ScanName));
	g_array_set_clear_func(scan->names, name_clear);
	return scan;
}

void scan_free(Scan *scan)
{
	if (!scan) {
		return;
	}
	g_array_unref(scan->folders);
	g_array_unref(scan->names);
	g_clear_error(&scan->error);
	g_free(scan);
}

void scan_add_folder(Scan *scan, int64_t key, const char *path, bool deep)
{
	ScanFolder folder = { .key = key, .path = g_strdup(path), .deep = deep };
	g_array_append_val(scan->folders, folder);
}

void scan_add_name(Scan *scan, int64_t folder, const char *name, const char *path)
{
	ScanName item = { .path = g_strdup(path) };
	item.place.folder = folder;
	item.place.name = g_strdup(name);
	g_array_append_val(scan->names, item);
}

static void listed(const char *name, const DiskInfo *info, void *data)
{
	ScanFolder *folder = data;
	ScanPlace place = {
		.folder = folder->key,
		.name = g_strdup(name),
		.present = true,
		.info = *info,
	};
	g_array_append_val(folder->places, place);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const ScanPlace *)a)->name, ((const ScanPlace *)b)->name);
}

static void list_folder(ScanFolder *folder, Disk *disk, Watch *watch)
{
	folder->places = g_array_new(FALSE, FALSE, sizeof(ScanPlace));
	g_array_set_clear_func(folder->places, place_clear);
	if (watch) {
		/* Without a watch the slow rescan finds what happens here; status says so. */
		folder->watched = watch_add(watch, folder->path, folder->key, NULL);
	}
	if (!disk_list(disk, folder->path, listed, folder, &folder->error)) {
		return;
	}
	g_array_sort(folder->places, by_name);
}

static void look_at(ScanName *name, Disk *disk)
{
	name->place.present = disk_look(disk, name->path, &name->place.info, &name->error);
	if (!name->place.present && name->error->code == DRIVE_ERROR_NOT_FOUND) {
		g_clear_error(&name->error);
	}
}

void scan_run(Scan *scan, Disk *disk, Watch *watch)
{
	for (unsigned i = 0; i < scan->folders->len; i++) {
		list_folder(&g_array_index(scan->folders, ScanFolder, i), disk, watch);
	}
	for (unsigned i = 0; i < scan->names->len; i++) {
		look_at(&g_array_index(scan->names, ScanName, i), disk);
	}
	scan->present = disk_is_present(disk, &scan->error);
}
