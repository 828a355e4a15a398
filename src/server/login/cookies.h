/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "request/response.h"

#include <glib.h>
#include <stdbool.h>

/*
 * The browser's cookies. On an https base their names begin with "__Host-" and they are Secure, so
 * that no other host and no plain connection can set or read them; on http, which is loopback, they
 * carry the port, since browsers do not keep ports apart. Always HttpOnly, SameSite=Lax, Path=/.
 */
typedef enum CookiesKind {
	COOKIES_SESSION, /* who is signed in */
	COOKIES_BROWSER, /* this browser, for journeys and the tokens of forms; no more than that */
	COOKIES_LAST,    /* the way of signing in that was used last */
	COOKIES_LANGUAGE, /* chosen by hand */
} CookiesKind;

#define COOKIES_VALUE_SIZE_MAX 256

/* base: the public URL, "https://drive.example.org" or "http://127.0.0.1:8090". */
char *cookies_name(CookiesKind kind, const char *base);

/*
 * Its value in a header Cookie, NULL if it is not there, longer than COOKIES_VALUE_SIZE_MAX, not of
 * base64url's characters, or there twice: then somebody put a second one beside it.
 */
char *cookies_read(CookiesKind kind, const char *base, const char *header);

/* Sets it; value "" makes the browser forget it. */
void cookies_set(Response *response, CookiesKind kind, const char *base, const char *value);
