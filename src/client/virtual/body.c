/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One backing file: clean or dirty, and who has it open.
 *
 *	           body_promise(): the server has what was read
 *	dirty ──────────────────────────────────────────────────────> clean
 *	  <────────────────────────────────────────────────────────────
 *	           volume_file_touch(): all bytes are here, on disk; then the record goes
 *
 * A file that has touched stays a writer until it is closed, and where there is a writer no promise
 * is taken: so between the record and the bytes no write can slip through unseen. What the engine
 * promised meanwhile is kept, and taken when the last writer closes, if the file is what it was; so
 * is what it promised of a file that has moved away with its folder.
 */
#include "client/virtual/volume_internal.h"

#include "base/error.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_S G_GINT64_CONSTANT(1000000000)
/* How exactly it is remembered when a file was used last. */
#define USED_PRECISION_S 60
#define STATX_WANTED (STATX_BASIC_STATS | STATX_BTIME)

static int64_t to_ns(const struct statx_timestamp *time)
{
	return time->tv_sec * NS_PER_S + time->tv_nsec;
}

int64_t body_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

void body_to_times(int64_t mtime_ns, struct timespec ret_times[2])
{
	int64_t ns = mtime_ns % NS_PER_S;
	ns += ns < 0 ? NS_PER_S : 0;
	ret_times[0] = (struct timespec){ .tv_nsec = UTIME_OMIT };
	ret_times[1] = (struct timespec){ .tv_sec = (mtime_ns - ns) / NS_PER_S, .tv_nsec = ns };
}

void body_restore_times(const Body *body, int fd)
{
	struct timespec times[2];
	body_to_times(body->record.mtime_ns, times);
	futimens(fd, times);
}

void body_overlay(const Record *record, DiskInfo *info)
{
	info->size = record->size;
	info->mtime_ns = record->mtime_ns;
	info->stamp.change_ns = record->change_ns;
}

/* ---- the table ---------------------------------------------------------------------------- */

Body *body_ref(Body *body)
{
	g_mutex_lock(&body->volume->mutex);
	body->references++;
	g_mutex_unlock(&body->volume->mutex);
	return body;
}

void body_unref(Body *body)
{
	if (!body) {
		return;
	}
	Volume *volume = body->volume;
	g_mutex_lock(&volume->mutex);
	bool last = --body->references == 0;
	if (last) {
		g_hash_table_remove(volume->bodies, &body->inode);
	}
	g_mutex_unlock(&volume->mutex);
	if (!last) {
		return;
	}
	if (body->fd >= 0) {
		close(body->fd);
	}
	g_clear_pointer(&body->flights, g_hash_table_unref);
	layout_free(body->layout);
	record_clear(&body->record);
	ranges_clear(&body->here);
	g_mutex_clear(&body->mutex);
	g_cond_clear(&body->cond);
	g_free(body);
}

Body *body_find(Volume *volume, uint64_t inode)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&volume->mutex);
	Body *body = g_hash_table_lookup(volume->bodies, &inode);
	if (body) {
		body->references++;
	}
	return body;
}

static Body *find_or_add(Volume *volume, uint64_t inode)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&volume->mutex);
	Body *body = g_hash_table_lookup(volume->bodies, &inode);
	if (!body) {
		body = g_new0(Body, 1);
		body->volume = volume;
		body->inode = inode;
		body->fd = -1;
		g_mutex_init(&body->mutex);
		g_cond_init(&body->cond);
		g_hash_table_insert(volume->bodies, &body->inode, body);
	}
	body->references++;
	return body;
}

int body_open(Body *body, int fd)
{
	if (body->fd < 0) {
		body->fd = record_reopen(fd, O_RDWR);
	}
	return body->fd < 0 ? errno : 0;
}

/*
 * The file is not as its record says: a truncation, or the fetching of bytes, was interrupted. What
 * the record says was true, and is so again.
 */
