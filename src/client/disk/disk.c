/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The careful half of a disk, over the plain calls of disk_impl.h.
 *
 *	.imdrive/marker     the binding's id: this folder is the bound one, and mounted
 *	.imdrive/stage/     files that no name shows yet; worthless after a restart
 *	.imdrive/removed/   what was replaced or removed (removed.c)
 *	.imdrive/park/      nodes that step aside for a moment; kept
 *
 * A stamp that is handed out belongs to content that the caller knows. Therefore a file is never
 * looked at by its path after it was put there: it may be another one by then.
 */
#include "client/disk/disk.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/disk/plain.h"
#include "client/disk/removed.h"

#include <string.h>

#define COPY_BUFFER_SIZE (128 * KIB)

bool disk_info_equal(const DiskInfo *a, const DiskInfo *b)
{
	/* The time of a link does not travel, so that nobody knows it. */
	return a->kind == b->kind && a->stamp.inode == b->stamp.inode &&
	       a->stamp.birth_ns == b->stamp.birth_ns && a->stamp.change_ns == b->stamp.change_ns &&
	       a->size == b->size &&
	       (a->kind == DISK_LINK || disk_info_same_mtime(a, b->mtime_ns, b->mtime_slack_ns));
}

bool disk_info_same_mtime(const DiskInfo *info, int64_t mtime_ns, int64_t slack_ns)
{
	return ABS(info->mtime_ns - mtime_ns) <= MAX(info->mtime_slack_ns, slack_ns);
}

static bool fail(GError **error, DriveError code, const char *path, const char *reason)
{
	g_autofree char *shown = text_printable(path, strlen(path));
	g_set_error(error, DRIVE_ERROR, code, "'%s': %s", shown, reason);
	return false;
}

/* Whatever the case, for file systems to which it is the same name. */
static bool is_reserved(const char *path)
{
	size_t size = strlen(DISK_RESERVED);
	return g_ascii_strncasecmp(path, DISK_RESERVED, size) == 0 &&
	       (path[size] == '/' || path[size] == '\0') && !g_str_has_prefix(path, DISK_PARK "/");
}

static bool check_path(const char *path, GError **error)
{
	const char *at = path;
	for (;;) {
		size_t size = strcspn(at, "/");
		if (!text_is_name(at, size)) {
			return fail(error, DRIVE_ERROR_INVALID, path, "is no path in this folder");
		}
		at += size;
		if (!*at) {
			break;
		}
		at++;
	}
	if (is_reserved(path)) {
		return fail(error, DRIVE_ERROR_INVALID, path, "is reserved");
	}
	return true;
}

static bool check_folder(const char *path, GError **error)
{
	return *path == '\0' || check_path(path, error);
}

static char *stage_path(Disk *disk)
{
	return g_strdup_printf(DISK_STAGE "/%08x", (unsigned)g_atomic_int_add(&disk->serial, 1));
}

/* ---- files ------------------------------------------------------------------------------ */

static DiskFile *open_file(Disk *disk, const char *path, bool create, GError **error)
{
	DiskFile *file = plain_open(disk, path, create, error);
	if (file) {
		file->disk = disk;
		file->staged = create ? g_strdup(path) : NULL;
		file->info = (DiskInfo){ 0 };
	}
	return file;
}

DiskFile *disk_open(Disk *disk, const char *path, GError **error)
{
	return check_path(path, error) ? open_file(disk, path, false, error) : NULL;
}

DiskFile *disk_stage(Disk *disk, GError **error)
{
	g_autofree char *path = stage_path(disk);
	DiskFile *file = open_file(disk, path, true, error);
	if (!file) {
		g_prefix_error(error, "stage: ");
	}
	return file;
}

void disk_file_close(DiskFile *file)
{
	if (!file) {
		return;
	}
	if (file->staged) {
		file->disk->class->remove(file->disk, file->staged, false, NULL);
		g_free(file->staged);
	}
	file->class->close(file);
}

bool disk_file_read(DiskFile *file, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_read,
		    GError **error)
{
	size_t done = 0;
	while (done < size) {
		ssize_t count = file->class->read(file, offset + done, (char *)ret_bytes + done,
						  size - done, error);
		if (count < 0) {
			return false;
		}
		if (count == 0) {
			break;
		}
		done += (size_t)count;
	}
	*ret_read = done;
	return true;
}

