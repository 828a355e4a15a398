/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forgetting, in steps: replaced versions, deleted nodes with all below them, tags of commits that
 * no cursor can name any more, ended leases.
 *
 * Nothing is searched for: versions stand in the order in which they were replaced, tombstones in
 * that of their seq, and what a forgotten state named is counted down, so that the last name takes
 * the chunk out of the index. What is due is found by reading; only then something is written.
 *
 * A deleted folder is forgotten from its leaves upwards, so that after each step every node still
 * has its parent.
 */
#include "server/journal/sweep_internal.h"

#include "base/error.h"
#include "server/journal/chunks_internal.h"
#include "server/journal/holding_internal.h"
#include "server/journal/ledger_internal.h"
#include "sql/ask.h"

#define WORK_MAX 1000 /* rows and chunks of one step, about 10 ms */
#define DRIVES_PER_STEP 256
#define LEASES_EVERY_US (3600 * (int64_t)G_USEC_PER_SEC)

static int64_t cutoff_us(const Sweep *sweep, int64_t retention_s)
{
	return sweep->now_us - retention_s * G_USEC_PER_SEC;
}

/* ---- versions ------------------------------------------------------------------------------ */

typedef struct Forgotten {
	int64_t key;
	int64_t drive;
	GBytes *content; /* of a file's former state; NULL if it names none */
} Forgotten;

static void forgotten_clear(void *data)
{
	Forgotten *forgotten = data;
	g_clear_pointer(&forgotten->content, g_bytes_unref);
}

static GArray *forgotten_new(void)
{
	GArray *array = g_array_new(FALSE, FALSE, sizeof(Forgotten));
	g_array_set_clear_func(array, forgotten_clear);
	return array;
}

/* Rows of key, drive, kind, content. */
static bool read_forgotten(SqlStatement *statement, GArray *ret_array, GError **error)
{
	for (;;) {
		bool row;
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		if (!row) {
			return true;
		}
		Forgotten forgotten = {
			.key = sql_column_int(statement, 0),
			.drive = sql_column_int(statement, 1),
		};
		if (sql_column_int(statement, 2) == JOURNAL_FILE &&
		    !sql_column_null(statement, 3)) {
			size_t size;
			const void *content = sql_column_bytes(statement, 3, &size);
			forgotten.content = g_bytes_new(content, size);
		}
		g_array_append_val(ret_array, forgotten);
	}
}

static bool release(Ledger *ledger, GBytes *content, unsigned *work, GError **error)
{
	if (!content) {
		return true;
	}
	gsize size;
	const void *bytes = g_bytes_get_data(content, &size);
	return holding_release(ledger, bytes, size, work, error);
}

static bool forget_version(Ledger *ledger, const Forgotten *version, unsigned *work, GError **error)
{
	*work += 1;
	return release(ledger, version->content, work, error) &&
	       ask_run(ledger->session, "DELETE FROM version WHERE key = $1",
		       ASK_VALUES(ASK_INT(version->key)), error);
}

/* Those of one drive that come next; a step may take them in several. */
static bool forget_versions_of(const Sweep *sweep, SqlSession *session, GArray *versions,
			       unsigned *index, unsigned *work, GError **error)
{
	g_auto(Ledger) ledger = { 0 };
	int64_t drive = g_array_index(versions, Forgotten, *index).drive;
	if (!ledger_open_key(session, sweep->keys, drive, &ledger, error)) {
		return false;
	}
	for (; *index < versions->len && *work < WORK_MAX; (*index)++) {
		const Forgotten *version = &g_array_index(versions, Forgotten, *index);
		if (version->drive != drive) {
			break;
		}
		if (!forget_version(&ledger, version, work, error)) {
			return false;
		}
	}
	return ledger_save(&ledger, error);
}

static bool forget_versions(SqlSession *session, void *data, GError **error)
{
	const Sweep *sweep = data;
	SqlStatement *statement =
		sql_statement(session,
			      "SELECT version.key, node.drive, node.kind, version.content FROM"
			      " (SELECT key, node, replaced, content FROM version ORDER BY key"
			      " LIMIT 256) AS version JOIN node ON node.key = version.node"
			      " WHERE version.replaced < $1 ORDER BY version.key",
			      error);
	if (!statement) {
		return false;
	}
	g_autoptr(GArray) versions = forgotten_new();
	sql_bind_int(statement, 1, cutoff_us(sweep, sweep->retention->versions_s));
	if (!read_forgotten(statement, versions, error)) {
		return false;
	}
	unsigned work = 0;
	for (unsigned i = 0; i < versions->len && work < WORK_MAX;) {
		if (!forget_versions_of(sweep, session, versions, &i, &work, error)) {
			return false;
		}
	}
	return true;
}

