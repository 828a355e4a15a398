/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking at the disk.
 *
 * The watch is added before the folder is listed, so that a change is seen by one or the other.
 * Any failure is kept beside the folder or name it concerns: "cannot be read" must never look like
 * "is not there". The marker is looked at last: if it is there after a name was found missing, the
 * name was missing from the right folder.
 *
 * A path is where a folder was when the scan was made; by now another one can be there. So before
 * and after all that is done below a path, it is looked at which folder that is.
 */
#include "client/observe/scan.h"

#include "base/error.h"

#include <string.h>

#define PLACES_MAX 8192

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
	scan->places_max = PLACES_MAX;
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

void scan_add_folder(Scan *scan, int64_t key, const EntryStamp *stamp, const char *path, bool deep)
{
	ScanFolder folder = { .key = key, .path = g_strdup(path), .stamp = *stamp, .deep = deep };
	g_array_append_val(scan->folders, folder);
}

void scan_add_name(Scan *scan, int64_t folder, const EntryStamp *stamp, const char *folder_path,
		   const char *name)
{
	ScanName item = { .stamp = *stamp };
	item.path = *folder_path ? g_strconcat(folder_path, "/", name, NULL) : g_strdup(name);
	item.place.folder = folder;
	item.place.name = g_strdup(name);
	g_array_append_val(scan->names, item);
}

bool scan_is_folder(const EntryStamp *stamp, const EntryStamp *seen)
{
	return stamp->inode == 0 ||
	       (stamp->inode == seen->inode && stamp->birth_ns == seen->birth_ns);
}

/* Is the folder that is meant at path? If that cannot be told, false with *ret_error. */
static bool is_at(Disk *disk, const char *path, const EntryStamp *stamp, GError **ret_error)
{
	DiskInfo info;
	g_autoptr(GError) error = NULL;
	if (stamp->inode == 0) {
		return true;
	}
	if (disk_look(disk, path, &info, &error)) {
		return info.kind == DISK_FOLDER && scan_is_folder(stamp, &info.stamp);
	}
	if (error->code != DRIVE_ERROR_NOT_FOUND) {
		g_propagate_error(ret_error, g_steal_pointer(&error));
	}
	return false;
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

static void forget_places(ScanFolder *folder, bool stray)
{
	g_array_set_size(folder->places, 0);
	folder->stray = stray;
}

static void list_folder(ScanFolder *folder, Disk *disk, Watch *watch)
{
	folder->places = g_array_new(FALSE, FALSE, sizeof(ScanPlace));
	g_array_set_clear_func(folder->places, place_clear);
	if (!is_at(disk, folder->path, &folder->stamp, &folder->error)) {
		forget_places(folder, !folder->error);
		return;
	}
	if (watch) {
		/* Without a watch the slow rescan finds what happens here; status says so. */
		g_autofree char *here = disk_spell(disk, folder->path);
		folder->watched = watch_add(watch, here ? here : folder->path, &folder->stamp,
					    folder->key, NULL);
	}
	bool listed_all = disk_list(disk, folder->path, listed, folder, &folder->error);
	g_autoptr(GError) error = NULL;
	if (!is_at(disk, folder->path, &folder->stamp, &error)) {
		g_clear_error(&folder->error);
		forget_places(folder, !error);
		folder->error = g_steal_pointer(&error);
	} else if (listed_all) {
		g_array_sort(folder->places, by_name);
	} else {
		forget_places(folder, false);
	}
}

static void look_at(ScanName *name, Disk *disk)
{
	name->place.present = disk_look(disk, name->path, &name->place.info, &name->error);
	if (!name->place.present && name->error->code == DRIVE_ERROR_NOT_FOUND) {
		g_clear_error(&name->error);
	}
}

/* Of names in one folder: is it where it was looked for? */
static void check_folder(ScanName *names, unsigned count, Disk *disk)
{
	g_autoptr(GError) error = NULL;
	const char *slash = strrchr(names->path, '/');
	g_autofree char *path = g_strndup(names->path, slash ? slash - names->path : 0);
	if (is_at(disk, path, &names->stamp, &error)) {
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		names[i].stray = !error;
		if (error && !names[i].error) {
			names[i].error = g_error_copy(error);
		}
	}
}

static void look_at_names(ScanName *names, unsigned count, Disk *disk)
{
	check_folder(names, count, disk);
	for (unsigned i = 0; i < count && !names->stray; i++) {
		if (!names[i].error) {
			look_at(&names[i], disk);
		}
	}
	if (!names->stray) {
		check_folder(names, count, disk);
	}
}

void scan_run(Scan *scan, Disk *disk, Watch *watch)
{
	size_t seen = 0;
	for (unsigned i = 0; i < scan->folders->len; i++) {
		ScanFolder *folder = &g_array_index(scan->folders, ScanFolder, i);
		folder->put_off = seen >= scan->places_max;
		if (!folder->put_off) {
			list_folder(folder, disk, watch);
			seen += folder->places->len;
		}
	}
	for (unsigned i = 0, end; i < scan->names->len; i = end) {
		ScanName *names = &g_array_index(scan->names, ScanName, i);
		for (end = i + 1; end < scan->names->len; end++) {
			if (names[end - i].place.folder != names->place.folder) {
				break;
			}
		}
		look_at_names(names, end - i, disk);
	}
	scan->present = disk_is_present(disk, &scan->error);
}