static bool check_size(uint64_t offset, uint64_t size, GError **error)
{
	if (offset > FILE_SIZE_MAX || size > FILE_SIZE_MAX - offset) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
			    "a file may have at most %llu bytes", FILE_SIZE_MAX);
		return false;
	}
	return true;
}

bool disk_file_write(DiskFile *file, uint64_t offset, const void *bytes, size_t size,
		     GError **error)
{
	g_assert(file->staged);
	if (!check_size(offset, size, error)) {
		return false;
	}
	file->info.kind = 0;
	for (size_t done = 0; done < size;) {
		ssize_t count = file->class->write(file, offset + done, (const char *)bytes + done,
						   size - done, error);
		if (count < 0) {
			return false;
		}
		g_assert(count > 0);
		done += (size_t)count;
	}
	return true;
}

static bool copy_through_memory(DiskFile *file, DiskFile *from, const DiskCopy *copy,
				GError **error)
{
	g_autofree char *buffer = g_malloc(COPY_BUFFER_SIZE);
	for (uint64_t done = 0; done < copy->size;) {
		size_t size = MIN(copy->size - done, COPY_BUFFER_SIZE), count;
		if (!disk_file_read(from, copy->from_offset + done, buffer, size, &count, error) ||
		    !disk_file_write(file, copy->offset + done, buffer, count, error)) {
			return false;
		}
		done += count;
		if (count < size) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CHANGED,
				    "a file became shorter while it was copied");
			return false;
		}
	}
	return true;
}

bool disk_file_copy(DiskFile *file, uint64_t offset, DiskFile *from, uint64_t from_offset,
		    uint64_t size, GError **error)
{
	g_assert(file->staged && file->class == from->class);
	if (!check_size(offset, size, error)) {
		return false;
	}
	file->info.kind = 0;
	DiskCopy copy = { .offset = offset, .from_offset = from_offset, .size = size };
	while (copy.size > 0) {
		g_autoptr(GError) reason = NULL;
		ssize_t count = file->class->copy(file, from, &copy, &reason);
		/* At the end of from, or of what can be done without memory: find out which. */
		if (count == 0 || g_error_matches(reason, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED)) {
			return copy_through_memory(file, from, &copy, error);
		}
		if (count < 0) {
			g_propagate_error(error, g_steal_pointer(&reason));
			return false;
		}
		copy.offset += (uint64_t)count;
		copy.from_offset += (uint64_t)count;
		copy.size -= (uint64_t)count;
	}
	return true;
}

bool disk_file_look(DiskFile *file, DiskInfo *ret_info, GError **error)
{
	return plain_file_look(file, ret_info, error);
}

/* Who may read may execute. */
static unsigned mode_with(unsigned mode, bool executable)
{
	return executable ? mode | (mode & 0444) >> 2 : mode & ~0111u;
}

/* Sets and remembers; mode_now: the file's present permissions. */
static bool set_staged(DiskFile *file, int64_t mtime_ns, unsigned mode, unsigned mode_now,
		       GError **error)
{
	bool keep = mode == mode_now || file->disk->no_bits;
	return file->class->set(file, mtime_ns, keep ? DISK_MODE_KEEP : mode, error) &&
	       plain_file_look(file, &file->info, error);
}

/* What the file system cannot hold is as agreed. */
static void agree(DiskInfo *info, int64_t mtime_ns, bool executable)
{
	if (info->executable_unknown) {
		info->executable = executable;
	}
	if (disk_info_same_mtime(info, mtime_ns, 0)) {
		info->mtime_ns = mtime_ns;
	}
}

bool disk_file_set(DiskFile *file, int64_t mtime_ns, bool executable, GError **error)
{
	g_assert(file->staged);
	unsigned mode = mode_with(file->disk->file_mode, executable);
	unsigned mode_now = file->info.kind ? file->info.mode : file->disk->file_mode;
	bool set = set_staged(file, mtime_ns, mode, mode_now, error);
	agree(&file->info, mtime_ns, executable);
	return set;
}

