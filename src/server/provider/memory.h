/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdint.h>

/*
 * What services said and is worth keeping for a while: metadata, keys, an application's token, a
 * registration. At most PROVIDER_SERVERS_MAX documents; when there would be more, the oldest go.
 * Any thread.
 */
typedef struct Memory Memory;

Memory *memory_new(void);
void memory_free(Memory *memory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Memory, memory_free)

/* A copy of what was put under the key at most age_us ago; NULL if nothing. json_decref(). */
json_t *memory_get(Memory *memory, const char *key, int64_t age_us);
/* Puts a copy. */
void memory_put(Memory *memory, const char *key, const json_t *document);
void memory_drop(Memory *memory, const char *key);
