/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/window/rows.h"

#include "client/app/reason.h"
#include "client/app/spoken.h"
#include "client/app/window/dialogs.h"
#include "client/app/files/sharing.h"
#include "client/app/files/versions.h"

#include <glib/gi18n.h>
#include <string.h>

GtkWidget *rows_new(const char *title, const char *subtitle)
{
	GtkWidget *row = adw_action_row_new();
	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title ? title : "");
	adw_action_row_set_subtitle(ADW_ACTION_ROW(row), subtitle ? subtitle : "");
	return row;
}

char *rows_place(const char *path)
{
	const char *home = g_get_home_dir();
	size_t size = strlen(home);
	bool is_inside = g_str_has_prefix(path, home) && path[size] == '/';
	g_autofree char *place =
		g_strconcat(is_inside ? "~" : "", path + (is_inside ? size : 0), NULL);
	return g_filename_display_name(place);
}

char *rows_time(int64_t time_us, int64_t now_us)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(time_us / G_TIME_SPAN_SECOND);
	g_autoptr(GDateTime) now_utc = g_date_time_new_from_unix_utc(now_us / G_TIME_SPAN_SECOND);
	g_autoptr(GDateTime) when = utc ? g_date_time_to_local(utc) : NULL;
	g_autoptr(GDateTime) now = now_utc ? g_date_time_to_local(now_utc) : NULL;
	if (!when || !now) {
		return g_strdup("");
	}
	bool today = g_date_time_get_year(when) == g_date_time_get_year(now) &&
		     g_date_time_get_day_of_year(when) == g_date_time_get_day_of_year(now);
	if (today) {
		return g_date_time_format(when, "%R");
	}
	/* Translators: a day, see g_date_time_format(). */
	return g_date_time_format(when, _("%-e %B %Y"));
}

/* ---- opening ----------------------------------------------------------------------------- */

GtkWidget *rows_icon_button(const char *icon, const char *text)
{
	GtkWidget *button = gtk_button_new_from_icon_name(icon);
	gtk_widget_set_tooltip_text(button, text);
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	gtk_widget_add_css_class(button, "flat");
	spoken_name(button, text);
	return button;
}

void rows_open(GtkWidget *widget, const char *path)
{
	g_autoptr(GFile) file = g_file_new_for_path(path);
	g_autofree char *uri = g_file_get_uri(file);
	gtk_show_uri(dialogs_window_of(widget), uri, GDK_CURRENT_TIME);
}

static const char *path_of(void *object)
{
	return g_object_get_data(G_OBJECT(object), "path");
}

static void open_file(GtkWidget *widget, void *data)
{
	rows_open(widget, path_of(widget));
}

/* Without a file manager that shows files, the folder alone. */
static void shown_in_folder(GObject *bus, GAsyncResult *result, void *data)
{
	g_autoptr(GtkWidget) button = data;
	g_autoptr(GVariant) done =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, NULL);
	if (!done) {
		g_autofree char *folder = g_path_get_dirname(path_of(button));
		rows_open(button, folder);
	}
}

static void show_in_folder(GtkWidget *button, void *data)
{
	GDBusConnection *bus = g_application_get_dbus_connection(g_application_get_default());
	g_autoptr(GFile) file = g_file_new_for_path(path_of(button));
	g_autofree char *uri = g_file_get_uri(file);
	const char *const uris[] = { uri, NULL };
	if (!bus) {
		g_autofree char *folder = g_path_get_dirname(path_of(button));
		rows_open(button, folder);
		return;
	}
	g_dbus_connection_call(bus, "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1",
			       "org.freedesktop.FileManager1", "ShowItems",
			       g_variant_new("(^ass)", uris, ""), NULL, G_DBUS_CALL_FLAGS_NONE, -1,
			       NULL, shown_in_folder, g_object_ref(button));
}

static void add_place_button(GtkWidget *row, const char *path)
{
	GtkWidget *button = rows_icon_button("folder-open-symbolic", _("Show in folder"));
	g_object_set_data_full(G_OBJECT(button), "path", g_strdup(path), g_free);
	g_signal_connect(button, "clicked", G_CALLBACK(show_in_folder), NULL);
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
}

/* ---- what was before --------------------------------------------------------------------- */

static void restored(void *object, const json_t *result, const GError *error)
{
	gtk_widget_set_sensitive(object, TRUE);
	if (error) {
		dialogs_problem(object, error);
	}
}

static void restore(GtkWidget *button, Door *door)
{
	gtk_widget_set_sensitive(button, FALSE);
	door_ask(door, "restore", json_pack("{s:s}", "path", path_of(button)), button, restored);
}

static void show_versions(GtkWidget *button, Door *door)
{
	versions_open(button, door, path_of(button));
}

