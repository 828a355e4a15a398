/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk_memory.h"
#include "client/observe/watch.h"

/*
 * Watches a file system in memory. Nothing is told by itself: what happened is told when it is
 * delivered, on the thread that delivers. Borrows memory; the budget is the file system's
 * watches_max.
 */
Watch *watch_memory_new(DiskMemory *memory, WatchNotify notify, void *data);

/* Tells all that has happened until now, at once. False if there is nothing to tell. */
bool watch_memory_deliver(Watch *watch);
