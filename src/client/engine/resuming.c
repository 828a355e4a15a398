/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a kill the server tells of what this very device sent in its last moments, and the state
 * does not know it. What was noted of that (client/state/sent.h) says what was agreed: as if the
 * answers to those operations came only now.
 *
 * They come when the server has told everything and everything here was listed. Until then nothing
 * is done with these nodes, nor anything that may come of not knowing what is agreed: a conflict,
 * or what was deleted here coming back.
 *
 * The same if the connection broke before an answer came; then what the server tells of the node
 * next is the answer, if it is of this device. Else a file that got back its older content
 * meanwhile would seem untouched here, and get the newer one from there.
 */
#include "client/engine/engine_internal.h"

/* What was sent of one node without an answer; only one of these can be what the server made. */
#define UNANSWERED_MAX 8

void resuming_init(Engine *engine)
{
	engine->sent_before = engine->world.sent ? sent_take(engine->world.sent) : NULL;
	engine->put_off = g_hash_table_new(NULL, NULL);
	engine->unanswered = g_hash_table_new_full(node_id_hash, node_id_equal, g_free,
						   (GDestroyNotify)g_ptr_array_unref);
}

void resuming_clear(Engine *engine)
{
	g_clear_pointer(&engine->sent_before, g_hash_table_unref);
	g_hash_table_unref(engine->put_off);
	g_hash_table_unref(engine->unanswered);
}

void resuming_forget(Engine *engine)
{
	g_hash_table_remove_all(engine->unanswered);
	if (engine->sent_before) {
		g_clear_pointer(&engine->sent_before, g_hash_table_unref);
		sent_drop(engine->world.sent);
		planning_touch_all(engine, engine->put_off);
	}
}

static bool is_noted(Engine *engine, int64_t key)
{
	const Entry *entry = state_get(engine->state, SIDE_REMOTE, key);
	if (!entry) {
		entry = state_get(engine->state, SIDE_SYNCED, key);
	}
	return entry && g_hash_table_contains(engine->sent_before, &entry->id);
}

bool resuming_holds(Engine *engine, const Action *action)
{
	if (!engine->sent_before) {
		return false;
	}
	/* Something else than these may depend on what lies in a folder that is gone. */
	bool comes_back = action->kind == ACTION_CREATE_LOCAL &&
			  state_get(engine->state, SIDE_SYNCED, action->key);
	return action->conflict || action->kind == ACTION_RENEW || comes_back ||
	       is_noted(engine, action->key) || is_noted(engine, action->other);
}

/* What the state has is later than this operation: it was recorded. */
static bool is_over(const Entry *agreed, uint64_t base)
{
	return agreed && agreed->seq > base;
}

/* The node as this disk had it when it was sent. NULL if that was recorded, or is not known. */
static Entry *noted_entry(Engine *engine, const SentNote *note, const Entry *remote)
{
	const Entry *agreed = state_get(engine->state, SIDE_SYNCED, remote->key);
	bool placed = note->placed && !is_over(agreed, note->place_base);
	bool valued = note->valued && !is_over(agreed, note->value_base);
	if (note->kind != remote->kind || (agreed ? !placed && !valued : !placed || !valued)) {
		return NULL;
	}
	Entry fields = agreed ? *agreed : *remote;
	if (placed) {
		fields.parent = state_key_of_id(engine->state, &note->parent);
		fields.name = note->name;
	}
	if (valued) {
		fields.content = note->content;
		fields.size = note->size;
		fields.mtime_ns = note->mtime_ns;
		fields.executable = note->executable;
		fields.stamp = note->stamp;
	}
	return entry_new(&fields);
}

/* It was found, and seems to be new. */
static bool is_new_here(Engine *engine, int64_t key, EntryKind kind)
{
	const Entry *entry = state_get(engine->state, SIDE_LOCAL, key);
	return entry && entry->kind == kind && key > ENTRY_KEY_PARK &&
	       entry->parent != ENTRY_KEY_PARK && !state_get(engine->state, SIDE_SYNCED, key) &&
	       !state_get(engine->state, SIDE_REMOTE, key) &&
	       !g_hash_table_contains(engine->busy, KEY(key));
}

