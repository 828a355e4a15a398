/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the journal costs in a first sync: folders of files committed in batches, each file with a
 * chunk of its own; then a second device that reads it all, and single updates, one commit each.
 * Microseconds per file, of the clock and of the processor, with the database's upkeep.
 *
 * Usage: bench-journal [FOLDER [FILES]]   (the database is made in FOLDER and removed)
 */
#include "chunk/content.h"
#include "server/journal/journal.h"

#include <glib/gstdio.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define FILES 79000
#define FILES_PER_FOLDER 15
#define FILES_PER_COMMIT 280
#define UPDATES 2000

static Sql *sql;
static Journal *journal;
static NodeId drive;
static uint64_t number;
static uint64_t offset;

static void expect(bool done, GError *error)
{
	if (!done) {
		fprintf(stderr, "bench-journal: %s\n", error ? error->message : "refused");
		exit(1);
	}
}

static double processor_us(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

typedef struct Clock {
	const char *what;
	gint64 wall;
	double processor;
} Clock;

static Clock clock_start(const char *what)
{
	return (Clock){ what, g_get_monotonic_time(), processor_us() };
}

static void clock_stop(const Clock *clock, unsigned count)
{
	double wall = (double)(g_get_monotonic_time() - clock->wall);
	double processor = processor_us() - clock->processor;
	printf("%-24s %8u  %8.2f us  %8.2f us of processor\n", clock->what, count, wall / count,
	       processor / count);
}

/* ---- commits ------------------------------------------------------------------------------- */

typedef struct Item {
	NodeId id;
	NodeId parent;
	char name[32];
	uint8_t content[1 + CONTENT_REF_SIZE];
} Item;

typedef struct Load {
	GArray *items;      /* Item */
	GArray *operations; /* JournalOperation */
	GArray *stored;     /* JournalStored */
} Load;

static void item_fill(Item *item, Load *load)
{
	JournalStored stored = {
		.location = { .pack = 7, .offset = offset, .size = 4000, .raw_size = 9000 },
	};
	NodeId random[2] = { node_id_random(), node_id_random() };
	memcpy(stored.id.bytes, random, sizeof stored.id.bytes);
	offset += 4096;
	uint32_t length = GUINT32_TO_LE(9000);
	item->content[0] = 0;
	memcpy(item->content + 1, stored.id.bytes, CHUNK_ID_SIZE);
	memcpy(item->content + 1 + CHUNK_ID_SIZE, &length, 4);
	g_array_append_val(load->stored, stored);
}

static void commit(Load *load)
{
	g_autoptr(GError) error = NULL;
	unsigned count = load->operations->len;
	g_autofree JournalResult *results = g_new(JournalResult, count);
	JournalCommit given = {
		.drive = drive,
		.account = 1,
		.device = 1,
		.operations = (JournalOperation *)load->operations->data,
		.operation_count = count,
		.stored = (JournalStored *)load->stored->data,
		.stored_count = load->stored->len,
	};
	uint64_t seq;
	expect(journal_commit(journal, &given, results, &seq, &error), error);
	for (unsigned i = 0; i < count; i++) {
		expect(results[i].outcome == JOURNAL_APPLIED, NULL);
	}
	g_array_set_size(load->items, 0);
	g_array_set_size(load->operations, 0);
	g_array_set_size(load->stored, 0);
}

static void add(Load *load, JournalKind kind, const NodeId *parent, unsigned index, NodeId *ret_id)
{
	Item fresh = { .id = node_id_new(), .parent = *parent };
	g_snprintf(fresh.name, sizeof fresh.name, kind == JOURNAL_FILE ? "source_%u.c" : "dir%u",
		   index);
	g_array_append_val(load->items, fresh);
	Item *item = &g_array_index(load->items, Item, load->items->len - 1);
	JournalOperation operation = {
		.number = ++number,
		.verb = JOURNAL_CREATE,
		.node = item->id,
		.parent = item->parent,
		.name = item->name,
		.name_size = strlen(item->name),
		.kind = kind,
		.mtime_ns = 1700000000000000000 + index,
	};
	if (kind == JOURNAL_FILE) {
		item_fill(item, load);
		operation.size = 9000;
		operation.content = item->content;
		operation.content_size = sizeof item->content;
	}
	g_array_append_val(load->operations, operation);
	*ret_id = item->id;
}

static void create_all(Load *load, GArray *ids, unsigned files)
{
	NodeId folder = drive;
	NodeId upper = drive;
	Clock clock = clock_start("create");
	for (unsigned i = 0; i < files; i++) {
		if (i % (FILES_PER_FOLDER * 20) == 0) {
			add(load, JOURNAL_FOLDER, &drive, i, &upper);
		}
		if (i % FILES_PER_FOLDER == 0) {
			add(load, JOURNAL_FOLDER, &upper, i, &folder);
		}
		NodeId id;
		add(load, JOURNAL_FILE, &folder, i, &id);
		g_array_append_val(ids, id);
		if (load->operations->len >= FILES_PER_COMMIT) {
			commit(load);
		}
	}
	commit(load);
	g_autoptr(GError) error = NULL;
	expect(sql_checkpoint(sql, &error), error);
	clock_stop(&clock, files);
}

static void read_all(unsigned files)
{
	g_autoptr(GBytes) cursor = NULL;
	Clock clock = clock_start("read changes");
	bool at_head = false;
	while (!at_head) {
		g_autoptr(GError) error = NULL;
		JournalPage page;
		expect(journal_changes(journal, &drive, cursor, 8192, &page, &error), error);
		g_clear_pointer(&cursor, g_bytes_unref);
		cursor = g_bytes_ref(page.cursor);
		at_head = page.at_head;
		journal_page_clear(&page);
	}
	clock_stop(&clock, files);
}

static void update_some(Load *load, const GArray *ids)
{
	unsigned updates = MIN(UPDATES, ids->len);
	Clock clock = clock_start("update, one each");
	for (unsigned i = 0; i < updates; i++) {
		g_autoptr(GError) error = NULL;
		JournalNode node;
		const NodeId *id = &g_array_index(ids, NodeId, (i * 7919u) % ids->len);
		expect(journal_node(journal, &drive, id, &node, &error), error);
		Item fresh = { .id = *id };
		g_array_append_val(load->items, fresh);
		Item *item = &g_array_index(load->items, Item, 0);
		item_fill(item, load);
		JournalOperation operation = {
			.number = ++number,
			.verb = JOURNAL_UPDATE,
			.node = *id,
			.base = node.seq,
			.size = 9000,
			.content = item->content,
			.content_size = sizeof item->content,
		};
		g_array_append_val(load->operations, operation);
		journal_node_clear(&node);
		commit(load);
	}
	clock_stop(&clock, updates);
}

static void run(const char *path, unsigned files)
{
	g_autoptr(GError) error = NULL;
	static const SqlOptions options = { .durability = SQL_DURABLE, .cache_size = 32 << 20 };
	sql = sql_open(path, &options, &error);
	expect(sql, error);
	journal = journal_open(sql, &error);
	expect(journal, error);
	drive = node_id_random();
	expect(journal_drive_create(journal, &drive, 1, 0, &error), error);

	Load load = {
		.items = g_array_sized_new(FALSE, FALSE, sizeof(Item), 2 * FILES_PER_COMMIT),
		.operations = g_array_new(FALSE, FALSE, sizeof(JournalOperation)),
		.stored = g_array_new(FALSE, FALSE, sizeof(JournalStored)),
	};
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(NodeId));
	create_all(&load, ids, files);
	read_all(files);
	update_some(&load, ids);
	g_array_unref(load.items);
	g_array_unref(load.operations);
	g_array_unref(load.stored);
	journal_close(journal);
	sql_close(sql);
}

int main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : ".";
	unsigned files = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : FILES;
	g_autofree char *path = g_build_filename(folder, "bench-journal.db", NULL);
	run(path, files);
	GStatBuf status;
	g_stat(path, &status);
	printf("%-24s %8.1f MiB\n", "database", (double)status.st_size / (1 << 20));
	g_unlink(path);
	return 0;
}
