/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The tables of this folder, and short ways to ask them. For the files of this folder and their
 * tests only.
 */

/* Brings the tables to their newest form. */
bool records_migrate(Sql *sql, GError **error);

/* For tests: to that version only; *ret_newest is the newest there is. */
bool records_migrate_to(Sql *sql, size_t version, size_t *ret_newest, GError **error);

/* What a statement's $1, $2 … are bound to. */
typedef struct RecordsValue {
	enum { RECORDS_END, RECORDS_NUMBER, RECORDS_BYTES, RECORDS_STRING, RECORDS_NOTHING } kind;
	int64_t number;
	const void *bytes;
	size_t size;
} RecordsValue;

#define RECORDS_INT(value)                                \
	{                                                 \
		.kind = RECORDS_NUMBER, .number = (value) \
	}
#define RECORDS_BLOB(data, count)                                       \
	{                                                               \
		.kind = RECORDS_BYTES, .bytes = (data), .size = (count) \
	}
/* NULL is bound as "". */
#define RECORDS_TEXT(text)                              \
	{                                               \
		.kind = RECORDS_STRING, .bytes = (text) \
	}
#define RECORDS_NULL                    \
	{                               \
		.kind = RECORDS_NOTHING \
	}
#define RECORDS_VALUES(...) ((const RecordsValue[]){ __VA_ARGS__, { .kind = RECORDS_END } })

/* A statement, bound; text is a literal, see sql_statement(). */
SqlStatement *records_ask(SqlSession *session, const char *text, const RecordsValue *values,
			  GError **error);
/* Runs it, ignoring rows. */
bool records_run(SqlSession *session, const char *text, const RecordsValue *values, GError **error);
/* The first row, *ret_row NULL if there is none. Ask nothing of the same text while reading it. */
bool records_find(SqlSession *session, const char *text, const RecordsValue *values,
		  SqlStatement **ret_row, GError **error);
/* The number in the first column of the first row; 0 if there is none. */
bool records_count(SqlSession *session, const char *text, const RecordsValue *values,
		   int64_t *ret_count, GError **error);

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

/* A copy of a column's text; "" for NULL. */
char *records_text(SqlStatement *row, int column);
