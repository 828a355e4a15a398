/* SPDX-License-Identifier: Apache-2.0 */
#include "client/nautilus/file_provider.h"

#include "client/nautilus/drive_watch.h"
#include "client/nautilus/file_menu.h"
#include "client/nautilus/inquiry.h"

#include <nautilus-extension.h>
#include <string.h>

typedef struct FileProvider {
	GObject parent;
	char *profile;
	DriveWatch *watch;
	Inquiry *inquiry;
	GHashTable *shown; /* path -> Shown */
} FileProvider;

typedef struct FileProviderClass {
	GObjectClass parent;
} FileProviderClass;

/* A file that the file manager has an emblem for, and what it was told of it. */
typedef struct Shown {
	GWeakRef file;
	char *state;
	char *kept;
} Shown;

static void info_init(NautilusInfoProviderInterface *interface);
static void menu_init(NautilusMenuProviderInterface *interface);

G_DEFINE_DYNAMIC_TYPE_EXTENDED(FileProvider, file_provider, G_TYPE_OBJECT, 0,
			       G_IMPLEMENT_INTERFACE_DYNAMIC(NAUTILUS_TYPE_INFO_PROVIDER, info_init)
				       G_IMPLEMENT_INTERFACE_DYNAMIC(NAUTILUS_TYPE_MENU_PROVIDER,
								     menu_init))

static void shown_free(void *data)
{
	Shown *shown = data;
	g_weak_ref_clear(&shown->file);
	g_free(shown->state);
	g_free(shown->kept);
	g_free(shown);
}

/* The path, if the daemon can be asked about it. Its socket speaks UTF-8. */
static char *dup_path(NautilusFileInfo *file)
{
	g_autoptr(GFile) location = nautilus_file_info_get_location(file);
	g_autofree char *path = location ? g_file_get_path(location) : NULL;
	return path && g_utf8_validate(path, -1, NULL) ? g_steal_pointer(&path) : NULL;
}

/* ---- emblems ----------------------------------------------------------------------------- */

/* What the file manager waits for. */
typedef struct Update {
	FileProvider *provider;
	NautilusFileInfo *file;
	GClosure *complete;
	char *path;
} Update;

static void update_free(void *data)
{
	Update *update = data;
	g_object_unref(update->file);
	g_closure_unref(update->complete);
	g_free(update->path);
	g_free(update);
}

static const char *emblem_of(const char *state, const char *kept)
{
	static const char *const emblems[][2] = {
		{ "problem", "imdrive-problem" },    { "conflict", "imdrive-problem" },
		{ "syncing", "imdrive-syncing" },    { "dirty", "imdrive-syncing" },
		{ "online-only", "imdrive-online" }, { "partial", "imdrive-online" },
		{ "pinned", "imdrive-pinned" },      { "synced", "imdrive-synced" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(emblems); i++) {
		if (strcmp(emblems[i][0], state) == 0 || strcmp(emblems[i][0], kept) == 0) {
			return emblems[i][1];
		}
	}
	return NULL;
}

static void remember(const Update *update, const char *state, const char *kept)
{
	Shown *shown = g_new0(Shown, 1);
	g_weak_ref_init(&shown->file, update->file);
	shown->state = g_strdup(state);
	shown->kept = g_strdup(kept);
	g_hash_table_replace(update->provider->shown, g_strdup(update->path), shown);
}

static void answered(InquiryQuestion *question, const char *state, const char *kept, void *data)
{
	const Update *update = data;
	const char *emblem = emblem_of(state, kept);
	if (emblem) {
		nautilus_file_info_add_emblem(update->file, emblem);
	}
	remember(update, state, kept);
	nautilus_info_provider_update_complete_invoke(
		update->complete, NAUTILUS_INFO_PROVIDER(update->provider),
		(NautilusOperationHandle *)(void *)question, NAUTILUS_OPERATION_COMPLETE);
}

static NautilusOperationResult update_file_info(NautilusInfoProvider *provider,
						NautilusFileInfo *file, GClosure *complete,
						NautilusOperationHandle **ret_handle)
{
	FileProvider *own = (FileProvider *)(void *)provider;
	g_autofree char *path = dup_path(file);
	DrivePlace place = path ? drive_watch_place(own->watch, path) : DRIVE_PLACE_NONE;
	if (place == DRIVE_PLACE_NONE) {
		return NAUTILUS_OPERATION_COMPLETE;
	}
	Update *update = g_new(Update, 1);
	*update = (Update){ own, g_object_ref(file), g_closure_ref(complete),
			    g_steal_pointer(&path) };
	InquiryQuestion *question =
		inquiry_ask(own->inquiry, update->path, place == DRIVE_PLACE_MOUNT, answered,
			    update, update_free);
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

/* What is shown is asked for anew; what is not any more is forgotten. */
static void changed(void *data)
{
	FileProvider *own = data;
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_object_unref);
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, own->shown);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		NautilusFileInfo *file = g_weak_ref_get(&((Shown *)value)->file);
		if (file) {
			g_ptr_array_add(files, file);
		} else {
			g_hash_table_iter_remove(&iter);
		}
	}
	for (unsigned i = 0; i < files->len; i++) {
		nautilus_file_info_invalidate_extension_info(files->pdata[i]);
	}
}

/* ---- menu -------------------------------------------------------------------------------- */

/* Nothing is asked here: the menu is to open at once. */
static GList *get_file_items(NautilusMenuProvider *provider, GList *files)
{
	FileProvider *own = (FileProvider *)(void *)provider;
	g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(FileMenuItem));
	g_array_set_clear_func(items, file_menu_item_clear);
	for (; files; files = files->next) {
		g_autofree char *path = dup_path(files->data);
		const Shown *shown = path ? g_hash_table_lookup(own->shown, path) : NULL;
		if (!shown || drive_watch_place(own->watch, path) == DRIVE_PLACE_NONE) {
			return NULL;
		}
		const FileMenuItem item = { g_steal_pointer(&path), shown->kept, shown->state,
					    nautilus_file_info_is_directory(files->data) };
		g_array_append_val(items, item);
	}
	return file_menu_new(own->profile, items);
}

static void menu_init(NautilusMenuProviderInterface *interface)
{
	interface->get_file_items = get_file_items;
}

/* ---- life -------------------------------------------------------------------------------- */

static void finalize(GObject *object)
{
	FileProvider *own = (FileProvider *)(void *)object;
	inquiry_free(own->inquiry);
	drive_watch_free(own->watch);
	g_hash_table_unref(own->shown);
	g_free(own->profile);
	G_OBJECT_CLASS(file_provider_parent_class)->finalize(object);
}

static void file_provider_init(FileProvider *own)
{
	own->profile = g_build_filename(g_get_user_state_dir(), "imdrive", NULL);
	own->shown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, shown_free);
	own->inquiry = inquiry_new(own->profile);
	own->watch = drive_watch_new(own->profile, changed, own);
}

static void file_provider_class_init(FileProviderClass *class)
{
	G_OBJECT_CLASS(class)->finalize = finalize;
}

static void file_provider_class_finalize(FileProviderClass *class)
{
}

void file_provider_register(GTypeModule *module)
{
	file_provider_register_type(module);
}
