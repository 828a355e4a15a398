/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mount/folder.h"

#include "client/mount/attr.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct Folder {
	Node *node; /* a reference, unless it is the root */
	int fd;
	unsigned users;
	GList link; /* in unused; data is this */
};

struct FolderCache {
	GMutex lock;
	NodeTable *nodes;
	Folder root;
	size_t max;
	GHashTable *known; /* Node -> Folder */
	GQueue unused;     /* the last used first */
};

FolderCache *folder_cache_new(NodeTable *nodes, int root, size_t max)
{
	FolderCache *cache = g_new0(FolderCache, 1);
	g_mutex_init(&cache->lock);
	cache->nodes = nodes;
	cache->root.node = node_root(nodes);
	cache->root.fd = root;
	cache->max = max;
	cache->known = g_hash_table_new(NULL, NULL);
	return cache;
}

static void drop(FolderCache *cache, Folder *folder)
{
	close(folder->fd);
	node_unref(cache->nodes, folder->node);
	g_free(folder);
}

void folder_cache_free(FolderCache *cache)
{
	if (!cache) {
		return;
	}
	while (cache->unused.head) {
		Folder *folder = cache->unused.head->data;
		g_queue_unlink(&cache->unused, &folder->link);
		drop(cache, folder);
	}
	g_hash_table_unref(cache->known);
	g_mutex_clear(&cache->lock);
	g_free(cache);
}

static Folder *find(FolderCache *cache, Node *node)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);
	Folder *folder = g_hash_table_lookup(cache->known, node);
	if (folder && folder->users++ == 0) {
		g_queue_unlink(&cache->unused, &folder->link);
	}
	return folder;
}

/* Another thread may have been faster: then its one is taken. */
static Folder *keep(FolderCache *cache, Folder *folder)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);
	Folder *known = g_hash_table_lookup(cache->known, folder->node);
	if (!known) {
		g_hash_table_insert(cache->known, folder->node, folder);
		known = folder;
	}
	if (known->users++ == 0 && known != folder) {
		g_queue_unlink(&cache->unused, &known->link);
	}
	return known;
}

static int open_below(FolderCache *cache, const NodePlace *place, const NodeKey *key, int *ret_fd)
{
	Folder *parent = NULL;
	int failure = folder_open(cache, place->parent, &parent);
	if (failure) {
		return failure;
	}
	int fd = openat(parent->fd, place->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	failure = fd < 0 ? errno : 0;
	folder_close(cache, parent);
	if (failure) {
		return failure == ENOENT || failure == ENOTDIR || failure == ELOOP ? ESTALE
										   : failure;
	}
	struct statx found;
	failure = attr_get(fd, "", &found);
	if (failure == 0 && !attr_is(&found, key)) {
		failure = ESTALE;
	}
	if (failure) {
		close(fd);
		return failure;
	}
	*ret_fd = fd;
	return 0;
}

int folder_open(FolderCache *cache, Node *node, Folder **ret_folder)
{
	if (node == cache->root.node) {
		*ret_folder = &cache->root;
		return 0;
	}
	Folder *folder = find(cache, node);
	if (folder) {
		*ret_folder = folder;
		return 0;
	}
	NodePlace place;
	if (!node_place(cache->nodes, node, &place)) {
		return ESTALE;
	}
	int fd = -1;
	int failure = open_below(cache, &place, node_key(node), &fd);
	node_place_clear(cache->nodes, &place);
	if (failure) {
		return failure;
	}
	folder = g_new0(Folder, 1);
	folder->node = node_ref(cache->nodes, node);
	folder->fd = fd;
	folder->link.data = folder;
	*ret_folder = keep(cache, folder);
	if (*ret_folder != folder) {
		drop(cache, folder);
	}
	return 0;
}

void folder_close(FolderCache *cache, Folder *folder)
{
	if (!folder || folder == &cache->root) {
		return;
	}
	Folder *old = NULL;
	g_mutex_lock(&cache->lock);
	if (--folder->users == 0) {
		g_queue_push_head_link(&cache->unused, &folder->link);
		if (cache->unused.length > cache->max) {
			old = cache->unused.tail->data;
			g_queue_unlink(&cache->unused, &old->link);
			g_hash_table_remove(cache->known, old->node);
		}
	}
	g_mutex_unlock(&cache->lock);
	if (old) {
		drop(cache, old);
	}
}

int folder_fd(const Folder *folder)
{
	return folder->fd;
}
