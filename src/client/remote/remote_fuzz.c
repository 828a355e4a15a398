/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that answers anything: the first byte picks the call, the rest is the answer. What is
 * accepted must be fit to be used.
 */
#include "client/remote/remote.h"

#include "base/limits.h"
#include "base/text.h"
#include "client/remote/transport.h"

#include <string.h>

typedef struct Canned {
	Transport transport;
	const uint8_t *data;
	size_t size;
} Canned;

static bool canned_exchange(Transport *transport, const char *endpoint, const Pieces *body,
			    unsigned wait_ms, GCancellable *cancellable, GBytes **ret_body,
			    GError **error)
{
	Canned *canned = (Canned *)transport;
	*ret_body = g_bytes_new(canned->data, canned->size);
	return true;
}

static void canned_free(Transport *transport)
{
}

static void changes(Remote *remote)
{
	g_autoptr(RemotePage) page = NULL;
	if (!remote_changes(remote, NULL, 1, 0, NULL, &page, NULL) || !page) {
		return;
	}
	for (unsigned i = 0; i < page->entries->len; i++) {
		const RemoteEntry *entry = &g_array_index(page->entries, RemoteEntry, i);
		g_assert(entry->deleted || !*entry->name ||
			 text_is_name(entry->name, strlen(entry->name)));
		g_assert(entry->size <= FILE_SIZE_MAX || entry->kind != REMOTE_FILE ||
			 entry->deleted);
	}
}

static void commit(Remote *remote)
{
	RemoteOperation operation = { .number = 1, .verb = REMOTE_DELETE };
	RemoteResult result = { 0 };
	if (remote_commit(remote, &operation, 1, NULL, 0, NULL, &result, NULL)) {
		g_assert(result.outcome >= REMOTE_APPLIED && result.outcome <= REMOTE_CASE_TAKEN);
	}
}

static void missing(Remote *remote, const ChunkId *ids, size_t count)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(ChunkId));
	remote_missing(remote, ids, count, 1, NULL, found, NULL);
	g_assert(found->len <= count);
}

static void fetch(Remote *remote, const ChunkId *ids, size_t count)
{
	g_autoptr(GArray) chunks = NULL;
	g_autoptr(GBytes) body = NULL;
	if (remote_fetch(remote, ids, count, NULL, &chunks, &body, NULL)) {
		g_assert(chunks->len > 0 && chunks->len <= count);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const TransportVtable vtable = { .exchange = canned_exchange, .free = canned_free };
	static const ChunkId ids[3] = { { { 1 } }, { { 2 } }, { { 3 } } };
	static const NodeId drive = { { 'd', 'd', 'd', 'd', 'd', 'd', 'd', 'd', 'd', 'd', 'd', 'd',
					'd', 'd', 'd', 'd' } };
	if (size == 0) {
		return 0;
	}
	Canned canned = { { &vtable }, data + 1, size - 1 };
	g_autoptr(Remote) remote = remote_new(&canned.transport, &drive);
	switch (data[0] % 4) {
	case 0:
		changes(remote);
		break;
	case 1:
		commit(remote);
		break;
	case 2:
		missing(remote, ids, G_N_ELEMENTS(ids));
		break;
	default:
		fetch(remote, ids, G_N_ELEMENTS(ids));
		break;
	}
	return 0;
}
