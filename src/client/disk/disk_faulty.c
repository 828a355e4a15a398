/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Files of this disk are wrapped like the disk itself. */
#include "client/disk/disk_faulty.h"

#include "client/disk/disk_impl.h"

typedef struct FaultyDisk {
	Disk base;
	Disk *inner;
	DiskHook hook;
	void *data;
	size_t transfer_max;
} FaultyDisk;

typedef struct FaultyFile {
	DiskFile base;
	FaultyDisk *disk;
	DiskFile *inner;
	char *path;
} FaultyFile;

static bool ask(FaultyDisk *disk, DiskCall call, const char *path, GError **error)
{
	return disk->hook(call, path, disk->data, error);
}

/* ---- files ------------------------------------------------------------------------------ */

static bool ask_file(FaultyFile *file, DiskCall call, GError **error)
{
	return ask(file->disk, call, file->path, error);
}

static size_t limit(const FaultyFile *file, size_t size)
{
	return file->disk->transfer_max ? MIN(size, file->disk->transfer_max) : size;
}

static void faulty_file_close(DiskFile *base)
{
	FaultyFile *file = (FaultyFile *)base;
	file->inner->class->close(file->inner);
	g_free(file->path);
	g_free(file);
}

static ssize_t faulty_file_read(DiskFile *base, uint64_t offset, void *ret_bytes, size_t size,
				GError **error)
{
	FaultyFile *file = (FaultyFile *)base;
	if (!ask_file(file, DISK_CALL_FILE_READ, error)) {
		return -1;
	}
	return file->inner->class->read(file->inner, offset, ret_bytes, limit(file, size), error);
}

static ssize_t faulty_file_write(DiskFile *base, uint64_t offset, const void *bytes, size_t size,
				 GError **error)
{
	FaultyFile *file = (FaultyFile *)base;
	if (!ask_file(file, DISK_CALL_FILE_WRITE, error)) {
		return -1;
	}
	return file->inner->class->write(file->inner, offset, bytes, limit(file, size), error);
}

static ssize_t faulty_file_copy(DiskFile *base, DiskFile *base_from, const DiskCopy *copy,
				GError **error)
{
	FaultyFile *file = (FaultyFile *)base, *from = (FaultyFile *)base_from;
	DiskCopy part = *copy;
	part.size = limit(file, copy->size);
	if (!ask_file(file, DISK_CALL_FILE_COPY, error)) {
		return -1;
	}
	return file->inner->class->copy(file->inner, from->inner, &part, error);
}

static bool faulty_file_look(DiskFile *base, DiskInfo *ret_info, GError **error)
{
	FaultyFile *file = (FaultyFile *)base;
	return ask_file(file, DISK_CALL_FILE_LOOK, error) &&
	       file->inner->class->look(file->inner, ret_info, error);
}

static bool faulty_file_set(DiskFile *base, int64_t mtime_ns, unsigned mode, GError **error)
{
	FaultyFile *file = (FaultyFile *)base;
	return ask_file(file, DISK_CALL_FILE_SET, error) &&
	       file->inner->class->set(file->inner, mtime_ns, mode, error);
}

static bool faulty_file_sync(DiskFile *base, GError **error)
{
	FaultyFile *file = (FaultyFile *)base;
	return ask_file(file, DISK_CALL_FILE_SYNC, error) &&
	       file->inner->class->sync(file->inner, error);
}

static bool faulty_file_hold(DiskFile *base, GError **error)
{
	FaultyFile *file = (FaultyFile *)base;
	return ask_file(file, DISK_CALL_FILE_HOLD, error) &&
	       file->inner->class->hold(file->inner, error);
}

static bool place_inner(const FaultyFile *file, const char *path, DiskInfo *ret_info,
			GError **error)
{
	DiskFile *inner = file->inner;
	Disk *disk = file->disk->inner;
	if (!inner->class->place) {
		return disk->class->rename(disk, file->base.staged, path, false, error);
	}
	/* Only here is known where it lies. */
	inner->staged = file->base.staged;
	bool placed = inner->class->place(inner, path, ret_info, error);
	inner->staged = NULL;
	return placed;
}

static bool faulty_file_place(DiskFile *base, const char *path, DiskInfo *ret_info, GError **error)
{
	FaultyFile *file = (FaultyFile *)base;
	if (!ask(file->disk, DISK_CALL_RENAME, path, error) ||
	    !place_inner(file, path, ret_info, error)) {
		return false;
	}
	bool looked = ask_file(file, DISK_CALL_FILE_LOOK, NULL) &&
		      (file->inner->class->place ||
		       file->inner->class->look(file->inner, ret_info, NULL));
	if (!looked) {
		*ret_info = (DiskInfo){ 0 };
	}
	return true;
}

static const DiskFileClass faulty_file_class = {
	.close = faulty_file_close,
	.read = faulty_file_read,
	.write = faulty_file_write,
	.copy = faulty_file_copy,
	.look = faulty_file_look,
	.set = faulty_file_set,
	.sync = faulty_file_sync,
	.hold = faulty_file_hold,
	.place = faulty_file_place,
};

