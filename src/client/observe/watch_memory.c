/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watching a file system in memory. It gives out watches as inotify does (events.c there), so that
 * what is done with their numbers here is the same as in watch_inotify.c.
 */
#include "client/observe/watch_memory.h"

#include "client/observe/watch_impl.h"
#include "client/observe/watch_keys.h"

typedef struct MemoryWatch {
	Watch base;
	DiskMemory *memory;
	WatchNotify notify;
	void *data;
	GMutex lock; /* guards keys */
	WatchKeys keys;
} MemoryWatch;

static const WatchWhat what_of[] = {
	[DISK_MEMORY_CREATED] = WATCH_CREATED,   [DISK_MEMORY_DELETED] = WATCH_DELETED,
	[DISK_MEMORY_CHANGED] = WATCH_CHANGED,   [DISK_MEMORY_MOVED_FROM] = WATCH_MOVED_FROM,
	[DISK_MEMORY_MOVED_TO] = WATCH_MOVED_TO, [DISK_MEMORY_GONE] = WATCH_GONE,
	[DISK_MEMORY_OVERFLOW] = WATCH_OVERFLOW,
};

static void forget(MemoryWatch *watch, int number)
{
	if (number > 0) {
		disk_memory_unwatch(watch->memory, number);
	}
}

static void memory_free(Watch *base)
{
	MemoryWatch *watch = (MemoryWatch *)base;
	GHashTableIter iter;
	void *number;
	g_hash_table_iter_init(&iter, watch->keys.key_of);
	while (g_hash_table_iter_next(&iter, &number, NULL)) {
		forget(watch, GPOINTER_TO_INT(number));
	}
	watch_keys_clear(&watch->keys);
	g_mutex_clear(&watch->lock);
	g_free(watch);
}

/* Nobody acts between a look at the disk and this: stamp needs no check. */
static bool memory_add(Watch *base, const char *path, const EntryStamp *stamp, int64_t key,
		       GError **error)
{
	(void)stamp;
	MemoryWatch *watch = (MemoryWatch *)base;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&watch->lock);
	int number = disk_memory_watch(watch->memory, path, error);
	if (number < 0) {
		return false;
	}
	forget(watch, watch_keys_put(&watch->keys, number, key));
	return true;
}

static void memory_remove(Watch *base, int64_t key)
{
	MemoryWatch *watch = (MemoryWatch *)base;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&watch->lock);
	forget(watch, watch_keys_remove(&watch->keys, key));
}

static void memory_rekey(Watch *base, int64_t key, int64_t new_key)
{
	MemoryWatch *watch = (MemoryWatch *)base;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&watch->lock);
	forget(watch, watch_keys_rekey(&watch->keys, key, new_key));
}

static WatchTotals memory_totals(Watch *base)
{
	MemoryWatch *watch = (MemoryWatch *)base;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&watch->lock);
	return (WatchTotals){
		.folders = watch_keys_count(&watch->keys),
		.budget = G_MAXSIZE,
	};
}

static const WatchClass memory_class = {
	.free = memory_free,
	.add = memory_add,
	.remove = memory_remove,
	.rekey = memory_rekey,
	.totals = memory_totals,
};

Watch *watch_memory_new(DiskMemory *memory, WatchNotify notify, void *data)
{
	MemoryWatch *watch = g_new0(MemoryWatch, 1);
	watch->base.class = &memory_class;
	watch->memory = memory;
	watch->notify = notify;
	watch->data = data;
	g_mutex_init(&watch->lock);
	watch_keys_init(&watch->keys);
	return &watch->base;
}

/* False: of a folder that is no longer watched. */
static bool translate(MemoryWatch *watch, const DiskMemoryEvent *raw, WatchEvent *ret_event)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&watch->lock);
	*ret_event = (WatchEvent){
		.name = raw->name,
		.cookie = raw->cookie,
		.what = what_of[raw->what],
		.folder = raw->folder,
	};
	if (raw->what == DISK_MEMORY_OVERFLOW) {
		return true;
	}
	ret_event->key = watch_keys_key(&watch->keys, raw->watch);
	if (ret_event->key > 0 && raw->what == DISK_MEMORY_GONE) {
		watch_keys_remove(&watch->keys, ret_event->key);
	}
	return ret_event->key > 0;
}

bool watch_memory_deliver(Watch *base)
{
	g_assert(base->class == &memory_class);
	MemoryWatch *watch = (MemoryWatch *)base;
	g_autoptr(GArray) batch = g_array_new(FALSE, FALSE, sizeof(WatchEvent));
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	DiskMemoryEvent raw;
	while (disk_memory_next_event(watch->memory, &raw)) {
		WatchEvent event;
		if (translate(watch, &raw, &event)) {
			g_array_append_val(batch, event);
		}
		g_ptr_array_add(names, g_steal_pointer(&raw.name));
	}
	if (batch->len == 0) {
		return false;
	}
	watch->notify((const WatchEvent *)(void *)batch->data, batch->len, watch->data);
	return true;
}
