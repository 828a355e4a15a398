/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on nodes: compare with the base, then swap.
 *
 * An operation alone looks at everything first and changes rows only when nothing can refuse it any
 * more, so that it needs no savepoint. A group has one, and is undone as a whole.
 *
 * Inside a group a name may be in use that a later operation frees. Such a node gets a name that
 * nobody can ask for ("/" and its key) until the group's end, when the name must be free.
 */
#include "server/journal/apply_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "server/journal/revive_internal.h"

#include <string.h>

typedef struct Pending {
	int64_t node;
	int64_t parent;
	const void *name;
	size_t name_size;
	JournalResult *result;
} Pending;

typedef struct Apply {
	Ledger *ledger;
	Holding *holding;
	GArray *pending; /* of the present group */
	bool in_group;
	JournalOperation operation; /* the present one, made regular */
	JournalResult *result;
} Apply;

/* Both return true: an outcome is no failure. */
static bool refuse(Apply *apply, JournalOutcome outcome)
{
	*apply->result = (JournalResult){ .outcome = outcome };
	return true;
}

static bool finished(Apply *apply)
{
	*apply->result = (JournalResult){
		.outcome = JOURNAL_APPLIED,
		.seq = apply->ledger->counts.seq,
	};
	return true;
}

/* Every operation begins as applied; what refuses it says so in the result. */
static bool refused(const Apply *apply)
{
	return apply->result->outcome != JOURNAL_APPLIED;
}

static LedgerAuthor author(const Apply *apply)
{
	return (LedgerAuthor){
		.device = apply->ledger->device,
		.operation = (int64_t)apply->operation.number,
		.time_us = apply->ledger->time_us,
	};
}

/* ---- what every operation looks at --------------------------------------------------------- */

/* A kind has what it has: a link's size is that of its target, only files are executable. */
static void make_regular(Apply *apply, JournalKind kind)
{
	if (kind != JOURNAL_FILE) {
		apply->operation.size = apply->operation.content_size;
		apply->operation.executable = false;
	}
}

/* May a node of this kind have the operation's content? */
static bool check_state(Apply *apply, JournalKind kind, GError **error)
{
	const JournalOperation *operation = &apply->operation;
	bool valid = false;
	switch (kind) {
	case JOURNAL_FILE:
		valid = operation->size <= FILE_SIZE_MAX;
		break;
	case JOURNAL_FOLDER:
		valid = operation->content_size == 0;
		break;
	case JOURNAL_LINK:
		valid = operation->content_size > 0 &&
			operation->content_size <= LINK_TARGET_SIZE_MAX &&
			!memchr(operation->content, '\0', operation->content_size);
		break;
	}
	if (!valid) {
		return refuse(apply, JOURNAL_INVALID);
	}
	make_regular(apply, kind);
	if (kind != JOURNAL_FILE) {
		return true;
	}
	JournalOutcome outcome;
	if (!holding_plan(apply->holding, operation->content, operation->content_size,
			  operation->size, &outcome, error)) {
		return false;
	}
	return outcome == JOURNAL_APPLIED || refuse(apply, outcome);
}

/* Was this operation applied to this node before, since the base? *ret_seq: 0 if not. */
static bool find_retry(Apply *apply, const LedgerNode *node, uint64_t base, uint64_t *ret_seq,
		       GError **error)
{
	Ledger *ledger = apply->ledger;
	int64_t number = (int64_t)apply->operation.number;
	if (ledger->device != 0 && number != 0 && node->device == ledger->device &&
	    node->operation == number) {
		*ret_seq = node->seq;
		return true;
	}
	return ledger_applied(ledger, node->key, base, number, ret_seq, error);
}

static bool is_pending(const Apply *apply, int64_t node)
{
	for (unsigned i = 0; i < apply->pending->len; i++) {
		if (g_array_index(apply->pending, Pending, i).node == node) {
			return true;
		}
	}
	return false;
}

/* The node that an operation other than CREATE is about. */
static bool find_node(Apply *apply, LedgerNode *ret_node, GError **error)
{
	Ledger *ledger = apply->ledger;
	uint64_t base = apply->operation.base;
	if (!ledger_find(ledger, &apply->operation.node, ret_node, error)) {
		return false;
	}
	if (ret_node->key == 0) {
		return refuse(apply, JOURNAL_NOT_FOUND);
	}
	if (ret_node->key == ledger->root || is_pending(apply, ret_node->key)) {
		return refuse(apply, JOURNAL_INVALID);
	}
	uint64_t seq;
	if (!find_retry(apply, ret_node, base, &seq, error)) {
		return false;
	}
	if (seq != 0) {
		*apply->result = (JournalResult){ .outcome = JOURNAL_ALREADY, .seq = seq };
		return true;
	}
	return ret_node->seq == base || refuse(apply, JOURNAL_STALE);
}

