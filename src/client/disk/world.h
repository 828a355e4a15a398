/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk_faulty.h"
#include "client/disk/disk_impl.h"
#include "client/disk/disk_memory.h"

/*
 * For tests: a disk with people beside it, so that one test runs on a real folder and in memory.
 * The disk is behind a disk_faulty.h, with which a test acts between two plain calls.
 */
typedef enum WorldKind {
	WORLD_POSIX,
	WORLD_MEMORY,
	WORLD_PLAIN, /* in memory, without exchange, birth and leases */
	WORLD_KINDS,
} WorldKind;

typedef struct World World;

/* Called before the plain call number `count` (from 1) since world_set_hook(). */
typedef bool (*WorldHook)(World *world, unsigned count, DiskCall call, const char *path,
			  GError **error);

struct World {
	WorldKind kind;
	Disk *disk;
	DiskMemory *memory; /* not POSIX */
	char *folder;       /* POSIX */
	WorldHook hook;
	void *hook_data;
	int count; /* atomic */
};

#define WORLD_MARKER "5f9c1c3ab2b34d8c"

const char *world_kind_name(WorldKind kind);
World *world_new(WorldKind kind);
/* Removes everything. */
void world_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* A real folder with all that is in it. */
void world_remove_folder(const char *path);

/* As new, but quicker: a new marker costs a sync. */
void world_reset(World *world);

/* NULL: none. */
void world_set_hook(World *world, WorldHook hook, void *data);
/* As another process would. Aborts if it fails. */
void world_reopen(World *world);

/* People. These abort if they fail. */
void world_user_write(World *world, const char *path, const char *text);
void world_user_append(World *world, const char *path, const char *text);
void world_user_make_folder(World *world, const char *path);
void world_user_make_link(World *world, const char *path, const char *target);
void world_user_rename(World *world, const char *from, const char *to);
void world_user_remove(World *world, const char *path);
void world_user_set_mode(World *world, const char *path, unsigned mode);
void world_user_set_mtime(World *world, const char *path, int64_t mtime_ns);
/* Is there a file or link? */
bool world_user_has(World *world, const char *path);
/* False if a program would have to wait to write to this file. */
bool world_user_can_write(World *world, const char *path);
/* NULL if no file is there. */
char *world_user_read(World *world, const char *path);
/* A program keeps the file open for writing: world_user_hold_open() … world_user_let_go(). */
void *world_user_hold_open(World *world, const char *path);
void world_user_write_open(World *world, void *held, const char *text);
void world_user_let_go(World *world, void *held);

/* All files that people see, as "path=text\n", by name; a folder as
 * "path/\n", a link as "path->target\n". */
char *world_tree(World *world);

/* Until later changes get later stamps. */
void world_pass_tick(World *world);
int64_t world_now_us(World *world);
