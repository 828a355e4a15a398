/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/login/profile.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/*
 * Signing in by name and password, signing out, and the calls of /api/v1/. Each blocks for the
 * answer, or until the thread's current GCancellable gives it up.
 */

/*
 * Signs in with the name and password of a local account; the server makes this a device of that
 * account. server: as typed, see server_url.h.
 */
typedef struct AccountPassword {
	const char *server;
	const char *name;
	const char *password;
	const char *device_name;
} AccountPassword;
bool account_sign_in(const AccountPassword *with, ProfileLogin *ret_login, GError **error);

/* Tells the drive to refuse this credential from now on, and so ends the device. */
bool account_sign_out(const ProfileLogin *login, GError **error);

/*
 * A call with the device's credential, renewed if need be. path with query ("/api/v1/me"), object
 * NULL for none. Returns the answer's object (to be unreffed), an empty one for 204.
 */
json_t *account_call(const Profile *profile, const char *method, const char *path, json_t *object,
		     GError **error);
