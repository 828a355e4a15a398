/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a file system refuses is found out by trying, since the same one behaves differently by its
 * options, and a network file system hides another one. One name that has it all is enough to know
 * that nothing is refused.
 */
#include "client/disk/plain.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define NS_PER_S G_GINT64_CONSTANT(1000000000)
/* For how long a look that may hide a write is not believed. */
#define DOUBTFUL_NS NS_PER_S
#define PROBE DISK_STAGE "/probe"
#define PROBE_ALL PROBE "\x01\x1f\"*:<>?\\|\x7f\xff "

static bool is_everything_plain(const Disk *disk)
{
	return !disk->spelling.caseless && spelling_is_plain(&disk->spelling);
}

static char *spell(const Disk *disk, const char *path)
{
	char *here = spelling_write_path(&disk->spelling, path);
	return here ? here : g_strdup(path);
}

static bool fail(GError **error, DriveError code, const char *path, const char *reason)
{
	g_autofree char *shown = text_printable(path, strlen(path));
	g_set_error(error, DRIVE_ERROR, code, "'%s': %s", shown, reason);
	return false;
}

/* ---- looking ---------------------------------------------------------------------------- */

static void adjust(const Disk *disk, DiskInfo *info)
{
	info->executable_unknown = disk->no_bits && info->kind == DISK_FILE;
	info->executable &= !info->executable_unknown;
	info->mtime_slack_ns = disk->mtime_slack_ns;
}

typedef struct Listing {
	const Disk *disk;
	DiskVisitor visit;
	void *data;
} Listing;

static void visit_spelled(const char *here, const DiskInfo *found, void *data)
{
	const Listing *listing = data;
	g_autofree char *name = NULL;
	DiskInfo info = *found;
	adjust(listing->disk, &info);
	if (!spelling_read(&listing->disk->spelling, here, &name)) {
		/* Somebody else's spelling: there is no name for it elsewhere. */
		info.kind = DISK_OTHER;
	}
	info.spelled = name;
	listing->visit(name ? name : here, &info, listing->data);
}

bool plain_list(Disk *disk, const char *folder, DiskVisitor visit, void *data, GError **error)
{
	if (is_everything_plain(disk) && !disk->no_bits && disk->mtime_slack_ns == 0) {
		return disk->class->list(disk, folder, visit, data, error);
	}
	g_autofree char *here = spell(disk, folder);
	Listing listing = { .disk = disk, .visit = visit, .data = data };
	return disk->class->list(disk, here, visit_spelled, &listing, error);
}

/* What is ours has names that nobody else chooses. */
static bool is_doubtful(const Disk *disk, const char *here)
{
	return disk->spelling.caseless && !g_str_has_prefix(here, DISK_RESERVED "/");
}

typedef struct Search {
	const char *name;
	bool found;
	char *other; /* differs only in case */
} Search;

static void compare(const char *here, const DiskInfo *info, void *data)
{
	Search *search = data;
	(void)info;
	if (strcmp(here, search->name) == 0) {
		search->found = true;
	} else if (!search->other && spelling_same_caseless(here, search->name)) {
		search->other = g_strdup(here);
	}
}

/* Is a path, as spelled here, spelled exactly so? *ret_other, to be freed, is what is there. */
static bool is_exact(Disk *disk, const char *here, char **ret_other, GError **error)
{
	const char *slash = strrchr(here, '/');
	g_autofree char *folder = g_strndup(here, slash ? (size_t)(slash - here) : 0);
	Search search = { .name = slash ? slash + 1 : here };
	*ret_other = NULL;
	if (*here && !disk->class->list(disk, folder, compare, &search, error)) {
		g_free(search.other);
		return false;
	}
	if (search.found || !*here) {
		g_free(search.other);
		return true;
	}
	*ret_other = search.other;
	return fail(error, DRIVE_ERROR_NOT_FOUND, here, "is not there");
}

