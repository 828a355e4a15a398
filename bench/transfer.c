/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device does for each byte that it uploads (read, cut, hash, encode, pack), without network
 * and server: the drive here says yes to all and forgets it. Reads the folder once to warm it, then
 * measures. With taskset -c 0 it is the figure of one core.
 *
 * Usage: bench-transfer FOLDER [LEVEL]    (LEVEL: what compression is paid by a link of so many
 * MB/s)
 */
#include "base/error.h"
#include "base/limits.h"
#include "client/disk/disk.h"
#include "client/remote/transport.h"
#include "client/transfer/upload.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* Items that are handed over at once, as an engine would. */
#define RUN_ITEMS 4096

typedef struct Sink {
	Transport transport;
	double link_bytes_per_us; /* 0: no end */
	uint64_t received;
	uint64_t requests;
} Sink;

static void answer_commit(const Imdrive__Sync__CommitRequest *request, Bulk *answer)
{
	size_t count = request->n_operations;
	g_autofree Imdrive__Sync__Result *results = g_new(Imdrive__Sync__Result, count);
	g_autofree Imdrive__Sync__Result **pointers = g_new(Imdrive__Sync__Result *, count);
	for (size_t i = 0; i < count; i++) {
		imdrive__sync__result__init(&results[i]);
		results[i].number = request->operations[i]->number;
		results[i].outcome = IMDRIVE__SYNC__OUTCOME__OUTCOME_APPLIED;
		results[i].seq = 1;
		pointers[i] = &results[i];
	}
	Imdrive__Sync__CommitResponse response = IMDRIVE__SYNC__COMMIT_RESPONSE__INIT;
	response.n_results = count;
	response.results = pointers;
	g_assert(message_append(answer, &response.base, NULL));
}

static void answer_missing(const Imdrive__Sync__MissingRequest *request, Bulk *answer)
{
	Imdrive__Sync__MissingResponse response = IMDRIVE__SYNC__MISSING_RESPONSE__INIT;
	response.ids = request->ids;
	g_assert(message_append(answer, &response.base, NULL));
}

static void answer_upload(Bulk *answer)
{
	Imdrive__Sync__UploadResponse response = IMDRIVE__SYNC__UPLOAD_RESPONSE__INIT;
	g_assert(message_append(answer, &response.base, NULL));
}

static bool sink_exchange(Transport *transport, const char *endpoint, Bulk *body, unsigned wait_ms,
			  GCancellable *cancellable, GBytes **ret_body, GError **error)
{
	Sink *sink = (Sink *)transport;
	sink->received += body->len;
	sink->requests++;
	FrameReader reader;
	frame_reader_init(&reader, body->data, body->len);
	const uint8_t *bytes = NULL;
	size_t size = 0;
	g_assert(frame_reader_message(&reader, &bytes, &size, NULL));
	Bulk *answer = bulk_new(0);
	if (g_str_equal(endpoint, "commit")) {
		g_autoptr(Imdrive__Sync__CommitRequest) request =
			(Imdrive__Sync__CommitRequest *)message_unpack(
				&imdrive__sync__commit_request__descriptor, bytes, size, NULL);
		answer_commit(request, answer);
	} else if (g_str_equal(endpoint, "missing")) {
		g_autoptr(Imdrive__Sync__MissingRequest) request =
			(Imdrive__Sync__MissingRequest *)message_unpack(
				&imdrive__sync__missing_request__descriptor, bytes, size, NULL);
		answer_missing(request, answer);
	} else {
		answer_upload(answer);
	}
	if (sink->link_bytes_per_us > 0) {
		g_usleep((gulong)((double)body->len / sink->link_bytes_per_us));
	}
	*ret_body = bulk_free_to_bytes(answer);
	return true;
}

static void sink_traffic(Transport *transport, uint64_t *ret_sent, uint64_t *ret_received)
{
	*ret_sent = ((Sink *)transport)->received;
	*ret_received = 0;
}

static void sink_free(Transport *transport)
{
}

typedef struct Walk {
	Disk *disk;
	const char *folder;
	GPtrArray *items;
	GPtrArray *folders; /* to be listed */
	uint64_t bytes;
} Walk;

