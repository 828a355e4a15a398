/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/share/share_internal.h"

/* The page of the call's node: a file to download, or what lies in a folder. */
bool shared_page_show(ShareCall *call, GError **error);

/* What went wrong, as a page; error stands in the log. */
void shared_page_fail(ShareCall *call, const GError *error);