static void add_past_button(GtkWidget *row, const char *path, bool there, Door *door)
{
	GtkWidget *button =
		there ? rows_icon_button("document-open-recent-symbolic", _("Earlier versions"))
		      : gtk_button_new_with_label(_("Restore"));
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	g_object_set_data_full(G_OBJECT(button), "path", g_strdup(path), g_free);
	g_signal_connect(button, "clicked", there ? G_CALLBACK(show_versions) : G_CALLBACK(restore),
			 door);
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
}

static void share(GtkWidget *button, Door *door)
{
	sharing_open(button, door, path_of(button));
}

static void add_share_button(GtkWidget *row, const char *path, Door *door)
{
	GtkWidget *button = rows_icon_button("emblem-shared-symbolic", _("Share by link"));
	g_object_set_data_full(G_OBJECT(button), "path", g_strdup(path), g_free);
	g_signal_connect(button, "clicked", G_CALLBACK(share), door);
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
}

/* ---- activity ---------------------------------------------------------------------------- */

typedef struct Deed {
	const char *what; /* as the daemon says */
	const char *icon;
	const char *text;
} Deed;

static const Deed deeds[] = {
	{ "uploaded", "go-up-symbolic", N_("Sent to the drive") },
	{ "downloaded", "go-down-symbolic", N_("Came from the drive") },
	{ "moved here", "go-jump-symbolic", N_("Moved on another device") },
	{ "moved there", "go-jump-symbolic", N_("Moved") },
	{ "deleted here", "user-trash-symbolic", N_("Deleted on another device") },
	{ "left out", "folder-symbolic", N_("Only on the drive") },
	{ "deleted there", "user-trash-symbolic", N_("Deleted") },
	{ "conflict", "dialog-warning-symbolic", N_("Changed on two devices: both are kept") },
};

static const Deed *find_deed(const char *what)
{
	for (size_t i = 0; i < G_N_ELEMENTS(deeds); i++) {
		if (g_strcmp0(deeds[i].what, what) == 0) {
			return &deeds[i];
		}
	}
	return NULL;
}

static bool is_deletion(const char *what)
{
	return g_strcmp0(what, "deleted here") == 0 || g_strcmp0(what, "deleted there") == 0;
}

GtkWidget *rows_new_activity(const json_t *item, Door *door)
{
	const char *path = json_string_value(json_object_get(item, "path"));
	const char *what = json_string_value(json_object_get(item, "what"));
	const Deed *deed = find_deed(what);
	json_int_t time_us = json_integer_value(json_object_get(item, "time_us"));
	g_autofree char *name = g_path_get_basename(path ? path : "");
	g_autofree char *when = rows_time(time_us, g_get_real_time());
	GtkWidget *row = rows_new(name, deed ? _(deed->text) : what);
	const char *icon = deed ? deed->icon : "text-x-generic-symbolic";
	adw_action_row_add_prefix(ADW_ACTION_ROW(row), gtk_image_new_from_icon_name(icon));
	GtkWidget *time = gtk_label_new(when);
	gtk_widget_add_css_class(time, "dim-label");
	gtk_widget_add_css_class(time, "numeric");
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), time);
	bool there = path && g_file_test(path, G_FILE_TEST_EXISTS);
	if (path && !there && is_deletion(what)) {
		add_past_button(row, path, false, door);
	}
	if (there) {
		if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
			add_past_button(row, path, true, door);
		}
		add_share_button(row, path, door);
		add_place_button(row, path);
		gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), TRUE);
		g_object_set_data_full(G_OBJECT(row), "path", g_strdup(path), g_free);
		g_signal_connect(row, "activated", G_CALLBACK(open_file), NULL);
	}
	return row;
}

/* ---- problems ---------------------------------------------------------------------------- */

GtkWidget *rows_new_problem(const json_t *item)
{
	const char *path = json_string_value(json_object_get(item, "path"));
	const char *message = json_string_value(json_object_get(item, "message"));
	const char *code = json_string_value(json_object_get(item, "code"));
	g_autofree char *name = g_path_get_basename(path ? path : "");
	g_autofree char *reason = reason_text(code, message ? message : "");
	GtkWidget *row = rows_new(name, reason);
	GtkWidget *icon = gtk_image_new_from_icon_name("dialog-warning-symbolic");
	gtk_widget_add_css_class(icon, "warning");
	adw_action_row_add_prefix(ADW_ACTION_ROW(row), icon);
	adw_action_row_set_subtitle_lines(ADW_ACTION_ROW(row), 5);
	if (path) {
		add_place_button(row, path);
	}
	return row;
}

/* ---- lists ------------------------------------------------------------------------------- */

void rows_add(AdwPreferencesGroup *group, GPtrArray *rows, GtkWidget *row)
{
	adw_preferences_group_add(group, row);
	g_ptr_array_add(rows, row);
}

void rows_clear(AdwPreferencesGroup *group, GPtrArray *rows)
{
	for (unsigned i = 0; i < rows->len; i++) {
		adw_preferences_group_remove(group, rows->pdata[i]);
	}
	g_ptr_array_set_size(rows, 0);
}
