/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * The form of an account name in which two names that people would take for the same are equal
 * bytes: Unicode NFC, case-folded. Fails with DRIVE_ERROR_INVALID, saying why, unless the name is
 *  - 1..ACCOUNT_NAME_SIZE_MAX bytes of valid UTF-8,
 *  - of visible characters and single spaces, with no space at either end,
 *  - without '/', '\\' and ':', which end a name in paths and in HTTP Basic, and not beginning
 *    with '-', which begins an option.
 */
char *account_name_key(const char *name, GError **error);