/* The folder that the node is to be put into; NULL after a refusal. */
static bool find_parent(Apply *apply, const Folder **ret_parent, GError **error)
{
	if (!ancestry_find(apply->ledger->ancestry, &apply->operation.parent, ret_parent, error)) {
		return false;
	}
	if (!*ret_parent || (*ret_parent)->kind != JOURNAL_FOLDER) {
		*ret_parent = NULL;
		return refuse(apply, JOURNAL_NO_PARENT);
	}
	return true;
}

/* A folder must leave room for a file inside. */
static bool fits_depth(const Folder *parent, bool folder, unsigned height)
{
	return parent->depth + 1 + height + folder <= DEPTH_MAX;
}

static void set_pending(Apply *apply, int64_t node, int64_t parent)
{
	Pending pending = {
		.node = node,
		.parent = parent,
		.name = apply->operation.name,
		.name_size = apply->operation.name_size,
		.result = apply->result,
	};
	g_array_append_val(apply->pending, pending);
}

static GBytes *pending_name(int64_t node)
{
	char *name = g_strdup_printf("/%" G_GINT64_FORMAT, node);
	return g_bytes_new_take(name, strlen(name));
}

/* May the node (0: a new one) have the operation's name in this folder? */
static bool check_name(Apply *apply, int64_t folder, int64_t node, JournalOutcome *ret_outcome,
		       GError **error)
{
	const LedgerName wish = { folder, apply->operation.name, apply->operation.name_size, node };
	return ledger_check_name(apply->ledger, &wish, ret_outcome, error);
}

/* ---- create -------------------------------------------------------------------------------- */

/* After a refusal: if the node is there, that is the outcome. */
static bool look_for_retry(Apply *apply, GError **error)
{
	g_auto(LedgerNode) node = { 0 };
	if (!ledger_find(apply->ledger, &apply->operation.node, &node, error)) {
		return false;
	}
	if (node.key == 0) {
		return true;
	}
	uint64_t seq;
	if (!find_retry(apply, &node, 0, &seq, error)) {
		return false;
	}
	JournalOutcome outcome = seq ? JOURNAL_ALREADY : JOURNAL_EXISTS;
	*apply->result = (JournalResult){ .outcome = outcome, .seq = seq };
	return true;
}

static void bind_node(SqlStatement *statement, const JournalOperation *operation, GBytes *folded)
{
	sql_bind_int(statement, 8, operation->executable);
	sql_bind_int(statement, 9, (int64_t)operation->size);
	sql_bind_int(statement, 10, operation->mtime_ns);
	sql_bind_bytes(statement, 12, operation->node.bytes, NODE_ID_SIZE);
	sql_bind_bytes(statement, 13, operation->name, operation->name_size);
	if (folded) {
		gsize size;
		const void *bytes = g_bytes_get_data(folded, &size);
		sql_bind_bytes(statement, 14, bytes, size);
	} else {
		sql_bind_null(statement, 14);
	}
	if (operation->kind == JOURNAL_FOLDER) {
		sql_bind_null(statement, 15);
	} else {
		sql_bind_bytes(statement, 15, operation->content, operation->content_size);
	}
}

typedef struct NewNode {
	int64_t key;
	int64_t parent;
	const JournalOperation *operation;
} NewNode;

/* *ret_made false: the id or the name is in use. */
static bool insert_node(Apply *apply, const NewNode *node, bool *ret_made, GError **error)
{
	const JournalOperation *operation = node->operation;
	Ledger *ledger = apply->ledger;
	if (!ledger_seq(ledger, 0, error)) {
		return false;
	}
	SqlStatement *statement =
		sql_statement(ledger->session,
			      "INSERT INTO node (key, drive, parent, deleted, kind, seq, device,"
			      " operation, height, number, executable, size, mtime, time, id, name,"
			      " folded, content) VALUES ($1, $2, $3, 0, $4, $5, $6, $7, 0, 1, $8,"
			      " $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING",
			      error);
	if (!statement) {
		return false;
	}
	g_autoptr(GBytes) folded = text_fold(operation->name, operation->name_size);
	sql_bind_int(statement, 1, node->key);
	sql_bind_int(statement, 2, ledger->drive);
	sql_bind_int(statement, 3, node->parent);
	sql_bind_int(statement, 4, operation->kind);
	sql_bind_int(statement, 5, (int64_t)ledger->counts.seq);
	sql_bind_int(statement, 6, ledger->device);
	sql_bind_int(statement, 7, (int64_t)operation->number);
	sql_bind_int(statement, 11, ledger->time_us);
	bind_node(statement, operation, folded);
	if (!sql_run(statement, error)) {
		return false;
	}
	*ret_made = sql_changes(ledger->session) > 0;
	return !*ret_made ||
	       ledger_seq(ledger, 96 + operation->name_size + operation->content_size, error);
}

