/* SPDX-License-Identifier: Apache-2.0 */
#include "client/caja/caja_module.h"

#include "client/file_view/file_menu.h"
#include "client/caja/caja_provider.h"

#include <gmodule.h>

static GType types[1];

G_MODULE_EXPORT void caja_module_initialize(GTypeModule *module)
{
	file_menu_speak();
	/* Threads of it may be at work whenever the file manager would take it out. */
	g_type_module_use(module);
	caja_provider_register(module);
	types[0] = caja_provider_get_type();
}

G_MODULE_EXPORT void caja_module_shutdown(void)
{
}

G_MODULE_EXPORT void caja_module_list_types(const GType **ret_types, int *ret_count)
{
	*ret_types = types;
	*ret_count = G_N_ELEMENTS(types);
}
