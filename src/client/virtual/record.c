/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See the header for the format. An attribute may be set only by who may write to the file, and
 * read by who may read it; the files of a person are not always so for their owner, who is us. Then
 * the permission is given for a moment.
 */
#include "client/virtual/record.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "chunk/content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define VERSION 1
#define FLAG_COMPLETE 1u
#define FLAG_ASIDE 2u
#define HEAD_SIZE 26
#define ASIDE_SIZE 32
#define PATH_ROOM (64 + NAME_SIZE_MAX)

void record_clear(Record *record)
{
	g_clear_pointer(&record->content, g_bytes_unref);
}

/* ---- bytes -------------------------------------------------------------------------------- */

size_t record_encode(const Record *record, uint8_t ret_bytes[RECORD_SIZE_MAX])
{
	ret_bytes[0] = VERSION;
	ret_bytes[1] = (uint8_t)((record->complete ? FLAG_COMPLETE : 0) |
				 (record->is_aside ? FLAG_ASIDE : 0));
	bytes_put64(ret_bytes + 2, (uint64_t)record->change_ns);
	bytes_put64(ret_bytes + 10, (uint64_t)record->mtime_ns);
	bytes_put64(ret_bytes + 18, record->size);
	if (record->is_aside) {
		memcpy(ret_bytes + HEAD_SIZE, record->aside, ASIDE_SIZE);
		return HEAD_SIZE + ASIDE_SIZE;
	}
	size_t size = 0;
	const void *bytes = g_bytes_get_data(record->content, &size);
	g_assert(size <= RECORD_CONTENT_SIZE_MAX);
	if (size > 0) {
		memcpy(ret_bytes + HEAD_SIZE, bytes, size);
	}
	return HEAD_SIZE + size;
}

/* Can a file of this size have this content? */
static bool check_content(const void *bytes, size_t size, uint64_t file_size, GError **error)
{
	g_auto(Content) content = { 0 };
	if (!content_decode(bytes, size, &content, error)) {
		return false;
	}
	if (content.depth == 0 && content_length(&content) != file_size) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "its content is not of its size");
		return false;
	}
	return true;
}

bool record_decode(const uint8_t *bytes, size_t size, Record *ret_record, GError **error)
{
	g_autoptr(GError) cause = NULL;
	bool known = size >= HEAD_SIZE && bytes[0] == VERSION &&
		     (bytes[1] & ~(FLAG_COMPLETE | FLAG_ASIDE)) == 0;
	Record record = { 0 };
	if (known) {
		record.complete = bytes[1] & FLAG_COMPLETE;
		record.is_aside = bytes[1] & FLAG_ASIDE;
		record.change_ns = (int64_t)bytes_get64(bytes + 2);
		record.mtime_ns = (int64_t)bytes_get64(bytes + 10);
		record.size = bytes_get64(bytes + 18);
		known = record.size <= FILE_SIZE_MAX && size - HEAD_SIZE <= RECORD_CONTENT_SIZE_MAX;
	}
	if (known && record.is_aside) {
		known = size == HEAD_SIZE + ASIDE_SIZE;
	} else if (known) {
		known = check_content(bytes + HEAD_SIZE, size - HEAD_SIZE, record.size, &cause);
	}
	if (!known) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT, "a damaged record%s%s",
			    cause ? ": " : "", cause ? cause->message : "");
		return false;
	}
	if (record.is_aside) {
		memcpy(record.aside, bytes + HEAD_SIZE, ASIDE_SIZE);
	} else {
		record.content = g_bytes_new(bytes + HEAD_SIZE, size - HEAD_SIZE);
	}
	*ret_record = record;
	return true;
}

/* ---- attributes --------------------------------------------------------------------------- */

typedef struct Target {
	char path[PATH_ROOM];
	int fd;
	const char *name;
} Target;

static Target target_of(int fd, const char *name)
{
	Target target = { .fd = fd, .name = name };
	snprintf(target.path, sizeof target.path, "/proc/self/fd/%d%s%s", fd, name ? "/" : "",
		 name ? name : "");
	return target;
}

/* getxattrat(2) of Linux 6.13: half the time of the way through /proc, and libc has no name yet. */
#ifndef SYS_getxattrat
#define SYS_getxattrat 464
#endif

