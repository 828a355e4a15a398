/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group commit.
 *
 *	waiting -> picked -> done
 *
 * The lock guards the queue, `leading` and the state of each task; it is never held while SQL runs.
 * A task belongs to the leading thread while it is picked. Runs of one transaction share its fate:
 * if one fails, or the commit does, everything is rolled back and each is run again alone, so that
 * a caller never sees another's failure. A transaction ends after SPAN_US of work, so that a
 * reader of the newest state and the next in the queue never wait long.
 */
#include "server/journal/batch_internal.h"

#define SPAN_US 10000

typedef struct Task {
	BatchRun run;
	void *data;
	GCond wake;
	GError *error;
	bool done;
} Task;

struct Batch {
	Sql *sql;
	void (*undone)(void *data);
	void *undone_data;
	GMutex lock;
	GQueue waiting; /* Task */
	bool leading;
};

Batch *batch_new(Sql *sql, void (*undone)(void *data), void *data)
{
	Batch *batch = g_new0(Batch, 1);
	batch->sql = sql;
	batch->undone = undone;
	batch->undone_data = data;
	g_mutex_init(&batch->lock);
	g_queue_init(&batch->waiting);
	return batch;
}

void batch_free(Batch *batch)
{
	if (!batch) {
		return;
	}
	g_assert(!batch->leading && g_queue_is_empty(&batch->waiting));
	g_mutex_clear(&batch->lock);
	g_free(batch);
}

static Task *pick(Batch *batch)
{
	g_mutex_lock(&batch->lock);
	Task *task = g_queue_pop_head(&batch->waiting);
	g_mutex_unlock(&batch->lock);
	return task;
}

static void finish(Batch *batch, Task *task, GError *error)
{
	g_mutex_lock(&batch->lock);
	task->error = error;
	task->done = true;
	g_cond_signal(&task->wake);
	g_mutex_unlock(&batch->lock);
}

/* One transaction for as many as SPAN_US allows; all that were picked are appended to ret_picked.
 */
static bool run_together(Batch *batch, GPtrArray *ret_picked, GError **error)
{
	g_ptr_array_add(ret_picked, pick(batch));
	g_autoptr(SqlSession) session = sql_write(batch->sql, error);
	if (!session) {
		return false;
	}
	int64_t end = g_get_monotonic_time() + SPAN_US;
	for (unsigned i = 0; i < ret_picked->len; i++) {
		Task *task = g_ptr_array_index(ret_picked, i);
		if (!task->run(session, task->data, error)) {
			return false;
		}
		Task *next = g_get_monotonic_time() < end ? pick(batch) : NULL;
		if (next) {
			g_ptr_array_add(ret_picked, next);
		}
	}
	return sql_commit(session, error);
}

static bool run_alone(Batch *batch, Task *task, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(batch->sql, error);
	return session && task->run(session, task->data, error) && sql_commit(session, error);
}

static void lead(Batch *batch)
{
	g_autoptr(GPtrArray) picked = g_ptr_array_new();
	GError *error = NULL;
	bool together = run_together(batch, picked, &error);
	if (!together) {
		batch->undone(batch->undone_data);
	}
	if (!together && picked->len > 1) {
		for (unsigned i = 0; i < picked->len; i++) {
			Task *task = g_ptr_array_index(picked, i);
			g_clear_error(&error);
			if (!run_alone(batch, task, &error)) {
				batch->undone(batch->undone_data);
			}
			finish(batch, task, g_steal_pointer(&error));
		}
		return;
	}
	for (unsigned i = 0; i < picked->len; i++) {
		finish(batch, g_ptr_array_index(picked, i), g_steal_pointer(&error));
	}
}

bool batch_run(Batch *batch, BatchRun run, void *data, GError **error)
{
	Task task = { .run = run, .data = data };
	g_cond_init(&task.wake);
	g_mutex_lock(&batch->lock);
	g_queue_push_tail(&batch->waiting, &task);
	while (!task.done) {
		if (batch->leading) {
			g_cond_wait(&task.wake, &batch->lock);
			continue;
		}
		batch->leading = true;
		g_mutex_unlock(&batch->lock);
		lead(batch);
		g_mutex_lock(&batch->lock);
		batch->leading = false;
	}
	Task *next = batch->leading ? NULL : g_queue_peek_head(&batch->waiting);
	if (next) {
		g_cond_signal(&next->wake);
	}
	g_mutex_unlock(&batch->lock);
	g_cond_clear(&task.wake);
	if (task.error) {
		g_propagate_error(error, task.error);
		return false;
	}
	return true;
}
