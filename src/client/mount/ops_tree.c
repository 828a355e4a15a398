/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names: looking them up, making, moving and removing them.
 */
#include "client/mount/mount_internal.h"

#include "client/mount/file.h"
#include "client/mount/notice.h"
#include "client/mount/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static void do_lookup(fuse_req_t request, fuse_ino_t parent_id, const char *name)
{
	Mount *mount = mount_of(request);
	Node *parent = mount_node(mount, parent_id);
	Folder *folder = NULL;
	int failure = place_is_reserved(parent, name)
			      ? ENOENT
			      : folder_open(mount->folders, parent, &folder);
	struct statx found;
	if (failure == 0) {
		failure = place_look_in(mount, folder, name, &found);
	}
	folder_close(mount->folders, folder);
	if (failure == ENOENT) {
		const struct fuse_entry_param none = { .entry_timeout = MOUNT_KEPT_S };
		fuse_reply_entry(request, &none);
	} else if (failure) {
		fuse_reply_err(request, failure);
	} else {
		place_reply(request, parent, name, &found);
	}
}

static void do_forget(fuse_req_t request, fuse_ino_t id, uint64_t lookups)
{
	Mount *mount = mount_of(request);
	node_forget(mount->nodes, mount_node(mount, id), lookups);
	fuse_reply_none(request);
}

static void do_forget_multi(fuse_req_t request, size_t count, struct fuse_forget_data *forgets)
{
	Mount *mount = mount_of(request);
	for (size_t i = 0; i < count; i++) {
		node_forget(mount->nodes, mount_node(mount, forgets[i].ino), forgets[i].nlookup);
	}
	fuse_reply_none(request);
}

static void do_readlink(fuse_req_t request, fuse_ino_t id)
{
	Mount *mount = mount_of(request);
	Place place;
	int failure = place_open(mount, mount_node(mount, id), &place);
	char target[PATH_MAX + 1];
	if (failure == 0) {
		ssize_t size = readlinkat(place.fd, place.name, target, sizeof target - 1);
		failure = size < 0 ? (errno == EINVAL || errno == ENOENT ? ESTALE : errno) : 0;
		target[MAX(size, 0)] = '\0';
		place_close(mount, &place);
	}
	if (failure) {
		fuse_reply_err(request, failure);
	} else {
		fuse_reply_readlink(request, target);
	}
}

/* ---- making ----------------------------------------------------------------------------- */

/* This process's umask took permissions away that the program's had left. */
static int allow(int fd, const char *name, const struct statx *found, mode_t mode)
{
	if (S_ISLNK(found->stx_mode) || (found->stx_mode & 07777) == (mode & 07777)) {
		return 0;
	}
	return fchmodat(fd, name, (mode & 07777) | (found->stx_mode & S_ISGID), 0) == 0 ? 0 : errno;
}

/* What was made at name: answers, tells. */
static void made(fuse_req_t request, Node *parent, Folder *folder, const char *name, mode_t mode)
{
	Mount *mount = mount_of(request);
	struct statx found;
	int failure = place_look_in(mount, folder, name, &found);
	if (failure == 0) {
		failure = allow(folder_fd(folder), name, &found, mode);
		found.stx_mode = (uint16_t)((found.stx_mode & ~0777) | (mode & 0777));
	}
	notice_created(mount, parent, name, failure == 0 && attr_is_folder(&found));
	if (failure) {
		fuse_reply_err(request, failure);
	} else {
		place_reply(request, parent, name, &found);
	}
}

typedef struct Making {
	const char *name;
	const char *target; /* of a link; NULL: no link */
	mode_t mode;        /* with its type */
} Making;

static int make(int fd, const Making *what)
{
	if (what->target) {
		return symlinkat(what->target, fd, what->name);
	}
	if (S_ISDIR(what->mode)) {
		return mkdirat(fd, what->name, what->mode & 07777);
	}
	int made_fd = openat(fd, what->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			     what->mode & 07777);
	return made_fd < 0 ? -1 : close(made_fd);
}

static void make_here(fuse_req_t request, fuse_ino_t parent_id, const Making *what)
{
	Mount *mount = mount_of(request);
	Node *parent = mount_node(mount, parent_id);
	if (place_is_reserved(parent, what->name)) {
		fuse_reply_err(request, EPERM);
		return;
	}
	Folder *folder = NULL;
	int failure = folder_open(mount->folders, parent, &folder);
	if (failure == 0 && make(folder_fd(folder), what) != 0) {
		failure = errno;
	}
	if (failure) {
		fuse_reply_err(request, failure);
	} else {
		mode_t mode = what->target ? 0777 : what->mode;
		made(request, parent, folder, what->name, mode);
	}
	folder_close(mount->folders, folder);
}

