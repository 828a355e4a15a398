/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listing folders. Nothing is kept from one page of a listing to the next: a page begins at the
 * offset at which the one before ended, which is one of the backing file system, and is read from
 * there anew. So the kernel need not say when a folder is opened and closed, which is half of all
 * that is asked for a tree whose listings it knows.
 */
#include "client/mount/mount_internal.h"

#include "client/mount/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* An entry of a page with attributes takes this many times the room of one that is read. */
#define PLUS_FACTOR 4
#define READ_SIZE_MIN 1024
#define READ_SIZE_MAX 32768

static void do_opendir(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *info)
{
	(void)id;
	if (mount_of(request)->may_open_folders) {
		/* Not asked again. It lists and keeps as what is said below has it. */
		fuse_reply_err(request, ENOSYS);
		return;
	}
	info->cache_readdir = 1;
	info->keep_cache = 1;
	fuse_reply_open(request, info);
}

static void do_releasedir(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *info)
{
	(void)id;
	(void)info;
	fuse_reply_err(request, 0);
}

static int open_to_read(const Folder *folder, int *ret_fd)
{
	*ret_fd = openat(folder_fd(folder), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? errno : 0;
}

static void do_fsyncdir(fuse_req_t request, fuse_ino_t id, int only_data,
			struct fuse_file_info *info)
{
	(void)only_data;
	(void)info;
	Mount *mount = mount_of(request);
	Folder *folder = NULL;
	int fd = -1;
	int failure = folder_open(mount->folders, mount_node(mount, id), &folder);
	if (failure == 0) {
		failure = open_to_read(folder, &fd);
		folder_close(mount->folders, folder);
	}
	if (failure == 0) {
		failure = fsync(fd) == 0 ? 0 : errno;
		close(fd);
	}
	fuse_reply_err(request, failure);
}

/* ---- reading ---------------------------------------------------------------------------- */

typedef struct Page {
	fuse_req_t request;
	Node *node;
	Folder *folder; /* for looking at what lies in it */
	char *bytes;
	size_t size;
	size_t used;
	bool plus;
} Page;

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* With what is known of it, which the kernel then counts as looked up. 1: no room; -1: gone. */
static int add_known(Page *page, const struct dirent64 *found)
{
	Mount *mount = mount_of(page->request);
	struct statx info;
	if (place_look_in(mount, page->folder, found->d_name, &info) != 0) {
		return -1;
	}
	struct fuse_entry_param entry;
	Node *node = place_remember(mount, page->node, found->d_name, &info, &entry);
	size_t room = page->size - page->used;
	size_t size = fuse_add_direntry_plus(page->request, page->bytes + page->used, room,
					     found->d_name, &entry, found->d_off);
	if (size > room) {
		node_forget(mount->nodes, node, 1);
		return 1;
	}
	page->used += size;
	return 0;
}

/* Its name and kind only. */
static int add_name(Page *page, const struct dirent64 *found)
{
	const struct stat info = { .st_ino = found->d_ino, .st_mode = DTTOIF(found->d_type) };
	const struct fuse_entry_param entry = { .attr = info };
	size_t room = page->size - page->used;
	char *at = page->bytes + page->used;
	size_t size = page->plus ? fuse_add_direntry_plus(page->request, at, room, found->d_name,
							  &entry, found->d_off)
				 : fuse_add_direntry(page->request, at, room, found->d_name, &info,
						     found->d_off);
	if (size > room) {
		return 1;
	}
	page->used += size;
	return 0;
}

/* False: the page is full. */
static bool add(Page *page, const struct dirent64 *found)
{
	if (place_is_reserved(page->node, found->d_name)) {
		return true;
	}
	bool plain = !page->plus || is_dots(found->d_name);
	return (plain ? add_name(page, found) : add_known(page, found)) <= 0;
}

static int fill(Page *page, int fd, off_t offset)
{
	if (offset != 0 && lseek(fd, offset, SEEK_SET) < 0) {
		return errno;
	}
	/* What is read and does not fit is read again for the next page. */
	size_t size =
		CLAMP(page->size / (page->plus ? PLUS_FACTOR : 1), READ_SIZE_MIN, READ_SIZE_MAX);
	g_autofree char *entries = g_malloc(size);
	ssize_t count;
	while ((count = getdents64(fd, entries, size)) > 0) {
		for (ssize_t at = 0; at < count;) {
			const struct dirent64 *found = (const void *)(entries + at);
			if (!add(page, found)) {
				return 0;
			}
			at += found->d_reclen;
		}
	}
	/* What was told already counts. */
	return count == 0 || page->used > 0 ? 0 : errno;
}

static int read_page(Page *page, off_t offset)
{
	const Mount *mount = mount_of(page->request);
	int fd = -1;
	int failure = folder_open(mount->folders, page->node, &page->folder);
	if (failure) {
		return failure;
	}
	failure = open_to_read(page->folder, &fd);
	if (failure == 0) {
		failure = fill(page, fd, offset);
		close(fd);
	}
	folder_close(mount->folders, page->folder);
	return failure;
}

static void list(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset, bool plus)
{
	const Mount *mount = mount_of(request);
	Page page = {
		.request = request,
		.node = mount_node(mount, id),
		.bytes = g_malloc(size),
		.size = size,
		.plus = plus,
	};
	int failure = read_page(&page, offset);
	if (failure) {
		fuse_reply_err(request, failure);
	} else {
		fuse_reply_buf(request, page.bytes, page.used);
		teller_grown(mount->teller);
	}
	g_free(page.bytes);
}

static void do_readdir(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset,
		       struct fuse_file_info *info)
{
	(void)info;
	list(request, id, size, offset, false);
}

static void do_readdirplus(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset,
			   struct fuse_file_info *info)
{
	(void)info;
	list(request, id, size, offset, true);
}

void ops_folder_fill(struct fuse_lowlevel_ops *ops)
{
	ops->opendir = do_opendir;
	ops->releasedir = do_releasedir;
	ops->fsyncdir = do_fsyncdir;
	ops->readdir = do_readdir;
	ops->readdirplus = do_readdirplus;
}