bool disk_file_sync(DiskFile *file, GError **error)
{
	return file->class->sync(file, error);
}

/* ---- opening ---------------------------------------------------------------------------- */

static bool make_reserved(Disk *disk, const char *path, GError **error)
{
	g_autoptr(GError) reason = NULL;
	if (plain_make(disk, path, NULL, 0, &reason)) {
		return true;
	}
	DiskInfo info;
	if (!g_error_matches(reason, DRIVE_ERROR, DRIVE_ERROR_CONFLICT)) {
		g_propagate_error(error, g_steal_pointer(&reason));
		return false;
	}
	if (!plain_look(disk, path, &info, NULL, error)) {
		return false;
	}
	if (info.kind != DISK_FOLDER) {
		return fail(error, DRIVE_ERROR_CONFLICT, path, "is in the way");
	}
	return true;
}

/* Also checks what it says, if it is there. */
static bool check_marker(Disk *disk, GError **error)
{
	g_autoptr(DiskFile) file = open_file(disk, DISK_MARKER, false, error);
	char text[MARKER_SIZE_MAX + 1];
	size_t size;
	if (!file || !disk_file_read(file, 0, text, sizeof text, &size, error)) {
		return false;
	}
	if (size != strlen(disk->marker) || memcmp(text, disk->marker, size) != 0) {
		return fail(error, DRIVE_ERROR_CONFLICT, DISK_MARKER,
			    "another profile or device has bound this folder: choose another one "
			    "or, if that binding is gone for good, remove its '.imdrive'");
	}
	return true;
}

static bool write_marker(Disk *disk, GError **error)
{
	g_autoptr(DiskFile) file = disk_stage(disk, error);
	if (!file || !disk_file_write(file, 0, disk->marker, strlen(disk->marker), error) ||
	    !disk_file_sync(file, error) ||
	    !plain_rename(disk, file->staged, DISK_MARKER, false, error)) {
		return false;
	}
	g_clear_pointer(&file->staged, g_free);
	return true;
}

static void collect_name(const char *name, const DiskInfo *info, void *data)
{
	g_ptr_array_add(data, g_strdup(name));
}

static bool clear_stage(Disk *disk, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	if (!plain_list(disk, DISK_STAGE, collect_name, names, error)) {
		return false;
	}
	for (unsigned i = 0; i < names->len; i++) {
		g_autofree char *path = g_strconcat(DISK_STAGE "/", names->pdata[i], NULL);
		if (!plain_remove(disk, path, false, error)) {
			return false;
		}
	}
	return true;
}

