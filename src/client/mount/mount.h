/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/virtual/volume.h"

#include <glib.h>

/*
 * A volume as a folder of this machine, by FUSE. Programs work in it as in any other; every call of
 * theirs is passed through to the volume's backing folder.
 *
 * Requests are served by threads of the mount's own. The kernel keeps all that it was told of names
 * and attributes; what the engine changes, the volume tells, and the kernel is told to forget.
 */
typedef struct Mount Mount;

/* Reads as volume_state_name() or "pinned"; written "pinned", "unpinned" or "online-only". */
#define MOUNT_STATE_ATTRIBUTE "user.imdrive.state"

typedef struct MountOptions {
	const char *mountpoint; /* ready, as of mountpoint.h */
	Volume *volume;         /* borrowed */
	/* Programs that may not make the volume fetch, as of indexers.h; NULL: the usual ones. */
	const char *const *indexers;
	/* What the drive has room for, in bytes; false: it tells no end. Called by threads of the
	 * mount's own; must not wait. */
	bool (*room)(void *data, uint64_t *ret_total, uint64_t *ret_free);
	void *room_data;
	/* It was unmounted from outside, or cannot go on. Called by a thread of the mount's own;
	 * must not free it. May be NULL. */
	void (*ended)(void *data);
	void *ended_data;
} MountOptions;

/* UNSUPPORTED where there is no FUSE. */
Mount *mount_new(const MountOptions *options, GError **error);
/* Unmounts at once, whoever still uses it; who waits for content gets an error. */
void mount_free(Mount *mount);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Mount, mount_free)

/* Tells the volume all that programs did until now, without waiting for them to rest. */
void mount_notice(Mount *mount);
/* For tests: waits until the kernel was told all that the volume noticed. */
void mount_flush(Mount *mount);
