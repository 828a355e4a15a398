/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openat2(2) lets the kernel itself refuse links and mounts on the way, in one call. A path longer
 * than the kernel takes is opened in several pieces.
 */
#include "client/disk/beneath.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RETRIES_MAX 100

typedef int (*OpenPiece)(int folder, const char *path, int flags);

static int open_retrying(int folder, const char *path, int flags)
{
	int fd;
	do {
		fd = openat(folder, path, flags | O_NOFOLLOW | O_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	return fd;
}

static int open_at_once(int folder, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	long fd;
	unsigned attempt = 0;
	/* EAGAIN: something was renamed meanwhile, and the kernel could not be sure. */
	do {
		fd = syscall(SYS_openat2, folder, path, &how, sizeof how);
	} while (fd < 0 && (errno == EINTR || (errno == EAGAIN && attempt++ < RETRIES_MAX)));
	return (int)fd;
}

static bool mount_of(int fd, struct statx *ret_place)
{
	return statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_MNT_ID, ret_place) == 0;
}

static bool is_same_mount(int a, int b)
{
	struct statx place_a, place_b;
	return mount_of(a, &place_a) && mount_of(b, &place_b) &&
	       place_a.stx_dev_major == place_b.stx_dev_major &&
	       place_a.stx_dev_minor == place_b.stx_dev_minor &&
	       place_a.stx_mnt_id == place_b.stx_mnt_id;
}

static int close_with(int fd, int errnum)
{
	close(fd);
	errno = errnum;
	return -1;
}

static int open_one(int folder, const char *name, int flags)
{
	int fd = open_retrying(folder, name, flags);
	if (fd < 0) {
		return -1;
	}
	if (!is_same_mount(folder, fd)) {
		return close_with(fd, EXDEV);
	}
	/* With O_PATH, O_NOFOLLOW opens the link itself. */
	struct stat info;
	if ((flags & O_PATH) && fstat(fd, &info) == 0 && S_ISLNK(info.st_mode)) {
		return close_with(fd, ELOOP);
	}
	return fd;
}

static int open_parts(int folder, const char *path, int flags)
{
	int at = folder;
	for (;;) {
		size_t size = strcspn(path, "/");
		bool last = path[size] == '\0';
		g_autofree char *name = g_strndup(path, size);
		int next = open_one(at, name, last ? flags : O_PATH | O_DIRECTORY);
		int errnum = errno;
		if (at != folder) {
			close(at);
		}
		if (last || next < 0) {
			errno = errnum;
			return next;
		}
		at = next;
		path += size + 1;
	}
}

/* Opens in pieces that the kernel takes. */
static int open_pieces(int root, const char *path, int flags, OpenPiece open_piece)
{
	int at = root;
	while (strlen(path) >= PATH_MAX) {
		const char *end = g_strrstr_len(path, PATH_MAX - 1, "/");
		if (!end) {
			errno = ENAMETOOLONG;
			break;
		}
		g_autofree char *piece = g_strndup(path, (size_t)(end - path));
		int next = open_piece(at, piece, O_PATH | O_DIRECTORY);
		if (at != root) {
			close_with(at, errno);
		}
		at = next;
		if (at < 0) {
			return -1;
		}
		path = end + 1;
	}
	int fd = strlen(path) < PATH_MAX ? open_piece(at, path, flags) : -1;
	if (at != root) {
		close_with(at, errno);
	}
	return fd;
}

static bool has_openat2(void)
{
	static size_t known;
	if (g_once_init_enter(&known)) {
		int fd = open_at_once(AT_FDCWD, ".", O_PATH);
		bool works = fd >= 0 || (errno != ENOSYS && errno != EPERM);
		if (fd >= 0) {
			close(fd);
		}
		g_once_init_leave(&known, works ? 1 : 2);
	}
	return known == 1;
}

int beneath_open(int root, const char *path, int flags)
{
	if (!has_openat2()) {
		return beneath_open_stepwise(root, path, flags);
	}
	return open_pieces(root, *path ? path : ".", flags, open_at_once);
}

int beneath_open_stepwise(int root, const char *path, int flags)
{
	return open_pieces(root, *path ? path : ".", flags, open_parts);
}

bool beneath_fail(GError **error, int errnum, const char *verb, const char *path)
{
	g_autofree char *shown = text_printable(path, strlen(path));
	error_set_errno(error, errnum, "%s '%s'", verb, shown);
	if (error) {
		if (errnum == ELOOP) {
			(*error)->code = DRIVE_ERROR_NOT_FOUND;
		} else if (errnum == EINVAL || errnum == EXDEV) {
			(*error)->code = DRIVE_ERROR_UNSUPPORTED;
		}
	}
	return false;
}
