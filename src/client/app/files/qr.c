/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/files/qr.h"

#include <qrencode.h>

#define QUIET 4
#define WHITE 0xff
#define PIXEL_SIZE 3

/* Outside is quiet. */
static bool is_dark(const QRcode *code, int x, int y)
{
	bool inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
	return inside && (code->data[y * code->width + x] & 1);
}

GdkTexture *qr_texture(const char *text)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	if (!code) {
		return NULL;
	}
	int size = (code->width + 2 * QUIET) * QR_MODULE;
	size_t line = (size_t)size * PIXEL_SIZE;
	uint8_t *pixels = g_malloc(line * (size_t)size);
	memset(pixels, WHITE, line * (size_t)size);
	for (int y = 0; y < size; y++) {
		for (int x = 0; x < size; x++) {
			if (is_dark(code, x / QR_MODULE - QUIET, y / QR_MODULE - QUIET)) {
				memset(pixels + line * (size_t)y + x * PIXEL_SIZE, 0, PIXEL_SIZE);
			}
		}
	}
	QRcode_free(code);
	g_autoptr(GBytes) bytes = g_bytes_new_take(pixels, line * (size_t)size);
	return gdk_memory_texture_new(size, size, GDK_MEMORY_R8G8B8, bytes, line);
}
