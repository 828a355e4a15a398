/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk_memory.h"
#include "client/disk/image.h"

/* Who watches what in a file system in memory, and what they have not been told yet. */
typedef struct Events Events;

Events *events_new(size_t watches_max, size_t events_max);
void events_free(Events *events);

/* As disk_memory_watch(); -1: no more watches. */
int events_watch(Events *events, const Inode *folder);
void events_unwatch(Events *events, int watch);
bool events_next(Events *events, DiskMemoryEvent *ret_event);
/* The watching process is gone. */
void events_forget(Events *events);

/* change was just made. inode is what it was made to; folder: it is one. */
void events_tell(Events *events, const Change *change, bool folder, bool other_folder);
/* An attribute, or its content on closing. */
void events_tell_changed(Events *events, const Inode *inode);
/* The inode with this id does not exist any more. */
void events_tell_gone(Events *events, uint64_t id);
