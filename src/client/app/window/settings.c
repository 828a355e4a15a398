/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/window/settings.h"

#include "client/app/autostart.h"
#include "client/app/choices.h"
#include "client/app/window/dialogs.h"
#include "client/app/window/rows.h"
#include "client/app/files/rules.h"
#include "client/app/files/selective.h"
#include "client/app/files/sharing.h"

#include <glib/gi18n.h>
#include <stdbool.h>

#define KIB 1024
#define GB 1000000000

struct _Settings {
	AdwBin parent;
	AdwPreferencesGroup *folders;
	GtkSpinButton *up;
	GtkSpinButton *down;
	AdwPreferencesGroup *disk;
	GtkSpinButton *cache;
	GtkSwitch *browser;
	GtkSwitch *autostart;
	GPtrArray *folder_rows;
	Door *door;
	bool filling; /* what changes is no wish of the person's */
};

G_DEFINE_FINAL_TYPE(Settings, settings, ADW_TYPE_BIN)

static void answered(void *object, const json_t *result, const GError *error)
{
	if (error) {
		dialogs_problem(object, error);
	}
	settings_refresh(object);
}

/* ---- folders ----------------------------------------------------------------------------- */

static void unbind_confirmed(void *object, json_t *params)
{
	door_ask(SETTINGS_PAGE(object)->door, "detach", json_incref(params), object, answered);
}

static void unbind(GtkWidget *button, Settings *page)
{
	const char *path = g_object_get_data(G_OBJECT(button), "path");
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *heading = g_strdup_printf(_("Stop syncing “%s”?"), name);
	const DialogQuestion question = {
		.heading = heading,
		.text = _("The folder and its files stay here, and on the drive. Changes no longer "
			  "go from one to the other."),
		.yes = _("Stop syncing"),
	};
	dialogs_ask(GTK_WIDGET(page), &question, unbind_confirmed,
		    json_pack("{s:s}", "folder", path));
}

static void edit_rules(GtkWidget *button, Settings *page)
{
	rules_open(button, page->door, g_object_get_data(G_OBJECT(button), "path"));
}

static void choose_folders(GtkWidget *button, Settings *page)
{
	selective_open(button, page->door, g_object_get_data(G_OBJECT(button), "path"));
}

static void add_button(Settings *page, GtkWidget *row, const char *path, GtkWidget *button,
		       GCallback clicked)
{
	g_object_set_data_full(G_OBJECT(button), "path", g_strdup(path), g_free);
	g_signal_connect(button, "clicked", clicked, page);
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
}

static void show_folder(Settings *page, const char *path, bool is_mount)
{
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *choice = g_strdup_printf(_("Folders of %s on this device"), name);
	g_autofree char *rules = g_strdup_printf(_("What is not synced of %s"), name);
	g_autofree char *stop = g_strdup_printf(_("Stop syncing %s"), name);
	g_autofree char *place = rows_place(path);
	GtkWidget *row = rows_new(name, place);
	adw_action_row_add_prefix(ADW_ACTION_ROW(row),
				  gtk_image_new_from_icon_name("folder-symbolic"));
	if (!is_mount) {
		/* On a virtual disk nothing is downloaded before it is opened. */
		add_button(page, row, path, rows_icon_button("view-list-symbolic", choice),
			   G_CALLBACK(choose_folders));
	}
	add_button(page, row, path, rows_icon_button("document-edit-symbolic", rules),
		   G_CALLBACK(edit_rules));
	add_button(page, row, path, rows_icon_button("list-remove-symbolic", stop),
		   G_CALLBACK(unbind));
	rows_add(page->folders, page->folder_rows, row);
}

/* ---- the rest ---------------------------------------------------------------------------- */

static void limit(Settings *page)
{
	if (page->filling) {
		return;
	}
	json_int_t up = (json_int_t)gtk_spin_button_get_value(page->up) * KIB;
	json_int_t down = (json_int_t)gtk_spin_button_get_value(page->down) * KIB;
	door_ask(page->door, "limit", json_pack("{s:I, s:I}", "up", up, "down", down), page, NULL);
}

static void limit_cache(Settings *page)
{
	if (!page->filling) {
		json_int_t size = (json_int_t)gtk_spin_button_get_value(page->cache) * GB;
		door_ask(page->door, "cache", json_pack("{s:I}", "size_max", size), page, NULL);
	}
}