static int repair(Body *body, int fd, const struct statx *info)
{
	if (info->stx_size == body->record.size) {
		body_restore_times(body, fd);
		return 0;
	}
	body->record.complete = false;
	ranges_clear(&body->here);
	int errnum = record_put(fd, RECORD_PARTS_ATTRIBUTE, NULL, 0);
	if (!errnum) {
		errnum = record_write(fd, &body->record);
	}
	if (!errnum) {
		errnum = body_open(body, fd);
	}
	if (!errnum && ftruncate(body->fd, (off_t)body->record.size) < 0) {
		errnum = errno;
	}
	body_restore_times(body, fd);
	return errnum;
}

static int load(Body *body, int fd)
{
	struct statx info;
	int errnum = record_read(fd, NULL, &body->record);
	if (errnum == ENODATA) {
		g_atomic_int_set(&body->whole, 1);
		return 0;
	}
	if (!errnum) {
		errnum = record_load(body->volume->root, &body->record);
	}
	if (errnum) {
		return errnum == EBADMSG || errnum == ENOENT ? EIO : errnum;
	}
	if (statx(fd, "", AT_EMPTY_PATH, STATX_WANTED, &info) < 0) {
		return errno;
	}
	uint8_t parts[RANGES_SIZE_MAX];
	size_t size = 0;
	if (!body->record.complete &&
	    record_get(fd, NULL, RECORD_PARTS_ATTRIBUTE, parts, sizeof parts, &size) == 0) {
		ranges_decode(parts, size, body->record.size, &body->here);
	}
	body->clean = true;
	if (info.stx_size != body->record.size || to_ns(&info.stx_mtime) != body->record.mtime_ns) {
		errnum = repair(body, fd, &info);
	}
	bool whole = body->record.complete || ranges_have(&body->here, 0, body->record.size);
	g_atomic_int_set(&body->whole, whole);
	return errnum;
}

Body *body_get(Volume *volume, int fd, int *ret_errno)
{
	struct stat info;
	if (fstat(fd, &info) < 0) {
		*ret_errno = errno;
		return NULL;
	}
	Body *body = find_or_add(volume, info.st_ino);
	int errnum = 0;
	g_mutex_lock(&body->mutex);
	if (!body->loaded) {
		errnum = load(body, fd);
		body->loaded = errnum == 0;
		if (errnum) {
			record_clear(&body->record);
			ranges_clear(&body->here);
			body->clean = false;
		}
	}
	g_mutex_unlock(&body->mutex);
	if (errnum) {
		body_unref(body);
		*ret_errno = errnum;
		return NULL;
	}
	return body;
}

static DiskInfo info_of(const struct statx *info)
{
	return (DiskInfo){
		.kind = DISK_FILE,
		.size = info->stx_size,
		.mtime_ns = to_ns(&info->stx_mtime),
		.executable = info->stx_mode & S_IXUSR,
		.mode = info->stx_mode & 0777,
		.stamp = {
			.inode = info->stx_ino,
			.birth_ns = info->stx_mask & STATX_BTIME ? to_ns(&info->stx_btime) : 0,
			.change_ns = to_ns(&info->stx_ctime),
		},
	};
}

bool body_look(Body *body, int fd, DiskInfo *ret_info, GError **error)
{
	struct statx found;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&body->mutex);
	if (statx(fd, "", AT_EMPTY_PATH, STATX_WANTED, &found) < 0) {
		return error_set_errno(error, errno, "look at an open file");
	}
	*ret_info = info_of(&found);
	if (body->clean) {
		body_overlay(&body->record, ret_info);
	}
	return true;
}

GBytes *body_promised(Body *body, const DiskInfo *expected)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&body->mutex);
	const Record *record = &body->record;
	bool same = body->clean && expected->kind == DISK_FILE &&
		    body->inode == expected->stamp.inode &&
		    record->change_ns == expected->stamp.change_ns &&
		    record->mtime_ns == expected->mtime_ns && record->size == expected->size;
	return same ? g_bytes_ref(record->content) : NULL;
}

/* ---- promises ----------------------------------------------------------------------------- */

static void forget_pending(Volume *volume, uint64_t inode)
{
	g_mutex_lock(&volume->mutex);
	g_hash_table_remove(volume->pending, &inode);
	g_mutex_unlock(&volume->mutex);
}

