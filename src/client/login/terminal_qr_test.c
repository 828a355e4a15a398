/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/terminal_qr.h"

#include <glib.h>
#include <qrencode.h>
#include <string.h>

#define TEXT "https://drive.example.org/device?user_code=WDJB-MJHT"
#define QUIET 2

/* Two rows of modules from one of cells: bit 1 the upper, bit 0 the lower. */
static unsigned read_cell(const char **at)
{
	static const char *const cells[] = { " ", "\xe2\x96\x84", "\xe2\x96\x80", "\xe2\x96\x88" };
	for (unsigned i = 0; i < G_N_ELEMENTS(cells); i++) {
		if (g_str_has_prefix(*at, cells[i])) {
			*at += strlen(cells[i]);
			return i;
		}
	}
	g_assert_not_reached();
}

static void check(bool colours)
{
	QRcode *code = QRcode_encodeString8bit(TEXT, 0, QR_ECLEVEL_L);
	g_autofree char *drawn = terminal_qr_draw(TEXT, colours);
	g_auto(GStrv) lines = g_strsplit(drawn, "\n", -1);
	for (int y = -QUIET; y < code->width + QUIET; y += 2) {
		const char *at = lines[(y + QUIET) / 2];
		if (colours) {
			at = strchr(at, 'm') + 1;
		}
		for (int x = -QUIET; x < code->width + QUIET; x++) {
			unsigned cell = read_cell(&at);
			for (int half = 0; half < 2; half++) {
				int row = y + half;
				bool inside =
					x >= 0 && row >= 0 && x < code->width && row < code->width;
				bool dark = inside && (code->data[row * code->width + x] & 1);
				bool ink = cell >> (1 - half) & 1;
				g_assert_true(ink == (dark == colours));
			}
		}
	}
	QRcode_free(code);
}

static void test_every_module_is_drawn(void)
{
	check(true);
	check(false);
}

static void test_fits_a_terminal(void)
{
	g_autofree char *drawn = terminal_qr_draw(TEXT, false);
	g_auto(GStrv) lines = g_strsplit(drawn, "\n", -1);
	g_assert_cmpuint(g_strv_length(lines), <=, 24);
	g_assert_cmpuint((unsigned)g_utf8_strlen(lines[0], -1), <=, 80);
}

static void test_too_long_is_none(void)
{
	g_autofree char *text = g_strnfill(5000, 'x');
	g_assert_null(terminal_qr_draw(text, true));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/login/terminal_qr/every-module-is-drawn",
			test_every_module_is_drawn);
	g_test_add_func("/client/login/terminal_qr/fits-a-terminal", test_fits_a_terminal);
	g_test_add_func("/client/login/terminal_qr/too-long-is-none", test_too_long_is_none);
	return g_test_run();
}
