/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file manager as small as it gets: loads the extension named on the command line, and asks it
 * what nautilus would ask; or Caja, whose interface is the same under other names. A line on stdin
 * is "look PATH", "menu PATH…" or "choose NAME PATH…" (by tabs); a line of JSON on stdout says what
 * came of it.
 */
#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <gmodule.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#ifdef CAJA
#include <libcaja-extension/caja-extension-types.h>
#include <libcaja-extension/caja-file-info.h>
#include <libcaja-extension/caja-info-provider.h>
#include <libcaja-extension/caja-menu-provider.h>
#define NAME(name) caja_##name
#define TYPE(name) Caja##name
#define FILE_INFO_TYPE CAJA_TYPE_FILE_INFO
#define INFO_PROVIDER CAJA_INFO_PROVIDER
#define MENU_PROVIDER CAJA_MENU_PROVIDER
#define COMPLETE CAJA_OPERATION_COMPLETE
#define WINDOW NULL,
typedef CajaFileInfoIface FileInfoInterface;
#else
#include <nautilus-extension.h>
#define NAME(name) nautilus_##name
#define TYPE(name) Nautilus##name
#define FILE_INFO_TYPE NAUTILUS_TYPE_FILE_INFO
#define INFO_PROVIDER NAUTILUS_INFO_PROVIDER
#define MENU_PROVIDER NAUTILUS_MENU_PROVIDER
#define COMPLETE NAUTILUS_OPERATION_COMPLETE
#define WINDOW
typedef NautilusFileInfoInterface FileInfoInterface;
#endif
#define TEXT(name) G_STRINGIFY(name)
#define SYMBOL(name) TEXT(NAME(name))

/* ---- a file ------------------------------------------------------------------------------ */

typedef struct File {
	GObject parent;
	char *path;
	json_t *emblems;
} File;

typedef struct FileClass {
	GObjectClass parent;
} FileClass;

static void file_info_init(FileInfoInterface *interface);
static GType file_get_type(void);
G_DEFINE_TYPE_WITH_CODE(File, file, G_TYPE_OBJECT,
			G_IMPLEMENT_INTERFACE(FILE_INFO_TYPE, file_info_init))

static GHashTable *files; /* path -> File */

static void say(json_t *object)
{
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(object);
}

static File *self(void *info)
{
	return info;
}

static GFile *get_location(TYPE(FileInfo) * info)
{
	return g_file_new_for_path(self(info)->path);
}

static gboolean is_directory(TYPE(FileInfo) * info)
{
	return g_file_test(self(info)->path, G_FILE_TEST_IS_DIR);
}

static void add_emblem(TYPE(FileInfo) * info, const char *name)
{
	json_array_append_new(self(info)->emblems, json_string(name));
}

static void invalidate(TYPE(FileInfo) * info)
{
	say(json_pack("{s:s}", "changed", self(info)->path));
}

static void file_info_init(FileInfoInterface *interface)
{
	interface->get_location = get_location;
	interface->is_directory = is_directory;
	interface->add_emblem = add_emblem;
	interface->invalidate_extension_info = invalidate;
}

static void file_class_init(FileClass *class)
{
}

static void file_init(File *file)
{
	file->emblems = json_array();
}

static File *file_of(const char *path)
{
	File *file = g_hash_table_lookup(files, path);
	if (!file) {
		file = g_object_new(file_get_type(), NULL);
		file->path = g_strdup(path);
		g_hash_table_insert(files, file->path, file);
	}
	return file;
}

/* ---- the extension ----------------------------------------------------------------------- */

typedef struct Module {
	GTypeModule parent;
	GModule *library;
} Module;

typedef struct ModuleClass {
	GTypeModuleClass parent;
} ModuleClass;

static GType module_get_type(void);
G_DEFINE_TYPE(Module, module, G_TYPE_TYPE_MODULE)

static void (*initialize)(GTypeModule *module);
static void (*list_types)(const GType **types, int *count);

static gboolean load(GTypeModule *module)
{
	initialize(module);
	return TRUE;
}

static void unload(GTypeModule *module)
{
}

static void module_class_init(ModuleClass *class)
{
	class->parent.load = load;
	class->parent.unload = unload;
}

