/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemon/conflicts.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/daemon/report.h"

#include <string.h>

#define LISTED_MAX 200
#define COPY_STEP (8 * MIB)
#define NAMES_MAX 100

/* ---- looking ----------------------------------------------------------------------------- */

typedef struct Pair {
	DiskInfo copy, original;
	bool has_original;
} Pair;

static bool look(Disk *disk, const char *copy, const char *original, Pair *ret_pair, GError **error)
{
	g_autoptr(GError) failure = NULL;
	*ret_pair = (Pair){ 0 };
	if (!disk_look(disk, copy, &ret_pair->copy, error)) {
		return false;
	}
	ret_pair->has_original = disk_look(disk, original, &ret_pair->original, &failure);
	if (!ret_pair->has_original &&
	    !g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return false;
	}
	return true;
}

/* Only of files can one take the other's place. */
static bool are_files(const Pair *pair)
{
	return pair->copy.kind == DISK_FILE &&
	       (!pair->has_original || pair->original.kind == DISK_FILE);
}

static void add_seen(GString *text, const DiskInfo *info)
{
	g_string_append_printf(
		text, "%d %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT ";",
		info->kind, info->size, info->mtime_ns, info->stamp.change_ns);
}

/* What a person has seen who saw these two; means nothing to others. */
static char *seen_text(const Pair *pair)
{
	GString *text = g_string_new(NULL);
	add_seen(text, &pair->copy);
	if (pair->has_original) {
		add_seen(text, &pair->original);
	}
	return g_string_free(text, FALSE);
}

static json_t *value_json(const DiskInfo *info)
{
	return json_pack("{s:I, s:I}", "size", (json_int_t)info->size, "time_us",
			 (json_int_t)(info->mtime_ns / 1000));
}

static json_t *conflict_json(const EngineConflict *conflict, const char *folder, const Pair *pair)
{
	g_autofree char *path = g_build_filename(folder, conflict->copy, NULL);
	g_autofree char *original = g_build_filename(folder, conflict->original, NULL);
	g_autofree char *seen = seen_text(pair);
	json_t *other = pair->has_original ? value_json(&pair->original) : json_null();
	return json_pack("{s:s, s:o, s:o, s:o, s:s, s:b, s:o, s:o}", "copy",
			 conflict->mine ? "mine" : "theirs", "path", report_text(path), "original",
			 report_text(original), "label", report_text(conflict->label), "seen", seen,
			 "files", (int)are_files(pair), conflict->mine ? "mine" : "theirs",
			 value_json(&pair->copy), conflict->mine ? "theirs" : "mine", other);
}

void conflicts_list(Disk *disk, Engine *engine, const char *folder, json_t *ret_list)
{
	g_autoptr(GPtrArray) conflicts =
		g_ptr_array_new_with_free_func((GDestroyNotify)engine_conflict_free);
	engine_conflict_list(engine, conflicts);
	for (unsigned i = 0; i < MIN(conflicts->len, LISTED_MAX); i++) {
		const EngineConflict *conflict = conflicts->pdata[i];
		Pair pair;
		if (look(disk, conflict->copy, conflict->original, &pair, NULL)) {
			json_array_append_new(ret_list, conflict_json(conflict, folder, &pair));
		}
	}
}

/* ---- choosing ---------------------------------------------------------------------------- */

static bool check(const ConflictChoice *choice, const Pair *pair, GError **error)
{
	g_autofree char *seen = seen_text(pair);
	if (strcmp(seen, choice->seen) != 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_CHANGED,
				    "one of the two files has changed since you looked: nothing "
				    "was done; look again, and choose once more");
		return false;
	}
	if (!are_files(pair) && choice->keep != CONFLICT_KEEP_BOTH) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
				    "one of the two is a folder or a link: keep both, and put "
				    "together by hand what belongs together");
		return false;
	}
	return true;
}

