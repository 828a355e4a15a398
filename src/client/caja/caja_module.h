/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib-object.h>

/* What the file manager calls, by these names, in a library that it has loaded. */
void caja_module_initialize(GTypeModule *module);
void caja_module_shutdown(void);
void caja_module_list_types(const GType **ret_types, int *ret_count);
