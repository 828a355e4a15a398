/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal's doors: each opens a transaction and lets the module of the folder do the work.
 * DESIGN.md tells how they belong together.
 *
 * What changes something runs as a task of the batch; its results are written by whichever thread
 * leads, while the caller waits.
 */
#include "server/journal/journal.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/journal/apply_internal.h"
#include "server/journal/batch_internal.h"
#include "server/journal/changes_internal.h"
#include "server/journal/check_internal.h"
#include "server/journal/chunks_internal.h"
#include "server/journal/holding_internal.h"
#include "server/journal/ledger_internal.h"
#include "server/journal/nodes_internal.h"
#include "server/journal/revive_internal.h"
#include "server/journal/sweep_internal.h"
#include "server/journal/tables_internal.h"
#include "sql/ask.h"

#include <sodium.h>
#include <string.h>

struct Journal {
	Sql *sql;
	Batch *batch;
	TablesKeys keys; /* guarded by the writer session */
	GMutex sweeping; /* guards position */
	SweepPosition position;
};

/* ---- life ---------------------------------------------------------------------------------- */

static void drop_keys(void *data)
{
	tables_keys_drop(data);
}

Journal *journal_open(Sql *sql, GError **error)
{
	if (sodium_init() < 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "journal: no random source");
		return NULL;
	}
	if (!tables_migrate(sql, error)) {
		g_prefix_error(error, "open journal: ");
		return NULL;
	}
	Journal *journal = g_new0(Journal, 1);
	journal->sql = sql;
	journal->batch = batch_new(sql, drop_keys, &journal->keys);
	g_mutex_init(&journal->sweeping);
	return journal;
}

void journal_close(Journal *journal)
{
	if (!journal) {
		return;
	}
	batch_free(journal->batch);
	g_mutex_clear(&journal->sweeping);
	g_free(journal);
}

void journal_node_clear(JournalNode *node)
{
	g_clear_pointer(&node->name, g_bytes_unref);
	g_clear_pointer(&node->content, g_bytes_unref);
}

void journal_page_clear(JournalPage *page)
{
	g_clear_pointer(&page->nodes, g_array_unref);
	g_clear_pointer(&page->cursor, g_bytes_unref);
}

/* ---- drives -------------------------------------------------------------------------------- */

typedef struct CreateTask {
	Journal *journal;
	const NodeId *drive;
	int64_t account;
	JournalDriveOptions options;
} CreateTask;

static bool insert_root(CreateTask *task, SqlSession *session, int64_t drive, int64_t root,
			GError **error)
{
	return ask_run(session,
		       "INSERT INTO node (key, drive, parent, deleted, kind, seq, device,"
		       " operation, height, number, executable, size, mtime, time, id, name)"
		       " VALUES ($1, $2, NULL, 0, $3, 0, 0, 0, 0, 1, 0, 0, 0, $4, $5, $6)",
		       ASK_VALUES(ASK_INT(root), ASK_INT(drive), ASK_INT(JOURNAL_FOLDER),
				  ASK_INT(g_get_real_time()),
				  ASK_BLOB(task->drive->bytes, NODE_ID_SIZE), ASK_BLOB(NULL, 0)),
		       error);
}

static bool insert_drive(CreateTask *task, SqlSession *session, int64_t root, int64_t *ret_drive,
			 GError **error)
{
	SqlStatement *row;
	if (!ask_find(session,
		      "INSERT INTO drive"
		      " (id, account, root, seq, bytes, quota, nodes, trimmed, caseless)"
		      " VALUES ($1, $2, $3, 0, 0, $4, 0, 0, $5)"
		      " ON CONFLICT DO NOTHING RETURNING key",
		      ASK_VALUES(ASK_BLOB(task->drive->bytes, NODE_ID_SIZE), ASK_INT(task->account),
				 ASK_INT(root), ASK_INT((int64_t)task->options.quota),
				 ASK_INT(task->options.caseless)),
		      &row, error)) {
		return false;
	}
	if (!row) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT,
			    "create drive: the account has one, or the id is in use");
		return false;
	}
	*ret_drive = sql_column_int(row, 0);
	return sql_run(row, error);
}

/* Of the empty drive, so that a cursor can name it. */
static bool insert_first_tag(SqlSession *session, int64_t drive, GError **error)
{
	int64_t tag;
	randombytes_buf(&tag, sizeof tag);
	return ask_run(session,
		       "INSERT INTO commit_tag (drive, seq, tag, time, device)"
		       " VALUES ($1, 0, $2, $3, 0)",
		       ASK_VALUES(ASK_INT(drive), ASK_INT(tag), ASK_INT(g_get_real_time())), error);
}

