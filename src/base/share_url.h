/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/*
 * The address of a chat service's own page on which somebody sends a link to people he knows there,
 * as a template: "https://chat.example/share?url={url}&title={name}".
 */

/*
 * Whether it is one: https, with a host, without user or fragment, at most SHARE_TEMPLATE_SIZE_MAX
 * bytes; {url}, and perhaps {name}, stand in its query, and no other braces anywhere.
 */
bool share_url_is_template(const char *text);

/*
 * The address with this link and name (UTF-8) in it, each of them percent-encoded: whatever they
 * are, the page is the template's. Free with g_free().
 */
char *share_url_fill(const char *template, const char *url, const char *name);
