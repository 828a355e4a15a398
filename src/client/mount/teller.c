/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mount/teller.h"

#include <stdbool.h>

#define FORGET_BATCH 1024

typedef struct News {
	Node *node; /* a reference */
	char *name; /* NULL: it is of the node itself */
	bool pages; /* its bytes; else its attributes */
} News;

struct Teller {
	GMutex lock;
	GCond changed;
	GQueue news; /* News */
	bool busy;
	bool trims;
	bool ended;
	NodeTable *nodes;
	size_t nodes_max;
	const TellerClass *class;
	void *data;
	GThread *thread;
};

static void news_free(Teller *teller, News *news)
{
	node_unref(teller->nodes, news->node);
	g_free(news->name);
	g_free(news);
}

/* The next news are of the same folder: its listing can wait for them. */
static bool goes_on(Teller *teller, const News *news)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&teller->lock);
	const News *next = g_queue_peek_head(&teller->news);
	return next && next->name && next->node == news->node;
}

static void tell(Teller *teller, News *news)
{
	if (news->pages) {
		teller->class->pages(news->node, teller->data);
		return;
	}
	if (!news->name) {
		teller->class->attributes(news->node, teller->data);
		return;
	}
	teller->class->entry(news->node, news->name, teller->data);
	if (!goes_on(teller, news)) {
		teller->class->pages(news->node, teller->data);
	}
}

static void forget_some(Teller *teller)
{
	g_autoptr(GPtrArray) idle = node_idle(teller->nodes, FORGET_BATCH);
	for (unsigned i = 0; i < idle->len; i++) {
		Node *node = idle->pdata[i];
		NodePlace place;
		if (node_place(teller->nodes, node, &place)) {
			teller->class->entry(place.parent, place.name, teller->data);
			node_place_clear(teller->nodes, &place);
		}
		node_unref(teller->nodes, node);
	}
}

/* Waits for something to do; false at the end. */
static bool next(Teller *teller, News **ret_news)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&teller->lock);
	teller->busy = false;
	g_cond_broadcast(&teller->changed);
	while (!teller->ended && !teller->news.head && !teller->trims) {
		g_cond_wait(&teller->changed, &teller->lock);
	}
	teller->busy = true;
	teller->trims = false;
	*ret_news = g_queue_pop_head(&teller->news);
	return !teller->ended;
}

static void *run(void *data)
{
	Teller *teller = data;
	News *news = NULL;
	while (next(teller, &news)) {
		if (news) {
			tell(teller, news);
			news_free(teller, news);
		}
		if (node_count(teller->nodes) > teller->nodes_max) {
			forget_some(teller);
		}
	}
	if (news) {
		news_free(teller, news);
	}
	return NULL;
}

Teller *teller_new(NodeTable *nodes, size_t nodes_max, const TellerClass *class, void *data)
{
	Teller *teller = g_new0(Teller, 1);
	g_mutex_init(&teller->lock);
	g_cond_init(&teller->changed);
	g_queue_init(&teller->news);
	teller->nodes = nodes;
	teller->nodes_max = nodes_max;
	teller->class = class;
	teller->data = data;
	teller->thread = g_thread_new("teller", run, teller);
	return teller;
}

void teller_stop(Teller *teller)
{
	g_mutex_lock(&teller->lock);
	teller->ended = true;
	g_cond_broadcast(&teller->changed);
	g_mutex_unlock(&teller->lock);
	if (teller->thread) {
		g_thread_join(g_steal_pointer(&teller->thread));
	}
}

void teller_free(Teller *teller)
{
	if (!teller) {
		return;
	}
	teller_stop(teller);
	News *news = NULL;
	while ((news = g_queue_pop_head(&teller->news))) {
		news_free(teller, news);
	}
	g_cond_clear(&teller->changed);
	g_mutex_clear(&teller->lock);
	g_free(teller);
}

static void note(Teller *teller, const NodeKey *key, const char *name, bool pages)
{
	Node *node = node_find(teller->nodes, key);
	if (!node) {
		return;
	}
	News *news = g_new0(News, 1);
	news->node = node;
	news->name = g_strdup(name);
	news->pages = pages;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&teller->lock);
	g_queue_push_tail(&teller->news, news);
	g_cond_broadcast(&teller->changed);
}

void teller_entry(Teller *teller, const NodeKey *folder, const char *name)
{
	note(teller, folder, name, false);
}

void teller_attributes(Teller *teller, const NodeKey *key)
{
	note(teller, key, NULL, false);
}

void teller_pages(Teller *teller, const NodeKey *key)
{
	note(teller, key, NULL, true);
}

void teller_grown(Teller *teller)
{
	if (node_count(teller->nodes) <= teller->nodes_max) {
		return;
	}
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&teller->lock);
	if (!teller->trims) {
		teller->trims = true;
		g_cond_broadcast(&teller->changed);
	}
}

void teller_flush(Teller *teller)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&teller->lock);
	while (teller->busy || teller->news.head || teller->trims) {
		g_cond_wait(&teller->changed, &teller->lock);
	}
}