static bool run_create(SqlSession *session, void *data, GError **error)
{
	CreateTask *task = data;
	int64_t root;
	int64_t drive;
	return tables_key(&task->journal->keys, session, TABLES_NODE, &root, error) &&
	       insert_drive(task, session, root, &drive, error) &&
	       insert_root(task, session, drive, root, error) &&
	       insert_first_tag(session, drive, error);
}

bool journal_drive_create(Journal *journal, const NodeId *drive, int64_t account,
			  const JournalDriveOptions *options, GError **error)
{
	g_assert(options->quota <= INT64_MAX);
	CreateTask task = {
		.journal = journal,
		.drive = drive,
		.account = account,
		.options = *options,
	};
	return batch_run(journal->batch, run_create, &task, error);
}

bool journal_drive_of(Journal *journal, int64_t account, NodeId *ret_drive, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(journal->sql, error);
	SqlStatement *row;
	if (!session || !ask_find(session, "SELECT id FROM drive WHERE account = $1",
				  ASK_VALUES(ASK_INT(account)), &row, error)) {
		return false;
	}
	size_t size = 0;
	const void *id = row ? sql_column_bytes(row, 0, &size) : NULL;
	if (!node_id_from_bytes(id, size, ret_drive)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "journal: account %" G_GINT64_FORMAT " has no drive", account);
		return false;
	}
	return true;
}

typedef struct SettingTask {
	const NodeId *drive;
	const char *text; /* $1 the drive's id, $2 the value */
	int64_t value;
} SettingTask;

static bool run_setting(SqlSession *session, void *data, GError **error)
{
	const SettingTask *task = data;
	if (!ask_run(session, task->text,
		     ASK_VALUES(ASK_BLOB(task->drive->bytes, NODE_ID_SIZE), ASK_INT(task->value)),
		     error)) {
		return false;
	}
	if (sql_changes(session) == 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "journal: no such drive");
		return false;
	}
	return true;
}

bool journal_drive_set_quota(Journal *journal, const NodeId *drive, uint64_t quota, GError **error)
{
	g_assert(quota <= INT64_MAX);
	SettingTask task = {
		.drive = drive,
		.text = "UPDATE drive SET quota = $2 WHERE id = $1",
		.value = (int64_t)quota,
	};
	return batch_run(journal->batch, run_setting, &task, error);
}

bool journal_drive_set_caseless(Journal *journal, const NodeId *drive, bool caseless,
				GError **error)
{
	SettingTask task = {
		.drive = drive,
		.text = "UPDATE drive SET caseless = $2 WHERE id = $1",
		.value = caseless,
	};
	return batch_run(journal->batch, run_setting, &task, error);
}

bool journal_usage(Journal *journal, const NodeId *drive, JournalUsage *ret_usage, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(journal->sql, error);
	g_auto(Ledger) ledger = { 0 };
	if (!session || !ledger_open(session, NULL, drive, &ledger, error)) {
		return false;
	}
	*ret_usage = (JournalUsage){
		.bytes = ledger.counts.bytes,
		.quota = ledger.quota,
		.caseless = ledger.caseless,
		.nodes = ledger.counts.nodes,
		.seq = ledger.counts.seq,
	};
	return true;
}

/* ---- commit -------------------------------------------------------------------------------- */

typedef struct CommitTask {
	Journal *journal;
	const JournalCommit *commit;
	JournalResult *results;
	uint64_t seq;
} CommitTask;

static bool run_commit(SqlSession *session, void *data, GError **error)
{
	CommitTask *task = data;
	const JournalCommit *commit = task->commit;
	g_auto(Ledger) ledger = { 0 };
	if (!ledger_open(session, &task->journal->keys, &commit->drive, &ledger, error)) {
		return false;
	}
	ledger.device = commit->device;
	g_autoptr(Holding) holding = holding_new(&ledger, commit);
	if (!holding_store(holding, error) ||
	    !apply_operations(&ledger, holding, commit, task->results, error) ||
	    !holding_lease_rest(holding, error) || !ledger_save(&ledger, error)) {
		return false;
	}
	task->seq = ledger.counts.seq;
	return true;
}

