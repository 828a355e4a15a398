/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and closing, whom to tell, what there is in sum.
 */
#include "client/virtual/volume_internal.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "client/disk/disk_impl.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Requests for content at the same time: they share the link, and hide each other's round trips. */
#define FETCHERS_MAX 6

static void pending_free(void *data)
{
	Pending *pending = data;
	g_bytes_unref(pending->content);
	g_free(pending);
}

/* Can its file system hold records? Asked of the folder itself. */
static bool check_attributes(const Volume *volume, GError **error)
{
	const char *probe = RECORD_ATTRIBUTE ".probe";
	int errnum = record_put(volume->root, probe, "", 0);
	if (!errnum) {
		errnum = record_put(volume->root, probe, NULL, 0);
	}
	if (errnum == EOPNOTSUPP || errnum == EPERM) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
			    "its file system has no extended attributes (user_xattr)");
		return false;
	}
	return !errnum || error_set_errno(error, errnum, "try extended attributes");
}

static Volume *volume_new(const VolumeOptions *options)
{
	Volume *volume = g_new0(Volume, 1);
	volume->root = -1;
	volume->remote = options->remote;
	volume->pace = options->pace;
	volume->online = 1;
	volume->cache_size_max = options->cache_size_max;
	volume->closing = g_cancellable_new();
	g_mutex_init(&volume->mutex);
	g_cond_init(&volume->idle);
	g_rw_lock_init(&volume->listening);
	g_rw_lock_init(&volume->making);
	volume->half = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	volume->bodies = g_hash_table_new(g_int64_hash, g_int64_equal);
	volume->pending = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, pending_free);
	return volume;
}

/* ---- what was counted --------------------------------------------------------------------- */

#define COUNT_SIZE 16
#define COUNT_KEPT_S (24 * 3600)

/*
 * Counting looks at every file, just when a start does so anyway and programs want to. So what was
 * counted is kept while nobody has the volume; after a crash, and after a day, it is counted anew.
 */
static void keep_count(Volume *volume)
{
	uint8_t bytes[COUNT_SIZE];
	bytes_put64(bytes, volume->cached);
	bytes_put64(bytes + 8, (uint64_t)volume->counted_s);
	record_put(volume->root, RECORD_COUNT_ATTRIBUTE, bytes, sizeof bytes);
}

static bool recall_count(Volume *volume)
{
	uint8_t bytes[COUNT_SIZE];
	size_t size = 0;
	int errnum =
		record_get(volume->root, NULL, RECORD_COUNT_ATTRIBUTE, bytes, sizeof bytes, &size);
	if (errnum || size != sizeof bytes ||
	    record_put(volume->root, RECORD_COUNT_ATTRIBUTE, NULL, 0) != 0) {
		return false;
	}
	volume->cached = bytes_get64(bytes);
	volume->counted_s = (int64_t)bytes_get64(bytes + 8);
	int64_t now_s = g_get_real_time() / G_USEC_PER_SEC;
	return volume->counted_s <= now_s && now_s - volume->counted_s < COUNT_KEPT_S;
}

/* ---- opening ------------------------------------------------------------------------------ */

static bool open_disk(Volume *volume, const VolumeOptions *options, GError **error)
{
	if (options->is_new && g_mkdir_with_parents(options->folder, 0700) < 0) {
		return error_set_errno(error, errno, "make it");
	}
	volume->disk = volume_disk_attach(volume, options->folder, error);
	return volume->disk && check_attributes(volume, error) &&
	       disk_start(volume->disk, options->marker, options->is_new, error);
}

Volume *volume_open(const VolumeOptions *options, GError **error)
{
	g_autoptr(Volume) volume = volume_new(options);
	if (!open_disk(volume, options, error)) {
		g_autofree char *shown = text_printable(options->folder, strlen(options->folder));
		g_prefix_error(error, "open the disk's folder '%s': ", shown);
		return NULL;
	}
	aside_sweep(volume);
	volume->fetchers = g_thread_pool_new(hydrate_fly, volume, FETCHERS_MAX, FALSE, NULL);
	volume->chores = g_thread_pool_new(chores_run, volume, 1, FALSE, NULL);
	volume->keeper = keeper_new(volume);
	char none[1];
	size_t size = 0;
	volume->has_pins = record_get(volume->root, NULL, RECORD_PINS_ATTRIBUTE, none, sizeof none,
				      &size) == 0;
	if (volume->has_pins) {
		chores_fetch_pinned(volume);
	}
	if (recall_count(volume)) {
		chores_consider(volume);
	} else {
		chores_evict(volume);
	}
	return g_steal_pointer(&volume);
}