static void do_mkdir(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode)
{
	const Making what = { .name = name, .mode = S_IFDIR | (mode & 07777) };
	make_here(request, parent, &what);
}

static void do_mknod(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode,
		     dev_t device)
{
	/* Sockets, pipes and devices cannot travel. */
	if (!S_ISREG(mode)) {
		fuse_reply_err(request, EPERM);
		return;
	}
	const Making what = { .name = name, .mode = mode };
	make_here(request, parent, &what);
}

static void do_symlink(fuse_req_t request, const char *target, fuse_ino_t parent, const char *name)
{
	const Making what = { .name = name, .target = target };
	make_here(request, parent, &what);
}

/* A file's record speaks of one name. */
static void do_link(fuse_req_t request, fuse_ino_t id, fuse_ino_t parent, const char *name)
{
	fuse_reply_err(request, EPERM);
}

/* ---- removing and moving ---------------------------------------------------------------- */

static void remove_here(fuse_req_t request, fuse_ino_t parent_id, const char *name, int flags)
{
	Mount *mount = mount_of(request);
	Node *parent = mount_node(mount, parent_id);
	Folder *folder = NULL;
	int failure = place_is_reserved(parent, name)
			      ? ENOENT
			      : folder_open(mount->folders, parent, &folder);
	if (failure == 0 && unlinkat(folder_fd(folder), name, flags) != 0) {
		failure = errno;
	}
	if (failure == 0) {
		notice_deleted(mount, parent, name, flags == AT_REMOVEDIR);
	}
	folder_close(mount->folders, folder);
	fuse_reply_err(request, failure);
}

static void do_unlink(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	remove_here(request, parent, name, 0);
}

static void do_rmdir(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	remove_here(request, parent, name, AT_REMOVEDIR);
}

typedef struct Moving {
	Node *from_parent, *to_parent;
	Folder *from, *to;
	const char *from_name, *to_name;
} Moving;

/* What is now at `name` has its node there, too. Returns whether it is a folder. */
static bool settle(Mount *mount, Folder *folder, Node *parent, const char *name)
{
	struct statx found;
	Node *node = NULL;
	if (place_settle(mount, folder, parent, name, &node, &found) != 0) {
		return false;
	}
	/* What takes another's place is for the engine to see, whoever still writes to it. */
	volume_made(mount->volume, found.stx_ino);
	node_unref(mount->nodes, node);
	return attr_is_folder(&found);
}

static void moved(Mount *mount, const Moving *moving, unsigned flags)
{
	const NoticeEnd from = { moving->from_parent, moving->from_name };
	const NoticeEnd to = { moving->to_parent, moving->to_name };
	bool folder = settle(mount, moving->to, moving->to_parent, moving->to_name);
	notice_moved(mount, &from, &to, folder);
	if (flags & RENAME_EXCHANGE) {
		folder = settle(mount, moving->from, moving->from_parent, moving->from_name);
		notice_moved(mount, &to, &from, folder);
	}
}

static int move(Mount *mount, Moving *moving, unsigned flags)
{
	if (place_is_reserved(moving->from_parent, moving->from_name) ||
	    place_is_reserved(moving->to_parent, moving->to_name)) {
		return EPERM;
	}
	if (flags & ~(unsigned)(RENAME_EXCHANGE | RENAME_NOREPLACE)) {
		return EINVAL;
	}
	int failure = folder_open(mount->folders, moving->from_parent, &moving->from);
	if (failure == 0) {
		failure = folder_open(mount->folders, moving->to_parent, &moving->to);
	}
	if (failure == 0 && renameat2(folder_fd(moving->from), moving->from_name,
				      folder_fd(moving->to), moving->to_name, flags) != 0) {
		failure = errno;
	}
	if (failure == 0) {
		moved(mount, moving, flags);
	}
	folder_close(mount->folders, moving->from);
	folder_close(mount->folders, moving->to);
	return failure;
}

static void do_rename(fuse_req_t request, fuse_ino_t parent, const char *name,
		      fuse_ino_t new_parent, const char *new_name, unsigned flags)
{
	Mount *mount = mount_of(request);
	Moving moving = {
		.from_parent = mount_node(mount, parent),
		.from_name = name,
		.to_parent = mount_node(mount, new_parent),
		.to_name = new_name,
	};
	fuse_reply_err(request, move(mount, &moving, flags));
}

void ops_tree_fill(struct fuse_lowlevel_ops *ops)
{
	ops->lookup = do_lookup;
	ops->forget = do_forget;
	ops->forget_multi = do_forget_multi;
	ops->readlink = do_readlink;
	ops->mkdir = do_mkdir;
	ops->mknod = do_mknod;
	ops->symlink = do_symlink;
	ops->link = do_link;
	ops->unlink = do_unlink;
	ops->rmdir = do_rmdir;
	ops->rename = do_rename;
}
