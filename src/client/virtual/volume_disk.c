/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backing folder as the engine sees it: a local folder (disk_posix.c) in which a record takes
 * the place of what the file itself says. Nothing here is told to the watch, and what the engine
 * changes is told to the listener.
 */
#include "base/error.h"
#include "base/text.h"
#include "client/disk/beneath.h"
#include "client/disk/disk_impl.h"
#include "client/virtual/volume_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct VirtualDisk {
	Disk base;
	Volume *volume;
	Disk *inner;
} VirtualDisk;

/* A file that is there has `file`; a staged one, which nobody else sees, has a record or none. */
typedef struct VirtualFile {
	DiskFile base;
	VirtualDisk *disk;
	DiskFile *inner;
	VolumeFile *file;
	bool promised;
} VirtualFile;

static int fd_of(const VirtualFile *file)
{
	return disk_posix_file(file->inner);
}

static bool fail(GError **error, int errnum, const char *path)
{
	g_autofree char *shown = text_printable(path, strlen(path));
	if (errnum == EBADMSG) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "'%s' in the disk's folder: its attribute " RECORD_ATTRIBUTE
			    " is damaged: remove the file",
			    shown);
		return false;
	}
	return error_set_errno(error, errnum, "read the record of '%s'", shown);
}

/* ---- whom to tell ------------------------------------------------------------------------- */

static bool is_ours(const char *path)
{
	size_t size = strlen(DISK_RESERVED);
	return strncmp(path, DISK_RESERVED, size) == 0 && (path[size] == '\0' || path[size] == '/');
}

static void tell_entry(VirtualDisk *disk, const char *path)
{
	const char *slash = strrchr(path, '/');
	g_autofree char *folder = g_strndup(path, slash ? (size_t)(slash - path) : 0);
	DiskInfo info;
	if (!is_ours(path) && disk->inner->class->look(disk->inner, folder, &info, NULL, NULL)) {
		volume_tell_entry(disk->volume, &info.stamp, path);
	}
}

/* ---- files -------------------------------------------------------------------------------- */

static void virtual_file_close(DiskFile *base)
{
	VirtualFile *file = (VirtualFile *)base;
	if (file->file) {
		body_release(file->file->body, file);
		volume_file_close(file->file);
	}
	file->inner->class->close(file->inner);
	g_free(file);
}

static bool need(VirtualFile *file, uint64_t offset, size_t size, GError **error)
{
	int errnum = file->file ? volume_file_need(file->file, offset, size, NULL) : 0;
	if (errnum == ENETUNREACH) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE,
			    "read: its bytes are on the server, which cannot be reached");
		return false;
	}
	return !errnum || error_set_errno(error, errnum, "read");
}

static ssize_t virtual_file_read(DiskFile *base, uint64_t offset, void *ret_bytes, size_t size,
				 GError **error)
{
	VirtualFile *file = (VirtualFile *)base;
	return need(file, offset, size, error)
		       ? file->inner->class->read(file->inner, offset, ret_bytes, size, error)
		       : -1;
}

static ssize_t virtual_file_write(DiskFile *base, uint64_t offset, const void *bytes, size_t size,
				  GError **error)
{
	VirtualFile *file = (VirtualFile *)base;
	g_assert(!file->promised && !file->file);
	return file->inner->class->write(file->inner, offset, bytes, size, error);
}

static ssize_t virtual_file_copy(DiskFile *base, DiskFile *base_from, const DiskCopy *copy,
				 GError **error)
{
	VirtualFile *file = (VirtualFile *)base, *from = (VirtualFile *)base_from;
	g_assert(!file->promised && !file->file);
	return need(from, copy->from_offset, copy->size, error)
		       ? file->inner->class->copy(file->inner, from->inner, copy, error)
		       : -1;
}

static bool virtual_file_look(DiskFile *base, DiskInfo *ret_info, GError **error)
{
	VirtualFile *file = (VirtualFile *)base;
	if (file->file) {
		return body_look(file->file->body, fd_of(file), ret_info, error);
	}
	g_auto(Record) record = { 0 };
	if (!file->inner->class->look(file->inner, ret_info, error)) {
		return false;
	}
	int errnum = file->promised ? record_read(fd_of(file), NULL, &record) : ENODATA;
	if (!errnum) {
		body_overlay(&record, ret_info);
	}
	return !errnum || errnum == ENODATA || fail(error, errnum, "a staged file");
}

