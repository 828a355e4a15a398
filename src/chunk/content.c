/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contents: the lists of chunks by which files are known. content.h has the layout.
 *
 * List chunks end where the ids say so: after a ref whose id's last two bytes, as a little-endian
 * number, are divisible by LIST_DIVISOR, but not before LIST_COUNT_MIN refs, and after
 * LIST_COUNT_MAX at the latest. A file of lists has more than CONTENT_DIRECT_MAX chunks in all.
 */
#include "chunk/content.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define LIST_DIVISOR 1024
#define LIST_COUNT_MIN 256
#define LIST_COUNT_MAX 4096

G_STATIC_ASSERT(LIST_COUNT_MAX *CONTENT_REF_SIZE <= CHUNK_SIZE_MAX);
G_STATIC_ASSERT(1 + CONTENT_DIRECT_MAX * CONTENT_REF_SIZE <= CONTENT_SIZE_MAX);

static bool ends_list(const ContentRef *ref)
{
	const uint8_t *last = ref->id.bytes + CHUNK_ID_SIZE - 2;
	return (last[0] | last[1] << 8) % LIST_DIVISOR == 0;
}

/* Refs of the first list of these. */
static size_t list_count(const ContentRef *refs, size_t count)
{
	size_t end = MIN(count, LIST_COUNT_MAX);
	for (size_t i = LIST_COUNT_MIN - 1; i < end; i++) {
		if (ends_list(&refs[i])) {
			return i + 1;
		}
	}
	return end;
}

static void append_refs(GByteArray *bytes, const ContentRef *refs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		g_assert(refs[i].length > 0);
		g_assert(refs[i].length <= CHUNK_SIZE_MAX);
		uint32_t length = GUINT32_TO_LE(refs[i].length);
		g_byte_array_append(bytes, refs[i].id.bytes, CHUNK_ID_SIZE);
		g_byte_array_append(bytes, (const uint8_t *)&length, sizeof length);
	}
}

static GBytes *encode_list(const ContentRef *refs, size_t count, ContentRef *ret_ref)
{
	GByteArray *bytes = g_byte_array_sized_new((unsigned)(count * CONTENT_REF_SIZE));
	append_refs(bytes, refs, count);
	ret_ref->id = chunk_id_of(bytes->data, bytes->len);
	ret_ref->length = bytes->len;
	return g_byte_array_free_to_bytes(bytes);
}

GBytes *content_encode(const ContentRef *refs, size_t count, GPtrArray *ret_lists)
{
	g_assert(count <= FILE_SIZE_MAX);
	GByteArray *bytes = g_byte_array_new();
	if (count == 0) {
		return g_byte_array_free_to_bytes(bytes);
	}
	uint8_t depth = count > CONTENT_DIRECT_MAX;
	g_byte_array_append(bytes, &depth, 1);
	if (depth == 0) {
		append_refs(bytes, refs, count);
		return g_byte_array_free_to_bytes(bytes);
	}
	for (size_t at = 0; at < count;) {
		size_t length = list_count(refs + at, count - at);
		ContentRef list;
		g_ptr_array_add(ret_lists, encode_list(refs + at, length, &list));
		append_refs(bytes, &list, 1);
		at += length;
	}
	return g_byte_array_free_to_bytes(bytes);
}

static bool invalid(GError **error, const char *reason)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "decode content: %s", reason);
	return false;
}

static bool decode_refs(const uint8_t *bytes, size_t size, Content *content, GError **error)
{
	if (size == 0 || size % CONTENT_REF_SIZE != 0) {
		return invalid(error, "not a whole number of chunks");
	}
	content->count = size / CONTENT_REF_SIZE;
	content->refs = g_new(ContentRef, content->count);
	for (size_t i = 0; i < content->count; i++, bytes += CONTENT_REF_SIZE) {
		ContentRef *ref = &content->refs[i];
		memcpy(ref->id.bytes, bytes, CHUNK_ID_SIZE);
		memcpy(&ref->length, bytes + CHUNK_ID_SIZE, sizeof ref->length);
		ref->length = GUINT32_FROM_LE(ref->length);
		if (ref->length == 0 || ref->length > CHUNK_SIZE_MAX) {
			return invalid(error, "a chunk of impossible length");
		}
	}
	return true;
}

/* The refs of depth 1 are lists: each but the last has its minimum, none more than the maximum. */
static bool check_lists(const Content *content, GError **error)
{
	for (size_t i = 0; i < content->count; i++) {
		uint32_t length = content->refs[i].length;
		uint32_t count = length / CONTENT_REF_SIZE;
		bool last = i + 1 == content->count;
		if (length % CONTENT_REF_SIZE != 0 || count > LIST_COUNT_MAX ||
		    (!last && count < LIST_COUNT_MIN)) {
			return invalid(error, "a list of impossible length");
		}
	}
	if (content_length(content) <= CONTENT_DIRECT_MAX * CONTENT_REF_SIZE) {
		return invalid(error, "a list where none is needed");
	}
	return true;
}

bool content_decode(const void *bytes, size_t size, Content *ret_content, GError **error)
{
	g_auto(Content) content = { 0 };
	if (size > CONTENT_SIZE_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
			    "decode content: %zu bytes are too many", size);
		return false;
	}
	if (size > 0) {
		const uint8_t *at = bytes;
		content.depth = at[0];
		if (content.depth > 1) {
			return invalid(error, "unknown depth");
		}
		if (!decode_refs(at + 1, size - 1, &content, error)) {
			return false;
		}
		if (content.depth == 0 && content.count > CONTENT_DIRECT_MAX) {
			return invalid(error, "too many chunks without lists");
		}
		if (content.depth == 1 && !check_lists(&content, error)) {
			return false;
		}
	}
	*ret_content = content;
	content = (Content){ 0 };
	return true;
}

bool content_decode_list(const void *bytes, size_t size, Content *ret_content, GError **error)
{
	g_auto(Content) content = { 0 };
	if (size > LIST_COUNT_MAX * CONTENT_REF_SIZE) {
		return invalid(error, "too many chunks in a list");
	}
	if (!decode_refs(bytes, size, &content, error)) {
		return false;
	}
	if (list_count(content.refs, content.count) != content.count) {
		return invalid(error, "a list that goes on after its end");
	}
	*ret_content = content;
	content = (Content){ 0 };
	return true;
}

void content_clear(Content *content)
{
	g_free(content->refs);
	*content = (Content){ 0 };
}

uint64_t content_length(const Content *content)
{
	uint64_t length = 0;
	for (size_t i = 0; i < content->count; i++) {
		length += content->refs[i].length;
	}
	return length;
}
