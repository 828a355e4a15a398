/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a table. What is taken has all that a row needs, on lines that go up; else an error. */
#include "admin/roster.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup(size > 0 ? (const char *)data : "", size);
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) rows = roster_parse(text, &error);
	g_assert_true(!rows == !!error);
	unsigned line = 0;
	for (unsigned i = 0; rows && i < rows->len; i++) {
		const RosterRow *row = &g_array_index(rows, RosterRow, i);
		g_assert_cmpuint(row->line, >, line);
		g_assert_true(*row->name && *row->provider && *row->subject && row->tenant);
		line = row->line;
	}
	return 0;
}
