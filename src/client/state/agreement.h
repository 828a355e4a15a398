/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/tree/entry.h"

#include <stdbool.h>

/* synced (NULL: none) with what local and remote agree in; NULL if that is nothing. */
Entry *agreement_of(const Entry *synced, const Entry *local, const Entry *remote);

/* Do both say the same, to the last time and stamp? */
bool agreement_is_same(const Entry *a, const Entry *b);