/* Inside a group: with a name of its own until the group's end. */
static bool insert_pending(Apply *apply, const NewNode *node, bool *ret_made, GError **error)
{
	g_autoptr(GBytes) name = pending_name(node->key);
	JournalOperation operation = *node->operation;
	NewNode named = { .key = node->key, .parent = node->parent, .operation = &operation };
	gsize size;
	operation.name = g_bytes_get_data(name, &size);
	operation.name_size = size;
	if (!insert_node(apply, &named, ret_made, error)) {
		return false;
	}
	if (*ret_made) {
		set_pending(apply, node->key, node->parent);
	}
	return true;
}

/* All but id and name have been looked at. */
static bool make_node(Apply *apply, const Folder *parent, GError **error)
{
	Ledger *ledger = apply->ledger;
	NewNode node = { .parent = parent->key, .operation = &apply->operation };
	JournalOutcome outcome = JOURNAL_NAME_TAKEN;
	bool made = false;
	/* That no other has this very name the database says. */
	if ((ledger->caseless && !check_name(apply, parent->key, 0, &outcome, error)) ||
	    !tables_key(ledger->keys, ledger->session, TABLES_NODE, &node.key, error) ||
	    (outcome != JOURNAL_CASE_TAKEN && !insert_node(apply, &node, &made, error))) {
		return false;
	}
	if (!made && apply->in_group && !insert_pending(apply, &node, &made, error)) {
		return false;
	}
	if (!made) {
		return refuse(apply, outcome == JOURNAL_CASE_TAKEN ? outcome : JOURNAL_NAME_TAKEN);
	}
	ledger->counts.nodes++;
	finished(apply);
	switch (apply->operation.kind) {
	case JOURNAL_FILE:
		return holding_take(apply->holding, error);
	case JOURNAL_FOLDER:
		ancestry_add(ledger->ancestry, parent, node.key, &apply->operation.node);
		return ancestry_raise(ledger->ancestry, parent->key, 1, error);
	case JOURNAL_LINK:
		break;
	}
	return true;
}

/* Makes the folder live. What is put into a dead folder meets no name there, but perhaps its id. */
static bool revive_for_create(Apply *apply, const Folder **parent, GError **error)
{
	g_auto(LedgerNode) node = { 0 };
	if (!ledger_find(apply->ledger, &apply->operation.node, &node, error)) {
		return false;
	}
	if (node.key != 0) {
		return refuse(apply, JOURNAL_EXISTS);
	}
	bool taken;
	if (!revive_folder(apply->ledger, (*parent)->key, 0, &taken, error)) {
		return false;
	}
	return taken ? refuse(apply, JOURNAL_NO_PARENT) : find_parent(apply, parent, error);
}

static bool create_new(Apply *apply, GError **error)
{
	const Folder *parent;
	if (!find_parent(apply, &parent, error)) {
		return false;
	}
	if (refused(apply)) {
		return true;
	}
	if (!fits_depth(parent, apply->operation.kind == JOURNAL_FOLDER, 0)) {
		return refuse(apply, JOURNAL_INVALID);
	}
	if (!check_state(apply, apply->operation.kind, error)) {
		return false;
	}
	if (!refused(apply) && parent->dead && !revive_for_create(apply, &parent, error)) {
		return false;
	}
	return refused(apply) || make_node(apply, parent, error);
}

static bool create(Apply *apply, GError **error)
{
	NodeId id;
	if (!text_is_name(apply->operation.name, apply->operation.name_size) ||
	    !node_id_from_bytes(apply->operation.node.bytes, NODE_ID_SIZE, &id)) {
		return refuse(apply, JOURNAL_INVALID);
	}
	return create_new(apply, error) && (!refused(apply) || look_for_retry(apply, error));
}

