/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pages/phrase.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * HTML, written from front to back. Markup can only be a literal of this program: html_put()
 * refuses anything else when it is compiled, and whatever stands for a %s is escaped, for text as
 * for the value of an attribute in double quotes. So no text of anybody's becomes markup.
 */
typedef struct Html Html;

Html *html_new(void);
void html_free(Html *html);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Html, html_free)

/* What was written; frees html. */
GBytes *html_end(Html *html);

/* Appends a literal; %s (never NULL), %u and %d as printf has them, but escaped. */
#define html_put(html, ...) html_put_escaped((html), "" __VA_ARGS__)
void html_put_escaped(Html *html, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * Appends a phrase for text; its {1}, {2}, {3} become the arguments (ended by NULL), each isolated
 * from the direction of what stands around it.
 */
void html_say(Html *html, Language language, Phrase phrase, ...) G_GNUC_NULL_TERMINATED;
/* The same for the value of an attribute, without isolation. */
void html_say_plain(Html *html, Language language, Phrase phrase, ...) G_GNUC_NULL_TERMINATED;

/* Appends how long ago a time was (both UTC); the exact one stands behind it. */
void html_ago(Html *html, Language language, int64_t time_us, int64_t now_us);

/*
 * What somebody calls himself or his device, as it can be shown: valid UTF-8 without control
 * characters and marks of direction, spaces at no end and single, not longer than characters_max.
 */
char *html_name(const char *name, unsigned characters_max);
