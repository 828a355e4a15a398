/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/node_id.h"
#include "chunk/chunk_id.h"
#include "server/blobs/blobs.h"
#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * THE truth: the numbered changes of every drive's tree, with history, trash and quota; and which
 * chunk lies where, held by whom. All other state of the server can be lost.
 *
 * A drive is a tree of nodes with a sequence number `seq`, which grows with every commit: by one,
 * or by a few where the changes would not fit into one page. A deleted node stays as a tombstone
 * for a while. A live node below a tombstone counts as deleted.
 *
 * Invariants, verified by journal_check():
 *  1. every node but the root has a parent in the same drive; no node is its own ancestor;
 *  2. names are unique (by bytes) among the live children of a folder;
 *  3. no two commits of a drive share a seq; node.seq <= drive.seq;
 *  4. what a node or a version names by content, the drive holds, and what is held has a chunk
 *     row; a held list chunk implies that its chunks are held;
 *  5. drive.bytes is the sum of the raw sizes of the chunks it holds.
 *
 * All functions may be called from any thread.
 */
typedef struct Journal Journal;

typedef enum JournalKind {
	JOURNAL_FILE = 1,
	JOURNAL_FOLDER = 2,
	JOURNAL_LINK = 3,
} JournalKind;

/* Owned strings and bytes; see journal_node_clear(). */
typedef struct JournalNode {
	NodeId id;
	NodeId parent; /* all zero for the root */
	GBytes *name;
	JournalKind kind;
	uint64_t size;
	int64_t mtime_ns;
	bool executable;
	GBytes *content; /* chunk/content.h; target of a link; NULL for a folder */
	uint64_t seq;
	bool deleted;    /* a tombstone, or below one */
	int64_t device;  /* whose operation changed it last; 0: the drive's own doing (revived) */
	int64_t time_us; /* when, UTC */
} JournalNode;

void journal_node_clear(JournalNode *node);

/* Uses tables in sql; migrates them. Does not take sql. */
Journal *journal_open(Sql *sql, GError **error);
void journal_close(Journal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Journal, journal_close)

typedef struct JournalDriveOptions {
	uint64_t quota; /* in bytes; 0: none */
	bool caseless;  /* names that differ only in case are refused */
} JournalDriveOptions;

/* A new drive with an empty root, owned by the account. */
bool journal_drive_create(Journal *journal, const NodeId *drive, int64_t account,
			  const JournalDriveOptions *options, GError **error);
bool journal_drive_of(Journal *journal, int64_t account, NodeId *ret_drive, GError **error);
bool journal_drive_set_quota(Journal *journal, const NodeId *drive, uint64_t quota, GError **error);
/* From now on; names that are there already stay. */
bool journal_drive_set_caseless(Journal *journal, const NodeId *drive, bool caseless,
				GError **error);

typedef struct JournalUsage {
	uint64_t bytes; /* of the chunks held: of files, versions and trash, each once */
	uint64_t quota; /* 0: none */
	bool caseless;
	uint64_t nodes; /* live; what is deleted with its folder counts until it is forgotten */
	uint64_t seq;
} JournalUsage;
bool journal_usage(Journal *journal, const NodeId *drive, JournalUsage *ret_usage, GError **error);

/* ---- commit ---------------------------------------------------------------------------- */

/*
 * UPDATE, MOVE and DELETE compare the node's seq with base. What is deleted with its folder can be
 * worked on like what is live: UPDATE brings it and the folders above back, MOVE takes it out with
 * all below, DELETE gives it a tombstone of its own. CREATE and MOVE into a deleted folder bring
 * that and the folders above back, alone. A tombstone itself can only be UPDATEd, with its seq as
 * base.
 */
typedef enum JournalVerb {
	JOURNAL_CREATE = 1,
	JOURNAL_UPDATE, /* of a file or link */
	JOURNAL_MOVE,
	JOURNAL_DELETE, /* of a folder: with all below, unless something there is newer */
} JournalVerb;

/* Numbered as Outcome of sync.proto. */
typedef enum JournalOutcome {
	JOURNAL_APPLIED = 1,
	JOURNAL_ALREADY,
	JOURNAL_STALE,
	JOURNAL_NAME_TAKEN,
	JOURNAL_NO_PARENT, /* or a deleted folder that cannot come back: its name is in use */
	JOURNAL_NOT_FOUND,
	JOURNAL_CYCLE,
	JOURNAL_NEWER_INSIDE,
	JOURNAL_MISSING_CONTENT,
	JOURNAL_QUOTA,
	JOURNAL_INVALID,
	JOURNAL_GROUP_FAILED,
	JOURNAL_EXISTS,
	JOURNAL_CASE_TAKEN, /* in a drive that is caseless */
} JournalOutcome;

