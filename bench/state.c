/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the client's state costs: the first sync of a tree as both ends of it see it, a restart's
 * look at every folder, the rename of a folder, and the memory that a large tree takes.
 *
 * Usage: bench-state [FILES [FOLDER]]     (79,000 files; the database is made in FOLDER)
 */
#include "client/state/state.h"

#include <glib/gstdio.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define PER_FOLDER 16
#define BATCH 1000

typedef struct Bench {
	State *state;
	unsigned files;
	GArray *folders; /* keys */
	uint64_t seq;
} Bench;

static double cpu_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void show(const char *what, double since, double per)
{
	double spent = cpu_s() - since;
	printf("%-44s %8.1f ms   %6.2f us each\n", what, 1e3 * spent, 1e6 * spent / per);
}

static void show_memory(const char *what)
{
	g_autofree char *status = NULL;
	g_assert_true(g_file_get_contents("/proc/self/status", &status, NULL, NULL));
	const char *peak = strstr(status, "VmHWM:"), *now = strstr(status, "VmRSS:");
	const char *ours = strstr(status, "RssAnon:");
	printf("%-44s now %ld MiB (%ld anonymous), peak %ld MiB\n", what,
	       strtol(now + 6, NULL, 10) / 1024, strtol(ours + 8, NULL, 10) / 1024,
	       strtol(peak + 6, NULL, 10) / 1024);
}

static void record(Bench *bench)
{
	g_autoptr(GError) error = NULL;
	if (!state_record(bench->state, state_mark(bench->state), &error)) {
		fprintf(stderr, "bench-state: %s\n", error->message);
		exit(1);
	}
}

static Entry fields(Bench *bench, unsigned i, int64_t parent, EntryKind kind, char *name)
{
	Entry entry = { .parent = parent, .id = node_id_new(), .name = name, .kind = kind };
	if (kind == ENTRY_FILE) {
		entry.size = 10000 + i;
		entry.mtime_ns = 1700000000000000000 + i;
	}
	return entry;
}

static void put(Bench *bench, Side side, Entry entry, GBytes *content)
{
	entry.content = content;
	if (side == SIDE_REMOTE) {
		entry.seq = ++bench->seq;
	} else {
		entry.stamp = (EntryStamp){
			.inode = 1000 + (uint64_t)entry.key,
			.birth_ns = 1700000000000000000 + entry.key,
			.change_ns = entry.kind == ENTRY_FILE ? 1700000000000000000 : 0,
		};
	}
	g_autoptr(Entry) made = entry_new(&entry);
	state_put(bench->state, side, made);
}

/* As it goes where files come down: told by the server, put on the disk, agreed, recorded. */
static void receive(Bench *bench, unsigned i)
{
	char name[32];
	bool is_folder = i % PER_FOLDER == 0;
	int64_t parent = ENTRY_KEY_ROOT;
	if (bench->folders->len > 0) {
		unsigned which = is_folder ? bench->folders->len / 4 : bench->folders->len - 1;
		parent = g_array_index(bench->folders, int64_t, which);
	}
	snprintf(name, sizeof name, is_folder ? "folder-%u" : "source-file-%u.c", i);
	Entry entry = fields(bench, i, parent, is_folder ? ENTRY_FOLDER : ENTRY_FILE, name);
	entry.key = state_key_for_id(bench->state, &entry.id);
	if (is_folder) {
		g_array_append_val(bench->folders, entry.key);
	}
	uint8_t bytes[44] = { 1 };
	memcpy(bytes + 4, &entry.id, sizeof entry.id);
	g_autoptr(GBytes) content = is_folder ? NULL : g_bytes_new(bytes, sizeof bytes);
	put(bench, SIDE_REMOTE, entry, content);
	g_assert_cmpint(state_find(bench->state, SIDE_LOCAL, parent, name), ==, ENTRY_KEY_NONE);
	g_assert_null(state_get(bench->state, SIDE_SYNCED, entry.key));
	put(bench, SIDE_LOCAL, entry, content);
	state_agree(bench->state, entry.key);
}

static void first_sync(Bench *bench)
{
	double since = cpu_s();
	double recording = 0;
	for (unsigned i = 0; i < bench->files; i++) {
		receive(bench, i);
		if (i % BATCH == BATCH - 1 || i + 1 == bench->files) {
			g_autofree char *text = g_strdup_printf("%u", i);
			g_autoptr(GBytes) cursor = g_bytes_new(text, strlen(text));
			state_set_cursor(bench->state, cursor);
			double before = cpu_s();
			record(bench);
			recording += cpu_s() - before;
		}
	}
	show("first sync: hear, put, agree, record", since, bench->files);
	printf("%-44s %8.1f ms\n", "  of which record, by the thousand", 1e3 * recording);
}

static void restart(Bench *bench)
{
	double since = cpu_s();
	size_t seen = 0;
	for (unsigned i = 0; i < bench->folders->len; i++) {
		g_autoptr(GPtrArray) entries =
			g_ptr_array_new_with_free_func((GDestroyNotify)entry_unref);
		state_children(bench->state, SIDE_LOCAL, g_array_index(bench->folders, int64_t, i),
			       entries);
		seen += entries->len;
	}
	show("restart: the children of every folder", since, bench->folders->len);
	printf("%-44s %u folders, %zu entries\n", "", bench->folders->len, seen);
}

static void rename_folder(Bench *bench)
{
	int64_t key = g_array_index(bench->folders, int64_t, 1);
	double since = cpu_s();
	Entry entry = *state_get(bench->state, SIDE_LOCAL, key);
	entry.name = (char *)"renamed";
	put(bench, SIDE_REMOTE, entry, NULL);
	put(bench, SIDE_LOCAL, entry, NULL);
	state_agree(bench->state, key);
	record(bench);
	show("rename of a folder", since, 1);
}

static void look_up(Bench *bench)
{
	double since = cpu_s();
	for (unsigned i = 0; i < 20000; i++) {
		NodeId id = node_id_random();
		state_key_of_id(bench->state, &id);
		state_key_of_file(bench->state, 77 + i, 5);
	}
	show("look-up of an id and a file that are unknown", since, 20000);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *template =
		g_build_filename(argc > 2 ? argv[2] : ".", "bench-state-XXXXXX", NULL);
	g_autofree char *folder = g_strdup(g_mkdtemp(template));
	g_autofree char *path = g_build_filename(folder, "state.db", NULL);
	NodeId drive = node_id_random();
	Bench bench = {
		.files = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 79000,
		.folders = g_array_new(FALSE, FALSE, sizeof(int64_t)),
	};
	bench.state = state_open(path, &drive, &error);
	g_assert_no_error(error);
	first_sync(&bench);
	show_memory("memory after it");
	state_close(bench.state);

	double since = cpu_s();
	bench.state = state_open(path, &drive, &error);
	g_assert_no_error(error);
	show("open", since, 1);
	restart(&bench);
	look_up(&bench);
	rename_folder(&bench);
	show_memory("memory at the end");
	state_close(bench.state);
	GStatBuf info;
	g_stat(path, &info);
	printf("%-44s %.1f MB\n", "database", (double)info.st_size / 1e6);
	g_array_unref(bench.folders);
	g_unlink(path);
	g_rmdir(folder);
	return 0;
}