static ssize_t get_at(const Target *target, const char *attribute, void *bytes, size_t size)
{
	struct {
		uint64_t value;
		uint32_t size, flags;
	} arguments = { .value = (uintptr_t)bytes, .size = (uint32_t)size };
	return syscall(SYS_getxattrat, target->fd, target->name, AT_SYMLINK_NOFOLLOW, attribute,
		       &arguments, sizeof arguments);
}

/* The last part of a path is the file itself, of a name it might be a link. */
static ssize_t get_once(const Target *target, const char *attribute, void *bytes, size_t size)
{
	static int is_missing;
	if (!target->name) {
		return getxattr(target->path, attribute, bytes, size);
	}
	if (!g_atomic_int_get(&is_missing)) {
		ssize_t got = get_at(target, attribute, bytes, size);
		/* Or whoever confines this process does not know it. */
		if (got >= 0 || (errno != ENOSYS && errno != EPERM)) {
			return got;
		}
		g_atomic_int_set(&is_missing, errno == ENOSYS);
	}
	return lgetxattr(target->path, attribute, bytes, size);
}

/* Gives its owner these bits; *ret_mode is what there was. */
static bool permit(const Target *target, mode_t bits, mode_t *ret_mode)
{
	struct stat info;
	int flags = target->name ? AT_SYMLINK_NOFOLLOW : 0;
	if (fstatat(AT_FDCWD, target->path, &info, flags) < 0 || !S_ISREG(info.st_mode) ||
	    (info.st_mode & bits) == bits) {
		return false;
	}
	*ret_mode = info.st_mode & 07777;
	return chmod(target->path, *ret_mode | bits) == 0;
}

int record_get(int fd, const char *name, const char *attribute, void *ret_bytes, size_t size,
	       size_t *ret_size)
{
	ssize_t got = -1;
	Target target = { .fd = -1 };
	if (!name) {
		got = fgetxattr(fd, attribute, ret_bytes, size);
	}
	if (name || (got < 0 && errno != ENODATA)) {
		target = target_of(fd, name);
		got = get_once(&target, attribute, ret_bytes, size);
	}
	mode_t mode;
	if (got < 0 && errno == EACCES && permit(&target, S_IRUSR, &mode)) {
		got = get_once(&target, attribute, ret_bytes, size);
		int errnum = errno;
		chmod(target.path, mode);
		errno = errnum;
	}
	if (got < 0) {
		/* A link has none, and a folder of another file system. */
		return errno == EPERM || errno == EOPNOTSUPP ? ENODATA : errno;
	}
	*ret_size = (size_t)got;
	return 0;
}

static int put_once(const Target *target, const char *attribute, const void *bytes, size_t size)
{
	return bytes ? setxattr(target->path, attribute, bytes, size, 0)
		     : removexattr(target->path, attribute);
}

int record_put(int fd, const char *attribute, const void *bytes, size_t size)
{
	Target target = target_of(fd, NULL);
	int result = put_once(&target, attribute, bytes, size);
	mode_t mode;
	if (result < 0 && errno == EACCES && permit(&target, S_IWUSR, &mode)) {
		result = put_once(&target, attribute, bytes, size);
		int errnum = errno;
		chmod(target.path, mode);
		errno = errnum;
	}
	return result == 0 || (!bytes && errno == ENODATA) ? 0 : errno;
}