/* A staged file has no body yet. */
static int alter_staged(VirtualFile *file, int64_t mtime_ns)
{
	g_auto(Record) record = { 0 };
	int errnum = record_read(fd_of(file), NULL, &record);
	if (errnum) {
		return errnum == ENODATA ? 0 : errnum;
	}
	record.mtime_ns = mtime_ns != DISK_MTIME_KEEP ? mtime_ns : record.mtime_ns;
	record.change_ns++;
	return record_write(fd_of(file), &record);
}

static bool virtual_file_set(DiskFile *base, int64_t mtime_ns, unsigned mode, GError **error)
{
	VirtualFile *file = (VirtualFile *)base;
	if (!file->file) {
		int errnum = alter_staged(file, mtime_ns);
		return errnum ? error_set_errno(error, errnum, "set its record")
			      : file->inner->class->set(file->inner, mtime_ns, mode, error);
	}
	struct timespec times[2];
	body_to_times(mtime_ns, times);
	int errnum = body_alter(file->file->body, fd_of(file),
				mtime_ns != DISK_MTIME_KEEP ? times : NULL,
				mode != DISK_MODE_KEEP ? (mode_t)mode : VOLUME_MODE_KEEP);
	DiskInfo info;
	if (!errnum && file->inner->class->look(file->inner, &info, NULL)) {
		volume_tell_body(file->disk->volume, &info.stamp);
	}
	return !errnum || error_set_errno(error, errnum, "set its attributes");
}

/* A promised file has no bytes that could be lost. */
static bool virtual_file_sync(DiskFile *base, GError **error)
{
	VirtualFile *file = (VirtualFile *)base;
	return file->promised || file->inner->class->sync(file->inner, error);
}

/* Only through the mount could a program write to it. */
static bool virtual_file_hold(DiskFile *base, GError **error)
{
	VirtualFile *file = (VirtualFile *)base;
	if (file->file && !body_hold(file->file->body, file)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
			    "a program has it open for writing");
		return false;
	}
	return true;
}

static const DiskFileClass virtual_file_class = {
	.close = virtual_file_close,
	.read = virtual_file_read,
	.write = virtual_file_write,
	.copy = virtual_file_copy,
	.look = virtual_file_look,
	.set = virtual_file_set,
	.sync = virtual_file_sync,
	.hold = virtual_file_hold,
};

/* ---- disk --------------------------------------------------------------------------------- */

static void virtual_close(Disk *base)
{
	VirtualDisk *disk = (VirtualDisk *)base;
	disk_close(disk->inner);
	g_free(disk);
}

typedef struct Listing {
	Volume *volume;
	const char *path;
	int folder;
	DiskVisitor visit;
	void *data;
	int errnum; /* the first */
	char *name; /* whose it is */
} Listing;

static void visit_recorded(const char *name, const DiskInfo *found, void *data)
{
	Listing *listing = data;
	DiskInfo info = *found;
	g_auto(Record) record = { 0 };
	int errnum = info.kind == DISK_FILE ? record_read(listing->folder, name, &record) : ENODATA;
	if (errnum == ENOENT) {
		/* It has just gone. */
		return;
	}
	if (errnum && errnum != ENODATA) {
		if (!listing->errnum) {
			listing->errnum = errnum;
			listing->name = g_build_filename(listing->path, name, NULL);
		}
		return;
	}
	if (!errnum) {
		body_overlay(&record, &info);
	} else if (info.kind == DISK_FILE && volume_found_half(listing->volume, info.stamp.inode)) {
		return;
	}
	listing->visit(name, &info, listing->data);
}

static bool virtual_list(Disk *base, const char *folder, DiskVisitor visit, void *data,
			 GError **error)
{
	VirtualDisk *disk = (VirtualDisk *)base;
	Listing listing = { .volume = disk->volume, .path = folder, .visit = visit, .data = data };
	listing.folder = beneath_open(disk->volume->root, folder, O_PATH | O_DIRECTORY);
	if (listing.folder < 0) {
		return beneath_fail(error, errno, "list", folder);
	}
	bool listed =
		disk->inner->class->list(disk->inner, folder, visit_recorded, &listing, error);
	close(listing.folder);
	if (listed && listing.errnum) {
		listed = fail(error, listing.errnum, listing.name);
	}
	g_free(listing.name);
	return listed;
}