/* A node that was sent as a new one: the file that it is here, at its place or moved since. */
static int64_t find_here(Engine *engine, const Entry *noted)
{
	int64_t key = state_find(engine->state, SIDE_LOCAL, noted->parent, noted->name);
	if (is_new_here(engine, key, noted->kind)) {
		return key;
	}
	key = state_key_of_file(engine->state, noted->stamp.inode, noted->stamp.birth_ns);
	return is_new_here(engine, key, noted->kind) ? key : ENTRY_KEY_NONE;
}

/* What is here in its place, and in it, was made since. */
static void part(Engine *engine, const SentNote *note, int64_t key)
{
	const Entry *agreed = state_get(engine->state, SIDE_SYNCED, key);
	if (!agreed || is_over(agreed, note->value_base) ||
	    state_get(engine->state, SIDE_REMOTE, key)) {
		return;
	}
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_array_append_val(keys, key);
	for (unsigned i = 0; i < keys->len; i++) {
		state_child_keys(engine->state, SIDE_LOCAL, g_array_index(keys, int64_t, i), keys);
	}
	for (unsigned i = 0; i < keys->len; i++) {
		key = g_array_index(keys, int64_t, i);
		if (state_get(engine->state, SIDE_SYNCED, key) &&
		    !state_get(engine->state, SIDE_REMOTE, key) &&
		    !g_hash_table_contains(engine->busy, KEY(key))) {
			planning_renew(engine, key);
		}
	}
}

static void resume_one(Engine *engine, const SentNote *note)
{
	int64_t key = state_key_of_id(engine->state, &note->node);
	if (note->deleted) {
		part(engine, note, key);
		return;
	}
	const Entry *remote = state_get(engine->state, SIDE_REMOTE, key);
	g_autoptr(Entry) noted = remote ? noted_entry(engine, note, remote) : NULL;
	if (!noted) {
		return;
	}
	if (!state_get(engine->state, SIDE_SYNCED, key)) {
		if (!entry_same_place(noted, remote) || !entry_same_value(noted, remote)) {
			return;
		}
		/* If it is nowhere, it was deleted. */
		int64_t here = find_here(engine, noted);
		if (!state_get(engine->state, SIDE_LOCAL, key) && here != ENTRY_KEY_NONE) {
			planning_adopt(engine, here, key);
		}
	}
	uploading_agree(engine, key, noted);
}

/* Folders before what lies in them. */
static void resume(Engine *engine, GHashTable *notes, const NodeId *node)
{
	SentNote *note = NULL;
	if (!g_hash_table_steal_extended(notes, node, NULL, (void **)&note)) {
		return;
	}
	int64_t key = state_key_of_id(engine->state, node);
	const Entry *remote = state_get(engine->state, SIDE_REMOTE, key);
	const Entry *folder = remote ? state_get(engine->state, SIDE_REMOTE, remote->parent) : NULL;
	if (folder) {
		NodeId above = folder->id;
		resume(engine, notes, &above);
	}
	resume_one(engine, note);
	sent_note_free(note);
}

static int compare_nodes(const void *a, const void *b)
{
	return node_id_compare(*(const NodeId *const *)a, *(const NodeId *const *)b);
}

void resuming_run(Engine *engine)
{
	if (!engine->sent_before || !engine->feed_began || !follow_at_head(engine->follow) ||
	    engine->absent || !local_is_complete(engine->local)) {
		return;
	}
	g_autoptr(GHashTable) notes = g_steal_pointer(&engine->sent_before);
	g_autoptr(GPtrArray) nodes = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	void *node;
	g_hash_table_iter_init(&iter, notes);
	while (g_hash_table_iter_next(&iter, &node, NULL)) {
		g_ptr_array_add(nodes, g_memdup2(node, sizeof(NodeId)));
	}
	/* In an order of their own: a simulation must repeat itself. */
	g_ptr_array_sort(nodes, compare_nodes);
	for (unsigned i = 0; i < nodes->len; i++) {
		resume(engine, notes, nodes->pdata[i]);
	}
	observing_touch_divergent(engine);
	/* Among them what is settled, and to be taken away. */
	planning_touch_all(engine, engine->put_off);
}

void resuming_unlearn(Engine *engine, int64_t key)
{
	const Entry *agreed = state_get(engine->state, SIDE_SYNCED, key);
	if (agreed) {
		g_hash_table_remove(engine->unanswered, &agreed->id);
	}
	if (engine->world.sent && agreed) {
		const SentNote nothing = { .node = agreed->id, .kind = agreed->kind };
		sent_write(engine->world.sent, &nothing, 1);
	}
}

