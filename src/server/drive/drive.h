/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "chunk/codec.h"
#include "server/blobs/blobs.h"
#include "server/journal/journal.h"
#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The verbs of the drive server: what joins the journal (who holds what) and the blobs (the bytes).
 * The order of durability is one sentence: content synced to disk -> journal committed -> waiting
 * devices woken -> device acknowledged.
 *
 * Every verb checks that the caller's account owns the drive it names. A drive of somebody else
 * answers DRIVE_ERROR_NOT_FOUND exactly like one that does not exist, and so does a chunk.
 *
 * All functions may be called from any thread, and may wait for the disk.
 */
typedef struct Drive Drive;

typedef struct DriveOptions {
	Journal *journal;           /* borrowed */
	Blobs *blobs;               /* borrowed */
	Sql *sql;                   /* borrowed; what upkeep checkpoints; may be NULL */
	JournalRetention retention; /* of versions and trash */
	JournalDriveOptions fresh;  /* what a new drive is */
	uint64_t reserve;           /* bytes of the disk that content must leave free */
	/* Bytes that are free on the disk; false: not known. Any thread; NULL: never known. */
	bool (*free_bytes)(uint64_t *ret_bytes, void *data);
	void *free_data;
	/* Called after a commit is durable and before it is acknowledged; must not wait. */
	void (*changed)(const NodeId *drive, void *data);
	void *changed_data;
	/* One line about what upkeep or the start found wrong; may be NULL. */
	void (*report)(const char *text, void *data);
	void *report_data;
	/* A sync of content failed: nothing is stored until a restart, so stop. May be NULL. */
	void (*broken)(const GError *error, void *data);
	void *broken_data;
} DriveOptions;

/*
 * Recovers what an unclean end left: torn tails of packs are cut where the index ends, packs that
 * were begun and hold nothing are removed. A pack that the journal does not know is left alone and
 * reported: the database is another one, or an old copy.
 */
Drive *drive_open(const DriveOptions *options, GError **error);
void drive_close(Drive *drive);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Drive, drive_close)

/* Who asks, and of which drive. */
typedef struct DriveCaller {
	int64_t account;
	int64_t device; /* 0: none, for instance a browser */
	NodeId drive;
} DriveCaller;

/* The account's own drive; made at its first use. */
bool drive_home(Drive *drive, int64_t account, NodeId *ret_drive, GError **error);

/* ---- writing --------------------------------------------------------------------------- */

typedef struct DriveCommit {
	const JournalOperation *operations;
	size_t operation_count;     /* 1..COMMIT_OPERATIONS_MAX */
	const EncodedChunk *chunks; /* content that came with it */
	size_t chunk_count;         /* up to CHUNK_IDS_MAX */
} DriveCommit;

/*
 * Verifies and stores the chunks, then applies the operations (journal_commit()), which gives one
 * result per operation in ret_results[operation_count] and the drive's seq. Fails as a whole, with
 * nothing applied, with DRIVE_ERROR_CORRUPT if a chunk is not what its id says.
 */
bool drive_commit(Drive *drive, const DriveCaller *caller, const DriveCommit *commit,
		  JournalResult *ret_results, uint64_t *ret_seq, GError **error);

typedef struct DriveMissing {
	const ChunkId *ids;
	size_t count;   /* up to CHUNK_IDS_MAX */
	uint64_t bytes; /* length of all of them together, for the quota */
} DriveMissing;

/*
 * Appends to ret_missing (ChunkId) those that must be sent before a commit may name them, in order
 * and each once; the others stay nameable for a day. DRIVE_ERROR_QUOTA if they could never fit.
 */
bool drive_missing(Drive *drive, const DriveCaller *caller, const DriveMissing *request,
		   GArray *ret_missing, GError **error);

/*
 * Verifies and stores up to CHUNK_IDS_MAX chunks, durably, for a later commit of this account.
 * NO_SPACE, here as in drive_commit(), if the disk's reserve would be touched: nothing is written.
 */
bool drive_upload(Drive *drive, const DriveCaller *caller, const EncodedChunk *chunks, size_t count,
		  GError **error);

/* Brings a version or a deleted node back: journal_restore(). */
bool drive_restore(Drive *drive, const DriveCaller *caller, const NodeId *node, int64_t version,
		   uint64_t *ret_seq, GError **error);

/* ---- reading --------------------------------------------------------------------------- */

/* Is handed an encoded chunk, whose bytes it must not keep; false with error stops. */
typedef bool (*DriveChunkVisit)(const EncodedChunk *chunk, void *data, GError **error);

typedef struct DriveFetch {
	const ChunkId *ids;
	size_t count;     /* up to CHUNK_IDS_MAX */
	size_t bytes_max; /* stop before more encoded bytes than this, but not before the first */
	DriveChunkVisit visit;
	void *visit_data;
} DriveFetch;

