/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watching with inotify(7).
 *
 * A watch belongs to the folder itself (its inode), so it goes with the folder wherever that is
 * moved; the kernel tells its number, and `keys` says whose it is. The lock is held from asking the
 * kernel for a watch until its number is known: an event that is read afterwards is never of an
 * unknown folder. Numbers are not given out again, so that what is left in the queue of a folder
 * that is no longer watched is recognised and dropped.
 *
 * The kernel says IN_IGNORED last of all of every watch, however it ended; that is what GONE is
 * made of. A folder that is removed while a program stands in it ends when that program leaves.
 *
 * Folders are opened beneath the bound one, never through a link, and then named to the kernel
 * through /proc/self/fd, since inotify_add_watch(2) itself takes only paths.
 *
 * One event is told at once. Of many in a row, which is what a copied tree is, some are let gather
 * before each next reading: to wake somebody for each would cost more than what he does then.
 */
#include "client/observe/watch_impl.h"

#include "base/error.h"
#include "base/text.h"
#include "client/disk/beneath.h"
#include "client/observe/watch_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* All that leaves a trace in a folder. Not IN_MODIFY: a file is looked at when it is closed. */
#define WHAT_IS_TOLD \
	(IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO)

/* Names of a file that has lost its last one are not told, and only folders are watched. */
#define HOW_TO_WATCH (IN_ONLYDIR | IN_EXCL_UNLINK)

#define WATCHES_LIMIT "/proc/sys/fs/inotify/max_user_watches"
#define WATCHES_LIMIT_UNKNOWN 8192
/* The rest is for the person's other programs. */
#define BUDGET_SHARE_PERCENT 75

#define NS_PER_SECOND 1000000000

/* Events that follow each other faster than this are a burst once there were so many. */
#define BURST_GAP_US 1000
#define BURST_READS 16
#define GATHER_MS 2

/* Room for some 2,000 events, each with a name of usual length. */
#define BUFFER_SIZE 65536

typedef struct InotifyWatch {
	Watch base;
	int root; /* O_PATH */
	int inotify;
	int stop; /* eventfd */
	WatchNotify notify;
	void *data;
	GThread *thread;
	GArray *batch;  /* WatchEvent; the thread's */
	unsigned burst; /* readings in a row that had not to be waited for; the thread's */

	GMutex lock; /* guards all below */
	WatchKeys keys;
	size_t budget;
	bool system_full; /* the last folder was refused by the system, not by the budget */
} InotifyWatch;

/* ---- telling ---------------------------------------------------------------------------- */

static bool what_of(uint32_t mask, WatchWhat *ret_what)
{
	static const struct {
		uint32_t mask;
		WatchWhat what;
	} table[] = {
		{ IN_CREATE, WATCH_CREATED },        { IN_DELETE, WATCH_DELETED },
		{ IN_CLOSE_WRITE, WATCH_CHANGED },   { IN_ATTRIB, WATCH_CHANGED },
		{ IN_MOVED_FROM, WATCH_MOVED_FROM }, { IN_MOVED_TO, WATCH_MOVED_TO },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		if (mask & table[i].mask) {
			*ret_what = table[i].what;
			return true;
		}
	}
	return false;
}

/* False: nothing that concerns anybody. */
static bool translate(InotifyWatch *watch, const struct inotify_event *raw, WatchEvent *ret_event)
{
	*ret_event = (WatchEvent){ .folder = raw->mask & IN_ISDIR };
	if (raw->mask & IN_Q_OVERFLOW) {
		ret_event->what = WATCH_OVERFLOW;
		return true;
	}
	ret_event->key = watch_keys_key(&watch->keys, raw->wd);
	if (ret_event->key == 0) {
		return false;
	}
	if (raw->mask & IN_IGNORED) {
		watch_keys_remove(&watch->keys, ret_event->key);
		watch->system_full = false;
		ret_event->what = WATCH_GONE;
		ret_event->folder = true;
		return true;
	}
	if (raw->len == 0) {
		/* Of the folder itself: whoever watches the one above is told by name. */
		return false;
	}
	ret_event->name = raw->name;
	ret_event->cookie = raw->cookie;
	return what_of(raw->mask, &ret_event->what);
}

