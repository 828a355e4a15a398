/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * "imdrive:" links, as they stand in invitations: imdrive:drive.example.org, or with // and a path
 * behind the host. A link only fills in an address, for a person to look at: so all that is taken
 * from it is the host and the port, in the form in which they are typed.
 *
 * Free with g_free(); NULL if it is no such link.
 */
char *link_address(const char *link);
