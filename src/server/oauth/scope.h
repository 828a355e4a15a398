/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * What a credential may do (A7). A set of these is a number; as text it is what RFC 6749 3.3 says:
 * names with a blank between them.
 */
typedef enum Scope {
	SCOPE_FILES_READ = 1 << 0,  /* files:read: list, read, wait for changes */
	SCOPE_FILES_WRITE = 1 << 1, /* files:write: commit, upload, restore */
	SCOPE_SHARE = 1 << 2,       /* share: links and members */
	SCOPE_ACCOUNT = 1 << 3,     /* account: devices, identities, passwords */
} Scope;

#define SCOPE_FILES (SCOPE_FILES_READ | SCOPE_FILES_WRITE)
#define SCOPE_ALL (SCOPE_FILES | SCOPE_SHARE | SCOPE_ACCOUNT)
/* What a device can get whose request was approved on another one (A9). */
#define SCOPE_DEVICE (SCOPE_FILES | SCOPE_SHARE)

/* False for a name that is none, or for no name at all. */
bool scope_read(const char *text, unsigned *ret_scopes);

/* Free with g_free(). */
char *scope_show(unsigned scopes);

/* All names, NULL-terminated. */
extern const char *const scope_names[];