static bool overlay_at(VirtualDisk *disk, const char *path, DiskInfo *info, GError **error)
{
	const char *slash = strrchr(path, '/');
	g_autofree char *folder = g_strndup(path, slash ? (size_t)(slash - path) : 0);
	int fd = beneath_open(disk->volume->root, folder, O_PATH | O_DIRECTORY);
	if (fd < 0) {
		return beneath_fail(error, errno, "look at", path);
	}
	g_auto(Record) record = { 0 };
	int errnum = record_read(fd, slash ? slash + 1 : path, &record);
	close(fd);
	if (!errnum) {
		body_overlay(&record, info);
	}
	if (errnum == ENOENT) {
		return beneath_fail(error, ENOENT, "look at", path);
	}
	return !errnum || errnum == ENODATA || fail(error, errnum, path);
}

static bool virtual_look(Disk *base, const char *path, DiskInfo *ret_info, char **ret_target,
			 GError **error)
{
	VirtualDisk *disk = (VirtualDisk *)base;
	DiskInfo info;
	g_autofree char *target = NULL;
	if (!disk->inner->class->look(disk->inner, path, &info, ret_target ? &target : NULL,
				      error) ||
	    (info.kind == DISK_FILE && !overlay_at(disk, path, &info, error))) {
		return false;
	}
	/* What was seen once is seen from then on: else it would seem to be deleted. */
	volume_made(disk->volume, info.stamp.inode);
	*ret_info = info;
	if (ret_target) {
		*ret_target = g_steal_pointer(&target);
	}
	return true;
}

static DiskFile *virtual_open(Disk *base, const char *path, bool create, GError **error)
{
	VirtualDisk *disk = (VirtualDisk *)base;
	DiskFile *inner = disk->inner->class->open(disk->inner, path, create, error);
	if (!inner) {
		return NULL;
	}
	inner->disk = disk->inner;
	VolumeFile *opened = NULL;
	if (!create) {
		int errnum = 0;
		opened = volume_file_open(disk->volume, disk_posix_file(inner), &errnum);
		if (!opened) {
			inner->class->close(inner);
			fail(error, errnum, path);
			return NULL;
		}
	}
	VirtualFile *file = g_new0(VirtualFile, 1);
	file->base.class = &virtual_file_class;
	file->disk = disk;
	file->inner = inner;
	file->file = opened;
	return &file->base;
}

static bool virtual_make(Disk *base, const char *path, const char *target, int64_t mtime_ns,
			 GError **error)
{
	VirtualDisk *disk = (VirtualDisk *)base;
	bool made = disk->inner->class->make(disk->inner, path, target, mtime_ns, error);
	if (made) {
		tell_entry(disk, path);
	}
	return made;
}

/* A descriptor of what is at path; -1. */
static int open_at(const VirtualDisk *disk, const char *path)
{
	int fd = beneath_open(disk->volume->root, path, O_PATH);
	int own = fd < 0 ? -1 : record_reopen(fd, O_RDONLY);
	if (fd >= 0) {
		close(fd);
	}
	return own;
}

static bool is_pinned(const VirtualDisk *disk, const char *path)
{
	char none[1];
	size_t size;
	int fd = beneath_open(disk->volume->root, path, O_PATH);
	bool pinned = fd >= 0 &&
		      record_get(fd, NULL, RECORD_PIN_ATTRIBUTE, none, sizeof none, &size) == 0;
	if (fd >= 0) {
		close(fd);
	}
	return pinned;
}

/* What takes the place of a pinned file is pinned. */
static void hand_on_pin(const VirtualDisk *disk, const char *from, const char *to)
{
	if (is_ours(to) || !g_atomic_int_get(&disk->volume->has_pins) || !is_pinned(disk, to)) {
		return;
	}
	int fd = open_at(disk, from);
	if (fd >= 0) {
		record_put(fd, RECORD_PIN_ATTRIBUTE, "", 0);
		close(fd);
	}
}

/* It, or a folder on the way, is pinned: what came there is to be fetched. */
static void fetch_pinned(const VirtualDisk *disk, const char *path)
{
	if (is_ours(path) || !g_atomic_int_get(&disk->volume->has_pins)) {
		return;
	}
	bool pinned = is_pinned(disk, path) || is_pinned(disk, "");
	for (const char *slash = strchr(path, '/'); slash && !pinned;
	     slash = strchr(slash + 1, '/')) {
		g_autofree char *folder = g_strndup(path, (size_t)(slash - path));
		pinned = is_pinned(disk, folder);
	}
	int fd = pinned ? open_at(disk, path) : -1;
	if (fd >= 0) {
		chores_fetch(disk->volume, fd);
	}
}

