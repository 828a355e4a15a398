/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * Addresses of XMPP (RFC 7622, prepared as RFC 6122 says: nodeprep, nameprep, resourceprep), so
 * that two that a chat server treats as one are compared as one. Code points that stringprep's
 * Unicode does not know are refused: nobody could say what they are equal to.
 */
typedef struct Jid {
	char *node; /* NULL: a server's own address */
	char *domain;
	char *resource; /* NULL: none */
} Jid;

/* DRIVE_ERROR_INVALID. Any bytes may be given. */
bool jid_parse(const char *text, Jid *ret_jid, GError **error);
void jid_clear(Jid *jid);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Jid, jid_clear)

/* "node@domain" or "domain". */
char *jid_bare(const Jid *jid);

/*
 * What a person types or pastes, as a bare address of a person: blanks around it, "xmpp:", a
 * resource are taken away. DRIVE_ERROR_INVALID with a text for people; also over
 * CHAT_ADDRESS_SIZE_MAX bytes.
 */
char *jid_from_typed(const char *typed, GError **error);

/* One domain, prepared; "EXAMPLE.org." and "xn--…" become what they are compared as. */
char *jid_domain(const char *text, GError **error);
