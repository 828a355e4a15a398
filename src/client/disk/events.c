/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells what inotify(7) tells, in its order: names in the watched folder, and the end of the
 * watched folder itself. An exchange is two moves. Names of a file that has lost its last name are
 * not told (IN_EXCL_UNLINK).
 */
#include "client/disk/events.h"

#define EVENTS_MAX_DEFAULT 16384

struct Events {
	GHashTable *watch_of; /* &uint64_t id, owned -> watch */
	GHashTable *id_of;    /* watch -> the same uint64_t */
	GQueue queue;         /* DiskMemoryEvent, owned */
	size_t watches_max;
	size_t events_max;
	bool overflowed; /* the last event in the queue says so */
	int next_watch;
	uint32_t next_cookie;
};

static void event_free(void *data)
{
	DiskMemoryEvent *event = data;
	disk_memory_event_clear(event);
	g_free(event);
}

Events *events_new(size_t watches_max, size_t events_max)
{
	Events *events = g_new0(Events, 1);
	events->watch_of = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	events->id_of = g_hash_table_new(NULL, NULL);
	g_queue_init(&events->queue);
	events->watches_max = watches_max ? watches_max : G_MAXSIZE;
	events->events_max = events_max ? events_max : EVENTS_MAX_DEFAULT;
	events->next_watch = 1;
	events->next_cookie = 1;
	return events;
}

void events_free(Events *events)
{
	events_forget(events);
	g_hash_table_unref(events->id_of);
	g_hash_table_unref(events->watch_of);
	g_free(events);
}

void events_forget(Events *events)
{
	g_hash_table_remove_all(events->id_of);
	g_hash_table_remove_all(events->watch_of);
	g_queue_clear_full(&events->queue, event_free);
	events->overflowed = false;
}

static int watch_of(Events *events, uint64_t id)
{
	return GPOINTER_TO_INT(g_hash_table_lookup(events->watch_of, &id));
}

int events_watch(Events *events, const Inode *folder)
{
	int watch = watch_of(events, folder->id);
	if (watch) {
		return watch;
	}
	if (g_hash_table_size(events->watch_of) >= events->watches_max) {
		return -1;
	}
	watch = events->next_watch++;
	uint64_t *id = g_memdup2(&folder->id, sizeof folder->id);
	g_hash_table_insert(events->watch_of, id, GINT_TO_POINTER(watch));
	g_hash_table_insert(events->id_of, GINT_TO_POINTER(watch), id);
	return watch;
}

void events_unwatch(Events *events, int watch)
{
	uint64_t *id = g_hash_table_lookup(events->id_of, GINT_TO_POINTER(watch));
	if (id) {
		g_hash_table_remove(events->id_of, GINT_TO_POINTER(watch));
		g_hash_table_remove(events->watch_of, id);
	}
}

bool events_next(Events *events, DiskMemoryEvent *ret_event)
{
	DiskMemoryEvent *event = g_queue_pop_head(&events->queue);
	if (!event) {
		return false;
	}
	if (g_queue_is_empty(&events->queue)) {
		events->overflowed = false;
	}
	*ret_event = *event;
	g_free(event);
	return true;
}

static void push(Events *events, const DiskMemoryEvent *event)
{
	if (events->overflowed) {
		return;
	}
	DiskMemoryEvent overflow = { .watch = -1, .what = DISK_MEMORY_OVERFLOW };
	if (g_queue_get_length(&events->queue) >= events->events_max) {
		events->overflowed = true;
		event = &overflow;
	}
	DiskMemoryEvent *copy = g_memdup2(event, sizeof *event);
	copy->name = g_strdup(event->name);
	g_queue_push_tail(&events->queue, copy);
}

static void tell(Events *events, uint64_t folder, const char *name, DiskMemoryEvent event)
{
	event.watch = watch_of(events, folder);
	event.name = (char *)name;
	if (event.watch) {
		push(events, &event);
	}
}

static void tell_move(Events *events, const Change *change, bool folder, bool back)
{
	DiskMemoryEvent event = { .folder = folder, .cookie = events->next_cookie++ };
	event.what = DISK_MEMORY_MOVED_FROM;
	tell(events, back ? change->to_folder : change->folder,
	     back ? change->to_name : change->name, event);
	event.what = DISK_MEMORY_MOVED_TO;
	tell(events, back ? change->folder : change->to_folder,
	     back ? change->name : change->to_name, event);
}

void events_tell(Events *events, const Change *change, bool folder, bool other_folder)
{
	DiskMemoryEvent event = { .folder = folder };
	switch (change->kind) {
	case CHANGE_MAKE:
	case CHANGE_LINK:
		event.what = DISK_MEMORY_CREATED;
		tell(events, change->folder, change->name, event);
		break;
	case CHANGE_UNLINK:
		event.what = DISK_MEMORY_DELETED;
		tell(events, change->folder, change->name, event);
		break;
	case CHANGE_RENAME:
		tell_move(events, change, folder, false);
		break;
	case CHANGE_EXCHANGE:
		tell_move(events, change, folder, false);
		tell_move(events, change, other_folder, true);
		break;
	case CHANGE_WRITE:
	case CHANGE_TRUNCATE:
	case CHANGE_SET:
	case CHANGE_PROMISE:
		break;
	}
}

void events_tell_changed(Events *events, const Inode *inode)
{
	if (inode->links > 0 && inode->name) {
		DiskMemoryEvent event = {
			.what = DISK_MEMORY_CHANGED,
			.folder = inode->kind == DISK_FOLDER,
		};
		tell(events, inode->folder, inode->name, event);
	}
}

void events_tell_gone(Events *events, uint64_t id)
{
	DiskMemoryEvent event = { .what = DISK_MEMORY_GONE, .folder = true };
	int watch = watch_of(events, id);
	if (watch) {
		tell(events, id, NULL, event);
		events_unwatch(events, watch);
	}
}
