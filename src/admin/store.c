/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/store.h"

#include "base/error.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME "lock"
#define DATABASE_NAME "imdrive.sqlite"
#define PACKS_NAME "packs"
#define CACHE_SIZE (32 * MIB)

struct Store {
	int lock_fd;
	Sql *sql;
	Accounts *accounts;
	Journal *journal;
	Blobs *blobs;
	Drive *drive;
};

/* ---- the folder ------------------------------------------------------------------------ */

static bool make_folder(const StoreOptions *options, GError **error)
{
	if (options->create && g_mkdir_with_parents(options->folder, 0700) != 0) {
		return error_set_errno(error, errno, "make the data folder '%s'", options->folder);
	}
	g_autofree char *database = g_build_filename(options->folder, DATABASE_NAME, NULL);
	if (!options->create && !g_file_test(database, G_FILE_TEST_EXISTS)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "there is no drive in '%s' (--data says where it is)", options->folder);
		return false;
	}
	return true;
}

static bool refuse_locked(const StoreOptions *options, int fd, GError **error)
{
	char holder[32] = "";
	ssize_t size = pread(fd, holder, sizeof holder - 1, 0);
	if (size > 0) {
		g_strchomp(holder);
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
		    "the data folder '%s' is in use by another imdrived%s%s", options->folder,
		    *holder ? ", process " : "", holder);
	return false;
}

static bool take_lock(Store *store, const StoreOptions *options, GError **error)
{
	g_autofree char *path = g_build_filename(options->folder, LOCK_NAME, NULL);
	store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock_fd < 0) {
		return error_set_errno(error, errno, "open '%s'", path);
	}
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		return errno == EWOULDBLOCK ? refuse_locked(options, store->lock_fd, error)
					    : error_set_errno(error, errno, "lock '%s'", path);
	}
	g_autofree char *holder = g_strdup_printf("%ld\n", (long)getpid());
	if (ftruncate(store->lock_fd, 0) != 0 ||
	    pwrite(store->lock_fd, holder, strlen(holder), 0) < 0) {
		return error_set_errno(error, errno, "write '%s'", path);
	}
	return true;
}

/* ---- what is in it --------------------------------------------------------------------- */

static bool open_tables(Store *store, const StoreOptions *options, GError **error)
{
	g_autofree char *path = g_build_filename(options->folder, DATABASE_NAME, NULL);
	const SqlOptions durable = { .durability = SQL_DURABLE, .cache_size = CACHE_SIZE };
	store->sql = sql_open(path, &durable, error);
	if (!store->sql) {
		return false;
	}
	store->accounts = accounts_open(store->sql, options->device_idle_max_s, error);
	store->journal = store->accounts ? journal_open(store->sql, error) : NULL;
	return store->journal != NULL;
}

static bool open_content(Store *store, const StoreOptions *options, GError **error)
{
	g_autofree char *path = g_build_filename(options->folder, PACKS_NAME, NULL);
	Place *place = place_disk_new(path, error);
	store->blobs = place ? blobs_open(place, error) : NULL;
	if (!store->blobs) {
		return false;
	}
	const DriveOptions drive = {
		.journal = store->journal,
		.blobs = store->blobs,
		.sql = store->sql,
		.retention = options->retention,
		.quota = options->quota,
		.changed = options->changed,
		.changed_data = options->data,
		.report = options->report,
		.report_data = options->data,
	};
	store->drive = drive_open(&drive, error);
	return store->drive != NULL;
}

Store *store_open(const StoreOptions *options, GError **error)
{
	if (!make_folder(options, error)) {
		return NULL;
	}
	g_autoptr(Store) store = g_new0(Store, 1);
	store->lock_fd = -1;
	if (!take_lock(store, options, error)) {
		return NULL;
	}
	if (!open_tables(store, options, error) || !open_content(store, options, error)) {
		g_prefix_error(error, "open the data folder '%s': ", options->folder);
		return NULL;
	}
	return g_steal_pointer(&store);
}

void store_close(Store *store)
{
	if (!store) {
		return;
	}
	drive_close(store->drive);
	blobs_close(store->blobs);
	journal_close(store->journal);
	accounts_close(store->accounts);
	sql_close(store->sql);
	/* The lock goes last, with its descriptor; the file stays, so that no two can hold "it". */
	if (store->lock_fd >= 0) {
		close(store->lock_fd);
	}
	g_free(store);
}

Accounts *store_accounts(Store *store)
{
	return store->accounts;
}

Journal *store_journal(Store *store)
{
	return store->journal;
}

Drive *store_drive(Store *store)
{
	return store->drive;
}

Sql *store_sql(Store *store)
{
	return store->sql;
}
