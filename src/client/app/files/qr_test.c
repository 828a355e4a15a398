/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/files/qr.h"

#define QUIET 4
#define FINDER 7 /* modules of the square in a corner */

typedef struct Code {
	uint32_t *pixels; /* as GTK reads it */
	int line;
	int size; /* in modules */
} Code;

static Code code_of(const char *text)
{
	g_autoptr(GdkTexture) texture = qr_texture(text);
	int line = gdk_texture_get_width(texture);
	g_assert_cmpint(gdk_texture_get_height(texture), ==, line);
	g_assert_cmpint(line % QR_MODULE, ==, 0);
	Code code = { g_new(uint32_t, (size_t)line * line), line, line / QR_MODULE };
	gdk_texture_download(texture, (guchar *)code.pixels, (gsize)line * sizeof(uint32_t));
	return code;
}

static bool is_dark(const Code *code, int x, int y)
{
	const uint32_t *row = code->pixels + (ptrdiff_t)y * QR_MODULE * code->line;
	return (row[x * QR_MODULE] & 0xffffff) == 0;
}

static void test_a_text_is_a_code(void)
{
	Code code = code_of("https://drive.example.org/s/abc");
	/* Sizes of codes are 21, 25, 29 … */
	g_assert_cmpint((code.size - 2 * QUIET) % 4, ==, 1);
	for (int i = 0; i < code.size; i++) {
		for (int edge = 0; edge < QUIET; edge++) {
			g_assert_false(is_dark(&code, i, edge));
			g_assert_false(is_dark(&code, code.size - 1 - edge, i));
		}
	}
	/* Three corners have a square. */
	int last = code.size - 1 - QUIET;
	for (int i = 0; i < FINDER; i++) {
		g_assert_true(is_dark(&code, QUIET + i, QUIET));
		g_assert_true(is_dark(&code, last - i, QUIET));
		g_assert_true(is_dark(&code, QUIET + i, last));
	}
	g_free(code.pixels);
}

static void test_what_is_too_long_is_none(void)
{
	g_autofree char *text = g_strnfill(4000, 'a');
	g_assert_null(qr_texture(text));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/app/files/qr/a-text-is-a-code", test_a_text_is_a_code);
	g_test_add_func("/client/app/files/qr/what-is-too-long-is-none",
			test_what_is_too_long_is_none);
	return g_test_run();
}
