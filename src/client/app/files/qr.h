/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

/*
 * A text as a QR code, black on white with the quiet zone that cameras need (ISO/IEC 18004),
 * QR_MODULE pixels for each module in each direction. NULL for a text that is too long.
 */
#define QR_MODULE 5
GdkTexture *qr_texture(const char *text);
