/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mount/notice.h"

static void tell(Mount *mount, const NodeKey *folder, const WatchEvent *event)
{
	const EntryStamp stamp = { .inode = folder->inode, .birth_ns = folder->birth_ns };
	volume_notice(mount->volume, &stamp, event);
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
