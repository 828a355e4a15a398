/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/mount/mount_internal.h"

/*
 * A file that a program has open through the mount. As long as one is open, the node is reached
 * through it, whatever became of its name.
 */
typedef struct OpenFile {
	NodeFile link; /* first */
	Node *node;
	int fd; /* of the backing file */
	VolumeFile *body;
	bool writable;
	int references; /* atomic */
	int written;    /* atomic: since it was last noticed */
} OpenFile;

/*
 * Takes fd. NULL: *ret_errno, and fd is closed. empty: nothing is in it, and it is for writing
 * alone, so that it need not go through the kernel's pages (NodeFile.direct tells).
 */
OpenFile *file_new(Mount *mount, Node *node, int fd, bool empty, int *ret_errno);
void file_unref(Mount *mount, OpenFile *file);
/* No program has it open any more: it is found no longer. Gives the reference of file_new(). */
void file_end(Mount *mount, OpenFile *file);

/* An open file of this node (one open for writing, if writable), or NULL. With a reference. */
OpenFile *file_any(Mount *mount, Node *node, bool writable);
/*
 * One that is found, or opened for this alone. To be ended by file_unref(). Only for files.
 */
int file_borrow(Mount *mount, Node *node, bool writable, OpenFile **ret_file);

/* A descriptor of its backing file or folder, maybe O_PATH, whether it is open or not. */
int file_open_path(Mount *mount, Node *node, int *ret_fd);
/* May this be done (R_OK, W_OK, X_OK) with it? EACCES, or another errno. */
int file_may(Mount *mount, Node *node, int mask);

/* As the functions of the volume, for a request that may be interrupted. */
int file_need(fuse_req_t request, OpenFile *file, uint64_t offset, uint64_t size);
int file_touch(fuse_req_t request, OpenFile *file, uint64_t keep_size);
/* Before a change of bytes, of one that was touched: takes the setuid and setgid bits away, if the
 * request is to and the backing file system would not. */
int file_strip(Mount *mount, OpenFile *file);
