/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/error.h"
#include "client/disk/disk_memory.h"
#include "client/disk/image.h"

/*
 * The system calls of the file system in memory, for both the client (disk_memory.c) and people
 * (disk_memory_user.c). The lock is held by whoever calls. Paths as in disk_impl.h.
 */
typedef struct Events Events;

struct DiskMemory {
	GMutex lock; /* guards everything but options */
	DiskMemoryOptions options;
	Image *live;         /* what programs see */
	Image *durable;      /* what is on the disk */
	GPtrArray *log;      /* Change: made in live, not yet in durable; in order */
	GTree *free_numbers; /* inode numbers that were used before */
	uint64_t next_number;
	uint64_t next_id;
	int64_t now_ns;
	unsigned life; /* of the client; Disks of an earlier one are dead */
	bool mounted;
	GHashTable *openings; /* &Opening.number -> Opening, owned: what programs have open */
	uint64_t next_opening;
	Events *events;
};

/* A file that a program has open. */
typedef struct Opening {
	uint64_t number; /* never reused */
	uint64_t inode;
	bool client;
	bool writing;
	bool written;
	bool holding;
} Opening;

typedef enum CallsRename {
	CALLS_RENAME_NEW,
	CALLS_RENAME_OVER,
	CALLS_RENAME_EXCHANGE,
} CallsRename;

/* Borrowed until the next change. NULL: error. */
Inode *calls_find(DiskMemory *memory, const char *path, GError **error);
void calls_look(DiskMemory *memory, const Inode *inode, DiskInfo *ret_info);
/* bytes: a link's target, else NULL. */
Inode *calls_make(DiskMemory *memory, const char *path, DiskKind kind, GBytes *bytes,
		  GError **error);
bool calls_link(DiskMemory *memory, const char *path, const char *to, GError **error);
bool calls_rename(DiskMemory *memory, const char *from, const char *to, CallsRename how,
		  GError **error);
bool calls_remove(DiskMemory *memory, const char *path, bool folder, GError **error);
bool calls_write(DiskMemory *memory, Inode *inode, uint64_t offset, GBytes *bytes, GError **error);
void calls_truncate(DiskMemory *memory, Inode *inode, uint64_t size);
void calls_set(DiskMemory *memory, Inode *inode, int64_t mtime_ns, unsigned mode);

/* It has this content (options.content), as of change_ns, but none of its bytes. */
void calls_promise(DiskMemory *memory, Inode *inode, GBytes *content, uint64_t size,
		   int64_t change_ns);
/* Before people change its bytes: those that are kept come, and it is not promised any more. */
bool calls_keep_no_promise(DiskMemory *memory, Inode *inode, bool bytes_kept, GError **error);
/* All bytes of a file or the target of a link, whether promised or not; NULL for others. */
GBytes *calls_bytes(DiskMemory *memory, const Inode *inode);

/* Its number; 0: error. */
uint64_t calls_open(DiskMemory *memory, Inode *inode, bool client, bool writing, GError **error);
/* Borrowed until the next change; IO once its process is gone. */
Inode *calls_opened(DiskMemory *memory, uint64_t opening, GError **error);
/* Keeps writers out until it is closed. BUSY if there is one. */
bool calls_hold(DiskMemory *memory, uint64_t opening, GError **error);
/* May people write to it? BUSY if the client keeps them out. */
bool calls_check_writable(const Inode *inode, const char *path, GError **error);
/* Those who watch are told so when it is closed. */
void calls_mark_written(DiskMemory *memory, uint64_t opening);
/* Does nothing once its process is gone. */
void calls_close(DiskMemory *memory, uint64_t opening);
/* Closes what the client (or, with everybody, anybody) has open. */
void calls_close_all(DiskMemory *memory, bool everybody);

/* All of the log, or what concerns the content of one inode, cannot be lost any more. */
void calls_sync(DiskMemory *memory);
void calls_sync_inode(DiskMemory *memory, const Inode *inode);

/* Inode numbers that live does not use can be given out again. */
void calls_renumber(DiskMemory *memory);

/* Always returns false. */
bool calls_fail(GError **error, DriveError code, const char *path, const char *reason);
