/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/devices.h"

#include <glib.h>
#include <stdbool.h>

/*
 * What a credential may do (A7), DevicesScope, as RFC 6749 3.3 writes it: names with a blank
 * between them.
 *
 *	files:read    list, read, wait for changes
 *	files:write   commit, upload, restore
 *	share         links and members
 *	account       devices, identities, passwords
 */
#define SCOPE_FILES (DEVICES_FILES_READ | DEVICES_FILES_WRITE)
/* What a device can get whose request was approved on another one (A9). */
#define SCOPE_DEVICE (SCOPE_FILES | DEVICES_SHARE)

/* False for a name that is none, or for no name at all. */
bool scope_read(const char *text, unsigned *ret_scopes);

/* Free with g_free(). */
char *scope_show(unsigned scopes);

/* All names, NULL-terminated. */
extern const char *const scope_names[];
