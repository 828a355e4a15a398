/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A local folder. Every path is resolved anew from the folder's file descriptor by beneath.c, once
 * per call: what a cached parent would save (3 of 40 microseconds per placed file) is not worth
 * writing into a folder that was moved out of the tree meanwhile. Only the stage, which is ours,
 * stays open.
 *
 * Staged files are made with the permissions that umask(2) leaves and are then rarely changed;
 * until they are placed nobody reaches them, since the reserved folder is its owner's alone. A file
 * with a name in the stage costs as much as one without (O_TMPFILE), and can be renamed.
 *
 * Locks: none. PosixDisk is constant but for `stage`, which is set once.
 */
#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/disk/beneath.h"
#include "client/disk/disk_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LIST_BUFFER_SIZE (32 * 1024)
#define COPY_SIZE_MAX (1u << 30)
/* After so many new bytes of a file the disk is started on them: the sync that follows then waits
 * for the last of them only. */
#define WRITE_BACK_SIZE (8 * MIB)
/* What lies so far behind has come to the disk and leaves memory to others. */
#define CACHED_BEHIND_SIZE (32 * MIB)
/* The unit of all that, larger than any page. */
#define WRITE_BACK_UNIT (64 * KIB)
#define NS_PER_S G_GINT64_CONSTANT(1000000000)
#define STATX_WANTED (STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID)

typedef struct PosixDisk {
	Disk base;
	int root;
	int stage;           /* atomic; -1 until first used */
	char *folder;        /* absolute */
	struct statx origin; /* of root */
} PosixDisk;

typedef struct PosixFile {
	DiskFile base;
	int fd;
	uint64_t write_back_end; /* the disk has been started on what is before */
	uint64_t drop_end;       /* what is before was to leave memory */
	bool created;            /* by us, a moment ago */
} PosixFile;

/* The folder that a path's last name is in. */
typedef struct Place {
	int folder;
	bool owned;
	const char *name;
} Place;

