/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk.h"
#include "client/remote/remote.h"
#include "client/state/sent.h"
#include "client/transfer/pace.h"
#include "client/tree/entry.h"

#include <gio/gio.h>

/*
 * Towards the server: reads, hashes, cuts, encodes, asks what is missing, sends, commits. Blocks;
 * runs on a worker thread with values of its own and gives values back.
 */
typedef enum UploadVerb {
	UPLOAD_CREATE, /* file, folder or link */
	UPLOAD_UPDATE, /* content and attributes of a file, target of a link */
	UPLOAD_MOVE,
	UPLOAD_DELETE,
	UPLOAD_HASH, /* only learn the content of the local file or link; same_as as for UPDATE */
} UploadVerb;

typedef enum UploadOutcome {
	UPLOAD_PENDING, /* not reached: an earlier failure of the whole batch; see error */
	UPLOAD_DONE,    /* committed (or hashed): content, info, seq are set */
	UPLOAD_SAME,    /* UPDATE: the file is what the server has; content, info are set */
	UPLOAD_CHANGED, /* the file changed or vanished while it was read: look again */
	UPLOAD_REFUSED, /* the server said no: refusal */
	UPLOAD_LACKING, /* stored_only, and the server lacks some of the content */
	UPLOAD_FAILED,  /* this item alone: error (unreadable, too large …) */
} UploadOutcome;

typedef struct UploadItem {
	/* in */
	UploadVerb verb;
	int64_t key;       /* the engine's; not looked at */
	uint64_t number;   /* operation number */
	unsigned group;    /* MOVE: neighbours of one group > 0 are all or nothing */
	char *path;        /* of the local file; NULL for MOVE and DELETE */
	DiskInfo expected; /* the file as observed */
	NodeId node;
	NodeId parent; /* CREATE, MOVE */
	char *name;    /* CREATE, MOVE */
	EntryKind kind;
	uint64_t base;       /* the node's seq; 0 for CREATE */
	uint64_t decided_at; /* DELETE of a folder */
	GBytes *same_as;     /* UPDATE: the server's content, or NULL */
	int64_t same_mtime_ns;
	bool same_executable;
	bool stored_only; /* CREATE, UPDATE of a file: only if it needs no room on the server, which
			     is asked for its content, and sent none */
	/* out */
	UploadOutcome outcome;
	RemoteOutcome refusal;
	GError *error;
	GBytes *content; /* file: chunk/content.h; link: target */
	DiskInfo info;   /* the file as it was read */
	bool young;      /* it was changed so shortly before that info may not tell a later
			    change: to be hashed again */
	uint64_t seq;
} UploadItem;

UploadItem *upload_item_new(UploadVerb verb);
void upload_item_free(UploadItem *item);
/* May need room on the server; what does not may be what makes some. */
bool upload_item_needs_room(const UploadItem *item);
/* Of the file as it was read; what tells of its content, only as far as that can be relied on. */
EntryStamp upload_item_stamp(const UploadItem *item);
/* What it sends, once its content is known; borrowed. Of what sends nothing it says nothing. */
SentNote upload_item_note(const UploadItem *item);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UploadItem, upload_item_free)

/* Shared by all uploads of a binding. Progress counters are read from another thread. */
typedef struct Upload Upload;

typedef struct UploadOptions {
	Pace *pace;          /* borrowed; NULL: no limit */
	bool server_is_here; /* on this machine */
	Sent *sent;          /* borrowed: where what goes is noted; NULL: nowhere */
	/* The clock that stamps files, in microseconds since 1970; NULL: the system's. */
	int64_t (*now_us)(void *data);
	void *now_data;
} UploadOptions;

Upload *upload_new(Disk *disk, Remote *remote, const UploadOptions *options);
void upload_free(Upload *upload);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Upload, upload_free)

/*
 * Runs the items (UploadItem) in order, in as few requests as possible, and sets their outcomes.
 * Any number of threads may run items that do not build upon each other.
 * False if the whole batch failed (server not reached, credential refused, disk gone): items not
 * reached stay UPLOAD_PENDING. With NO_SPACE (the server's disk is full) what needs no room,
 * upload_item_needs_room(), has been done nevertheless. A commit whose answer was lost
 * is PENDING too: trying again with the same number finds out.
 */
bool upload_run(Upload *upload, GPtrArray *items, GCancellable *cancellable, GError **error);

/* Bytes of files read and accepted so far. Any thread. */
uint64_t upload_progress(Upload *upload);
