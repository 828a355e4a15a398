/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "chunk/codec.h"

/* What each thread keeps between calls. */

/* The thread's own codec. */
Codec *workspace_codec(void);

/*
 * The thread's own memory of CHUNK_SIZE_MAX bytes. Valid until the next function of this folder
 * that is called.
 */
uint8_t *workspace_bytes(void);

/* A chunk id for a message. Free with g_free(). */
char *workspace_hex(const ChunkId *id);
