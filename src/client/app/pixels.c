/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/pixels.h"

#include <stdbool.h>

static const char *decoder_of(const char *type)
{
	static const char *const decoders[][2] = { { "image/png", "png" },
						   { "image/jpeg", "jpeg" } };
	for (size_t i = 0; i < G_N_ELEMENTS(decoders); i++) {
		if (g_strcmp0(type, decoders[i][0]) == 0) {
			return decoders[i][1];
		}
	}
	return NULL;
}

static void prepared(GdkPixbufLoader *loader, int width, int height, void *data)
{
	if (width > PIXELS_MAX || height > PIXELS_MAX) {
		/* The decoder gives up. */
		gdk_pixbuf_loader_set_size(loader, 0, 0);
	}
}

GdkPixbuf *pixels_decode(const char *type, const void *bytes, size_t size)
{
	const char *decoder = decoder_of(type);
	g_autoptr(GdkPixbufLoader) loader =
		decoder ? gdk_pixbuf_loader_new_with_type(decoder, NULL) : NULL;
	if (!loader) {
		return NULL;
	}
	g_signal_connect(loader, "size-prepared", G_CALLBACK(prepared), NULL);
	bool whole = gdk_pixbuf_loader_write(loader, bytes, size, NULL);
	whole = gdk_pixbuf_loader_close(loader, NULL) && whole;
	GdkPixbuf *pixels = whole ? gdk_pixbuf_loader_get_pixbuf(loader) : NULL;
	return pixels ? g_object_ref(pixels) : NULL;
}
