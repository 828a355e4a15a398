/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast a bound folder is read and written, beside what people use for it:
 *
 *	bench-disk SCRATCH [TREE]
 *
 * lists and looks at all of TREE (default: a tree of 79,000 files made in SCRATCH) against find(1),
 * then places 10,000 files of 4 KiB from memory, in batches of 1,000 that are synced before their
 * names show, against `cp -a` of the same files and one sync at the end. Wall-clock and processor
 * seconds, and their ratio; the median of several rounds, each of us first and then of the other.
 */
#include "client/disk/disk_impl.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define ROUNDS 5
#define TREE_FILES 79000
#define TREE_FOLDERS 5300
#define FILES 10000
#define FILES_PER_FOLDER 100
#define FILE_SIZE 4096
#define BATCH 1000

typedef struct Time {
	double wall;
	double processor;
} Time;

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static Time now(int who)
{
	struct rusage usage;
	getrusage(who, &usage);
	return (Time){
		.wall = (double)g_get_monotonic_time() / 1e6,
		.processor = seconds(usage.ru_utime) + seconds(usage.ru_stime),
	};
}

static Time since(int who, Time begin)
{
	Time end = now(who);
	return (Time){ end.wall - begin.wall, end.processor - begin.processor };
}

static void must(bool succeeded, GError *error)
{
	if (!succeeded) {
		g_error("%s", error ? error->message : "failed");
	}
}

/* A line of shell, in which $1 and $2 are a and b. */
static Time run_command(const char *command, const char *a, const char *b)
{
	Time begin = now(RUSAGE_CHILDREN);
	const char *argv[] = { "sh", "-c", command, "sh", a, b, NULL };
	int status;
	must(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
			  &status, NULL) &&
		     status == 0,
	     NULL);
	return since(RUSAGE_CHILDREN, begin);
}

/* ---- listing ---------------------------------------------------------------------------- */

typedef struct Walk {
	Disk *disk;
	GPtrArray *folders; /* still to be listed */
	const char *folder;
	uint64_t entries;
	uint64_t bytes;
} Walk;

static void count(const char *name, const DiskInfo *info, void *data)
{
	Walk *walk = data;
	walk->entries++;
	walk->bytes += info->size;
	if (info->kind == DISK_FOLDER) {
		char *path =
			*walk->folder ? g_strconcat(walk->folder, "/", name, NULL) : g_strdup(name);
		g_ptr_array_add(walk->folders, path);
	}
}

static Time list_ours(Disk *disk, uint64_t *ret_entries)
{
	Time begin = now(RUSAGE_SELF);
	Walk walk = { .disk = disk, .folders = g_ptr_array_new() };
	g_ptr_array_add(walk.folders, g_strdup(""));
	while (walk.folders->len > 0) {
		GError *error = NULL;
		g_autofree char *folder =
			g_ptr_array_steal_index_fast(walk.folders, walk.folders->len - 1);
		walk.folder = folder;
		must(disk_list(disk, folder, count, &walk, &error), error);
	}
	g_ptr_array_unref(walk.folders);
	*ret_entries = walk.entries;
	return since(RUSAGE_SELF, begin);
}

static void write_file(const char *folder, unsigned number, size_t size)
{
	g_autofree char *bytes = g_strnfill(size, (char)('a' + number % 26));
	g_autofree char *path = g_strdup_printf("%s/file_%u", folder, number);
	must(g_file_set_contents_full(path, bytes, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0666,
				      NULL),
	     NULL);
}

/* Folders below folders, as programs have them: number n lies in n / 6. */
static void make_tree(const char *tree)
{
	g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);
	for (unsigned i = 0; i < TREE_FOLDERS; i++) {
		char *folder = i == 0 ? g_strdup(tree)
				      : g_strdup_printf("%s/%u", (char *)folders->pdata[i / 6], i);
		must(g_mkdir(folder, 0777) == 0, NULL);
		g_ptr_array_add(folders, folder);
	}
	for (unsigned i = 0; i < TREE_FILES; i++) {
		write_file(folders->pdata[i % TREE_FOLDERS], i, 100);
	}
}

/* ---- placing ---------------------------------------------------------------------------- */

static void place_batch(Disk *disk, unsigned first)
{
	static const int64_t mtime_ns = 1600000000 * G_GINT64_CONSTANT(1000000000);
	char bytes[FILE_SIZE];
	DiskFile *files[BATCH];
	GError *error = NULL;
	for (unsigned i = 0; i < BATCH; i++) {
		memset(bytes, (char)('a' + i % 26), sizeof bytes);
		files[i] = disk_stage(disk, &error);
		must(files[i] && disk_file_write(files[i], 0, bytes, sizeof bytes, &error) &&
			     disk_file_set(files[i], mtime_ns, false, &error),
		     error);
	}
	must(disk_sync(disk, &error), error);
	for (unsigned i = 0; i < BATCH; i++) {
		g_autofree char *path = g_strdup_printf("ours/%u/file_%u",
							(first + i) / FILES_PER_FOLDER, first + i);
		DiskInfo info;
		must(disk_place(disk, files[i], path, NULL, &info, &error), error);
		disk_file_close(files[i]);
	}
}