static void tell(InotifyWatch *watch, const char *buffer, size_t size)
{
	g_array_set_size(watch->batch, 0);
	g_mutex_lock(&watch->lock);
	for (size_t at = 0; at < size;) {
		const struct inotify_event *raw = (const void *)(buffer + at);
		g_assert(size - at >= sizeof *raw && size - at - sizeof *raw >= raw->len);
		at += sizeof *raw + raw->len;
		WatchEvent event;
		if (translate(watch, raw, &event)) {
			g_array_append_val(watch->batch, event);
		}
	}
	g_mutex_unlock(&watch->lock);
	if (watch->batch->len > 0) {
		watch->notify((const WatchEvent *)(void *)watch->batch->data, watch->batch->len,
			      watch->data);
	}
}

/* Waits until one of them is readable, or for timeout_ms (-1: for ever). */
static void wait_for(struct pollfd *fds, size_t count, int timeout_ms)
{
	while (poll(fds, count, timeout_ms) < 0) {
		g_assert(errno == EINTR || errno == EAGAIN || errno == ENOMEM);
	}
}

/* False once it is to stop. */
static bool wait_for_events(InotifyWatch *watch)
{
	struct pollfd fds[] = {
		{ .fd = watch->stop, .events = POLLIN },
		{ .fd = watch->inotify, .events = POLLIN },
	};
	if (watch->burst >= BURST_READS) {
		wait_for(fds, 1, GATHER_MS);
	}
	int64_t began_us = g_get_monotonic_time();
	wait_for(fds, G_N_ELEMENTS(fds), -1);
	bool soon = g_get_monotonic_time() - began_us < BURST_GAP_US;
	watch->burst = soon ? watch->burst + 1 : 0;
	return fds[0].revents == 0;
}

static void *run(void *data)
{
	InotifyWatch *watch = data;
	/* Aligned for struct inotify_event, which the kernel keeps up from one to the next. */
	g_autofree char *buffer = g_malloc(BUFFER_SIZE);
	while (wait_for_events(watch)) {
		ssize_t size = read(watch->inotify, buffer, BUFFER_SIZE);
		if (size > 0) {
			tell(watch, buffer, (size_t)size);
		} else {
			g_assert(size < 0 && (errno == EAGAIN || errno == EINTR));
		}
	}
	return NULL;
}

/* ---- what is watched -------------------------------------------------------------------- */

static bool add_failed(InotifyWatch *watch, int errnum, const char *path, GError **error)
{
	if (errnum != ENOSPC) {
		return beneath_fail(error, errnum, "watch", path);
	}
	watch->system_full = true;
	g_autofree char *shown = text_printable(path, strlen(path));
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE,
		    "watch '%s': the system allows no more watches "
		    "(sysctl fs.inotify.max_user_watches)",
		    shown);
	return false;
}

static bool is_within_budget(InotifyWatch *watch, int64_t key, const char *path, GError **error)
{
	if (watch_keys_count(&watch->keys) <= watch->budget) {
		return true;
	}
	int number = watch_keys_remove(&watch->keys, key);
	inotify_rm_watch(watch->inotify, number);
	g_autofree char *shown = text_printable(path, strlen(path));
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE,
		    "watch '%s': %zu folders are watched already, more are not allowed", shown,
		    watch->budget);
	return false;
}

static bool add_open(InotifyWatch *watch, int folder, const char *path, int64_t key, GError **error)
{
	char name[64];
	g_snprintf(name, sizeof name, "/proc/self/fd/%d", folder);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&watch->lock);
	int number = inotify_add_watch(watch->inotify, name, WHAT_IS_TOLD | HOW_TO_WATCH);
	if (number < 0) {
		return add_failed(watch, errno, path, error);
	}
	int left_over = watch_keys_put(&watch->keys, number, key);
	if (left_over > 0) {
		/* May have ended by itself. */
		inotify_rm_watch(watch->inotify, left_over);
	}
	return is_within_budget(watch, key, path, error);
}

/* Is this open folder the one that is meant? */
static bool is_meant(int folder, const EntryStamp *stamp)
{
	struct statx info;
	if (stamp->inode == 0) {
		return true;
	}
	if (statx(folder, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &info) != 0) {
		return false;
	}
	int64_t birth_ns = info.stx_btime.tv_sec * NS_PER_SECOND + info.stx_btime.tv_nsec;
	return info.stx_ino == stamp->inode &&
	       stamp->birth_ns == (info.stx_mask & STATX_BTIME ? birth_ns : 0);
}

