/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/api_internal.h"

/* How else the account of a device is signed in, and by what: /api/v1/. */

/* GET -> {sessions: […]}: browsers. */
bool access_sessions(ApiCall *call, GError **error);
/* DELETE sessions/ID: signs a browser out. */
bool access_end_session(ApiCall *call, GError **error);
/*
 * GET -> {identities: […], password: …}. To link and unlink takes a fresh proof, which a device
 * does not have: the drive's pages do it.
 */
bool access_identities(ApiCall *call, GError **error);
/* GET -> {coming: …}, with type and data (base64) if there is a picture of the person. */
bool access_picture(ApiCall *call, GError **error);
