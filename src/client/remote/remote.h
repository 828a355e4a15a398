/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/node_id.h"
#include "chunk/codec.h"

#include <gio/gio.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The drive as a device sees it: the calls of /sync/v1/, as values. Thread-safe; every call blocks.
 *
 * Errors: OFFLINE (not reached, cut, timed out: try again), BUSY (told to wait), UNAUTHENTICATED
 * (credential expired or revoked), and what the server answered.
 */
typedef struct Remote Remote;
typedef struct Transport Transport;

/* Takes the transport. */
Remote *remote_new(Transport *transport, const NodeId *drive);
void remote_free(Remote *remote);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Remote, remote_free)

typedef enum RemoteKind {
	REMOTE_FILE = 1,
	REMOTE_FOLDER = 2,
	REMOTE_LINK = 3,
} RemoteKind;

/* Of a deleted node only id, seq and own mean anything. */
typedef struct RemoteEntry {
	NodeId id;
	NodeId parent; /* all zero for the root */
	char *name;    /* "" for the root, NULL for a deleted node */
	RemoteKind kind;
	uint64_t size;
	int64_t mtime_ns;
	bool executable;
	GBytes *content; /* file: well-formed, and of this size at depth 0; link: target */
	uint64_t seq;
	bool deleted;
	bool own; /* last changed by this device */
} RemoteEntry;

typedef struct RemotePage {
	GArray *entries; /* RemoteEntry, by seq */
	GBytes *cursor;
	bool at_head;
	bool reset;
	uint64_t seq;   /* everything up to this seq of the drive has been shown */
	GArray *chunks; /* EncodedChunk, not verified; bytes borrowed from body */
	GBytes *body;   /* NULL in a page that did not come from a server */
} RemotePage;

RemotePage *remote_page_new(void);
void remote_page_free(RemotePage *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RemotePage, remote_page_free)

/*
 * Changes after the cursor (NULL: from the beginning), waiting up to wait_ms (at most
 * CHANGES_WAIT_MS_MAX) for the first. NULL page without error when there was none (never for
 * wait_ms 0: then an empty page). inline_bytes: content of small files wanted beside it.
 */
bool remote_changes(Remote *remote, GBytes *cursor, unsigned wait_ms, unsigned inline_bytes,
		    GCancellable *cancellable, RemotePage **ret_page, GError **error);

typedef enum RemoteVerb {
	REMOTE_CREATE = 1,
	REMOTE_UPDATE,
	REMOTE_MOVE,
	REMOTE_DELETE,
} RemoteVerb;

/* Numbered as Outcome of sync.proto. */
typedef enum RemoteOutcome {
	REMOTE_APPLIED = 1,
	REMOTE_ALREADY,
	REMOTE_STALE,
	REMOTE_NAME_TAKEN,
	REMOTE_NO_PARENT,
	REMOTE_NOT_FOUND,
	REMOTE_CYCLE,
	REMOTE_NEWER_INSIDE,
	REMOTE_MISSING_CONTENT,
	REMOTE_QUOTA,
	REMOTE_INVALID,
	REMOTE_GROUP_FAILED,
	REMOTE_EXISTS,
	REMOTE_CASE_TAKEN,
} RemoteOutcome;

/* All memory borrowed. */
typedef struct RemoteOperation {
	uint64_t number;
	unsigned group;
	RemoteVerb verb;
	NodeId node;
	uint64_t base;
	NodeId parent;
	const char *name;
	RemoteKind kind;
	uint64_t size;
	int64_t mtime_ns;
	bool executable;
	GBytes *content;
	uint64_t decided_at;
} RemoteOperation;

typedef struct RemoteResult {
	RemoteOutcome outcome;
	uint64_t seq;
} RemoteResult;

/*
 * One request: operations (at most COMMIT_OPERATIONS_MAX) and the chunks they need beside what the
 * drive holds. The operations may take COMMIT_MESSAGE_SIZE_MAX bytes (remote_operation_size() each)
 * and all together BODY_SIZE_MAX.
 */
bool remote_commit(Remote *remote, const RemoteOperation *operations, size_t count,
		   const EncodedChunk *chunks, size_t chunk_count, GCancellable *cancellable,
		   RemoteResult *ret_results, GError **error);

/* Bytes that an operation takes in a request, at most. */
size_t remote_operation_size(const RemoteOperation *operation);

/*
 * ids: at most CHUNK_IDS_MAX. Appends those that must be sent (ChunkId), in order and each once.
 * bytes: raw length of all of them.
 */
bool remote_missing(Remote *remote, const ChunkId *ids, size_t count, uint64_t bytes,
		    GCancellable *cancellable, GArray *ret_missing, GError **error);

bool remote_upload(Remote *remote, const EncodedChunk *chunks, size_t count,
		   GCancellable *cancellable, GError **error);

/*
 * As many of these chunks (at most CHUNK_IDS_MAX), in order, as fit into one answer: *ret_chunks
 * (EncodedChunk, bytes borrowed from *ret_body). At least one, or NOT_FOUND. One that is left out
 * before the last that came is one the drive does not hold. Ids are compared with the request but
 * not verified: the caller does by codec_open().
 */
bool remote_fetch(Remote *remote, const ChunkId *ids, size_t count, GCancellable *cancellable,
		  GArray **ret_chunks, GBytes **ret_body, GError **error);

/* Bytes that went over the wire in each direction, since the start. */
void remote_traffic(Remote *remote, uint64_t *ret_sent, uint64_t *ret_received);
