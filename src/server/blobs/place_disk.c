/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder of the local file system: one file "<16 hexadecimal digits>.pack" for each name.
 *
 * Descriptors are kept open, the least recently used are closed beyond FILES_OPEN_MAX. A file with
 * writes that are not synced keeps its descriptor: Linux reports a failed write-back to the
 * descriptors that were open then, and a new one might not hear of it.
 *
 * Large writes are handed to the disk as they come (WRITE_BACK_SIZE), so that the sync at their end
 * waits for little more than the last of them.
 */
#include "server/blobs/place_impl.h"

#include "base/error.h"
#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_OPEN_MAX 128
#define WRITE_BACK_SIZE (2 * MIB)

#define SUFFIX ".pack"
#define NAME_DIGITS 16
#define FILE_NAME_SIZE (NAME_DIGITS + sizeof(SUFFIX))

typedef struct DiskFile {
	uint64_t name;
	int fd;
	/* Guarded by PlaceDisk.lock: */
	unsigned users;
	bool removed;            /* not in the table any more; the last user closes it */
	uint64_t writes;         /* so far */
	uint64_t writes_synced;  /* of them */
	uint64_t written_end;    /* of the furthest write */
	uint64_t write_back_end; /* what lies before was handed to the disk */
	GList link;              /* in PlaceDisk.recent */
} DiskFile;

typedef struct PlaceDisk {
	Place place;
	char *folder;
	int folder_fd;
	GMutex lock;       /* guards all below, and DiskFile; never held over a system call */
	GHashTable *files; /* by name */
	GQueue recent;     /* most recently used first */
} PlaceDisk;

static void file_name(uint64_t name, char ret_text[FILE_NAME_SIZE])
{
	g_snprintf(ret_text, FILE_NAME_SIZE, "%0*" PRIx64 SUFFIX, NAME_DIGITS, name);
}

/* 0 for a file that is not ours. */
static uint64_t parse_file_name(const char *text)
{
	char canonical[FILE_NAME_SIZE];
	uint64_t name = g_ascii_strtoull(text, NULL, 16);

	if (name == 0 || name > INT64_MAX) {
		return 0;
	}
	file_name(name, canonical);
	return strcmp(text, canonical) == 0 ? name : 0;
}

static void file_close(DiskFile *file)
{
	close(file->fd);
	g_free(file);
}

static void forget_locked(PlaceDisk *disk, DiskFile *file)
{
	g_hash_table_remove(disk->files, &file->name);
	g_queue_unlink(&disk->recent, &file->link);
}

/* Takes what is over the limit and idle out of the table, for the caller to close. */
static GSList *evict_locked(PlaceDisk *disk)
{
	GSList *evicted = NULL;
	GList *link = disk->recent.tail;

	while (link != NULL && disk->recent.length > FILES_OPEN_MAX) {
		DiskFile *file = link->data;

		link = link->prev;
		if (file->users == 0 && file->writes == file->writes_synced) {
			forget_locked(disk, file);
			evicted = g_slist_prepend(evicted, file);
		}
	}
	return evicted;
}

/* Makes an open descriptor known and used; if another thread was faster, its file is used. */
static DiskFile *file_insert(PlaceDisk *disk, uint64_t name, int fd)
{
	DiskFile *file;
	GSList *evicted;

	g_mutex_lock(&disk->lock);
	file = g_hash_table_lookup(disk->files, &name);
	if (file == NULL) {
		file = g_new0(DiskFile, 1);
		file->name = name;
		file->fd = fd;
		file->link.data = file;
		g_hash_table_insert(disk->files, &file->name, file);
		g_queue_push_head_link(&disk->recent, &file->link);
		fd = -1;
	}
	file->users++;
	evicted = evict_locked(disk);
	g_mutex_unlock(&disk->lock);
	if (fd >= 0) {
		close(fd);
	}
	g_slist_free_full(evicted, (GDestroyNotify)file_close);
	return file;
}

static DiskFile *file_acquire(PlaceDisk *disk, uint64_t name, GError **error)
{
	char text[FILE_NAME_SIZE];
	DiskFile *file;
	int fd;

	g_mutex_lock(&disk->lock);
	file = g_hash_table_lookup(disk->files, &name);
	if (file != NULL) {
		file->users++;
		g_queue_unlink(&disk->recent, &file->link);
		g_queue_push_head_link(&disk->recent, &file->link);
	}
	g_mutex_unlock(&disk->lock);
	if (file != NULL) {
		return file;
	}
	file_name(name, text);
	fd = openat(disk->folder_fd, text, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		error_set_errno(error, errno, "open pack '%s/%s'", disk->folder, text);
		return NULL;
	}
	return file_insert(disk, name, fd);
}

