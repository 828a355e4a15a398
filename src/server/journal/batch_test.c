/* SPDX-License-Identifier: Apache-2.0 */
#include "server/journal/batch_internal.h"

#include "base/error.h"

#include <glib/gstdio.h>

static const char *const steps[] = { "CREATE TABLE item (number INTEGER PRIMARY KEY)" };

typedef struct World {
	char *folder;
	char *path;
	Sql *sql;
	Batch *batch;
	int undone;
	GMutex lock; /* guards the following */
	GCond changed;
	unsigned queued; /* callers on their way to the batch */
	bool open;       /* what the first one waits for */
} World;

static void on_undone(void *data)
{
	World *world = data;
	g_atomic_int_inc(&world->undone);
}

static void world_set_up(World *world, const void *data)
{
	static const SqlOptions options = { .durability = SQL_DURABLE };
	g_autoptr(GError) error = NULL;
	world->folder = g_dir_make_tmp("batch-XXXXXX", &error);
	g_assert_no_error(error);
	world->path = g_build_filename(world->folder, "db", NULL);
	world->sql = sql_open(world->path, &options, &error);
	g_assert_no_error(error);
	sql_migrate(world->sql, "items", steps, 1, &error);
	g_assert_no_error(error);
	world->batch = batch_new(world->sql, on_undone, world);
	g_mutex_init(&world->lock);
	g_cond_init(&world->changed);
}

static void world_tear_down(World *world, const void *data)
{
	batch_free(world->batch);
	sql_close(world->sql);
	g_unlink(world->path);
	g_rmdir(world->folder);
	g_free(world->path);
	g_free(world->folder);
	g_mutex_clear(&world->lock);
	g_cond_clear(&world->changed);
}

typedef struct Caller {
	World *world;
	int64_t number;
	bool fails;
	bool waits; /* in its run, until world->open */
	unsigned runs;
	bool done;
	GError *error;
} Caller;

static bool insert(SqlSession *session, int64_t number, GError **error)
{
	SqlStatement *statement =
		sql_statement(session, "INSERT INTO item (number) VALUES ($1)", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, number);
	return sql_run(statement, error);
}

static bool run(SqlSession *session, void *data, GError **error)
{
	Caller *caller = data;
	World *world = caller->world;
	caller->runs++;
	if (caller->waits) {
		g_mutex_lock(&world->lock);
		while (!world->open) {
			g_cond_wait(&world->changed, &world->lock);
		}
		g_mutex_unlock(&world->lock);
	}
	if (!insert(session, caller->number, error)) {
		return false;
	}
	if (caller->fails) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "caller %d fails",
			    (int)caller->number);
		return false;
	}
	return true;
}

static void *call(void *data)
{
	Caller *caller = data;
	World *world = caller->world;
	g_mutex_lock(&world->lock);
	world->queued++;
	g_cond_broadcast(&world->changed);
	g_mutex_unlock(&world->lock);
	caller->done = batch_run(world->batch, run, caller, &caller->error);
	return NULL;
}

static int64_t count(World *world)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SqlSession) session = sql_read(world->sql, &error);
	SqlStatement *statement = sql_statement(session, "SELECT count(*) FROM item", &error);
	bool row;
	sql_step(statement, &row, &error);
	g_assert_no_error(error);
	return sql_column_int(statement, 0);
}

static void call_all(World *world, Caller *callers, unsigned caller_count)
{
	GThread *threads[64];
	for (unsigned i = 0; i < caller_count; i++) {
		callers[i].world = world;
		callers[i].number = i;
		threads[i] = g_thread_new("caller", call, &callers[i]);
	}
	g_mutex_lock(&world->lock);
	while (world->queued < caller_count) {
		g_cond_wait(&world->changed, &world->lock);
	}
	world->open = true;
	g_cond_broadcast(&world->changed);
	g_mutex_unlock(&world->lock);
	for (unsigned i = 0; i < caller_count; i++) {
		g_thread_join(threads[i]);
	}
}

static void test_alone(World *world, const void *data)
{
	Caller caller = { .world = world, .number = 1 };
	call(&caller);
	g_assert_no_error(caller.error);
	g_assert_true(caller.done);
	g_assert_cmpint(count(world), ==, 1);
	caller.number = 2;
	caller.fails = true;
	call(&caller);
	g_assert_false(caller.done);
	g_assert_error(caller.error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	g_clear_error(&caller.error);
	g_assert_cmpint(count(world), ==, 1);
	g_assert_cmpint(world->undone, ==, 1);
}

static void test_all_are_done(World *world, const void *data)
{
	Caller callers[64] = { 0 };
	callers[0].waits = true;
	call_all(world, callers, G_N_ELEMENTS(callers));
	for (unsigned i = 0; i < G_N_ELEMENTS(callers); i++) {
		g_assert_no_error(callers[i].error);
		g_assert_true(callers[i].done);
		g_assert_cmpuint(callers[i].runs, ==, 1);
	}
	g_assert_cmpint(count(world), ==, 64);
}

static void test_failure_stays_alone(World *world, const void *data)
{
	Caller callers[32] = { 0 };
	callers[0].waits = true;
	for (unsigned i = 3; i < G_N_ELEMENTS(callers); i += 7) {
		callers[i].fails = true;
	}
	call_all(world, callers, G_N_ELEMENTS(callers));
	unsigned done = 0;
	for (unsigned i = 0; i < G_N_ELEMENTS(callers); i++) {
		g_assert_cmpint(callers[i].done, ==, !callers[i].fails);
		g_assert_cmpint(callers[i].error != NULL, ==, callers[i].fails);
		g_assert_cmpuint(callers[i].runs, >, 0);
		done += callers[i].done;
		g_clear_error(&callers[i].error);
	}
	g_assert_cmpint(count(world), ==, done);
	g_assert_cmpint(world->undone, >, 0);
}

static void test_every_failure_is_told(World *world, const void *data)
{
	for (unsigned nth = 1; nth < 5; nth++) {
		Caller caller = { .world = world, .number = nth };
		sql_fault_set(world->sql, nth);
		call(&caller);
		sql_fault_set(world->sql, 0);
		g_assert_cmpint(caller.done, ==, nth == 4);
		g_assert_cmpint(caller.error != NULL, ==, nth != 4);
		g_clear_error(&caller.error);
		g_assert_cmpint(count(world), ==, nth == 4);
	}
}

static void add(const char *path, void (*test)(World *, const void *))
{
	g_test_add(path, World, NULL, world_set_up, test, world_tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/server/journal/batch/alone", test_alone);
	add("/server/journal/batch/all-are-done", test_all_are_done);
	add("/server/journal/batch/failure-stays-alone", test_failure_stays_alone);
	add("/server/journal/batch/every-failure-is-told", test_every_failure_is_told);
	return g_test_run();
}
