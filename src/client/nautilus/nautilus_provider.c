/* SPDX-License-Identifier: Apache-2.0 */
#include "client/nautilus/nautilus_provider.h"

#include "client/file_view/file_view.h"

#include <nautilus-extension.h>

typedef struct DriveProvider {
	GObject parent;
	FileView *view;
} DriveProvider;

typedef struct DriveProviderClass {
	GObjectClass parent;
} DriveProviderClass;

static void info_init(NautilusInfoProviderInterface *interface);
static void menu_init(NautilusMenuProviderInterface *interface);

G_DEFINE_DYNAMIC_TYPE_EXTENDED(DriveProvider, nautilus_provider, G_TYPE_OBJECT, 0,
			       G_IMPLEMENT_INTERFACE_DYNAMIC(NAUTILUS_TYPE_INFO_PROVIDER, info_init)
				       G_IMPLEMENT_INTERFACE_DYNAMIC(NAUTILUS_TYPE_MENU_PROVIDER,
								     menu_init))

static FileView *view_of(void *provider)
{
	return ((DriveProvider *)provider)->view;
}

static GFile *location(GObject *file)
{
	return nautilus_file_info_get_location(NAUTILUS_FILE_INFO(file));
}

static gboolean is_folder(GObject *file)
{
	return nautilus_file_info_is_directory(NAUTILUS_FILE_INFO(file));
}

/* ---- emblems ----------------------------------------------------------------------------- */

static void add_emblem(GObject *file, const char *name)
{
	nautilus_file_info_add_emblem(NAUTILUS_FILE_INFO(file), name);
}

static void invalidate(GObject *file)
{
	nautilus_file_info_invalidate_extension_info(NAUTILUS_FILE_INFO(file));
}

static void complete(GClosure *closure, void *provider, InquiryQuestion *question)
{
	nautilus_info_provider_update_complete_invoke(closure, provider,
						      (NautilusOperationHandle *)(void *)question,
						      NAUTILUS_OPERATION_COMPLETE);
}

static NautilusOperationResult update_file_info(NautilusInfoProvider *provider,
						NautilusFileInfo *file, GClosure *closure,
						NautilusOperationHandle **ret_handle)
{
	InquiryQuestion *question =
		file_view_look(view_of(provider), G_OBJECT(file), closure, provider);
	if (!question) {
		return NAUTILUS_OPERATION_COMPLETE;
	}
	*ret_handle = (NautilusOperationHandle *)(void *)question;
	return NAUTILUS_OPERATION_IN_PROGRESS;
}

static void cancel_update(NautilusInfoProvider *provider, NautilusOperationHandle *handle)
{
	inquiry_take_back((InquiryQuestion *)(void *)handle);
}

static void info_init(NautilusInfoProviderInterface *interface)
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
	g_autoptr(NautilusMenu) menu = nautilus_menu_new();
	while (entries->len > 0) {
		FileMenuEntry *entry = g_ptr_array_steal_index(entries, 0);
		g_autoptr(NautilusMenuItem) item =
			nautilus_menu_item_new(entry->name, entry->label, entry->tip, NULL);
		file_menu_connect(item, entry);
		nautilus_menu_append_item(menu, item);
	}
	NautilusMenuItem *top = nautilus_menu_item_new("imdrive::menu", "imdrive", "", NULL);
	nautilus_menu_item_set_submenu(top, menu);
	return g_list_append(NULL, top);
}

static GList *get_file_items(NautilusMenuProvider *provider, GList *files)
{
	g_autoptr(GPtrArray) entries = file_view_menu(view_of(provider), files);
	return menu_of(entries);
}

static void menu_init(NautilusMenuProviderInterface *interface)
{
	interface->get_file_items = get_file_items;
}

/* ---- life -------------------------------------------------------------------------------- */

static void finalize(GObject *object)
{
	file_view_free(view_of(object));
	G_OBJECT_CLASS(nautilus_provider_parent_class)->finalize(object);
}

static void nautilus_provider_init(DriveProvider *own)
{
	own->view = file_view_new(
		&(FileViewShell){ location, is_folder, add_emblem, invalidate, complete });
}

static void nautilus_provider_class_init(DriveProviderClass *class)
{
	G_OBJECT_CLASS(class)->finalize = finalize;
}

static void nautilus_provider_class_finalize(DriveProviderClass *class)
{
}

void nautilus_provider_register(GTypeModule *module)
{
	nautilus_provider_register_type(module);
}