static void choose_browser(Settings *page)
{
	if (!page->filling) {
		choices_set_prefers_browser(gtk_switch_get_active(page->browser));
	}
}

static void choose_autostart(Settings *page)
{
	g_autoptr(GError) error = NULL;
	if (!page->filling && !autostart_set(gtk_switch_get_active(page->autostart), &error)) {
		dialogs_problem(GTK_WIDGET(page), error);
	}
}

static void show_links(Settings *page)
{
	sharing_open(GTK_WIDGET(page), page->door, NULL);
}

static void sign_out_confirmed(void *object, json_t *params)
{
	door_ask(SETTINGS_PAGE(object)->door, "sign-out", NULL, object, answered);
}

static void sign_out(Settings *page)
{
	const DialogQuestion question = {
		.heading = _("Sign out this device?"),
		.text = _("Files stay where they are; nothing is synced until you sign in again."),
		.yes = _("Sign out"),
		.destructive = true,
	};
	dialogs_ask(GTK_WIDGET(page), &question, sign_out_confirmed, NULL);
}

static double limit_of(const json_t *status, const char *direction)
{
	const json_t *limits = json_object_get(status, "limits");
	return (double)(json_integer_value(json_object_get(limits, direction)) / KIB);
}

void settings_refresh(Settings *page)
{
	const json_t *status = door_status(page->door);
	size_t index;
	json_t *binding;
	bool has_disk = false;
	json_int_t cache = json_integer_value(json_object_get(status, "cache_size_max"));
	page->filling = true;
	gtk_spin_button_set_value(page->cache, (double)((cache + GB / 2) / GB));
	gtk_spin_button_set_value(page->up, limit_of(status, "up"));
	gtk_spin_button_set_value(page->down, limit_of(status, "down"));
	gtk_switch_set_active(page->browser, choices_prefers_browser());
	gtk_switch_set_active(page->autostart, autostart_is_on());
	page->filling = false;
	rows_clear(page->folders, page->folder_rows);
	json_array_foreach(json_object_get(status, "bindings"), index, binding)
	{
		const char *kind = json_string_value(json_object_get(binding, "kind"));
		bool is_mount = g_strcmp0(kind, "mount") == 0;
		has_disk |= is_mount;
		show_folder(page, json_string_value(json_object_get(binding, "path")), is_mount);
	}
	gtk_widget_set_visible(GTK_WIDGET(page->disk), has_disk);
}

/* ---- life -------------------------------------------------------------------------------- */

void settings_set_door(Settings *page, Door *door)
{
	page->door = door;
}

static void dispose(GObject *object)
{
	g_clear_pointer(&SETTINGS_PAGE(object)->folder_rows, g_ptr_array_unref);
	gtk_widget_dispose_template(GTK_WIDGET(object), SETTINGS_TYPE);
	G_OBJECT_CLASS(settings_parent_class)->dispose(object);
}

static void settings_class_init(SettingsClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
	G_OBJECT_CLASS(class)->dispose = dispose;
	gtk_widget_class_set_template_from_resource(widget, "/org/imdrive/App/settings.ui");
	gtk_widget_class_bind_template_child(widget, Settings, folders);
	gtk_widget_class_bind_template_child(widget, Settings, up);
	gtk_widget_class_bind_template_child(widget, Settings, down);
	gtk_widget_class_bind_template_child(widget, Settings, disk);
	gtk_widget_class_bind_template_child(widget, Settings, cache);
	gtk_widget_class_bind_template_child(widget, Settings, browser);
	gtk_widget_class_bind_template_child(widget, Settings, autostart);
	gtk_widget_class_bind_template_callback(widget, limit);
	gtk_widget_class_bind_template_callback(widget, limit_cache);
	gtk_widget_class_bind_template_callback(widget, choose_browser);
	gtk_widget_class_bind_template_callback(widget, choose_autostart);
	gtk_widget_class_bind_template_callback(widget, show_links);
	gtk_widget_class_bind_template_callback(widget, sign_out);
}

static void settings_init(Settings *page)
{
	page->folder_rows = g_ptr_array_new();
	gtk_widget_init_template(GTK_WIDGET(page));
}
