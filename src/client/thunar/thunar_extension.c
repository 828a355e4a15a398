/* SPDX-License-Identifier: Apache-2.0 */
#include "client/thunar/thunar_extension.h"

#include "client/file_view/file_menu.h"
#include "client/thunar/thunar_provider.h"

#include <gmodule.h>
#include <thunarx/thunarx.h>

static GType types[1];
static int count;

G_MODULE_EXPORT void thunar_extension_initialize(ThunarxProviderPlugin *plugin)
{
	if (thunarx_check_version(THUNARX_MAJOR_VERSION, THUNARX_MINOR_VERSION,
				  THUNARX_MICRO_VERSION)) {
		return; /* an older one than this was built for: without a menu */
	}
	file_menu_speak();
	/* Threads of it may be at work whenever the file manager would take it out. */
	thunarx_provider_plugin_set_resident(plugin, TRUE);
	thunar_provider_register(plugin);
	types[0] = thunar_provider_get_type();
	count = G_N_ELEMENTS(types);
}

G_MODULE_EXPORT void thunar_extension_shutdown(void)
{
}

G_MODULE_EXPORT void thunar_extension_list_types(const GType **ret_types, int *ret_count)
{
	*ret_types = types;
	*ret_count = count;
}
