/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemon/history_calls.h"

#include "base/error.h"
#include "client/daemon/conflicts.h"
#include "client/login/drive_path.h"
#include "client/login/drive_files.h"
#include "client/plan/plan.h"

#include <string.h>

static const char *text_of(const json_t *params, const char *key)
{
	return json_string_value(json_object_get(params, key));
}

/* ---- conflicts --------------------------------------------------------------------------- */

/* The path of what this path is a conflict copy of; NULL if of nothing. */
static char *original_of(const char *path)
{
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *original = NULL;
	g_autofree char *label = NULL;
	if (!plan_conflict_parse(name, &original, &label)) {
		return NULL;
	}
	size_t above = strlen(path) - strlen(name);
	return g_strdup_printf("%.*s%s", (int)above, path, original);
}

static bool read_keep(const json_t *params, ConflictKeep *ret_keep)
{
	static const char *const names[] = { "copy", "original", "both" };
	const char *keep = text_of(params, "keep");
	for (size_t i = 0; keep && i < G_N_ELEMENTS(names); i++) {
		if (strcmp(keep, names[i]) == 0) {
			*ret_keep = (ConflictKeep)i;
			return true;
		}
	}
	return false;
}

static json_t *resolve(const DriveCalls *calls, OpenDisk *disk, const ConflictChoice *choice,
		       GError **error)
{
	g_autofree char *moved = NULL;
	bool done = conflicts_resolve(open_disks_disk(disk), choice, open_disks_cancellable(disk),
				      &moved, error);
	/* Also what was done by half is to be looked at. */
	open_disks_touch(calls->disks, disk, choice->copy);
	open_disks_touch(calls->disks, disk, choice->original);
	if (moved) {
		open_disks_touch(calls->disks, disk, moved);
	}
	calls->touched(calls->data);
	return done ? json_object() : NULL;
}

json_t *history_calls_resolve(const DriveCalls *calls, const json_t *params, GError **error)
{
	const char *path = text_of(params, "path");
	g_autofree char *original = path ? original_of(path) : NULL;
	ConflictChoice choice = { .seen = text_of(params, "seen") };
	if (!original || !choice.seen || !read_keep(params, &choice.keep)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "resolve takes the path of a conflict copy, what was seen of "
				    "it, and what to keep: copy, original or both");
		return NULL;
	}
	OpenDisk *disk = open_disks_borrow(calls->disks, path, &choice.copy, error);
	if (!disk) {
		return NULL;
	}
	choice.original = original + (choice.copy - path);
	json_t *result = resolve(calls, disk, &choice, error);
	open_disks_return(calls->disks, disk);
	return result;
}

/* ---- versions and the trash -------------------------------------------------------------- */

/* path: as the drive has it. */
static Profile *open_for(const DriveCalls *calls, const json_t *params, char **ret_path,
			 GError **error)
{
	const char *path = text_of(params, "path");
	if (!path) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "of which path?");
		return NULL;
	}
	g_autoptr(Profile) profile = drive_calls_profile(calls, error);
	*ret_path = profile ? drive_path_of(profile, path, error) : NULL;
	return *ret_path ? g_steal_pointer(&profile) : NULL;
}

json_t *history_calls_versions(const DriveCalls *calls, const json_t *params, GError **error)
{
	g_autofree char *path = NULL;
	g_autoptr(Profile) profile = open_for(calls, params, &path, error);
	return profile ? drive_files_versions(profile, path, error) : NULL;
}

json_t *history_calls_restore(const DriveCalls *calls, const json_t *params, GError **error)
{
	g_autofree char *path = NULL;
	g_autoptr(Profile) profile = open_for(calls, params, &path, error);
	json_int_t version = json_integer_value(json_object_get(params, "version"));
	return profile ? drive_files_restore(profile, path, version, error) : NULL;
}