bool plain_look(Disk *disk, const char *path, DiskInfo *ret_info, char **ret_target, GError **error)
{
	g_autofree char *here = spell(disk, path);
	g_autofree char *other = NULL;
	g_autofree char *target = NULL;
	if (!disk->class->look(disk, here, ret_info, &target, error) ||
	    (is_doubtful(disk, here) && !is_exact(disk, here, &other, error))) {
		return false;
	}
	adjust(disk, ret_info);
	const char *name = strrchr(path, '/');
	g_autofree char *spelled = spelling_write(&disk->spelling, name ? name + 1 : path);
	ret_info->spelled = spelled;
	if (ret_target) {
		*ret_target = g_steal_pointer(&target);
	}
	return true;
}

bool plain_file_look(DiskFile *file, DiskInfo *ret_info, GError **error)
{
	bool looked = file->class->look(file, ret_info, error);
	if (looked) {
		adjust(file->disk, ret_info);
	}
	return looked;
}

bool plain_is_same(const DiskInfo *a, const DiskInfo *b)
{
	return a->kind == b->kind && a->stamp.inode == b->stamp.inode &&
	       a->stamp.birth_ns == b->stamp.birth_ns;
}

bool plain_may_hide(const Disk *disk, const DiskInfo *info, int64_t from_ns, int64_t to_ns)
{
	return info->kind == DISK_FILE && !disk->no_change_times && info->mtime_ns >= from_ns &&
	       info->mtime_ns <= to_ns;
}

bool plain_is_unwritten(const Disk *disk, const DiskInfo *now, const DiskInfo *before)
{
	int64_t to_ns = now->stamp.change_ns;
	int64_t from_ns = MAX(before->stamp.change_ns + 1, to_ns - DOUBTFUL_NS);
	return now->size == before->size && now->mtime_ns == before->mtime_ns &&
	       !plain_may_hide(disk, now, from_ns, to_ns);
}

int64_t plain_shown_from(const Disk *disk, const DiskInfo *ours)
{
	/* A promise is stamped by a clock without ticks. */
	int64_t ahead_ns = disk->lazy ? DISK_TICK_NS : 0;
	return ours->stamp.change_ns - ahead_ns - ours->mtime_slack_ns;
}

bool plain_is_ours(const Disk *disk, const DiskInfo *info, const DiskInfo *ours)
{
	int64_t from_ns = plain_shown_from(disk, ours);
	return info->size == ours->size && disk_info_same_mtime(info, ours->mtime_ns, 0) &&
	       !plain_may_hide(disk, info, from_ns, info->stamp.change_ns);
}

/* ---- changing --------------------------------------------------------------------------- */

DiskFile *plain_open(Disk *disk, const char *path, bool create, GError **error)
{
	g_autofree char *here = spell(disk, path);
	g_autofree char *other = NULL;
	if (!create && is_doubtful(disk, here) && !is_exact(disk, here, &other, error)) {
		return NULL;
	}
	return disk->class->open(disk, here, create, error);
}

/* Takes reason. If the path is taken by a name in other case only, says so. Returns false. */
static bool fail_taken(Disk *disk, const char *path, GError *reason, GError **error)
{
	g_autofree char *here = spell(disk, path);
	g_autofree char *other = NULL;
	if (reason->code == DRIVE_ERROR_CONFLICT && is_doubtful(disk, here) &&
	    !is_exact(disk, here, &other, NULL) && other) {
		g_autofree char *shown = text_printable(path, strlen(path));
		g_autofree char *shown_other = text_printable(other, strlen(other));
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
			    "'%s': this disk does not tell capital letters from small ones and has "
			    "'%s' already; rename one of the two on another device",
			    shown, shown_other);
		g_error_free(reason);
		return false;
	}
	g_propagate_error(error, reason);
	return false;
}

bool plain_make(Disk *disk, const char *path, const char *target, int64_t mtime_ns, GError **error)
{
	g_autofree char *here = spell(disk, path);
	GError *reason = NULL;
	return disk->class->make(disk, here, target, mtime_ns, &reason) ||
	       fail_taken(disk, path, reason, error);
}