bool journal_commit(Journal *journal, const JournalCommit *commit, JournalResult *ret_results,
		    uint64_t *ret_seq, GError **error)
{
	CommitTask task = { .journal = journal, .commit = commit, .results = ret_results };
	if (!batch_run(journal->batch, run_commit, &task, error)) {
		g_prefix_error(error, "commit: ");
		return false;
	}
	*ret_seq = task.seq;
	return true;
}

/* ---- chunks -------------------------------------------------------------------------------- */

typedef struct UploadTask {
	Journal *journal;
	int64_t account;
	const JournalStored *stored;
	size_t count;
} UploadTask;

static bool run_upload(SqlSession *session, void *data, GError **error)
{
	const UploadTask *task = data;
	return holding_upload(session, &task->journal->keys, task->account, task->stored,
			      task->count, error);
}

bool journal_upload(Journal *journal, int64_t account, const JournalStored *stored, size_t count,
		    GError **error)
{
	UploadTask task = {
		.journal = journal,
		.account = account,
		.stored = stored,
		.count = count,
	};
	return batch_run(journal->batch, run_upload, &task, error);
}

typedef struct RenewTask {
	int64_t account;
	const GArray *keys;
} RenewTask;

static bool run_renew(SqlSession *session, void *data, GError **error)
{
	const RenewTask *task = data;
	return holding_renew(session, task->account, task->keys, error);
}

/* leased: bytes that were uploaded and that nothing names yet. */
static bool check_quota(const Ledger *ledger, uint64_t bytes, uint64_t leased, GError **error)
{
	uint64_t used = ledger->counts.bytes + leased;
	if (bytes > 0 && ledger->quota > 0 && used + bytes > ledger->quota) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_QUOTA,
			    "the account is used up: %" G_GUINT64_FORMAT
			    " bytes more do not fit, %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
			    " are used (%" G_GUINT64_FORMAT " by what was uploaded and not saved)",
			    bytes, used, ledger->quota, leased);
		return false;
	}
	if (bytes > 0 && leased + bytes > LEASED_SIZE_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_QUOTA,
			    "%" G_GUINT64_FORMAT " bytes were uploaded and not saved, more are not "
			    "kept: save them, or wait a day",
			    leased);
		return false;
	}
	return true;
}

bool journal_missing(Journal *journal, const NodeId *drive, int64_t account, const ChunkId *ids,
		     size_t count, uint64_t bytes, GArray *ret_missing, GError **error)
{
	g_autoptr(GArray) missing = g_array_new(FALSE, FALSE, sizeof(ChunkId));
	g_autoptr(GArray) renew = g_array_new(FALSE, FALSE, sizeof(int64_t));
	HoldingMissing found = { .missing = missing, .renew = renew };
	{
		g_autoptr(SqlSession) session = sql_read(journal->sql, error);
		g_auto(Ledger) ledger = { 0 };
		if (!session || !ledger_open(session, NULL, drive, &ledger, error) ||
		    !holding_missing(&ledger, account, ids, count, &found, error)) {
			return false;
		}
		uint64_t known = found.held + found.leased, leased;
		uint64_t more = bytes > known ? bytes - known : 0;
		if (!chunks_leased_bytes(session, account, &leased, error) ||
		    !check_quota(&ledger, more, leased, error)) {
			return false;
		}
	}
	RenewTask task = { .account = account, .keys = renew };
	if (renew->len > 0 && !batch_run(journal->batch, run_renew, &task, error)) {
		return false;
	}
	g_array_append_vals(ret_missing, missing->data, missing->len);
	return true;
}

/* Which chunks an answer may be about. */
typedef enum Right {
	RIGHT_HELD,
	RIGHT_LEASED,
	RIGHT_LIST,
} Right;

typedef struct Lookup {
	Ledger ledger;
	int64_t account;
	Right right;
	BlobsLocation *locations; /* may be NULL */
	bool *found;
} Lookup;

static bool look_up(Lookup *lookup, const ChunkId *ids, size_t count, GError **error)
{
	for (size_t i = 0; i < count; i++) {
		HoldingState state;
		if (!holding_look(&lookup->ledger, lookup->account, &ids[i], &state, error)) {
			return false;
		}
		lookup->found[i] = lookup->right == RIGHT_HELD   ? state.held
				   : lookup->right == RIGHT_LIST ? state.as_list
								 : state.leased;
		if (lookup->found[i] && lookup->locations) {
			lookup->locations[i] = state.location;
		}
	}
	return true;
}

