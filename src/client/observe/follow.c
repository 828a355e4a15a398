/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of changes become the remote tree.
 *
 * A page shows each node as it was last changed, in the order of those changes; so a child can come
 * before its parent (renamed since), and a node can come late, after the answer to a later
 * operation of ours. The server's seq of the node decides: only what is newer is put.
 *
 * A deletion is told for the node alone, and takes with it what lies in it at that time. What had
 * been moved out before may be told later (it was changed once more), and then without what lies in
 * it. So deletions come last, when all else is told up to the head; that goes for our own deletions
 * of folders too. Until then the state keeps the older cursor.
 */
#include "client/observe/follow.h"

#include <string.h>

typedef struct Burial {
	NodeId id;
	uint64_t seq;
} Burial;

struct Follow {
	State *state;
	GBytes *cursor;  /* to read from */
	GArray *burials; /* Burial: deletions that have not taken effect yet */
	GHashTable *
		deleted; /* NodeId * -> uint64_t *: our own deletions, until the feed passes them */
	uint64_t seq;
	bool at_head;
};

static void set_cursor(Follow *follow, GBytes *cursor)
{
	GBytes *before = follow->cursor;
	follow->cursor = cursor ? g_bytes_ref(cursor) : NULL;
	g_bytes_unref(before);
}

Follow *follow_new(State *state)
{
	Follow *follow = g_new0(Follow, 1);
	follow->state = state;
	follow->deleted = g_hash_table_new_full(node_id_hash, node_id_equal, g_free, g_free);
	follow->burials = g_array_new(FALSE, FALSE, sizeof(Burial));
	set_cursor(follow, state_cursor(state));
	return follow;
}

void follow_free(Follow *follow)
{
	if (!follow) {
		return;
	}
	g_hash_table_unref(follow->deleted);
	g_array_unref(follow->burials);
	g_bytes_unref(follow->cursor);
	g_free(follow);
}

GBytes *follow_cursor(const Follow *follow)
{
	return follow->cursor;
}

bool follow_at_head(const Follow *follow)
{
	return follow->at_head;
}

uint64_t follow_seq(const Follow *follow)
{
	return follow->seq;
}

static bool is_stale(Follow *follow, int64_t key, const RemoteEntry *news)
{
	const uint64_t *deleted = g_hash_table_lookup(follow->deleted, &news->id);
	if (deleted && news->seq <= *deleted) {
		return true;
	}
	const Entry *entry = state_get(follow->state, SIDE_REMOTE, key);
	return entry && entry->seq >= news->seq;
}

static void bury(Follow *follow, const NodeId *id, uint64_t seq)
{
	const Burial burial = { .id = *id, .seq = seq };
	g_array_append_val(follow->burials, burial);
}

/* At the head: everything that was changed up to follow->seq is in the remote tree. */
static void bury_all(Follow *follow, GArray *ret_keys)
{
	unsigned left = 0;
	for (unsigned i = 0; i < follow->burials->len; i++) {
		Burial burial = g_array_index(follow->burials, Burial, i);
		if (burial.seq > follow->seq) {
			g_array_index(follow->burials, Burial, left++) = burial;
			continue;
		}
		int64_t key = state_key_of_id(follow->state, &burial.id);
		if (key == ENTRY_KEY_NONE || key == ENTRY_KEY_ROOT) {
			continue;
		}
		const Entry *entry = state_get(follow->state, SIDE_REMOTE, key);
		if (!entry || entry->seq <= burial.seq) {
			state_remove(follow->state, SIDE_REMOTE, key, ret_keys);
		}
	}
	g_array_set_size(follow->burials, left);
}

static void put(Follow *follow, const RemoteEntry *news, GArray *ret_keys)
{
	if (news->deleted) {
		bury(follow, &news->id, news->seq);
		return;
	}
	int64_t key = state_key_for_id(follow->state, &news->id);
	if (key == ENTRY_KEY_ROOT || is_stale(follow, key, news)) {
		return;
	}
	Entry fields = {
		.key = key,
		.parent = state_key_for_id(follow->state, &news->parent),
		.id = news->id,
		.name = news->name,
		.kind = (EntryKind)news->kind,
		.size = news->kind == REMOTE_LINK ? g_bytes_get_size(news->content) : news->size,
		.mtime_ns = news->kind == REMOTE_FOLDER ? 0 : news->mtime_ns,
		.executable = news->executable,
		.content = news->content,
		.seq = news->seq,
	};
	g_autoptr(Entry) entry = entry_new(&fields);
	state_put(follow->state, SIDE_REMOTE, entry);
	g_array_append_val(ret_keys, key);
}

static gboolean is_passed(void *id, void *seq, void *data)
{
	const Follow *follow = data;
	return *(uint64_t *)seq <= follow->seq;
}

void follow_page(Follow *follow, const RemotePage *page, GArray *ret_keys)
{
	if (page->reset) {
		state_reset(follow->state);
		g_hash_table_remove_all(follow->deleted);
		g_array_set_size(follow->burials, 0);
	}
	for (unsigned i = 0; i < page->entries->len; i++) {
		put(follow, &g_array_index(page->entries, RemoteEntry, i), ret_keys);
	}
	follow->seq = page->seq;
	follow->at_head = page->at_head;
	if (follow->at_head) {
		bury_all(follow, ret_keys);
	}
	g_hash_table_foreach_remove(follow->deleted, is_passed, follow);
	set_cursor(follow, page->cursor);
	if (follow->at_head || follow->burials->len == 0) {
		state_set_cursor(follow->state, page->cursor);
	}
}

void follow_committed(Follow *follow, int64_t key, const Entry *entry, uint64_t seq,
		      GArray *ret_keys)
{
	const Entry *before = state_get(follow->state, SIDE_REMOTE, key);
	if (before && before->seq >= seq) {
		return;
	}
	if (entry) {
		state_put(follow->state, SIDE_REMOTE, entry);
		g_array_append_val(ret_keys, key);
		return;
	}
	if (!before) {
		return;
	}
	NodeId id = before->id;
	g_hash_table_replace(follow->deleted, g_memdup2(&id, sizeof id),
			     g_memdup2(&seq, sizeof seq));
	if (before->kind == ENTRY_FOLDER) {
		bury(follow, &id, seq);
	} else {
		state_remove(follow->state, SIDE_REMOTE, key, ret_keys);
	}
}