bool disk_start(Disk *disk, const char *marker, bool create_marker, GError **error)
{
	g_assert(strlen(marker) <= MARKER_SIZE_MAX);
	g_free(disk->marker);
	disk->marker = g_strdup(marker);
	if (!plain_look(disk, "", &disk->root, NULL, error)) {
		return false;
	}
	if (disk->root.kind != DISK_FOLDER) {
		return fail(error, DRIVE_ERROR_NOT_FOUND, "", "is no folder");
	}
	g_autoptr(GError) reason = NULL;
	bool marked = check_marker(disk, &reason);
	bool absent = g_error_matches(reason, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	if (!marked && !(absent && create_marker)) {
		g_propagate_prefixed_error(error, g_steal_pointer(&reason), "marker: ");
		return false;
	}
	return make_reserved(disk, DISK_RESERVED, error) &&
	       make_reserved(disk, DISK_STAGE, error) && make_reserved(disk, DISK_REMOVED, error) &&
	       make_reserved(disk, DISK_PARK, error) && clear_stage(disk, error) &&
	       plain_learn(disk, error) && removed_repair(disk, error) &&
	       (marked || write_marker(disk, error));
}

void disk_close(Disk *disk)
{
	if (!disk) {
		return;
	}
	g_free(disk->marker);
	g_mutex_clear(&disk->replacing);
	disk->class->close(disk);
}

bool disk_is_present(Disk *disk, GError **error)
{
	DiskInfo info;
	if (!plain_look(disk, "", &info, NULL, error)) {
		return false;
	}
	if (!plain_is_same(&info, &disk->root)) {
		return fail(error, DRIVE_ERROR_NOT_FOUND, "", "another folder is at this place");
	}
	return check_marker(disk, error);
}

/* ---- looking ---------------------------------------------------------------------------- */

typedef struct Unreserved {
	DiskVisitor visit;
	void *data;
} Unreserved;

static void visit_unreserved(const char *name, const DiskInfo *info, void *data)
{
	Unreserved *inner = data;
	if (strcmp(name, DISK_RESERVED) != 0) {
		inner->visit(name, info, inner->data);
	}
}

bool disk_list(Disk *disk, const char *folder, DiskVisitor visit, void *data, GError **error)
{
	if (*folder == '\0') {
		Unreserved inner = { visit, data };
		return plain_list(disk, folder, visit_unreserved, &inner, error);
	}
	return check_path(folder, error) && plain_list(disk, folder, visit, data, error);
}

bool disk_look(Disk *disk, const char *path, DiskInfo *ret_info, GError **error)
{
	if (strcmp(path, DISK_RESERVED) == 0) {
		/* As in a list: it is none of the person's. */
		return fail(error, DRIVE_ERROR_NOT_FOUND, path, "is reserved");
	}
	return check_folder(path, error) && plain_look(disk, path, ret_info, NULL, error);
}

char *disk_read_link(Disk *disk, const char *path, GError **error)
{
	DiskInfo info;
	char *target = NULL;
	if (!check_path(path, error) || !plain_look(disk, path, &info, &target, error)) {
		return NULL;
	}
	if (!target) {
		fail(error, DRIVE_ERROR_CHANGED, path, "is no link");
	}
	return target;
}

/* NOT_FOUND, or CHANGED if it is not *expected. */
static bool look_expected(Disk *disk, const char *path, const DiskInfo *expected,
			  DiskInfo *ret_info, GError **error)
{
	if (!plain_look(disk, path, ret_info, NULL, error)) {
		return false;
	}
	if (!disk_info_equal(ret_info, expected)) {
		return fail(error, DRIVE_ERROR_CHANGED, path, "is not what was expected");
	}
	return true;
}

/* ---- changing --------------------------------------------------------------------------- */

/* An existing file keeps the permissions that its owner gave it. */
static bool take_over_mode(DiskFile *staged, const DiskInfo *old, GError **error)
{
	const DiskInfo wanted = staged->info;
	unsigned mode = mode_with(old->mode, wanted.executable);
	bool set = mode == wanted.mode ||
		   set_staged(staged, wanted.mtime_ns, mode, wanted.mode, error);
	agree(&staged->info, wanted.mtime_ns, wanted.executable);
	return set;
}

/* *ret_info is kind 0 if what is there then cannot be looked at; so it is in place_new(). */
static bool place_over(DiskFile *staged, const char *path, const DiskInfo *expected,
		       DiskInfo *ret_info, GError **error)
{
	DiskInfo now;
	if (!look_expected(staged->disk, path, expected, &now, error) ||
	    !take_over_mode(staged, &now, error) ||
	    !removed_exchange(staged->disk, &staged->staged, &staged->info, path, &now, error)) {
		return false;
	}
	if (!plain_file_look(staged, ret_info, NULL)) {
		*ret_info = (DiskInfo){ 0 };
	}
	return true;
}

static bool place_new(DiskFile *staged, const char *path, DiskInfo *ret_info, GError **error)
{
	if (!plain_place(staged, path, ret_info, error)) {
		return false;
	}
	g_clear_pointer(&staged->staged, g_free);
	return true;
}

/* NOT_FOUND of what was expected says: something else is (not) there. */
static bool fail_place(GError **error, GError *reason, const char *path, const DiskInfo *expected)
{
	if (expected && g_error_matches(reason, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
		reason->code = DRIVE_ERROR_CHANGED;
	}
	g_autofree char *shown = text_printable(path, strlen(path));
	g_propagate_prefixed_error(error, reason, "place '%s': ", shown);
	return false;
}

bool disk_place(Disk *disk, DiskFile *staged, const char *path, const DiskInfo *expected,
		DiskInfo *ret_info, GError **error)
{
	g_assert(staged->staged && staged->disk == disk);
	GError *reason = NULL;
	DiskInfo info = { 0 };
	bool placed = check_path(path, &reason) &&
		      (staged->info.kind || plain_file_look(staged, &staged->info, &reason)) &&
		      (expected ? place_over(staged, path, expected, &info, &reason)
				: place_new(staged, path, &info, &reason));
	if (!placed) {
		return fail_place(error, reason, path, expected);
	}
	bool looked = info.kind != 0;
	if (looked) {
		agree(&info, staged->info.mtime_ns, staged->info.executable);
	}
	if (!looked || !plain_is_same(&info, &staged->info) || info.mode != staged->info.mode ||
	    !plain_is_ours(disk, &info, &staged->info)) {
		info = staged->info;
		info.stamp.change_ns = 0;
	}
	*ret_info = info;
	return true;
}

bool disk_set(Disk *disk, const char *path, const DiskInfo *expected, int64_t mtime_ns,
	      bool executable, DiskInfo *ret_info, GError **error)
{
	g_autoptr(DiskFile) file = disk_open(disk, path, error);
	DiskInfo info;
	if (!file) {
		return false;
	}
	/* A write between looking and setting would be hidden by the mtime that is set. */
	g_autoptr(GError) reason = NULL;
	bool held = file->class->hold(file, &reason);
	if (!held && !g_error_matches(reason, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED)) {
		g_propagate_error(error, g_steal_pointer(&reason));
		return false;
	}
	if (!plain_file_look(file, &info, error)) {
		return false;
	}
	if (!disk_info_equal(&info, expected)) {
		return fail(error, DRIVE_ERROR_CHANGED, path, "is not what was expected");
	}
	unsigned mode = mode_with(info.mode, executable);
	bool keep = mode == info.mode || disk->no_bits;
	if (!file->class->set(file, mtime_ns, keep ? DISK_MODE_KEEP : mode, error) ||
	    !plain_file_look(file, &info, error)) {
		return false;
	}
	if (!held) {
		info.stamp.change_ns = 0;
	}
	agree(&info, mtime_ns, executable);
	*ret_info = info;
	return true;
}

bool disk_make_folder(Disk *disk, const char *path, DiskInfo *ret_info, GError **error)
{
	DiskInfo info;
	if (!check_path(path, error) || !plain_make(disk, path, NULL, 0, error) ||
	    !plain_look(disk, path, &info, NULL, error)) {
		return false;
	}
	if (info.kind != DISK_FOLDER) {
		return fail(error, DRIVE_ERROR_CHANGED, path, "was replaced at once");
	}
	*ret_info = info;
	return true;
}

/* Like disk_place(), for a link at *staged; *staged is NULL afterwards if it was placed. */
static bool place_link(Disk *disk, char **staged, const char *path, const DiskInfo *expected,
		       DiskInfo *ret_info, GError **error)
{
	DiskInfo made, now;
	if (!plain_look(disk, *staged, &made, NULL, error)) {
		return false;
	}
	if (expected) {
		if (!look_expected(disk, path, expected, &now, error) ||
		    !removed_exchange(disk, staged, &made, path, &now, error)) {
			return false;
		}
	} else {
		if (!plain_rename(disk, *staged, path, false, error)) {
			return false;
		}
		g_clear_pointer(staged, g_free);
	}
	/* A link cannot be written to: if it is the same one, it is what it was. */
	if (!plain_look(disk, path, &now, NULL, NULL) || !plain_is_same(&now, &made)) {
		now = made;
		now.stamp.change_ns = 0;
	}
	*ret_info = now;
	return true;
}

bool disk_make_link(Disk *disk, const char *path, const char *target, int64_t mtime_ns,
		    const DiskInfo *expected, DiskInfo *ret_info, GError **error)
{
	size_t size = strlen(target);
	if (!check_path(path, error)) {
		return false;
	}
	if (size == 0 || size > LINK_TARGET_SIZE_MAX) {
		return fail(error, size ? DRIVE_ERROR_TOO_LARGE : DRIVE_ERROR_INVALID, path,
			    "a link's target has 1 to 4095 bytes");
	}
	g_autofree char *staged = stage_path(disk);
	if (!plain_make(disk, staged, target, mtime_ns, error)) {
		return false;
	}
	GError *reason = NULL;
	bool placed = place_link(disk, &staged, path, expected, ret_info, &reason);
	if (staged) {
		plain_remove(disk, staged, false, NULL);
	}
	return placed || fail_place(error, reason, path, expected);
}

static bool is_below(const char *path, const char *folder)
{
	size_t size = strlen(folder);
	return strncmp(path, folder, size) == 0 && path[size] == '/';
}

bool disk_move(Disk *disk, const char *from, const char *to, const DiskInfo *expected,
	       DiskInfo *ret_info, GError **error)
{
	DiskInfo before, after;
	if (!check_path(from, error) || !check_path(to, error)) {
		return false;
	}
	if (is_below(to, from)) {
		return fail(error, DRIVE_ERROR_INVALID, from, "cannot be moved into itself");
	}
	if (!plain_look(disk, from, &before, NULL, error)) {
		return false;
	}
	if (!plain_is_same(&before, expected)) {
		return fail(error, DRIVE_ERROR_CHANGED, from, "is not what was expected");
	}
	if (!plain_rename(disk, from, to, false, error)) {
		return false;
	}
	bool moved = plain_look(disk, to, &after, NULL, NULL) && plain_is_same(&after, expected);
	if (!moved) {
		/* If its place is taken by now, it stays where it is: nothing is lost. */
		plain_rename(disk, to, from, false, NULL);
		return fail(error, DRIVE_ERROR_CHANGED, from, "was replaced while it was moved");
	}
	bool known = disk_info_equal(&before, expected) && before.mode == after.mode &&
		     plain_is_unwritten(disk, &after, &before);
	if (before.kind != DISK_FOLDER && !known) {
		after.stamp.change_ns = 0;
	}
	*ret_info = after;
	return true;
}

bool disk_remove(Disk *disk, const char *path, const DiskInfo *expected, GError **error)
{
	DiskInfo now;
	if (!check_path(path, error)) {
		return false;
	}
	if (!expected) {
		return plain_remove(disk, path, true, error);
	}
	return look_expected(disk, path, expected, &now, error) &&
	       removed_take(disk, path, &now, error);
}

bool disk_sync(Disk *disk, GError **error)
{
	return disk->class->sync(disk, error);
}

/* ---- the reserved folder ---------------------------------------------------------------- */

char *disk_park_path(Disk *disk, const char *name)
{
	g_assert(text_is_name(name, strlen(name)));
	return g_strconcat(DISK_PARK "/", name, NULL);
}

bool disk_list_parked(Disk *disk, DiskVisitor visit, void *data, GError **error)
{
	return plain_list(disk, DISK_PARK, visit, data, error);
}

char *disk_spell(Disk *disk, const char *path)
{
	return spelling_write_path(&disk->spelling, path);
}

char *disk_name_of(Disk *disk, const char *here)
{
	char *name;
	bool known = spelling_read(&disk->spelling, here, &name);
	return known && name ? name : g_strdup(here);
}

/* ---- content that is not here ------------------------------------------------------------ */

bool disk_is_lazy(const Disk *disk)
{
	return disk->lazy != NULL;
}

bool disk_file_promise(DiskFile *staged, GBytes *content, uint64_t size, GError **error)
{
	g_assert(staged->staged && staged->disk->lazy);
	staged->info.kind = 0;
	return check_size(0, size, error) &&
	       staged->disk->lazy->file_promise(staged, content, size, error);
}

GBytes *disk_file_promised(DiskFile *file, const DiskInfo *expected)
{
	const DiskLazy *lazy = file->disk->lazy;
	return lazy ? lazy->file_promised(file, expected) : NULL;
}

bool disk_promise(Disk *disk, const char *path, const DiskInfo *expected, GBytes *content,
		  GError **error)
{
	return !disk->lazy || (check_path(path, error) &&
			       disk->lazy->promise(disk, path, expected, content, error));
}

bool disk_tidy(Disk *disk, int64_t now_us, GError **error)
{
	return removed_tidy(disk, now_us, error);
}
