/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gdk-pixbuf/gdk-pixbuf.h>

/* A picture that came from outside, made into pixels. */

/* At most so many in each direction. */
#define PIXELS_MAX 1024

/*
 * Decodes a picture of that type, "image/png" or "image/jpeg", with its decoder and no other; NULL
 * if it is none, or larger than PIXELS_MAX, which is seen before there is memory for it.
 */
GdkPixbuf *pixels_decode(const char *type, const void *bytes, size_t size);