int record_reopen(int fd, int flags)
{
	Target target = target_of(fd, NULL);
	int own = open(target.path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	mode_t mode;
	if (own < 0 && errno == EACCES && permit(&target, S_IRUSR | S_IWUSR, &mode)) {
		own = open(target.path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		int errnum = errno;
		chmod(target.path, mode);
		errno = errnum;
	}
	return own;
}

int record_read(int fd, const char *name, Record *ret_record)
{
	uint8_t bytes[RECORD_SIZE_MAX];
	size_t size = 0;
	int errnum = record_get(fd, name, RECORD_ATTRIBUTE, bytes, sizeof bytes, &size);
	if (errnum) {
		return errnum == ERANGE ? EBADMSG : errnum;
	}
	return record_decode(bytes, size, ret_record, NULL) ? 0 : EBADMSG;
}

bool record_peek(int fd, const char *name, int64_t *ret_change_ns)
{
	uint8_t bytes[RECORD_SIZE_MAX];
	ssize_t size = -1;
	if (*name) {
		const Target target = target_of(fd, name);
		size = get_once(&target, RECORD_ATTRIBUTE, bytes, sizeof bytes);
	} else {
		size = fgetxattr(fd, RECORD_ATTRIBUTE, bytes, sizeof bytes);
	}
	if (size < HEAD_SIZE || bytes[0] != VERSION) {
		return false;
	}
	*ret_change_ns = (int64_t)bytes_get64(bytes + 2);
	return true;
}

int record_write(int fd, const Record *record)
{
	uint8_t bytes[RECORD_SIZE_MAX];
	size_t size = record_encode(record, bytes);
	return record_put(fd, RECORD_ATTRIBUTE, bytes, size);
}

int record_remove(int fd)
{
	return record_put(fd, RECORD_ATTRIBUTE, NULL, 0);
}

/* ---- aside -------------------------------------------------------------------------------- */

char *record_aside_path(const Record *record)
{
	GString *path = g_string_new(RECORD_CONTENTS "/");
	for (unsigned i = 0; i < ASIDE_SIZE; i++) {
		g_string_append_printf(path, "%02x", record->aside[i]);
	}
	return g_string_free(path, FALSE);
}

static void hash(GBytes *content, uint8_t ret_hash[ASIDE_SIZE])
{
	ChunkId id = chunk_id_of(g_bytes_get_data(content, NULL), g_bytes_get_size(content));
	memcpy(ret_hash, id.bytes, ASIDE_SIZE);
}

static int write_synced(int fd, GBytes *content)
{
	size_t size = 0;
	const char *bytes = g_bytes_get_data(content, &size);
	for (size_t done = 0; done < size;) {
		ssize_t count = TEMP_FAILURE_RETRY(write(fd, bytes + done, size - done));
		if (count < 0) {
			return errno;
		}
		done += (size_t)count;
	}
	return fsync(fd) < 0 ? errno : 0;
}

static int write_file(int root, const char *path, GBytes *content)
{
	static int serial;
	g_autofree char *draft =
		g_strdup_printf(RECORD_CONTENTS "/draft-%d", g_atomic_int_add(&serial, 1));
	if (mkdirat(root, RECORD_CONTENTS, 0700) < 0 && errno != EEXIST) {
		return errno;
	}
	int fd = openat(root, draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		return errno;
	}
	int errnum = write_synced(fd, content);
	close(fd);
	if (!errnum && renameat(root, draft, root, path) < 0) {
		errnum = errno;
	}
	if (errnum) {
		unlinkat(root, draft, 0);
	}
	return errnum;
}

int record_put_aside(int root, GBytes *content, Record *record)
{
	hash(content, record->aside);
	record->is_aside = true;
	g_autofree char *path = record_aside_path(record);
	/* It may be there already; then its time says that it is wanted, to whoever sweeps. */
	struct stat info;
	if (fstatat(root, path, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (size_t)info.st_size == g_bytes_get_size(content) &&
	    utimensat(root, path, NULL, AT_SYMLINK_NOFOLLOW) == 0) {
		return 0;
	}
	return write_file(root, path, content);
}

static GBytes *read_file(int fd, size_t size)
{
	g_autofree char *bytes = g_malloc(size + 1);
	size_t done = 0;
	ssize_t count;
	while (done < size && (count = TEMP_FAILURE_RETRY(
				       pread(fd, bytes + done, size - done, (off_t)done))) > 0) {
		done += (size_t)count;
	}
	return done == size ? g_bytes_new_take(g_steal_pointer(&bytes), size) : NULL;
}

int record_load(int root, Record *record)
{
	if (record->content) {
		return 0;
	}
	g_autofree char *path = record_aside_path(record);
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		return errno;
	}
	struct stat info;
	g_autoptr(GBytes) content = NULL;
	if (fstat(fd, &info) == 0 && info.st_size <= (off_t)CONTENT_SIZE_MAX) {
		content = read_file(fd, (size_t)info.st_size);
	}
	close(fd);
	uint8_t found[ASIDE_SIZE] = { 0 };
	if (content) {
		hash(content, found);
	}
	if (!content || memcmp(found, record->aside, ASIDE_SIZE) != 0 ||
	    !check_content(g_bytes_get_data(content, NULL), g_bytes_get_size(content), record->size,
			   NULL)) {
		return EBADMSG;
	}
	record->content = g_steal_pointer(&content);
	return 0;
}
