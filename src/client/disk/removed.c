/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of what was replaced or removed:
 *
 *	.imdrive/removed/H/folder     a link whose target is the path P of the folder it came from
 *	.imdrive/removed/H/M.S.I.m.s.N.name
 *
 * H is a hash of P. M and S are mtime and size of what was expected to come out, I is the inode of
 * what was to take its place (0: nothing), m and s are mtime and size of that, all in hexadecimal,
 * N is a serial number.
 *
 * So each entry says by itself what it should be, and a crash between any two steps loses nothing:
 *
 *	exchange:  stage -> entry        an entry whose inode is I is ours, as long as it has m, s
 *	           entry <-> path        an entry that has M and S is what was expected
 *	           look at the entry     anything else was not, or was written to later: the
 *	           (entry <-> path)      person's, and brought back
 *	take:      path -> entry
 *	           look at the entry
 *
 * What is exchanged back was shown for a moment: a program may have written to it, or have it open.
 * It is kept as what came out is.
 *
 * Where the file system cannot exchange, what is at path is taken first and the entry goes there
 * then. Both entries have the same I; if they are found together, this was interrupted, and is
 * undone before anybody takes the absence for a deletion.
 *
 * Everything happens by renames that never go onto something.
 */
#include "client/disk/removed.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/disk/plain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FOLDER_LINK "folder"
#define KEEP_NS (3600 * G_GINT64_CONSTANT(1000000000))
#define HASH_SIZE 32
#define ATTEMPTS_MAX 100
/* What remains for the name besides the numbers. */
#define ENTRY_NAME_SIZE_MAX (NAME_SIZE_MAX - 96)
#define RECOVERED_MAX 1000
/* No file has it. */
#define SIZE_OF_NONE G_MAXUINT64

/* What can be told from writes to it. */
typedef struct Look {
	int64_t mtime_ns;
	uint64_t size;
} Look;

/* What an entry's name says. */
typedef struct EntryName {
	Look expected;
	uint64_t inode;
	Look ours;
	char *name;
} EntryName;

static void entry_name_clear(EntryName *name)
{
	g_free(name->name);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EntryName, entry_name_clear)

/* One call of removed_take() or removed_exchange(). */
typedef struct Exchange {
	Disk *disk;
	const char *path;
	const DiskInfo *expected;
	char **staged;        /* NULL: nothing takes its place */
	const DiskInfo *ours; /* as staged; NULL likewise */
} Exchange;

/* The folder part of a path, "" if it has none; *ret_name is the rest. */
static char *split(const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	*ret_name = slash ? slash + 1 : path;
	return slash ? g_strndup(path, (size_t)(slash - path)) : g_strdup("");
}

static char *join(const char *folder, const char *name)
{
	return *folder ? g_strconcat(folder, "/", name, NULL) : g_strdup(name);
}

/* At most size bytes of text, not cut inside a character. */
static size_t cut(const char *text, size_t size)
{
	if (strlen(text) <= size) {
		return strlen(text);
	}
	while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
		size--;
	}
	return size;
}

/* "report.odt", " (recovered)" -> "report (recovered).odt", of at most size_max bytes. */
static char *insert_label(const char *name, const char *label, size_t size_max)
{
	const char *dot = strrchr(name, '.');
	bool has_extension = dot && dot != name && strlen(dot) <= 16;
	const char *extension = has_extension ? dot : "";
	g_autofree char *stem = g_strndup(name, strlen(name) - strlen(extension));
	size_t room = size_max - strlen(label) - strlen(extension);
	return g_strdup_printf("%.*s%s%s", (int)cut(stem, room), stem, label, extension);
}

static char *hash_folder(const char *folder)
{
	char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, folder, -1);
	hash[HASH_SIZE] = '\0';
	return hash;
}

/* What ours is to have, once it was shown, so that nobody wrote to it. */
static Look look_of_ours(const Disk *disk, const DiskInfo *ours)
{
	/* Whoever finds it after a crash could not tell: it is brought back. */
	bool telling = !plain_may_hide(disk, ours, plain_shown_from(disk, ours), G_MAXINT64);
	return (Look){ ours->mtime_ns, telling ? ours->size : SIZE_OF_NONE };
}

