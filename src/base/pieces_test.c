/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pieces.h"

#include <glib.h>

#define TEXT "one two three four"

static const Piece list[] = {
	{ NULL, 0 }, { "one ", 4 }, { NULL, 0 }, { "two three", 9 }, { " four", 5 }, { NULL, 0 },
};
static const Pieces whole = { list, G_N_ELEMENTS(list) };

static void test_join(void)
{
	g_autoptr(Bulk) joined = pieces_join(&whole);
	g_assert_cmpuint(pieces_size(&whole), ==, strlen(TEXT));
	g_assert_cmpmem(joined->data, joined->len, TEXT, strlen(TEXT));

	const Pieces none = { NULL, 0 };
	g_autoptr(Bulk) nothing = pieces_join(&none);
	g_assert_cmpuint(nothing->len, ==, 0);
}

static void test_reads_from_anywhere_in_any_steps(void)
{
	for (size_t from = 0; from <= strlen(TEXT); from++) {
		for (size_t step = 1; step <= strlen(TEXT) + 1; step++) {
			PiecesReader reader;
			pieces_reader_init(&reader, &whole, from);
			char read[sizeof TEXT] = { 0 };
			size_t at = 0;
			size_t taken = 0;
			while ((taken = pieces_reader_take(&reader, read + at, step)) > 0) {
				g_assert_true(taken == step || from + at + taken == strlen(TEXT));
				at += taken;
			}
			g_assert_cmpstr(read, ==, TEXT + from);
		}
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/pieces/join", test_join);
	g_test_add_func("/base/pieces/reads-from-anywhere-in-any-steps",
			test_reads_from_anywhere_in_any_steps);
	return g_test_run();
}
