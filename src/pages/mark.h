/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pages/html.h"

/*
 * Appends the mark of a chat service as a small SVG, a drawing of our own in the service's colour;
 * for an icon without a drawing the first letter of its label. It is decoration: the label stands
 * beside it.
 */
void mark_put(Html *html, const char *icon, const char *label);

/* The drive's own. */
void mark_put_drive(Html *html);
