/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mount/place.h"

#include "client/disk/disk.h"
#include "client/mount/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int place_open(Mount *mount, Node *node, Place *ret_place)
{
	if (node_is_root(node)) {
		*ret_place = (Place){ .fd = volume_root(mount->volume) };
		return 0;
	}
	NodePlace found;
	if (!node_place(mount->nodes, node, &found)) {
		return ESTALE;
	}
	int failure = folder_open(mount->folders, found.parent, &ret_place->folder);
	if (failure == 0) {
		ret_place->fd = folder_fd(ret_place->folder);
		ret_place->parent = found.key;
		memcpy(ret_place->name, found.name, sizeof found.name);
	}
	node_place_clear(mount->nodes, &found);
	return failure;
}

void place_close(Mount *mount, Place *place)
{
	folder_close(mount->folders, g_steal_pointer(&place->folder));
}

static int look(Mount *mount, int fd, const char *name, struct statx *ret_found)
{
	int failure = attr_get(fd, name, ret_found);
	if (failure == 0 && S_ISREG(ret_found->stx_mode)) {
		volume_correct(mount->volume, fd, name, ret_found);
	}
	return failure;
}

int place_look_in(Mount *mount, Folder *folder, const char *name, struct statx *ret_found)
{
	return look(mount, folder_fd(folder), name, ret_found);
}

/* It was there, and is not any more. */
static int gone(int failure)
{
	return failure == ENOENT || failure == ENOTDIR || failure == ELOOP ? ESTALE : failure;
}

int place_look(Mount *mount, Node *node, struct statx *ret_found)
{
	OpenFile *file = file_any(mount, node, false);
	if (file) {
		int failure = look(mount, file->fd, "", ret_found);
		file_unref(mount, file);
		return failure;
	}
	Place place;
	int failure = place_open(mount, node, &place);
	if (failure) {
		return failure;
	}
	failure = gone(look(mount, place.fd, place.name, ret_found));
	place_close(mount, &place);
	return failure == 0 && !attr_is(ret_found, node_key(node)) ? ESTALE : failure;
}

int place_open_file(Mount *mount, Node *node, int flags, int *ret_fd)
{
	Place place;
	int failure = place_open(mount, node, &place);
	if (failure) {
		return failure;
	}
	const char *name = *place.name ? place.name : ".";
	int fd = openat(place.fd, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	failure = fd < 0 ? gone(errno) : 0;
	place_close(mount, &place);
	struct statx found;
	if (failure == 0) {
		failure = attr_get(fd, "", &found);
	}
	if (failure == 0 && !attr_is(&found, node_key(node))) {
		failure = ESTALE;
	}
	if (failure == 0) {
		*ret_fd = fd;
	} else if (fd >= 0) {
		close(fd);
	}
	return failure;
}

int place_settle(Mount *mount, Folder *folder, Node *parent, const char *name, Node **ret_node,
		 struct statx *ret_found)
{
	*ret_node = NULL;
	int failure = attr_get(folder_fd(folder), name, ret_found);
	if (failure) {
		return failure;
	}
	NodeKey key = attr_key(ret_found);
	*ret_node = node_find(mount->nodes, &key);
	if (*ret_node) {
		node_move(mount->nodes, *ret_node, parent, name);
	}
	return 0;
}

bool place_is_reserved(const Node *parent, const char *name)
{
	return node_is_root(parent) && strcmp(name, DISK_RESERVED) == 0;
}

Node *place_remember(Mount *mount, Node *parent, const char *name, const struct statx *found,
		     struct fuse_entry_param *ret_entry)
{
	NodeKey key = attr_key(found);
	NodeKind kind = attr_is_folder(found) ? NODE_FOLDER : NODE_OTHER;
	Node *node = node_remember(mount->nodes, parent, name, &key, kind);
	*ret_entry = (struct fuse_entry_param){
		.ino = mount_id(node),
		.attr_timeout = MOUNT_KEPT_S,
		.entry_timeout = MOUNT_KEPT_S,
	};
	attr_show(found, &ret_entry->attr);
	return node;
}

void place_reply(fuse_req_t request, Node *parent, const char *name, const struct statx *found)
{
	Mount *mount = mount_of(request);
	struct fuse_entry_param entry;
	Node *node = place_remember(mount, parent, name, found, &entry);
	if (fuse_reply_entry(request, &entry) != 0) {
		node_forget(mount->nodes, node, 1);
		return;
	}
	teller_grown(mount->teller);
}
