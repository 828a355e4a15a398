/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/keeper.h"

#include "base/error.h"
#include "base/limits.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STEP_INTERVAL_US (60 * G_TIME_SPAN_SECOND)
#define FIRST_STEP_US (1 * G_TIME_SPAN_SECOND)
/* How soon a failed sync is noticed; nothing is acknowledged after it anyway. */
#define LOOK_INTERVAL_US (5 * G_TIME_SPAN_SECOND)
/* A log as long as this is moved; then it may be as long again while readers hold it. */
#define LOG_SIZE_LONG (8 * MIB)
#define LOG_INTERVAL_US (200 * G_TIME_SPAN_MILLISECOND)
#define NICE 10

struct Keeper {
	KeeperOptions options;
	GThread *thread;
	bool told; /* that the database is broken; the thread's own */

	GMutex lock; /* guards the following */
	GCond changed;
	bool log_long;
	bool stopping;
};

static void report(Keeper *keeper, const GError *error)
{
	keeper->options.report(error->message, keeper->options.data);
}

/* Waits until then, for a long log or for the end. */
static void rest(Keeper *keeper, int64_t until_us, bool *ret_log_long, bool *ret_stopping)
{
	g_mutex_lock(&keeper->lock);
	while (!keeper->log_long && !keeper->stopping &&
	       g_cond_wait_until(&keeper->changed, &keeper->lock, until_us)) {
	}
	*ret_log_long = keeper->log_long;
	*ret_stopping = keeper->stopping;
	keeper->log_long = false;
	g_mutex_unlock(&keeper->lock);
}

static void look(Keeper *keeper)
{
	if (sql_is_broken(data_folder_sql(keeper->options.folder)) && !keeper->told) {
		g_autoptr(GError) error = g_error_new_literal(DRIVE_ERROR, DRIVE_ERROR_IO,
							      "the database could not be synced");
		keeper->told = true;
		keeper->options.broken(error, keeper->options.data);
	}
}

static void move_log(Keeper *keeper)
{
	g_autoptr(GError) error = NULL;
	if (!sql_checkpoint(data_folder_sql(keeper->options.folder), &error)) {
		report(keeper, error);
	}
	/* Readers may hold the log; each commit nudges. */
	g_usleep(LOG_INTERVAL_US);
}

/* When the next step is due. */
static int64_t step(Keeper *keeper)
{
	DataFolder *folder = keeper->options.folder;
	g_autoptr(GError) error = NULL;
	bool more = false;
	int64_t now_us = g_get_real_time();
	if (!drive_upkeep_step(data_folder_drive(folder), now_us, &more, &error) ||
	    !accounts_upkeep(data_folder_accounts(folder), now_us, &error)) {
		report(keeper, error);
		more = false;
	}
	return g_get_monotonic_time() + (more ? 0 : STEP_INTERVAL_US);
}

static void *run(void *data)
{
	Keeper *keeper = data;
	/* Requests come first: on Linux the priority is a thread's own. */
	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
	int64_t step_us = g_get_monotonic_time() + FIRST_STEP_US;
	for (;;) {
		bool log_long;
		bool stopping;
		int64_t now_us = g_get_monotonic_time();
		rest(keeper, MIN(step_us, now_us + LOOK_INTERVAL_US), &log_long, &stopping);
		if (stopping) {
			return NULL;
		}
		look(keeper);
		if (log_long) {
			move_log(keeper);
		}
		if (g_get_monotonic_time() >= step_us) {
			step_us = step(keeper);
		}
	}
}

Keeper *keeper_start(const KeeperOptions *options)
{
	Keeper *keeper = g_new0(Keeper, 1);
	keeper->options = *options;
	g_mutex_init(&keeper->lock);
	g_cond_init(&keeper->changed);
	keeper->thread = g_thread_new("keeper", run, keeper);
	return keeper;
}

void keeper_stop(Keeper *keeper)
{
	if (!keeper) {
		return;
	}
	g_mutex_lock(&keeper->lock);
	keeper->stopping = true;
	g_cond_signal(&keeper->changed);
	g_mutex_unlock(&keeper->lock);
	g_thread_join(keeper->thread);
	g_autoptr(GError) error = NULL;
	Accounts *accounts = data_folder_accounts(keeper->options.folder);
	if (!accounts_upkeep(accounts, g_get_real_time(), &error)) {
		report(keeper, error);
	}
	g_cond_clear(&keeper->changed);
	g_mutex_clear(&keeper->lock);
	g_free(keeper);
}

void keeper_nudge(Keeper *keeper)
{
	if (!keeper || sql_log_size(data_folder_sql(keeper->options.folder)) < LOG_SIZE_LONG) {
		return;
	}
	g_mutex_lock(&keeper->lock);
	keeper->log_long = true;
	g_cond_signal(&keeper->changed);
	g_mutex_unlock(&keeper->lock);
}
