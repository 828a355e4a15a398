/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib-object.h>

/*
 * What nautilus asks: which emblem a file has, and what is in its menu. Registered with its module.
 */
GType nautilus_provider_get_type(void);
void nautilus_provider_register(GTypeModule *module);
