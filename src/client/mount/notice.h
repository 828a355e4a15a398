/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/mount/mount_internal.h"

/*
 * Tells the volume, and so the engine, what a program has just done.
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
