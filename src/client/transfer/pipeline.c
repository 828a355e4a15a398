/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One slot stands before each step. A step takes the batch out of its slot, works on it and puts it
 * into the next, which is empty or will be. The mutex guards the slots and the flags, never the
 * work. After a failure the steps only throw away what comes.
 */
#include "client/transfer/pipeline.h"

typedef struct Stage {
	Pipeline *pipeline;
	size_t index;
	GThread *thread;
	void *slot;  /* a batch, or NULL */
	bool closed; /* nothing more comes */
} Stage;

struct Pipeline {
	const PipelineStep *steps;
	size_t count;
	GDestroyNotify batch_free;
	void *data;
	GMutex mutex;
	GCond cond;
	bool running;
	bool failed;
	GError *error;
	Stage stages[PIPELINE_STEPS_MAX];
};

Pipeline *pipeline_new(const PipelineStep *steps, GDestroyNotify batch_free, void *data)
{
	Pipeline *pipeline = g_new0(Pipeline, 1);
	pipeline->steps = steps;
	while (steps[pipeline->count]) {
		pipeline->count++;
	}
	g_assert(pipeline->count > 0);
	g_assert(pipeline->count <= PIPELINE_STEPS_MAX);
	pipeline->batch_free = batch_free;
	pipeline->data = data;
	g_mutex_init(&pipeline->mutex);
	g_cond_init(&pipeline->cond);
	return pipeline;
}

/* Puts a batch into the slot of a step when it is empty. */
static bool put(Pipeline *pipeline, size_t index, void *batch)
{
	Stage *stage = &pipeline->stages[index];
	g_mutex_lock(&pipeline->mutex);
	while (stage->slot && !pipeline->failed) {
		g_cond_wait(&pipeline->cond, &pipeline->mutex);
	}
	bool ok = !pipeline->failed;
	if (ok) {
		stage->slot = batch;
		g_cond_broadcast(&pipeline->cond);
	}
	g_mutex_unlock(&pipeline->mutex);
	if (!ok) {
		pipeline->batch_free(batch);
	}
	return ok;
}

static void close_stage(Pipeline *pipeline, size_t index)
{
	g_mutex_lock(&pipeline->mutex);
	pipeline->stages[index].closed = true;
	g_cond_broadcast(&pipeline->cond);
	g_mutex_unlock(&pipeline->mutex);
}

/* The next batch of a step; NULL when there will be none. */
static void *take(Pipeline *pipeline, size_t index)
{
	Stage *stage = &pipeline->stages[index];
	g_mutex_lock(&pipeline->mutex);
	while (!stage->slot && !stage->closed && !pipeline->failed) {
		g_cond_wait(&pipeline->cond, &pipeline->mutex);
	}
	void *batch = pipeline->failed ? NULL : g_steal_pointer(&stage->slot);
	g_cond_broadcast(&pipeline->cond);
	g_mutex_unlock(&pipeline->mutex);
	return batch;
}

static void fail(Pipeline *pipeline, GError *error)
{
	g_mutex_lock(&pipeline->mutex);
	if (!pipeline->failed) {
		pipeline->failed = true;
		pipeline->error = error;
		error = NULL;
	}
	g_cond_broadcast(&pipeline->cond);
	g_mutex_unlock(&pipeline->mutex);
	g_clear_error(&error);
}

static void *run_stage(void *data)
{
	Stage *stage = data;
	Pipeline *pipeline = stage->pipeline;
	bool last = stage->index + 1 == pipeline->count;
	for (;;) {
		void *batch = take(pipeline, stage->index);
		if (!batch) {
			break;
		}
		GError *error = NULL;
		bool ok = pipeline->steps[stage->index](batch, pipeline->data, &error);
		if (!ok) {
			fail(pipeline, error);
		}
		if (ok && !last) {
			put(pipeline, stage->index + 1, batch);
		} else {
			pipeline->batch_free(batch);
		}
	}
	if (!last) {
		close_stage(pipeline, stage->index + 1);
	}
	return NULL;
}

static void start(Pipeline *pipeline)
{
	pipeline->running = true;
	for (size_t i = 0; i < pipeline->count; i++) {
		Stage *stage = &pipeline->stages[i];
		stage->pipeline = pipeline;
		stage->index = i;
		stage->thread = g_thread_new("transfer", run_stage, stage);
	}
}

bool pipeline_push(Pipeline *pipeline, void *batch)
{
	if (!pipeline->running) {
		start(pipeline);
	}
	return put(pipeline, 0, batch);
}

static bool run_here(Pipeline *pipeline, void *batch)
{
	bool ok = true;
	for (size_t i = 0; ok && i < pipeline->count; i++) {
		ok = pipeline->steps[i](batch, pipeline->data, &pipeline->error);
	}
	pipeline->batch_free(batch);
	return ok;
}

static bool join(Pipeline *pipeline, void *batch)
{
	if (batch) {
		put(pipeline, 0, batch);
	}
	close_stage(pipeline, 0);
	for (size_t i = 0; i < pipeline->count; i++) {
		g_thread_join(pipeline->stages[i].thread);
	}
	for (size_t i = 0; i < pipeline->count; i++) {
		if (pipeline->stages[i].slot) {
			pipeline->batch_free(pipeline->stages[i].slot);
		}
	}
	return !pipeline->failed;
}

bool pipeline_finish(Pipeline *pipeline, void *batch, GError **error)
{
	bool ok = true;
	if (pipeline->running) {
		ok = join(pipeline, batch);
	} else if (batch) {
		ok = run_here(pipeline, batch);
	}
	if (pipeline->error) {
		g_propagate_error(error, g_steal_pointer(&pipeline->error));
	}
	g_mutex_clear(&pipeline->mutex);
	g_cond_clear(&pipeline->cond);
	g_free(pipeline);
	return ok;
}
