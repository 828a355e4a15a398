/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/login/chat_module.h"

#include <gmodule.h>

#define FILE_NAME "imdrive-web.so"
#define SYMBOL "chat_login_module"

static const ChatLoginModule *load(void)
{
	const char *chosen = g_getenv("IMDRIVE_MODULEDIR");
	g_autofree char *path =
		g_build_filename(chosen ? chosen : IMDRIVE_MODULEDIR, FILE_NAME, NULL);
	GModule *module = g_module_open(path, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
	void *symbol = NULL;
	if (!module || !g_module_symbol(module, SYMBOL, &symbol)) {
		return NULL;
	}
	/* Its types and threads stay. */
	g_module_make_resident(module);
	return symbol;
}

const ChatLoginModule *chat_module_get(void)
{
	static const ChatLoginModule *loaded;
	if (!loaded) {
		loaded = load();
	}
	return loaded;
}