static char *entry_path(const Exchange *exchange)
{
	const char *name;
	g_autofree char *folder = split(exchange->path, &name);
	g_autofree char *hash = hash_folder(folder);
	g_autofree char *shortened = insert_label(name, "", ENTRY_NAME_SIZE_MAX);
	unsigned serial = (unsigned)g_atomic_int_add(&exchange->disk->serial, 1);
	const DiskInfo *expected = exchange->expected, *ours = exchange->ours;
	Look look = ours ? look_of_ours(exchange->disk, ours) : (Look){ 0 };
	return g_strdup_printf(DISK_REMOVED "/%s/%" PRIx64 ".%" PRIx64 ".%" PRIx64 ".%" PRIx64
					    ".%" PRIx64 ".%x.%s",
			       hash, (uint64_t)expected->mtime_ns, expected->size,
			       ours ? ours->stamp.inode : 0, (uint64_t)look.mtime_ns, look.size,
			       serial, shortened);
}

static bool parse_entry(const char *text, EntryName *ret_name)
{
	uint64_t mtime, size, inode, our_mtime, our_size;
	unsigned serial;
	int at = 0;
	if (sscanf(text,
		   "%16" SCNx64 ".%16" SCNx64 ".%16" SCNx64 ".%16" SCNx64 ".%16" SCNx64 ".%8x.%n",
		   &mtime, &size, &inode, &our_mtime, &our_size, &serial, &at) != 6 ||
	    at == 0 || text[at] == '\0') {
		return false;
	}
	*ret_name = (EntryName){
		.expected = { (int64_t)mtime, size },
		.inode = inode,
		.ours = { (int64_t)our_mtime, our_size },
		.name = g_strdup(text + at),
	};
	return true;
}

/* Makes the folder for what comes out of path's. */
static bool make_folder(Disk *disk, const char *path, GError **error)
{
	const char *name;
	g_autofree char *from = split(path, &name);
	g_autofree char *hash = hash_folder(from);
	g_autofree char *folder = g_strconcat(DISK_REMOVED "/", hash, NULL);
	g_autofree char *link = join(folder, FOLDER_LINK);
	g_autoptr(GError) reason = NULL;
	if (!plain_make(disk, folder, NULL, 0, &reason)) {
		if (!g_error_matches(reason, DRIVE_ERROR, DRIVE_ERROR_CONFLICT)) {
			g_propagate_error(error, g_steal_pointer(&reason));
			return false;
		}
	}
	/* Without it (no links here, too long) what is brought back goes to the root. */
	if (*from && strlen(from) <= LINK_TARGET_SIZE_MAX) {
		plain_make(disk, link, from, 0, NULL);
	}
	return true;
}

/* Renames `from` to a new entry for what comes, or came, out of the path. */
static bool move_in(const Exchange *exchange, const char *from, char **ret_entry, GError **error)
{
	Disk *disk = exchange->disk;
	bool made = false;
	for (unsigned attempt = 0;; attempt++) {
		g_autofree char *entry = entry_path(exchange);
		DiskInfo info;
		g_autoptr(GError) reason = NULL;
		if (plain_rename(disk, from, entry, false, &reason)) {
			*ret_entry = g_steal_pointer(&entry);
			return true;
		}
		bool taken = g_error_matches(reason, DRIVE_ERROR, DRIVE_ERROR_CONFLICT);
		bool absent = g_error_matches(reason, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
		/* Again and again: other threads that tidy may remove the folder in between. */
		absent = absent && (!made || plain_look(disk, from, &info, NULL, NULL));
		if (attempt < ATTEMPTS_MAX && absent) {
			made = true;
			if (!make_folder(disk, exchange->path, error)) {
				return false;
			}
		} else if (!taken || attempt >= ATTEMPTS_MAX) {
			g_propagate_error(error, g_steal_pointer(&reason));
			return false;
		}
	}
}

static bool bring_back_beside(Disk *disk, const char *entry, const char *folder, const char *name,
			      GError **error)
{
	for (unsigned number = 1;; number++) {
		g_autofree char *label = number == 1 ? g_strdup(" (recovered)")
						     : g_strdup_printf(" (recovered %u)", number);
		g_autofree char *free_name = insert_label(name, label, NAME_SIZE_MAX);
		g_autofree char *path = join(folder, free_name);
		g_autoptr(GError) reason = NULL;
		if (plain_rename(disk, entry, path, false, &reason)) {
			return true;
		}
		if (!g_error_matches(reason, DRIVE_ERROR, DRIVE_ERROR_CONFLICT) ||
		    number >= RECOVERED_MAX) {
			g_propagate_error(error, g_steal_pointer(&reason));
			return false;
		}
	}
}

/* Beside its old place, or in the root where that is no more. */
static bool bring_back(Disk *disk, const char *entry, const char *folder, const char *name,
		       GError **error)
{
	bool visible = !g_str_has_prefix(folder, DISK_RESERVED "/");
	return (visible && bring_back_beside(disk, entry, folder, name, NULL)) ||
	       bring_back_beside(disk, entry, "", name, error);
}

/* To its old place, or else beside it. Failing that it stays an entry, for removed_tidy(). */
static bool put_back(Disk *disk, const char *entry, const char *path)
{
	const char *name;
	g_autofree char *folder = split(path, &name);
	return plain_rename(disk, entry, path, false, NULL) ||
	       bring_back(disk, entry, folder, name, NULL);
}

static bool is_expected(const Disk *disk, const DiskInfo *info, const DiskInfo *expected)
{
	return plain_is_same(info, expected) && plain_is_unwritten(disk, info, expected);
}

static bool fail_changed(GError **error)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CHANGED,
		    "it was changed or replaced in this very moment");
	return false;
}

