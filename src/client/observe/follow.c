/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of changes become the remote tree.
 *
 * A page shows each node as it was last changed, in the order of those changes; so a child can come
 * before its parent (renamed since), and a node can come late, after the answer to a later
 * operation of ours. The server's seq of the node decides: only what is newer is put.
 *
 * The cursor that is kept in the state is the server's, preceded by the seq that has been seen
 * (8 bytes, little-endian), on which deletions of folders are decided.
 */
#include "client/observe/follow.h"

#include <string.h>

struct Follow {
	State *state;
	GHashTable *
		deleted; /* NodeId * -> uint64_t *: our own deletions, until the feed passes them */
	uint64_t seq;
	bool at_head;
};

Follow *follow_new(State *state)
{
	Follow *follow = g_new0(Follow, 1);
	follow->state = state;
	follow->deleted = g_hash_table_new_full(node_id_hash, node_id_equal, g_free, g_free);
	return follow;
}

void follow_free(Follow *follow)
{
	if (!follow) {
		return;
	}
	g_hash_table_unref(follow->deleted);
	g_free(follow);
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

static void put(Follow *follow, const RemoteEntry *news, GArray *ret_keys)
{
	int64_t key = state_key_for_id(follow->state, &news->id);
	if (key == ENTRY_KEY_ROOT || is_stale(follow, key, news)) {
		return;
	}
	if (news->deleted) {
		state_remove(follow->state, SIDE_REMOTE, key, ret_keys);
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
	}
	for (unsigned i = 0; i < page->entries->len; i++) {
		put(follow, &g_array_index(page->entries, RemoteEntry, i), ret_keys);
	}
	follow->seq = page->seq;
	follow->at_head = page->at_head;
	g_hash_table_foreach_remove(follow->deleted, is_passed, follow);
	state_set_cursor(follow->state, page->cursor);
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
	if (before) {
		uint64_t *when = g_new(uint64_t, 1);
		*when = seq;
		NodeId *id = g_new(NodeId, 1);
		*id = before->id;
		g_hash_table_insert(follow->deleted, id, when);
		state_remove(follow->state, SIDE_REMOTE, key, ret_keys);
	}
}