/* ---- update -------------------------------------------------------------------------------- */

/* A deleted node comes back with new content, if its place is free. */
static bool revive_for_update(Apply *apply, const LedgerNode *node, GError **error)
{
	Ledger *ledger = apply->ledger;
	const Folder *parent;
	if (!ancestry_get(ledger->ancestry, node->parent, &parent, error)) {
		return false;
	}
	if (parent->dead) {
		bool taken;
		if (!revive_folder(ledger, parent->key, node->key, &taken, error)) {
			return false;
		}
		return !taken || refuse(apply, JOURNAL_NO_PARENT);
	}
	if (!node->deleted) {
		return true;
	}
	LedgerName wish = { .parent = parent->key, .node = node->key };
	wish.name = g_bytes_get_data(node->name, &wish.size);
	JournalOutcome outcome;
	if (!ledger_check_name(ledger, &wish, &outcome, error)) {
		return false;
	}
	return outcome == JOURNAL_APPLIED || refuse(apply, outcome);
}

static bool update(Apply *apply, GError **error)
{
	g_auto(LedgerNode) node = { 0 };
	if (!find_node(apply, &node, error)) {
		return false;
	}
	if (refused(apply)) {
		return true;
	}
	if (node.kind == JOURNAL_FOLDER) {
		return refuse(apply, JOURNAL_INVALID);
	}
	if (!check_state(apply, node.kind, error)) {
		return false;
	}
	if (!refused(apply) && !revive_for_update(apply, &node, error)) {
		return false;
	}
	if (refused(apply)) {
		return true;
	}
	bool take = node.kind == JOURNAL_FILE && !ledger_same_content(&node, &apply->operation);
	LedgerAuthor who = author(apply);
	return ledger_set_content(apply->ledger, &node, &apply->operation, &who, error) &&
	       (!take || holding_take(apply->holding, error)) && finished(apply);
}

/* ---- move ---------------------------------------------------------------------------------- */

/* May the node lie in this folder? */
static bool check_place(Apply *apply, LedgerNode *node, const Folder *parent, GError **error)
{
	bool folder = node->kind == JOURNAL_FOLDER;
	if (folder && ancestry_contains(apply->ledger->ancestry, node->key, parent->key)) {
		return refuse(apply, JOURNAL_CYCLE);
	}
	if (fits_depth(parent, folder, node->height)) {
		return true;
	}
	if (folder && fits_depth(parent, true, 0) &&
	    !ancestry_count(apply->ledger->ancestry, node->key, &node->height, error)) {
		return false;
	}
	return fits_depth(parent, folder, node->height) || refuse(apply, JOURNAL_INVALID);
}

typedef struct Place {
	int64_t folder;
	bool node_dead; /* the node lies below a tombstone so far */
} Place;

/* What a folder brings along. */
static bool bring_below(Apply *apply, const LedgerNode *node, const Place *place, GError **error)
{
	Ledger *ledger = apply->ledger;
	if (node->kind != JOURNAL_FOLDER) {
		return true;
	}
	ancestry_drop(ledger->ancestry);
	return ancestry_raise(ledger->ancestry, place->folder, node->height + 1, error) &&
	       (!place->node_dead || revive_below(ledger, node->key, 0, error));
}

static bool set_place(Apply *apply, const LedgerNode *node, const Place *place, GBytes *name,
		      GError **error)
{
	LedgerAuthor who = author(apply);
	return ledger_set_place(apply->ledger, node, place->folder, name, &who, error) &&
	       finished(apply);
}

static bool put_into_live(Apply *apply, const LedgerNode *node, const Place *place, GError **error)
{
	const JournalOperation *operation = &apply->operation;
	JournalOutcome outcome;
	if (!check_name(apply, place->folder, node->key, &outcome, error)) {
		return false;
	}
	bool taken = outcome != JOURNAL_APPLIED;
	if (taken && !apply->in_group) {
		return refuse(apply, outcome);
	}
	g_autoptr(GBytes) name = taken ? pending_name(node->key)
				       : g_bytes_new(operation->name, operation->name_size);
	if (!set_place(apply, node, place, name, error)) {
		return false;
	}
	if (taken) {
		set_pending(apply, node->key, place->folder);
	}
	return bring_below(apply, node, place, error);
}

/*
 * The node goes in first, under a name of its own: where it was it can be in the way of a folder
 * that comes back, and in the folder names are free only when the other children are buried.
 */