static bool virtual_rename(Disk *base, const char *from, const char *to, bool exchange,
			   GError **error)
{
	VirtualDisk *disk = (VirtualDisk *)base;
	if (exchange) {
		hand_on_pin(disk, from, to);
	}
	if (!disk->inner->class->rename(disk->inner, from, to, exchange, error)) {
		return false;
	}
	fetch_pinned(disk, to);
	tell_entry(disk, from);
	tell_entry(disk, to);
	return true;
}

static bool virtual_remove(Disk *base, const char *path, bool folder, GError **error)
{
	VirtualDisk *disk = (VirtualDisk *)base;
	bool removed = disk->inner->class->remove(disk->inner, path, folder, error);
	if (removed) {
		tell_entry(disk, path);
	}
	return removed;
}

static bool virtual_sync(Disk *base, GError **error)
{
	VirtualDisk *disk = (VirtualDisk *)base;
	return disk->inner->class->sync(disk->inner, error);
}

static const DiskClass virtual_class = {
	.close = virtual_close,
	.list = virtual_list,
	.look = virtual_look,
	.open = virtual_open,
	.make = virtual_make,
	.rename = virtual_rename,
	.remove = virtual_remove,
	.sync = virtual_sync,
};

/* ---- promises ----------------------------------------------------------------------------- */

/* First the record, then the size: never a file of zeros that seems to be somebody's. */
static bool virtual_file_promise(DiskFile *base, GBytes *content, uint64_t size, GError **error)
{
	VirtualFile *file = (VirtualFile *)base;
	DiskInfo info;
	if (!file->inner->class->look(file->inner, &info, error)) {
		return false;
	}
	g_auto(Record) record = {
		.complete = size == 0,
		/* Exact, while files are stamped with ticks: a write in this very moment shows. */
		.change_ns = body_now_ns(),
		.mtime_ns = info.mtime_ns,
		.size = size,
		.content = g_bytes_ref(content),
	};
	int errnum = 0;
	if (g_bytes_get_size(content) > RECORD_CONTENT_SIZE_MAX) {
		errnum = record_put_aside(file->disk->volume->root, content, &record);
	}
	if (!errnum) {
		errnum = record_write(fd_of(file), &record);
	}
	if (!errnum && ftruncate(fd_of(file), (off_t)size) < 0) {
		errnum = errno;
	}
	file->promised = !errnum;
	return !errnum || error_set_errno(error, errnum, "make a file whose content is to come");
}

static GBytes *virtual_file_promised(DiskFile *base, const DiskInfo *expected)
{
	VirtualFile *file = (VirtualFile *)base;
	return file->file ? body_promised(file->file->body, expected) : NULL;
}

static bool virtual_promise(Disk *base, const char *path, const DiskInfo *expected, GBytes *content,
			    GError **error)
{
	VirtualDisk *disk = (VirtualDisk *)base;
	keeper_wait(disk->volume->keeper, true);
	DiskFile *inner = disk->inner->class->open(disk->inner, path, false, error);
	DiskInfo info;
	bool there = inner && inner->class->look(inner, &info, NULL) &&
		     info.stamp.inode == expected->stamp.inode;
	if (!there) {
		/* It may have moved, with a folder. */
		body_keep_pending(disk->volume, expected, content);
	}
	if (!inner) {
		return false;
	}
	bool promised =
		body_promise(disk->volume, disk_posix_file(inner), expected, content, error);
	inner->class->close(inner);
	return promised;
}

static const DiskLazy virtual_lazy = {
	.file_promise = virtual_file_promise,
	.file_promised = virtual_file_promised,
	.promise = virtual_promise,
};

Disk *volume_disk_attach(Volume *volume, const char *folder, GError **error)
{
	Disk *inner = disk_posix_attach(folder, error);
	if (!inner) {
		return NULL;
	}
	VirtualDisk *disk = g_new0(VirtualDisk, 1);
	disk->base.class = &virtual_class;
	disk->base.lazy = &virtual_lazy;
	disk->volume = volume;
	disk->inner = inner;
	volume->root = disk_posix_root(inner);
	return &disk->base;
}