bool removed_take(Disk *disk, const char *path, const DiskInfo *expected, GError **error)
{
	const Exchange exchange = { .disk = disk, .path = path, .expected = expected };
	g_autofree char *entry = NULL;
	DiskInfo info;
	if (!move_in(&exchange, path, &entry, error)) {
		return false;
	}
	g_autoptr(GError) reason = NULL;
	bool looked = plain_look(disk, entry, &info, NULL, &reason);
	if (looked && is_expected(disk, &info, expected)) {
		return true;
	}
	put_back(disk, entry, path);
	if (!looked) {
		g_propagate_error(error, g_steal_pointer(&reason));
		return false;
	}
	return fail_changed(error);
}

static void lose_staged(const Exchange *exchange)
{
	g_clear_pointer(exchange->staged, g_free);
}

static bool came_out_as_expected(const Exchange *exchange, const char *entry)
{
	DiskInfo info;
	return plain_look(exchange->disk, entry, &info, NULL, NULL) &&
	       is_expected(exchange->disk, &info, exchange->expected);
}

/* Undoes the first step. If even that fails, both entries stay, and removed_tidy() does it. */
static void undo_step(const Exchange *exchange, const char *entry)
{
	if (!put_back(exchange->disk, entry, exchange->path)) {
		lose_staged(exchange);
	}
}

/* The name is absent for a moment. */
static bool replace_in_two_steps(const Exchange *exchange, GError **error)
{
	Disk *disk = exchange->disk;
	g_autofree char *entry = NULL;
	if (!move_in(exchange, exchange->path, &entry, error)) {
		return false;
	}
	if (!came_out_as_expected(exchange, entry)) {
		undo_step(exchange, entry);
		return fail_changed(error);
	}
	g_autoptr(GError) reason = NULL;
	if (plain_rename(disk, *exchange->staged, exchange->path, false, &reason)) {
		lose_staged(exchange);
		return true;
	}
	if (g_error_matches(reason, DRIVE_ERROR, DRIVE_ERROR_CONFLICT)) {
		/* Somebody was faster: newer than both. */
		return fail_changed(error);
	}
	undo_step(exchange, entry);
	g_propagate_error(error, g_steal_pointer(&reason));
	return false;
}

/*
 * After an exchange brought something unexpected to *staged. A program may have ours open by now,
 * and is given the hour that it has for what is replaced.
 */
static void exchange_back(const Exchange *exchange)
{
	Disk *disk = exchange->disk;
	const char *entry = *exchange->staged;
	DiskInfo info;
	bool back = plain_rename(disk, entry, exchange->path, true, NULL);
	bool looked = plain_look(disk, entry, &info, NULL, NULL);
	bool ours = back && looked && plain_is_same(&info, exchange->ours) &&
		    plain_is_ours(disk, &info, exchange->ours);
	/* Without a look it says by itself what it is, and is tidied some time. */
	if (!back || (looked && !ours)) {
		/* Ours was written to, replaced or removed meanwhile: it is a person's. */
		put_back(disk, entry, exchange->path);
	}
	lose_staged(exchange);
}

