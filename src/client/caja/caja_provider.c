/* SPDX-License-Identifier: Apache-2.0 */
#include "client/caja/caja_provider.h"

#include "client/file_view/file_view.h"

#include <libcaja-extension/caja-extension-types.h>
#include <libcaja-extension/caja-file-info.h>
#include <libcaja-extension/caja-info-provider.h>
#include <libcaja-extension/caja-menu-provider.h>

typedef struct DriveProvider {
	GObject parent;
	FileView *view;
} DriveProvider;

typedef struct DriveProviderClass {
	GObjectClass parent;
} DriveProviderClass;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CajaMenu, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CajaMenuItem, g_object_unref)

static void info_init(CajaInfoProviderIface *interface);
static void menu_init(CajaMenuProviderIface *interface);

G_DEFINE_DYNAMIC_TYPE_EXTENDED(DriveProvider, caja_provider, G_TYPE_OBJECT, 0,
			       G_IMPLEMENT_INTERFACE_DYNAMIC(CAJA_TYPE_INFO_PROVIDER, info_init)
				       G_IMPLEMENT_INTERFACE_DYNAMIC(CAJA_TYPE_MENU_PROVIDER,
								     menu_init))

static FileView *view_of(void *provider)
{
	return ((DriveProvider *)provider)->view;
}

static GFile *location(GObject *file)
{
	return caja_file_info_get_location(CAJA_FILE_INFO(file));
}

static gboolean is_folder(GObject *file)
{
	return caja_file_info_is_directory(CAJA_FILE_INFO(file));
}

/* ---- emblems ----------------------------------------------------------------------------- */

static void add_emblem(GObject *file, const char *name)
{
	caja_file_info_add_emblem(CAJA_FILE_INFO(file), name);
}

static void invalidate(GObject *file)
{
	caja_file_info_invalidate_extension_info(CAJA_FILE_INFO(file));
}

static void complete(GClosure *closure, void *provider, InquiryQuestion *question)
{
	caja_info_provider_update_complete_invoke(closure, provider,
						  (CajaOperationHandle *)(void *)question,
						  CAJA_OPERATION_COMPLETE);
}

static CajaOperationResult update_file_info(CajaInfoProvider *provider, CajaFileInfo *file,
					    GClosure *closure, CajaOperationHandle **ret_handle)
{
	InquiryQuestion *question =
		file_view_look(view_of(provider), G_OBJECT(file), closure, provider);
	if (!question) {
		return CAJA_OPERATION_COMPLETE;
	}
	*ret_handle = (CajaOperationHandle *)(void *)question;
	return CAJA_OPERATION_IN_PROGRESS;
}

static void cancel_update(CajaInfoProvider *provider, CajaOperationHandle *handle)
{
	inquiry_take_back((InquiryQuestion *)(void *)handle);
}

static void info_init(CajaInfoProviderIface *interface)
{
	interface->update_file_info = update_file_info;
	interface->cancel_update = cancel_update;
}

/* ---- menu -------------------------------------------------------------------------------- */

static GList *menu_of(GPtrArray *entries)
{
	if (entries->len == 0) {
		return NULL;
	}
	g_autoptr(CajaMenu) menu = caja_menu_new();
	while (entries->len > 0) {
		FileMenuEntry *entry = g_ptr_array_steal_index(entries, 0);
		g_autoptr(CajaMenuItem) item =
			caja_menu_item_new(entry->name, entry->label, entry->tip, NULL);
		file_menu_connect(item, entry);
		caja_menu_append_item(menu, item);
	}
	CajaMenuItem *top = caja_menu_item_new("imdrive::menu", "imdrive", "", NULL);
	caja_menu_item_set_submenu(top, menu);
	return g_list_append(NULL, top);
}

static GList *get_file_items(CajaMenuProvider *provider, GtkWidget *window, GList *files)
{
	g_autoptr(GPtrArray) entries = file_view_menu(view_of(provider), files);
	return menu_of(entries);
}

static void menu_init(CajaMenuProviderIface *interface)
{
	interface->get_file_items = get_file_items;
}

/* ---- life -------------------------------------------------------------------------------- */

static void finalize(GObject *object)
{
	file_view_free(view_of(object));
	G_OBJECT_CLASS(caja_provider_parent_class)->finalize(object);
}

static void caja_provider_init(DriveProvider *own)
{
	own->view = file_view_new(
		&(FileViewShell){ location, is_folder, add_emblem, invalidate, complete });
}

static void caja_provider_class_init(DriveProviderClass *class)
{
	G_OBJECT_CLASS(class)->finalize = finalize;
}

static void caja_provider_class_finalize(DriveProviderClass *class)
{
}

void caja_provider_register(GTypeModule *module)
{
	caja_provider_register_type(module);
}