static bool differ_in_case(const char *a, const char *b)
{
	const char *end_a = strrchr(a, '/'), *end_b = strrchr(b, '/');
	size_t folder_a = end_a ? (size_t)(end_a - a) : 0;
	size_t folder_b = end_b ? (size_t)(end_b - b) : 0;
	return strcmp(a, b) != 0 && folder_a == folder_b && strncmp(a, b, folder_a) == 0 &&
	       spelling_same_caseless(a + folder_a, b + folder_b);
}

/* Its own name in other case is in the way: it steps aside for a moment. What lies in the park
 * survives a crash. */
static bool rename_case(Disk *disk, const char *from, const char *to, GError **error)
{
	unsigned serial = (unsigned)g_atomic_int_add(&disk->serial, 1);
	g_autofree char *aside = g_strdup_printf(DISK_PARK "/case-%08x", serial);
	if (!disk->class->rename(disk, from, aside, false, error)) {
		return false;
	}
	if (disk->class->rename(disk, aside, to, false, error)) {
		return true;
	}
	disk->class->rename(disk, aside, from, false, NULL);
	return false;
}

bool plain_rename(Disk *disk, const char *from, const char *to, bool exchange, GError **error)
{
	if (is_everything_plain(disk)) {
		return disk->class->rename(disk, from, to, exchange, error);
	}
	g_autofree char *here_from = spell(disk, from);
	g_autofree char *here_to = spell(disk, to);
	g_autofree char *other = NULL;
	if (is_doubtful(disk, here_from) && !is_exact(disk, here_from, &other, error)) {
		return false;
	}
	if (disk->spelling.caseless && !exchange && differ_in_case(here_from, here_to)) {
		return rename_case(disk, here_from, here_to, error);
	}
	GError *reason = NULL;
	return disk->class->rename(disk, here_from, here_to, exchange, &reason) ||
	       fail_taken(disk, to, reason, error);
}

bool plain_place(DiskFile *staged, const char *path, DiskInfo *ret_info, GError **error)
{
	Disk *disk = staged->disk;
	if (!staged->class->place) {
		bool renamed = plain_rename(disk, staged->staged, path, false, error);
		if (renamed && !plain_file_look(staged, ret_info, NULL)) {
			*ret_info = (DiskInfo){ 0 };
		}
		return renamed;
	}
	g_autofree char *here = spell(disk, path);
	GError *reason = NULL;
	if (!staged->class->place(staged, here, ret_info, &reason)) {
		return fail_taken(disk, path, reason, error);
	}
	adjust(disk, ret_info);
	return true;
}

bool plain_remove(Disk *disk, const char *path, bool folder, GError **error)
{
	g_autofree char *here = spell(disk, path);
	g_autofree char *other = NULL;
	if (is_doubtful(disk, here) && !is_exact(disk, here, &other, error)) {
		return false;
	}
	return disk->class->remove(disk, here, folder, error);
}

/* ---- learning --------------------------------------------------------------------------- */

static DiskFile *make_probe(Disk *disk, const char *path, GError **error)
{
	DiskFile *probe = disk->class->open(disk, path, true, error);
	if (probe) {
		probe->disk = disk;
	}
	return probe;
}

/* Refused for its name, and not for a full disk or the like. */
static bool is_refusal(const GError *error)
{
	return error->code == DRIVE_ERROR_UNSUPPORTED || error->code == DRIVE_ERROR_NOT_FOUND ||
	       error->code == DRIVE_ERROR_INVALID || error->code == DRIVE_ERROR_CONFLICT;
}

/* Makes an empty file, and looks whether it got that name. False with an error: not known. */
static bool can_hold(Disk *disk, const char *path, GError **error)
{
	GError *reason = NULL;
	g_autofree char *other = NULL;
	DiskFile *file = make_probe(disk, path, &reason);
	if (!file && is_refusal(reason)) {
		g_error_free(reason);
		return false;
	}
	if (!file) {
		g_propagate_error(error, reason);
		return false;
	}
	file->class->close(file);
	bool held = is_exact(disk, path, &other, &reason);
	if (!disk->class->remove(disk, path, false, held ? error : NULL)) {
		held = false;
	}
	if (reason && !is_refusal(reason)) {
		g_propagate_error(error, g_steal_pointer(&reason));
	}
	g_clear_error(&reason);
	return held;
}

