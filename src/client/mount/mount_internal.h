/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#define FUSE_USE_VERSION 312

#include "client/mount/folder.h"
#include "client/mount/indexers.h"
#include "client/mount/mount.h"
#include "client/mount/node.h"
#include "client/mount/teller.h"
#include "client/mount/workers.h"
#include "client/virtual/volume.h"

#include <fuse3/fuse_lowlevel.h>
#include <gio/gio.h>
#include <stdint.h>

/* For the files of this folder. */

/* The kernel keeps what it was told until it is told otherwise (teller.h). */
#define MOUNT_KEPT_S 1e9

struct Mount {
	char *mountpoint;
	struct fuse_session *session;
	Volume *volume;
	NodeTable *nodes;
	FolderCache *folders;
	Teller *teller;
	struct Notices *notices;
	Indexers *indexers;
	bool mounted;
	Workers *workers;
	bool (*room)(void *data, uint64_t *ret_total, uint64_t *ret_free);
	void *room_data;
	void (*ended)(void *data);
	void *ended_data;
	int cookie;  /* of the last rename; atomic */
	int init_id; /* of the kernel's first request, until it is answered; atomic */
	bool is_offered_strips, is_offered_direct; /* by that */
	bool may_be_direct; /* a file can be written past the kernel's pages; from its answer on */
	bool may_open_folders; /* the kernel opens folders, and keeps listings, by itself */
	bool keeps_privileges; /* this process's own writing takes no setuid bits away */
	GMutex lock;
	GHashTable *waiting; /* GCancellable of requests that wait for the server; under lock */
	bool closing;        /* under lock: nobody waits any more */
};

/* The node of an id that the kernel sent, and the other way round. */
static inline Node *mount_node(const Mount *mount, fuse_ino_t id)
{
	return id == FUSE_ROOT_ID ? node_root(mount->nodes) : (Node *)(uintptr_t)id;
}

static inline fuse_ino_t mount_id(const Node *node)
{
	return node_is_root(node) ? FUSE_ROOT_ID : (fuse_ino_t)(uintptr_t)node;
}

static inline Mount *mount_of(fuse_req_t request)
{
	return fuse_req_userdata(request);
}

/* The request that this thread serves asks to take setuid and setgid bits away. */
bool mount_strips(const Mount *mount);

/* The kernel asks again what lies in this folder: whoever may not see it gets nothing. */
void mount_drop_listing(const Mount *mount, const Node *folder);

/* The operations, a file of them each. */
void ops_tree_fill(struct fuse_lowlevel_ops *ops);
void ops_file_fill(struct fuse_lowlevel_ops *ops);
void ops_folder_fill(struct fuse_lowlevel_ops *ops);
void ops_attribute_fill(struct fuse_lowlevel_ops *ops);
