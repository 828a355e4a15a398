/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/*
 * A JSON object from a request's body. DRIVE_ERROR_INVALID unless it is one object without
 * duplicate keys, not nested deeper than JSON_DEPTH_MAX.
 */
json_t *json_body_parse(GBytes *body, GError **error);

/* The text of a field, borrowed: required, without NUL inside, up to size_max bytes. */
const char *json_body_text(const json_t *object, const char *key, size_t size_max, GError **error);

/* The number of a field, fallback if it is absent. */
bool json_body_number(const json_t *object, const char *key, int64_t fallback, int64_t *ret_number,
		      GError **error);
