/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coming back from below a tombstone, and from history.
 *
 * Devices removed everything below the tombstone when they saw it. So each node that counts as live
 * again must get a new seq, and each that must not gets a tombstone of its own.
 *
 * It is the drive that writes what is restored, not a device: no device has the content because it
 * sent it.
 */
#include "server/journal/revive_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/journal/holding_internal.h"
#include "sql/ask.h"

#include <string.h>

static bool read_grave(Ledger *ledger, int64_t key, bool *ret_deleted, int64_t *time_us,
		       GError **error)
{
	SqlStatement *row;
	if (!ask_find(ledger->session, "SELECT deleted, time FROM node WHERE key = $1",
		      ASK_VALUES(ASK_INT(key)), &row, error)) {
		return false;
	}
	*ret_deleted = row && sql_column_int(row, 0) != 0;
	if (*ret_deleted) {
		*time_us = sql_column_int(row, 1);
	}
	return true;
}

/* They were deleted with the folder, at that time. */
static bool bury_children(Ledger *ledger, int64_t folder, int64_t except, int64_t time_us,
			  GError **error)
{
	const LedgerAuthor drive = { .time_us = time_us };
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	if (!ledger_children(ledger, folder, except, keys, error)) {
		return false;
	}
	for (unsigned i = 0; i < keys->len; i++) {
		if (!ledger_delete(ledger, g_array_index(keys, int64_t, i), &drive, error)) {
			return false;
		}
		ledger_advance(ledger);
	}
	return true;
}

static bool name_taken(Ledger *ledger, const Folder *folder, bool *ret_taken, GError **error)
{
	SqlStatement *row;
	if (!ask_find(ledger->session, "SELECT name FROM node WHERE key = $1",
		      ASK_VALUES(ASK_INT(folder->key)), &row, error)) {
		return false;
	}
	g_assert(row);
	LedgerName wish = { .parent = folder->parent, .node = folder->key };
	const void *bytes = sql_column_bytes(row, 0, &wish.size);
	g_autofree void *name = g_memdup2(bytes, wish.size);
	wish.name = name;
	JournalOutcome outcome;
	if (!ledger_check_name(ledger, &wish, &outcome, error)) {
		return false;
	}
	*ret_taken = outcome != JOURNAL_APPLIED;
	return true;
}

/* Keys of the dead folders from this one upwards. */
static bool dead_chain(Ledger *ledger, int64_t folder, GArray *ret_chain, bool *ret_taken,
		       GError **error)
{
	const Folder *at;
	if (!ancestry_get(ledger->ancestry, folder, &at, error)) {
		return false;
	}
	const Folder *first = at;
	while (at->dead) {
		first = at;
		g_array_append_val(ret_chain, at->key);
		g_assert(at->parent != 0);
		if (!ancestry_get(ledger->ancestry, at->parent, &at, error)) {
			return false;
		}
	}
	return name_taken(ledger, first, ret_taken, error);
}

bool revive_is_taken(Ledger *ledger, int64_t folder, bool *ret_taken, GError **error)
{
	g_autoptr(GArray) chain = g_array_new(FALSE, FALSE, sizeof(int64_t));
	return dead_chain(ledger, folder, chain, ret_taken, error);
}

bool revive_folder(Ledger *ledger, int64_t folder, int64_t except, bool *ret_taken, GError **error)
{
	g_autoptr(GArray) chain = g_array_new(FALSE, FALSE, sizeof(int64_t));
	if (!dead_chain(ledger, folder, chain, ret_taken, error)) {
		return false;
	}
	g_assert(chain->len > 0);
	if (*ret_taken) {
		return true;
	}
	int64_t time_us = ledger->time_us;
	for (unsigned i = chain->len; i > 0; i--) {
		int64_t key = g_array_index(chain, int64_t, i - 1);
		int64_t stays = i > 1 ? g_array_index(chain, int64_t, i - 2) : except;
		bool deleted;
		if (!read_grave(ledger, key, &deleted, &time_us, error) ||
		    !bury_children(ledger, key, stays, time_us, error) ||
		    !ledger_show(ledger, key, deleted, error)) {
			return false;
		}
	}
	ancestry_drop(ledger->ancestry);
	return true;
}

typedef struct Child {
	int64_t key;
	bool folder;
	bool deleted;
} Child;

#define CHILDREN_WITH(other)                                                         \
	"SELECT key, kind, deleted FROM node WHERE parent = $1 AND (deleted = 0 OR " \
	"(seq = $2 AND NOT " other "))"
#define OTHER(named)                                                             \
	"EXISTS (SELECT 1 FROM node AS other WHERE other.parent = $1 AND " named \
	" AND other.key <> node.key AND (other.deleted = 0 OR other.seq = $2))"
#define NAMED_OTHER OTHER("other.name = node.name")
/* Two, so that each finds its index. */
#define FOLDED_OTHER                                                               \
	"(" OTHER("other.folded = coalesce(node.folded, node.name)") " OR " OTHER( \
		"other.name = coalesce(node.folded, node.name) AND other.folded IS NULL") ")"

