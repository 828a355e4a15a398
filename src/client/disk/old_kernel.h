/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/*
 * For tests: from now on this process is on a system that knows neither openat2(2), flags of
 * renameat2(2), copy_file_range(2) nor leases. There is no way back.
 */
void old_kernel_begin(void);
bool old_kernel_is_active(void);
