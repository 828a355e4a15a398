/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/window/selective.h"

#include "client/app/spoken.h"
#include "client/app/window/dialogs.h"
#include "client/app/window/rows.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#define WIDTH 480
#define HEIGHT 520

typedef struct Selective {
	AdwPreferencesGroup *group;
	GPtrArray *rows;
	GtkWidget *back;
	Door *door;
	char *top;  /* the bound folder */
	char *path; /* of the folder that is shown */
} Selective;

static void selective_free(void *data)
{
	Selective *selective = data;
	g_object_unref(selective->door);
	g_ptr_array_unref(selective->rows);
	g_free(selective->top);
	g_free(selective->path);
	g_free(selective);
}

static Selective *selective_of(void *window)
{
	return g_object_get_data(G_OBJECT(window), "selective");
}

static void look(void *window);

static void answered(void *window, const json_t *result, const GError *error)
{
	if (error) {
		dialogs_problem(window, error->message);
	}
	look(window);
}

/* ---- one folder -------------------------------------------------------------------------- */

static gboolean choose(GtkSwitch *widget, gboolean wanted, void *window)
{
	const char *path = g_object_get_data(G_OBJECT(widget), "path");
	gtk_widget_set_sensitive(GTK_WIDGET(widget), FALSE);
	door_ask(selective_of(window)->door, wanted ? "include" : "exclude",
		 json_pack("{s:s}", "path", path), window, answered);
	return FALSE;
}

static void enter(GtkWidget *button, void *window)
{
	Selective *selective = selective_of(window);
	g_free(selective->path);
	selective->path = g_strdup(g_object_get_data(G_OBJECT(button), "path"));
	look(window);
}

static void go_back(GtkWidget *button, void *window)
{
	Selective *selective = selective_of(window);
	char *above = g_path_get_dirname(selective->path);
	g_free(selective->path);
	selective->path = above;
	look(window);
}

static GtkWidget *build_row(GtkWidget *window, const json_t *folder)
{
	const Selective *selective = selective_of(window);
	const char *name = json_string_value(json_object_get(folder, "name"));
	bool left_out = json_is_true(json_object_get(folder, "left_out"));
	bool partly = !left_out && json_is_true(json_object_get(folder, "partly"));
	g_autofree char *path = g_build_filename(selective->path, name, NULL);
	GtkWidget *row = rows_new(name, left_out ? _("Only on the drive")
					: partly ? _("Some folders in it are only on the drive")
						 : NULL);
	GtkWidget *here = gtk_switch_new();
	g_autofree char *spoken = g_strdup_printf(_("%s on this device"), name);
	spoken_name(here, spoken);
	gtk_switch_set_active(GTK_SWITCH(here), !left_out);
	gtk_widget_set_valign(here, GTK_ALIGN_CENTER);
	g_object_set_data_full(G_OBJECT(here), "path", g_strdup(path), g_free);
	g_signal_connect_object(here, "state-set", G_CALLBACK(choose), window, 0);
	if (!left_out && json_is_true(json_object_get(folder, "inside"))) {
		g_autofree char *text = g_strdup_printf(_("Folders in %s"), name);
		GtkWidget *button = rows_icon_button("go-next-symbolic", text);
		g_object_set_data_full(G_OBJECT(button), "path", g_strdup(path), g_free);
		g_signal_connect_object(button, "clicked", G_CALLBACK(enter), window, 0);
		adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
	}
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), here);
	return row;
}

static void show(void *object, const json_t *result, const GError *error)
{
	Selective *selective = selective_of(object);
	size_t index;
	json_t *folder;
	if (error) {
		dialogs_problem(object, error->message);
		return;
	}
	rows_clear(selective->group, selective->rows);
	json_array_foreach(json_object_get(result, "folders"), index, folder)
	{
		rows_add(selective->group, selective->rows, build_row(object, folder));
	}
	if (index == 0) {
		rows_add(selective->group, selective->rows,
			 rows_new(_("There are no folders here yet"), NULL));
	}
	g_autofree char *name = g_path_get_basename(selective->path);
	adw_preferences_group_set_title(selective->group, "");
	gtk_window_set_title(GTK_WINDOW(object), name);
	gtk_widget_set_visible(selective->back, strcmp(selective->path, selective->top) != 0);
}

static void look(void *window)
{
	const Selective *selective = selective_of(window);
	door_ask(selective->door, "folders", json_pack("{s:s}", "path", selective->path), window,
		 show);
}

/* ---- the window -------------------------------------------------------------------------- */

static GtkWidget *build(Selective *selective, GtkWidget *window)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
	GtkWidget *bar = adw_header_bar_new();
	GtkWidget *page = adw_preferences_page_new();
	selective->group = ADW_PREFERENCES_GROUP(adw_preferences_group_new());
	adw_preferences_group_set_description(
		selective->group,
		_("What you switch off is removed from this device once all of it is on the "
		  "drive. It stays there, and on your other devices."));
	selective->back = rows_icon_button("go-previous-symbolic", _("Back"));
	g_signal_connect_object(selective->back, "clicked", G_CALLBACK(go_back), window, 0);
	adw_header_bar_pack_start(ADW_HEADER_BAR(bar), selective->back);
	adw_preferences_page_add(ADW_PREFERENCES_PAGE(page), selective->group);
	gtk_widget_set_vexpand(page, TRUE);
	gtk_box_append(GTK_BOX(box), bar);
	gtk_box_append(GTK_BOX(box), page);
	return box;
}

void selective_open(GtkWidget *widget, Door *door, const char *folder)
{
	GtkWidget *window = dialogs_window_new(widget, _("Folders on this device"), WIDTH, HEIGHT);
	Selective *selective = g_new0(Selective, 1);
	selective->door = g_object_ref(door);
	selective->rows = g_ptr_array_new();
	selective->top = g_strdup(folder);
	selective->path = g_strdup(folder);
	g_object_set_data_full(G_OBJECT(window), "selective", selective, selective_free);
	adw_window_set_content(ADW_WINDOW(window), build(selective, window));
	gtk_window_present(GTK_WINDOW(window));
	look(window);
}
