/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/qr.h"

#include <qrencode.h>

#define QUIET 4

/* One path for all: a run of dark modules in a row is one rectangle. */
static void put_modules(Html *html, const QRcode *code)
{
	for (int y = 0; y < code->width; y++) {
		const unsigned char *row = code->data + (ptrdiff_t)y * code->width;
		int x = 0;
		while (x < code->width) {
			int end = x;
			while (end < code->width && (row[end] & 1)) {
				end++;
			}
			if (end > x) {
				html_put(html, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, end - x,
					 end - x);
			}
			x = end + 1;
		}
	}
}

void qr_put(Html *html, const char *text, const char *label)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	if (!code) {
		return;
	}
	int size = code->width + 2 * QUIET;
	html_put(html,
		 "<svg class=\"qr\" role=\"img\" aria-label=\"%s\" viewBox=\"0 0 %d %d\" "
		 "shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dh-%dz\"/>"
		 "<path fill=\"#000\" d=\"",
		 label, size, size, size, size, size);
	put_modules(html, code);
	html_put(html, "\"/></svg>");
	QRcode_free(code);
}
