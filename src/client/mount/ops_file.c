/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open files: reading and writing.
 *
 * The kernel appends and truncates by what it knows of the size, so a backing file is never opened
 * with O_APPEND, nor with O_TRUNC, since the volume has to hear of it first.
 */
#include "client/mount/mount_internal.h"

#include "client/mount/file.h"
#include "client/mount/notice.h"
#include "client/mount/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static OpenFile *file_of(const struct fuse_file_info *info)
{
	return (OpenFile *)(uintptr_t)info->fh;
}

static void write_note(OpenFile *file)
{
	g_atomic_int_set(&file->written, 1);
}

/* What was written since is for the engine to look at. */
static void write_notice(Mount *mount, OpenFile *file)
{
	if (g_atomic_int_compare_and_exchange(&file->written, 1, 0)) {
		volume_made(mount->volume, node_key(file->node)->inode);
		notice_changed(mount, file->node);
	}
}

/* Reading is enough to fetch what is missing, and what the kernel itself reads to complete a page
 * that a program writes to needs it too. */
static int backing_flags(int flags)
{
	return (flags & O_ACCMODE) == O_RDONLY ? O_RDONLY : O_RDWR;
}

static int open_backing(Mount *mount, Node *node, int flags, int *ret_fd)
{
	int failure = place_open_file(mount, node, backing_flags(flags), ret_fd);
	if (failure == EACCES && (flags & O_ACCMODE) == O_WRONLY) {
		failure = place_open_file(mount, node, O_WRONLY, ret_fd);
	}
	return failure;
}

/* ---- opening ---------------------------------------------------------------------------- */

/*
 * Indexers get what is here, and make nobody fetch the whole drive. Who it is costs as much to find
 * out as all the rest of opening a file.
 */
static bool may_open(fuse_req_t request, const OpenFile *file)
{
	return file->writable || volume_file_is_whole(file->body) ||
	       !indexers_match(mount_of(request)->indexers, fuse_req_ctx(request)->pid);
}

static int truncate_all(fuse_req_t request, OpenFile *file)
{
	int failure = file_touch(request, file, 0);
	if (failure == 0) {
		failure = file_strip(mount_of(request), file);
	}
	if (failure == 0 && ftruncate(file->fd, 0) != 0) {
		failure = errno;
	}
	if (failure == 0) {
		write_note(file);
	}
	return failure;
}

static void reply_open(fuse_req_t request, OpenFile *file, struct fuse_file_info *info)
{
	Mount *mount = mount_of(request);
	info->fh = (uintptr_t)file;
	info->keep_cache = 1;
	info->direct_io = file->link.direct;
	if (fuse_reply_open(request, info) != 0) {
		write_notice(mount, file);
		file_end(mount, file);
	}
}

static void do_open(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *info)
{
	Mount *mount = mount_of(request);
	Node *node = mount_node(mount, id);
	int fd = -1;
	int failure = open_backing(mount, node, info->flags, &fd);
	bool empty = (info->flags & O_TRUNC) && (info->flags & O_ACCMODE) == O_WRONLY;
	OpenFile *file = failure ? NULL : file_new(mount, node, fd, empty, &failure);
	if (!file) {
		fuse_reply_err(request, failure);
		return;
	}
	failure = may_open(request, file) ? 0 : EACCES;
	if (failure == 0 && (info->flags & O_TRUNC)) {
		failure = truncate_all(request, file);
	}
	if (failure) {
		file_end(mount, file);
		fuse_reply_err(request, failure);
		return;
	}
	reply_open(request, file, info);
}

typedef struct Creating {
	Node *parent;
	const char *name;
	mode_t mode;
	struct fuse_file_info *info;
} Creating;

static int create(Mount *mount, const Creating *what, struct statx *ret_found, int *ret_fd)
{
	Folder *folder = NULL;
	int failure = place_is_reserved(what->parent, what->name)
			      ? EPERM
			      : folder_open(mount->folders, what->parent, &folder);
	if (failure) {
		return failure;
	}
	/* Whatever the kernel believed, what is there already is not this program's new file: it
	 * may be one that has to be truncated first, which is for open to do. */
	volume_make_begin(mount->volume);
	int fd = openat(folder_fd(folder), what->name,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, what->mode & 07777);
	failure = fd < 0 ? errno : attr_get(fd, "", ret_found);
	volume_make_end(mount->volume, failure == 0 ? ret_found->stx_ino : 0);
	if (failure == 0 && (ret_found->stx_mode & 07777) != (what->mode & 07777)) {
		failure = fchmod(fd, what->mode & 07777) == 0 ? 0 : errno;
		ret_found->stx_mode =
			(uint16_t)((ret_found->stx_mode & ~07777) | (what->mode & 07777));
	}
	folder_close(mount->folders, folder);
	if (failure && fd >= 0) {
		volume_made(mount->volume, ret_found->stx_ino);
		close(fd);
	}
	*ret_fd = fd;
	return failure == EEXIST && !(what->info->flags & O_EXCL) ? ESTALE : failure;
}

