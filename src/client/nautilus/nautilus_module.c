/* SPDX-License-Identifier: Apache-2.0 */
#include "client/nautilus/nautilus_module.h"

#include "client/nautilus/file_provider.h"

#include <glib/gi18n-lib.h>
#include <gmodule.h>

static GType types[1];

G_MODULE_EXPORT void nautilus_module_initialize(GTypeModule *module)
{
	const char *folder = g_getenv("IMDRIVE_LOCALEDIR");
	bindtextdomain(GETTEXT_PACKAGE, folder ? folder : IMDRIVE_LOCALEDIR);
	bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
	/* Threads of it may be at work whenever the file manager would take it out. */
	g_type_module_use(module);
	file_provider_register(module);
	types[0] = file_provider_get_type();
}

G_MODULE_EXPORT void nautilus_module_shutdown(void)
{
}

G_MODULE_EXPORT void nautilus_module_list_types(const GType **ret_types, int *ret_count)
{
	*ret_types = types;
	*ret_count = G_N_ELEMENTS(types);
}