static void visit(const char *name, const DiskInfo *info, void *data)
{
	Walk *walk = data;
	g_autofree char *path =
		*walk->folder ? g_strconcat(walk->folder, "/", name, NULL) : g_strdup(name);
	if (info->kind == DISK_FOLDER) {
		g_ptr_array_add(walk->folders, g_strdup(path));
	}
	if (info->kind > DISK_LINK) {
		return;
	}
	UploadItem *item = upload_item_new(UPLOAD_CREATE);
	item->number = walk->items->len + 1;
	item->path = g_steal_pointer(&path);
	item->expected = *info;
	item->node = node_id_random();
	item->parent = node_id_random();
	item->name = g_strdup(name);
	item->kind = (EntryKind)info->kind;
	g_ptr_array_add(walk->items, item);
	walk->bytes += info->kind == DISK_FILE ? info->size : 0;
}

static void fail(const char *what, const GError *error)
{
	fprintf(stderr, "bench-transfer: %s: %s\n", what, error->message);
	exit(1);
}

static void list_all(Walk *walk)
{
	g_ptr_array_add(walk->folders, g_strdup(""));
	for (unsigned i = 0; i < walk->folders->len; i++) {
		g_autoptr(GError) error = NULL;
		walk->folder = g_ptr_array_index(walk->folders, i);
		if (!disk_list(walk->disk, walk->folder, visit, walk, &error)) {
			fail("list", error);
		}
	}
}

/* What opening the folder as a disk left there. */
static void remove_all(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name = NULL;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *inner = g_build_filename(path, name, NULL);
		remove_all(inner);
	}
	remove(path);
}

static double cpu_seconds(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void measure(Upload *upload, const Walk *walk, const Sink *sink)
{
	double cpu = cpu_seconds();
	int64_t start_us = g_get_monotonic_time();
	for (unsigned at = 0; at < walk->items->len; at += RUN_ITEMS) {
		g_autoptr(GPtrArray) items = g_ptr_array_new();
		for (unsigned i = at; i < MIN(at + RUN_ITEMS, walk->items->len); i++) {
			UploadItem *item = g_ptr_array_index(walk->items, i);
			item->outcome = UPLOAD_PENDING;
			g_ptr_array_add(items, item);
		}
		g_autoptr(GError) error = NULL;
		if (!upload_run(upload, items, NULL, &error)) {
			fail("upload", error);
		}
	}
	double seconds = (double)(g_get_monotonic_time() - start_us) / 1e6;
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	printf("%u entries, %.1f MB: %.2f s, %.0f MB/s, cpu %.2f s; %.1f MB in %" G_GUINT64_FORMAT
	       " requests; peak %ld MB\n",
	       walk->items->len, (double)walk->bytes / 1e6, seconds,
	       (double)walk->bytes / 1e6 / seconds, cpu_seconds() - cpu,
	       (double)sink->received / 1e6, sink->requests, usage.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
	static const TransportVtable vtable = { sink_exchange, sink_traffic, sink_free };
	if (argc < 2) {
		fprintf(stderr, "usage: bench-transfer FOLDER [LINK-MB-PER-SECOND]\n");
		return 2;
	}
	g_autoptr(GError) error = NULL;
	g_autoptr(Disk) disk = disk_posix_open(argv[1], "bench-transfer", true, &error);
	if (!disk) {
		fail("open", error);
	}
	Walk walk = { .disk = disk };
	walk.items = g_ptr_array_new_with_free_func((GDestroyNotify)upload_item_free);
	walk.folders = g_ptr_array_new_with_free_func(g_free);
	list_all(&walk);
	Sink sink = { .transport.vtable = &vtable };
	sink.link_bytes_per_us = argc > 2 ? g_ascii_strtod(argv[2], NULL) : 0;
	NodeId drive = node_id_random();
	g_autoptr(Remote) remote = remote_new(&sink.transport, &drive);
	UploadOptions options = { 0 };
	g_autoptr(Upload) upload = upload_new(disk, remote, &options);
	for (int run = 0; run < 3; run++) {
		sink.received = 0;
		sink.requests = 0;
		measure(upload, &walk, &sink);
	}
	g_ptr_array_unref(walk.items);
	g_ptr_array_unref(walk.folders);
	g_autofree char *reserved = g_build_filename(argv[1], DISK_RESERVED, NULL);
	remove_all(reserved);
	return 0;
}
