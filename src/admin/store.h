/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/accounts.h"
#include "server/drive/drive.h"

#include <glib.h>
#include <stdbool.h>

/*
 * The data folder, open: one process has it at a time.
 *
 *	DIR/lock            held (flock) while it is open; says by whom
 *	DIR/control         socket of the server that has it (control.h)
 *	DIR/imdrive.sqlite  accounts and journal, with its -wal and -shm
 *	DIR/packs/          content
 */
typedef struct Store Store;

typedef struct StoreOptions {
	const char *folder;
	bool create; /* the folder and what is in it, if there is none */
	int64_t device_idle_max_s;
	JournalRetention retention;
	uint64_t quota;
	/* As in DriveOptions; may be NULL. */
	void (*changed)(const NodeId *drive, void *data);
	void (*report)(const char *text, void *data);
	void (*broken)(const GError *error, void *data);
	void *data; /* of all three */
} StoreOptions;

/*
 * DRIVE_ERROR_BUSY if another process has it, DRIVE_ERROR_NOT_FOUND if there is none and create is
 * not set. A folder that is made gets 0700.
 */
Store *store_open(const StoreOptions *options, GError **error);
void store_close(Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_close)

/* Borrowed. */
Accounts *store_accounts(Store *store);
Journal *store_journal(Store *store);
Drive *store_drive(Store *store);
Sql *store_sql(Store *store);
