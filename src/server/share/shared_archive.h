/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/share/share_internal.h"

/* Whether what lies in the call's folder is little enough for a ZIP file. */
bool shared_archive_fits(const ShareCall *call, bool *ret_fits, GError **error);

/* Sends all that lies in the call's folder as one ZIP file, made while it is sent; or a
 * page that says why not. */
bool shared_archive_send(ShareCall *call, GError **error);
