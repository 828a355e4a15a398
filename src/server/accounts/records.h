/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The tables of this folder, and the ids in them. For the files of this folder and their tests
 * only.
 */

/* Brings the tables to their newest form. */
bool records_migrate(Sql *sql, GError **error);

/* For tests: to that version only; *ret_newest is the newest there is. */
bool records_migrate_to(Sql *sql, size_t version, size_t *ret_newest, GError **error);

typedef enum RecordsId {
	RECORDS_ACCOUNT,
	RECORDS_DEVICE,
	RECORDS_IDENTITY,
	RECORDS_INVITATION,
	RECORDS_SESSION,
	RECORDS_AUDIT,
} RecordsId;

/* An id that none of its kind ever had. */
bool records_next_id(SqlSession *session, RecordsId kind, int64_t *ret_id, GError **error);
