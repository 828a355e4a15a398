/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib-object.h>

typedef struct _ThunarxProviderPlugin ThunarxProviderPlugin;

/* What Thunar calls, by these names, in a library that it has loaded. */
void thunar_extension_initialize(ThunarxProviderPlugin *plugin);
void thunar_extension_shutdown(void);
void thunar_extension_list_types(const GType **ret_types, int *ret_count);
