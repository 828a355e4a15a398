/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pages/html.h"

/* Appends how long ago a time was; the exact one stands behind it. */
void moment_put(Html *html, Language language, int64_t time_us, int64_t now_us);
