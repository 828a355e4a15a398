/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/*
 * The same for a terminal: also what turns the direction of letters is shown, as \u202e. lines:
 * line ends stay.
 */
char *text_visible(const char *text, bool lines);

/* Embeddings, overrides, isolates: what stands behind them is shown in another order. */
bool text_turns_letters(gunichar c);

/*
 * A rate or size that people write: a whole number with k, M or G (of 1024), or "off" for 0. False
 * if it is none, or beyond 2^50.
 */
bool text_rate(const char *text, uint64_t *ret_bytes);

/* Overwrites what is in *text, frees it and sets it to NULL, which it may be: for secrets. */
void text_wipe(char **text);

/*
 * The key under which names that differ only in case or in the composition of their characters are
 * equal: Unicode NFC of the case-folded name. NULL if that is the name itself, or if the name is
 * not valid UTF-8 and equals only itself.
 */
GBytes *text_fold(const void *name, size_t size);
