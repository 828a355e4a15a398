/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "chunk/codec.h"
#include "chunk/content.h"
#include "client/remote/remote.h"

#include <gio/gio.h>

/*
 * The lists of chunks that the content of a long file names (chunk/content.h, depth 1), from the
 * server, a few at a time.
 */
typedef struct RemoteLists {
	Remote *remote;
	Codec *codec;
	GCancellable *cancellable;
	/* One that is here already, to be unreffed, or NULL; may be NULL itself. */
	GBytes *(*find)(void *data, const ContentRef *ref);
	/* So many bytes came from the server; false stops. May be NULL. */
	bool (*arrived)(void *data, size_t bytes, GError **error);
	/* Called with each list in order, verified; false stops. */
	bool (*visit)(void *data, const ContentRef *ref, GBytes *list, GError **error);
	void *data;
} RemoteLists;

/* Visits all lists of a content of depth 1. NOT_FOUND: the drive lacks one. */
bool remote_lists_visit(const RemoteLists *lists, const Content *content, GError **error);

/* Decodes and verifies one. Free with g_bytes_unref(). */
GBytes *remote_lists_open(Codec *codec, const EncodedChunk *chunk, const ContentRef *ref,
			  GError **error);
