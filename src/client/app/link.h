/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * Links of invitations: imdrive:drive.example.org, or with // and a path behind the host; and the
 * drive's own, https://drive.example.org/invite/TOKEN, as people paste it. A link only fills in an
 * address, for a person to look at: so all that is taken from it is the host and the port, in the
 * form in which they are typed, and the token, which goes along if he signs in there.
 */
typedef struct Link {
	char *address;
	char *invitation; /* secret; NULL: none */
} Link;

void link_clear(Link *link);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Link, link_clear)

/* False if it is no such link; an address of the web is one only with an invitation in it. */
bool link_read(const char *text, Link *ret_link);
