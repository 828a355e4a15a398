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
typedef struct DataFolder DataFolder;

typedef struct DataFolderOptions {
	const char *folder;
	bool create; /* the folder and what is in it, if there is none */
	int64_t device_idle_max_s;
	JournalRetention retention;
	JournalDriveOptions fresh; /* what a new drive is */
	uint64_t reserve;          /* bytes of the disk that content must leave free */
	/* As in DriveOptions; may be NULL. */
	void (*changed)(const NodeId *drive, void *data);
	void (*report)(const char *text, void *data);
	void (*broken)(const GError *error, void *data);
	void *data; /* of all three */
} DataFolderOptions;

/*
 * DRIVE_ERROR_BUSY if another process has it, DRIVE_ERROR_NOT_FOUND if there is none and create is
 * not set. A folder that is made gets 0700.
 */
DataFolder *data_folder_open(const DataFolderOptions *options, GError **error);
void data_folder_close(DataFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DataFolder, data_folder_close)

/* Borrowed. */
Accounts *data_folder_accounts(DataFolder *folder);
Journal *data_folder_journal(DataFolder *folder);
Drive *data_folder_drive(DataFolder *folder);
Sql *data_folder_sql(DataFolder *folder);

/*
 * Where people reach the drive, for links that verbs print: set before anybody else has the folder.
 * NULL: not known.
 */
void data_folder_set_url(DataFolder *folder, const char *url);
const char *data_folder_url(DataFolder *folder);