static void place_clear(Place *place)
{
	if (place->owned) {
		close(place->folder);
	}
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static int open_stage(PosixDisk *disk)
{
	int stage = g_atomic_int_get(&disk->stage);
	if (stage >= 0) {
		return stage;
	}
	stage = beneath_open(disk->root, DISK_STAGE, O_PATH | O_DIRECTORY);
	if (stage >= 0 && !g_atomic_int_compare_and_exchange(&disk->stage, -1, stage)) {
		close(stage);
		stage = g_atomic_int_get(&disk->stage);
	}
	return stage;
}

/* verb is for the error: what was to be done with path. */
static bool find_place(PosixDisk *disk, const char *path, const char *verb, Place *ret_place,
		       GError **error)
{
	const char *slash = strrchr(path, '/');
	*ret_place = (Place){ .folder = disk->root, .name = slash ? slash + 1 : path };
	if (!slash) {
		return true;
	}
	if (g_str_has_prefix(path, DISK_STAGE "/")) {
		ret_place->folder = open_stage(disk);
	} else {
		g_autofree char *folder = g_strndup(path, (size_t)(slash - path));
		ret_place->folder = beneath_open(disk->root, folder, O_PATH | O_DIRECTORY);
		ret_place->owned = ret_place->folder >= 0;
	}
	return ret_place->folder >= 0 || beneath_fail(error, errno, verb, path);
}

static int64_t to_ns(const struct statx_timestamp *time)
{
	return time->tv_sec * NS_PER_S + time->tv_nsec;
}

/*
 * Beyond what a rename can reach. Within one mount folders may differ in their device (btrfs
 * subvolumes), and then it cannot; files may, too (overlayfs), and it can.
 */
static bool is_foreign(const PosixDisk *disk, const struct statx *info)
{
	const struct statx *origin = &disk->origin;
	bool mounts_known = info->stx_mask & origin->stx_mask & STATX_MNT_ID;
	if (mounts_known && info->stx_mnt_id != origin->stx_mnt_id) {
		return true;
	}
	bool devices_count = !mounts_known || S_ISDIR(info->stx_mode);
	return devices_count && (info->stx_dev_major != origin->stx_dev_major ||
				 info->stx_dev_minor != origin->stx_dev_minor);
}

static DiskKind kind_of(const PosixDisk *disk, const struct statx *info)
{
	bool foreign = is_foreign(disk, info);
	switch (info->stx_mode & S_IFMT) {
	case S_IFREG:
		return foreign ? DISK_OTHER : DISK_FILE;
	case S_IFDIR:
		return foreign ? DISK_FILE_SYSTEM : DISK_FOLDER;
	case S_IFLNK:
		return DISK_LINK;
	default:
		return DISK_OTHER;
	}
}

static void to_info(const PosixDisk *disk, const struct statx *info, DiskInfo *ret_info)
{
	DiskKind kind = kind_of(disk, info);
	bool birth_known = info->stx_mask & STATX_BTIME;
	*ret_info = (DiskInfo){
		.kind = kind,
		.size = kind == DISK_FOLDER || kind == DISK_FILE_SYSTEM ? 0 : info->stx_size,
		.mtime_ns = to_ns(&info->stx_mtime),
		.executable = kind == DISK_FILE && (info->stx_mode & S_IXUSR),
		.mode = info->stx_mode & 0777,
		.stamp = {
			.inode = info->stx_ino,
			.birth_ns = birth_known ? to_ns(&info->stx_btime) : 0,
			.change_ns = to_ns(&info->stx_ctime),
		},
	};
}

static bool look_in(const PosixDisk *disk, int folder, const char *name, DiskInfo *ret_info)
{
	struct statx info;
	int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
	if (statx(folder, name, flags, STATX_WANTED, &info) < 0) {
		return false;
	}
	to_info(disk, &info, ret_info);
	return true;
}

/* ---- files ------------------------------------------------------------------------------ */

static bool fail_file(GError **error, const char *verb)
{
	return error_set_errno(error, errno, "%s", verb);
}

static void posix_file_close(DiskFile *base)
{
	PosixFile *file = (PosixFile *)base;
	if (file->fd >= 0) {
		close(file->fd);
	}
	g_free(file);
}

static ssize_t posix_file_read(DiskFile *base, uint64_t offset, void *ret_bytes, size_t size,
			       GError **error)
{
	PosixFile *file = (PosixFile *)base;
	ssize_t count = TEMP_FAILURE_RETRY(pread(file->fd, ret_bytes, size, (off_t)offset));
	if (count < 0) {
		fail_file(error, "read");
	}
	return count;
}

/* Bytes up to end are new. All hints; if the disk fails, the sync says so. */
static void start_disk(PosixFile *file, uint64_t end)
{
	if (end < file->write_back_end + WRITE_BACK_SIZE) {
		return;
	}
	uint64_t from = file->write_back_end;
	file->write_back_end = end - end % WRITE_BACK_UNIT;
	sync_file_range(file->fd, (off64_t)from, (off64_t)(file->write_back_end - from),
			SYNC_FILE_RANGE_WRITE);
	if (from > CACHED_BEHIND_SIZE) {
		uint64_t drop_end = from - CACHED_BEHIND_SIZE;
		posix_fadvise(file->fd, (off64_t)file->drop_end,
			      (off64_t)(drop_end - file->drop_end), POSIX_FADV_DONTNEED);
		file->drop_end = drop_end;
	}
}

static ssize_t posix_file_write(DiskFile *base, uint64_t offset, const void *bytes, size_t size,
				GError **error)
{
	PosixFile *file = (PosixFile *)base;
	ssize_t count = TEMP_FAILURE_RETRY(pwrite(file->fd, bytes, size, (off_t)offset));
	if (count == 0) {
		errno = EIO;
		count = -1;
	}
	if (count < 0) {
		fail_file(error, "write");
	} else {
		start_disk(file, offset + (uint64_t)count);
	}
	return count;
}

/* Shares the blocks by itself where the file system can. */
static ssize_t posix_file_copy(DiskFile *base, DiskFile *base_from, const DiskCopy *copy,
			       GError **error)
{
	PosixFile *file = (PosixFile *)base, *from = (PosixFile *)base_from;
	off64_t in = (off64_t)copy->from_offset, out = (off64_t)copy->offset;
	size_t size = MIN(copy->size, COPY_SIZE_MAX);
	ssize_t count = TEMP_FAILURE_RETRY(copy_file_range(from->fd, &in, file->fd, &out, size, 0));
	if (count < 0) {
		bool full = errno == ENOSPC || errno == EDQUOT || errno == EIO;
		fail_file(error, "copy");
		if (error && !full) {
			(*error)->code = DRIVE_ERROR_UNSUPPORTED;
		}
	}
	return count;
}

static bool look_at_fd(const PosixDisk *disk, int fd, DiskInfo *ret_info, GError **error)
{
	struct statx info;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_WANTED, &info) < 0) {
		return fail_file(error, "look at an open file");
	}
	to_info(disk, &info, ret_info);
	return true;
}