/* A promised content is promised once more: not a byte moves. */
static bool fill(Disk *disk, DiskFile *staged, DiskFile *from, const DiskInfo *info,
		 GCancellable *cancellable, GError **error)
{
	g_autoptr(GBytes) content = disk_file_promised(from, info);
	if (content) {
		return disk_file_promise(staged, content, info->size, error);
	}
	for (uint64_t at = 0; at < info->size; at += COPY_STEP) {
		uint64_t size = MIN(COPY_STEP, info->size - at);
		if (g_cancellable_is_cancelled(cancellable)) {
			g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED,
					    "given up: both files are as they were");
			return false;
		}
		if (!disk_file_copy(staged, at, from, at, size, error)) {
			return false;
		}
	}
	return true;
}

/*
 * The copy's content becomes the original's next version, so that its history goes on; only once
 * that is on the disk does the copy go.
 */
static bool put_copy(Disk *disk, const ConflictChoice *choice, const Pair *pair,
		     GCancellable *cancellable, GError **error)
{
	g_autoptr(DiskFile) from = disk_open(disk, choice->copy, error);
	g_autoptr(DiskFile) staged = from ? disk_stage(disk, error) : NULL;
	DiskInfo open, placed;
	if (!staged || !disk_file_look(from, &open, error)) {
		return false;
	}
	if (!disk_info_equal(&open, &pair->copy)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_CHANGED,
				    "the conflict copy is just being changed: nothing was done");
		return false;
	}
	return fill(disk, staged, from, &pair->copy, cancellable, error) &&
	       disk_file_set(staged, pair->copy.mtime_ns, pair->copy.executable, error) &&
	       disk_file_sync(staged, error) &&
	       disk_place(disk, staged, choice->original, &pair->original, &placed, error) &&
	       disk_sync(disk, error) && disk_remove(disk, choice->copy, &pair->copy, error);
}

/* A name that says whose it is, and no more that it waits for a choice. */
static char *own_name(const ConflictChoice *choice, unsigned attempt)
{
	const char *mark = g_strrstr(choice->copy, ENTRY_CONFLICT_MARK);
	const char *rest = mark + strlen(ENTRY_CONFLICT_MARK);
	const char *end = strrchr(rest, ')');
	int before = (int)(mark - choice->copy);
	return attempt == 1 ? g_strdup_printf("%.*s (%s", before, choice->copy, rest)
			    : g_strdup_printf("%.*s (%.*s, %u%s", before, choice->copy,
					      (int)(end - rest), rest, attempt, end);
}

static bool keep_both(Disk *disk, const ConflictChoice *choice, const Pair *pair, char **ret_path,
		      GError **error)
{
	for (unsigned attempt = 1; attempt <= NAMES_MAX; attempt++) {
		g_autofree char *path = own_name(choice, attempt);
		g_autoptr(GError) failure = NULL;
		DiskInfo moved;
		if (disk_move(disk, choice->copy, path, &pair->copy, &moved, &failure)) {
			*ret_path = g_steal_pointer(&path);
			return true;
		}
		if (!g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_CONFLICT)) {
			g_propagate_error(error, g_steal_pointer(&failure));
			return false;
		}
	}
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT,
			    "all names that it could get are taken: give it one yourself");
	return false;
}

static bool carry_out(Disk *disk, const ConflictChoice *choice, GCancellable *cancellable,
		      char **ret_path, GError **error)
{
	Pair pair;
	DiskInfo moved;
	if (!look(disk, choice->copy, choice->original, &pair, error) ||
	    !check(choice, &pair, error)) {
		return false;
	}
	switch (choice->keep) {
	case CONFLICT_KEEP_BOTH:
		return keep_both(disk, choice, &pair, ret_path, error);
	case CONFLICT_KEEP_ORIGINAL:
		return disk_remove(disk, choice->copy, &pair.copy, error);
	default:
		return pair.has_original ? put_copy(disk, choice, &pair, cancellable, error)
					 : disk_move(disk, choice->copy, choice->original,
						     &pair.copy, &moved, error);
	}
}

bool conflicts_resolve(Disk *disk, const ConflictChoice *choice, GCancellable *cancellable,
		       char **ret_path, GError **error)
{
	*ret_path = NULL;
	if (!carry_out(disk, choice, cancellable, ret_path, error)) {
		g_prefix_error(error, "resolve '%s': ", choice->copy);
		return false;
	}
	return true;
}