void volume_close(Volume *volume)
{
	if (!volume) {
		return;
	}
	g_cancellable_cancel(volume->closing);
	g_mutex_lock(&volume->mutex);
	GThreadPool *chores = g_steal_pointer(&volume->chores);
	g_mutex_unlock(&volume->mutex);
	if (chores) {
		g_thread_pool_free(chores, FALSE, TRUE);
	}
	if (volume->fetchers) {
		g_thread_pool_free(volume->fetchers, FALSE, TRUE);
	}
	keeper_free(volume->keeper);
	if (chores) {
		keep_count(volume);
	}
	g_assert(g_hash_table_size(volume->bodies) == 0);
	g_assert(!volume->watch);
	g_hash_table_unref(volume->bodies);
	g_hash_table_unref(volume->pending);
	disk_close(volume->disk);
	g_hash_table_unref(volume->half);
	g_rw_lock_clear(&volume->making);
	g_rw_lock_clear(&volume->listening);
	g_cond_clear(&volume->idle);
	g_mutex_clear(&volume->mutex);
	g_object_unref(volume->closing);
	g_free(volume);
}

int volume_root(const Volume *volume)
{
	return volume->root;
}

Disk *volume_disk(Volume *volume)
{
	return volume->disk;
}

void volume_set_online(Volume *volume, bool online)
{
	bool was_online = g_atomic_int_get(&volume->online);
	g_atomic_int_set(&volume->online, online);
	if (online && !was_online && g_atomic_int_get(&volume->has_pins)) {
		chores_fetch_pinned(volume);
	}
}

bool volume_is_hidden(const char *attribute)
{
	size_t size = strlen(RECORD_ATTRIBUTE);
	return strncmp(attribute, RECORD_ATTRIBUTE, size) == 0 &&
	       (attribute[size] == '\0' || attribute[size] == '.');
}

/* ---- telling ------------------------------------------------------------------------------ */

void volume_set_listener(Volume *volume, const VolumeListener *listener, void *data)
{
	g_rw_lock_writer_lock(&volume->listening);
	volume->listener = listener;
	volume->listener_data = data;
	g_rw_lock_writer_unlock(&volume->listening);
}

void volume_tell_entry(Volume *volume, const EntryStamp *folder, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	g_rw_lock_reader_lock(&volume->listening);
	if (volume->listener) {
		volume->listener->entry(folder, name, path, volume->listener_data);
	}
	g_rw_lock_reader_unlock(&volume->listening);
}

void volume_tell_body(Volume *volume, const EntryStamp *file)
{
	g_rw_lock_reader_lock(&volume->listening);
	if (volume->listener) {
		volume->listener->body(file, volume->listener_data);
	}
	g_rw_lock_reader_unlock(&volume->listening);
}

/* ---- half files --------------------------------------------------------------------------- */

void volume_make_begin(Volume *volume)
{
	g_rw_lock_reader_lock(&volume->making);
}

void volume_make_end(Volume *volume, uint64_t inode)
{
	if (inode != 0) {
		g_mutex_lock(&volume->mutex);
		g_hash_table_add(volume->half, g_memdup2(&inode, sizeof inode));
		g_atomic_int_inc(&volume->half_count);
		g_mutex_unlock(&volume->mutex);
	}
	g_rw_lock_reader_unlock(&volume->making);
}

void volume_made(Volume *volume, uint64_t inode)
{
	if (g_atomic_int_get(&volume->half_count) == 0) {
		return;
	}
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&volume->mutex);
	if (g_hash_table_remove(volume->half, &inode)) {
		g_atomic_int_add(&volume->half_count, -1);
	}
}

