/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session: mounting, what the kernel is told, the end of it. Threads that wait for the server
 * are let go before those that serve are ended.
 */
#include "client/mount/mount.h"

#include "base/error.h"
#include "client/mount/file.h"
#include "client/mount/attr.h"
#include "client/mount/mount_internal.h"
#include "client/mount/mountpoint.h"
#include "client/mount/notice.h"
#include "client/mount/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Requests that wait for the server hold a thread each; others must get through beside them. */
#define THREADS_MAX 64
#define THREADS_IDLE_MAX 4
#define FOLDERS_MAX 256
#define NODES_MAX 200000

/* ---- what the kernel is told ------------------------------------------------------------ */

static void tell_entry(const Node *folder, const char *name, void *data)
{
	const Mount *mount = data;
	fuse_lowlevel_notify_inval_entry(mount->session, mount_id(folder), name, strlen(name));
}

/* Of a name that the kernel never heard of it has no entry, and would keep the listing: the pages
 * of the folder are its listing. */
static void tell_pages(const Node *node, void *data)
{
	const Mount *mount = data;
	fuse_lowlevel_notify_inval_inode(mount->session, mount_id(node), 0, 0);
}

void mount_drop_listing(const Mount *mount, const Node *folder)
{
	tell_pages(folder, (void *)mount);
}

static void tell_attributes(const Node *node, void *data)
{
	const Mount *mount = data;
	fuse_lowlevel_notify_inval_inode(mount->session, mount_id(node), -1, 0);
}

static const TellerClass teller_class = {
	.entry = tell_entry,
	.pages = tell_pages,
	.attributes = tell_attributes,
};

static NodeKey stamp_key(const EntryStamp *stamp)
{
	return (NodeKey){ .inode = stamp->inode, .birth_ns = stamp->birth_ns };
}

/*
 * The engine put something there, which a program may have open: what is written to it from now on
 * is told by its name of now. What was written since it got that name may have been told by the one
 * before.
 */
static void follow(Mount *mount, Node *parent, const char *name)
{
	Folder *folder = NULL;
	Node *node = NULL;
	struct statx found;
	if (folder_open(mount->folders, parent, &folder) == 0) {
		place_settle(mount, folder, parent, name, &node, &found);
		folder_close(mount->folders, folder);
	}
	if (node && !attr_is_folder(&found)) {
		notice_changed(mount, node);
	}
	node_unref(mount->nodes, node);
}

/* The same, into a folder that nobody has looked up. Its path leads there, or to what another put
 * in its place since, which is told by itself. */
static void follow_into(Mount *mount, const NodeKey *folder, const char *name, const char *path)
{
	struct statx found;
	if (!node_has_files(mount->nodes) ||
	    attr_get(volume_root(mount->volume), path, &found) != 0 || attr_is_folder(&found)) {
		return;
	}
	NodeKey key = attr_key(&found);
	Node *node = node_find(mount->nodes, &key);
	if (node) {
		node_move_into(mount->nodes, node, folder, name);
		notice_changed(mount, node);
		node_unref(mount->nodes, node);
	}
}

static void entry_changed(const EntryStamp *folder, const char *name, const char *path, void *data)
{
	Mount *mount = data;
	NodeKey key = stamp_key(folder);
	Node *parent = node_find(mount->nodes, &key);
	if (parent) {
		follow(mount, parent, name);
		node_unref(mount->nodes, parent);
	} else {
		follow_into(mount, &key, name, path);
	}
	teller_entry(mount->teller, &key, name);
}

static void body_changed(const EntryStamp *file, void *data)
{
	const Mount *mount = data;
	NodeKey key = stamp_key(file);
	teller_attributes(mount->teller, &key);
}

static const VolumeListener listener = { .entry = entry_changed, .body = body_changed };

static void tell_engine(const EntryStamp *folder, const WatchEvent *event, void *data)
{
	const Mount *mount = data;
	volume_notice(mount->volume, folder, event);
}

/* ---- session ---------------------------------------------------------------------------- */

static void do_init(void *data, struct fuse_conn_info *connection)
{
	Mount *mount = data;
	mount->may_open_folders = connection->capable & FUSE_CAP_NO_OPENDIR_SUPPORT;
	/* Contents of an inode change only through the mount. */
	connection->want &= ~(unsigned)(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_SPLICE_READ |
					FUSE_CAP_WRITEBACK_CACHE);
	connection->want |=
		connection->capable &
		(FUSE_CAP_EXPLICIT_INVAL_DATA | FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_READDIRPLUS |
		 FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_ATOMIC_O_TRUNC |
		 FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE | FUSE_CAP_HANDLE_KILLPRIV);
}

