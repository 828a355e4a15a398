/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes: a person's (user.*) are passed through, the volume's are hidden. One is made
 * up: MOUNT_STATE_ATTRIBUTE.
 */
#include "client/mount/mount_internal.h"

#include "client/mount/file.h"
#include "client/mount/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define USER_PREFIX "user."
#define PATH_SIZE (NAME_MAX + 64)

/* A way to the backing file: an open one, or a path that follows no link. */
typedef struct Reached {
	OpenFile *file;
	Place place;
	char path[PATH_SIZE];
} Reached;

static int reach(Mount *mount, Node *node, Reached *ret_reached)
{
	*ret_reached = (Reached){ .file = file_any(mount, node, false) };
	if (ret_reached->file) {
		return 0;
	}
	int failure = place_open(mount, node, &ret_reached->place);
	if (failure) {
		return failure;
	}
	const Place *place = &ret_reached->place;
	g_snprintf(ret_reached->path, PATH_SIZE, "/proc/self/fd/%d/%s", place->fd,
		   *place->name ? place->name : ".");
	struct statx found;
	failure = attr_get(place->fd, place->name, &found);
	if (failure == 0 && !attr_is(&found, node_key(node))) {
		failure = ESTALE;
	}
	if (failure) {
		place_close(mount, &ret_reached->place);
	}
	return failure;
}

static void leave(Mount *mount, Reached *reached)
{
	if (reached->file) {
		file_unref(mount, reached->file);
	} else {
		place_close(mount, &reached->place);
	}
}

static ssize_t get(const Reached *reached, const char *name, char *bytes, size_t size)
{
	return reached->file ? fgetxattr(reached->file->fd, name, bytes, size)
			     : lgetxattr(reached->path, name, bytes, size);
}

static ssize_t list(const Reached *reached, char *bytes, size_t size)
{
	return reached->file ? flistxattr(reached->file->fd, bytes, size)
			     : llistxattr(reached->path, bytes, size);
}

typedef struct Attribute {
	const char *name;
	const char *bytes; /* NULL: it is removed */
	size_t size;
	int flags;
} Attribute;

static int set(const Reached *reached, const Attribute *what)
{
	int done = 0;
	if (reached->file) {
		int fd = reached->file->fd;
		done = what->bytes ? fsetxattr(fd, what->name, what->bytes, what->size, what->flags)
				   : fremovexattr(fd, what->name);
	} else {
		const char *path = reached->path;
		done = what->bytes
			       ? lsetxattr(path, what->name, what->bytes, what->size, what->flags)
			       : lremovexattr(path, what->name);
	}
	return done == 0 ? 0 : errno;
}

static void reply_bytes(fuse_req_t request, const char *bytes, size_t found, size_t size)
{
	if (size == 0) {
		fuse_reply_xattr(request, found);
	} else if (found > size) {
		fuse_reply_err(request, ERANGE);
	} else {
		fuse_reply_buf(request, bytes, found);
	}
}

/* ---- state ------------------------------------------------------------------------------ */

static int state_text(Mount *mount, Node *node, const char **ret_text)
{
	int fd = -1;
	int failure = file_open_path(mount, node, &fd);
	if (failure) {
		return failure;
	}
	VolumeState state = VOLUME_CACHED;
	bool pinned = false;
	failure = volume_state(mount->volume, fd, &state, &pinned);
	close(fd);
	/* Pinned and not here yet is what it is: not here yet. */
	*ret_text = pinned && state == VOLUME_CACHED ? "pinned" : volume_state_name(state);
	return failure;
}

static void get_state(fuse_req_t request, Node *node, size_t size)
{
	const char *text = NULL;
	int failure = state_text(mount_of(request), node, &text);
	if (failure) {
		fuse_reply_err(request, failure);
	} else {
		reply_bytes(request, text, strlen(text), size);
	}
}

static int set_state(Mount *mount, Node *node, const char *value, size_t size)
{
	g_autofree char *wanted = g_strndup(value, size);
	int fd = -1;
	int failure = file_open_path(mount, node, &fd);
	if (failure) {
		return failure;
	}
	if (strcmp(wanted, "pinned") == 0 || strcmp(wanted, "unpinned") == 0) {
		failure = volume_pin(mount->volume, fd, *wanted == 'p');
	} else if (strcmp(wanted, volume_state_name(VOLUME_ONLINE_ONLY)) == 0) {
		failure = volume_free(mount->volume, fd);
	} else {
		failure = EINVAL;
	}
	close(fd);
	return failure;
}

