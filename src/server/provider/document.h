/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What services answer, read strictly: at most PROVIDER_ANSWER_SIZE_MAX bytes, nested at most
 * PROVIDER_DEPTH_MAX deep, no key twice, no NUL, valid UTF-8, one object. A number becomes a string
 * of its own source text, since an id of 64 bits would not survive as a floating-point number.
 */
typedef enum DocumentForm {
	DOCUMENT_JSON, /* an object */
	DOCUMENT_ANY,  /* or callback({...}); or a=1&b=2 */
} DocumentForm;

/* DRIVE_ERROR_INVALID, TOO_LARGE. json_decref() the result; the message holds none of the text. */
json_t *document_parse(const char *text, size_t size, DocumentForm form, GError **error);

/*
 * A path is keys of nested objects, with blanks between them ("data union_id"): names of claims
 * have dots and slashes. An expression is paths, joined with " + " (texts that are there, a blank
 * between), and alternatives, separated by ";", of which the first with a text counts.
 */

/* What lies at the path, borrowed; NULL if nothing. */
json_t *document_find(const json_t *document, const char *path);
/* The text or number at the path, borrowed, possibly empty; NULL if it is anything else. */
const char *document_text(const json_t *document, const char *path);
/* What the expression picks, never empty; NULL if nothing. Free with g_free(). */
char *document_pick(const json_t *document, const char *expression);
/* Whether true, "true" or 1 lies at the path. */
bool document_is_true(const json_t *document, const char *path);

/* Whether the bytes are a path or an expression at all. */
bool document_is_expression(const char *expression);
