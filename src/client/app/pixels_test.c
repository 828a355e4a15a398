/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/pixels.h"

#include <stdint.h>

static GBytes *encode(int width, int height, const char *decoder)
{
	g_autoptr(GdkPixbuf) pixels = gdk_pixbuf_new(GDK_COLORSPACE_RGB, FALSE, 8, width, height);
	g_autoptr(GError) error = NULL;
	char *bytes = NULL;
	gsize size = 0;
	gdk_pixbuf_fill(pixels, 0x20406000);
	gdk_pixbuf_save_to_buffer(pixels, &bytes, &size, decoder, &error, NULL);
	g_assert_no_error(error);
	return g_bytes_new_take(bytes, size);
}

static GdkPixbuf *decode(GBytes *bytes, const char *type)
{
	gsize size;
	const void *data = g_bytes_get_data(bytes, &size);
	return pixels_decode(type, data, size);
}

static void test_a_picture_is_shown(void)
{
	g_autoptr(GBytes) png = encode(40, 30, "png");
	g_autoptr(GBytes) jpeg = encode(PIXELS_MAX, PIXELS_MAX, "jpeg");
	g_autoptr(GdkPixbuf) first = decode(png, "image/png");
	g_autoptr(GdkPixbuf) second = decode(jpeg, "image/jpeg");
	g_assert_cmpint(gdk_pixbuf_get_width(first), ==, 40);
	g_assert_cmpint(gdk_pixbuf_get_height(second), ==, PIXELS_MAX);
}

static void test_what_is_no_such_picture_is_not(void)
{
	g_autoptr(GBytes) png = encode(40, 30, "png");
	g_autoptr(GBytes) bmp = encode(40, 30, "bmp");
	g_autoptr(GBytes) cut = g_bytes_new_from_bytes(png, 0, 40);
	g_autoptr(GBytes) none = g_bytes_new_static("", 0);
	g_assert_null(decode(png, "image/jpeg"));
	g_assert_null(decode(png, "image/svg+xml"));
	g_assert_null(decode(png, NULL));
	g_assert_null(decode(bmp, "image/png"));
	g_assert_null(decode(bmp, "image/bmp"));
	g_assert_null(decode(cut, "image/png"));
	g_assert_null(decode(none, "image/png"));
}

/* A few bytes say that they are a great many pixels. */
static void test_a_large_picture_is_given_up(void)
{
	g_autoptr(GBytes) wide = encode(PIXELS_MAX + 1, 1, "png");
	g_autoptr(GBytes) high = encode(1, PIXELS_MAX + 1, "jpeg");
	g_assert_null(decode(wide, "image/png"));
	g_assert_null(decode(high, "image/jpeg"));
	static const uint8_t head[] = { 0x89, 'P',  'N',  'G',  '\r', '\n', 0x1a, '\n', 0,
					0,    0,    13,   'I',  'H',  'D',  'R',  0,    0,
					0x75, 0x30, 0,    0,    0x75, 0x30, 8,    6,    0,
					0,    0,    0x84, 0x25, 0xc5, 0x6d };
	g_assert_null(pixels_decode("image/png", head, sizeof head));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/app/pixels/a-picture-is-shown", test_a_picture_is_shown);
	g_test_add_func("/client/app/pixels/what-is-no-such-picture-is-not",
			test_what_is_no_such_picture_is_not);
	g_test_add_func("/client/app/pixels/a-large-picture-is-given-up",
			test_a_large_picture_is_given_up);
	return g_test_run();
}
