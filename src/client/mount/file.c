/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mount/file.h"

#include "client/mount/place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static OpenFile *make(Mount *mount, int fd, int *ret_errno)
{
	OpenFile *file = g_new0(OpenFile, 1);
	file->fd = fd;
	file->references = 1;
	file->writable = (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
	file->body = volume_file_open(mount->volume, fd, ret_errno);
	if (!file->body) {
		close(fd);
		g_free(file);
		return NULL;
	}
	return file;
}

OpenFile *file_new(Mount *mount, Node *node, int fd, bool empty, int *ret_errno)
{
	OpenFile *file = make(mount, fd, ret_errno);
	if (file) {
		file->node = node;
		file->link.direct = empty && mount->may_be_direct;
		node_add_file(mount->nodes, node, &file->link);
	}
	return file;
}

void file_unref(Mount *mount, OpenFile *file)
{
	if (!g_atomic_int_dec_and_test(&file->references)) {
		return;
	}
	volume_file_close(file->body);
	close(file->fd);
	g_free(file);
}

void file_end(Mount *mount, OpenFile *file)
{
	if (file->writable) {
		volume_made(mount->volume, node_key(file->node)->inode);
	}
	NodeKey key = *node_key(file->node);
	bool mixed = node_remove_file(mount->nodes, file->node, &file->link) && file->link.direct &&
		     file->writable;
	file_unref(mount, file);
	if (mixed) {
		/* Who had it mapped meanwhile may have made the kernel keep a page of before. */
		teller_pages(mount->teller, &key);
	}
}

typedef struct Search {
	bool writable;
	OpenFile *found;
} Search;

static bool search(NodeFile *link, void *data)
{
	Search *wanted = data;
	OpenFile *file = (OpenFile *)link;
	if (wanted->writable && !file->writable) {
		return false;
	}
	g_atomic_int_inc(&file->references);
	wanted->found = file;
	return true;
}

OpenFile *file_any(Mount *mount, Node *node, bool writable)
{
	Search wanted = { .writable = writable };
	node_each_file(mount->nodes, node, search, &wanted);
	return wanted.found;
}

/* The same backing file, opened anew: for those whose name is gone. */
static int reopen(const OpenFile *file, int flags, int *ret_fd)
{
	char path[64];
	g_snprintf(path, sizeof path, "/proc/self/fd/%d", file->fd);
	*ret_fd = open(path, flags | O_CLOEXEC);
	return *ret_fd < 0 ? errno : 0;
}

static int open_any(Mount *mount, Node *node, int flags, int *ret_fd)
{
	OpenFile *other = file_any(mount, node, false);
	if (!other) {
		return place_open_file(mount, node, flags, ret_fd);
	}
	int failure = reopen(other, flags, ret_fd);
	file_unref(mount, other);
	return failure;
}

int file_open_path(Mount *mount, Node *node, int *ret_fd)
{
	OpenFile *file = file_any(mount, node, false);
	if (!file) {
		return place_open_file(mount, node, O_PATH, ret_fd);
	}
	*ret_fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
	int failure = *ret_fd < 0 ? errno : 0;
	file_unref(mount, file);
	return failure;
}

int file_may(Mount *mount, Node *node, int mask)
{
	int fd = -1;
	int failure = file_open_path(mount, node, &fd);
	if (failure) {
		return failure;
	}
	failure = faccessat(fd, "", mask, AT_EACCESS | AT_EMPTY_PATH) == 0 ? 0 : errno;
	close(fd);
	return failure;
}

int file_borrow(Mount *mount, Node *node, bool writable, OpenFile **ret_file)
{
	*ret_file = file_any(mount, node, writable);
	if (*ret_file) {
		return 0;
	}
	int fd = -1;
	int failure = open_any(mount, node, writable ? O_RDWR : O_RDONLY, &fd);
	if (failure == EACCES) {
		/* A person may change what he may not read. */
		failure = open_any(mount, node, O_WRONLY, &fd);
	}
	if (failure) {
		return failure;
	}
	*ret_file = make(mount, fd, &failure);
	return *ret_file ? 0 : failure;
}

/* ---- waiting ---------------------------------------------------------------------------- */

typedef struct Wait {
	Mount *mount;
	fuse_req_t request;
	GCancellable *cancellable;
} Wait;

static void interrupt(fuse_req_t request, void *data)
{
	g_cancellable_cancel(data);
}

static void wait_begin(Wait *wait, fuse_req_t request)
{
	wait->mount = mount_of(request);
	wait->request = request;
	wait->cancellable = g_cancellable_new();
	g_mutex_lock(&wait->mount->lock);
	g_hash_table_add(wait->mount->waiting, wait->cancellable);
	bool closing = wait->mount->closing;
	g_mutex_unlock(&wait->mount->lock);
	if (closing) {
		g_cancellable_cancel(wait->cancellable);
	}
	fuse_req_interrupt_func(request, interrupt, wait->cancellable);
}

static void wait_end(Wait *wait)
{
	fuse_req_interrupt_func(wait->request, NULL, NULL);
	g_mutex_lock(&wait->mount->lock);
	g_hash_table_remove(wait->mount->waiting, wait->cancellable);
	g_mutex_unlock(&wait->mount->lock);
	g_object_unref(wait->cancellable);
}

int file_need(fuse_req_t request, OpenFile *file, uint64_t offset, uint64_t size)
{
	if (volume_file_is_here(file->body)) {
		return 0;
	}
	Wait wait;
	wait_begin(&wait, request);
	int failure = volume_file_need(file->body, offset, size, wait.cancellable);
	wait_end(&wait);
	return failure;
}

int file_touch(fuse_req_t request, OpenFile *file, uint64_t keep_size)
{
	if (volume_file_is_touched(file->body)) {
		return 0;
	}
	Wait wait;
	wait_begin(&wait, request);
	int failure = volume_file_touch(file->body, keep_size, wait.cancellable);
	wait_end(&wait);
	return failure;
}

int file_strip(Mount *mount, OpenFile *file)
{
	struct stat info;
	if (!mount_strips(mount)) {
		return 0;
	}
	if (fstat(file->fd, &info) != 0) {
		return errno;
	}
	mode_t mode = info.st_mode & 07777;
	mode_t kept = mode & ~(mode_t)S_ISUID;
	if (mode & S_IXGRP) {
		kept &= ~(mode_t)S_ISGID;
	}
	return kept == mode ? 0 : volume_file_alter(file->body, NULL, kept);
}