bool volume_found_half(Volume *volume, uint64_t inode)
{
	/* Whoever made it had begun before it was found, and says so before the end. */
	g_rw_lock_writer_lock(&volume->making);
	g_rw_lock_writer_unlock(&volume->making);
	return volume_is_half(volume, inode);
}

bool volume_is_half(Volume *volume, uint64_t inode)
{
	if (g_atomic_int_get(&volume->half_count) == 0) {
		return false;
	}
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&volume->mutex);
	return g_hash_table_contains(volume->half, &inode);
}

/* ---- counting ----------------------------------------------------------------------------- */

void volume_count_fetched(Volume *volume, uint64_t bytes)
{
	g_mutex_lock(&volume->mutex);
	volume->fetched += bytes;
	volume->cached += bytes;
	g_mutex_unlock(&volume->mutex);
}

void volume_count_cached(Volume *volume, int64_t bytes)
{
	g_mutex_lock(&volume->mutex);
	if (bytes < 0 && volume->cached < (uint64_t)-bytes) {
		volume->cached = 0;
	} else {
		volume->cached += (uint64_t)bytes;
	}
	g_mutex_unlock(&volume->mutex);
}

uint64_t volume_counted(Volume *volume, uint64_t bytes)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&volume->mutex);
	volume->cached = bytes;
	volume->counted_s = g_get_real_time() / G_USEC_PER_SEC;
	return volume->cache_size_max;
}

VolumeTotals volume_totals(Volume *volume)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&volume->mutex);
	return (VolumeTotals){
		.cached = volume->cached,
		.cache_size_max = volume->cache_size_max,
		.fetched = volume->fetched,
	};
}

void volume_set_cache_size(Volume *volume, uint64_t cache_size_max)
{
	g_mutex_lock(&volume->mutex);
	volume->cache_size_max = cache_size_max;
	g_mutex_unlock(&volume->mutex);
	chores_evict(volume);
}

void volume_settle(Volume *volume)
{
	hydrate_settle(volume);
	/* A chore may give the keeper something to do, and the other way round. */
	keeper_wait(volume->keeper, false);
	chores_wait(volume);
	keeper_wait(volume->keeper, false);
	chores_wait(volume);
}

/* ---- for the mount: the parts that do it -------------------------------------------------- */

VolumeFile *volume_file_open(Volume *volume, int fd, int *ret_errno)
{
	return body_file_open(volume, fd, ret_errno);
}

void volume_file_close(VolumeFile *file)
{
	body_file_close(file);
}

int volume_file_need(VolumeFile *file, uint64_t offset, uint64_t size, GCancellable *cancellable)
{
	return body_file_need(file, offset, size, cancellable);
}

bool volume_file_is_whole(const VolumeFile *file)
{
	return g_atomic_int_get(&file->body->whole);
}

bool volume_file_is_here(VolumeFile *file)
{
	return volume_file_is_whole(file) && body_file_need(file, 0, 0, NULL) == 0;
}

bool volume_file_is_touched(VolumeFile *file)
{
	return g_atomic_int_get(&file->writer);
}

int volume_file_touch(VolumeFile *file, uint64_t keep_size, GCancellable *cancellable)
{
	return body_file_touch(file, keep_size, cancellable);
}

int volume_file_alter(VolumeFile *file, const struct timespec times[2], mode_t mode)
{
	return body_file_alter(file, times, mode);
}

void volume_correct(Volume *volume, int fd, const char *name, struct statx *info)
{
	body_correct(volume, fd, name, info);
}

const char *volume_state_name(VolumeState state)
{
	return condition_name(state);
}

int volume_state(Volume *volume, int fd, VolumeState *ret_state, bool *ret_pinned)
{
	return condition_get(volume, fd, ret_state, ret_pinned);
}

int volume_pin(Volume *volume, int fd, bool pinned)
{
	return chores_pin(volume, fd, pinned);
}

int volume_free(Volume *volume, int fd)
{
	return evict_free(volume, fd);
}

void volume_notice(Volume *volume, const EntryStamp *folder, const WatchEvent *event)
{
	volume_watch_tell(volume, folder, event);
}