static void do_create(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode,
		      struct fuse_file_info *info)
{
	Mount *mount = mount_of(request);
	const Creating what = { mount_node(mount, parent), name, mode, info };
	struct statx found;
	int fd = -1;
	int failure = create(mount, &what, &found, &fd);
	if (failure) {
		fuse_reply_err(request, failure);
		return;
	}
	struct fuse_entry_param entry;
	Node *node = place_remember(mount, what.parent, name, &found, &entry);
	bool empty = (info->flags & O_ACCMODE) == O_WRONLY;
	OpenFile *file = file_new(mount, node, fd, empty, &failure);
	if (!file) {
		volume_made(mount->volume, found.stx_ino);
		node_forget(mount->nodes, node, 1);
		fuse_reply_err(request, failure);
		return;
	}
	info->fh = (uintptr_t)file;
	info->keep_cache = 1;
	info->direct_io = file->link.direct;
	/* Noticed at its end, however little was written, and not before: half a file is for nobody
	 * to see. */
	write_note(file);
	if (fuse_reply_create(request, &entry, info) != 0) {
		write_notice(mount, file);
		file_end(mount, file);
		node_forget(mount->nodes, node, 1);
		return;
	}
	teller_grown(mount->teller);
}

static void do_release(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *info)
{
	Mount *mount = mount_of(request);
	OpenFile *file = file_of(info);
	bool written = g_atomic_int_get(&file->written) != 0;
	Node *node = written ? node_ref(mount->nodes, file->node) : NULL;
	file_end(mount, file);
	/* Only now: the volume counts it as open, and dirty, until here. */
	if (written) {
		notice_changed(mount, node);
		node_unref(mount->nodes, node);
	}
	fuse_reply_err(request, 0);
}

/* ---- bytes ------------------------------------------------------------------------------ */

static void do_read(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset,
		    struct fuse_file_info *info)
{
	OpenFile *file = file_of(info);
	int failure = file_need(request, file, (uint64_t)offset, size);
	if (failure) {
		fuse_reply_err(request, failure);
		return;
	}
	struct fuse_bufvec bytes = FUSE_BUFVEC_INIT(size);
	bytes.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	bytes.buf[0].fd = file->fd;
	bytes.buf[0].pos = offset;
	fuse_reply_data(request, &bytes, FUSE_BUF_SPLICE_MOVE);
}

static ssize_t write_all(int fd, const char *bytes, size_t size, off_t offset)
{
	size_t done = 0;
	while (done < size) {
		ssize_t written = pwrite(fd, bytes + done, size - done, offset + (off_t)done);
		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written <= 0) {
			return done > 0 ? (ssize_t)done : -1;
		}
		done += (size_t)written;
	}
	return (ssize_t)done;
}

static void do_write(fuse_req_t request, fuse_ino_t id, const char *bytes, size_t size,
		     off_t offset, struct fuse_file_info *info)
{
	OpenFile *file = file_of(info);
	int failure = file_touch(request, file, VOLUME_KEEP_ALL);
	if (failure == 0) {
		failure = file_strip(mount_of(request), file);
	}
	if (failure) {
		fuse_reply_err(request, failure);
		return;
	}
	write_note(file);
	ssize_t written = write_all(file->fd, bytes, size, offset);
	if (written < 0) {
		fuse_reply_err(request, errno);
	} else {
		fuse_reply_write(request, (size_t)written);
	}
}

static void do_fsync(fuse_req_t request, fuse_ino_t id, int only_data, struct fuse_file_info *info)
{
	OpenFile *file = file_of(info);
	int done = only_data ? fdatasync(file->fd) : fsync(file->fd);
	int failure = done == 0 ? 0 : errno;
	write_notice(mount_of(request), file);
	fuse_reply_err(request, failure);
}

static void do_fallocate(fuse_req_t request, fuse_ino_t id, int mode, off_t offset, off_t size,
			 struct fuse_file_info *info)
{
	OpenFile *file = file_of(info);
	int failure = file_touch(request, file, VOLUME_KEEP_ALL);
	if (failure == 0) {
		failure = file_strip(mount_of(request), file);
	}
	if (failure == 0 && fallocate(file->fd, mode, offset, size) != 0) {
		failure = errno;
	}
	if (failure == 0) {
		write_note(file);
	}
	fuse_reply_err(request, failure);
}

void ops_file_fill(struct fuse_lowlevel_ops *ops)
{
	/* There is no flush: what is written is in the backing file already, and the end of a file
	 * is told by release. */
	ops->open = do_open;
	ops->create = do_create;
	ops->release = do_release;
	ops->read = do_read;
	ops->write = do_write;
	ops->fsync = do_fsync;
	ops->fallocate = do_fallocate;
}
