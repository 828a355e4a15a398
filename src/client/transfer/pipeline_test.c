/* SPDX-License-Identifier: Apache-2.0 */
#include "client/transfer/pipeline.h"

#include "base/error.h"

#include <string.h>

#define BATCHES 200

/* What the steps saw, and how many batches live. */
typedef struct Record {
	int seen[3][BATCHES];
	int count[3];
	int fail_step; /* -1: none */
	int fail_at;
	int alive;     /* atomic */
	int alive_max; /* atomic */
	GThread *threads[3];
} Record;

typedef struct Batch {
	Record *record;
	int number;
	int step;
} Batch;

static Batch *batch_new(Record *record, int number)
{
	Batch *batch = g_new0(Batch, 1);
	batch->record = record;
	batch->number = number;
	int alive = g_atomic_int_add(&record->alive, 1) + 1;
	if (alive > g_atomic_int_get(&record->alive_max)) {
		g_atomic_int_set(&record->alive_max, alive);
	}
	return batch;
}

static void batch_free(void *data)
{
	Batch *batch = data;
	g_atomic_int_add(&batch->record->alive, -1);
	g_free(batch);
}

static bool step(void *data, void *record_data, GError **error)
{
	Batch *batch = data;
	Record *record = record_data;
	int at = batch->step++;
	record->threads[at] = g_thread_self();
	record->seen[at][record->count[at]++] = batch->number;
	if (at == record->fail_step && batch->number == record->fail_at) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE, "batch %d", batch->number);
		return false;
	}
	return true;
}

static const PipelineStep steps[] = { step, step, step, NULL };

static void test_order(void)
{
	g_autofree Record *record = g_new0(Record, 1);
	record->fail_step = -1;
	Pipeline *pipeline = pipeline_new(steps, batch_free, record);
	for (int i = 0; i < BATCHES - 1; i++) {
		g_assert_true(pipeline_push(pipeline, batch_new(record, i)));
	}
	g_autoptr(GError) error = NULL;
	g_assert_true(pipeline_finish(pipeline, batch_new(record, BATCHES - 1), &error));
	for (int at = 0; at < 3; at++) {
		g_assert_cmpint(record->count[at], ==, BATCHES);
		for (int i = 0; i < BATCHES; i++) {
			g_assert_cmpint(record->seen[at][i], ==, i);
		}
	}
	g_assert_cmpint(record->alive, ==, 0);
	/* One at each step, one before each, and one being pushed. */
	g_assert_cmpint(record->alive_max, <=, 7);
}

static void test_single_batch_runs_here(void)
{
	g_autofree Record *record = g_new0(Record, 1);
	record->fail_step = -1;
	Pipeline *pipeline = pipeline_new(steps, batch_free, record);
	g_assert_true(pipeline_finish(pipeline, batch_new(record, 0), NULL));
	for (int at = 0; at < 3; at++) {
		g_assert_true(record->threads[at] == g_thread_self());
	}
	g_assert_cmpint(record->alive, ==, 0);
	g_assert_true(pipeline_finish(pipeline_new(steps, batch_free, record), NULL, NULL));
}

static void test_failure(void)
{
	for (int at = 0; at < 3; at++) {
		for (int number = 0; number < 6; number++) {
			g_autofree Record *record = g_new0(Record, 1);
			record->fail_step = at;
			record->fail_at = number;
			Pipeline *pipeline = pipeline_new(steps, batch_free, record);
			bool ok = true;
			for (int i = 0; ok && i < BATCHES / 2; i++) {
				ok = pipeline_push(pipeline, batch_new(record, i));
			}
			g_assert_false(ok);
			g_autoptr(GError) error = NULL;
			g_assert_false(pipeline_finish(pipeline, batch_new(record, 99), &error));
			g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE);
			g_assert_cmpint(record->count[at], ==, number + 1);
			g_assert_cmpint(record->alive, ==, 0);
		}
	}
}

static void test_failure_here(void)
{
	g_autofree Record *record = g_new0(Record, 1);
	record->fail_step = 1;
	Pipeline *pipeline = pipeline_new(steps, batch_free, record);
	g_autoptr(GError) error = NULL;
	g_assert_false(pipeline_finish(pipeline, batch_new(record, 0), &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE);
	g_assert_cmpint(record->count[2], ==, 0);
	g_assert_cmpint(record->alive, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/transfer/pipeline/order", test_order);
	g_test_add_func("/client/transfer/pipeline/single-batch-runs-here",
			test_single_batch_runs_here);
	g_test_add_func("/client/transfer/pipeline/failure-stops-all", test_failure);
	g_test_add_func("/client/transfer/pipeline/failure-here", test_failure_here);
	return g_test_run();
}