static bool put_into_dead(Apply *apply, const LedgerNode *node, const Place *place, GError **error)
{
	Ledger *ledger = apply->ledger;
	g_autoptr(GBytes) name = pending_name(node->key);
	bool taken;
	if (!revive_is_taken(ledger, place->folder, &taken, error)) {
		return false;
	}
	if (taken) {
		return refuse(apply, JOURNAL_NO_PARENT);
	}
	return set_place(apply, node, place, name, error) &&
	       revive_folder(ledger, place->folder, node->key, &taken, error) &&
	       ledger_set_name(ledger, node->key, apply->operation.name, apply->operation.name_size,
			       error) &&
	       bring_below(apply, node, place, error);
}

static bool move_found(Apply *apply, LedgerNode *node, GError **error)
{
	const Folder *parent;
	const Folder *old;
	if (!ancestry_get(apply->ledger->ancestry, node->parent, &old, error) ||
	    !find_parent(apply, &parent, error)) {
		return false;
	}
	if (!refused(apply) && !check_place(apply, node, parent, error)) {
		return false;
	}
	if (refused(apply)) {
		return true;
	}
	Place place = { .folder = parent->key, .node_dead = old->dead };
	return parent->dead ? put_into_dead(apply, node, &place, error)
			    : put_into_live(apply, node, &place, error);
}

static bool move(Apply *apply, GError **error)
{
	if (!text_is_name(apply->operation.name, apply->operation.name_size)) {
		return refuse(apply, JOURNAL_INVALID);
	}
	g_auto(LedgerNode) node = { 0 };
	if (!find_node(apply, &node, error)) {
		return false;
	}
	if (!refused(apply) && node.deleted) {
		return refuse(apply, JOURNAL_NOT_FOUND);
	}
	return refused(apply) || move_found(apply, &node, error);
}

/* ---- delete -------------------------------------------------------------------------------- */

/* Did anything live below the folder change after the deletion was decided? O(changes since). */
static bool is_newer_inside(Apply *apply, const LedgerNode *folder, bool *ret_newer, GError **error)
{
	Ledger *ledger = apply->ledger;
	*ret_newer = false;
	SqlStatement *statement =
		sql_statement(ledger->session,
			      "SELECT key, parent FROM node "
			      "WHERE drive = $1 AND seq > $2 AND deleted = 0 ORDER BY seq DESC",
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, ledger->drive);
	sql_bind_int(statement, 2, (int64_t)apply->operation.decided_at);
	for (;;) {
		bool row;
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		if (!row) {
			return true;
		}
		int64_t key = sql_column_int(statement, 0);
		const Folder *parent;
		if (key == folder->key || key == ledger->root) {
			continue;
		}
		if (!ancestry_get(ledger->ancestry, sql_column_int(statement, 1), &parent, error)) {
			return false;
		}
		if (!parent->dead &&
		    ancestry_contains(ledger->ancestry, folder->key, parent->key)) {
			*ret_newer = true;
			return true;
		}
	}
}

static bool check_folder(Apply *apply, const LedgerNode *node, GError **error)
{
	/* Nobody can have seen what is still to come. */
	if (apply->operation.decided_at > apply->ledger->stored.seq) {
		return refuse(apply, JOURNAL_INVALID);
	}
	const Folder *folder;
	bool newer = false;
	if (!ancestry_get(apply->ledger->ancestry, node->key, &folder, error)) {
		return false;
	}
	if (!folder->dead && !is_newer_inside(apply, node, &newer, error)) {
		return false;
	}
	return !newer || refuse(apply, JOURNAL_NEWER_INSIDE);
}

static bool delete_found(Apply *apply, const LedgerNode *node, GError **error)
{
	bool folder = node->kind == JOURNAL_FOLDER;
	if (folder && !check_folder(apply, node, error)) {
		return false;
	}
	if (refused(apply)) {
		return true;
	}
	LedgerAuthor who = author(apply);
	if (!ledger_delete(apply->ledger, node->key, &who, error)) {
		return false;
	}
	if (folder) {
		ancestry_drop(apply->ledger->ancestry);
	}
	return finished(apply);
}

static bool delete_node(Apply *apply, GError **error)
{
	g_auto(LedgerNode) node = { 0 };
	if (!find_node(apply, &node, error)) {
		return false;
	}
	if (!refused(apply) && node.deleted) {
		return refuse(apply, JOURNAL_NOT_FOUND);
	}
	return refused(apply) || delete_found(apply, &node, error);
}