bool removed_exchange(Disk *disk, char **staged, const DiskInfo *ours, const char *path,
		      const DiskInfo *expected, GError **error)
{
	const Exchange exchange = { disk, path, expected, staged, ours };
	char *entry = NULL;
	if (!move_in(&exchange, *staged, &entry, error)) {
		return false;
	}
	g_free(*staged);
	*staged = entry;
	g_autoptr(GError) reason = NULL;
	if (!plain_rename(disk, *staged, path, true, &reason)) {
		if (g_error_matches(reason, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED)) {
			g_mutex_lock(&disk->replacing);
			bool replaced = replace_in_two_steps(&exchange, error);
			g_mutex_unlock(&disk->replacing);
			return replaced;
		}
		g_propagate_error(error, g_steal_pointer(&reason));
		return false;
	}
	if (came_out_as_expected(&exchange, *staged)) {
		lose_staged(&exchange);
		return true;
	}
	exchange_back(&exchange);
	return fail_changed(error);
}

/* ---- tidying ---------------------------------------------------------------------------- */

typedef struct Found {
	char *name;
	DiskInfo info;
} Found;

static void found_clear(void *data)
{
	Found *found = data;
	g_free(found->name);
}

static void collect(const char *name, const DiskInfo *info, void *data)
{
	Found found = { .name = g_strdup(name), .info = *info };
	g_array_append_val((GArray *)data, found);
}

static GArray *list(Disk *disk, const char *folder, GError **error)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Found));
	g_array_set_clear_func(all, found_clear);
	return plain_list(disk, folder, collect, all, error) ? g_steal_pointer(&all) : NULL;
}

/* No program has it open for writing. What cannot be opened for reading counts as such. */
static bool is_closed(Disk *disk, const char *entry)
{
	DiskFile *file = plain_open(disk, entry, false, NULL);
	g_autoptr(GError) reason = NULL;
	bool held = !file || file->class->hold(file, &reason);
	bool busy = g_error_matches(reason, DRIVE_ERROR, DRIVE_ERROR_BUSY);
	if (file) {
		file->class->close(file);
	}
	return held || !busy;
}

static bool has_look(const DiskInfo *info, const Look *look, int64_t slack_ns)
{
	return info->size == look->size && ABS(info->mtime_ns - look->mtime_ns) <= slack_ns;
}

/* *ret_gone: the entry is no longer in the folder. */
static bool tidy_entry(Disk *disk, const char *entry, const Found *found, const char *origin,
		       int64_t now_ns, bool *ret_gone, GError **error)
{
	g_auto(EntryName) name = { 0 };
	const DiskInfo *info = &found->info;
	*ret_gone = false;
	if (!parse_entry(found->name, &name)) {
		return true;
	}
	/* A stamp from the future says that the clock was wrong: no reason to keep it for ever. */
	bool young = ABS(now_ns - info->stamp.change_ns) < KEEP_NS;
	bool ours = name.inode != 0 && info->stamp.inode == name.inode;
	bool file = info->kind == DISK_FILE || info->kind == DISK_LINK;
	bool untouched = ours ? has_look(info, &name.ours, info->mtime_slack_ns)
			      : has_look(info, &name.expected, 0);
	if (ours && name.ours.size == SIZE_OF_NONE && young) {
		/* Maybe another thread is just about to show it. */
		return true;
	}
	if (!file || !untouched) {
		*ret_gone = bring_back(disk, entry, origin, name.name, error);
		return *ret_gone;
	}
	if (young || (info->kind == DISK_FILE && !is_closed(disk, entry))) {
		return true;
	}
	*ret_gone = plain_remove(disk, entry, false, error);
	return *ret_gone;
}

/* Keeps the first error. What is gone was tidied by another thread: that is none. */
static void note(GError **first, GError *error)
{
	if (*first || g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
		g_clear_error(&error);
	} else {
		*first = error;
	}
}

/* What came out of one folder. */
typedef struct Origin {
	Disk *disk;
	char *folder; /* .imdrive/removed/H */
	char *link;
	char *path;      /* P; "" if unknown */
	GArray *entries; /* Found */
} Origin;

