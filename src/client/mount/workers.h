/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

struct fuse_session;

/*
 * The threads that serve a session: one more whenever all are at work, up to a number; of those
 * that wait too many leave. (libfuse's own loop ends by cancelling threads wherever they are.)
 */
typedef struct Workers Workers;

typedef struct WorkersOptions {
	struct fuse_session *session; /* borrowed, mounted */
	unsigned threads_max;
	unsigned idle_max;
	/* The session came to its end by itself. Called once, by a worker; must not free it. */
	void (*ended)(void *data);
	void *data;
} WorkersOptions;

/* NULL: not one thread was to be had. */
Workers *workers_new(const WorkersOptions *options);
/* Ends the session; waits for the requests under way. */
void workers_free(Workers *workers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Workers, workers_free)