/* Live children, and those deleted under the seq whose names are free. */
static bool children_with(Ledger *ledger, int64_t folder, uint64_t with, GArray *ret_children,
			  GError **error)
{
	const char *text =
		ledger->caseless ? CHILDREN_WITH(FOLDED_OTHER) : CHILDREN_WITH(NAMED_OTHER);
	SqlStatement *statement = sql_statement(ledger->session, text, error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, folder);
	sql_bind_int(statement, 2, (int64_t)with);
	for (;;) {
		bool row;
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		if (!row) {
			return true;
		}
		Child child = {
			.key = sql_column_int(statement, 0),
			.folder = sql_column_int(statement, 1) == JOURNAL_FOLDER,
			.deleted = sql_column_int(statement, 2) != 0,
		};
		g_array_append_val(ret_children, child);
	}
}

bool revive_below(Ledger *ledger, int64_t folder, uint64_t with, GError **error)
{
	g_autoptr(GArray) children = g_array_new(FALSE, FALSE, sizeof(Child));
	g_autoptr(GArray) folders = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_array_append_val(folders, folder);
	for (unsigned next = 0; next < folders->len; next++) {
		g_array_set_size(children, 0);
		if (!children_with(ledger, g_array_index(folders, int64_t, next), with, children,
				   error)) {
			return false;
		}
		for (unsigned i = 0; i < children->len; i++) {
			const Child *child = &g_array_index(children, Child, i);
			ledger_advance(ledger);
			if (!ledger_show(ledger, child->key, child->deleted, error)) {
				return false;
			}
			if (child->folder) {
				g_array_append_val(folders, child->key);
			}
		}
	}
	return true;
}

/* ---- restoring ----------------------------------------------------------------------------- */

static bool fail(GError **error, DriveError code, const char *reason)
{
	g_set_error_literal(error, DRIVE_ERROR, code, reason);
	return false;
}

/*
 * "report.odt" -> "report (restored).odt", then "report (restored 2).odt" … for attempt 1, 2 …;
 * never longer than NAME_SIZE_MAX, cut at a UTF-8 boundary.
 */
static GBytes *restored_name(const void *name, size_t size, unsigned attempt)
{
	const char *text = name;
	g_autofree char *suffix =
		attempt == 1 ? g_strdup(" (restored)") : g_strdup_printf(" (restored %u)", attempt);
	size_t suffix_size = strlen(suffix);

	/* A leading dot hides a file and begins no ending; a long ending is none. */
	const char *dot = g_strrstr_len(text, (gssize)size, ".");
	size_t stem = dot && dot > text ? (size_t)(dot - text) : size;
	if (size - stem > 16) {
		stem = size;
	}
	const char *ending = text + stem;
	size_t ending_size = size - stem;
	if (stem + suffix_size + ending_size > NAME_SIZE_MAX) {
		stem = NAME_SIZE_MAX - suffix_size - ending_size;
		while (stem > 0 && ((unsigned char)text[stem] & 0xc0) == 0x80) {
			stem--;
		}
	}
	GByteArray *bytes = g_byte_array_sized_new(NAME_SIZE_MAX);
	g_byte_array_append(bytes, name, (unsigned)stem);
	g_byte_array_append(bytes, (const uint8_t *)suffix, (unsigned)suffix_size);
	g_byte_array_append(bytes, (const uint8_t *)ending, (unsigned)ending_size);
	return g_byte_array_free_to_bytes(bytes);
}

/* The name, or one made from it that is free in this folder. */
static bool free_name(Ledger *ledger, int64_t folder, GBytes *name, GBytes **ret_name,
		      GError **error)
{
	gsize size;
	const void *bytes = g_bytes_get_data(name, &size);
	g_autoptr(GBytes) free = g_bytes_ref(name);
	for (unsigned attempt = 1;; attempt++) {
		LedgerName wish = { .parent = folder };
		JournalOutcome outcome;
		wish.name = g_bytes_get_data(free, &wish.size);
		if (!ledger_check_name(ledger, &wish, &outcome, error)) {
			return false;
		}
		if (outcome == JOURNAL_APPLIED) {
			*ret_name = g_steal_pointer(&free);
			return true;
		}
		g_bytes_unref(free);
		free = restored_name(bytes, size, attempt);
	}
}

/* A deleted node's name may have been given again. */
static bool make_name_free(Ledger *ledger, int64_t node, int64_t folder, GBytes *name,
			   GError **error)
{
	g_autoptr(GBytes) free = NULL;
	if (!free_name(ledger, folder, name, &free, error)) {
		return false;
	}
	if (g_bytes_equal(free, name)) {
		return true;
	}
	gsize size;
	const void *bytes = g_bytes_get_data(free, &size);
	return ledger_set_name(ledger, node, bytes, size, error);
}