static void file_release(PlaceDisk *disk, DiskFile *file)
{
	bool last;

	g_mutex_lock(&disk->lock);
	g_assert(file->users > 0);
	file->users--;
	last = file->removed && file->users == 0;
	g_mutex_unlock(&disk->lock);
	if (last) {
		file_close(file);
	}
}

static bool sync_folder(PlaceDisk *disk, GError **error)
{
	if (fsync(disk->folder_fd) < 0) {
		return error_set_errno(error, errno, "sync folder '%s'", disk->folder);
	}
	return true;
}

static bool disk_create(Place *place, uint64_t name, GError **error)
{
	PlaceDisk *disk = (PlaceDisk *)place;
	char text[FILE_NAME_SIZE];
	int fd;

	file_name(name, text);
	fd = openat(disk->folder_fd, text, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		return error_set_errno(error, errno, "create pack '%s/%s'", disk->folder, text);
	}
	if (!sync_folder(disk, error)) {
		close(fd);
		unlinkat(disk->folder_fd, text, 0);
		return false;
	}
	file_release(disk, file_insert(disk, name, fd));
	return true;
}

typedef ssize_t (*Transfer)(int fd, const struct iovec *parts, int count, off_t offset);

/* Repeats until all is transferred; 0, or an errno, or -1 at the end of the file. */
static int transfer_all(Transfer transfer, int fd, const PlaceSpan *span)
{
	struct iovec parts[PLACE_PARTS_MAX];
	struct iovec *first = parts;
	unsigned count = span->count;
	off_t offset = span->offset;

	memcpy(parts, span->parts, count * sizeof(parts[0]));
	while (count > 0) {
		ssize_t done = transfer(fd, first, count, offset);

		if (done < 0 && errno == EINTR) {
			continue;
		}
		if (done < 0) {
			return errno;
		}
		if (done == 0 && first->iov_len > 0) {
			return -1;
		}
		offset += done;
		while (count > 0 && (size_t)done >= first->iov_len) {
			done -= first->iov_len;
			first++;
			count--;
		}
		if (count > 0) {
			first->iov_base = (uint8_t *)first->iov_base + done;
			first->iov_len -= done;
		}
	}
	return 0;
}

/* Counts a write, and starts the disk on what has come together. */
static void note_written(PlaceDisk *disk, DiskFile *file, uint64_t end)
{
	uint64_t from = 0;
	uint64_t size = 0;

	g_mutex_lock(&disk->lock);
	file->writes++;
	file->written_end = MAX(file->written_end, end);
	if (file->written_end >= file->write_back_end + WRITE_BACK_SIZE) {
		from = file->write_back_end;
		size = file->written_end - from;
		file->write_back_end = file->written_end;
	}
	g_mutex_unlock(&disk->lock);
	if (size > 0) {
		/* A hint; if the disk fails, the sync says so. */
		sync_file_range(file->fd, from, size, SYNC_FILE_RANGE_WRITE);
	}
}

static bool disk_write(Place *place, const PlaceSpan *span, GError **error)
{
	PlaceDisk *disk = (PlaceDisk *)place;
	DiskFile *file = file_acquire(disk, span->name, error);
	int result;

	if (file == NULL) {
		return false;
	}
	result = transfer_all(pwritev, file->fd, span);
	note_written(disk, file, span->offset + place_span_size(span));
	file_release(disk, file);
	if (result != 0) {
		return error_set_errno(error, result > 0 ? result : EIO,
				       "write pack '%s/%016" PRIx64 SUFFIX "'", disk->folder,
				       span->name);
	}
	return true;
}

static bool disk_sync(Place *place, uint64_t name, GError **error)
{
	PlaceDisk *disk = (PlaceDisk *)place;
	DiskFile *file = file_acquire(disk, name, error);
	uint64_t writes;
	int result;

	if (file == NULL) {
		return false;
	}
	g_mutex_lock(&disk->lock);
	writes = file->writes;
	g_mutex_unlock(&disk->lock);
	result = fdatasync(file->fd) < 0 ? errno : 0;
	if (result == 0) {
		g_mutex_lock(&disk->lock);
		file->writes_synced = MAX(file->writes_synced, writes);
		g_mutex_unlock(&disk->lock);
	}
	file_release(disk, file);
	if (result != 0) {
		return error_set_errno(error, result, "sync pack '%s/%016" PRIx64 SUFFIX "'",
				       disk->folder, name);
	}
	return true;
}

static bool disk_read(Place *place, const PlaceSpan *span, GError **error)
{
	PlaceDisk *disk = (PlaceDisk *)place;
	DiskFile *file = file_acquire(disk, span->name, error);
	int result;

	if (file == NULL) {
		return false;
	}
	result = transfer_all(preadv, file->fd, span);
	file_release(disk, file);
	if (result < 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "read pack '%s/%016" PRIx64 SUFFIX "': it ends before byte %" PRIu64,
			    disk->folder, span->name, span->offset + place_span_size(span));
		return false;
	}
	if (result > 0) {
		return error_set_errno(error, result, "read pack '%s/%016" PRIx64 SUFFIX "'",
				       disk->folder, span->name);
	}
	return true;
}

