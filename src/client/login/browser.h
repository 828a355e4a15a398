/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/*
 * Opens a page in the person's own browser: the first of $BROWSER, or xdg-open where there is a
 * display. False if there is neither; whether the page is seen nobody can say, so that its address
 * is shown as well. Does not wait for it.
 */
bool browser_open(const char *url);