static void module_init(Module *module)
{
}

static GObject *provider;

static void open_extension(const char *path)
{
	const GType *types;
	int count;
	Module *module = g_object_new(module_get_type(), NULL);
	module->library = g_module_open(path, G_MODULE_BIND_LOCAL);
	if (!module->library) {
		g_error("%s", g_module_error());
	}
	g_assert_true(
		g_module_symbol(module->library, SYMBOL(module_initialize), (void **)&initialize));
	g_assert_true(
		g_module_symbol(module->library, SYMBOL(module_list_types), (void **)&list_types));
	g_assert_true(g_type_module_use(G_TYPE_MODULE(module)));
	list_types(&types, &count);
	g_assert_cmpint(count, ==, 1);
	provider = g_object_new(types[0], NULL);
}

/* ---- asking ------------------------------------------------------------------------------ */

static void tell(File *file, const char *how)
{
	say(json_pack("{s:s, s:s, s:O}", "path", file->path, "how", how, "emblems", file->emblems));
}

static void complete(TYPE(InfoProvider) * asked, TYPE(OperationHandle) * handle,
		     TYPE(OperationResult) result, void *data)
{
	g_assert_cmpint(result, ==, COMPLETE);
	tell(data, "later");
}

static void look(const char *path)
{
	File *file = file_of(path);
	TYPE(OperationHandle) *handle = NULL;
	json_array_clear(file->emblems);
	GClosure *closure = g_cclosure_new(G_CALLBACK(complete), file, NULL);
	g_closure_set_marshal(closure, g_cclosure_marshal_generic);
	g_closure_sink(g_closure_ref(closure));
	if (NAME(info_provider_update_file_info)(INFO_PROVIDER(provider), (void *)file, closure,
						 &handle) == COMPLETE) {
		tell(file, "at once");
	}
	g_closure_unref(closure);
}

/* What is in the menu; the one that is chosen is activated. */
static void open_menu(char **paths, const char *chosen)
{
	GList *list = NULL;
	json_t *names = json_array();
	for (; *paths; paths++) {
		list = g_list_append(list, file_of(*paths));
	}
	GList *items = NAME(menu_provider_get_file_items)(MENU_PROVIDER(provider), WINDOW list);
	TYPE(Menu) *menu = NULL;
	if (items) {
		g_object_get(items->data, "menu", &menu, NULL);
	}
	GList *inside = menu ? NAME(menu_get_items)(menu) : NULL;
	for (GList *link = inside; link; link = link->next) {
		g_autofree char *name = NULL;
		g_object_get(link->data, "name", &name, NULL);
		json_array_append_new(names, json_string(name));
		if (g_strcmp0(name, chosen) == 0) {
			NAME(menu_item_activate)(link->data);
		}
	}
	NAME(menu_item_list_free)(inside);
	g_clear_object(&menu);
	NAME(menu_item_list_free)(items);
	g_list_free(list);
	say(json_pack("{s:o}", "menu", names));
}

static void hear(GObject *source, GAsyncResult *result, void *data)
{
	g_autofree char *line = g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(source),
								     result, NULL, NULL);
	if (!line) {
		g_main_loop_quit(data);
		return;
	}
	g_auto(GStrv) words = g_strsplit(line, "\t", -1);
	if (strcmp(words[0], "look") == 0) {
		look(words[1]);
	} else if (strcmp(words[0], "menu") == 0) {
		open_menu(words + 1, NULL);
	} else {
		open_menu(words + 2, words[1]);
	}
	g_data_input_stream_read_line_async(G_DATA_INPUT_STREAM(source), G_PRIORITY_DEFAULT, NULL,
					    hear, data);
}

int main(int argc, char **argv)
{
	g_assert_cmpint(argc, ==, 2);
	files = g_hash_table_new(g_str_hash, g_str_equal);
	open_extension(argv[1]);
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	g_autoptr(GInputStream) in = g_unix_input_stream_new(0, FALSE);
	g_autoptr(GDataInputStream) lines = g_data_input_stream_new(in);
	g_data_input_stream_read_line_async(lines, G_PRIORITY_DEFAULT, NULL, hear, loop);
	g_main_loop_run(loop);
	return 0;
}
