/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done in the background and takes long, one after the other: counting what is here,
 * evicting, fetching what is pinned.
 */
#include "client/virtual/volume_internal.h"

#include "base/limits.h"
#include "client/virtual/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define STEP_SIZE (16 * MIB)

typedef enum ChoreKind {
	CHORE_EVICT = 1, /* also counts */
	CHORE_PIN,       /* fetch what is pinned in the folder of fd */
	CHORE_FETCH,     /* fetch the file, or all in the folder, of fd */
} ChoreKind;

typedef struct Chore {
	ChoreKind kind;
	int fd;
} Chore;

/* Once the volume closes, nothing more is begun. */
static void chores_push(Volume *volume, ChoreKind kind, int fd)
{
	g_mutex_lock(&volume->mutex);
	bool open = volume->chores != NULL;
	if (open) {
		Chore *chore = g_new(Chore, 1);
		*chore = (Chore){ kind, fd };
		volume->chores_left++;
		g_thread_pool_push(volume->chores, chore, NULL);
	}
	g_mutex_unlock(&volume->mutex);
	if (!open && fd >= 0) {
		close(fd);
	}
}

/* ---- pins --------------------------------------------------------------------------------- */

/* Takes the descriptor. False: the server is lost. */
static bool fetch_file(Volume *volume, int fd)
{
	struct stat info;
	int errnum = 0;
	VolumeFile *file = volume_file_open(volume, fd, &errnum);
	if (file && fstat(fd, &info) == 0) {
		uint64_t size = (uint64_t)info.st_size;
		for (uint64_t at = 0; at < size && !errnum; at += STEP_SIZE) {
			errnum = volume_file_need(file, at, STEP_SIZE, volume->closing);
		}
	}
	volume_file_close(file);
	close(fd);
	return errnum != ENETUNREACH && errnum != EINTR && errnum != EACCES && errnum != ENOSPC;
}

typedef struct Fetching {
	Volume *volume;
	bool all;
} Fetching;

static bool fetch_visited(const WalkFile *file, void *data)
{
	const Fetching *fetching = data;
	char none[1];
	size_t size;
	bool wanted = fetching->all || file->pinned ||
		      record_get(file->folder, file->name, RECORD_PIN_ATTRIBUTE, none, sizeof none,
				 &size) == 0;
	if (!wanted) {
		return true;
	}
	int fd = openat(file->folder, file->name,
			O_RDONLY | O_NOFOLLOW | O_NOATIME | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 || fetch_file(fetching->volume, fd);
}

static void fetch(Volume *volume, int fd, bool all)
{
	struct stat info;
	Fetching fetching = { volume, all };
	if (fstat(fd, &info) < 0 || !(S_ISDIR(info.st_mode) || S_ISREG(info.st_mode))) {
		close(fd);
	} else if (S_ISDIR(info.st_mode)) {
		walk_files(fd, DISK_RESERVED, fetch_visited, &fetching);
		close(fd);
	} else {
		fetch_file(volume, fd);
	}
}

int chores_pin(Volume *volume, int fd, bool pinned)
{
	int errnum = record_put(fd, RECORD_PIN_ATTRIBUTE, pinned ? "" : NULL, 0);
	if (!errnum && pinned) {
		errnum = record_put(volume->root, RECORD_PINS_ATTRIBUTE, "", 0);
	}
	if (errnum || !pinned) {
		return errnum;
	}
	int own = record_reopen(fd, O_RDONLY);
	if (own < 0) {
		return errno;
	}
	g_atomic_int_set(&volume->has_pins, 1);
	chores_push(volume, CHORE_FETCH, own);
	return 0;
}

void chores_fetch(Volume *volume, int fd)
{
	chores_push(volume, CHORE_FETCH, fd);
}

void chores_fetch_pinned(Volume *volume)
{
	int root = record_reopen(volume->root, O_RDONLY | O_DIRECTORY);
	if (root >= 0) {
		chores_push(volume, CHORE_PIN, root);
	}
}

/* ---- all ---------------------------------------------------------------------------------- */

void chores_run(void *data, void *volume_data)
{
	g_autofree Chore *chore = data;
	Volume *volume = volume_data;
	if (chore->kind != CHORE_EVICT) {
		fetch(volume, chore->fd, chore->kind == CHORE_FETCH);
	} else {
		g_atomic_int_set(&volume->evicting, 0);
		evict_run(volume);
	}
	g_mutex_lock(&volume->mutex);
	volume->chores_left--;
	g_cond_broadcast(&volume->idle);
	g_mutex_unlock(&volume->mutex);
}

void chores_evict(Volume *volume)
{
	if (g_atomic_int_compare_and_exchange(&volume->evicting, 0, 1)) {
		chores_push(volume, CHORE_EVICT, -1);
	}
}

void chores_consider(Volume *volume)
{
	g_mutex_lock(&volume->mutex);
	bool full = volume->cache_size_max > 0 && volume->cached > volume->cache_size_max;
	g_mutex_unlock(&volume->mutex);
	if (full) {
		chores_evict(volume);
	}
}

void chores_wait(Volume *volume)
{
	g_mutex_lock(&volume->mutex);
	while (volume->chores_left > 0) {
		g_cond_wait(&volume->idle, &volume->mutex);
	}
	g_mutex_unlock(&volume->mutex);
}