bool journal_locate(Journal *journal, const NodeId *drive, const ChunkId *ids, size_t count,
		    BlobsLocation *ret_locations, bool *ret_found, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(journal->sql, error);
	Lookup lookup = {
		.right = RIGHT_HELD,
		.locations = ret_locations,
		.found = ret_found,
	};
	if (!session || !ledger_open(session, NULL, drive, &lookup.ledger, error)) {
		return false;
	}
	bool done = look_up(&lookup, ids, count, error);
	ledger_clear(&lookup.ledger);
	return done;
}

bool journal_locate_leased(Journal *journal, int64_t account, const ChunkId *ids, size_t count,
			   BlobsLocation *ret_locations, bool *ret_found, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(journal->sql, error);
	if (!session) {
		return false;
	}
	Lookup lookup = {
		.ledger = { .session = session },
		.account = account,
		.right = RIGHT_LEASED,
		.locations = ret_locations,
		.found = ret_found,
	};
	return look_up(&lookup, ids, count, error);
}

bool journal_holds_lists(Journal *journal, const NodeId *drive, const ChunkId *ids, size_t count,
			 bool *ret_held, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(journal->sql, error);
	Lookup lookup = { .right = RIGHT_LIST, .found = ret_held };
	if (!session || !ledger_open(session, NULL, drive, &lookup.ledger, error)) {
		return false;
	}
	bool done = look_up(&lookup, ids, count, error);
	ledger_clear(&lookup.ledger);
	return done;
}

/* ---- reading ------------------------------------------------------------------------------- */

bool journal_changes(Journal *journal, const NodeId *drive, GBytes *cursor, unsigned nodes_max,
		     JournalPage *ret_page, GError **error)
{
	g_assert(nodes_max > 0);
	g_autoptr(SqlSession) session = sql_read(journal->sql, error);
	g_auto(Ledger) ledger = { 0 };
	return session && ledger_open(session, NULL, drive, &ledger, error) &&
	       changes_read(&ledger, cursor, nodes_max, ret_page, error);
}

bool journal_node(Journal *journal, const NodeId *drive, const NodeId *node, JournalNode *ret_node,
		  GError **error)
{
	g_autoptr(SqlSession) session = sql_read(journal->sql, error);
	g_auto(Ledger) ledger = { 0 };
	return session && ledger_open(session, NULL, drive, &ledger, error) &&
	       nodes_get(&ledger, node, ret_node, error);
}

bool journal_resolve(Journal *journal, const NodeId *drive, const char *path, JournalNode *ret_node,
		     GError **error)
{
	g_autoptr(SqlSession) session = sql_read(journal->sql, error);
	g_auto(Ledger) ledger = { 0 };
	return session && ledger_open(session, NULL, drive, &ledger, error) &&
	       nodes_resolve(&ledger, path, ret_node, error);
}

/* Appends to the caller's array only what was read to the end. */
static void hand_over(GArray *from, GArray *to)
{
	if (from->len > 0) {
		g_array_append_vals(to, from->data, from->len);
	}
	g_array_set_clear_func(from, NULL);
}

static void clear_version(void *data)
{
	journal_node_clear(&((JournalVersion *)data)->node);
}

static void clear_node(void *data)
{
	journal_node_clear(data);
}

bool journal_versions(Journal *journal, const NodeId *drive, const NodeId *node,
		      GArray *ret_versions, GError **error)
{
	g_autoptr(GArray) versions = g_array_new(FALSE, FALSE, sizeof(JournalVersion));
	g_array_set_clear_func(versions, clear_version);
	g_autoptr(SqlSession) session = sql_read(journal->sql, error);
	g_auto(Ledger) ledger = { 0 };
	if (!session || !ledger_open(session, NULL, drive, &ledger, error) ||
	    !nodes_versions(&ledger, node, versions, error)) {
		return false;
	}
	hand_over(versions, ret_versions);
	return true;
}

bool journal_children(Journal *journal, const NodeId *drive, const NodeId *folder, GBytes *after,
		      unsigned count_max, GArray *ret_nodes, GError **error)
{
	g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(JournalNode));
	g_array_set_clear_func(nodes, clear_node);
	g_autoptr(SqlSession) session = sql_read(journal->sql, error);
	g_auto(Ledger) ledger = { 0 };
	if (!session || !ledger_open(session, NULL, drive, &ledger, error) ||
	    !nodes_children(&ledger, folder, after, count_max, nodes, error)) {
		return false;
	}
	hand_over(nodes, ret_nodes);
	return true;
}

