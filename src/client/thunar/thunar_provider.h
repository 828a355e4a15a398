/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib-object.h>

typedef struct _ThunarxProviderPlugin ThunarxProviderPlugin;

/* What Thunar asks: what is in the menu of files. Registered with its plugin. */
GType thunar_provider_get_type(void);
void thunar_provider_register(ThunarxProviderPlugin *plugin);
