/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/api_internal.h"

/* Signing in and out, and what the signed-in may know about themselves: /api/v1/. */

/* POST {name, password, device_name} -> {token, account, device, drive, registered} */
bool session_login(ApiCall *call, GError **error);
/* POST: ends the device that asks. */
bool session_logout(ApiCall *call, GError **error);
/* GET -> {account, device, drive, usage, quota} */
bool session_me(ApiCall *call, GError **error);
/* GET -> {devices: […]} */
bool session_devices(ApiCall *call, GError **error);
/* DELETE devices/ID: ends one of the account's devices. */
bool session_end_device(ApiCall *call, GError **error);