static bool versions_due(const Sweep *sweep, SqlSession *session, bool *ret_due, GError **error)
{
	int64_t key;
	bool done = ask_count(session,
			      "SELECT key FROM (SELECT key, replaced FROM version ORDER BY key"
			      " LIMIT 256) AS version WHERE replaced < $1 LIMIT 1",
			      ASK_VALUES(ASK_INT(cutoff_us(sweep, sweep->retention->versions_s))),
			      &key, error);
	*ret_due = done && key != 0;
	return done;
}

/* ---- deleted nodes ------------------------------------------------------------------------- */

/* *ret_gone false: there are more versions than this step may take. */
static bool forget_history(Ledger *ledger, int64_t node, unsigned *work, bool *ret_gone,
			   GError **error)
{
	SqlStatement *statement =
		sql_statement(ledger->session,
			      "SELECT version.key, node.drive, node.kind, version.content"
			      " FROM version JOIN node ON node.key = version.node"
			      " WHERE version.node = $1 ORDER BY version.seq LIMIT 256",
			      error);
	if (!statement) {
		return false;
	}
	g_autoptr(GArray) versions = forgotten_new();
	sql_bind_int(statement, 1, node);
	if (!read_forgotten(statement, versions, error)) {
		return false;
	}
	for (unsigned i = 0; i < versions->len; i++) {
		if (!forget_version(ledger, &g_array_index(versions, Forgotten, i), work, error)) {
			return false;
		}
	}
	*ret_gone = versions->len < 256;
	return true;
}

/* A node without children. */
static bool forget_leaf(Ledger *ledger, int64_t node, unsigned *work, bool *ret_gone,
			GError **error)
{
	if (!forget_history(ledger, node, work, ret_gone, error) || !*ret_gone) {
		return !*ret_gone;
	}
	SqlStatement *row;
	if (!ask_find(
		    ledger->session,
		    "DELETE FROM node WHERE key = $1 RETURNING key, drive, kind, content, deleted",
		    ASK_VALUES(ASK_INT(node)), &row, error)) {
		return false;
	}
	g_assert(row);
	ledger->counts.nodes -= sql_column_int(row, 4) == 0;
	g_autoptr(GBytes) content = NULL;
	if (sql_column_int(row, 2) == JOURNAL_FILE) {
		size_t size;
		const void *bytes = sql_column_bytes(row, 3, &size);
		content = g_bytes_new(bytes, size);
	}
	*work += 1;
	return sql_run(row, error) && release(ledger, content, work, error);
}

/* All below the node and it, from the leaves upwards. */
static bool forget_tree(Ledger *ledger, int64_t top, unsigned *work, bool *ret_gone, GError **error)
{
	g_autoptr(GArray) path = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_array_append_val(path, top);
	*ret_gone = true;
	while (path->len > 0 && *ret_gone) {
		int64_t at = g_array_index(path, int64_t, path->len - 1);
		int64_t child;
		if (!ask_count(ledger->session, "SELECT key FROM node WHERE parent = $1 LIMIT 1",
			       ASK_VALUES(ASK_INT(at)), &child, error)) {
			return false;
		}
		if (child != 0) {
			g_array_append_val(path, child);
			continue;
		}
		if (*work >= WORK_MAX) {
			*ret_gone = false;
			break;
		}
		if (!forget_leaf(ledger, at, work, ret_gone, error)) {
			return false;
		}
		g_array_set_size(path, path->len - *ret_gone);
	}
	return true;
}

/* The oldest tombstone; key 0 if there is none that is due. */
static bool due_tombstone(const Sweep *sweep, SqlSession *session, int64_t drive, int64_t *ret_key,
			  uint64_t *ret_seq, GError **error)
{
	SqlStatement *row;
	if (!ask_find(session,
		      "SELECT key, seq, time FROM node WHERE drive = $1 AND deleted <> 0"
		      " ORDER BY seq LIMIT 1",
		      ASK_VALUES(ASK_INT(drive)), &row, error)) {
		return false;
	}
	*ret_key = 0;
	if (row && sql_column_int(row, 2) < cutoff_us(sweep, sweep->retention->trash_s)) {
		*ret_key = sql_column_int(row, 0);
		*ret_seq = (uint64_t)sql_column_int(row, 1);
	}
	return true;
}

static bool forget_tombstones(const Sweep *sweep, Ledger *ledger, GError **error)
{
	unsigned work = 0;
	while (work < WORK_MAX) {
		int64_t key;
		uint64_t seq;
		bool gone;
		if (!due_tombstone(sweep, ledger->session, ledger->drive, &key, &seq, error)) {
			return false;
		}
		if (key == 0) {
			return true;
		}
		if (!forget_tree(ledger, key, &work, &gone, error)) {
			return false;
		}
		if (gone) {
			ledger->counts.trimmed = MAX(ledger->counts.trimmed, seq);
		}
	}
	return true;
}