/*
 * What this libfuse (3.17 can) neither asks for nor hands on:
 *
 * FUSE_HANDLE_KILLPRIV_V2. The kernel then asks once for security.capability before a file is
 * written, instead of before each write, and believes what it knows of the size after its own
 * writes. What it asks in return is that writing, truncating and giving away take the setuid bit.
 * The backing file system does that, but where this process is privileged: then the request says
 * whether it is to be (mount_strips()).
 *
 * FUSE_DIRECT_IO_ALLOW_MMAP. What passes the kernel's pages by can be mapped all the same, and
 * drops the pages that it passes by.
 */
#define DIRECT_IO_ALLOW_MMAP_FLAG2 (1U << 4)

static _Thread_local bool strips;

bool mount_strips(const Mount *mount)
{
	return strips && mount->keeps_privileges;
}

static void see_init(Mount *mount, const struct fuse_in_header *header,
		     const struct fuse_init_in *asked)
{
	mount->is_offered_strips = asked->flags & FUSE_HANDLE_KILLPRIV_V2;
	mount->is_offered_direct =
		(asked->flags & FUSE_INIT_EXT) && (asked->flags2 & DIRECT_IO_ALLOW_MMAP_FLAG2);
	g_atomic_int_set(&mount->init_id, (int)header->unique);
}

static ssize_t read_request(int fd, void *bytes, size_t size, void *data)
{
	Mount *mount = data;
	ssize_t found = read(fd, bytes, size);
	const struct fuse_in_header *header = bytes;
	const void *body = header + 1;
	strips = false;
	if (found < (ssize_t)(sizeof *header + sizeof(struct fuse_open_in))) {
		return found;
	}
	/* The kernel sends them whole. */
	if (header->opcode == FUSE_WRITE) {
		const struct fuse_write_in *write = body;
		strips = write->write_flags & FUSE_WRITE_KILL_SUIDGID;
	} else if (header->opcode == FUSE_SETATTR) {
		const struct fuse_setattr_in *set = body;
		strips = set->valid & FATTR_KILL_SUIDGID;
	} else if (header->opcode == FUSE_OPEN) {
		const struct fuse_open_in *open = body;
		strips = open->open_flags & FUSE_OPEN_KILL_SUIDGID;
	} else if (header->opcode == FUSE_FALLOCATE) {
		/* Does not say. */
		strips = true;
	} else if (header->opcode == FUSE_INIT &&
		   found >= (ssize_t)(sizeof *header + sizeof(struct fuse_init_in))) {
		see_init(mount, header, body);
	}
	return found;
}

static void amend_init(Mount *mount, struct iovec *answer)
{
	struct fuse_init_out *out = answer->iov_base;
	if (mount->is_offered_strips && answer->iov_len >= FUSE_COMPAT_22_INIT_OUT_SIZE) {
		out->flags |= FUSE_HANDLE_KILLPRIV_V2;
	}
	if (mount->is_offered_direct && answer->iov_len >= sizeof *out) {
		out->flags |= FUSE_INIT_EXT;
		out->flags2 |= DIRECT_IO_ALLOW_MMAP_FLAG2;
		mount->may_be_direct = true;
	}
}

static ssize_t write_answer(int fd, struct iovec *parts, int count, void *data)
{
	Mount *mount = data;
	const struct fuse_out_header *header = parts[0].iov_base;
	int id = g_atomic_int_get(&mount->init_id);
	if (id != 0 && id == (int)header->unique) {
		g_atomic_int_set(&mount->init_id, 0);
		if (header->error == 0 && count == 2) {
			amend_init(mount, &parts[1]);
		}
	}
	return writev(fd, parts, count);
}

/* CAP_FSETID: what this process writes keeps its setuid bit. */
static bool keeps_privileges(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };
	return syscall(SYS_capget, &header, sets) != 0 ||
	       (sets[CAP_TO_INDEX(CAP_FSETID)].effective & CAP_TO_MASK(CAP_FSETID));
}

static ssize_t move(int from, off_t *from_at, int to, off_t *to_at, size_t size, unsigned flags,
		    void *data)
{
	return splice(from, from_at, to, to_at, size, flags);
}

static struct fuse_session *new_session(Mount *mount)
{
	struct fuse_lowlevel_ops ops = { .init = do_init };
	ops_tree_fill(&ops);
	ops_file_fill(&ops);
	ops_folder_fill(&ops);
	ops_attribute_fill(&ops);
	struct fuse_args arguments = FUSE_ARGS_INIT(0, NULL);
	fuse_opt_add_arg(&arguments, "imdrive");
	fuse_opt_add_arg(&arguments, "-ofsname=imdrive,subtype=imdrive");
	struct fuse_session *session = fuse_session_new(&arguments, &ops, sizeof ops, mount);
	fuse_opt_free_args(&arguments);
	return session;
}

