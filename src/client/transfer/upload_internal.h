/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/limits.h"
#include "chunk/chunk_id.h"
#include "chunk/codec.h"
#include "client/transfer/pace.h"
#include "client/transfer/pays.h"
#include "client/transfer/pipeline.h"
#include "client/transfer/upload.h"

/* Bytes of files in the first batch of a run, so that an edit of a few MiB is one request … */
#define FIRST_RAW_SIZE (2 * BATCH_SIZE_TARGET)
/* … and in those that follow, of which many are under way. */
#define NEXT_RAW_SIZE BATCH_SIZE_TARGET
/* Batches without operations that are sent at the same time. */
#define SENDERS_MAX 3
/* A file is read in pieces of this size. */
#define READ_SIZE (256 * KIB)
/* Beside the bytes of short files: lists of their chunks. */
#define LISTS_ROOM (64 * KIB)
/* Bytes of operations in one batch; a group may take the rest. */
#define BATCH_MESSAGE_SIZE (COMMIT_MESSAGE_SIZE_MAX / 2)

struct Upload {
	Disk *disk;
	Remote *remote;
	UploadOptions options;
	Pace *pace;
	GMutex mutex;
	Pays pays;         /* guarded by mutex */
	unsigned sending;  /* requests with chunks that are under way; guarded by mutex */
	uint64_t progress; /* guarded by mutex */
};

/* One item on its way. It belongs to the gathering thread, then to its last batch. */
typedef struct UploadWork {
	UploadItem *item;
	bool again;  /* the server lacks content that it was thought to have */
	int refused; /* atomic: no room on the server, or stored_only and not stored: the rest of
			the file need not be read */
} UploadWork;

/* A chunk in a batch. */
typedef struct UploadChunk {
	ChunkId id;
	size_t offset; /* in the batch's bytes */
	uint32_t length;
	bool ask;  /* the server may hold it: ask before sending */
	bool send; /* to be sent */
	UploadWork *work;
	GBytes *encoded; /* owns the bytes, if they are not the batch's */
	EncodedChunk chunk;
} UploadChunk;

/* What passes through the pipeline: bytes of files, and the operations that they complete. */
typedef struct UploadBatch {
	uint8_t *bytes;
	size_t room;         /* for so many bytes */
	size_t size_max;     /* it is full with so many bytes */
	size_t cut;          /* bytes that belong to chunks */
	size_t filled;       /* bytes read; from cut on: of the file that is being read */
	GArray *chunks;      /* UploadChunk */
	GPtrArray *works;    /* UploadWork: to be committed once the chunks are there */
	size_t message_size; /* of their operations, about */
} UploadBatch;

/* One run, or its second attempt at what the server turned out to lack. */
typedef struct UploadRun {
	Upload *upload;
	GCancellable *cancellable;
	bool again; /* ask for every chunk, believe nothing that was known */
	Codec *codec;
	struct Senders *senders; /* of deliver.c; NULL until there is more than one batch */
} UploadRun;

/* expected: the bytes of all files that may come into it. */
UploadBatch *upload_batch_new(size_t size_max, uint64_t expected);
void upload_batch_free(void *batch);

/* The operation that an item is; borrows from it. */
RemoteOperation upload_operation(const UploadItem *item);

/* Its outcome, once the work is refused. */
void upload_refuse(UploadItem *item);

/* DRIVE_ERROR_CANCELLED once it is cancelled. */
bool upload_check_cancelled(GCancellable *cancellable, GError **error);

/* ---- gather.c ----------------------------------------------------------------------------- */

/*
 * Reads what the works (UploadWork) need into batches and pushes them; *ret_last is the one that is
 * not full. False if the disk is gone, or the pipeline has failed (no error then).
 */
bool gather_works(UploadRun *run, GPtrArray *works, Pipeline *pipeline, UploadBatch **ret_last,
		  GError **error);

/* ---- deliver.c ---------------------------------------------------------------------------- */

/*
 * Pipeline steps: which chunks must be sent, and how; then all requests of the batch. Batches that
 * only carry chunks are sent side by side, and all of them are through before the operations of
 * the next batch that has any.
 */
bool deliver_encode(void *batch, void *run, GError **error);
bool deliver_send(void *batch, void *run, GError **error);
/* The run ends: waits for what is still being sent. False if something of it failed. */
bool deliver_end(UploadRun *run, GError **error);
