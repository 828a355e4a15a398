/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http.h"
#include "server/accounts/identities.h"

#include <gio/gio.h>
#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A picture of a person, from wherever a service says that it is: an address that a stranger may
 * have chosen (R9).
 */

/* "image/png" or "image/jpeg", as the first bytes say; NULL: neither. */
const char *picture_type(const void *bytes, size_t size);

/*
 * Fetches what is at the address: by https and at a public address of the internet, which is that
 * of the very connection; no redirect, PICTURE_TIMEOUT_MS, PICTURE_SIZE_MAX. loopback: the
 * operator's test flag; http on this machine is right, too. Blocks.
 *
 * INVALID: no such address, another status than 200, or not a picture; FORBIDDEN: no public
 * address; TOO_LARGE; OFFLINE; CANCELLED.
 */
typedef struct PictureFetch {
	const char *url;
	bool loopback;
} PictureFetch;
bool picture_fetch(Http *http, const PictureFetch *fetch, GCancellable *cancellable,
		   IdentitiesPicture *ret_picture, GError **error);
