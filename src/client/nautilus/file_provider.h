/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib-object.h>

/*
 * What the file manager asks: which emblem a file has, and what is in its menu. Registered with the
 * file manager's module.
 */
GType file_provider_get_type(void);
void file_provider_register(GTypeModule *module);
