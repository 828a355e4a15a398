/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>

/*
 * Group commit: callers on several threads share one transaction, and so one disk sync.
 *
 * There is no thread of its own: the first caller leads. It works through what waits, its own and
 * the others', commits, and hands the lead to the next who waits.
 */
typedef struct Batch Batch;

/*
 * The work of one caller in the write transaction. May be run again after the transaction of an
 * earlier run was undone, so it sets its results anew each time. False: the failure is reported to
 * this caller alone, and nothing of this run remains.
 */
typedef bool (*BatchRun)(SqlSession *session, void *data, GError **error);

/* undone is called by the leading thread whenever a transaction was rolled back. */
Batch *batch_new(Sql *sql, void (*undone)(void *data), void *data);
void batch_free(Batch *batch);

/* True when what run did is durable. */
bool batch_run(Batch *batch, BatchRun run, void *data, GError **error);