static bool posix_file_look(DiskFile *base, DiskInfo *ret_info, GError **error)
{
	return look_at_fd((PosixDisk *)base->disk, ((PosixFile *)base)->fd, ret_info, error);
}

/* atime stays as it is. */
static void to_times(int64_t mtime_ns, struct timespec ret_times[2])
{
	int64_t s = mtime_ns / NS_PER_S;
	int64_t ns = mtime_ns % NS_PER_S;
	if (ns < 0) {
		ns += NS_PER_S;
		s--;
	}
	ret_times[0] = (struct timespec){ .tv_nsec = UTIME_OMIT };
	ret_times[1] = (struct timespec){ .tv_sec = s, .tv_nsec = ns };
}

static bool posix_file_set(DiskFile *base, int64_t mtime_ns, unsigned mode, GError **error)
{
	PosixFile *file = (PosixFile *)base;
	struct timespec times[2];
	to_times(mtime_ns, times);
	if (mode != DISK_MODE_KEEP && fchmod(file->fd, mode) < 0) {
		return fail_file(error, "set permissions");
	}
	if (mtime_ns == DISK_MTIME_KEEP) {
		return true;
	}
	/* To some file systems of FUSE, one time alone is none. */
	struct stat info;
	if (file->created) {
		clock_gettime(CLOCK_REALTIME, &times[0]);
	} else if (fstat(file->fd, &info) == 0) {
		times[0] = info.st_atim;
	}
	return futimens(file->fd, times) == 0 || fail_file(error, "set mtime");
}

static bool posix_file_sync(DiskFile *base, GError **error)
{
	PosixFile *file = (PosixFile *)base;
	return TEMP_FAILURE_RETRY(fdatasync(file->fd)) == 0 || fail_file(error, "sync");
}

/*
 * A read lease: the kernel grants it only while nobody has the file open for writing, and keeps
 * whoever wants to waiting until the file is closed. The signal that tells of one is SIGURG, which
 * is ignored by default.
 */
static bool posix_file_hold(DiskFile *base, GError **error)
{
	PosixFile *file = (PosixFile *)base;
	if (fcntl(file->fd, F_SETSIG, SIGURG) == 0 && fcntl(file->fd, F_SETLEASE, F_RDLCK) == 0) {
		return true;
	}
	bool busy = errno == EAGAIN;
	fail_file(error, busy ? "a program has it open for writing" : "lease");
	if (error && !busy) {
		(*error)->code = DRIVE_ERROR_UNSUPPORTED;
	}
	return false;
}

