/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk.h"
#include "client/observe/watch.h"
#include "client/remote/remote.h"
#include "client/state/sent.h"
#include "client/transfer/apply.h"
#include "client/transfer/cache.h"
#include "client/transfer/upload.h"

#include <stdint.h>

/*
 * All that the engine knows of the outside. In the daemon these are a folder, a server, threads and
 * the clock; in the simulator a disk in memory, the server's api called directly, a scheduler that
 * draws from a seed, and a clock that jumps.
 */
typedef struct Job Job;

/*
 * A piece of blocking work. run() happens anywhere and touches only the job itself and the
 * thread-safe objects of the world; done() happens on the engine's thread and frees the job.
 */
struct Job {
	void (*run)(Job *job);
	void (*done)(Job *job);
};

typedef struct World {
	Disk *disk;
	Watch *watch; /* NULL: only scans */
	Remote *remote;
	Upload *upload;
	Apply *apply;
	Cache *cache;
	Sent *sent; /* NULL: nothing is noted */
	/* Runs the job, then gives it to engine_post(). */
	void (*submit)(void *data, Job *job);
	/* UTC in microseconds, the clock of file times. */
	int64_t (*now_us)(void *data);
	/* There is something for engine_step() to do. Any thread; may be called often. */
	void (*wake)(void *data);
	/* IGNORE_FILE changed; called within engine_step(), to be followed by engine_set_ignore().
	 */
	void (*rules_changed)(void *data);
	void *data;
} World;
