/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mount/attr.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#define BLOCK_SIZE 512
#define NS_PER_S 1000000000ll

int attr_get(int fd, const char *name, struct statx *ret_found)
{
	int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH);
	if (statx(fd, name, flags, STATX_BASIC_STATS | STATX_BTIME, ret_found) != 0) {
		return errno;
	}
	return 0;
}

NodeKey attr_key(const struct statx *found)
{
	NodeKey key = { .inode = found->stx_ino };
	if (found->stx_mask & STATX_BTIME) {
		key.birth_ns = found->stx_btime.tv_sec * NS_PER_S + found->stx_btime.tv_nsec;
	}
	return key;
}

bool attr_is(const struct statx *found, const NodeKey *key)
{
	NodeKey is = attr_key(found);
	return is.inode == key->inode && is.birth_ns == key->birth_ns;
}

bool attr_is_folder(const struct statx *found)
{
	return S_ISDIR(found->stx_mode);
}

static struct timespec time_of(const struct statx_timestamp *time)
{
	return (struct timespec){ .tv_sec = time->tv_sec, .tv_nsec = time->tv_nsec };
}

void attr_show(const struct statx *found, struct stat *ret_shown)
{
	uint64_t blocks = found->stx_blocks;
	if (S_ISREG(found->stx_mode)) {
		blocks = MAX(blocks, (found->stx_size + BLOCK_SIZE - 1) / BLOCK_SIZE);
	}
	memset(ret_shown, 0, sizeof *ret_shown);
	ret_shown->st_ino = found->stx_ino;
	ret_shown->st_mode = found->stx_mode;
	ret_shown->st_nlink = found->stx_nlink;
	ret_shown->st_uid = found->stx_uid;
	ret_shown->st_gid = found->stx_gid;
	ret_shown->st_size = (off_t)found->stx_size;
	ret_shown->st_blksize = (blksize_t)found->stx_blksize;
	ret_shown->st_blocks = (blkcnt_t)blocks;
	ret_shown->st_atim = time_of(&found->stx_atime);
	ret_shown->st_mtim = time_of(&found->stx_mtime);
	ret_shown->st_ctim = time_of(&found->stx_ctime);
}