static bool inotify_add(Watch *base, const char *path, const EntryStamp *stamp, int64_t key,
			GError **error)
{
	InotifyWatch *watch = (InotifyWatch *)base;
	int folder = beneath_open(watch->root, path, O_PATH | O_DIRECTORY);
	if (folder < 0) {
		return beneath_fail(error, errno, "watch", path);
	}
	bool added = false;
	if (is_meant(folder, stamp)) {
		added = add_open(watch, folder, path, key, error);
	} else {
		g_autofree char *shown = text_printable(path, strlen(path));
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CHANGED,
			    "watch '%s': another folder is there by now", shown);
	}
	close(folder);
	return added;
}

static void inotify_remove(Watch *base, int64_t key)
{
	InotifyWatch *watch = (InotifyWatch *)base;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&watch->lock);
	int number = watch_keys_remove(&watch->keys, key);
	if (number > 0) {
		inotify_rm_watch(watch->inotify, number);
		watch->system_full = false;
	}
}

static void inotify_rekey(Watch *base, int64_t key, int64_t new_key)
{
	InotifyWatch *watch = (InotifyWatch *)base;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&watch->lock);
	int left_over = watch_keys_rekey(&watch->keys, key, new_key);
	if (left_over > 0) {
		inotify_rm_watch(watch->inotify, left_over);
	}
}

static WatchTotals inotify_totals(Watch *base)
{
	InotifyWatch *watch = (InotifyWatch *)base;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&watch->lock);
	size_t folders = watch_keys_count(&watch->keys);
	return (WatchTotals){
		.folders = folders,
		.budget = watch->system_full ? folders : watch->budget,
	};
}

/* ---- life ------------------------------------------------------------------------------- */

static void close_fd(int fd)
{
	if (fd >= 0) {
		close(fd);
	}
}

static void inotify_free(Watch *base)
{
	InotifyWatch *watch = (InotifyWatch *)base;
	if (watch->thread) {
		int rc = eventfd_write(watch->stop, 1);
		g_assert(rc == 0);
		g_thread_join(watch->thread);
	}
	close_fd(watch->stop);
	close_fd(watch->inotify);
	close_fd(watch->root);
	g_array_unref(watch->batch);
	watch_keys_clear(&watch->keys);
	g_mutex_clear(&watch->lock);
	g_free(watch);
}

static const WatchClass inotify_class = {
	.free = inotify_free,
	.add = inotify_add,
	.remove = inotify_remove,
	.rekey = inotify_rekey,
	.totals = inotify_totals,
};

static size_t budget_default(void)
{
	g_autofree char *text = NULL;
	unsigned long long limit = 0;
	if (g_file_get_contents(WATCHES_LIMIT, &text, NULL, NULL)) {
		limit = g_ascii_strtoull(text, NULL, 10);
	}
	if (limit == 0 || limit > G_MAXINT) {
		limit = WATCHES_LIMIT_UNKNOWN;
	}
	return (size_t)(limit * BUDGET_SHARE_PERCENT / 100);
}

static bool open_all(InotifyWatch *watch, const char *folder, GError **error)
{
	watch->root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (watch->root < 0) {
		return error_set_errno(error, errno, "watch '%s'", folder);
	}
	watch->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->inotify < 0 && errno == EMFILE) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
			    "watch '%s': too many programs watch folders "
			    "(sysctl fs.inotify.max_user_instances)",
			    folder);
		return false;
	}
	if (watch->inotify < 0) {
		return error_set_errno(error, errno, "watch '%s'", folder);
	}
	watch->stop = eventfd(0, EFD_CLOEXEC);
	return watch->stop >= 0 || error_set_errno(error, errno, "watch '%s'", folder);
}

Watch *watch_inotify_new(const char *folder, size_t budget, WatchNotify notify, void *data,
			 GError **error)
{
	InotifyWatch *watch = g_new0(InotifyWatch, 1);
	watch->base.class = &inotify_class;
	watch->root = watch->inotify = watch->stop = -1;
	watch->notify = notify;
	watch->data = data;
	watch->batch = g_array_new(FALSE, FALSE, sizeof(WatchEvent));
	g_mutex_init(&watch->lock);
	watch_keys_init(&watch->keys);
	watch->budget = budget == WATCH_BUDGET_DEFAULT ? budget_default() : budget;
	if (!open_all(watch, folder, error)) {
		inotify_free(&watch->base);
		return NULL;
	}
	watch->thread = g_thread_try_new("watch", run, watch, error);
	if (!watch->thread) {
		g_prefix_error(error, "watch '%s': ", folder);
		inotify_free(&watch->base);
		return NULL;
	}
	return &watch->base;
}
