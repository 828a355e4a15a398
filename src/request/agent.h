/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * What a User-Agent header says, for people: "Firefox on Linux". A header may say anything, so this
 * is for recognising one's own programs, never for deciding. Pure.
 *
 * What is not known is given as it is, cut to its first word ("curl/7.88.1") and AGENT_SIZE_MAX
 * bytes, without control characters. NULL: there is none.
 */
#define AGENT_SIZE_MAX 64
char *agent_describe(const char *user_agent);
