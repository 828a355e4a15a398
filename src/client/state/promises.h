/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/node_id.h"
#include "client/tree/entry.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Keys given to ids of which nothing else is known yet. */
typedef struct Promises Promises;

Promises *promises_new(void);
void promises_free(Promises *promises);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Promises, promises_free)

/* Neither is in it. */
void promises_add(Promises *promises, const NodeId *id, int64_t key);
/* Does nothing if there is none. */
void promises_drop(Promises *promises, int64_t key);
void promises_clear(Promises *promises);

int64_t promises_key_of(const Promises *promises, const NodeId *id);
/* Borrowed; NULL if nothing was promised. */
const NodeId *promises_id_of(const Promises *promises, int64_t key);
/* Appends all keys (int64_t). */
void promises_keys(const Promises *promises, GArray *ret_keys);
size_t promises_count(const Promises *promises);
