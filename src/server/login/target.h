/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/*
 * Where a browser may be sent after something: a path on this drive, with query, as the query of a
 * request names it (R14). It is looked at character by character, as a browser would resolve it:
 * true only for '/' followed by neither '/' nor '\\', and then visible ASCII without '\\' and '#',
 * no segment "." or "..", at most TARGET_SIZE_MAX bytes.
 */
#define TARGET_SIZE_MAX 1024

bool target_is_own(const char *target);