void body_keep_pending(Volume *volume, const DiskInfo *expected, GBytes *content)
{
	Pending *pending = g_new(Pending, 1);
	*pending = (Pending){ expected->stamp.inode, *expected, g_bytes_ref(content) };
	g_mutex_lock(&volume->mutex);
	if (g_hash_table_size(volume->pending) >= PENDING_MAX) {
		/* To be read again costs less than to remember all of them. */
		g_hash_table_remove_all(volume->pending);
	}
	g_hash_table_replace(volume->pending, &pending->inode, pending);
	g_mutex_unlock(&volume->mutex);
}

/* Is the file, which has no record, what was read? */
static bool is_expected(int fd, const DiskInfo *expected)
{
	struct statx found;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_WANTED, &found) < 0) {
		return false;
	}
	DiskInfo info = info_of(&found);
	return disk_info_equal(&info, expected);
}

/* Locked: dirty, without writers. */
static int become_clean(Body *body, int fd, const DiskInfo *expected, GBytes *content)
{
	Record record = {
		.change_ns = expected->stamp.change_ns,
		.mtime_ns = expected->mtime_ns,
		.size = expected->size,
		.content = g_bytes_ref(content),
	};
	int errnum = body_open(body, fd);
	if (!errnum && g_bytes_get_size(content) > RECORD_CONTENT_SIZE_MAX) {
		errnum = record_put_aside(body->volume->root, content, &record);
	}
	if (!errnum) {
		errnum = record_write(fd, &record);
	}
	if (errnum) {
		record_clear(&record);
		return errnum;
	}
	body->record = record;
	body->clean = true;
	body->generation++;
	ranges_clear(&body->here);
	ranges_add(&body->here, 0, record.size);
	volume_count_cached(body->volume, (int64_t)record.size);
	keeper_add(body);
	return 0;
}

/* Locked. */
static bool promise(Body *body, int fd, const DiskInfo *expected, GBytes *content, GError **error)
{
	if (body->clean) {
		if (body->record.change_ns == expected->stamp.change_ns) {
			return true;
		}
	} else if (body->writers > 0) {
		body_keep_pending(body->volume, expected, content);
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY, "it is open for writing");
		return false;
	} else if (is_expected(fd, expected)) {
		int errnum = become_clean(body, fd, expected, content);
		return !errnum || error_set_errno(error, errnum, "write its record");
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CHANGED, "it changed meanwhile");
	return false;
}

bool body_promise(Volume *volume, int fd, const DiskInfo *expected, GBytes *content, GError **error)
{
	int errnum = 0;
	Body *body = body_get(volume, fd, &errnum);
	if (!body) {
		return error_set_errno(error, errnum, "read its record");
	}
	g_mutex_lock(&body->mutex);
	bool promised = promise(body, fd, expected, content, error);
	g_mutex_unlock(&body->mutex);
	body_unref(body);
	return promised;
}

/* Locked: no writer is left. */
static void take_pending(Body *body, int fd)
{
	Volume *volume = body->volume;
	g_mutex_lock(&volume->mutex);
	Pending *pending = g_hash_table_lookup(volume->pending, &body->inode);
	if (pending) {
		g_hash_table_steal(volume->pending, &body->inode);
	}
	g_mutex_unlock(&volume->mutex);
	if (pending) {
		promise(body, fd, &pending->expected, pending->content, NULL);
		g_bytes_unref(pending->content);
		g_free(pending);
	}
}

bool body_hold(Body *body, const void *holder)
{
	g_mutex_lock(&body->mutex);
	bool held = body->writers == 0 && !body->touching && !body->holder;
	if (held) {
		body->holder = holder;
	}
	g_mutex_unlock(&body->mutex);
	return held;
}

void body_release(Body *body, const void *holder)
{
	g_mutex_lock(&body->mutex);
	if (body->holder == holder) {
		body->holder = NULL;
		g_cond_broadcast(&body->cond);
	}
	g_mutex_unlock(&body->mutex);
}

/* ---- files -------------------------------------------------------------------------------- */

VolumeFile *body_file_open(Volume *volume, int fd, int *ret_errno)
{
	if (volume->keeper) {
		/* Each body that waits for a sync holds a descriptor. */
		keeper_wait(volume->keeper, true);
	}
	Body *body = body_get(volume, fd, ret_errno);
	if (!body) {
		return NULL;
	}
	VolumeFile *file = g_new0(VolumeFile, 1);
	file->body = body;
	file->fd = fd;
	g_mutex_lock(&body->mutex);
	body->files++;
	g_mutex_unlock(&body->mutex);
	return file;
}

