/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bulk.h"
#include "base/error.h"
#include "chunk/codec.h"
#include "client/remote/remote.h"
#include "client/remote/transport.h"

/*
 * For tests: a drive in memory, behind the transport's contract. It keeps chunks and nodes, checks
 * what it is sent as the server does, and fails where the test says so.
 */
typedef struct FakeNode {
	NodeId id;
	NodeId parent;
	char *name;
	RemoteKind kind;
	uint64_t size;
	int64_t mtime_ns;
	bool executable;
	GBytes *content;
	uint64_t seq;
} FakeNode;

typedef struct FakeDrive {
	Transport transport;
	NodeId id;
	GMutex mutex;
	GHashTable *chunks;     /* ChunkId -> GBytes, decoded */
	GHashTable *nodes;      /* NodeId -> FakeNode */
	GHashTable *operations; /* numbers that were applied: uint64_t -> seq */
	uint64_t seq;
	/* what the test wants; read under mutex */
	int fail_before;      /* the n-th exchange from now (1: the next) fails unheard; 0: none */
	int fail_after;       /* … is carried out, and its answer lost */
	DriveError fail_code; /* with this; OFFLINE at first */
	bool full;            /* no room for more content in the account … */
	bool disk_full;       /* … or on the server's disk */
	bool corrupt;         /* chunks are fetched with a wrong byte */
	size_t fetch_max;     /* chunks in one answer */
	int meet; /* uploads and fetches wait until so many are under way; they must within a minute
		   */
	GCancellable *cancel_at_next; /* cancelled by the next exchange */
	/* what the test may count */
	int exchanges;
	int commits;
	int missings;
	int uploads;
	int fetches;
	int moving;     /* uploads and fetches now */
	int moving_max; /* at the same time */
	GCond met;
	int chunks_received; /* also those that were there */
	int chunks_fetched;
	size_t body_size_max; /* largest body received */
	size_t kept_size;     /* of the chunks that are kept */
	size_t memory_max;    /* bytes in use at an exchange beside those */
} FakeDrive;

FakeDrive *fake_drive_new(void);
/* A client of it, which is to be freed first. */
Remote *fake_drive_remote(FakeDrive *drive);
void fake_drive_free(FakeDrive *drive);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeDrive, fake_drive_free)

/* Bytes that the process has allocated, but for the chunks that the drive keeps. */
size_t fake_drive_memory(FakeDrive *drive);
/* NULL if it is not there. */
const FakeNode *fake_drive_node(FakeDrive *drive, const NodeId *id);
/* All bytes of a content; NULL if a chunk of it is not there. */
Bulk *fake_drive_read(FakeDrive *drive, GBytes *content);
/* Cuts bytes, keeps their chunks and returns the content. */
GBytes *fake_drive_store(FakeDrive *drive, const void *bytes, size_t size);