/* ---- a commit ------------------------------------------------------------------------------ */

static bool apply_one(Apply *apply, const JournalOperation *operation, JournalResult *result,
		      GError **error)
{
	apply->operation = *operation;
	apply->result = result;
	*result = (JournalResult){ .outcome = JOURNAL_APPLIED };
	switch (operation->verb) {
	case JOURNAL_CREATE:
		return create(apply, error);
	case JOURNAL_UPDATE:
		return update(apply, error);
	case JOURNAL_MOVE:
		return move(apply, error);
	case JOURNAL_DELETE:
		return delete_node(apply, error);
	}
	return refuse(apply, JOURNAL_INVALID);
}

static bool is_success(const JournalResult *result)
{
	return result->outcome == JOURNAL_APPLIED || result->outcome == JOURNAL_ALREADY;
}

/* Now each must get the name that it asked for. */
static bool settle_names(Apply *apply, bool *ret_settled, GError **error)
{
	for (unsigned i = 0; i < apply->pending->len; i++) {
		const Pending *pending = &g_array_index(apply->pending, Pending, i);
		const LedgerName wish = { pending->parent, pending->name, pending->name_size,
					  pending->node };
		JournalOutcome outcome;
		if (!ledger_check_name(apply->ledger, &wish, &outcome, error)) {
			return false;
		}
		if (outcome != JOURNAL_APPLIED) {
			*pending->result = (JournalResult){ .outcome = outcome };
			*ret_settled = false;
			return true;
		}
		if (!ledger_set_name(apply->ledger, pending->node, pending->name,
				     pending->name_size, error)) {
			return false;
		}
	}
	*ret_settled = true;
	return true;
}

static bool try_group(Apply *apply, const JournalOperation *operations, size_t count,
		      JournalResult *results, bool *ret_whole, GError **error)
{
	*ret_whole = true;
	for (size_t i = 0; i < count && *ret_whole; i++) {
		if (!apply_one(apply, &operations[i], &results[i], error)) {
			return false;
		}
		*ret_whole = is_success(&results[i]);
	}
	return !*ret_whole || settle_names(apply, ret_whole, error);
}

static bool apply_group(Apply *apply, const JournalOperation *operations, size_t count,
			JournalResult *results, GError **error)
{
	const LedgerCounts counts = apply->ledger->counts;
	bool whole;
	for (size_t i = 0; i < count; i++) {
		results[i] = (JournalResult){ .outcome = JOURNAL_GROUP_FAILED };
	}
	apply->in_group = true;
	g_array_set_size(apply->pending, 0);
	if (!sql_savepoint(apply->ledger->session, error) ||
	    !try_group(apply, operations, count, results, &whole, error)) {
		return false;
	}
	apply->in_group = false;
	g_array_set_size(apply->pending, 0);
	if (whole) {
		return sql_savepoint_release(apply->ledger->session, error);
	}
	/* What was applied in vain failed with its neighbour; what had been applied before is. */
	for (size_t i = 0; i < count; i++) {
		if (results[i].outcome == JOURNAL_APPLIED) {
			results[i] = (JournalResult){ .outcome = JOURNAL_GROUP_FAILED };
		}
	}
	ledger_restore(apply->ledger, &counts);
	holding_undone(apply->holding);
	return sql_savepoint_rollback(apply->ledger->session, error);
}

static size_t group_size(const JournalCommit *commit, size_t first)
{
	uint32_t group = commit->operations[first].group;
	size_t end = first + 1;
	while (group != 0 && end < commit->operation_count &&
	       commit->operations[end].group == group) {
		end++;
	}
	return end - first;
}

bool apply_operations(Ledger *ledger, Holding *holding, const JournalCommit *commit,
		      JournalResult *ret_results, GError **error)
{
	g_autoptr(GArray) pending = g_array_new(FALSE, FALSE, sizeof(Pending));
	Apply apply = { .ledger = ledger, .holding = holding, .pending = pending };
	for (size_t i = 0; i < commit->operation_count;) {
		const JournalOperation *operation = &commit->operations[i];
		size_t count = group_size(commit, i);
		bool done = operation->group == 0
				    ? apply_one(&apply, operation, &ret_results[i], error)
				    : apply_group(&apply, operation, count, &ret_results[i], error);
		if (!done) {
			return false;
		}
		ledger_advance(ledger);
		i += count;
	}
	return true;
}
