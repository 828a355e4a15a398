/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/share/share_internal.h"

/* Sends all that lies in the call's folder as one ZIP file, made while it is sent. */
bool shared_archive_send(ShareCall *call, GError **error);
