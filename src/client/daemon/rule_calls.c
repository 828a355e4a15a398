/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemon/rule_calls.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/observe/ignore.h"

#include <string.h>

/* ret_info: of the file; its kind is 0 if there is none. */
static bool read_rules(Disk *disk, GByteArray *text, DiskInfo *ret_info, GError **error)
{
	g_autoptr(GError) failure = NULL;
	g_autoptr(DiskFile) file = disk_open(disk, IGNORE_FILE, &failure);
	size_t size = 0;
	*ret_info = (DiskInfo){ 0 };
	if (!file && g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
		return true;
	}
	if (!file) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return false;
	}
	g_byte_array_set_size(text, IGNORE_FILE_SIZE_MAX + 1);
	if (!disk_file_look(file, ret_info, error) ||
	    !disk_file_read(file, 0, text->data, text->len, &size, error)) {
		return false;
	}
	g_byte_array_set_size(text, (unsigned)size);
	return true;
}

static bool write_rules(Disk *disk, const char *text, const DiskInfo *before, GError **error)
{
	g_autoptr(DiskFile) staged = disk_stage(disk, error);
	DiskInfo placed;
	int64_t now_ns = g_get_real_time() * 1000;
	return staged && disk_file_write(staged, 0, text, strlen(text), error) &&
	       disk_file_set(staged, now_ns, false, error) && disk_file_sync(staged, error) &&
	       disk_place(disk, staged, IGNORE_FILE, before->kind ? before : NULL, &placed, error);
}

static bool is_text(const GByteArray *text)
{
	return g_utf8_validate_len((const char *)text->data, text->len, NULL);
}

/* The disk of the bound folder that params name. */
static OpenDisk *borrow(const DriveCalls *calls, const json_t *params, GError **error)
{
	const char *folder = json_string_value(json_object_get(params, "folder"));
	const char *rest;
	if (!folder) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "of which folder are the rules?");
		return NULL;
	}
	g_autofree char *path = g_build_filename(folder, IGNORE_FILE, NULL);
	OpenDisk *disk = open_disks_borrow(calls->disks, path, &rest, error);
	if (disk && strcmp(rest, IGNORE_FILE) != 0) {
		open_disks_return(calls->disks, disk);
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "'%s' is not bound", folder);
		return NULL;
	}
	return disk;
}

json_t *rule_calls_get(const DriveCalls *calls, const json_t *params, GError **error)
{
	OpenDisk *disk = borrow(calls, params, error);
	if (!disk) {
		return NULL;
	}
	g_autoptr(GByteArray) text = g_byte_array_new();
	DiskInfo info;
	json_t *result = NULL;
	if (read_rules(open_disks_disk(disk), text, &info, error)) {
		if (is_text(text)) {
			result = json_pack("{s:s%, s:s}", "rules",
					   text->data ? text->data : (guint8 *)"",
					   (size_t)text->len, "always", ignore_defaults());
		} else {
			g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
					    "'" IGNORE_FILE "' is no text: mend it in the folder");
		}
	}
	open_disks_return(calls->disks, disk);
	return result;
}

static bool replace(Disk *disk, const char *rules, const char *before, GError **error)
{
	g_autoptr(Ignore) parsed = ignore_new(rules, strlen(rules), error);
	g_autoptr(GByteArray) text = g_byte_array_new();
	DiskInfo info;
	if (!parsed || !read_rules(disk, text, &info, error)) {
		return false;
	}
	if (text->len != strlen(before) ||
	    memcmp(text->data ? text->data : (guint8 *)"", before, text->len) != 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_CHANGED,
				    "somebody has changed the rules since you read them: read them "
				    "again");
		return false;
	}
	return write_rules(disk, rules, &info, error);
}

json_t *rule_calls_set(const DriveCalls *calls, const json_t *params, GError **error)
{
	const char *rules = json_string_value(json_object_get(params, "rules"));
	const char *before = json_string_value(json_object_get(params, "before"));
	if (!rules || !before) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "set-rules takes rules, and before: what they were");
		return NULL;
	}
	OpenDisk *disk = borrow(calls, params, error);
	if (!disk) {
		return NULL;
	}
	bool done = replace(open_disks_disk(disk), rules, before, error);
	if (done) {
		open_disks_touch(calls->disks, disk, IGNORE_FILE);
		calls->touched(calls->data);
	}
	open_disks_return(calls->disks, disk);
	return done ? json_object() : NULL;
}
