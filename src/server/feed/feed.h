/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/limits.h"
#include "base/node_id.h"

#include <glib.h>
#include <stddef.h>

/*
 * Wakes who waits for news of a drive. Remembers nothing: whoever registers first and reads the
 * journal afterwards misses nothing. All functions may be called from any thread.
 */
typedef struct Feed Feed;
typedef struct FeedWait FeedWait;

/* A wait may be for all the drives of one request and one thing more. */
#define FEED_TOPICS_MAX (CURSORS_MAX + 1)

/*
 * Called once, by the thread that calls feed_wake() and while the feed is locked: it must be
 * short, must not block and must not call the feed.
 */
typedef void (*FeedWakeFunc)(void *data);

Feed *feed_new(void);
/* Nobody may be waiting any more. */
void feed_free(Feed *feed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Feed, feed_free)

/*
 * Waits for the next feed_wake() of any of these drives; 1 <= count <= FEED_TOPICS_MAX. wake is
 * called at most once, however many of them have news. To be given to feed_forget(), called or not.
 */
FeedWait *feed_wait(Feed *feed, const NodeId *drives, size_t count, FeedWakeFunc wake, void *data);

/* Ends the wait; when it returns, wake is not running and will not be called. Accepts NULL. */
void feed_forget(Feed *feed, FeedWait *wait);

/* Wakes all who wait for this drive. Costs O(those), whatever else is waiting. */
void feed_wake(Feed *feed, const NodeId *drive);

/* How many are waiting and were not woken yet. */
size_t feed_waiting(Feed *feed);
