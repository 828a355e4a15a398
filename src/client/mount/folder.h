/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/mount/node.h"

/*
 * Descriptors of the backing folders that were used last. What is opened is known to be the folder
 * of its node. Any thread.
 */
typedef struct FolderCache FolderCache;
typedef struct Folder Folder;

/* root: O_PATH, borrowed. max: descriptors kept beyond those that are in use. */
FolderCache *folder_cache_new(NodeTable *nodes, int root, size_t max);
void folder_cache_free(FolderCache *cache);

/* 0, or an errno: ESTALE if another thing is now where the folder was seen. *ret_folder is to be
 * given back. */
int folder_open(FolderCache *cache, Node *node, Folder **ret_folder);
void folder_close(FolderCache *cache, Folder *folder);
/* O_PATH, valid until it is given back. */
int folder_fd(const Folder *folder);