/* ---- a drive ------------------------------------------------------------------------------- */

#define OLD_TAGS                           \
	"FROM commit_tag WHERE drive = $1" \
	" AND seq < (SELECT trimmed FROM drive WHERE key = $1) ORDER BY seq LIMIT 1000"

/* Tags below `trimmed`: no cursor that names one is valid any more. */
static bool forget_tags(SqlSession *session, int64_t drive, GError **error)
{
	return ask_run(session,
		       "DELETE FROM commit_tag WHERE drive = $1 AND seq IN (SELECT seq " OLD_TAGS
		       ")",
		       ASK_VALUES(ASK_INT(drive)), error);
}

typedef struct DriveStep {
	const Sweep *sweep;
	int64_t drive;
} DriveStep;

static bool forget_in_drive(SqlSession *session, void *data, GError **error)
{
	const DriveStep *step = data;
	g_auto(Ledger) ledger = { 0 };
	return ledger_open_key(session, step->sweep->keys, step->drive, &ledger, error) &&
	       forget_tombstones(step->sweep, &ledger, error) && ledger_save(&ledger, error) &&
	       forget_tags(session, step->drive, error);
}

static bool drive_due(const Sweep *sweep, SqlSession *session, int64_t drive, bool *ret_due,
		      GError **error)
{
	int64_t key;
	int64_t tags = 0;
	uint64_t seq;
	if (!due_tombstone(sweep, session, drive, &key, &seq, error) ||
	    !ask_count(session, "SELECT count(*) FROM (SELECT seq " OLD_TAGS ") AS old",
		       ASK_VALUES(ASK_INT(drive)), &tags, error)) {
		return false;
	}
	*ret_due = key != 0 || tags > 0;
	return true;
}

/* The next drive with something due, from the position on; 0 if there is none in this step. */
static bool next_due_drive(const Sweep *sweep, SqlSession *session, int64_t *ret_drive,
			   GError **error)
{
	SweepPosition *position = sweep->position;
	for (unsigned i = 0; i < DRIVES_PER_STEP; i++) {
		bool due;
		if (!ask_count(session, "SELECT key FROM drive WHERE key > $1 ORDER BY key LIMIT 1",
			       ASK_VALUES(ASK_INT(position->drive)), ret_drive, error)) {
			return false;
		}
		if (*ret_drive == 0) {
			position->drive = 0;
			return true;
		}
		if (!drive_due(sweep, session, *ret_drive, &due, error)) {
			return false;
		}
		if (due) {
			return true;
		}
		position->drive = *ret_drive;
	}
	*ret_drive = 0;
	return true;
}

/* ---- leases -------------------------------------------------------------------------------- */

typedef struct LeaseStep {
	const Sweep *sweep;
	int64_t chunk;
} LeaseStep;

static bool end_leases(SqlSession *session, void *data, GError **error)
{
	LeaseStep *step = data;
	step->chunk = step->sweep->position->lease;
	return chunks_expire(session, step->sweep->now_us, WORK_MAX, &step->chunk, error);
}

/* ---- a step -------------------------------------------------------------------------------- */

typedef struct Due {
	bool versions;
	bool leases;
	int64_t drive;
} Due;

static bool look(const Sweep *sweep, Due *ret_due, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(sweep->sql, error);
	if (!session || !versions_due(sweep, session, &ret_due->versions, error) ||
	    !next_due_drive(sweep, session, &ret_due->drive, error)) {
		return false;
	}
	const SweepPosition *position = sweep->position;
	ret_due->leases = position->lease != 0 || sweep->now_us >= position->leases_due_us ||
			  sweep->now_us < position->leases_due_us - LEASES_EVERY_US;
	return true;
}

bool sweep_step(const Sweep *sweep, bool *ret_more, GError **error)
{
	Due due;
	SweepPosition *position = sweep->position;
	if (!look(sweep, &due, error)) {
		return false;
	}
	if (due.versions && !batch_run(sweep->batch, forget_versions, (void *)sweep, error)) {
		return false;
	}
	DriveStep drive = { .sweep = sweep, .drive = due.drive };
	if (due.drive != 0 && !batch_run(sweep->batch, forget_in_drive, &drive, error)) {
		return false;
	}
	if (due.leases) {
		LeaseStep lease = { .sweep = sweep };
		if (!batch_run(sweep->batch, end_leases, &lease, error)) {
			return false;
		}
		position->lease = lease.chunk;
		position->leases_due_us = sweep->now_us + LEASES_EVERY_US;
	}
	*ret_more = due.versions || position->drive != 0 || due.drive != 0 || position->lease != 0;
	return true;
}
