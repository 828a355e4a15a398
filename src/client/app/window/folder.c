/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/window/folder.h"

#include "client/app/reason.h"
#include "client/app/window/rows.h"

#include <glib/gi18n.h>
#include <stdbool.h>
#include <string.h>

struct _Folder {
	AdwBin parent;
	AdwActionRow *row;
	AdwActionRow *disk_row;
	GtkCheckButton *disk;
	GtkLabel *problem;
	GtkButton *start;
	Door *door;
	char *path;
	GtkFileChooserNative *chooser;
};

G_DEFINE_FINAL_TYPE(Folder, folder, ADW_TYPE_BIN)

static unsigned bound_signal;

static void show_path(Folder *page)
{
	g_autofree char *name = g_path_get_basename(page->path);
	g_autofree char *shown = rows_place(page->path);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(page->row), name);
	adw_action_row_set_subtitle(page->row, shown);
}

static void chosen(Folder *page, int response)
{
	if (response == GTK_RESPONSE_ACCEPT) {
		g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(page->chooser));
		g_free(page->path);
		page->path = g_file_get_path(file);
		show_path(page);
		gtk_widget_set_visible(GTK_WIDGET(page->problem), FALSE);
	}
	g_clear_object(&page->chooser);
}

static void choose(Folder *page)
{
	GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(page));
	page->chooser = gtk_file_chooser_native_new(_("Choose a folder"), GTK_WINDOW(root),
						    GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER,
						    _("Choose"), _("Cancel"));
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(page->chooser), TRUE);
	g_signal_connect_swapped(page->chooser, "response", G_CALLBACK(chosen), page);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(page->chooser));
}

static void attached(void *object, const json_t *result, const GError *error)
{
	Folder *page = object;
	gtk_widget_set_sensitive(GTK_WIDGET(page->start), TRUE);
	gtk_widget_set_visible(GTK_WIDGET(page->problem), error != NULL);
	if (error) {
		g_autofree char *text = reason_of(error);
		gtk_label_set_text(page->problem, text);
		return;
	}
	g_signal_emit(page, bound_signal, 0);
}

static void start(Folder *page)
{
	gtk_widget_set_sensitive(GTK_WIDGET(page->start), FALSE);
	int mount = gtk_check_button_get_active(page->disk);
	door_ask(page->door, "attach",
		 json_pack("{s:s, s:b, s:b}", "folder", page->path, "create", 1, "mount", mount),
		 page, attached);
}

static void heard(Folder *page)
{
	const json_t *status = door_status(page->door);
	bool can = !status || json_is_true(json_object_get(status, "can_mount"));
	gtk_widget_set_sensitive(GTK_WIDGET(page->disk_row), can);
	adw_action_row_set_subtitle(
		page->disk_row, can ? _("Files come when you open them, and take no room before")
				    : _("Needs FUSE, which this computer does not have"));
}

void folder_set_door(Folder *page, Door *door)
{
	page->door = door;
	g_signal_connect_object(door, "status", G_CALLBACK(heard), page, G_CONNECT_SWAPPED);
	heard(page);
}

static void dispose(GObject *object)
{
	Folder *page = FOLDER_PAGE(object);
	g_clear_object(&page->chooser);
	g_clear_pointer(&page->path, g_free);
	gtk_widget_dispose_template(GTK_WIDGET(object), FOLDER_TYPE);
	G_OBJECT_CLASS(folder_parent_class)->dispose(object);
}

static gboolean focus(GtkWidget *widget)
{
	return gtk_widget_grab_focus(GTK_WIDGET(FOLDER_PAGE(widget)->start));
}

static void folder_class_init(FolderClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
	G_OBJECT_CLASS(class)->dispose = dispose;
	widget->grab_focus = focus;
	gtk_widget_class_set_template_from_resource(widget, "/org/imdrive/App/folder.ui");
	gtk_widget_class_bind_template_child(widget, Folder, row);
	gtk_widget_class_bind_template_child(widget, Folder, disk_row);
	gtk_widget_class_bind_template_child(widget, Folder, disk);
	gtk_widget_class_bind_template_child(widget, Folder, problem);
	gtk_widget_class_bind_template_child(widget, Folder, start);
	gtk_widget_class_bind_template_callback(widget, choose);
	gtk_widget_class_bind_template_callback(widget, start);
	bound_signal = g_signal_new("bound", FOLDER_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
				    G_TYPE_NONE, 0);
}

static void folder_init(Folder *page)
{
	gtk_widget_init_template(GTK_WIDGET(page));
	page->path = g_build_filename(g_get_home_dir(), "imdrive", NULL);
	show_path(page);
}
