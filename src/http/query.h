/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/* Parameters as they stand behind the '?' of a URL or in a form. */

/* Appends "name=value", both encoded, and the '&' before it. NULL values are left out. */
void query_append(GString *query, const char *name, const char *value);

/*
 * The URL with the query added to the one that it may have, and with fragment ("#x" or NULL).
 * Free with g_free().
 */
char *query_url(const char *url, const GString *query, const char *fragment);

/* Overwrites what may be secrets, and frees. */
void query_free(GString *query);
