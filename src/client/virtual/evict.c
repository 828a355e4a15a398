/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives bytes free that the server has, too: those that were not used for longest first.
 *
 * For a batch of files: each record loses `complete`, all of that is synced, then the holes are
 * punched. Who opens a file in between still finds all of it, and it is left alone.
 */
#include "client/virtual/volume_internal.h"

#include "base/limits.h"
#include "client/disk/beneath.h"
#include "client/virtual/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BATCH_FILES 64
/* Candidates that are kept while looking for the oldest. */
#define CANDIDATES_MAX 65536
/* What no content takes: a block for attributes. */
#define NOTHING_SIZE 4096

/* ---- a batch ------------------------------------------------------------------------------ */

typedef struct Leaving {
	Body *body;
	int fd;
	unsigned generation;
} Leaving;

/* Locked. Nobody may have it open, or be about to do anything with it. */
static int prepare(Body *body, int fd)
{
	if (!body->clean || body->files > 0 || body->touching || body->queued || body->holder) {
		return EBUSY;
	}
	int errnum = body_open(body, fd);
	/* What the keeper has noted is not to be said any more. */
	body->generation++;
	if (!errnum && body->record.complete) {
		Record record = body->record;
		record.complete = false;
		errnum = record_write(body->fd, &record);
		body->record.complete = errnum != 0;
		ranges_add(&body->here, 0, record.size);
	}
	if (!errnum) {
		errnum = record_put(body->fd, RECORD_PARTS_ATTRIBUTE, NULL, 0);
	}
	return errnum;
}

/* Takes the descriptor. */
static int add(Volume *volume, int fd, GArray *batch)
{
	int errnum = 0;
	Leaving leaving = { .body = body_get(volume, fd, &errnum), .fd = fd };
	if (!leaving.body) {
		close(fd);
		return errnum;
	}
	g_mutex_lock(&leaving.body->mutex);
	errnum = prepare(leaving.body, fd);
	leaving.generation = leaving.body->generation;
	g_mutex_unlock(&leaving.body->mutex);
	if (errnum) {
		body_unref(leaving.body);
		close(fd);
		return errnum;
	}
	g_array_append_val(batch, leaving);
	return 0;
}

/* Locked, nobody else has it. */
static uint64_t punch(Body *body)
{
	struct stat before, after;
	uint64_t freed = 0;
	if (fstat(body->fd, &before) == 0 && before.st_size > 0 &&
	    fallocate(body->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, before.st_size) ==
		    0 &&
	    fstat(body->fd, &after) == 0 && before.st_blocks > after.st_blocks) {
		freed = (uint64_t)(before.st_blocks - after.st_blocks) * 512;
	}
	body_restore_times(body, body->fd);
	return freed;
}

static int leave(Leaving *leaving, bool synced, uint64_t *freed)
{
	Body *body = leaving->body;
	Volume *volume = body->volume;
	g_mutex_lock(&body->mutex);
	g_mutex_lock(&volume->mutex);
	bool alone = synced && body->references == 1 && body->clean && !body->record.complete &&
		     body->generation == leaving->generation;
	if (alone) {
		g_atomic_int_set(&body->whole, body->record.size == 0);
		ranges_clear(&body->here);
	}
	g_mutex_unlock(&volume->mutex);
	if (alone) {
		*freed += punch(body);
	} else if (body->clean) {
		keeper_add(body);
	}
	g_mutex_unlock(&body->mutex);
	body_unref(body);
	close(leaving->fd);
	return alone ? 0 : EBUSY;
}

/* Empties the batch. 0 if all of them left. */
static int leave_all(Volume *volume, GArray *batch, uint64_t *freed)
{
	int errnum = 0;
	bool synced = batch->len == 0 || syncfs(volume->root) == 0;
	for (unsigned i = 0; i < batch->len; i++) {
		int result = leave(&g_array_index(batch, Leaving, i), synced, freed);
		errnum = errnum ? errnum : result;
	}
	g_array_set_size(batch, 0);
	return errnum;
}

/* ---- by size ------------------------------------------------------------------------------ */

typedef struct Candidate {
	char *path;
	int64_t used_ns;
	uint64_t size;
} Candidate;

typedef struct Survey {
	GArray *candidates; /* Candidate */
	uint64_t size;
} Survey;

static void candidate_clear(void *data)
{
	Candidate *candidate = data;
	g_free(candidate->path);
}

static int compare_used(const void *a_data, const void *b_data)
{
	const Candidate *a = a_data, *b = b_data;
	return a->used_ns < b->used_ns ? -1 : a->used_ns > b->used_ns;
}

