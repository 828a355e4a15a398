/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of changes, and the cursors between them.
 *
 *	cursor = u8 version, 16 bytes drive, u64 seq, u64 known, u64 tag    (little-endian)
 *
 * `seq` is where the next page begins. `known` >= seq is a seq whose tombstones the device does not
 * need, because it began to read when they were there already: while a snapshot is read, the seq at
 * its beginning; afterwards seq itself. `tag` is the random tag of the commit `known`: only the
 * history that the device has read has it.
 */
#include "server/journal/changes_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/journal/nodes_internal.h"

#include <string.h>

#define CURSOR_VERSION 1
#define CURSOR_SIZE (1 + NODE_ID_SIZE + 3 * 8)
/* A page goes into one message; a seq adds at most about as much again. */
#define PAGE_WEIGHT_MAX (1 * MIB)

typedef struct Cursor {
	NodeId drive;
	uint64_t seq;
	uint64_t known;
	int64_t tag;
} Cursor;

static GBytes *cursor_encode(const Cursor *cursor)
{
	uint8_t bytes[CURSOR_SIZE];
	uint64_t numbers[3] = {
		GUINT64_TO_LE(cursor->seq),
		GUINT64_TO_LE(cursor->known),
		GUINT64_TO_LE((uint64_t)cursor->tag),
	};
	bytes[0] = CURSOR_VERSION;
	memcpy(bytes + 1, cursor->drive.bytes, NODE_ID_SIZE);
	memcpy(bytes + 1 + NODE_ID_SIZE, numbers, sizeof numbers);
	return g_bytes_new(bytes, sizeof bytes);
}

static bool cursor_decode(GBytes *encoded, Cursor *ret_cursor)
{
	gsize size;
	const uint8_t *bytes = g_bytes_get_data(encoded, &size);
	if (size != CURSOR_SIZE || bytes[0] != CURSOR_VERSION) {
		return false;
	}
	uint64_t numbers[3];
	memcpy(ret_cursor->drive.bytes, bytes + 1, NODE_ID_SIZE);
	memcpy(numbers, bytes + 1 + NODE_ID_SIZE, sizeof numbers);
	ret_cursor->seq = GUINT64_FROM_LE(numbers[0]);
	ret_cursor->known = GUINT64_FROM_LE(numbers[1]);
	ret_cursor->tag = (int64_t)GUINT64_FROM_LE(numbers[2]);
	return true;
}

/* *ret_found false: no commit of this drive had that seq, or it is forgotten. */
static bool read_tag(Ledger *ledger, uint64_t seq, bool *ret_found, int64_t *ret_tag,
		     GError **error)
{
	SqlStatement *statement = sql_statement(
		ledger->session, "SELECT tag FROM commit_tag WHERE drive = $1 AND seq = $2", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, ledger->drive);
	sql_bind_int(statement, 2, (int64_t)seq);
	if (!sql_step(statement, ret_found, error)) {
		return false;
	}
	*ret_tag = *ret_found ? sql_column_int(statement, 0) : 0;
	return true;
}

/* Is the cursor from this drive's history, and are the tombstones after it still there? */
static bool check_cursor(Ledger *ledger, const Cursor *cursor, bool *ret_valid, GError **error)
{
	*ret_valid = false;
	if (!node_id_equal(&cursor->drive, &ledger->id) || cursor->seq > cursor->known ||
	    cursor->known > ledger->counts.seq || cursor->known < ledger->counts.trimmed) {
		return true;
	}
	bool found;
	int64_t tag;
	if (!read_tag(ledger, cursor->known, &found, &tag, error)) {
		return false;
	}
	*ret_valid = found && tag == cursor->tag;
	return true;
}

static bool begin(Ledger *ledger, GBytes *encoded, Cursor *cursor, bool *ret_reset, GError **error)
{
	bool given = encoded && g_bytes_get_size(encoded) > 0;
	bool valid = false;
	if (given && cursor_decode(encoded, cursor) &&
	    !check_cursor(ledger, cursor, &valid, error)) {
		return false;
	}
	*ret_reset = given && !valid;
	if (!valid) {
		*cursor = (Cursor){ .drive = ledger->id, .known = ledger->counts.seq };
	}
	return true;
}

