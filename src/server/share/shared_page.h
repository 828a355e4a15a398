/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/share/share_internal.h"

/* The page of the call's node: a file to download, or what lies in a folder. */
bool shared_page_show(ShareCall *call, GError **error);

/*
 * Why the call's folder cannot be had as a ZIP file: there is too much in it (413), or others are
 * being made (503).
 */
void shared_page_refuse_archive(ShareCall *call, unsigned status);

/* What went wrong, as a page; error stands in the log. */
void shared_page_fail(ShareCall *call, const GError *error);
