/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that a FUSE file system can be: one file, read from another, and kept by the kernel.
 *
 *	one_file FILE MOUNTPOINT
 *
 * Shows FILE as MOUNTPOINT/file until it is unmounted. What reading it again takes is what the
 * kernel takes for any file that FUSE shows, since no program is asked any more.
 */
#define FUSE_USE_VERSION 312

#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse_lowlevel.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_ID 2
#define KEPT_S 1e9

static void on_init(void *data, struct fuse_conn_info *connection)
{
	connection->want &= ~(unsigned)FUSE_CAP_AUTO_INVAL_DATA;
	connection->want |= connection->capable & (FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
}

static void look(const char *file, fuse_ino_t id, struct stat *ret_found)
{
	memset(ret_found, 0, sizeof *ret_found);
	ret_found->st_mode = S_IFDIR | 0755;
	ret_found->st_nlink = 2;
	if (id == FILE_ID && stat(file, ret_found) != 0) {
		ret_found->st_mode = S_IFREG;
	}
	ret_found->st_ino = id;
}

static void on_getattr(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *info)
{
	struct stat found;
	look(fuse_req_userdata(request), id, &found);
	fuse_reply_attr(request, &found, KEPT_S);
}

static void on_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = { .ino = FILE_ID,
					  .attr_timeout = KEPT_S,
					  .entry_timeout = KEPT_S };
	if (strcmp(name, "file") != 0) {
		fuse_reply_err(request, ENOENT);
		return;
	}
	look(fuse_req_userdata(request), FILE_ID, &entry.attr);
	fuse_reply_entry(request, &entry);
}

static void on_open(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *info)
{
	int fd = open(fuse_req_userdata(request), O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fuse_reply_err(request, errno);
		return;
	}
	info->fh = (uint64_t)fd;
	info->keep_cache = 1;
	fuse_reply_open(request, info);
}

static void on_release(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *info)
{
	close((int)info->fh);
	fuse_reply_err(request, 0);
}

static void on_read(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset,
		    struct fuse_file_info *info)
{
	struct fuse_bufvec bytes = FUSE_BUFVEC_INIT(size);
	bytes.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	bytes.buf[0].fd = (int)info->fh;
	bytes.buf[0].pos = offset;
	fuse_reply_data(request, &bytes, FUSE_BUF_SPLICE_MOVE);
}

int main(int count, char **arguments)
{
	static const struct fuse_lowlevel_ops ops = {
		.init = on_init,
		.lookup = on_lookup,
		.getattr = on_getattr,
		.open = on_open,
		.read = on_read,
		.release = on_release,
	};
	if (count != 3) {
		fprintf(stderr, "usage: one_file FILE MOUNTPOINT\n");
		return 2;
	}
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	fuse_opt_add_arg(&args, arguments[0]);
	struct fuse_session *session = fuse_session_new(&args, &ops, sizeof ops, arguments[1]);
	fuse_opt_free_args(&args);
	if (!session || fuse_session_mount(session, arguments[2]) != 0) {
		return 1;
	}
	int failure = fuse_session_loop(session);
	fuse_session_unmount(session);
	fuse_session_destroy(session);
	return failure != 0;
}
