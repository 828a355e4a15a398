/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/transfer/apply.h"
#include "client/transfer/device.h"
#include "client/transfer/upload.h"

/*
 * For tests: a device with its upload and apply, and items to run.
 */
typedef struct Fixture {
	Device *device;
	DiskMemory *memory; /* the device's */
	FakeDrive *drive;   /* the device's */
	Upload *upload;
	uint64_t number; /* of the last operation */
	Cache *cache;
	Apply *apply;
	bool synced;   /* by the last run of apply */
	uint64_t room; /* bytes that the disk is said to have left */
} Fixture;

Fixture *fixture_new(void);
void fixture_free(Fixture *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

/* ---- upload ------------------------------------------------------------------------------- */

/* For what is at path now; CREATE: as a new node in the root. */
UploadItem *fixture_upload_item(Fixture *world, UploadVerb verb, const char *path);
/* MOVE or DELETE of an uploaded node. */
UploadItem *fixture_upload_plain(Fixture *world, UploadVerb verb, const UploadItem *of);
/* The next state of an uploaded file. */
UploadItem *fixture_upload_update(Fixture *world, const UploadItem *of);
GPtrArray *fixture_upload_items(void);

/* Runs items, which must not fail as a whole. */
void fixture_upload(Fixture *world, GPtrArray *items);
/* Runs one item, which is added to items. */
void fixture_upload_one(Fixture *world, GPtrArray *items, UploadItem *item);
/* The item is done, and these bytes are on the drive. */
void fixture_assert_stored(Fixture *world, const UploadItem *item, GBytes *bytes);

/* ---- apply -------------------------------------------------------------------------------- */

#define FIXTURE_MTIME_NS 1234567890123456789

/* CREATE or UPDATE of a file; its chunks are on the drive. */
ApplyItem *fixture_apply_file(Fixture *world, ApplyVerb verb, const char *path, GBytes *bytes);
ApplyItem *fixture_apply_text(Fixture *world, ApplyVerb verb, const char *path, const char *text);
/* Any verb for what is at path now. */
ApplyItem *fixture_apply_plain(Fixture *world, ApplyVerb verb, const char *path);
ApplyItem *fixture_apply_move(Fixture *world, const char *from, const char *to);
/* CREATE */
ApplyItem *fixture_apply_folder(const char *path);
ApplyItem *fixture_apply_link(const char *path, const char *target);
GPtrArray *fixture_apply_items(void);

void fixture_apply(Fixture *world, GPtrArray *items);
void fixture_apply_one(Fixture *world, GPtrArray *items, ApplyItem *item);

/* The item is done, and what is on the disk is what it says. */
void fixture_assert_applied(Fixture *world, const ApplyItem *item);
void fixture_assert_bytes(Fixture *world, const char *path, GBytes *bytes);
void fixture_assert_text(Fixture *world, const char *path, const char *text);
bool fixture_exists(Fixture *world, const char *path);
/* Nothing half-written lies about once the Apply is gone. */
void fixture_assert_stage_empty(Fixture *world);
