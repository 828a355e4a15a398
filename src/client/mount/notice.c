/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mount/notice.h"

#include <string.h>

#define REST_US 2000
#define BURST_US 100000

typedef struct Noticed {
	EntryStamp folder;
	WatchEvent event; /* its name owned */
} Noticed;

struct Notices {
	GMutex lock;    /* guards all below */
	GMutex telling; /* taken before lock: one tells at a time, in order */
	GCond changed;
	GArray *news; /* Noticed */
	int64_t first_us;
	int64_t last_us;
	bool ended;
	NoticeTell *tell;
	void *data;
	GThread *thread;
};

static void noticed_clear(void *item)
{
	Noticed *noticed = item;
	g_free((char *)noticed->event.name);
}

static GArray *new_news(void)
{
	GArray *news = g_array_new(FALSE, FALSE, sizeof(Noticed));
	g_array_set_clear_func(news, noticed_clear);
	return news;
}

void notice_flush(Notices *notices)
{
	g_autoptr(GMutexLocker) telling = g_mutex_locker_new(&notices->telling);
	g_mutex_lock(&notices->lock);
	g_autoptr(GArray) news = notices->news;
	notices->news = new_news();
	g_mutex_unlock(&notices->lock);
	for (unsigned i = 0; i < news->len; i++) {
		const Noticed *noticed = &g_array_index(news, Noticed, i);
		notices->tell(&noticed->folder, &noticed->event, notices->data);
	}
}

/* Waits until a burst is over; false at the end. */
static bool wait_for_rest(Notices *notices)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&notices->lock);
	while (!notices->ended) {
		if (notices->news->len == 0) {
			g_cond_wait(&notices->changed, &notices->lock);
			continue;
		}
		int64_t due_us = MIN(notices->last_us + REST_US, notices->first_us + BURST_US);
		if (due_us <= g_get_monotonic_time()) {
			return true;
		}
		g_cond_wait_until(&notices->changed, &notices->lock, due_us);
	}
	return false;
}

static void *run(void *data)
{
	Notices *notices = data;
	while (wait_for_rest(notices)) {
		notice_flush(notices);
	}
	return NULL;
}

Notices *notice_new(NoticeTell *tell, void *data)
{
	Notices *notices = g_new0(Notices, 1);
	g_mutex_init(&notices->lock);
	g_mutex_init(&notices->telling);
	g_cond_init(&notices->changed);
	notices->news = new_news();
	notices->tell = tell;
	notices->data = data;
	notices->thread = g_thread_new("notices", run, notices);
	return notices;
}

void notice_free(Notices *notices)
{
	if (!notices) {
		return;
	}
	g_mutex_lock(&notices->lock);
	notices->ended = true;
	g_cond_broadcast(&notices->changed);
	g_mutex_unlock(&notices->lock);
	g_thread_join(notices->thread);
	notice_flush(notices);
	g_array_unref(notices->news);
	g_cond_clear(&notices->changed);
	g_mutex_clear(&notices->telling);
	g_mutex_clear(&notices->lock);
	g_free(notices);
}

/* Locked: what was noticed last says it already. */
static bool is_known(const Notices *notices, const EntryStamp *folder, const WatchEvent *event)
{
	if (event->what != WATCH_CHANGED || notices->news->len == 0) {
		return false;
	}
	const Noticed *last = &g_array_index(notices->news, Noticed, notices->news->len - 1);
	return (last->event.what == WATCH_CHANGED || last->event.what == WATCH_CREATED) &&
	       !last->event.folder && last->folder.inode == folder->inode &&
	       last->folder.birth_ns == folder->birth_ns &&
	       strcmp(last->event.name, event->name) == 0;
}

void notice_add(Notices *notices, const EntryStamp *folder, const WatchEvent *event)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&notices->lock);
	notices->last_us = g_get_monotonic_time();
	if (is_known(notices, folder, event)) {
		return;
	}
	Noticed noticed = { .folder = *folder, .event = *event };
	noticed.event.name = g_strdup(event->name);
	g_array_append_val(notices->news, noticed);
	if (notices->news->len == 1) {
		notices->first_us = notices->last_us;
		g_cond_broadcast(&notices->changed);
	}
}

/* ---- of requests ------------------------------------------------------------------------ */

static void tell(Mount *mount, const NodeKey *folder, const WatchEvent *event)
{
	const EntryStamp stamp = { .inode = folder->inode, .birth_ns = folder->birth_ns };
	notice_add(mount->notices, &stamp, event);
}

void notice_created(Mount *mount, const Node *parent, const char *name, bool folder)
{
	const WatchEvent event = { .name = name, .what = WATCH_CREATED, .folder = folder };
	tell(mount, node_key(parent), &event);
}

void notice_deleted(Mount *mount, const Node *parent, const char *name, bool folder)
{
	const WatchEvent event = { .name = name, .what = WATCH_DELETED, .folder = folder };
	tell(mount, node_key(parent), &event);
}

void notice_changed(Mount *mount, Node *node)
{
	NodePlace place;
	if (!node_place(mount->nodes, node, &place)) {
		return;
	}
	const WatchEvent event = { .name = place.name, .what = WATCH_CHANGED };
	tell(mount, &place.key, &event);
	node_place_clear(mount->nodes, &place);
}

void notice_moved(Mount *mount, const NoticeEnd *from, const NoticeEnd *to, bool folder)
{
	uint32_t cookie = (uint32_t)g_atomic_int_add(&mount->cookie, 1) + 1;
	WatchEvent event = {
		.name = from->name,
		.cookie = MAX(cookie, 1),
		.what = WATCH_MOVED_FROM,
		.folder = folder,
	};
	tell(mount, node_key(from->parent), &event);
	event.name = to->name;
	event.what = WATCH_MOVED_TO;
	tell(mount, node_key(to->parent), &event);
}
