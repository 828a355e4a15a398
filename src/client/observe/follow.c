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
 *
 * Folders may lie in a circle while news are missing, and as long as a server likes that lies. A
 * circle is closed by the entry that was put last, and while there is one, nothing counts as the
 * head: what is planned there walks up to the root.
 */
#include "client/observe/follow.h"

#include "base/limits.h"

#include <string.h>

/* Whoever has more folders above lies in a circle, or deeper than the server lets him. */
#define STEPS_UP_MAX (2 * DEPTH_MAX)

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
	GHashTable *suspects; /* int64_t *: keys from which no way up was seen to end */
	int64_t rooted;       /* a folder whose way up ends at the root; ENTRY_KEY_NONE */
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
	follow->suspects = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
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
	g_hash_table_unref(follow->suspects);
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

/* ---- circles ---------------------------------------------------------------------------- */

typedef enum WayUp {
	WAY_UP_ROOT,
	WAY_UP_MISSING, /* one above is not told yet */
	WAY_UP_ENDLESS,
} WayUp;

static WayUp way_up(const Follow *follow, int64_t key)
{
	for (unsigned step = 0; step < STEPS_UP_MAX; step++) {
		const Entry *entry = state_get(follow->state, SIDE_REMOTE, key);
		if (!entry) {
			return WAY_UP_MISSING;
		}
		key = entry->parent;
		if (key == ENTRY_KEY_ROOT) {
			return WAY_UP_ROOT;
		}
	}
	return WAY_UP_ENDLESS;
}

static void suspect(Follow *follow, int64_t key)
{
	g_hash_table_add(follow->suspects, g_memdup2(&key, sizeof key));
	follow->at_head = false;
}

/*
 * Of many nodes that come into one folder the first is looked at: what was not there before was on
 * no way up.
 */
static void put_entry(Follow *follow, const Entry *entry)
{
	const Entry *before = state_get(follow->state, SIDE_REMOTE, entry->key);
	bool comes = !before;
	bool moves = before && before->parent != entry->parent;
	state_put(follow->state, SIDE_REMOTE, entry);
	if (moves) {
		follow->rooted = ENTRY_KEY_NONE;
	}
	bool safe = entry->parent == ENTRY_KEY_ROOT || entry->parent == follow->rooted;
	if (!moves && (!comes || safe)) {
		return;
	}
	switch (way_up(follow, entry->key)) {
	case WAY_UP_ROOT:
		follow->rooted = entry->parent;
		break;
	case WAY_UP_ENDLESS:
		suspect(follow, entry->key);
		break;
	default:
		break;
	}
}

static gboolean is_cleared(void *key, void *value, void *data)
{
	return way_up(data, *(int64_t *)key) != WAY_UP_ENDLESS;
}

/* ---- pages ------------------------------------------------------------------------------ */

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
	follow->rooted = ENTRY_KEY_NONE;
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
	put_entry(follow, entry);
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
		follow->rooted = ENTRY_KEY_NONE;
		g_hash_table_remove_all(follow->deleted);
		g_array_set_size(follow->burials, 0);
	}
	for (unsigned i = 0; i < page->entries->len; i++) {
		put(follow, &g_array_index(page->entries, RemoteEntry, i), ret_keys);
	}
	follow->seq = page->seq;
	if (page->at_head) {
		bury_all(follow, ret_keys);
		g_hash_table_foreach_remove(follow->suspects, is_cleared, follow);
	}
	follow->at_head = page->at_head && g_hash_table_size(follow->suspects) == 0;
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
		put_entry(follow, entry);
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
		follow->rooted = ENTRY_KEY_NONE;
	}
}