/* ---- disk ------------------------------------------------------------------------------- */

static void faulty_close(Disk *base)
{
	FaultyDisk *disk = (FaultyDisk *)base;
	disk_close(disk->inner);
	g_free(disk);
}

static bool faulty_list(Disk *base, const char *folder, DiskVisitor visit, void *data,
			GError **error)
{
	FaultyDisk *disk = (FaultyDisk *)base;
	return ask(disk, DISK_CALL_LIST, folder, error) &&
	       disk->inner->class->list(disk->inner, folder, visit, data, error);
}

static bool faulty_look(Disk *base, const char *path, DiskInfo *ret_info, char **ret_target,
			GError **error)
{
	FaultyDisk *disk = (FaultyDisk *)base;
	return ask(disk, DISK_CALL_LOOK, path, error) &&
	       disk->inner->class->look(disk->inner, path, ret_info, ret_target, error);
}

static DiskFile *faulty_open(Disk *base, const char *path, bool create, GError **error)
{
	FaultyDisk *disk = (FaultyDisk *)base;
	if (!ask(disk, DISK_CALL_OPEN, path, error)) {
		return NULL;
	}
	DiskFile *inner = disk->inner->class->open(disk->inner, path, create, error);
	if (!inner) {
		return NULL;
	}
	inner->disk = disk->inner;
	FaultyFile *file = g_new0(FaultyFile, 1);
	file->base.class = &faulty_file_class;
	file->disk = disk;
	file->inner = inner;
	file->path = g_strdup(path);
	return &file->base;
}

static bool faulty_make(Disk *base, const char *path, const char *target, int64_t mtime_ns,
			GError **error)
{
	FaultyDisk *disk = (FaultyDisk *)base;
	return ask(disk, DISK_CALL_MAKE, path, error) &&
	       disk->inner->class->make(disk->inner, path, target, mtime_ns, error);
}

static bool faulty_rename(Disk *base, const char *from, const char *to, bool exchange,
			  GError **error)
{
	FaultyDisk *disk = (FaultyDisk *)base;
	return ask(disk, DISK_CALL_RENAME, to, error) &&
	       disk->inner->class->rename(disk->inner, from, to, exchange, error);
}

static bool faulty_remove(Disk *base, const char *path, bool folder, GError **error)
{
	FaultyDisk *disk = (FaultyDisk *)base;
	return ask(disk, DISK_CALL_REMOVE, path, error) &&
	       disk->inner->class->remove(disk->inner, path, folder, error);
}

static bool faulty_sync(Disk *base, GError **error)
{
	FaultyDisk *disk = (FaultyDisk *)base;
	return ask(disk, DISK_CALL_SYNC, "", error) && disk->inner->class->sync(disk->inner, error);
}

static const DiskClass faulty_class = {
	.close = faulty_close,
	.list = faulty_list,
	.look = faulty_look,
	.open = faulty_open,
	.make = faulty_make,
	.rename = faulty_rename,
	.remove = faulty_remove,
	.sync = faulty_sync,
};

/* ---- lazy --------------------------------------------------------------------------------- */

static bool faulty_file_promise(DiskFile *base, GBytes *content, uint64_t size, GError **error)
{
	FaultyFile *file = (FaultyFile *)base;
	return ask_file(file, DISK_CALL_FILE_WRITE, error) &&
	       file->disk->inner->lazy->file_promise(file->inner, content, size, error);
}

static GBytes *faulty_file_promised(DiskFile *base, const DiskInfo *expected)
{
	FaultyFile *file = (FaultyFile *)base;
	return ask_file(file, DISK_CALL_FILE_LOOK, NULL)
		       ? file->disk->inner->lazy->file_promised(file->inner, expected)
		       : NULL;
}

static bool faulty_promise(Disk *base, const char *path, const DiskInfo *expected, GBytes *content,
			   GError **error)
{
	FaultyDisk *disk = (FaultyDisk *)base;
	return ask(disk, DISK_CALL_FILE_SET, path, error) &&
	       disk->inner->lazy->promise(disk->inner, path, expected, content, error);
}

static const DiskLazy faulty_lazy = {
	.file_promise = faulty_file_promise,
	.file_promised = faulty_file_promised,
	.promise = faulty_promise,
};

Disk *disk_faulty_new(Disk *inner, DiskHook hook, void *data)
{
	FaultyDisk *disk = g_new0(FaultyDisk, 1);
	disk->base.class = &faulty_class;
	disk->base.lazy = inner->lazy ? &faulty_lazy : NULL;
	disk->base.marker = g_strdup(inner->marker);
	disk->base.root = inner->root;
	disk->base.file_mode = inner->file_mode;
	disk->base.spelling = inner->spelling;
	disk->base.no_bits = inner->no_bits;
	disk->base.mtime_slack_ns = inner->mtime_slack_ns;
	disk->base.serial = inner->serial;
	disk->inner = inner;
	disk->hook = hook;
	disk->data = data;
	return &disk->base;
}

void disk_faulty_set_transfer_max(Disk *base, size_t size)
{
	g_assert(base->class == &faulty_class);
	((FaultyDisk *)base)->transfer_max = size;
}
