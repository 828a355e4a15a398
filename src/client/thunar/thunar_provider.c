/* SPDX-License-Identifier: Apache-2.0 */
#include "client/thunar/thunar_provider.h"

#include "client/file_view/file_view.h"

#include <thunarx/thunarx.h>

typedef struct DriveProvider {
	GObject parent;
	FileView *view;
} DriveProvider;

typedef struct DriveProviderClass {
	GObjectClass parent;
} DriveProviderClass;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ThunarxMenu, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ThunarxMenuItem, g_object_unref)

static void menu_init(ThunarxMenuProviderIface *interface);

G_DEFINE_DYNAMIC_TYPE_EXTENDED(DriveProvider, thunar_provider, G_TYPE_OBJECT, 0,
			       G_IMPLEMENT_INTERFACE_DYNAMIC(THUNARX_TYPE_MENU_PROVIDER, menu_init))

static GFile *location(GObject *file)
{
	return thunarx_file_info_get_location(THUNARX_FILE_INFO(file));
}

static gboolean is_folder(GObject *file)
{
	return thunarx_file_info_is_directory(THUNARX_FILE_INFO(file));
}

/* ---- menu -------------------------------------------------------------------------------- */

static GList *menu_of(GPtrArray *entries)
{
	if (entries->len == 0) {
		return NULL;
	}
	g_autoptr(ThunarxMenu) menu = thunarx_menu_new();
	while (entries->len > 0) {
		FileMenuEntry *entry = g_ptr_array_steal_index(entries, 0);
		g_autoptr(ThunarxMenuItem) item =
			thunarx_menu_item_new(entry->name, entry->label, entry->tip, NULL);
		file_menu_connect(item, entry);
		thunarx_menu_append_item(menu, item);
	}
	ThunarxMenuItem *top = thunarx_menu_item_new("imdrive::menu", "imdrive", "", NULL);
	thunarx_menu_item_set_menu(top, menu);
	return g_list_append(NULL, top);
}

static GList *get_file_menu_items(ThunarxMenuProvider *provider, GtkWidget *window, GList *files)
{
	const DriveProvider *own = (DriveProvider *)(void *)provider;
	g_autoptr(GPtrArray) entries = file_view_menu(own->view, files);
	return menu_of(entries);
}

static void menu_init(ThunarxMenuProviderIface *interface)
{
	interface->get_file_menu_items = get_file_menu_items;
}

/* ---- life -------------------------------------------------------------------------------- */

static void finalize(GObject *object)
{
	file_view_free(((DriveProvider *)(void *)object)->view);
	G_OBJECT_CLASS(thunar_provider_parent_class)->finalize(object);
}

static void thunar_provider_init(DriveProvider *own)
{
	/* Thunar's extensions show no emblems. */
	own->view = file_view_new(&(FileViewShell){ location, is_folder });
}

static void thunar_provider_class_init(DriveProviderClass *class)
{
	G_OBJECT_CLASS(class)->finalize = finalize;
}

static void thunar_provider_class_finalize(DriveProviderClass *class)
{
}

void thunar_provider_register(ThunarxProviderPlugin *plugin)
{
	/* Its plugins are modules of GLib's. */
	thunar_provider_register_type(G_TYPE_MODULE(plugin));
}
