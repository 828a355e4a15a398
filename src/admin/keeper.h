/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "admin/data_folder.h"

#include <glib.h>

/*
 * The thread that has time: forgetting and rewriting (drive_upkeep_step()), who was seen when
 * (devices_upkeep()), and moving the database's log into the database before a commit would have to
 * do it. It also notices that the database could not be synced, after which nothing is stored.
 */
typedef struct Keeper Keeper;

typedef struct KeeperOptions {
	DataFolder *folder; /* borrowed */
	void (*report)(const char *text, void *data);
	void (*broken)(const GError *error, void *data); /* at most once */
	void *data;
} KeeperOptions;

Keeper *keeper_start(const KeeperOptions *options);
/* Ends after what it is doing, and writes down who was seen. */
void keeper_stop(Keeper *keeper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Keeper, keeper_stop)

/* A commit was made. Cheap; accepts NULL. */
void keeper_nudge(Keeper *keeper);
