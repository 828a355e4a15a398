/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib-object.h>

/* What the file manager calls, by these names, in a library that it has loaded. */
void nautilus_module_initialize(GTypeModule *module);
void nautilus_module_shutdown(void);
void nautilus_module_list_types(const GType **ret_types, int *ret_count);