/* Locked: nobody has it open any more. */
static void let_go(Body *body, const VolumeFile *file)
{
	struct stat info;
	struct timespec now;
	if (body->clean && body->parts_changed) {
		keeper_add(body);
	}
	if (!body->clean || !g_atomic_int_get(&file->used) || fstat(file->fd, &info) < 0) {
		return;
	}
	/* What was used last is evicted last. The kernel tells that once a day only. */
	clock_gettime(CLOCK_REALTIME, &now);
	if (ABS(now.tv_sec - info.st_atim.tv_sec) > USED_PRECISION_S) {
		const struct timespec times[2] = { now, { .tv_nsec = UTIME_OMIT } };
		futimens(file->fd, times);
	}
}

void body_file_close(VolumeFile *file)
{
	if (!file) {
		return;
	}
	Body *body = file->body;
	g_mutex_lock(&body->mutex);
	if (g_atomic_int_get(&file->writer)) {
		body->writers--;
	}
	if (!body->clean && body->writers == 0) {
		take_pending(body, file->fd);
	}
	if (--body->files == 0) {
		let_go(body, file);
	}
	g_mutex_unlock(&body->mutex);
	body_unref(body);
	g_free(file);
}

int body_file_need(VolumeFile *file, uint64_t offset, uint64_t size, GCancellable *cancellable)
{
	Body *body = file->body;
	if (!g_atomic_int_get(&file->used)) {
		g_atomic_int_set(&file->used, 1);
	}
	if (g_atomic_int_get(&body->whole)) {
		return 0;
	}
	int errnum = 0;
	gulong handler = 0;
	hydrate_lock(body, cancellable, &handler);
	if (body->clean && !g_atomic_int_get(&body->whole) && offset < body->record.size &&
	    size > 0) {
		uint64_t to = offset + MIN(size, body->record.size - offset);
		errnum = hydrate_need(file, offset, to, cancellable);
	}
	hydrate_unlock(body, cancellable, handler);
	return errnum;
}

/*
 * Blocks that are written in place may reach the disk long before the journal has that the record
 * went: after a power cut it would stand for bytes that it does not name. New blocks cannot.
 */
static int sync_removal(Body *body, int fd)
{
	int errnum = body_open(body, fd);
	if (!errnum && fsync(body->fd) < 0) {
		errnum = errno;
	}
	if (errnum) {
		/* It stays what it was. */
		record_write(fd, &body->record);
	}
	return errnum;
}

/*
 * Locked: the bytes before keep are here. While the record is there, a crash leaves a clean file;
 * once it is gone, what is here must be the whole truth.
 */
static int become_dirty(Body *body, int fd, uint64_t keep)
{
	bool whole = g_atomic_int_get(&body->whole);
	int errnum = 0;
	if (!body->record.complete) {
		errnum = body_open(body, fd);
		if (!errnum && keep > 0 && fdatasync(body->fd) < 0) {
			errnum = errno;
		}
		if (!errnum && !whole && ftruncate(body->fd, (off_t)keep) < 0) {
			errnum = errno;
		}
		if (!errnum) {
			errnum = record_put(fd, RECORD_PARTS_ATTRIBUTE, NULL, 0);
		}
	}
	if (!errnum) {
		errnum = record_remove(fd);
	}
	if (!errnum && keep > 0) {
		errnum = sync_removal(body, fd);
	}
	if (!errnum) {
		volume_count_cached(body->volume, -(int64_t)body->record.size);
		body->clean = false;
		body->generation++;
		body->parts_changed = false;
		record_clear(&body->record);
		ranges_clear(&body->here);
		g_clear_pointer(&body->layout, layout_free);
		g_atomic_int_set(&body->whole, 1);
	}
	return errnum;
}

