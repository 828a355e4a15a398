/* SPDX-License-Identifier: Apache-2.0 */
#include "client/observe/observer.h"

#include "base/error.h"
#include "client/observe/spot.h"

#include <string.h>

#define MARKER "5f9c1c3ab2b34d8c"
#define MOMENT_US 10000
#define STEPS_MAX 20000

/* ---- what the engine does --------------------------------------------------------------- */

static void notify(const WatchEvent *events, size_t count, void *data)
{
	Observer *observer = data;
	for (size_t i = 0; i < count; i++) {
		const WatchEvent *event = &events[i];
		if (event->what == WATCH_OVERFLOW) {
			local_mark_folder(observer->local, ENTRY_KEY_ROOT, true);
			continue;
		}
		const Entry *folder = state_get(observer->state, SIDE_LOCAL, event->key);
		if (!folder) {
			continue;
		}
		if (event->what != WATCH_GONE) {
			g_autofree char *name = disk_name_of(observer->disk, event->name);
			local_mark_name(observer->local, event->key, name);
		} else if (folder->parent != ENTRY_KEY_NONE) {
			local_mark_name(observer->local, folder->parent, folder->name);
		}
	}
}

static bool is_ours(void *data, int64_t folder, const char *name, uint64_t since)
{
	(void)since;
	Observer *observer = data;
	const Spot spot = { .folder = folder, .name = (char *)name };
	void *key, *asked;
	if (!g_hash_table_lookup_extended(observer->ours, &spot, &key, &asked)) {
		return false;
	}
	g_hash_table_insert(observer->ours, spot_new(folder, name),
			    GUINT_TO_POINTER(GPOINTER_TO_UINT(asked) + 1));
	return true;
}

static void add_key(GHashTable *keys, int64_t key)
{
	g_hash_table_add(keys, g_memdup2(&key, sizeof key));
}

static void touched(void *data, int64_t key)
{
	add_key(((Observer *)data)->touched, key);
}

static void gone(void *data, int64_t key)
{
	Observer *observer = data;
	add_key(observer->gone, key);
	if (observer->watch) {
		watch_remove(observer->watch, key);
	}
}

static bool before_call(DiskCall call, const char *path, void *data, GError **error)
{
	(void)call;
	(void)path;
	(void)error;
	Observer *observer = data;
	if (observer->hook && observer->hook_calls > 0) {
		observer->hook_calls--;
	} else if (observer->hook) {
		observer->hook(observer, observer->hook_data);
	}
	return true;
}

/* ---- life ------------------------------------------------------------------------------- */

Observer *observer_new(const ObserverOptions *options)
{
	const ObserverOptions none = { 0 };
	options = options ? options : &none;
	g_autoptr(GError) error = NULL;
	Observer *observer = g_new0(Observer, 1);
	const DiskMemoryOptions memory_options = {
		.no_birth = options->no_birth,
		.vfat = options->vfat,
		.events_max = options->events_max,
	};
	const LocalHooks hooks = {
		.is_ours = is_ours,
		.touched = touched,
		.gone = gone,
		.data = observer,
	};
	const NodeId drive = node_id_random();
	observer->memory = disk_memory_new(&memory_options);
	Disk *disk = disk_memory_open(observer->memory, MARKER, true, &error);
	g_assert_no_error(error);
	observer->disk = disk_faulty_new(disk, before_call, observer);
	if (!options->unwatched) {
		observer->watch = watch_memory_new(observer->memory, notify, observer);
	}
	observer->state = state_open(":memory:", &drive, &error);
	g_assert_no_error(error);
	if (options->rules) {
		observer->ignore = ignore_new(options->rules, strlen(options->rules), &error);
		g_assert_no_error(error);
	}
	observer->touched = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	observer->gone = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	observer->ours = g_hash_table_new_full(spot_hash, spot_equal, spot_free, NULL);
	observer->local = local_new(observer->state, observer->ignore, &hooks);
	observer->now_us = disk_memory_time(observer->memory) / 1000;
	return observer;
}

