/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Size, times, mode, owner; how much room there is; extended attributes: a person's (user.*) are
 * passed through, the volume's are hidden, and one is made up (MOUNT_STATE_ATTRIBUTE).
 */
#include "client/mount/mount_internal.h"

#include "client/mount/file.h"
#include "client/mount/notice.h"
#include "client/mount/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define TIMES (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME)
#define TIMES_NOW (FUSE_SET_ATTR_ATIME_NOW | FUSE_SET_ATTR_MTIME_NOW)

static void reply(fuse_req_t request, Node *node)
{
	struct statx found;
	int failure = place_look(mount_of(request), node, &found);
	if (failure) {
		fuse_reply_err(request, failure);
		return;
	}
	struct stat shown;
	attr_show(&found, &shown);
	fuse_reply_attr(request, &shown, MOUNT_KEPT_S);
}

static void do_getattr(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *info)
{
	reply(request, mount_node(mount_of(request), id));
}

/* ---- setting ---------------------------------------------------------------------------- */

typedef struct Setting {
	fuse_req_t request;
	Node *node;
	const struct stat *wanted;
	int what;          /* FUSE_SET_ATTR_* */
	uint64_t old_size; /* of a file */
	bool by_name;      /* not through an open file */
} Setting;

static struct timespec one_time(const Setting *setting, int set, int now, struct timespec time)
{
	if (setting->what & now) {
		return (struct timespec){ .tv_nsec = UTIME_NOW };
	}
	if (setting->what & set) {
		return time;
	}
	return (struct timespec){ .tv_nsec = UTIME_OMIT };
}

static bool times_of(const Setting *setting, struct timespec ret_times[2])
{
	ret_times[0] = one_time(setting, FUSE_SET_ATTR_ATIME, FUSE_SET_ATTR_ATIME_NOW,
				setting->wanted->st_atim);
	ret_times[1] = one_time(setting, FUSE_SET_ATTR_MTIME, FUSE_SET_ATTR_MTIME_NOW,
				setting->wanted->st_mtim);
	return setting->what & (TIMES | TIMES_NOW);
}

static bool owner_of(const Setting *setting, uid_t *ret_user, gid_t *ret_group)
{
	*ret_user = setting->what & FUSE_SET_ATTR_UID ? setting->wanted->st_uid : (uid_t)-1;
	*ret_group = setting->what & FUSE_SET_ATTR_GID ? setting->wanted->st_gid : (gid_t)-1;
	return setting->what & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID);
}

static int set_size(const Setting *setting, OpenFile *file)
{
	uint64_t size = (uint64_t)setting->wanted->st_size;
	uint64_t kept = size < setting->old_size ? size : VOLUME_KEEP_ALL;
	int failure = file_touch(setting->request, file, kept);
	if (failure == 0) {
		failure = file_strip(mount_of(setting->request), file);
	}
	if (failure == 0 && ftruncate(file->fd, (off_t)size) != 0) {
		failure = errno;
	}
	g_atomic_int_set(&file->written, 1);
	return failure;
}

static int set_file(const Setting *setting)
{
	Mount *mount = mount_of(setting->request);
	OpenFile *file = NULL;
	/* Others may have it open for writing: that allows nothing to who has not. */
	int failure = setting->by_name && (setting->what & FUSE_SET_ATTR_SIZE)
			      ? file_may(mount, setting->node, W_OK)
			      : 0;
	if (failure) {
		return failure;
	}
	failure = file_borrow(mount, setting->node, setting->what & FUSE_SET_ATTR_SIZE, &file);
	if (failure) {
		return failure;
	}
	uid_t user;
	gid_t group;
	struct timespec times[2];
	bool has_times = times_of(setting, times);
	bool has_mode = setting->what & FUSE_SET_ATTR_MODE;
	if (setting->what & FUSE_SET_ATTR_SIZE) {
		failure = set_size(setting, file);
	}
	if (failure == 0 && owner_of(setting, &user, &group) &&
	    fchown(file->fd, user, group) != 0) {
		failure = errno;
	}
	if (failure == 0 && (has_times || has_mode)) {
		failure = volume_file_alter(file->body, has_times ? times : NULL,
					    has_mode ? setting->wanted->st_mode & 07777
						     : VOLUME_MODE_KEEP);
	}
	bool opened = !file->node;
	bool half = volume_is_half(mount->volume, node_key(setting->node)->inode);
	file_unref(mount, file);
	/* Who has it open for writing is not done with it; of an open one the end tells. */
	if (failure == 0 && !half && (opened || has_times || has_mode)) {
		notice_changed(mount, setting->node);
	}
	return failure;
}