/* By a worker. */
static void session_ended(void *data)
{
	Mount *mount = data;
	g_mutex_lock(&mount->lock);
	bool closing = mount->closing;
	g_mutex_unlock(&mount->lock);
	if (!closing && mount->ended) {
		mount->ended(mount->ended_data);
	}
}

static bool start(Mount *mount, GError **error)
{
	mount->session = new_session(mount);
	if (!mount->session) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
			    "this libfuse does not take the options it is given");
		return false;
	}
	if (access("/dev/fuse", F_OK) != 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
			    "there is no /dev/fuse here: a virtual disk needs FUSE ('modprobe "
			    "fuse')");
		return false;
	}
	if (fuse_session_mount(mount->session, mount->mountpoint) != 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
			    "the system does not let this user mount here: is the package 'fuse3' "
			    "installed, and is the folder yours?");
		return false;
	}
	mount->mounted = true;
	static const struct fuse_custom_io io = {
		.read = read_request,
		.writev = write_answer,
		.splice_receive = move,
		.splice_send = move,
	};
	if (fuse_session_custom_io(mount->session, &io, fuse_session_fd(mount->session)) != 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
			    "this libfuse does not let its requests be seen");
		return false;
	}
	const WorkersOptions workers = {
		.session = mount->session,
		.threads_max = THREADS_MAX,
		.idle_max = THREADS_IDLE_MAX,
		.ended = session_ended,
		.data = mount,
	};
	mount->workers = workers_new(&workers);
	if (!mount->workers) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY, "no thread to be had");
	}
	return mount->workers;
}

Mount *mount_new(const MountOptions *options, GError **error)
{
	g_autoptr(Mount) mount = g_new0(Mount, 1);
	g_mutex_init(&mount->lock);
	mount->waiting = g_hash_table_new(NULL, NULL);
	mount->mountpoint = g_canonicalize_filename(options->mountpoint, NULL);
	mount->volume = options->volume;
	mount->room = options->room;
	mount->room_data = options->room_data;
	mount->ended = options->ended;
	mount->ended_data = options->ended_data;
	mount->keeps_privileges = keeps_privileges();
	mount->indexers = indexers_new(options->indexers);
	struct statx root;
	int failure = attr_get(volume_root(mount->volume), "", &root);
	if (failure) {
		error_set_errno(error, failure, "mount at '%s'", mount->mountpoint);
		return NULL;
	}
	NodeKey key = attr_key(&root);
	mount->nodes = node_table_new(&key);
	mount->folders = folder_cache_new(mount->nodes, volume_root(mount->volume), FOLDERS_MAX);
	mount->teller = teller_new(mount->nodes, NODES_MAX, &teller_class, mount);
	mount->notices = notice_new(tell_engine, mount);
	if (!start(mount, error)) {
		g_prefix_error(error, "mount at '%s': ", mount->mountpoint);
		return NULL;
	}
	volume_set_listener(mount->volume, &listener, mount);
	return g_steal_pointer(&mount);
}

/* ---- end -------------------------------------------------------------------------------- */

static void let_go(Mount *mount)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&mount->lock);
	mount->closing = true;
	GHashTableIter iter;
	void *cancellable = NULL;
	g_hash_table_iter_init(&iter, mount->waiting);
	while (g_hash_table_iter_next(&iter, &cancellable, NULL)) {
		g_cancellable_cancel(cancellable);
	}
}

/* What programs still have open: nobody will tell that they closed it. */
static void close_files(Mount *mount)
{
	NodeFile *file = NULL;
	while ((file = node_any_file(mount->nodes))) {
		file_end(mount, (OpenFile *)file);
	}
}

void mount_free(Mount *mount)
{
	if (!mount) {
		return;
	}
	if (mount->mounted) {
		volume_set_listener(mount->volume, NULL, NULL);
		let_go(mount);
		g_autoptr(GError) ignored = NULL;
		mountpoint_detach(mount->mountpoint, &ignored);
		teller_stop(mount->teller);
		g_clear_pointer(&mount->workers, workers_free);
		fuse_session_unmount(mount->session);
		close_files(mount);
	}
	teller_free(mount->teller);
	notice_free(mount->notices);
	if (mount->session) {
		fuse_session_destroy(mount->session);
	}
	indexers_free(mount->indexers);
	folder_cache_free(mount->folders);
	node_table_free(mount->nodes);
	g_hash_table_unref(mount->waiting);
	g_mutex_clear(&mount->lock);
	g_free(mount->mountpoint);
	g_free(mount);
}

void mount_notice(Mount *mount)
{
	notice_flush(mount->notices);
}

void mount_flush(Mount *mount)
{
	teller_flush(mount->teller);
}