void observer_free(Observer *observer)
{
	if (!observer) {
		return;
	}
	local_free(observer->local);
	state_close(observer->state);
	watch_free(observer->watch);
	disk_close(observer->disk);
	disk_memory_free(observer->memory);
	ignore_free(observer->ignore);
	g_hash_table_unref(observer->touched);
	g_hash_table_unref(observer->gone);
	g_hash_table_unref(observer->ours);
	g_free(observer);
}

/* ---- observing -------------------------------------------------------------------------- */

void observer_hear(Observer *observer)
{
	if (observer->watch) {
		watch_memory_deliver(observer->watch);
	}
}

Scan *observer_take(Observer *observer, unsigned folders_max, unsigned names_max)
{
	g_autoptr(Scan) scan = scan_new();
	if (!local_take(observer->local, folders_max, names_max, scan)) {
		return NULL;
	}
	scan->started = ++observer->scans_started;
	/* So that some folders are put off, and mostly the same ones in the next run. */
	scan->places_max = 1 + scan->started % 7;
	return g_steal_pointer(&scan);
}

void observer_run(Observer *observer, Scan *scan)
{
	scan_run(scan, observer->disk, observer->watch);
}

void observer_merge(Observer *observer, Scan *scan)
{
	if (scan->present) {
		local_merge(observer->local, scan, observer->now_us);
	} else {
		local_take_back(observer->local, scan);
	}
	state_check(observer->state);
	scan_free(scan);
}

bool observer_step(Observer *observer)
{
	observer_hear(observer);
	Scan *scan = observer_take(observer, 8, 16);
	if (!scan) {
		return false;
	}
	observer_run(observer, scan);
	g_assert_true(scan->present);
	observer_merge(observer, scan);
	return true;
}

void observer_settle(Observer *observer)
{
	for (unsigned i = 0; i < STEPS_MAX; i++) {
		int64_t next_us = local_expire(observer->local, observer->now_us);
		if (observer_step(observer)) {
			continue;
		}
		if (next_us < 0) {
			g_assert_true(local_is_quiet(observer->local));
			g_assert_true(local_is_complete(observer->local));
			return;
		}
		observer_pass(observer, MAX(next_us - observer->now_us, 0));
	}
	g_error("it does not settle");
}

void observer_look_everywhere(Observer *observer)
{
	local_mark_folder(observer->local, ENTRY_KEY_ROOT, true);
}

/* ---- checking --------------------------------------------------------------------------- */

int64_t observer_key(Observer *observer, const char *path)
{
	g_auto(GStrv) names = g_strsplit(path, "/", -1);
	int64_t key = ENTRY_KEY_ROOT;
	for (unsigned i = 0; names[i] && key != ENTRY_KEY_NONE; i++) {
		key = state_find(observer->state, SIDE_LOCAL, key, names[i]);
	}
	return key;
}

const Entry *observer_entry(Observer *observer, const char *path)
{
	int64_t key = observer_key(observer, path);
	const Entry *entry = key ? state_get(observer->state, SIDE_LOCAL, key) : NULL;
	if (!entry) {
		g_error("'%s' is not in the local tree", path);
	}
	return entry;
}

static void count_below(Observer *observer, int64_t key, unsigned *count)
{
	g_autoptr(GPtrArray) children = g_ptr_array_new_with_free_func((GDestroyNotify)entry_unref);
	state_children(observer->state, SIDE_LOCAL, key, children);
	for (unsigned i = 0; i < children->len; i++) {
		const Entry *entry = children->pdata[i];
		++*count;
		count_below(observer, entry->key, count);
	}
}

typedef struct Check {
	Observer *observer;
	unsigned count;
} Check;

static void check_one(const char *path, const DiskInfo *info, GBytes *bytes, void *data)
{
	(void)bytes;
	Check *check = data;
	if (info->kind == DISK_OTHER || info->kind == DISK_FILE_SYSTEM) {
		g_assert_cmpint(observer_key(check->observer, path), ==, ENTRY_KEY_NONE);
		return;
	}
	const Entry *entry = observer_entry(check->observer, path);
	check->count++;
	if ((int)entry->kind != (int)info->kind || entry->stamp.inode != info->stamp.inode ||
	    entry->stamp.birth_ns != info->stamp.birth_ns) {
		g_error("'%s' is another one", path);
	}
	if (info->kind == DISK_FILE &&
	    (entry->size != info->size || entry->mtime_ns != info->mtime_ns ||
	     entry->executable != info->executable ||
	     entry->stamp.change_ns != info->stamp.change_ns)) {
		g_error("'%s' has changed", path);
	}
}

