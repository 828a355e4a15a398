/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <adwaita.h>

/*
 * Nothing has come from the daemon yet.
 */
#define STARTING_TYPE (starting_get_type())
G_DECLARE_FINAL_TYPE(Starting, starting, STARTING, PAGE, AdwBin)

/* trouble: why it will not; NULL: it is on its way. */
void starting_set_trouble(Starting *page, const char *trouble);