static void origin_clear(Origin *origin)
{
	g_free(origin->folder);
	g_free(origin->link);
	g_free(origin->path);
	g_clear_pointer(&origin->entries, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Origin, origin_clear)

static bool open_origin(Disk *disk, const char *hash, Origin *ret_origin, GError **error)
{
	DiskInfo info;
	*ret_origin = (Origin){ .disk = disk, .folder = join(DISK_REMOVED, hash) };
	ret_origin->link = join(ret_origin->folder, FOLDER_LINK);
	/* First the entries: the link is made before any of them. */
	ret_origin->entries = list(disk, ret_origin->folder, error);
	plain_look(disk, ret_origin->link, &info, &ret_origin->path, NULL);
	if (!ret_origin->path) {
		ret_origin->path = g_strdup("");
	}
	return ret_origin->entries;
}

/* The inodes that wait to be placed, or would have been. */
static GHashTable *collect_waiting(const GArray *entries)
{
	GHashTable *waiting = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	for (unsigned i = 0; i < entries->len; i++) {
		const Found *found = &g_array_index(entries, Found, i);
		g_auto(EntryName) name = { 0 };
		if (parse_entry(found->name, &name) && name.inode == found->info.stamp.inode) {
			g_hash_table_add(waiting, g_memdup2(&name.inode, sizeof name.inode));
		}
	}
	return waiting;
}

/* Puts back what was taken in the first of two steps, where the second did not follow. */
static bool undo_interrupted(const Origin *origin, GError **error)
{
	g_autoptr(GHashTable) waiting = collect_waiting(origin->entries);
	for (unsigned i = 0; i < origin->entries->len; i++) {
		const Found *found = &g_array_index(origin->entries, Found, i);
		g_auto(EntryName) name = { 0 };
		bool interrupted = parse_entry(found->name, &name) &&
				   name.inode != found->info.stamp.inode &&
				   g_hash_table_contains(waiting, &name.inode);
		if (!interrupted) {
			continue;
		}
		g_autofree char *entry = join(origin->folder, found->name);
		g_autofree char *path = join(origin->path, name.name);
		g_autoptr(GError) reason = NULL;
		bool absent = plain_rename(origin->disk, entry, path, false, &reason);
		/* Somebody put something else there: it is one of those that are kept for an hour.
		 */
		if (!absent && !g_error_matches(reason, DRIVE_ERROR, DRIVE_ERROR_CONFLICT) &&
		    !g_error_matches(reason, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
			g_propagate_error(error, g_steal_pointer(&reason));
			return false;
		}
	}
	return true;
}

static void remove_empty_origin(const Origin *origin)
{
	Disk *disk = origin->disk;
	plain_remove(disk, origin->link, false, NULL);
	/* Not if another thread has just put something in. */
	if (!plain_remove(disk, origin->folder, true, NULL) && *origin->path) {
		plain_make(disk, origin->link, origin->path, 0, NULL);
	}
}

static void tidy_origin(const Origin *origin, int64_t now_ns, GError **first)
{
	unsigned left = 0;
	for (unsigned i = 0; i < origin->entries->len; i++) {
		const Found *found = &g_array_index(origin->entries, Found, i);
		if (strcmp(found->name, FOLDER_LINK) == 0) {
			continue;
		}
		g_autofree char *entry = join(origin->folder, found->name);
		bool gone = false;
		GError *error = NULL;
		if (!tidy_entry(origin->disk, entry, found, origin->path, now_ns, &gone, &error)) {
			note(first, error);
		}
		left += !gone;
	}
	if (left == 0) {
		remove_empty_origin(origin);
	}
}

typedef void (*OriginVisitor)(const Origin *origin, int64_t now_ns, GError **first);

/* Visits all that can be visited; fails with the first error. */
static bool each_origin(Disk *disk, OriginVisitor visit, int64_t now_ns, GError **error)
{
	GError *first = NULL;
	g_autoptr(GArray) folders = list(disk, DISK_REMOVED, error);
	if (!folders) {
		return false;
	}
	for (unsigned i = 0; i < folders->len; i++) {
		const Found *found = &g_array_index(folders, Found, i);
		g_auto(Origin) origin = { 0 };
		GError *reason = NULL;
		if (found->info.kind != DISK_FOLDER) {
			continue;
		}
		if (open_origin(disk, found->name, &origin, &reason)) {
			visit(&origin, now_ns, &first);
		} else {
			note(&first, reason);
		}
	}
	if (first) {
		g_propagate_error(error, first);
		return false;
	}
	return true;
}

static void repair_origin(const Origin *origin, int64_t now_ns, GError **first)
{
	GError *error = NULL;
	if (!undo_interrupted(origin, &error)) {
		note(first, error);
	}
}

bool removed_repair(Disk *disk, GError **error)
{
	g_mutex_lock(&disk->replacing);
	bool repaired = each_origin(disk, repair_origin, 0, error);
	g_mutex_unlock(&disk->replacing);
	return repaired;
}

bool removed_tidy(Disk *disk, int64_t now_us, GError **error)
{
	return removed_repair(disk, error) && each_origin(disk, tidy_origin, now_us * 1000, error);
}