int body_file_touch(VolumeFile *file, uint64_t keep_size, GCancellable *cancellable)
{
	if (g_atomic_int_get(&file->writer)) {
		return 0;
	}
	Body *body = file->body;
	int errnum = 0;
	gulong handler = 0;
	hydrate_lock(body, cancellable, &handler);
	while (!errnum && (body->holder || body->touching)) {
		errnum = hydrate_wait(body, cancellable);
	}
	if (!errnum && body->clean) {
		uint64_t keep = MIN(keep_size, body->record.size);
		body->touching = true;
		if (!g_atomic_int_get(&body->whole)) {
			errnum = hydrate_range(body, file->fd, keep, cancellable);
		}
		hydrate_quiesce(body);
		if (!errnum) {
			errnum = become_dirty(body, file->fd, keep);
		}
		body->touching = false;
		g_cond_broadcast(&body->cond);
	}
	if (!errnum && !g_atomic_int_get(&file->writer)) {
		forget_pending(body->volume, body->inode);
		body->writers++;
		g_atomic_int_set(&file->writer, 1);
	}
	hydrate_unlock(body, cancellable, handler);
	return errnum;
}

/* Locked, of a clean file. Only what other devices see too makes an edit of it. */
static int alter_record(Body *body, int fd, const struct timespec times[2], mode_t mode)
{
	Record record = body->record;
	struct stat info;
	if (fstat(fd, &info) < 0) {
		return errno;
	}
	if (times && times[1].tv_nsec != UTIME_OMIT) {
		record.mtime_ns = times[1].tv_nsec == UTIME_NOW
					  ? body_now_ns()
					  : times[1].tv_sec * NS_PER_S + times[1].tv_nsec;
	}
	bool edited = record.mtime_ns != body->record.mtime_ns ||
		      (mode != VOLUME_MODE_KEEP && ((mode ^ info.st_mode) & S_IXUSR));
	if (!edited) {
		return 0;
	}
	record.change_ns = MAX(body_now_ns(), record.change_ns + 1);
	int errnum = record_write(fd, &record);
	if (!errnum) {
		body->record = record;
	}
	return errnum;
}

/* Locked. */
static int alter(Body *body, int fd, const struct timespec times[2], mode_t mode)
{
	int errnum = body->clean ? alter_record(body, fd, times, mode) : 0;
	if (!errnum && mode != VOLUME_MODE_KEEP && fchmod(fd, mode & 07777) < 0) {
		errnum = errno;
	}
	if (!errnum && times && futimens(fd, times) < 0) {
		errnum = errno;
	}
	if (body->clean) {
		body_restore_times(body, fd);
	}
	return errnum;
}

int body_alter(Body *body, int fd, const struct timespec times[2], mode_t mode)
{
	g_mutex_lock(&body->mutex);
	int errnum = alter(body, fd, times, mode);
	g_mutex_unlock(&body->mutex);
	return errnum;
}

int body_file_alter(VolumeFile *file, const struct timespec times[2], mode_t mode)
{
	Body *body = file->body;
	g_mutex_lock(&body->mutex);
	while (body->holder || body->touching) {
		g_cond_wait(&body->cond, &body->mutex);
	}
	int errnum = alter(body, file->fd, times, mode);
	g_mutex_unlock(&body->mutex);
	return errnum;
}

static void correct_time(struct statx_timestamp *time, int64_t time_ns)
{
	int64_t ns = time_ns % NS_PER_S;
	ns += ns < 0 ? NS_PER_S : 0;
	time->tv_sec = (time_ns - ns) / NS_PER_S;
	time->tv_nsec = (uint32_t)ns;
}

void body_correct(Volume *volume, int fd, const char *name, struct statx *info)
{
	if (!S_ISREG(info->stx_mode)) {
		return;
	}
	Body *body = body_find(volume, info->stx_ino);
	if (!body) {
		int64_t change_ns = 0;
		if (record_peek(fd, name, &change_ns)) {
			correct_time(&info->stx_ctime, change_ns);
		}
		return;
	}
	g_mutex_lock(&body->mutex);
	if (body->clean) {
		correct_time(&info->stx_mtime, body->record.mtime_ns);
		correct_time(&info->stx_ctime, body->record.change_ns);
		info->stx_size = body->record.size;
	}
	g_mutex_unlock(&body->mutex);
	body_unref(body);
}
