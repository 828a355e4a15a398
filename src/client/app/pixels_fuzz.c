/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a picture. What is shown of it is not large, and of the decoder that was named. */
#include "client/app/pixels.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = { "image/png", "image/jpeg" };
	unsigned decoded = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		g_autoptr(GdkPixbuf) pixels = pixels_decode(types[i], data, size);
		decoded += pixels ? 1 : 0;
		g_assert_true(!pixels || (gdk_pixbuf_get_width(pixels) <= PIXELS_MAX &&
					  gdk_pixbuf_get_height(pixels) <= PIXELS_MAX));
	}
	g_assert_cmpuint(decoded, <=, 1);
	return 0;
}