bool journal_count(Journal *journal, const NodeId *drive, const NodeId *folder, unsigned count_max,
		   unsigned *ret_count, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(journal->sql, error);
	g_auto(Ledger) ledger = { 0 };
	return session && ledger_open(session, NULL, drive, &ledger, error) &&
	       nodes_count(&ledger, folder, count_max, ret_count, error);
}

bool journal_trash(Journal *journal, const NodeId *drive, unsigned count_max, GArray *ret_nodes,
		   GError **error)
{
	g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(JournalNode));
	g_array_set_clear_func(nodes, clear_node);
	g_autoptr(SqlSession) session = sql_read(journal->sql, error);
	g_auto(Ledger) ledger = { 0 };
	if (!session || !ledger_open(session, NULL, drive, &ledger, error) ||
	    !nodes_trash(&ledger, count_max, nodes, error)) {
		return false;
	}
	hand_over(nodes, ret_nodes);
	return true;
}

typedef struct RestoreTask {
	Journal *journal;
	const NodeId *drive;
	int64_t device;
	const NodeId *node;
	int64_t number;
	uint64_t seq;
} RestoreTask;

static bool run_restore(SqlSession *session, void *data, GError **error)
{
	RestoreTask *task = data;
	g_auto(Ledger) ledger = { 0 };
	if (!ledger_open(session, &task->journal->keys, task->drive, &ledger, error)) {
		return false;
	}
	ledger.device = task->device;
	if (!revive_restore(&ledger, task->node, task->number, error) ||
	    !ledger_save(&ledger, error)) {
		return false;
	}
	task->seq = ledger.counts.seq;
	return true;
}

bool journal_restore(Journal *journal, const NodeId *drive, int64_t device, const NodeId *node,
		     int64_t number, uint64_t *ret_seq, GError **error)
{
	RestoreTask task = {
		.journal = journal,
		.drive = drive,
		.device = device,
		.node = node,
		.number = number,
	};
	if (!batch_run(journal->batch, run_restore, &task, error)) {
		return false;
	}
	*ret_seq = task.seq;
	return true;
}

/* ---- upkeep -------------------------------------------------------------------------------- */

bool journal_sweep(Journal *journal, const JournalRetention *retention, int64_t now_us,
		   bool *ret_more, GError **error)
{
	Sweep sweep = {
		.sql = journal->sql,
		.batch = journal->batch,
		.keys = &journal->keys,
		.retention = retention,
		.now_us = now_us,
		.position = &journal->position,
	};
	g_mutex_lock(&journal->sweeping);
	bool done = sweep_step(&sweep, ret_more, error);
	g_mutex_unlock(&journal->sweeping);
	if (!done) {
		g_prefix_error(error, "sweep: ");
	}
	return done;
}

static bool run_pack_begin(SqlSession *session, void *data, GError **error)
{
	return chunks_pack_begin(session, *(const uint64_t *)data, error);
}

bool journal_pack_begin(Journal *journal, uint64_t pack, GError **error)
{
	return batch_run(journal->batch, run_pack_begin, &pack, error);
}

static bool run_pack_forget(SqlSession *session, void *data, GError **error)
{
	return chunks_pack_forget(session, *(const uint64_t *)data, error);
}

bool journal_pack_forget(Journal *journal, uint64_t pack, GError **error)
{
	return batch_run(journal->batch, run_pack_forget, &pack, error);
}

bool journal_packs(Journal *journal, GArray *ret_packs, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(journal->sql, error);
	return session && chunks_packs(session, ret_packs, error);
}

bool journal_pack_chunks(Journal *journal, uint64_t pack, uint64_t offset, unsigned count_max,
			 GArray *ret_stored, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(journal->sql, error);
	return session && chunks_of_pack(session, pack, offset, count_max, ret_stored, error);
}

typedef struct RelocateTask {
	uint64_t pack_old;
	const JournalStored *stored;
	size_t count;
} RelocateTask;

static bool run_relocate(SqlSession *session, void *data, GError **error)
{
	const RelocateTask *task = data;
	return chunks_relocate(session, task->pack_old, task->stored, task->count, error);
}

bool journal_relocate(Journal *journal, uint64_t pack_old, const JournalStored *stored,
		      size_t count, GError **error)
{
	RelocateTask task = { .pack_old = pack_old, .stored = stored, .count = count };
	return batch_run(journal->batch, run_relocate, &task, error);
}

bool journal_check(Journal *journal, GPtrArray *ret_problems, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(journal->sql, error);
	return session && check_all(session, ret_problems, error);
}
