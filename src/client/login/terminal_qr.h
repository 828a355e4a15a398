/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/*
 * A text as a QR code for a terminal, two modules in each character cell, with the quiet zone that
 * cameras need. colours: black on white by escape sequences, whatever the terminal's own colours
 * are; without, for a terminal that is dark. NULL for a text that is too long. Free with g_free().
 */
char *terminal_qr_draw(const char *text, bool colours);
