/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing has to be watched: whatever programs do in the mount passes through it, and it says so. A
 * folder is known by its inode and birth, wherever it is moved to.
 */
#include "base/error.h"
#include "base/text.h"
#include "client/observe/watch_impl.h"
#include "client/virtual/volume_internal.h"

#include <string.h>

typedef struct Watched {
	uint64_t inode;
	int64_t birth_ns;
	int64_t key;
} Watched;

struct VolumeWatch {
	Watch base;
	Volume *volume;
	WatchNotify notify;
	void *data;
	GMutex lock;         /* guards all below; held while telling, so that events keep order */
	GHashTable *folders; /* Watched by inode and birth, owned */
	GHashTable *keys;    /* &Watched.key -> Watched */
};

static unsigned folder_hash(const void *item)
{
	const Watched *watched = item;
	int64_t birth_ns = watched->birth_ns;
	return g_int64_hash(&watched->inode) ^ g_int64_hash(&birth_ns);
}

static gboolean folder_equal(const void *a_data, const void *b_data)
{
	const Watched *a = a_data, *b = b_data;
	return a->inode == b->inode && a->birth_ns == b->birth_ns;
}

static void watch_close(Watch *base)
{
	VolumeWatch *watch = (VolumeWatch *)base;
	g_mutex_lock(&watch->volume->mutex);
	watch->volume->watch = NULL;
	g_mutex_unlock(&watch->volume->mutex);
	/* Whoever is telling has it locked. */
	g_mutex_lock(&watch->lock);
	g_mutex_unlock(&watch->lock);
	g_hash_table_unref(watch->keys);
	g_hash_table_unref(watch->folders);
	g_mutex_clear(&watch->lock);
	g_free(watch);
}

/* Locked. */
static void forget(VolumeWatch *watch, Watched *watched)
{
	if (watched) {
		g_hash_table_remove(watch->keys, &watched->key);
		g_hash_table_remove(watch->folders, watched);
	}
}

static bool is_of_stamp(const EntryStamp *found, const EntryStamp *stamp)
{
	return stamp->inode == 0 ||
	       (found->inode == stamp->inode && found->birth_ns == stamp->birth_ns);
}

static bool watch_put(Watch *base, const char *path, const EntryStamp *stamp, int64_t key,
		      GError **error)
{
	VolumeWatch *watch = (VolumeWatch *)base;
	DiskInfo info;
	if (!disk_look(watch->volume->disk, path, &info, error)) {
		return false;
	}
	if (info.kind != DISK_FOLDER || !is_of_stamp(&info.stamp, stamp)) {
		g_autofree char *shown = text_printable(path, strlen(path));
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CHANGED, "watch '%s': was replaced",
			    shown);
		return false;
	}
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&watch->lock);
	Watched *watched = g_new(Watched, 1);
	*watched = (Watched){ info.stamp.inode, info.stamp.birth_ns, key };
	forget(watch, g_hash_table_lookup(watch->keys, &key));
	forget(watch, g_hash_table_lookup(watch->folders, watched));
	g_hash_table_add(watch->folders, watched);
	g_hash_table_insert(watch->keys, &watched->key, watched);
	return true;
}

static void watch_drop(Watch *base, int64_t key)
{
	VolumeWatch *watch = (VolumeWatch *)base;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&watch->lock);
	forget(watch, g_hash_table_lookup(watch->keys, &key));
}

static void watch_rename(Watch *base, int64_t key, int64_t new_key)
{
	VolumeWatch *watch = (VolumeWatch *)base;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&watch->lock);
	Watched *watched = g_hash_table_lookup(watch->keys, &key);
	if (watched) {
		forget(watch, g_hash_table_lookup(watch->keys, &new_key));
		g_hash_table_steal(watch->keys, &key);
		watched->key = new_key;
		g_hash_table_insert(watch->keys, &watched->key, watched);
	}
}

static WatchTotals watch_count(Watch *base)
{
	VolumeWatch *watch = (VolumeWatch *)base;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&watch->lock);
	return (WatchTotals){
		.folders = g_hash_table_size(watch->folders),
		.budget = G_MAXSIZE,
	};
}

static const WatchClass volume_watch_class = {
	.free = watch_close,
	.add = watch_put,
	.remove = watch_drop,
	.rekey = watch_rename,
	.totals = watch_count,
};

Watch *volume_watch_new(Volume *volume, WatchNotify notify, void *data)
{
	VolumeWatch *watch = g_new0(VolumeWatch, 1);
	watch->base.class = &volume_watch_class;
	watch->volume = volume;
	watch->notify = notify;
	watch->data = data;
	g_mutex_init(&watch->lock);
	watch->folders = g_hash_table_new_full(folder_hash, folder_equal, g_free, NULL);
	watch->keys = g_hash_table_new(g_int64_hash, g_int64_equal);
	g_mutex_lock(&volume->mutex);
	g_assert(!volume->watch);
	volume->watch = watch;
	g_mutex_unlock(&volume->mutex);
	return &watch->base;
}

void volume_watch_tell(Volume *volume, const EntryStamp *folder, const WatchEvent *event)
{
	g_mutex_lock(&volume->mutex);
	VolumeWatch *watch = volume->watch;
	if (watch) {
		g_mutex_lock(&watch->lock);
	}
	g_mutex_unlock(&volume->mutex);
	if (!watch) {
		return;
	}
	Watched wanted = { .inode = folder->inode, .birth_ns = folder->birth_ns };
	const Watched *watched = g_hash_table_lookup(watch->folders, &wanted);
	if (watched) {
		WatchEvent told = *event;
		told.key = watched->key;
		watch->notify(&told, 1, watch->data);
	}
	g_mutex_unlock(&watch->lock);
}