/* Never onto something, where renameat2(2) knows no flags. */
static bool rename_without_flags(const Place *from, const Place *to)
{
	if (linkat(from->folder, from->name, to->folder, to->name, 0) == 0) {
		return unlinkat(from->folder, from->name, 0) == 0;
	}
	if (errno == EEXIST || errno == ENOENT) {
		return false;
	}
	/* A folder, or a file system without hard links. A folder replaces nothing but an empty
	 * one; for a file a moment remains in which another could come. */
	struct stat info;
	if (fstatat(to->folder, to->name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return false;
	}
	return errno == ENOENT && renameat(from->folder, from->name, to->folder, to->name) == 0;
}

static bool rename_place(const Place *from, const Place *to, bool exchange)
{
	unsigned flags = exchange ? RENAME_EXCHANGE : RENAME_NOREPLACE;
	if (renameat2(from->folder, from->name, to->folder, to->name, flags) == 0) {
		return true;
	}
	bool unknown = errno == EINVAL || errno == ENOSYS;
	if (unknown && !exchange) {
		return rename_without_flags(from, to);
	}
	errno = unknown ? EOPNOTSUPP : errno;
	return false;
}

static bool posix_file_place(DiskFile *base, const char *path, DiskInfo *ret_info, GError **error)
{
	PosixDisk *disk = (PosixDisk *)base->disk;
	PosixFile *file = (PosixFile *)base;
	g_auto(Place) stage = { 0 };
	g_auto(Place) place = { 0 };
	if (!find_place(disk, base->staged, "place", &stage, error) ||
	    !find_place(disk, path, "place", &place, error)) {
		return false;
	}
	close(file->fd);
	file->fd = -1;
	if (!rename_place(&stage, &place, false)) {
		return beneath_fail(error, errno, "rename to", path);
	}
	if (!look_in(disk, place.folder, place.name, ret_info)) {
		*ret_info = (DiskInfo){ 0 };
	}
	return true;
}

static const DiskFileClass posix_file_class = {
	.close = posix_file_close,
	.read = posix_file_read,
	.write = posix_file_write,
	.copy = posix_file_copy,
	.look = posix_file_look,
	.set = posix_file_set,
	.sync = posix_file_sync,
	.hold = posix_file_hold,
	.place = posix_file_place,
};

static DiskFile *new_file(PosixDisk *disk, int fd)
{
	PosixFile *file = g_new0(PosixFile, 1);
	file->base.class = &posix_file_class;
	file->base.disk = &disk->base;
	file->fd = fd;
	return &file->base;
}

/* ---- disk ------------------------------------------------------------------------------- */

static void posix_close(Disk *base)
{
	PosixDisk *disk = (PosixDisk *)base;
	if (disk->stage >= 0) {
		close(disk->stage);
	}
	close(disk->root);
	g_free(disk->folder);
	g_free(disk);
}

/* One entry of a folder that is being listed. */
typedef struct Listed {
	uint64_t inode;
	size_t name; /* where it begins in Listing.names */
} Listed;

typedef struct Listing {
	int fd;
	GArray *listed;
	GByteArray *names;
} Listing;

static bool is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static bool read_names(Listing *listing)
{
	_Alignas(struct dirent64) char buffer[LIST_BUFFER_SIZE];
	ssize_t size;
	while ((size = TEMP_FAILURE_RETRY(getdents64(listing->fd, buffer, sizeof buffer))) > 0) {
		for (ssize_t at = 0; at < size;) {
			const struct dirent64 *found = (const struct dirent64 *)(buffer + at);
			at += found->d_reclen;
			if (is_dots(found->d_name)) {
				continue;
			}
			Listed listed = { .inode = found->d_ino, .name = listing->names->len };
			g_array_append_val(listing->listed, listed);
			g_byte_array_append(listing->names, (const uint8_t *)found->d_name,
					    (unsigned)strlen(found->d_name) + 1);
		}
	}
	return size == 0;
}

static int compare_inode(const void *a_data, const void *b_data)
{
	const Listed *a = a_data, *b = b_data;
	return a->inode < b->inode ? -1 : a->inode > b->inode;
}

/*
 * Looks in the order of the inodes, which is that of the inode tables on the disk: the order of
 * names makes a cold disk jump for each file.
 */
static bool visit_names(const PosixDisk *disk, Listing *listing, DiskVisitor visit, void *data)
{
	g_array_sort(listing->listed, compare_inode);
	for (unsigned i = 0; i < listing->listed->len; i++) {
		size_t at = g_array_index(listing->listed, Listed, i).name;
		const char *name = (const char *)listing->names->data + at;
		DiskInfo info;
		if (look_in(disk, listing->fd, name, &info)) {
			visit(name, &info, data);
		} else if (errno != ENOENT) {
			return false;
		}
	}
	return true;
}

static bool posix_list(Disk *base, const char *folder, DiskVisitor visit, void *data,
		       GError **error)
{
	PosixDisk *disk = (PosixDisk *)base;
	Listing listing = { .fd = beneath_open(disk->root, folder, O_RDONLY | O_DIRECTORY) };
	if (listing.fd < 0) {
		return beneath_fail(error, errno, "list", folder);
	}
	listing.listed = g_array_new(FALSE, FALSE, sizeof(Listed));
	listing.names = g_byte_array_new();
	bool done = read_names(&listing) && visit_names(disk, &listing, visit, data);
	int errnum = errno;
	close(listing.fd);
	g_array_unref(listing.listed);
	g_byte_array_unref(listing.names);
	return done || beneath_fail(error, errnum, "list", folder);
}

static bool look_at_root(const PosixDisk *disk, DiskInfo *ret_info, GError **error)
{
	struct statx info;
	if (statx(AT_FDCWD, disk->folder, AT_NO_AUTOMOUNT, STATX_WANTED, &info) < 0) {
		return beneath_fail(error, errno, "look at", disk->folder);
	}
	to_info(disk, &info, ret_info);
	return true;
}

static char *read_target(const Place *place)
{
	char target[LINK_TARGET_SIZE_MAX + 1];
	ssize_t size = readlinkat(place->folder, place->name, target, sizeof target);
	return size < 0 || size > LINK_TARGET_SIZE_MAX ? NULL : g_strndup(target, (size_t)size);
}

static bool posix_look(Disk *base, const char *path, DiskInfo *ret_info, char **ret_target,
		       GError **error)
{
	PosixDisk *disk = (PosixDisk *)base;
	g_auto(Place) place = { 0 };
	DiskInfo info;
	if (*path == '\0') {
		return look_at_root(disk, ret_info, error);
	}
	if (!find_place(disk, path, "look at", &place, error)) {
		return false;
	}
	if (!look_in(disk, place.folder, place.name, &info)) {
		return beneath_fail(error, errno, "look at", path);
	}
	if (ret_target) {
		*ret_target = info.kind == DISK_LINK ? read_target(&place) : NULL;
	}
	*ret_info = info;
	return true;
}

/* Without a change of its atime if we may: reading for a copy is no reading by a person. */
static int open_for_reading(const PosixDisk *disk, const char *path)
{
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	int fd = beneath_open(disk->root, path, flags | O_NOATIME);
	return fd < 0 && errno == EPERM ? beneath_open(disk->root, path, flags) : fd;
}

static bool is_file(int fd)
{
	struct stat info;
	return fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

static DiskFile *open_existing(PosixDisk *disk, const char *path, GError **error)
{
	int fd = open_for_reading(disk, path);
	int errnum = errno;
	if (fd >= 0 && is_file(fd)) {
		return new_file(disk, fd);
	}
	DiskInfo info;
	if (fd >= 0) {
		close(fd);
		errnum = ENXIO;
	}
	/* Something is there, but it is a link, a socket, a folder … */
	bool no_file = (errnum == ELOOP || errnum == ENXIO || errnum == ENODEV) &&
		       posix_look(&disk->base, path, &info, NULL, NULL);
	if (no_file) {
		g_autofree char *shown = text_printable(path, strlen(path));
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CHANGED, "open '%s': is no file",
			    shown);
	} else {
		beneath_fail(error, errnum, "open", path);
	}
	return NULL;
}

static DiskFile *posix_open(Disk *base, const char *path, bool create, GError **error)
{
	PosixDisk *disk = (PosixDisk *)base;
	if (!create) {
		return open_existing(disk, path, error);
	}
	g_auto(Place) place = { 0 };
	if (!find_place(disk, path, "create", &place, error)) {
		return NULL;
	}
	int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = TEMP_FAILURE_RETRY(openat(place.folder, place.name, flags, 0666));
	if (fd < 0) {
		beneath_fail(error, errno, "create", path);
		return NULL;
	}
	DiskFile *file = new_file(disk, fd);
	((PosixFile *)file)->created = true;
	return file;
}

static bool make_link(const Place *place, const char *target, int64_t mtime_ns)
{
	if (symlinkat(target, place->folder, place->name) < 0) {
		/* What vfat says to links. */
		errno = errno == EPERM ? EOPNOTSUPP : errno;
		return false;
	}
	struct timespec times[2];
	to_times(mtime_ns, times);
	return utimensat(place->folder, place->name, times, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool posix_make(Disk *base, const char *path, const char *target, int64_t mtime_ns,
		       GError **error)
{
	PosixDisk *disk = (PosixDisk *)base;
	g_auto(Place) place = { 0 };
	if (!find_place(disk, path, "make", &place, error)) {
		return false;
	}
	mode_t mode = strcmp(path, DISK_RESERVED) == 0 ? 0700 : 0777;
	bool made = target ? make_link(&place, target, mtime_ns)
			   : mkdirat(place.folder, place.name, mode) == 0;
	return made || beneath_fail(error, errno, "make", path);
}

static bool posix_rename(Disk *base, const char *from, const char *to, bool exchange,
			 GError **error)
{
	PosixDisk *disk = (PosixDisk *)base;
	g_auto(Place) place_from = { 0 };
	g_auto(Place) place_to = { 0 };
	return find_place(disk, from, "rename", &place_from, error) &&
	       find_place(disk, to, "rename to", &place_to, error) &&
	       (rename_place(&place_from, &place_to, exchange) ||
		beneath_fail(error, errno, "rename to", to));
}

static bool posix_remove(Disk *base, const char *path, bool folder, GError **error)
{
	PosixDisk *disk = (PosixDisk *)base;
	g_auto(Place) place = { 0 };
	return find_place(disk, path, "remove", &place, error) &&
	       (unlinkat(place.folder, place.name, folder ? AT_REMOVEDIR : 0) == 0 ||
		beneath_fail(error, errno, "remove", path));
}

static bool posix_sync(Disk *base, GError **error)
{
	PosixDisk *disk = (PosixDisk *)base;
	return syncfs(disk->root) == 0 || error_set_errno(error, errno, "sync the disk");
}

static const DiskClass posix_class = {
	.close = posix_close,
	.list = posix_list,
	.look = posix_look,
	.open = posix_open,
	.make = posix_make,
	.rename = posix_rename,
	.remove = posix_remove,
	.sync = posix_sync,
};

Disk *disk_posix_attach(const char *folder, GError **error)
{
	struct statx origin;
	int root = TEMP_FAILURE_RETRY(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (root < 0) {
		beneath_fail(error, errno, "open", folder);
		return NULL;
	}
	if (statx(root, "", AT_EMPTY_PATH, STATX_WANTED, &origin) < 0) {
		beneath_fail(error, errno, "look at", folder);
		close(root);
		return NULL;
	}
	PosixDisk *disk = g_new0(PosixDisk, 1);
	disk->base.class = &posix_class;
	disk->root = root;
	disk->stage = -1;
	disk->folder = g_canonicalize_filename(folder, NULL);
	disk->origin = origin;
	return &disk->base;
}

int disk_posix_root(const Disk *disk)
{
	g_assert(disk->class == &posix_class);
	return ((const PosixDisk *)disk)->root;
}

int disk_posix_file(const DiskFile *file)
{
	g_assert(file->class == &posix_file_class);
	return ((const PosixFile *)file)->fd;
}

Disk *disk_posix_open(const char *folder, const char *marker, bool create_marker, GError **error)
{
	g_autoptr(Disk) disk = disk_posix_attach(folder, error);
	if (!disk || !disk_start(disk, marker, create_marker, error)) {
		g_autofree char *shown = text_printable(folder, strlen(folder));
		g_prefix_error(error, "open folder '%s': ", shown);
		return NULL;
	}
	return g_steal_pointer(&disk);
}