/*
 * Visits the chunks that the drive holds in the order asked, as many as fit. Appends all that it
 * does not hold to ret_missing (ChunkId), whether or not it came that far.
 */
bool drive_fetch(Drive *drive, const DriveCaller *caller, const DriveFetch *request,
		 GArray *ret_missing, GError **error);

/* journal_changes() for the caller. */
bool drive_changes(Drive *drive, const DriveCaller *caller, GBytes *cursor, unsigned nodes_max,
		   JournalPage *ret_page, GError **error);

typedef struct DriveInline {
	const JournalPage *page; /* of drive_changes() for the same caller */
	size_t bytes_max;        /* encoded bytes to visit at the most */
	DriveChunkVisit visit;
	void *visit_data;
	size_t visited; /* set: encoded bytes visited */
} DriveInline;

/*
 * Visits the chunks of the page's small files (up to INLINE_SIZE_MAX), each once, as far as
 * bytes_max goes; not those of nodes that the caller's own device changed. What has been replaced
 * since the page was read is left out.
 */
bool drive_changes_inline(Drive *drive, const DriveCaller *caller, DriveInline *request,
			  GError **error);

typedef struct DriveRange {
	GBytes *content; /* of a file's node or version */
	uint64_t offset; /* bytes of the file */
	uint64_t length; /* UINT64_MAX: to the end */
} DriveRange;

/* A part of a file on its way out. By one thread at a time; the drive must outlive it. */
typedef struct DriveReading DriveReading;

DriveReading *drive_read(Drive *drive, const DriveCaller *caller, const DriveRange *range,
			 GError **error);
/*
 * The next bytes, verified, at most CHUNK_SIZE_MAX of them; NULL at the end. DRIVE_ERROR_NOT_FOUND
 * if the drive does not hold the content any more.
 */
bool drive_reading_next(DriveReading *reading, GBytes **ret_bytes, GError **error);
void drive_reading_free(DriveReading *reading);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DriveReading, drive_reading_free)

/* One node, live or deleted. */
bool drive_node(Drive *drive, const DriveCaller *caller, const NodeId *node, JournalNode *ret_node,
		GError **error);

/* The live node at a path: journal_resolve(). */
bool drive_resolve(Drive *drive, const DriveCaller *caller, const char *path, JournalNode *ret_node,
		   GError **error);

/*
 * The node, if it is live and is top or lies anywhere below it: what somebody was let into and
 * nothing beside it. DRIVE_ERROR_NOT_FOUND otherwise.
 */
bool drive_within(Drive *drive, const DriveCaller *caller, const NodeId *top, const NodeId *node,
		  JournalNode *ret_node, GError **error);

/* The live nodes in a folder, by name: journal_children(). */
bool drive_children(Drive *drive, const DriveCaller *caller, const NodeId *folder, GBytes *after,
		    unsigned count_max, GArray *ret_nodes, GError **error);

/* How many live nodes lie below a folder, counted up to count_max: journal_count(). */
bool drive_count(Drive *drive, const DriveCaller *caller, const NodeId *folder, unsigned count_max,
		 unsigned *ret_count, GError **error);

/* The names from the root to the node joined by '/', live or deleted; "" for the root. */
bool drive_path(Drive *drive, const DriveCaller *caller, const NodeId *node, GBytes **ret_path,
		GError **error);

/* Kept states of a file, oldest first (JournalVersion). */
bool drive_versions(Drive *drive, const DriveCaller *caller, const NodeId *node,
		    GArray *ret_versions, GError **error);

/* Deleted nodes, newest first (JournalNode). */
bool drive_trash(Drive *drive, const DriveCaller *caller, unsigned count_max, GArray *ret_nodes,
		 GError **error);

bool drive_usage(Drive *drive, const DriveCaller *caller, JournalUsage *ret_usage, GError **error);

/* ---- upkeep ---------------------------------------------------------------------------- */

/*
 * One bounded step of forgetting what is past the retention, of rewriting packs of which less than
 * half is live, of removing those that nothing names, and of the database's checkpoint. One thread
 * calls it, at low priority: again at once while *ret_more, else after a minute or so.
 */
bool drive_upkeep_step(Drive *drive, int64_t now_us, bool *ret_more, GError **error);

typedef enum DriveCheck {
	DRIVE_CHECK_QUICK, /* every indexed chunk has its record in its pack */
	DRIVE_CHECK_FULL,  /* and the record's bytes have the chunk's hash */
} DriveCheck;

/*
 * Verifies every promise about the data at rest; each breach is appended to ret_problems as text.
 * False only if it could not be found out.
 */
bool drive_check(Drive *drive, DriveCheck mode, GPtrArray *ret_problems, GError **error);