/* A folder or a link: nothing of it travels but a link's target. */
static int set_other(const Setting *setting, bool is_link)
{
	Mount *mount = mount_of(setting->request);
	Place place;
	int failure = place_open(mount, setting->node, &place);
	if (failure) {
		return failure;
	}
	const char *name = *place.name ? place.name : ".";
	uid_t user;
	gid_t group;
	struct timespec times[2];
	if (setting->what & FUSE_SET_ATTR_SIZE) {
		failure = EINVAL;
	}
	if (failure == 0 && (setting->what & FUSE_SET_ATTR_MODE) && !is_link &&
	    fchmodat(place.fd, name, setting->wanted->st_mode & 07777, 0) != 0) {
		failure = errno;
	}
	if (failure == 0 && owner_of(setting, &user, &group) &&
	    fchownat(place.fd, name, user, group, AT_SYMLINK_NOFOLLOW) != 0) {
		failure = errno;
	}
	if (failure == 0 && times_of(setting, times) &&
	    utimensat(place.fd, name, times, AT_SYMLINK_NOFOLLOW) != 0) {
		failure = errno;
	}
	place_close(mount, &place);
	if (!is_link && (setting->what & (FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID))) {
		mount_drop_listing(mount, setting->node);
	}
	return failure;
}

static void do_setattr(fuse_req_t request, fuse_ino_t id, struct stat *wanted, int what,
		       struct fuse_file_info *info)
{
	Mount *mount = mount_of(request);
	Setting setting = { request, mount_node(mount, id), wanted, what, 0, !info };
	struct statx found;
	int failure = place_look(mount, setting.node, &found);
	if (failure == 0) {
		setting.old_size = found.stx_size;
		failure = S_ISREG(found.stx_mode) ? set_file(&setting)
						  : set_other(&setting, S_ISLNK(found.stx_mode));
	}
	if (failure) {
		fuse_reply_err(request, failure);
	} else {
		reply(request, setting.node);
	}
}

/* The kernel asks for access(2) and chdir(2); everything else is refused where it is done. */
static void do_access(fuse_req_t request, fuse_ino_t id, int mask)
{
	Mount *mount = mount_of(request);
	fuse_reply_err(request,
		       file_may(mount, mount_node(mount, id), mask & (R_OK | W_OK | X_OK)));
}

/* What the drive has room for. What is written waits on the local file system until it is sent:
 * what can be written now is no more than that has, too. */
static void bound_by_drive(Mount *mount, struct statvfs *room)
{
	uint64_t total = 0, left = 0;
	if (mount->room(mount->room_data, &total, &left)) {
		uint64_t unit = room->f_frsize;
		room->f_blocks = total / unit;
		room->f_bfree = left / unit;
		room->f_bavail = MIN(room->f_bavail, room->f_bfree);
	}
}

static void do_statfs(fuse_req_t request, fuse_ino_t id)
{
	Mount *mount = mount_of(request);
	struct statvfs room;
	if (fstatvfs(volume_root(mount->volume), &room) != 0) {
		fuse_reply_err(request, errno);
		return;
	}
	bound_by_drive(mount, &room);
	room.f_namemax = NAME_MAX;
	fuse_reply_statfs(request, &room);
}

/* ---- extended attributes ------------------------------------------------------------------ */

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

void ops_attribute_fill(struct fuse_lowlevel_ops *ops)
{
	ops->getattr = do_getattr;
	ops->setattr = do_setattr;
	ops->access = do_access;
	ops->statfs = do_statfs;
	ops->getxattr = do_getxattr;
	ops->listxattr = do_listxattr;
	ops->setxattr = do_setxattr;
	ops->removexattr = do_removexattr;
}
