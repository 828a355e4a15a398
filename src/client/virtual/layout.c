/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "client/virtual/layout.h"

#include "base/error.h"
#include "client/remote/remote_lists.h"

static bool add(Layout *layout, const Content *content, GError **error)
{
	for (size_t i = 0; i < content->count; i++) {
		const ContentRef *ref = &content->refs[i];
		LayoutChunk chunk = { .ref = *ref };
		if (layout->chunks->len > 0) {
			const LayoutChunk *last = layout_chunk(layout, layout->chunks->len - 1);
			chunk.offset = last->offset + last->ref.length;
		}
		if (chunk.offset > layout->size || ref->length > layout->size - chunk.offset) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
				    "its chunks are longer than the file");
			return false;
		}
		g_array_append_val(layout->chunks, chunk);
	}
	return true;
}

static bool add_list(void *data, const ContentRef *ref, GBytes *list, GError **error)
{
	g_auto(Content) content = { 0 };
	size_t size = 0;
	const void *bytes = g_bytes_get_data(list, &size);
	return content_decode_list(bytes, size, &content, error) && add(data, &content, error);
}

Layout *layout_new(GBytes *encoded, uint64_t file_size, Remote *remote, GCancellable *cancellable,
		   GError **error)
{
	g_auto(Content) content = { 0 };
	size_t size = 0;
	const void *bytes = g_bytes_get_data(encoded, &size);
	if (!content_decode(bytes, size, &content, error)) {
		return NULL;
	}
	g_autoptr(Layout) layout = g_new0(Layout, 1);
	g_autoptr(Codec) codec = codec_new();
	layout->size = file_size;
	layout->chunks = g_array_new(FALSE, FALSE, sizeof(LayoutChunk));
	const RemoteLists lists = {
		.remote = remote,
		.codec = codec,
		.cancellable = cancellable,
		.visit = add_list,
		.data = layout,
	};
	bool added = content.depth == 0 ? add(layout, &content, error)
					: remote_lists_visit(&lists, &content, error);
	if (!added) {
		return NULL;
	}
	uint64_t end = 0;
	if (layout->chunks->len > 0) {
		const LayoutChunk *last = layout_chunk(layout, layout->chunks->len - 1);
		end = last->offset + last->ref.length;
	}
	if (end != file_size) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "its chunks are shorter than the file");
		return NULL;
	}
	return g_steal_pointer(&layout);
}

void layout_free(Layout *layout)
{
	if (layout) {
		g_array_unref(layout->chunks);
		g_free(layout);
	}
}

const LayoutChunk *layout_chunk(const Layout *layout, unsigned index)
{
	return &g_array_index(layout->chunks, LayoutChunk, index);
}

unsigned layout_find(const Layout *layout, uint64_t offset)
{
	g_assert(offset < layout->size);
	unsigned low = 0, high = layout->chunks->len - 1;
	while (low < high) {
		unsigned middle = low + (high - low + 1) / 2;
		if (layout_chunk(layout, middle)->offset <= offset) {
			low = middle;
		} else {
			high = middle - 1;
		}
	}
	return low;
}
