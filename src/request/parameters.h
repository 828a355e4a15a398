/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Names and values of a query or of a form, in the order in which they came: valid UTF-8, without
 * NUL, at most REQUEST_PARAMETERS_MAX of them. Not for several threads at once, unless none changes
 * it.
 */
typedef struct Parameters Parameters;

Parameters *parameters_new(void);
void parameters_free(Parameters *parameters);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Parameters, parameters_free)

/*
 * From application/x-www-form-urlencoded (WHATWG URL, 5.1): "a=1&b=x%20y+z". DRIVE_ERROR_INVALID
 * for a broken escape, NUL, invalid UTF-8 or too many.
 */
Parameters *parameters_parse(const char *text, size_t size, GError **error);

/* Adds a copy of a pair that is decoded already; the same errors. */
bool parameters_add(Parameters *parameters, const char *name, const char *value, GError **error);

/* The first value of this name, borrowed; NULL if there is none. "" is a value. */
const char *parameters_get(const Parameters *parameters, const char *name);

/*
 * A name that stands there more than once, borrowed; NULL if none does. OAuth allows none
 * (RFC 6749, 3.1), and two readers must not see two different requests.
 */
const char *parameters_repeated(const Parameters *parameters);

/* The pair at this place, borrowed; false behind the last. */
bool parameters_at(const Parameters *parameters, unsigned index, const char **ret_name,
		   const char **ret_value);

/*
 * Appends "name=value" escaped, behind a '&' if anything but '?' or '#' stands before it; nothing
 * if value is NULL.
 */
void parameters_append(GString *text, const char *name, const char *value);
