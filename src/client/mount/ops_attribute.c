/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Size, times, mode, owner; and how much room there is.
 */
#include "client/mount/mount_internal.h"

#include "client/mount/file.h"
#include "client/mount/notice.h"
#include "client/mount/place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
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
	file_unref(mount, file);
	/* Who has it open for writing is not done with it; of an open one the end tells. */
	if (failure == 0 && (opened || has_times || has_mode)) {
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

void ops_attribute_fill(struct fuse_lowlevel_ops *ops)
{
	ops->getattr = do_getattr;
	ops->setattr = do_setattr;
	ops->access = do_access;
	ops->statfs = do_statfs;
}
