/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/daemon/drive_calls.h"

/*
 * Which files of a mounted disk are here, and which shall be ("keep"): asked of the mount, by the
 * attribute that it makes up. Any thread, but none that the mount needs.
 */
json_t *keep_calls_keep(const DriveCalls *calls, const json_t *params, GError **error);
