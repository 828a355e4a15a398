/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: an answer of a service. Whatever is read is one object, without numbers and not deeper
 * than allowed, and what one reader takes the other does not take for something else.
 */
#include "server/provider/document.h"

#include "base/limits.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const json_t *value, unsigned depth)
{
	g_assert_cmpuint(depth, <=, PROVIDER_DEPTH_MAX);
	g_assert_false(json_is_number(value));
	const char *key;
	json_t *inside;
	json_object_foreach((json_t *)value, key, inside)
	{
		check(inside, depth + 1);
	}
	for (size_t i = 0; i < json_array_size(value); i++) {
		check(json_array_get(value, i), depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size > 0 ? (const char *)data : "";
	json_t *strict = document_parse(text, size, DOCUMENT_JSON, NULL);
	json_t *any = document_parse(text, size, DOCUMENT_ANY, NULL);
	g_assert_true(!strict || json_equal(strict, any));
	if (any) {
		g_assert_true(json_is_object(any));
		check(any, 0);
		g_autofree char *picked =
			document_pick(any, "data user name;openid + access_token");
		g_assert_true(!picked || *picked);
		document_is_true(any, "ok");
	}
	json_decref(strict);
	json_decref(any);
	return 0;
}
