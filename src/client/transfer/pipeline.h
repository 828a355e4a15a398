/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Steps that each work on another batch at the same time: batches pass through all of them in
 * order, each step on a thread of its own, and between two steps at most one batch waits. A batch
 * belongs to one step at a time.
 */
typedef struct Pipeline Pipeline;

/* False stops everything. */
typedef bool (*PipelineStep)(void *batch, void *data, GError **error);

#define PIPELINE_STEPS_MAX 4

/* steps: NULL-terminated, kept. data is what they are called with. */
Pipeline *pipeline_new(const PipelineStep *steps, GDestroyNotify batch_free, void *data);

/*
 * Takes a batch that is not the last; waits until the first step has room. False once a step has
 * failed: nothing more will be done.
 */
bool pipeline_push(Pipeline *pipeline, void *batch);

/*
 * Takes the last batch (NULL: there is none), waits until all are through, frees the pipeline. If
 * it is the only one, all steps run right here: threads cost more than one batch is worth. False
 * with the first error if a step failed.
 */
bool pipeline_finish(Pipeline *pipeline, void *batch, GError **error);
