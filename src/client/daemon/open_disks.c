/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemon/open_disks.h"

#include "base/error.h"

#include <stdbool.h>
#include <string.h>

struct OpenDisk {
	char *folder;
	Disk *disk;
	GCancellable *cancellable;
	unsigned users;
	GPtrArray *touched; /* char * */
};

struct OpenDisks {
	GMutex lock; /* guards all of it */
	GCond returned;
	GPtrArray *disks; /* OpenDisk */
};

static void open_disk_free(void *data)
{
	OpenDisk *disk = data;
	g_object_unref(disk->cancellable);
	g_ptr_array_unref(disk->touched);
	g_free(disk->folder);
	g_free(disk);
}

OpenDisks *open_disks_new(void)
{
	OpenDisks *disks = g_new0(OpenDisks, 1);
	g_mutex_init(&disks->lock);
	g_cond_init(&disks->returned);
	disks->disks = g_ptr_array_new_with_free_func(open_disk_free);
	return disks;
}

void open_disks_free(OpenDisks *disks)
{
	if (disks) {
		g_ptr_array_unref(disks->disks);
		g_cond_clear(&disks->returned);
		g_mutex_clear(&disks->lock);
		g_free(disks);
	}
}

static OpenDisk *find(const OpenDisks *disks, const char *folder)
{
	for (unsigned i = 0; i < disks->disks->len; i++) {
		OpenDisk *disk = disks->disks->pdata[i];
		if (strcmp(disk->folder, folder) == 0) {
			return disk;
		}
	}
	return NULL;
}

void open_disks_add(OpenDisks *disks, const char *folder, Disk *disk)
{
	OpenDisk *open = g_new0(OpenDisk, 1);
	open->folder = g_strdup(folder);
	open->disk = disk;
	open->cancellable = g_cancellable_new();
	open->touched = g_ptr_array_new_with_free_func(g_free);
	g_mutex_lock(&disks->lock);
	g_ptr_array_add(disks->disks, open);
	g_mutex_unlock(&disks->lock);
}

void open_disks_remove(OpenDisks *disks, const char *folder)
{
	g_mutex_lock(&disks->lock);
	OpenDisk *disk = find(disks, folder);
	if (disk) {
		g_cancellable_cancel(disk->cancellable);
		while (disk->users > 0) {
			g_cond_wait(&disks->returned, &disks->lock);
		}
		g_ptr_array_remove_fast(disks->disks, disk);
	}
	g_mutex_unlock(&disks->lock);
}

/* What follows folder in path; NULL if it does not lie there. */
static const char *below(const char *path, const char *folder)
{
	size_t size = strlen(folder);
	bool lies = strncmp(path, folder, size) == 0 && path[size] == '/' && path[size + 1];
	return lies ? path + size + 1 : NULL;
}

OpenDisk *open_disks_borrow(OpenDisks *disks, const char *path, const char **ret_path,
			    GError **error)
{
	OpenDisk *found = NULL;
	g_mutex_lock(&disks->lock);
	for (unsigned i = 0; i < disks->disks->len && !found; i++) {
		OpenDisk *disk = disks->disks->pdata[i];
		const char *rest = below(path, disk->folder);
		if (rest && !g_cancellable_is_cancelled(disk->cancellable)) {
			found = disk;
			found->users++;
			*ret_path = rest;
		}
	}
	g_mutex_unlock(&disks->lock);
	if (!found) {
		g_set_error(
			error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			"'%s' does not lie in a folder that is synced now: 'imdrive status' shows "
			"these",
			path);
	}
	return found;
}

void open_disks_return(OpenDisks *disks, OpenDisk *disk)
{
	g_mutex_lock(&disks->lock);
	disk->users--;
	g_cond_broadcast(&disks->returned);
	g_mutex_unlock(&disks->lock);
}

Disk *open_disks_disk(OpenDisk *disk)
{
	return disk->disk;
}

GCancellable *open_disks_cancellable(OpenDisk *disk)
{
	return disk->cancellable;
}

void open_disks_touch(OpenDisks *disks, OpenDisk *disk, const char *path)
{
	g_mutex_lock(&disks->lock);
	g_ptr_array_add(disk->touched, g_strdup(path));
	g_mutex_unlock(&disks->lock);
}

GPtrArray *open_disks_take_touched(OpenDisks *disks, const char *folder)
{
	GPtrArray *touched = NULL;
	g_mutex_lock(&disks->lock);
	OpenDisk *disk = find(disks, folder);
	if (disk) {
		touched = disk->touched;
		disk->touched = g_ptr_array_new_with_free_func(g_free);
	}
	g_mutex_unlock(&disks->lock);
	return touched ? touched : g_ptr_array_new();
}
