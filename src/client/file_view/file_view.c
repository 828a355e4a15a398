/* SPDX-License-Identifier: Apache-2.0 */
#include "client/file_view/file_view.h"

#include "client/file_view/drive_watch.h"

#include <stdbool.h>
#include <string.h>

struct FileView {
	FileViewShell shell;
	char *profile;
	DriveWatch *watch;
	Inquiry *inquiry;
	GHashTable *shown; /* path -> Shown */
};

/* A file that the file manager has an emblem for, and what it was told of it. */
typedef struct Shown {
	GWeakRef file;
	char *state;
	char *kept;
} Shown;

static void shown_free(void *data)
{
	Shown *shown = data;
	g_weak_ref_clear(&shown->file);
	g_free(shown->state);
	g_free(shown->kept);
	g_free(shown);
}

/* The path, if the daemon can be asked about it. Its socket speaks UTF-8. */
static char *dup_path(const FileView *view, GObject *file)
{
	g_autoptr(GFile) location = view->shell.location(file);
	g_autofree char *path = location ? g_file_get_path(location) : NULL;
	return path && g_utf8_validate(path, -1, NULL) ? g_steal_pointer(&path) : NULL;
}

/* ---- emblems ----------------------------------------------------------------------------- */

/* What the file manager waits for. */
typedef struct Update {
	FileView *view;
	char *path;
	GObject *file;
	GClosure *closure;
	void *provider;
} Update;

static void update_free(void *data)
{
	Update *update = data;
	g_closure_unref(update->closure);
	g_object_unref(update->file);
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
	g_hash_table_replace(update->view->shown, g_strdup(update->path), shown);
}

static void answered(InquiryQuestion *question, const char *state, const char *kept, void *data)
{
	const Update *update = data;
	const char *emblem = emblem_of(state, kept);
	if (emblem) {
		update->view->shell.add_emblem(update->file, emblem);
	}
	remember(update, state, kept);
	update->view->shell.complete(update->closure, update->provider, question);
}

InquiryQuestion *file_view_look(FileView *view, GObject *file, GClosure *closure, void *provider)
{
	g_autofree char *path = dup_path(view, file);
	bool top = false;
	DrivePlace place = path ? drive_watch_place(view->watch, path, &top) : DRIVE_PLACE_NONE;
	if (place == DRIVE_PLACE_NONE) {
		return NULL;
	}
	Update *update = g_new(Update, 1);
	*update = (Update){
		.view = view,
		.path = g_steal_pointer(&path),
		.file = g_object_ref(file),
		.closure = g_closure_ref(closure),
		.provider = provider,
	};
	return inquiry_ask(view->inquiry, update->path, place == DRIVE_PLACE_MOUNT, answered,
			   update, update_free);
}

/* What is shown is asked for anew; what is not any more is forgotten. */
static void changed(void *data)
{
	FileView *view = data;
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_object_unref);
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, view->shown);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		GObject *file = g_weak_ref_get(&((Shown *)value)->file);
		if (file) {
			g_ptr_array_add(files, file);
		} else {
			g_hash_table_iter_remove(&iter);
		}
	}
	for (unsigned i = 0; i < files->len; i++) {
		view->shell.invalidate(files->pdata[i]);
	}
}

/* ---- menu -------------------------------------------------------------------------------- */

/* False if it is none of the drive's, or nobody has said yet how it stands. */
static bool read_item(FileView *view, GObject *file, FileMenuItem *ret_item)
{
	g_autofree char *path = dup_path(view, file);
	bool top = false;
	DrivePlace place = path ? drive_watch_place(view->watch, path, &top) : DRIVE_PLACE_NONE;
	const Shown *shown = path ? g_hash_table_lookup(view->shown, path) : NULL;
	bool blind = !view->shell.add_emblem;
	if (place == DRIVE_PLACE_NONE || (!shown && !blind)) {
		return false;
	}
	const char *kept = place == DRIVE_PLACE_MOUNT ? FILE_MENU_UNKNOWN : "";
	*ret_item = (FileMenuItem){
		.path = g_steal_pointer(&path),
		.kept = blind ? kept : shown->kept,
		.state = blind ? FILE_MENU_UNKNOWN : shown->state,
		.folder = view->shell.is_folder(file),
		.top = top,
	};
	return true;
}

GPtrArray *file_view_menu(FileView *view, GList *files)
{
	g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(FileMenuItem));
	g_array_set_clear_func(items, file_menu_item_clear);
	for (; files; files = files->next) {
		FileMenuItem item;
		if (!read_item(view, files->data, &item)) {
			g_array_set_size(items, 0);
			break;
		}
		g_array_append_val(items, item);
	}
	return file_menu_entries(view->profile, items);
}

/* ---- life -------------------------------------------------------------------------------- */

FileView *file_view_new(const FileViewShell *shell)
{
	FileView *view = g_new0(FileView, 1);
	view->shell = *shell;
	view->profile = g_build_filename(g_get_user_state_dir(), "imdrive", NULL);
	view->shown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, shown_free);
	view->inquiry = inquiry_new(view->profile);
	view->watch = drive_watch_new(view->profile, changed, view);
	return view;
}

void file_view_free(FileView *view)
{
	inquiry_free(view->inquiry);
	drive_watch_free(view->watch);
	g_hash_table_unref(view->shown);
	g_free(view->profile);
	g_free(view);
}