/* Sets *ret_refused. False: not known. */
static bool learn_name(Disk *disk, unsigned char byte, const char *after, bool *ret_refused,
		       GError **error)
{
	g_autoptr(GError) reason = NULL;
	g_autofree char *path = g_strdup_printf(PROBE "%c%s", byte, after);
	*ret_refused = !can_hold(disk, path, &reason);
	if (reason) {
		g_propagate_error(error, g_steal_pointer(&reason));
		return false;
	}
	return true;
}

static bool learn_each(Disk *disk, GError **error)
{
	static const char doubtful[] =
		"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
		"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
		"\"*:<>?\\|\x7f";
	Spelling *spelling = &disk->spelling;
	for (const char *byte = doubtful; *byte; byte++) {
		bool refused;
		if (!learn_name(disk, (unsigned char)*byte, "x", &refused, error)) {
			return false;
		}
		if (refused) {
			spelling_refuse(spelling, (unsigned char)*byte);
		}
	}
	return learn_name(disk, 0xff, "x", &spelling->text_only, error) &&
	       learn_name(disk, '.', "", &spelling->no_last_dot, error) &&
	       learn_name(disk, ' ', "", &spelling->no_last_space, error);
}

static bool learn_names(Disk *disk, GError **error)
{
	g_autoptr(GError) reason = NULL;
	if (can_hold(disk, PROBE_ALL, &reason)) {
		return true;
	}
	if (reason) {
		g_propagate_error(error, g_steal_pointer(&reason));
		return false;
	}
	return learn_each(disk, error);
}

/* Does a change of the executable bits show? */
static bool keeps_bits(DiskFile *probe, unsigned mode)
{
	const unsigned modes[] = { mode | 0100, mode & ~0111u };
	for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
		DiskInfo info;
		if (!probe->class->set(probe, DISK_MTIME_KEEP, modes[i], NULL) ||
		    !probe->class->look(probe, &info, NULL) ||
		    info.executable != ((modes[i] & 0100) != 0)) {
			return false;
		}
	}
	return true;
}

/* FAT keeps every second second, and for the last change it tells the mtime once more. */
static void learn_times(Disk *disk, DiskFile *probe)
{
	static const int64_t slacks_ns[] = { 0, 1000, 10000000, NS_PER_S };
	const int64_t mtime_ns = 1700000001 * NS_PER_S + 987654321;
	DiskInfo info;
	if (!probe->class->set(probe, mtime_ns, DISK_MODE_KEEP, NULL) ||
	    !probe->class->look(probe, &info, NULL)) {
		return;
	}
	disk->no_change_times = info.stamp.change_ns == info.mtime_ns;
	disk->mtime_slack_ns = 2 * NS_PER_S;
	for (size_t i = 0; i < G_N_ELEMENTS(slacks_ns); i++) {
		if (ABS(info.mtime_ns - mtime_ns) <= slacks_ns[i]) {
			disk->mtime_slack_ns = slacks_ns[i];
			return;
		}
	}
}

/* probe: PROBE, empty. */
static bool learn_from(Disk *disk, DiskFile *probe, GError **error)
{
	DiskInfo info;
	if (!probe->class->look(probe, &info, error)) {
		return false;
	}
	disk->file_mode = info.mode;
	disk->no_bits = !keeps_bits(probe, info.mode);
	learn_times(disk, probe);
	disk->spelling.caseless = disk->class->look(disk, DISK_STAGE "/PROBE", &info, NULL, NULL);
	return true;
}

bool plain_learn(Disk *disk, GError **error)
{
	disk->spelling = (Spelling){ 0 };
	disk->no_bits = false;
	disk->no_change_times = false;
	disk->mtime_slack_ns = 0;
	DiskFile *probe = make_probe(disk, PROBE, error);
	if (!probe) {
		return false;
	}
	bool learnt = learn_from(disk, probe, error);
	probe->class->close(probe);
	return disk->class->remove(disk, PROBE, false, learnt ? error : NULL) && learnt &&
	       learn_names(disk, error);
}
