/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/drive/drive.h"

/* What upkeep is at. One thread at a time. */
typedef struct Upkeep Upkeep;

Upkeep *upkeep_new(void);
void upkeep_free(Upkeep *upkeep);

/* drive_upkeep_step() */
bool upkeep_step(Upkeep *upkeep, Drive *drive, int64_t now_us, bool *ret_more, GError **error);
