/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a query. What is taken apart and put together again is taken apart the same. */
#include "request/parameters.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(Parameters) parameters = parameters_parse((const char *)data, size, NULL);
	if (!parameters) {
		return 0;
	}
	g_autoptr(GString) text = g_string_new(NULL);
	const char *name;
	const char *value;
	for (unsigned i = 0; parameters_at(parameters, i, &name, &value); i++) {
		parameters_append(text, name, value);
	}
	g_autoptr(Parameters) again = parameters_parse(text->str, text->len, NULL);
	g_assert_nonnull(again);
	for (unsigned i = 0; parameters_at(parameters, i, &name, &value); i++) {
		const char *name_again;
		const char *value_again;
		g_assert_true(parameters_at(again, i, &name_again, &value_again));
		g_assert_cmpstr(name, ==, name_again);
		g_assert_cmpstr(value, ==, value_again);
	}
	return 0;
}