/* All memory borrowed for the call. */
typedef struct JournalOperation {
	uint64_t number;
	uint32_t group;
	JournalVerb verb;
	NodeId node;
	uint64_t base;
	NodeId parent;
	const void *name;
	size_t name_size;
	JournalKind kind;
	uint64_t size;
	int64_t mtime_ns;
	bool executable;
	const void *content;
	size_t content_size;
	uint64_t decided_at;
} JournalOperation;

typedef struct JournalResult {
	JournalOutcome outcome;
	uint64_t seq;
} JournalResult;

/* A chunk that was appended and synced to blobs for this commit or upload. */
typedef struct JournalStored {
	ChunkId id;
	BlobsLocation location;
} JournalStored;

typedef struct JournalCommit {
	NodeId drive;
	int64_t account;
	int64_t device;
	const JournalOperation *operations;
	size_t operation_count;
	const JournalStored *stored; /* chunks that came with it */
	size_t stored_count;
	/* ChunkId -> GBytes, verified: list chunks that the drive may not hold yet as such */
	GHashTable *lists;
} JournalCommit;

/*
 * Applies the operations in order, each (or each group) wholly or not at all, durably when it
 * returns true. Concurrent callers share one transaction and one disk sync (group commit).
 * ret_results[operation_count] has one result per operation, in order; *ret_seq the drive's seq
 * after it (unchanged if nothing was applied). Stored chunks that no operation took are leased to
 * the account for a day, as far as the quota allows. A retry can be told by (device, number) unless
 * one is 0. False only if nothing was done at all (database failure, unknown drive).
 */
bool journal_commit(Journal *journal, const JournalCommit *commit, JournalResult *ret_results,
		    uint64_t *ret_seq, GError **error);

/* ---- chunks ---------------------------------------------------------------------------- */

/*
 * Makes stored chunks known and leases them to the account for a day, so that a commit may name
 * them. Durable when it returns true.
 */
bool journal_upload(Journal *journal, int64_t account, const JournalStored *stored, size_t count,
		    GError **error);

/*
 * Of these ids, the ones that the drive neither holds nor its account has leased, in order and each
 * once, appended to ret_missing (ChunkId). Renews the leases of those that are leased, so that a
 * commit may follow. bytes is the length of all of them together, each once; fails with
 * DRIVE_ERROR_QUOTA if what of it is neither held nor leased could not be added to what the drive
 * holds and the account has leased.
 */
bool journal_missing(Journal *journal, const NodeId *drive, int64_t account, const ChunkId *ids,
		     size_t count, uint64_t bytes, GArray *ret_missing, GError **error);

/* Where the chunks that this drive holds lie; ret_found[i] false for those it does not hold. */
bool journal_locate(Journal *journal, const NodeId *drive, const ChunkId *ids, size_t count,
		    BlobsLocation *ret_locations, bool *ret_found, GError **error);

/*
 * The same for chunks that are leased to the account, whether or not any drive holds them: a commit
 * may name a list chunk that was uploaded before it, and its bytes are needed to apply it.
 */
bool journal_locate_leased(Journal *journal, int64_t account, const ChunkId *ids, size_t count,
			   BlobsLocation *ret_locations, bool *ret_found, GError **error);

/* Of these ids, which does the drive hold as a list chunk? */
bool journal_holds_lists(Journal *journal, const NodeId *drive, const ChunkId *ids, size_t count,
			 bool *ret_held, GError **error);

/* ---- reading --------------------------------------------------------------------------- */

typedef struct JournalPage {
	GArray *nodes;  /* JournalNode, by seq; no seq is split */
	GBytes *cursor; /* to ask from next */
	bool at_head;
	bool reset;   /* the cursor given was not this drive's history */
	uint64_t seq; /* that the page reaches; the drive's at_head */
} JournalPage;

void journal_page_clear(JournalPage *page);

/*
 * The nodes changed after the cursor (NULL or empty: from the beginning), at most about
 * nodes_max, and fewer if they are large. Tombstones have no content, and are left out of a
 * snapshot from the beginning; live nodes below a tombstone are left out. An unknown cursor is not
 * an error: *ret_page starts a snapshot with reset set.
 *
 * Between pages a device sees states that never were: a node can be shown after the tombstone of
 * the folder in which the device saw it last. So what lies below a tombstone is to be removed only
 * with the page that is at_head.
 */
