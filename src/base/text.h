/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * True if these bytes can be the name of a node: 1..NAME_SIZE_MAX bytes, no '/', no NUL, neither
 * "." nor "..". Any other bytes are allowed, valid UTF-8 or not, as on Linux file systems.
 */
bool text_is_name(const char *name, size_t size);

/*
 * The bytes as text for people, logs and JSON: valid UTF-8 unchanged, control characters and
 * invalid bytes as \xNN. Free with g_free().
 */
char *text_printable(const char *bytes, size_t size);
