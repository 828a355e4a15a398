/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/qr.h"

#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

/* Draws the path of an SVG into modules. */
static void draw(const char *path, unsigned char *modules, int size)
{
	while (*path == 'M') {
		char *end;
		long x = strtol(path + 1, &end, 10);
		long y = strtol(end, &end, 10);
		g_assert_cmpint(*end, ==, 'h');
		long width = strtol(end + 1, &end, 10);
		g_assert_true(g_str_has_prefix(end, "v1h-"));
		end = strchr(end, 'z');
		g_assert_nonnull(end);
		for (long i = 0; i < width; i++) {
			modules[y * size + x + i] = 1;
		}
		path = end + 1;
	}
	g_assert_cmpint(*path, ==, '"');
}

static void test_same_modules(void)
{
	const char *text = "xmpp:drive@example.org?message;body=KXRT-8MVW";
	Html *html = html_new();
	qr_put(html, text, "code \"<&");
	g_autoptr(GBytes) bytes = html_end(html);
	g_autofree char *svg = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	g_assert_nonnull(strstr(svg, "aria-label=\"code &quot;&lt;&amp;\""));
	const char *path = strstr(svg, "fill=\"#000\" d=\"");
	g_assert_nonnull(path);

	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	int size = code->width + 8;
	g_autofree unsigned char *modules = g_malloc0((size_t)size * (size_t)size);
	draw(path + strlen("fill=\"#000\" d=\""), modules, size);
	for (int y = 0; y < size; y++) {
		for (int x = 0; x < size; x++) {
			bool inside = x >= 4 && y >= 4 && x < size - 4 && y < size - 4;
			int dark = inside ? code->data[(y - 4) * code->width + x - 4] & 1 : 0;
			g_assert_cmpint(modules[y * size + x], ==, dark);
		}
	}
	QRcode_free(code);
}

static void test_too_long(void)
{
	g_autofree char *text = g_strnfill(8000, 'x');
	Html *html = html_new();
	qr_put(html, text, "code");
	g_autoptr(GBytes) bytes = html_end(html);
	g_assert_cmpuint(g_bytes_get_size(bytes), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pages/qr/has-the-modules-and-a-quiet-zone", test_same_modules);
	g_test_add_func("/pages/qr/leaves-out-what-does-not-fit", test_too_long);
	return g_test_run();
}
