/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "chunk/codec.h"
#include "chunk/content.h"
#include "client/transfer/apply.h"
#include "client/transfer/pace.h"
#include "client/transfer/pipeline.h"

/* Half-written files that a later run can go on with. */
#define PARTIALS_MAX 4

/*
 * A file of which a part was written when the server was lost: its bytes up to `written` are what
 * content says.
 */
typedef struct ApplyPartial {
	GBytes *content;
	DiskFile *staged;
	uint64_t written;
} ApplyPartial;

struct Apply {
	Disk *disk;
	Remote *remote;
	Cache *cache;
	ApplyOptions options;
	unsigned round_files_max;
	GMutex mutex;
	GQueue partials;   /* ApplyPartial, oldest first; guarded by mutex */
	uint64_t progress; /* guarded by mutex */
};

/* One item on its way. It belongs to source.c, then to each step of its last load in turn. */
typedef struct ApplyWork {
	ApplyItem *item;
	GError *source_error; /* its content cannot be had */
	bool stages;          /* it puts new bytes in place */
	DiskFile *base;       /* the file now at path: a source of chunks; NULL: it is none */
	DiskFile *staged;
	uint64_t written; /* bytes of the file that are staged, from its start */
} ApplyWork;

typedef enum PieceSource {
	PIECE_FETCH,   /* from the server */
	PIECE_BASE,    /* from the base file */
	PIECE_HERE,    /* chunk is here */
	PIECE_NOWHERE, /* the server does not have it */
} PieceSource;

/* A chunk's worth of a file. */
typedef struct ApplyPiece {
	ApplyWork *work;
	uint64_t offset; /* in the file */
	ContentRef ref;
	PieceSource source;
	uint64_t base_offset;
	EncodedChunk chunk;
} ApplyPiece;

/* What passes through the pipeline: pieces of files, and the works that they complete. */
typedef struct ApplyLoad {
	GArray *pieces;    /* ApplyPiece, of each file in the order of its bytes */
	GPtrArray *bodies; /* GBytes, which own the chunks' bytes */
	size_t size;       /* bytes of the pieces */
	bool ahead;        /* fetched while the one before it is */
	GPtrArray *works;  /* ApplyWork, in the order of the items */
	bool ends_round;   /* what came so far is to be synced and put in place */
} ApplyLoad;

typedef struct ApplyRun {
	Apply *apply;
	GCancellable *cancellable;
	Codec *source_codec; /* of source.c */
	Codec *codec;        /* of stage_write() */
	uint8_t *buffer;     /* of stage_write(): CHUNK_SIZE_MAX */
	GPtrArray *round;    /* of settle_round(): ApplyWork */
	bool placed;         /* a name may have changed */
	bool synced;         /* the disk was synced before */
} ApplyRun;

ApplyLoad *apply_load_new(void);
void apply_load_free(void *load);
/* Keeps body as long as the load. */
void apply_load_own(ApplyLoad *load, GBytes *body);

/* NULL if there is none of this content. Yours to free with apply_partial_free(). */
ApplyPartial *apply_take_partial(Apply *apply, GBytes *content);
void apply_partial_free(void *partial);

/* DRIVE_ERROR_CANCELLED once it is cancelled. */
bool apply_check_cancelled(const ApplyRun *run, GError **error);

/* The item's file: UPDATE of what has the content already needs its attributes set, no bytes. */
bool apply_is_attributes_only(const ApplyItem *item);

/* ---- source.c ----------------------------------------------------------------------------- */

/*
 * Finds out where the pieces of the works (ApplyWork) come from, and pushes them in loads;
 * *ret_last is the last. False if the whole run ends, without error if the pipeline has failed.
 */
bool source_works(ApplyRun *run, GPtrArray *works, Pipeline *pipeline, ApplyLoad **ret_last,
		  GError **error);

/* ---- stage.c, settle.c: steps of the pipeline ---------------------------------------------- */

/*
 * Gets the pieces that are not here, the first of these steps of every second load: so two loads
 * are fetched at a time, and the server reads one while the other is on its way.
 */
bool stage_fetch_ahead(void *load, void *run, GError **error);
bool stage_fetch(void *load, void *run, GError **error);
/* Verifies the pieces and writes them into staged files. */
bool stage_write(void *load, void *run, GError **error);
/* At the end of a round: syncs what is staged, then puts it in place and does all the rest. */
bool settle_round(void *load, void *run, GError **error);
