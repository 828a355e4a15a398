/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/* A query or form that is written with parameters_append(). */

/*
 * The URL with the query added to the one that it may have, and with fragment ("#x" or NULL).
 * Free with g_free().
 */
char *query_url(const char *url, const GString *query, const char *fragment);

/* Overwrites what may be secrets, and frees. */
void query_free(GString *query);