/* ---- pages --------------------------------------------------------------------------------- */

typedef struct Reading {
	Ledger *ledger;
	Cursor cursor;
	unsigned nodes_max;
	GArray *nodes;
	size_t weight;
	uint64_t seq; /* of the rows being read */
	bool at_head;
} Reading;

/* A page ends between two seqs. */
static bool is_full(const Reading *reading, uint64_t seq)
{
	return seq != reading->seq &&
	       (reading->nodes->len >= reading->nodes_max || reading->weight >= PAGE_WEIGHT_MAX);
}

/*
 * Live rows below a tombstone. A device that has read up to `known` may have the node elsewhere: it
 * moved into the folder before that was deleted, and the folder's tombstone alone would not tell.
 * Others never hear of it.
 */
static bool is_needed(const Reading *reading, JournalNode *node, bool dead)
{
	if (node->deleted || !dead) {
		return true;
	}
	node->deleted = true;
	return node->seq > reading->cursor.known;
}

static bool add_row(Reading *reading, SqlStatement *statement, GError **error)
{
	JournalNode node;
	bool dead;
	if (!nodes_from_row(statement, reading->ledger->ancestry, &node, &dead, error)) {
		return false;
	}
	if (!is_needed(reading, &node, dead)) {
		journal_node_clear(&node);
		return true;
	}
	if (node.deleted) {
		g_clear_pointer(&node.content, g_bytes_unref);
	}
	reading->weight += 96 + g_bytes_get_size(node.name) +
			   (node.content ? g_bytes_get_size(node.content) : 0);
	g_array_append_val(reading->nodes, node);
	return true;
}

static bool read_rows(Reading *reading, GError **error)
{
	SqlStatement *statement =
		sql_statement(reading->ledger->session,
			      "SELECT " NODES_COLUMNS " FROM node WHERE drive = $1 AND seq > $2"
			      " AND (deleted = 0 OR seq > $3) ORDER BY seq, key",
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, reading->ledger->drive);
	sql_bind_int(statement, 2, (int64_t)reading->cursor.seq);
	sql_bind_int(statement, 3, (int64_t)reading->cursor.known);
	for (;;) {
		bool row;
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		if (!row) {
			reading->at_head = true;
			return true;
		}
		uint64_t seq = (uint64_t)sql_column_int(statement, 7);
		if (is_full(reading, seq)) {
			return true;
		}
		reading->seq = seq;
		if (!add_row(reading, statement, error)) {
			return false;
		}
	}
}

static bool finish(Reading *reading, JournalPage *page, GError **error)
{
	Cursor *cursor = &reading->cursor;
	cursor->seq = reading->at_head ? reading->ledger->counts.seq : reading->seq;
	cursor->known = MAX(cursor->known, cursor->seq);
	bool found;
	if (!read_tag(reading->ledger, cursor->known, &found, &cursor->tag, error)) {
		return false;
	}
	if (!found) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "journal: commit %" G_GUINT64_FORMAT " has no tag", cursor->known);
		return false;
	}
	page->cursor = cursor_encode(cursor);
	page->at_head = reading->at_head;
	page->seq = cursor->seq;
	return true;
}

bool changes_read(Ledger *ledger, GBytes *cursor, unsigned nodes_max, JournalPage *ret_page,
		  GError **error)
{
	JournalPage page = { .nodes = g_array_new(FALSE, FALSE, sizeof(JournalNode)) };
	g_array_set_clear_func(page.nodes, (GDestroyNotify)journal_node_clear);
	Reading reading = { .ledger = ledger, .nodes_max = nodes_max, .nodes = page.nodes };
	if (!begin(ledger, cursor, &reading.cursor, &page.reset, error) ||
	    !read_rows(&reading, error) || !finish(&reading, &page, error)) {
		journal_page_clear(&page);
		return false;
	}
	*ret_page = page;
	return true;
}
