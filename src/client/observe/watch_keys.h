/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which watch number stands for which key, both ways and one to one. Numbers and keys are > 0. Some
 * 50 bytes for each.
 */
typedef struct WatchKeys {
	GHashTable *key_of;
	GHashTable *number_of;
} WatchKeys;

void watch_keys_init(WatchKeys *keys);
void watch_keys_clear(WatchKeys *keys);
size_t watch_keys_count(const WatchKeys *keys);

/* 0 if there is none. */
int64_t watch_keys_key(const WatchKeys *keys, int number);

/*
 * number is key from now on, whatever either stood for before. Returns the number that key stood
 * for until now and that nobody asks for any more; 0 if there is none.
 */
int watch_keys_put(WatchKeys *keys, int number, int64_t key);
/* Returns the number that key stood for; 0 if none. */
int watch_keys_remove(WatchKeys *keys, int64_t key);
/* What stood for key stands for new_key. Returns as watch_keys_put(). */
int watch_keys_rekey(WatchKeys *keys, int64_t key, int64_t new_key);

/* Aborts unless both directions agree. */
void watch_keys_check(const WatchKeys *keys);
