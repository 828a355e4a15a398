/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Memory does not grow with the file: each list is gone once it was visited. */
#include "client/remote/remote_lists.h"

#include "base/error.h"
#include "base/limits.h"

GBytes *remote_lists_open(Codec *codec, const EncodedChunk *chunk, const ContentRef *ref,
			  GError **error)
{
	if (chunk->raw_size != ref->length) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "a list of chunks of another length than promised");
		return NULL;
	}
	g_autofree uint8_t *bytes = g_malloc(chunk->raw_size);
	if (!codec_open(codec, chunk, bytes, error)) {
		return NULL;
	}
	return g_bytes_new_take(g_steal_pointer(&bytes), chunk->raw_size);
}

static bool visit_fetched(const RemoteLists *lists, const Content *content, size_t from,
			  size_t *ret_next, GError **error)
{
	size_t count = MIN(content->count - from, CHUNK_IDS_MAX);
	g_autofree ChunkId *ids = g_new(ChunkId, count);
	for (size_t i = 0; i < count; i++) {
		ids[i] = content->refs[from + i].id;
	}
	g_autoptr(GArray) chunks = NULL;
	g_autoptr(GBytes) body = NULL;
	if (!remote_fetch(lists->remote, ids, count, lists->cancellable, &chunks, &body, error) ||
	    (lists->arrived && !lists->arrived(lists->data, g_bytes_get_size(body), error))) {
		return false;
	}
	for (unsigned i = 0; i < chunks->len; i++) {
		const EncodedChunk *chunk = &g_array_index(chunks, EncodedChunk, i);
		const ContentRef *ref = &content->refs[from + i];
		if (!chunk_id_equal(&chunk->id, &ref->id)) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "the drive lacks a list of chunks");
			return false;
		}
		g_autoptr(GBytes) list = remote_lists_open(lists->codec, chunk, ref, error);
		if (!list || !lists->visit(lists->data, ref, list, error)) {
			return false;
		}
	}
	*ret_next = from + chunks->len;
	return true;
}

bool remote_lists_visit(const RemoteLists *lists, const Content *content, GError **error)
{
	for (size_t next = 0; next < content->count;) {
		const ContentRef *ref = &content->refs[next];
		g_autoptr(GBytes) list = lists->find ? lists->find(lists->data, ref) : NULL;
		if (list) {
			if (!lists->visit(lists->data, ref, list, error)) {
				return false;
			}
			next++;
		} else if (!visit_fetched(lists, content, next, &next, error)) {
			return false;
		}
	}
	return true;
}