bool journal_changes(Journal *journal, const NodeId *drive, GBytes *cursor, unsigned nodes_max,
		     JournalPage *ret_page, GError **error);

/* One node; DRIVE_ERROR_NOT_FOUND. */
bool journal_node(Journal *journal, const NodeId *drive, const NodeId *node, JournalNode *ret_node,
		  GError **error);

/* The live node at a path of names separated by '/'; "" is the root. DRIVE_ERROR_NOT_FOUND. */
bool journal_resolve(Journal *journal, const NodeId *drive, const char *path, JournalNode *ret_node,
		     GError **error);

/*
 * Appends the live nodes in a live folder (JournalNode) whose names come after this one, by their
 * bytes; after NULL: from the first. At most count_max. DRIVE_ERROR_NOT_FOUND for the folder.
 */
bool journal_children(Journal *journal, const NodeId *drive, const NodeId *folder, GBytes *after,
		      unsigned count_max, GArray *ret_nodes, GError **error);

/*
 * How many live nodes lie anywhere below a live folder; at most count_max, which is as far as it
 * counts. DRIVE_ERROR_NOT_FOUND for the folder.
 */
bool journal_count(Journal *journal, const NodeId *drive, const NodeId *folder, unsigned count_max,
		   unsigned *ret_count, GError **error);

typedef struct JournalVersion {
	int64_t number;   /* among the versions of the node, from 1; never used again */
	JournalNode node; /* as it was */
	bool current;
} JournalVersion;

/* All kept states of a node's content, oldest first (JournalVersion, to be cleared). */
bool journal_versions(Journal *journal, const NodeId *drive, const NodeId *node,
		      GArray *ret_versions, GError **error);

/* Tombstones still kept, newest first (JournalNode); the path each had is the caller's to build. */
bool journal_trash(Journal *journal, const NodeId *drive, unsigned count_max, GArray *ret_nodes,
		   GError **error);

/*
 * Brings back: a version's content as a new change of the node (number > 0), or, for a deleted
 * node, the node itself with everything below it that was deleted with it (number 0). A name that
 * is taken gets " (restored)" and a number. Ancestors that are deleted come back too, alone. Fails
 * with DRIVE_ERROR_NOT_FOUND, and with DRIVE_ERROR_CONFLICT for a node that is not deleted.
 */
bool journal_restore(Journal *journal, const NodeId *drive, int64_t device, const NodeId *node,
		     int64_t number, uint64_t *ret_seq, GError **error);

/* ---- upkeep ---------------------------------------------------------------------------- */

typedef struct JournalRetention {
	int64_t versions_s; /* a replaced version is kept this long after it was replaced */
	int64_t trash_s;    /* a deleted node is kept this long */
} JournalRetention;

/*
 * One bounded step of forgetting: versions and tombstones older than the retention, holdings that
 * nothing names, chunks that nobody holds or leases. *ret_more says whether to call again. Chunks
 * that lost their last holder leave the index here; their bytes go with the pack.
 */
bool journal_sweep(Journal *journal, const JournalRetention *retention, int64_t now_us,
		   bool *ret_more, GError **error);

typedef struct JournalPack {
	uint64_t pack;
	uint64_t size_live; /* encoded bytes that the index names in it */
	uint64_t end;       /* where the last named record ends: blobs_location_end() */
	uint64_t count;
} JournalPack;

/*
 * The index knows every pack that this server ever began, from before it exists to after it is
 * gone. So one that it does not know is another server's, or newer than a database that was
 * restored, and is never touched.
 *
 * journal_pack_begin() comes before the pack is created and is durable when it returns true;
 * journal_pack_forget() after it was removed, only for a pack without chunks (count 0).
 */
bool journal_pack_begin(Journal *journal, uint64_t pack, GError **error);
bool journal_pack_forget(Journal *journal, uint64_t pack, GError **error);

/* What the index knows of each pack, those without chunks too. */
bool journal_packs(Journal *journal, GArray *ret_packs, GError **error);

/* Up to count_max chunks of a pack (JournalStored), by offset, from that offset on. */
bool journal_pack_chunks(Journal *journal, uint64_t pack, uint64_t offset, unsigned count_max,
			 GArray *ret_stored, GError **error);

/* After copying live chunks to another pack: the index names the new places (compare-and-swap). */
bool journal_relocate(Journal *journal, uint64_t pack_old, const JournalStored *stored,
		      size_t count, GError **error);

/* Verifies the invariants above; each breach is appended to ret_problems as text. */
bool journal_check(Journal *journal, GPtrArray *ret_problems, GError **error);
