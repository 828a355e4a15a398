/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listing folders. Each opened folder has a stream of its own on the backing folder; offsets are
 * those of the backing file system.
 */
#include "client/mount/mount_internal.h"

#include "client/mount/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct Listing {
	GMutex lock;
	Node *node;
	Folder *folder; /* for looking at what lies in it */
	DIR *stream;
	long at;                /* where the stream is */
	struct dirent *pending; /* read and not yet told */
} Listing;

static void listing_free(Mount *mount, Listing *listing)
{
	if (listing->stream) {
		closedir(listing->stream);
	}
	folder_close(mount->folders, listing->folder);
	g_mutex_clear(&listing->lock);
	g_free(listing);
}

static int listing_open(Mount *mount, Node *node, Listing **ret_listing)
{
	Folder *folder = NULL;
	int failure = folder_open(mount->folders, node, &folder);
	if (failure) {
		return failure;
	}
	int fd = openat(folder_fd(folder), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream) {
		failure = errno;
		if (fd >= 0) {
			close(fd);
		}
		folder_close(mount->folders, folder);
		return failure;
	}
	Listing *listing = g_new0(Listing, 1);
	g_mutex_init(&listing->lock);
	listing->node = node;
	listing->folder = folder;
	listing->stream = stream;
	*ret_listing = listing;
	return 0;
}

static void remember(Mount *mount, Listing *listing)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&mount->lock);
	g_hash_table_add(mount->listings, listing);
}

static void forget(Mount *mount, Listing *listing)
{
	g_mutex_lock(&mount->lock);
	g_hash_table_remove(mount->listings, listing);
	g_mutex_unlock(&mount->lock);
	listing_free(mount, listing);
}

void ops_folder_close_all(Mount *mount)
{
	GHashTableIter iter;
	void *listing = NULL;
	g_hash_table_iter_init(&iter, mount->listings);
	while (g_hash_table_iter_next(&iter, &listing, NULL)) {
		listing_free(mount, listing);
	}
	g_hash_table_remove_all(mount->listings);
}

static Listing *listing_of(const struct fuse_file_info *info)
{
	return (Listing *)(uintptr_t)info->fh;
}

static void do_opendir(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *info)
{
	Mount *mount = mount_of(request);
	Listing *listing = NULL;
	int failure = listing_open(mount, mount_node(mount, id), &listing);
	if (failure) {
		fuse_reply_err(request, failure);
		return;
	}
	remember(mount, listing);
	info->fh = (uintptr_t)listing;
	info->cache_readdir = 1;
	info->keep_cache = 1;
	if (fuse_reply_open(request, info) != 0) {
		forget(mount, listing);
	}
}

static void do_releasedir(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *info)
{
	forget(mount_of(request), listing_of(info));
	fuse_reply_err(request, 0);
}

static void do_fsyncdir(fuse_req_t request, fuse_ino_t id, int only_data,
			struct fuse_file_info *info)
{
	int done = fsync(dirfd(listing_of(info)->stream));
	fuse_reply_err(request, done == 0 ? 0 : errno);
}

/* ---- reading ---------------------------------------------------------------------------- */

typedef struct Page {
	fuse_req_t request;
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
static int add_known(Page *page, Listing *listing, const struct dirent *found)
{
	Mount *mount = mount_of(page->request);
	struct statx info;
	if (place_look_in(mount, listing->folder, found->d_name, &info) != 0) {
		return -1;
	}
	struct fuse_entry_param entry;
	Node *node = place_remember(mount, listing->node, found->d_name, &info, &entry);
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
static int add_name(Page *page, const struct dirent *found)
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

/* The next entry that is to be told, or NULL; *ret_errno is 0 at the end. */
static struct dirent *next(Listing *listing, int *ret_errno)
{
	for (;;) {
		errno = 0;
		struct dirent *found = listing->pending ? g_steal_pointer(&listing->pending)
							: readdir(listing->stream);
		*ret_errno = found ? 0 : errno;
		if (!found || !place_is_reserved(listing->node, found->d_name)) {
			return found;
		}
		listing->at = found->d_off;
	}
}

static int fill(Page *page, Listing *listing, off_t offset)
{
	if (offset != listing->at) {
		listing->pending = NULL;
		seekdir(listing->stream, offset);
		listing->at = offset;
	}
	int failure = 0;
	struct dirent *found = NULL;
	while ((found = next(listing, &failure))) {
		bool plain = !page->plus || is_dots(found->d_name);
		int full = plain ? add_name(page, found) : add_known(page, listing, found);
		if (full > 0) {
			listing->pending = found;
			return 0;
		}
		listing->at = found->d_off;
	}
	/* What was told already counts. */
	return page->used > 0 ? 0 : failure;
}

static void list(fuse_req_t request, size_t size, off_t offset, const struct fuse_file_info *info,
		 bool plus)
{
	Mount *mount = mount_of(request);
	Listing *listing = listing_of(info);
	Page page = { .request = request, .bytes = g_malloc(size), .size = size, .plus = plus };
	g_mutex_lock(&listing->lock);
	int failure = fill(&page, listing, offset);
	g_mutex_unlock(&listing->lock);
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
	list(request, size, offset, info, false);
}

static void do_readdirplus(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset,
			   struct fuse_file_info *info)
{
	list(request, size, offset, info, true);
}

void ops_folder_fill(struct fuse_lowlevel_ops *ops)
{
	ops->opendir = do_opendir;
	ops->releasedir = do_releasedir;
	ops->fsyncdir = do_fsyncdir;
	ops->readdir = do_readdir;
	ops->readdirplus = do_readdirplus;
}
