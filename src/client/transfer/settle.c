/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round is put in place: first all that is staged is on disk, then the names change, in the order
 * of the items. Each step says what it expects to find, and does nothing if it finds anything else.
 */
#include "client/transfer/apply_internal.h"

#include "base/error.h"
#include "base/limits.h"

/* Up to so many small files are synced one by one; syncing everything would cost more. */
#define SMALL_FILES_MAX 8
#define SMALL_SIZE_MAX (1 * MIB)

/* ---- content on disk ---------------------------------------------------------------------- */

static bool sync_each(GPtrArray *works, GError **error)
{
	for (unsigned i = 0; i < works->len; i++) {
		ApplyWork *work = g_ptr_array_index(works, i);
		if (work->staged && !disk_file_sync(work->staged, error)) {
			g_prefix_error(error, "sync '%s': ", work->item->path);
			return false;
		}
	}
	return true;
}

static bool sync_round(ApplyRun *run, GError **error)
{
	unsigned files = 0;
	uint64_t size = 0;
	for (unsigned i = 0; i < run->round->len; i++) {
		const ApplyWork *work = g_ptr_array_index(run->round, i);
		if (work->staged) {
			files++;
			size += disk_is_lazy(run->apply->disk) ? 0 : work->item->size;
		}
	}
	if (files <= SMALL_FILES_MAX && size < SMALL_SIZE_MAX) {
		return sync_each(run->round, error);
	}
	if (!disk_sync(run->apply->disk, error)) {
		return false;
	}
	if (!run->placed) {
		run->synced = true;
	}
	return true;
}

/* ---- names -------------------------------------------------------------------------------- */

static bool remove_inside(Disk *disk, const ApplyItem *item, GError **error)
{
	for (unsigned i = 0; item->inside && i < item->inside->len; i++) {
		ApplyInside *inside = &g_array_index(item->inside, ApplyInside, i);
		bool folder = inside->expected.kind == DISK_FOLDER;
		GError *cause = NULL;
		inside->removed =
			disk_remove(disk, inside->path, folder ? NULL : &inside->expected, &cause);
		if (inside->removed) {
			continue;
		}
		bool filled = folder && g_error_matches(cause, DRIVE_ERROR, DRIVE_ERROR_CONFLICT);
		if (!filled && !g_error_matches(cause, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
			g_propagate_error(error, cause);
			return false;
		}
		g_error_free(cause);
	}
	return true;
}

static bool place_delete(Disk *disk, ApplyItem *item, GError **error)
{
	if (!remove_inside(disk, item, error)) {
		return false;
	}
	/* Not there is not gone: it, or a folder above it, may just have been moved. */
	const DiskInfo *expected = item->kind == ENTRY_FOLDER ? NULL : &item->expected;
	return disk_remove(disk, item->path, expected, error);
}

static bool place_link(Disk *disk, ApplyItem *item, GError **error)
{
	size_t size = 0;
	const char *bytes = g_bytes_get_data(item->content, &size);
	g_autofree char *target = g_strndup(bytes, size);
	return disk_make_link(disk, item->path, target, item->mtime_ns,
			      item->has_expected ? &item->expected : NULL, &item->info, error);
}

static bool place_value(Disk *disk, ApplyWork *work, GError **error)
{
	ApplyItem *item = work->item;
	switch (item->kind) {
	case ENTRY_LINK:
		return place_link(disk, item, error);
	case ENTRY_FOLDER:
		return item->verb == APPLY_CREATE
			       ? disk_make_folder(disk, item->path, &item->info, error)
			       : disk_look(disk, item->path, &item->info, error);
	default:
		break;
	}
	if (apply_is_attributes_only(item)) {
		return disk_set(disk, item->path, &item->expected, item->mtime_ns, item->executable,
				&item->info, error);
	}
	return disk_place(disk, work->staged, item->path,
			  item->has_expected ? &item->expected : NULL, &item->info, error);
}

static bool place(Disk *disk, ApplyWork *work, GError **error)
{
	ApplyItem *item = work->item;
	switch (item->verb) {
	case APPLY_MOVE:
		return disk_move(disk, item->from, item->path, &item->expected, &item->info, error);
	case APPLY_DELETE:
		return place_delete(disk, item, error);
	default:
		return place_value(disk, work, error);
	}
}

/* What the disk answered, as the item's outcome. False if it concerns more than the item. */
static bool take_trouble(Disk *disk, ApplyItem *item, GError *trouble, GError **error)
{
	bool is_folder = item->kind == ENTRY_FOLDER;
	switch (trouble->code) {
	case DRIVE_ERROR_CONFLICT:
		item->outcome =
			item->verb == APPLY_DELETE && is_folder ? APPLY_HOLLOW : APPLY_CHANGED;
		g_error_free(trouble);
		return true;
	case DRIVE_ERROR_CHANGED:
	case DRIVE_ERROR_NOT_FOUND:
		item->outcome = APPLY_CHANGED;
		g_error_free(trouble);
		return true;
	case DRIVE_ERROR_NO_SPACE:
		g_propagate_prefixed_error(error, trouble, "'%s': ", item->path);
		return false;
	default:
		break;
	}
	if (trouble->code == DRIVE_ERROR_IO && !disk_is_present(disk, error)) {
		g_error_free(trouble);
		return false;
	}
	g_prefix_error(&trouble, "'%s': ", item->path);
	item->outcome = APPLY_FAILED;
	item->error = trouble;
	return true;
}

static bool place_work(ApplyRun *run, ApplyWork *work, GError **error)
{
	Apply *apply = run->apply;
	GError *trouble = NULL;
	run->placed = true;
	bool ok = place(apply->disk, work, &trouble);
	g_clear_pointer(&work->staged, disk_file_close);
	if (!ok) {
		return take_trouble(apply->disk, work->item, trouble, error);
	}
	work->item->outcome = APPLY_DONE;
	if (work->stages && !disk_is_lazy(apply->disk)) {
		g_mutex_lock(&apply->mutex);
		apply->progress += work->item->size;
		g_mutex_unlock(&apply->mutex);
	}
	return true;
}

bool settle_round(void *data, void *run_data, GError **error)
{
	const ApplyLoad *load = data;
	ApplyRun *run = run_data;
	for (unsigned i = 0; i < load->works->len; i++) {
		g_ptr_array_add(run->round, g_ptr_array_index(load->works, i));
	}
	if (!load->ends_round) {
		return true;
	}
	if (!sync_round(run, error)) {
		return false;
	}
	for (unsigned i = 0; i < run->round->len; i++) {
		ApplyWork *work = g_ptr_array_index(run->round, i);
		if (!apply_check_cancelled(run, error)) {
			return false;
		}
		if (work->item->outcome == APPLY_PENDING && !place_work(run, work, error)) {
			return false;
		}
	}
	g_ptr_array_set_size(run->round, 0);
	return true;
}
