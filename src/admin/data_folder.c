/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/data_folder.h"

#include "base/error.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LOCK_NAME "lock"
#define DATABASE_NAME "imdrive.sqlite"
#define PACKS_NAME "packs"
#define CACHE_SIZE (32 * MIB)

struct DataFolder {
	char *url; /* NULL: not known */
	int lock_fd;
	Sql *sql;
	Accounts *accounts;
	Journal *journal;
	Blobs *blobs;
	Drive *drive;
};

/* ---- the folder ------------------------------------------------------------------------ */

static bool make_folder(const DataFolderOptions *options, GError **error)
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

static bool refuse_locked(const DataFolderOptions *options, int fd, GError **error)
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

static bool take_lock(DataFolder *folder, const DataFolderOptions *options, GError **error)
{
	g_autofree char *path = g_build_filename(options->folder, LOCK_NAME, NULL);
	folder->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (folder->lock_fd < 0) {
		return error_set_errno(error, errno, "open '%s'", path);
	}
	if (flock(folder->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		return errno == EWOULDBLOCK ? refuse_locked(options, folder->lock_fd, error)
					    : error_set_errno(error, errno, "lock '%s'", path);
	}
	g_autofree char *holder = g_strdup_printf("%ld\n", (long)getpid());
	if (ftruncate(folder->lock_fd, 0) != 0 ||
	    pwrite(folder->lock_fd, holder, strlen(holder), 0) < 0) {
		return error_set_errno(error, errno, "write '%s'", path);
	}
	return true;
}

/* ---- what is in it --------------------------------------------------------------------- */

static bool open_tables(DataFolder *folder, const DataFolderOptions *options, GError **error)
{
	g_autofree char *path = g_build_filename(options->folder, DATABASE_NAME, NULL);
	const SqlOptions durable = { .durability = SQL_DURABLE, .cache_size = CACHE_SIZE };
	folder->sql = sql_open(path, &durable, error);
	if (!folder->sql) {
		return false;
	}
	folder->accounts = accounts_open(folder->sql, options->device_idle_max_s, error);
	folder->journal = folder->accounts ? journal_open(folder->sql, error) : NULL;
	return folder->journal != NULL;
}

static bool free_bytes(uint64_t *ret_bytes, void *data)
{
	struct statvfs info;
	if (fstatvfs(((DataFolder *)data)->lock_fd, &info) != 0) {
		return false;
	}
	*ret_bytes = (uint64_t)info.f_bavail * info.f_frsize;
	return true;
}

static bool open_content(DataFolder *folder, const DataFolderOptions *options, GError **error)
{
	g_autofree char *path = g_build_filename(options->folder, PACKS_NAME, NULL);
	Place *place = place_disk_new(path, error);
	folder->blobs = place ? blobs_open(place, error) : NULL;
	if (!folder->blobs) {
		return false;
	}
	const DriveOptions drive = {
		.journal = folder->journal,
		.blobs = folder->blobs,
		.sql = folder->sql,
		.retention = options->retention,
		.fresh = options->fresh,
		.reserve = options->reserve,
		.free_bytes = free_bytes,
		.free_data = folder,
		.changed = options->changed,
		.changed_data = options->data,
		.report = options->report,
		.report_data = options->data,
		.broken = options->broken,
		.broken_data = options->data,
	};
	folder->drive = drive_open(&drive, error);
	return folder->drive != NULL;
}

DataFolder *data_folder_open(const DataFolderOptions *options, GError **error)
{
	if (!make_folder(options, error)) {
		return NULL;
	}
	g_autoptr(DataFolder) folder = g_new0(DataFolder, 1);
	folder->lock_fd = -1;
	if (!take_lock(folder, options, error)) {
		return NULL;
	}
	if (!open_tables(folder, options, error) || !open_content(folder, options, error)) {
		g_prefix_error(error, "open the data folder '%s': ", options->folder);
		return NULL;
	}
	return g_steal_pointer(&folder);
}

void data_folder_close(DataFolder *folder)
{
	if (!folder) {
		return;
	}
	drive_close(folder->drive);
	blobs_close(folder->blobs);
	journal_close(folder->journal);
	accounts_close(folder->accounts);
	sql_close(folder->sql);
	/* The lock goes last, with its descriptor; the file stays, so that no two can hold "it". */
	if (folder->lock_fd >= 0) {
		close(folder->lock_fd);
	}
	g_free(folder->url);
	g_free(folder);
}

void data_folder_set_url(DataFolder *folder, const char *url)
{
	g_free(folder->url);
	folder->url = g_strdup(url);
	/* Paths are put behind it. */
	for (size_t end = url ? strlen(url) : 0; end > 0 && folder->url[end - 1] == '/'; end--) {
		folder->url[end - 1] = '\0';
	}
}

const char *data_folder_url(DataFolder *folder)
{
	return folder->url;
}

Accounts *data_folder_accounts(DataFolder *folder)
{
	return folder->accounts;
}

Journal *data_folder_journal(DataFolder *folder)
{
	return folder->journal;
}

Drive *data_folder_drive(DataFolder *folder)
{
	return folder->drive;
}

Sql *data_folder_sql(DataFolder *folder)
{
	return folder->sql;
}
