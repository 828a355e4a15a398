/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib-object.h>

/*
 * What Caja asks: which emblem a file has, and what is in its menu. Registered with its module.
 */
GType caja_provider_get_type(void);
void caja_provider_register(GTypeModule *module);