static bool survey(const WalkFile *file, void *data)
{
	Survey *result = data;
	struct stat info;
	g_auto(Record) record = { 0 };
	if (fstatat(file->folder, file->name, &info, AT_SYMLINK_NOFOLLOW) < 0 ||
	    info.st_blocks == 0 || record_read(file->folder, file->name, &record) != 0) {
		return true;
	}
	uint64_t size = (uint64_t)info.st_blocks * 512;
	if (record.size == 0 || (!record.complete && size <= NOTHING_SIZE)) {
		return true;
	}
	result->size += size;
	if (!file->pinned) {
		Candidate candidate = {
			.path = g_strdup(file->path),
			.used_ns = info.st_atim.tv_sec * G_GINT64_CONSTANT(1000000000) +
				   info.st_atim.tv_nsec,
			.size = size,
		};
		g_array_append_val(result->candidates, candidate);
	}
	if (result->candidates->len >= 2 * CANDIDATES_MAX) {
		g_array_sort(result->candidates, compare_used);
		g_array_set_size(result->candidates, CANDIDATES_MAX);
	}
	return true;
}

static void evict_oldest(Volume *volume, GArray *candidates, uint64_t goal)
{
	g_autoptr(GArray) batch = g_array_new(FALSE, FALSE, sizeof(Leaving));
	uint64_t freed = 0, leaving = 0;
	g_array_sort(candidates, compare_used);
	for (unsigned i = 0; i < candidates->len && freed + leaving < goal; i++) {
		const Candidate *candidate = &g_array_index(candidates, Candidate, i);
		char none[1];
		size_t size;
		int fd = beneath_open(volume->root, candidate->path, O_RDONLY | O_NOATIME);
		if (fd < 0) {
			continue;
		}
		if (record_get(fd, NULL, RECORD_PIN_ATTRIBUTE, none, sizeof none, &size) == 0) {
			close(fd);
			continue;
		}
		leaving += add(volume, fd, batch) == 0 ? candidate->size : 0;
		if (batch->len >= BATCH_FILES) {
			leave_all(volume, batch, &freed);
			leaving = 0;
		}
	}
	leave_all(volume, batch, &freed);
	volume_count_cached(volume, -(int64_t)freed);
}

void evict_run(Volume *volume)
{
	Survey result = { .candidates = g_array_new(FALSE, FALSE, sizeof(Candidate)) };
	g_array_set_clear_func(result.candidates, candidate_clear);
	walk_files(volume->root, NULL, survey, &result);
	uint64_t size_max = volume_counted(volume, result.size);
	if (size_max > 0 && result.size > size_max) {
		evict_oldest(volume, result.candidates, result.size - size_max / 10 * 9);
	}
	g_array_unref(result.candidates);
}

/* ---- by wish ------------------------------------------------------------------------------ */

typedef struct Freeing {
	Volume *volume;
	GArray *batch;
	uint64_t freed;
	int errnum;
} Freeing;

/* Takes the descriptor. */
static void free_file(Freeing *freeing, int fd)
{
	int errnum = record_put(fd, RECORD_PIN_ATTRIBUTE, NULL, 0);
	if (errnum) {
		close(fd);
	} else {
		errnum = add(freeing->volume, fd, freeing->batch);
	}
	if (freeing->batch->len >= BATCH_FILES) {
		int result = leave_all(freeing->volume, freeing->batch, &freeing->freed);
		errnum = errnum ? errnum : result;
	}
	freeing->errnum = freeing->errnum ? freeing->errnum : errnum;
}

static bool free_visited(const WalkFile *file, void *data)
{
	int fd = openat(file->folder, file->name,
			O_RDONLY | O_NOFOLLOW | O_NOATIME | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0) {
		free_file(data, fd);
	}
	return true;
}

int evict_free(Volume *volume, int fd)
{
	struct stat info;
	if (fstat(fd, &info) < 0) {
		return errno;
	}
	Freeing freeing = { .volume = volume };
	/* What was read or uploaded a moment ago may still be on its way to the disk. */
	keeper_wait(volume->keeper, false);
	freeing.batch = g_array_new(FALSE, FALSE, sizeof(Leaving));
	if (S_ISDIR(info.st_mode)) {
		freeing.errnum = record_put(fd, RECORD_PIN_ATTRIBUTE, NULL, 0);
		walk_files(fd, DISK_RESERVED, free_visited, &freeing);
	} else {
		int own = record_reopen(fd, O_RDONLY);
		if (own < 0) {
			freeing.errnum = errno;
		} else {
			free_file(&freeing, own);
		}
	}
	int errnum = leave_all(volume, freeing.batch, &freeing.freed);
	g_array_unref(freeing.batch);
	volume_count_cached(volume, -(int64_t)freeing.freed);
	return freeing.errnum ? freeing.errnum : errnum;
}
