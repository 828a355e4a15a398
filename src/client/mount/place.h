/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/mount/mount_internal.h"
#include "client/mount/attr.h"

/*
 * From a node to its backing file: an open file of it, or what lies where it was last seen, if that
 * is still it. All return 0 or an errno, ESTALE if something else is there: the kernel then looks
 * again.
 */
typedef struct Place {
	Folder *folder;
	int fd;                  /* of the folder, borrowed */
	char name[NAME_MAX + 1]; /* "" for the root: fd itself */
	NodeKey parent;          /* of the folder */
} Place;

int place_open(Mount *mount, Node *node, Place *ret_place);
void place_close(Mount *mount, Place *place);

/* As it is to be shown; ret_found may be the only thing wanted (place NULL). */
int place_look(Mount *mount, Node *node, struct statx *ret_found);

/* Opens it (flags as of open(2), never through a link), checked to be it. */
int place_open_file(Mount *mount, Node *node, int flags, int *ret_fd);

/* What lies at name in the folder of a node. */
int place_look_in(Mount *mount, Folder *folder, const char *name, struct statx *ret_found);

/*
 * What lies at name in the folder now: its node, if it has one, has that place from now on.
 * *ret_node is a reference, or NULL. 0 or an errno.
 */
int place_settle(Mount *mount, Folder *folder, Node *parent, const char *name, Node **ret_node,
		 struct statx *ret_found);

/* Is this the reserved folder, which nobody sees? */
bool place_is_reserved(const Node *parent, const char *name);

/* A reply to a look-up: counts it, unless it cannot be answered. */
void place_reply(fuse_req_t request, Node *parent, const char *name, const struct statx *found);
/* Counts a look-up. */
Node *place_remember(Mount *mount, Node *parent, const char *name, const struct statx *found,
		     struct fuse_entry_param *ret_entry);