void observer_check(Observer *observer)
{
	/* disk_memory_each() holds the disk's lock: state is all that may be asked in between. */
	Check check = { .observer = observer };
	unsigned known = 0;
	disk_memory_each(observer->memory, check_one, &check);
	count_below(observer, ENTRY_KEY_ROOT, &known);
	g_assert_cmpuint(known, ==, check.count);
	state_check(observer->state);
}

bool observer_was_touched(Observer *observer, int64_t key)
{
	return g_hash_table_contains(observer->touched, &key);
}

bool observer_is_gone(Observer *observer, int64_t key)
{
	return g_hash_table_contains(observer->gone, &key);
}

void observer_forget(Observer *observer)
{
	g_hash_table_remove_all(observer->touched);
	g_hash_table_remove_all(observer->gone);
}

/* ---- what we change ourselves ----------------------------------------------------------- */

void observer_begin(Observer *observer, int64_t folder, const char *name)
{
	g_hash_table_insert(observer->ours, spot_new(folder, name), GUINT_TO_POINTER(0));
}

void observer_end(Observer *observer, int64_t folder, const char *name)
{
	const Spot spot = { .folder = folder, .name = (char *)name };
	unsigned asked = GPOINTER_TO_UINT(g_hash_table_lookup(observer->ours, &spot));
	if (asked > 0) {
		local_mark_name(observer->local, folder, name);
	}
	g_hash_table_remove(observer->ours, &spot);
}

/* ---- people ----------------------------------------------------------------------------- */

void observer_pass(Observer *observer, int64_t time_us)
{
	observer->now_us += time_us;
	disk_memory_set_time(observer->memory, observer->now_us * 1000);
}

static void must(bool done, GError *error)
{
	g_assert_no_error(error);
	g_assert_true(done);
}

void observer_write(Observer *observer, const char *path, const char *text)
{
	g_autoptr(GError) error = NULL;
	observer_pass(observer, MOMENT_US);
	bool done = disk_memory_user_write(observer->memory, path, text, strlen(text), &error);
	must(done, error);
}

void observer_make_folder(Observer *observer, const char *path)
{
	g_autoptr(GError) error = NULL;
	observer_pass(observer, MOMENT_US);
	bool done = disk_memory_user_make_folder(observer->memory, path, &error);
	must(done, error);
}

void observer_rename(Observer *observer, const char *from, const char *to)
{
	g_autoptr(GError) error = NULL;
	observer_pass(observer, MOMENT_US);
	bool done = disk_memory_user_rename(observer->memory, from, to, &error);
	must(done, error);
}

void observer_link(Observer *observer, const char *path, const char *to)
{
	g_autoptr(GError) error = NULL;
	observer_pass(observer, MOMENT_US);
	bool done = disk_memory_user_link(observer->memory, path, to, &error);
	must(done, error);
}

void observer_remove(Observer *observer, const char *path)
{
	g_autoptr(GError) error = NULL;
	observer_pass(observer, MOMENT_US);
	bool done = disk_memory_user_remove(observer->memory, path, &error);
	must(done, error);
}

typedef struct Below {
	const char *folder;
	GPtrArray *paths;
} Below;

static void add_below(const char *path, const DiskInfo *info, GBytes *bytes, void *data)
{
	(void)info;
	(void)bytes;
	Below *below = data;
	size_t size = strlen(below->folder);
	if (strncmp(path, below->folder, size) == 0 && (path[size] == '\0' || path[size] == '/')) {
		g_ptr_array_add(below->paths, g_strdup(path));
	}
}

void observer_remove_tree(Observer *observer, const char *path)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	Below below = { .folder = path, .paths = paths };
	disk_memory_each(observer->memory, add_below, &below);
	for (unsigned i = paths->len; i-- > 0;) {
		observer_remove(observer, paths->pdata[i]);
	}
}
