/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/login/chat_module.h"

#include <gmodule.h>
#include <stdbool.h>
#include <sys/stat.h>

#define FILE_NAME "imdrive-web.so"
#define BUILT_FOLDER "src/client/app" /* in that of a build */
#define SYMBOL "chat_login_module"

/* Nobody but whose the program is can have put it there. */
static bool is_private(const char *path, uid_t owner)
{
	struct stat stat;
	return lstat(path, &stat) == 0 && stat.st_uid == owner && !S_ISLNK(stat.st_mode) &&
	       !(stat.st_mode & S_IWOTH);
}

/*
 * Of a program that was built and not installed: not simply beside it, where programs that were
 * downloaded have all that was downloaded. NULL: it is not one, or not safely.
 */
static char *built_path(const char *program)
{
	struct stat stat;
	if (!program || !g_path_is_absolute(program) || lstat(program, &stat) != 0) {
		return NULL;
	}
	g_autofree char *folder = g_path_get_dirname(program);
	g_autofree char *below = g_build_filename(folder, BUILT_FOLDER, NULL);
	g_autofree char *path = g_build_filename(below, FILE_NAME, NULL);
	bool safe = is_private(below, stat.st_uid) && is_private(path, stat.st_uid);
	return safe ? g_steal_pointer(&path) : NULL;
}

char *chat_module_path(const char *program)
{
	const char *chosen = g_getenv("IMDRIVE_MODULEDIR");
	char *built = chosen ? NULL : built_path(program);
	return built ? built
		     : g_build_filename(chosen ? chosen : IMDRIVE_MODULEDIR, FILE_NAME, NULL);
}

static const ChatLoginModule *load(void)
{
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *path = chat_module_path(program);
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
