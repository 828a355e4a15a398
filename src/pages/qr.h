/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pages/html.h"

/*
 * Appends the text as a QR code: an SVG of dark modules on white with the quiet zone of four that
 * ISO/IEC 18004 asks for, whatever the colours around it. label: what it is, for those who cannot
 * see it. Nothing is appended if the text is too long for one.
 */
void qr_put(Html *html, const char *text, const char *label);
