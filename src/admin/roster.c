/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/roster.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define FIELDS_MIN 3
#define FIELDS_MAX 4

void roster_row_clear(void *data)
{
	RosterRow *row = data;
	g_free(row->name);
	g_free(row->provider);
	g_free(row->subject);
	g_free(row->tenant);
}

static bool fail(unsigned line, const char *what, GError **error)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "line %u: %s", line, what);
	return false;
}

/* ---- fields ---------------------------------------------------------------------------- */

/* A field in quotes, *at behind the first of them; *at is left at what follows the last. */
static char *read_quoted(const char **at, unsigned line, GError **error)
{
	g_autoptr(GString) field = g_string_new(NULL);
	for (const char *next = *at; *next != '\0' && *next != '\n'; next++) {
		if (*next != '"') {
			g_string_append_c(field, *next);
		} else if (next[1] == '"') {
			g_string_append_c(field, *next++);
		} else {
			*at = next + 1 + strspn(next + 1, " \t\r");
			return g_string_free(g_steal_pointer(&field), FALSE);
		}
	}
	fail(line, "a quote is not closed on its line", error);
	return NULL;
}

/* *at is left at the comma, the line's end or the text's. */
static char *read_field(const char **at, unsigned line, GError **error)
{
	*at += strspn(*at, " \t");
	if (**at == '"') {
		(*at)++;
		g_autofree char *field = read_quoted(at, line, error);
		if (field && !strchr(",\n", **at)) {
			fail(line, "after a closing quote a comma is expected", error);
			return NULL;
		}
		return g_steal_pointer(&field);
	}
	size_t size = strcspn(*at, ",\n");
	g_autofree char *field = g_strndup(*at, size);
	*at += size;
	if (strchr(field, '"')) {
		fail(line, "a quote in the middle of a field: put quotes around all of it", error);
		return NULL;
	}
	return g_strdup(g_strchomp(field));
}

/* All fields of a line, *at behind its end; ends with NULL. */
static GPtrArray *read_line(const char **at, unsigned line, GError **error)
{
	g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func(g_free);
	for (bool more = true; more;) {
		char *field = read_field(at, line, error);
		if (!field) {
			return NULL;
		}
		g_ptr_array_add(fields, field);
		more = **at == ',';
		*at += **at != '\0';
	}
	return g_steal_pointer(&fields);
}

/* ---- rows ------------------------------------------------------------------------------ */

static const char *field_of(const GPtrArray *fields, unsigned number)
{
	return number < fields->len ? fields->pdata[number] : "";
}

static bool is_heading(const GPtrArray *fields)
{
	return g_ascii_strcasecmp(field_of(fields, 0), "name") == 0 &&
	       g_ascii_strcasecmp(field_of(fields, 1), "provider") == 0;
}

static bool add_row(GArray *rows, const GPtrArray *fields, unsigned line, GError **error)
{
	if (fields->len < FIELDS_MIN || fields->len > FIELDS_MAX) {
		return fail(line,
			    "NAME,PROVIDER,SUBJECT or NAME,PROVIDER,SUBJECT,TENANT is "
			    "expected",
			    error);
	}
	for (unsigned i = 0; i < FIELDS_MIN; i++) {
		if (*field_of(fields, i) == '\0') {
			return fail(line, "name, provider and subject must not be empty", error);
		}
	}
	if (rows->len >= ROSTER_ROWS_MAX) {
		return fail(line, "these are too many at once: cut the table into parts", error);
	}
	const RosterRow row = {
		.line = line,
		.name = g_strdup(field_of(fields, 0)),
		.provider = g_strdup(field_of(fields, 1)),
		.subject = g_strdup(field_of(fields, 2)),
		.tenant = g_strdup(field_of(fields, 3)),
	};
	g_array_append_val(rows, row);
	return true;
}

GArray *roster_parse(const char *text, GError **error)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(RosterRow));
	g_array_set_clear_func(rows, roster_row_clear);
	if (!g_utf8_validate(text, -1, NULL)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the table is not UTF-8: save it as such");
		return NULL;
	}
	/* What spreadsheets begin with. */
	const char *at = g_str_has_prefix(text, "\xef\xbb\xbf") ? text + 3 : text;
	bool first = true;
	for (unsigned line = 1; *at; line++) {
		if (*at == '#') {
			at += strcspn(at, "\n");
			at += *at != '\0';
			continue;
		}
		g_autoptr(GPtrArray) fields = read_line(&at, line, error);
		if (!fields) {
			return NULL;
		}
		bool empty = fields->len == 1 && *field_of(fields, 0) == '\0';
		bool heading = first && !empty && is_heading(fields);
		first = first && empty;
		if (!empty && !heading && !add_row(rows, fields, line, error)) {
			return NULL;
		}
	}
	return g_steal_pointer(&rows);
}
