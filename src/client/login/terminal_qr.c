/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/terminal_qr.h"

#include <glib.h>
#include <qrencode.h>

#define QUIET 2
#define PAPER "\033[38;5;16;48;5;231m"
#define PLAIN "\033[0m"

/* Outside is quiet. */
static bool is_dark(const QRcode *code, int x, int y)
{
	bool inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
	return inside && (code->data[y * code->width + x] & 1);
}

/* Ink where it is dark; without colours a dark terminal is the ink, and light is drawn. */
static const char *cell(bool upper, bool lower)
{
	static const char *const cells[] = { " ", "\xe2\x96\x84", "\xe2\x96\x80", "\xe2\x96\x88" };
	return cells[upper * 2 + lower];
}

char *terminal_qr_draw(const char *text, bool colours)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
	if (!code) {
		return NULL;
	}
	GString *drawn = g_string_new(NULL);
	for (int y = -QUIET; y < code->width + QUIET; y += 2) {
		g_string_append(drawn, colours ? PAPER : "");
		for (int x = -QUIET; x < code->width + QUIET; x++) {
			bool upper = is_dark(code, x, y) == colours;
			bool lower = is_dark(code, x, y + 1) == colours;
			g_string_append(drawn, cell(upper, lower));
		}
		g_string_append(drawn, colours ? PLAIN "\n" : "\n");
	}
	QRcode_free(code);
	return g_string_free(drawn, FALSE);
}