/* ---- answers that did not come ------------------------------------------------------------ */

void resuming_unanswered(Engine *engine, const UploadItem *item)
{
	const SentNote note = upload_item_note(item);
	bool read = note.content || item->kind == ENTRY_FOLDER;
	if ((!note.deleted && !note.placed && !note.valued) || (note.valued && !read)) {
		return;
	}
	GPtrArray *notes = g_hash_table_lookup(engine->unanswered, &note.node);
	if (!notes) {
		notes = g_ptr_array_new_with_free_func(sent_note_free);
		g_hash_table_insert(engine->unanswered, g_memdup2(&note.node, NODE_ID_SIZE), notes);
	}
	for (unsigned i = 0; i < notes->len; i++) {
		if (sent_note_equal(notes->pdata[i], &note)) {
			return;
		}
	}
	if (notes->len < UNANSWERED_MAX) {
		g_ptr_array_add(notes, sent_note_copy(&note));
	}
}

void resuming_answered(Engine *engine, const NodeId *node)
{
	g_hash_table_remove(engine->unanswered, node);
}

/* Another device has changed the node since: if it has what was sent from here, that is its doing.
 */
static void drop_if_of_another(Engine *engine, const RemoteEntry *entry)
{
	const GPtrArray *notes = g_hash_table_lookup(engine->unanswered, &entry->id);
	const SentNote *first = notes ? notes->pdata[0] : NULL;
	if (first && entry->seq > first->place_base) {
		g_hash_table_remove(engine->unanswered, &entry->id);
	}
	GHashTable *before = engine->sent_before;
	const SentNote *note = before ? g_hash_table_lookup(before, &entry->id) : NULL;
	if (note && entry->seq > MAX(note->place_base, note->value_base)) {
		g_hash_table_remove(before, &entry->id);
	}
}

void resuming_told(Engine *engine, const RemotePage *page)
{
	for (unsigned i = 0; i < page->entries->len; i++) {
		const RemoteEntry *entry = &g_array_index(page->entries, RemoteEntry, i);
		if (!entry->own) {
			drop_if_of_another(engine, entry);
		}
	}
}

void resuming_heard(Engine *engine, int64_t key)
{
	const Entry *remote = state_get(engine->state, SIDE_REMOTE, key);
	/* What was heard, whatever a note makes of it. */
	g_autoptr(Entry) heard = remote ? entry_ref(remote) : NULL;
	const Entry *entry = heard ? heard : state_get(engine->state, SIDE_SYNCED, key);
	void *node, *value;
	if (!entry || !g_hash_table_steal_extended(engine->unanswered, &entry->id, &node, &value)) {
		return;
	}
	GPtrArray *notes = value;
	bool told = false;
	for (unsigned i = 0; i < notes->len; i++) {
		const SentNote *note = notes->pdata[i];
		if (!heard || is_over(heard, note->place_base)) {
			resume_one(engine, note);
			told = true;
		}
	}
	if (told) {
		g_ptr_array_unref(notes);
		g_free(node);
	} else {
		g_hash_table_insert(engine->unanswered, node, notes);
	}
}

/* ---- how long notes are kept --------------------------------------------------------------- */

void resuming_job_began(Engine *engine, unsigned *ret_age)
{
	*ret_age = engine->sent_age;
	engine->sent_jobs[*ret_age]++;
}

void resuming_job_ended(Engine *engine, unsigned age)
{
	g_assert(engine->sent_jobs[age] > 0);
	engine->sent_jobs[age]--;
}

void resuming_marked(Engine *engine, uint64_t generation)
{
	Sent *sent = engine->world.sent;
	if (!sent || engine->sent_before || engine->sent_due) {
		return;
	}
	if (!sent_has_older(sent)) {
		engine->sent_age ^= sent_turn(sent);
	}
	/* What became of them is settled: a record up to here has it. */
	if (sent_has_older(sent) && engine->sent_jobs[engine->sent_age ^ 1] == 0) {
		engine->sent_due = generation;
	}
}

void resuming_recorded(Engine *engine, uint64_t generation)
{
	if (engine->sent_due && generation >= engine->sent_due) {
		sent_drop(engine->world.sent);
		engine->sent_due = 0;
	}
}