static bool disk_list(Place *place, GArray *ret_entries, GError **error)
{
	PlaceDisk *disk = (PlaceDisk *)place;
	DIR *folder = opendir(disk->folder);
	const struct dirent *dirent;
	unsigned before = ret_entries->len;
	int result = 0;

	if (folder == NULL) {
		return error_set_errno(error, errno, "list folder '%s'", disk->folder);
	}
	while (result == 0 && (errno = 0, dirent = readdir(folder)) != NULL) {
		PlaceEntry entry = { .name = parse_file_name(dirent->d_name) };
		struct stat status;

		if (entry.name == 0) {
			continue;
		}
		if (fstatat(disk->folder_fd, dirent->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
			/* Removed meanwhile. */
			result = errno == ENOENT ? 0 : errno;
			continue;
		}
		entry.size = status.st_size;
		g_array_append_val(ret_entries, entry);
	}
	result = result != 0 ? result : errno;
	closedir(folder);
	if (result != 0) {
		g_array_set_size(ret_entries, before);
		return error_set_errno(error, result, "list folder '%s'", disk->folder);
	}
	return true;
}

static bool disk_truncate(Place *place, uint64_t name, uint64_t size, GError **error)
{
	PlaceDisk *disk = (PlaceDisk *)place;
	DiskFile *file = file_acquire(disk, name, error);
	struct stat status;
	int result = 0;

	if (file == NULL) {
		return false;
	}
	if (fstat(file->fd, &status) < 0 ||
	    ((uint64_t)status.st_size > size && ftruncate(file->fd, size) < 0)) {
		result = errno;
	}
	file_release(disk, file);
	if (result != 0) {
		return error_set_errno(error, result, "cut pack '%s/%016" PRIx64 SUFFIX "'",
				       disk->folder, name);
	}
	return true;
}

static bool disk_remove(Place *place, uint64_t name, GError **error)
{
	PlaceDisk *disk = (PlaceDisk *)place;
	char text[FILE_NAME_SIZE];
	DiskFile *file;
	bool idle = false;

	file_name(name, text);
	if (unlinkat(disk->folder_fd, text, 0) < 0) {
		return error_set_errno(error, errno, "remove pack '%s/%s'", disk->folder, text);
	}
	g_mutex_lock(&disk->lock);
	file = g_hash_table_lookup(disk->files, &name);
	if (file != NULL) {
		forget_locked(disk, file);
		file->removed = true;
		idle = file->users == 0;
	}
	g_mutex_unlock(&disk->lock);
	if (idle) {
		file_close(file);
	}
	return sync_folder(disk, error);
}

static void disk_free(Place *place)
{
	PlaceDisk *disk = (PlaceDisk *)place;
	GList *link;

	while ((link = g_queue_pop_head_link(&disk->recent)) != NULL) {
		DiskFile *file = link->data;

		g_assert(file->users == 0);
		file_close(file);
	}
	g_hash_table_unref(disk->files);
	g_mutex_clear(&disk->lock);
	if (disk->folder_fd >= 0) {
		close(disk->folder_fd);
	}
	g_free(disk->folder);
	g_free(disk);
}

static const PlaceOperations disk_operations = {
	.create = disk_create,
	.write = disk_write,
	.sync = disk_sync,
	.read = disk_read,
	.list = disk_list,
	.truncate = disk_truncate,
	.remove = disk_remove,
	.free = disk_free,
};

/* The name of a new folder must survive like what will lie in it. */
static bool make_folder(const char *path, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(path);
	int fd;
	int result;

	if (mkdir(path, 0700) < 0) {
		return errno == EEXIST || error_set_errno(error, errno, "create '%s'", path);
	}
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	result = fd < 0 || fsync(fd) < 0 ? errno : 0;
	if (fd >= 0) {
		close(fd);
	}
	return result == 0 || error_set_errno(error, result, "sync folder '%s'", parent);
}

Place *place_disk_new(const char *folder, GError **error)
{
	g_autoptr(Place) place = NULL;
	PlaceDisk *disk = g_new0(PlaceDisk, 1);

	place = &disk->place;
	disk->place.operations = &disk_operations;
	disk->folder = g_strdup(folder);
	disk->folder_fd = -1;
	disk->files = g_hash_table_new(g_int64_hash, g_int64_equal);
	g_mutex_init(&disk->lock);
	g_queue_init(&disk->recent);
	if (!make_folder(folder, error)) {
		return NULL;
	}
	disk->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (disk->folder_fd < 0) {
		error_set_errno(error, errno, "open folder '%s'", folder);
		return NULL;
	}
	return g_steal_pointer(&place);
}
