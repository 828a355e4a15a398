/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table from drive to the ring of those who wait for it. A wait for several drives has one
 * link in each ring; waking takes all of them out, so that a wait is called at most once.
 *
 * Invariants: a drive stands in the table exactly while its ring is not empty; the links of a wait
 * are all in rings or none is; `waiting` counts the waits whose links are in rings.
 */
#include "server/feed/feed.h"

typedef struct Ring Ring;
typedef struct Link Link;

struct Link {
	Link *previous;
	Link *next;
	Ring *ring; /* NULL: not in a ring */
	FeedWait *wait;
};

/* The waits for one drive. */
struct Ring {
	NodeId drive;
	Link head;
};

struct FeedWait {
	FeedWakeFunc wake;
	void *data;
	size_t count;
	Link links[];
};

struct Feed {
	GMutex lock;       /* guards everything below and all rings and links */
	GHashTable *rings; /* NodeId (inside the ring) -> Ring */
	size_t waiting;
};

Feed *feed_new(void)
{
	Feed *feed = g_new0(Feed, 1);
	g_mutex_init(&feed->lock);
	feed->rings = g_hash_table_new_full(node_id_hash, node_id_equal, NULL, g_free);
	return feed;
}

void feed_free(Feed *feed)
{
	if (!feed) {
		return;
	}
	g_assert(feed->waiting == 0);
	g_hash_table_unref(feed->rings);
	g_mutex_clear(&feed->lock);
	g_free(feed);
}

static Ring *ring_of(Feed *feed, const NodeId *drive)
{
	Ring *ring = g_hash_table_lookup(feed->rings, drive);
	if (!ring) {
		ring = g_new0(Ring, 1);
		ring->drive = *drive;
		ring->head.previous = &ring->head;
		ring->head.next = &ring->head;
		g_hash_table_insert(feed->rings, &ring->drive, ring);
	}
	return ring;
}

static void link_insert(Link *link, Ring *ring)
{
	link->ring = ring;
	link->previous = ring->head.previous;
	link->next = &ring->head;
	link->previous->next = link;
	link->next->previous = link;
}

static void wait_unlink(Feed *feed, FeedWait *wait)
{
	for (size_t i = 0; i < wait->count; i++) {
		Link *link = &wait->links[i];
		Ring *ring = link->ring;
		if (!ring) {
			continue;
		}
		link->previous->next = link->next;
		link->next->previous = link->previous;
		link->ring = NULL;
		if (ring->head.next == &ring->head) {
			g_hash_table_remove(feed->rings, &ring->drive);
		}
	}
	feed->waiting--;
}

FeedWait *feed_wait(Feed *feed, const NodeId *drives, size_t count, FeedWakeFunc wake, void *data)
{
	g_assert(count >= 1 && count <= FEED_TOPICS_MAX);
	FeedWait *wait = g_malloc0(sizeof(FeedWait) + count * sizeof(Link));
	wait->wake = wake;
	wait->data = data;
	wait->count = count;
	g_mutex_lock(&feed->lock);
	for (size_t i = 0; i < count; i++) {
		wait->links[i].wait = wait;
		link_insert(&wait->links[i], ring_of(feed, &drives[i]));
	}
	feed->waiting++;
	g_mutex_unlock(&feed->lock);
	return wait;
}

void feed_forget(Feed *feed, FeedWait *wait)
{
	if (!wait) {
		return;
	}
	g_mutex_lock(&feed->lock);
	if (wait->links[0].ring) {
		wait_unlink(feed, wait);
	}
	g_mutex_unlock(&feed->lock);
	g_free(wait);
}

void feed_wake(Feed *feed, const NodeId *drive)
{
	g_mutex_lock(&feed->lock);
	/* Looked up anew each time: the ring goes with its last link. */
	Ring *ring = g_hash_table_lookup(feed->rings, drive);
	while (ring) {
		FeedWait *wait = ring->head.next->wait;
		wait_unlink(feed, wait);
		wait->wake(wait->data);
		ring = g_hash_table_lookup(feed->rings, drive);
	}
	g_mutex_unlock(&feed->lock);
}

size_t feed_waiting(Feed *feed)
{
	g_mutex_lock(&feed->lock);
	size_t waiting = feed->waiting;
	g_mutex_unlock(&feed->lock);
	return waiting;
}
