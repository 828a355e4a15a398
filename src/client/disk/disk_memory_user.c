/* SPDX-License-Identifier: Apache-2.0 */
/* What people and their programs do to a file system in memory. */
#include "base/error.h"
#include "client/disk/calls.h"
#include "client/disk/disk_memory.h"
#include "client/disk/events.h"

#include <string.h>

struct DiskMemoryHandle {
	DiskMemory *memory;
	uint64_t opening;
};

static bool leave(DiskMemory *memory, bool result)
{
	g_mutex_unlock(&memory->lock);
	return result;
}

/* Borrowed until the next change; made if it is not there. */
static Inode *find_or_make(DiskMemory *memory, const char *path, GError **error)
{
	Inode *inode = calls_find(memory, path, NULL);
	return inode ? inode : calls_make(memory, path, DISK_FILE, NULL, error);
}

/* Writes and tells those who watch, as on closing. inode may be NULL: error is set already. */
static bool write_and_close(DiskMemory *memory, Inode *inode, uint64_t offset, GBytes *bytes,
			    GError **error)
{
	bool written = calls_write(memory, inode, offset, bytes, error);
	events_tell_changed(memory->events, inode);
	return written;
}

bool disk_memory_user_write(DiskMemory *memory, const char *path, const void *bytes, size_t size,
			    GError **error)
{
	g_autoptr(GBytes) copy = g_bytes_new(bytes, size);
	g_mutex_lock(&memory->lock);
	Inode *inode = find_or_make(memory, path, error);
	if (!inode || !calls_check_writable(inode, path, error) ||
	    !calls_keep_no_promise(memory, inode, false, error)) {
		return leave(memory, false);
	}
	calls_truncate(memory, inode, 0);
	return leave(memory, write_and_close(memory, inode, 0, copy, error));
}

bool disk_memory_user_append(DiskMemory *memory, const char *path, const void *bytes, size_t size,
			     GError **error)
{
	g_autoptr(GBytes) copy = g_bytes_new(bytes, size);
	g_mutex_lock(&memory->lock);
	Inode *inode = find_or_make(memory, path, error);
	return leave(memory,
		     inode && calls_check_writable(inode, path, error) &&
			     calls_keep_no_promise(memory, inode, true, error) &&
			     write_and_close(memory, inode, inode->bytes->len, copy, error));
}

bool disk_memory_user_edit(DiskMemory *memory, const char *path, uint64_t offset, GBytes *bytes,
			   GError **error)
{
	g_mutex_lock(&memory->lock);
	Inode *inode = calls_find(memory, path, error);
	return leave(memory, inode && calls_check_writable(inode, path, error) &&
				     calls_keep_no_promise(memory, inode, true, error) &&
				     write_and_close(memory, inode, offset, bytes, error));
}

static bool make(DiskMemory *memory, const char *path, DiskKind kind, GBytes *bytes, GError **error)
{
	g_mutex_lock(&memory->lock);
	return leave(memory, calls_make(memory, path, kind, bytes, error) != NULL);
}

bool disk_memory_user_make_folder(DiskMemory *memory, const char *path, GError **error)
{
	return make(memory, path, DISK_FOLDER, NULL, error);
}

bool disk_memory_user_make_link(DiskMemory *memory, const char *path, const char *target,
				GError **error)
{
	g_autoptr(GBytes) bytes = g_bytes_new(target, strlen(target));
	return make(memory, path, DISK_LINK, bytes, error);
}

bool disk_memory_user_make_other(DiskMemory *memory, const char *path, GError **error)
{
	return make(memory, path, DISK_OTHER, NULL, error);
}

bool disk_memory_user_make_mount(DiskMemory *memory, const char *path, GError **error)
{
	return make(memory, path, DISK_FILE_SYSTEM, NULL, error);
}

bool disk_memory_user_link(DiskMemory *memory, const char *path, const char *to, GError **error)
{
	g_mutex_lock(&memory->lock);
	return leave(memory, calls_link(memory, path, to, error));
}

bool disk_memory_user_rename(DiskMemory *memory, const char *from, const char *to, GError **error)
{
	g_mutex_lock(&memory->lock);
	return leave(memory, calls_rename(memory, from, to, CALLS_RENAME_OVER, error));
}

bool disk_memory_user_remove(DiskMemory *memory, const char *path, GError **error)
{
	g_mutex_lock(&memory->lock);
	const Inode *inode = calls_find(memory, path, error);
	bool folder = inode && inode->kind == DISK_FOLDER;
	return leave(memory, inode && calls_remove(memory, path, folder, error));
}

bool disk_memory_user_set_mode(DiskMemory *memory, const char *path, unsigned mode, GError **error)
{
	g_mutex_lock(&memory->lock);
	Inode *inode = calls_find(memory, path, error);
	if (inode) {
		calls_set(memory, inode, inode->mtime_ns, mode & 0777);
	}
	return leave(memory, inode);
}

bool disk_memory_user_set_mtime(DiskMemory *memory, const char *path, int64_t mtime_ns,
				GError **error)
{
	g_mutex_lock(&memory->lock);
	Inode *inode = calls_find(memory, path, error);
	if (inode) {
		calls_set(memory, inode, mtime_ns, inode->mode);
	}
	return leave(memory, inode);
}

DiskMemoryHandle *disk_memory_user_open(DiskMemory *memory, const char *path, GError **error)
{
	g_mutex_lock(&memory->lock);
	Inode *inode = calls_find(memory, path, error);
	uint64_t opening = inode && calls_check_writable(inode, path, error)
				   ? calls_open(memory, inode, false, true, error)
				   : 0;
	leave(memory, true);
	if (!opening) {
		return NULL;
	}
	DiskMemoryHandle *handle = g_new(DiskMemoryHandle, 1);
	handle->memory = memory;
	handle->opening = opening;
	return handle;
}

bool disk_memory_user_write_handle(DiskMemoryHandle *handle, uint64_t offset, const void *bytes,
				   size_t size, GError **error)
{
	DiskMemory *memory = handle->memory;
	g_autoptr(GBytes) copy = g_bytes_new(bytes, size);
	g_mutex_lock(&memory->lock);
	Inode *inode = calls_opened(memory, handle->opening, error);
	bool written = inode && calls_write(memory, inode, offset, copy, error);
	if (written) {
		calls_mark_written(memory, handle->opening);
	}
	return leave(memory, written);
}

void disk_memory_user_close(DiskMemoryHandle *handle)
{
	if (!handle) {
		return;
	}
	g_mutex_lock(&handle->memory->lock);
	calls_close(handle->memory, handle->opening);
	g_mutex_unlock(&handle->memory->lock);
	g_free(handle);
}
