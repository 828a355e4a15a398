/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/transfer/device.h"
#include "client/transfer/upload.h"

/*
 * For tests: a device and its upload, and items to run.
 */
typedef struct UploadWorld {
	Device *device;
	DiskMemory *memory; /* the device's */
	FakeDrive *drive;   /* the device's */
	Upload *upload;
	uint64_t number;
} UploadWorld;

UploadWorld *upload_world_new(void);
void upload_world_free(UploadWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UploadWorld, upload_world_free)

/* For what is at path now; CREATE: as a new node in the root. */
UploadItem *upload_world_item(UploadWorld *world, UploadVerb verb, const char *path);
/* MOVE or DELETE of an uploaded node. */
UploadItem *upload_world_item_plain(UploadWorld *world, UploadVerb verb, const UploadItem *of);
/* The next state of an uploaded file. */
UploadItem *upload_world_item_update(UploadWorld *world, const UploadItem *of);
GPtrArray *upload_world_items(void);

/* Runs items, which must not fail as a whole. */
void upload_world_run(UploadWorld *world, GPtrArray *items);
/* Runs one item, which is added to items. */
void upload_world_run_one(UploadWorld *world, GPtrArray *items, UploadItem *item);
/* The item is done, and these bytes are on the drive. */
void upload_world_assert_stored(UploadWorld *world, const UploadItem *item, GBytes *bytes);
