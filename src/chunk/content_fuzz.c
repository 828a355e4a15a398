/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever content_decode() and content_decode_list() take is exactly what content_encode() makes
 * of it.
 */
#include "chunk/content.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_content(const uint8_t *data, size_t size)
{
	g_auto(Content) content = { 0 };
	if (!content_decode(data, size, &content, NULL) || content.depth != 0) {
		return;
	}
	g_autoptr(GPtrArray) lists = g_ptr_array_new();
	g_autoptr(GBytes) again = content_encode(content.refs, content.count, lists);
	g_autoptr(GBytes) given = g_bytes_new_static(data, size);
	g_assert(g_bytes_equal(again, given));
	g_assert(lists->len == 0);
}

static void check_list(const uint8_t *data, size_t size)
{
	g_auto(Content) content = { 0 };
	if (!content_decode_list(data, size, &content, NULL)) {
		return;
	}
	g_autoptr(GPtrArray) lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	g_autoptr(GBytes) again = content_encode(content.refs, content.count, lists);
	g_autoptr(GBytes) given = g_bytes_new_static(data, size);
	if (lists->len == 0) {
		g_autoptr(GBytes) refs = g_bytes_new_from_bytes(again, 1, size);
		g_assert(g_bytes_equal(refs, given));
		return;
	}
	g_assert(lists->len == 1);
	g_assert(g_bytes_equal(lists->pdata[0], given));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_content(data, size);
	check_list(data, size);
	return 0;
}
