/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <glib.h>
#include <stdbool.h>

/*
 * The device's credential, kept fresh: the tokens in PROFILE/token (0600), renewed shortly before
 * they end or when the drive refuses them. However many threads and processes of a profile want it
 * at once, one asks (PROFILE/token.lock) and the others take what it got.
 *
 * When the drive says that the device is signed out, the token is forgotten once and for all
 * processes: all further calls fail at once, without asking, until somebody signs in again.
 *
 * A Credential may be used by several threads.
 */
typedef struct Credential Credential;

/* folder: the profile's. Reads nothing yet. */
Credential *credential_new(const char *folder);
void credential_free(Credential *credential);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Credential, credential_free)

/*
 * A token to send, renewed if need be. refused: the one that the drive has just refused with 401;
 * NULL at first. Free with g_free(). DRIVE_ERROR_UNAUTHENTICATED: signed out; DRIVE_ERROR_OFFLINE,
 * DRIVE_ERROR_BUSY: it needs to be renewed, which cannot be done now.
 */
char *credential_get(Credential *credential, const char *refused, GCancellable *cancellable,
		     GError **error);