static Time place_ours(Disk *disk)
{
	GError *error = NULL;
	Time begin = now(RUSAGE_SELF);
	DiskInfo info;
	must(disk_make_folder(disk, "ours", &info, &error), error);
	for (unsigned i = 0; i < FILES / FILES_PER_FOLDER; i++) {
		g_autofree char *path = g_strdup_printf("ours/%u", i);
		must(disk_make_folder(disk, path, &info, &error), error);
	}
	for (unsigned first = 0; first < FILES; first += BATCH) {
		place_batch(disk, first);
	}
	must(disk_sync(disk, &error), error);
	return since(RUSAGE_SELF, begin);
}

static void make_source(const char *source)
{
	must(g_mkdir(source, 0777) == 0, NULL);
	for (unsigned i = 0; i < FILES; i++) {
		g_autofree char *folder = g_strdup_printf("%s/%u", source, i / FILES_PER_FOLDER);
		if (i % FILES_PER_FOLDER == 0) {
			must(g_mkdir(folder, 0777) == 0, NULL);
		}
		write_file(folder, i, FILE_SIZE);
	}
}

/* ---- telling ---------------------------------------------------------------------------- */

static int compare_times(const void *a_data, const void *b_data)
{
	const Time *a = a_data, *b = b_data;
	return a->wall < b->wall ? -1 : a->wall > b->wall;
}

static void tell(const char *what, Time *ours, Time *theirs, const char *their_name)
{
	qsort(ours, ROUNDS, sizeof *ours, compare_times);
	qsort(theirs, ROUNDS, sizeof *theirs, compare_times);
	Time a = ours[ROUNDS / 2], b = theirs[ROUNDS / 2];
	printf("%s\n", what);
	printf("  ours    %.3f s, processor %.3f s\n", a.wall, a.processor);
	printf("  %-7s %.3f s, processor %.3f s\n", their_name, b.wall, b.processor);
	printf("  ratio   %.2f,   processor %.2f\n", a.wall / b.wall, a.processor / b.processor);
}

static void bench_list(const char *tree)
{
	Time ours[ROUNDS], theirs[ROUNDS];
	GError *error = NULL;
	uint64_t entries;
	g_autoptr(Disk) disk = disk_posix_attach(tree, &error);
	must(disk, error);
	list_ours(disk, &entries);
	for (unsigned i = 0; i < ROUNDS; i++) {
		ours[i] = list_ours(disk, &entries);
		theirs[i] = run_command("find \"$1\" -printf '%s %T@ %p\\n' > /dev/null", tree, "");
	}
	g_autofree char *what =
		g_strdup_printf("list and look at %" G_GUINT64_FORMAT " entries", entries);
	tell(what, ours, theirs, "find");
}

static void bench_place(const char *scratch)
{
	Time ours[ROUNDS], theirs[ROUNDS];
	GError *error = NULL;
	g_autofree char *source = g_build_filename(scratch, "source", NULL);
	make_source(source);
	run_command("sync -f \"$1\"", source, "");
	for (unsigned i = 0; i < ROUNDS; i++) {
		g_autofree char *number = g_strdup_printf("bound%u", i);
		g_autofree char *bound = g_build_filename(scratch, number, NULL);
		must(g_mkdir(bound, 0777) == 0, NULL);
		g_autoptr(Disk) disk = disk_posix_open(bound, "bench", true, &error);
		must(disk, error);
		ours[i] = place_ours(disk);
		g_autofree char *copy = g_strconcat(bound, "/copy", NULL);
		theirs[i] = run_command("cp -a \"$1\" \"$2\" && sync -f \"$2\"", source, copy);
	}
	tell("place 10,000 files of 4 KiB, durably", ours, theirs, "cp -a");
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: bench-disk SCRATCH [TREE]\n");
		return 2;
	}
	struct rlimit files;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	g_autofree char *scratch = g_build_filename(argv[1], "bench-disk-XXXXXX", NULL);
	must(g_mkdtemp(scratch), NULL);
	g_autofree char *tree = g_build_filename(scratch, "tree", NULL);
	if (argc < 3) {
		make_tree(tree);
	}
	bench_list(argc < 3 ? tree : argv[2]);
	bench_place(scratch);
	run_command("rm -r \"$1\"", scratch, "");
	return 0;
}