/* The first of the dead folders above, whose name is in use again, gets another. */
static bool rename_first_dead(Ledger *ledger, int64_t folder, GError **error)
{
	const Folder *at;
	const Folder *first = NULL;
	for (int64_t key = folder; key != 0; key = at->parent) {
		if (!ancestry_get(ledger->ancestry, key, &at, error)) {
			return false;
		}
		if (!at->dead) {
			break;
		}
		first = at;
	}
	g_assert(first);
	g_auto(LedgerNode) node = { 0 };
	return ledger_find(ledger, &first->id, &node, error) &&
	       make_name_free(ledger, node.key, node.parent, node.name, error);
}

/* Makes the folder of a node live. */
static bool revive_above(Ledger *ledger, const LedgerNode *node, GError **error)
{
	const Folder *parent;
	bool taken;
	if (!ancestry_get(ledger->ancestry, node->parent, &parent, error)) {
		return false;
	}
	if (!parent->dead) {
		return true;
	}
	if (!revive_folder(ledger, node->parent, node->key, &taken, error)) {
		return false;
	}
	return !taken || (rename_first_dead(ledger, node->parent, error) &&
			  revive_folder(ledger, node->parent, node->key, &taken, error));
}

static bool undelete(Ledger *ledger, const LedgerNode *node, GError **error)
{
	const Folder *parent;
	if (!ancestry_get(ledger->ancestry, node->parent, &parent, error)) {
		return false;
	}
	if (!node->deleted && !parent->dead) {
		return fail(error, DRIVE_ERROR_CONFLICT, "the node is not deleted");
	}
	if (!revive_above(ledger, node, error) ||
	    (node->deleted &&
	     !make_name_free(ledger, node->key, node->parent, node->name, error)) ||
	    !ledger_show(ledger, node->key, node->deleted, error)) {
		return false;
	}
	ancestry_drop(ledger->ancestry);
	return node->kind != JOURNAL_FOLDER ||
	       revive_below(ledger, node->key, node->deleted ? node->seq : 0, error);
}

/* ---- versions ------------------------------------------------------------------------------ */

typedef struct State {
	JournalOperation fields; /* size, mtime, executable, content */
	GBytes *content;
} State;

static void state_clear(State *state)
{
	g_clear_pointer(&state->content, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(State, state_clear)

static bool find_state(Ledger *ledger, int64_t node, int64_t number, State *ret_state,
		       GError **error)
{
	SqlStatement *row;
	if (!ask_find(ledger->session,
		      "SELECT size, mtime, executable, content FROM version"
		      " WHERE node = $1 AND number = $2 AND content IS NOT NULL"
		      " UNION ALL SELECT size, mtime, executable, content FROM node"
		      " WHERE key = $1 AND number = $2",
		      ASK_VALUES(ASK_INT(node), ASK_INT(number)), &row, error)) {
		return false;
	}
	if (!row) {
		return fail(error, DRIVE_ERROR_NOT_FOUND, "there is no such version");
	}
	size_t size;
	const void *content = sql_column_bytes(row, 3, &size);
	ret_state->content = g_bytes_new(content, size);
	ret_state->fields = (JournalOperation){
		.size = (uint64_t)sql_column_int(row, 0),
		.mtime_ns = sql_column_int(row, 1),
		.executable = sql_column_int(row, 2) != 0,
		.content = g_bytes_get_data(ret_state->content, NULL),
		.content_size = size,
	};
	return true;
}

static bool put_back(Ledger *ledger, const LedgerNode *node, int64_t number, GError **error)
{
	const LedgerAuthor drive = { .time_us = ledger->time_us };
	g_auto(State) state = { 0 };
	if (node->kind == JOURNAL_FOLDER) {
		return fail(error, DRIVE_ERROR_INVALID, "a folder has no versions");
	}
	if (!find_state(ledger, node->key, number, &state, error)) {
		return false;
	}
	bool take = node->kind == JOURNAL_FILE && !ledger_same_content(node, &state.fields);
	g_autoptr(Holding) holding = holding_new(ledger, NULL);
	JournalOutcome outcome = JOURNAL_APPLIED;
	if (take && !holding_plan(holding, state.fields.content, state.fields.content_size,
				  state.fields.size, &outcome, error)) {
		return false;
	}
	if (outcome != JOURNAL_APPLIED) {
		return fail(error, DRIVE_ERROR_CORRUPT, "the drive does not hold the version");
	}
	return revive_above(ledger, node, error) &&
	       (!node->deleted ||
		make_name_free(ledger, node->key, node->parent, node->name, error)) &&
	       ledger_set_content(ledger, node, &state.fields, &drive, error) &&
	       (!take || holding_take(holding, error));
}

bool revive_restore(Ledger *ledger, const NodeId *id, int64_t number, GError **error)
{
	g_auto(LedgerNode) node = { 0 };
	if (!ledger_find(ledger, id, &node, error)) {
		return false;
	}
	if (node.key == 0) {
		return fail(error, DRIVE_ERROR_NOT_FOUND, "no such file or folder on the drive");
	}
	if (node.key == ledger->root || number < 0) {
		return fail(error, DRIVE_ERROR_INVALID, "neither a version nor a deleted node");
	}
	return number == 0 ? undelete(ledger, &node, error)
			   : put_back(ledger, &node, number, error);
}
