/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/mount/mount_internal.h"

/*
 * What programs do comes in bursts: one `tar x` has something to tell five times for each of its
 * files, and telling wakes the engine, which costs the program more than its own work. So a burst
 * is told as a whole, in order, when it rests or has lasted for a while; what would be told of a
 * name twice in a row, once.
 */
typedef struct Notices Notices;

/* By a thread of its own, or of who flushes; one at a time. */
typedef void NoticeTell(const EntryStamp *folder, const WatchEvent *event, void *data);

Notices *notice_new(NoticeTell *tell, void *data);
/* Tells what is left. */
void notice_free(Notices *notices);
/* What happened in this folder; any thread. */
void notice_add(Notices *notices, const EntryStamp *folder, const WatchEvent *event);
/* Tells now. */
void notice_flush(Notices *notices);

/*
 * What a program has just done, for the engine.
 */
void notice_created(Mount *mount, const Node *parent, const char *name, bool folder);
void notice_deleted(Mount *mount, const Node *parent, const char *name, bool folder);
/* Content or attributes of what this node is, wherever it lies. */
void notice_changed(Mount *mount, Node *node);

typedef struct NoticeEnd {
	const Node *parent;
	const char *name;
} NoticeEnd;

void notice_moved(Mount *mount, const NoticeEnd *from, const NoticeEnd *to, bool folder);