/* ---- operations ------------------------------------------------------------------------- */

static bool is_users(const char *name)
{
	return g_str_has_prefix(name, USER_PREFIX);
}

static void do_getxattr(fuse_req_t request, fuse_ino_t id, const char *name, size_t size)
{
	Mount *mount = mount_of(request);
	Node *node = mount_node(mount, id);
	/* The kernel asks for security.* before each write. */
	if (!is_users(name)) {
		fuse_reply_err(request, EOPNOTSUPP);
		return;
	}
	if (strcmp(name, MOUNT_STATE_ATTRIBUTE) == 0) {
		get_state(request, node, size);
		return;
	}
	Reached reached;
	int failure = volume_is_hidden(name) ? ENODATA : reach(mount, node, &reached);
	if (failure) {
		fuse_reply_err(request, failure);
		return;
	}
	g_autofree char *bytes = size > 0 ? g_malloc(size) : NULL;
	ssize_t found = get(&reached, name, bytes, size);
	failure = errno;
	leave(mount, &reached);
	if (found < 0) {
		fuse_reply_err(request, failure);
	} else {
		reply_bytes(request, bytes, (size_t)found, size);
	}
}

/* Only those that a program may see; in place. Returns their size. */
static size_t keep_visible(char *names, size_t size)
{
	size_t kept = 0;
	for (size_t at = 0; at < size;) {
		size_t length = strlen(names + at) + 1;
		if (is_users(names + at) && !volume_is_hidden(names + at)) {
			memmove(names + kept, names + at, length);
			kept += length;
		}
		at += length;
	}
	return kept;
}

static void do_listxattr(fuse_req_t request, fuse_ino_t id, size_t size)
{
	Mount *mount = mount_of(request);
	Reached reached;
	int failure = reach(mount, mount_node(mount, id), &reached);
	if (failure) {
		fuse_reply_err(request, failure);
		return;
	}
	g_autofree char *names = g_malloc(XATTR_LIST_MAX + 1);
	ssize_t found = list(&reached, names, XATTR_LIST_MAX);
	failure = errno;
	leave(mount, &reached);
	if (found < 0) {
		fuse_reply_err(request, failure);
	} else {
		names[found] = '\0';
		reply_bytes(request, names, keep_visible(names, (size_t)found), size);
	}
}

static void change(fuse_req_t request, Node *node, const Attribute *attribute)
{
	const char *name = attribute->name;
	Mount *mount = mount_of(request);
	Reached reached;
	int failure = 0;
	if (!is_users(name)) {
		failure = EOPNOTSUPP;
	} else if (volume_is_hidden(name)) {
		failure = EPERM;
	} else {
		failure = reach(mount, node, &reached);
	}
	if (failure == 0) {
		failure = set(&reached, attribute);
		leave(mount, &reached);
	}
	fuse_reply_err(request, failure);
}

static void do_setxattr(fuse_req_t request, fuse_ino_t id, const char *name, const char *bytes,
			size_t size, int flags)
{
	Mount *mount = mount_of(request);
	Node *node = mount_node(mount, id);
	if (strcmp(name, MOUNT_STATE_ATTRIBUTE) == 0) {
		fuse_reply_err(request, set_state(mount, node, bytes, size));
		return;
	}
	const Attribute attribute = { name, bytes ? bytes : "", size, flags };
	change(request, node, &attribute);
}

static void do_removexattr(fuse_req_t request, fuse_ino_t id, const char *name)
{
	Node *node = mount_node(mount_of(request), id);
	if (strcmp(name, MOUNT_STATE_ATTRIBUTE) == 0) {
		fuse_reply_err(request, EPERM);
		return;
	}
	const Attribute attribute = { .name = name };
	change(request, node, &attribute);
}

void ops_xattr_fill(struct fuse_lowlevel_ops *ops)
{
	ops->getxattr = do_getxattr;
	ops->listxattr = do_listxattr;
	ops->setxattr = do_setxattr;
	ops->removexattr = do_removexattr;
}
