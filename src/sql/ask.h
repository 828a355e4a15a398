/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Short ways to ask SQL: a statement and all that it is bound to, in one call.
 */

/* What a statement's $1, $2 … are bound to; bytes stay as sql_bind_bytes() wants it. */
typedef struct AskValue {
	enum { ASK_END, ASK_NUMBER, ASK_BYTES, ASK_STRING, ASK_NOTHING } kind;
	int64_t number;
	const void *bytes;
	size_t size;
} AskValue;

#define ASK_INT(value)                                \
	{                                             \
		.kind = ASK_NUMBER, .number = (value) \
	}
#define ASK_BLOB(data, count)                                       \
	{                                                           \
		.kind = ASK_BYTES, .bytes = (data), .size = (count) \
	}
/* NULL is bound as "". */
#define ASK_TEXT(text)                              \
	{                                           \
		.kind = ASK_STRING, .bytes = (text) \
	}
#define ASK_NULL                    \
	{                           \
		.kind = ASK_NOTHING \
	}
#define ASK_VALUES(...) ((const AskValue[]){ __VA_ARGS__, { .kind = ASK_END } })

/* A statement, bound; text is a literal, see sql_statement(). */
SqlStatement *ask_statement(SqlSession *session, const char *text, const AskValue *values,
			    GError **error);
/* Runs it, ignoring rows. */
bool ask_run(SqlSession *session, const char *text, const AskValue *values, GError **error);
/* The first row, *ret_row NULL if there is none. Ask nothing of the same text while reading it. */
bool ask_find(SqlSession *session, const char *text, const AskValue *values, SqlStatement **ret_row,
	      GError **error);
/* The number in the first column of the first row; 0 if there is none. */
bool ask_count(SqlSession *session, const char *text, const AskValue *values, int64_t *ret_count,
	       GError **error);

/* A copy of a column's text; "" for NULL. */
char *ask_text_dup(SqlStatement *row, int column);
