/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/files/versions.h"

#include "client/app/reason.h"
#include "client/app/window/dialogs.h"
#include "client/app/window/rows.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <stdbool.h>

#define WIDTH 420
#define HEIGHT 480

typedef struct Versions {
	GtkWindow *window; /* NULL: closed */
	AdwPreferencesGroup *group;
	GtkWidget *spinner;
	Door *door;
	char *path;
} Versions;

static void versions_free(void *data)
{
	Versions *versions = data;
	g_object_unref(versions->door);
	g_free(versions->path);
	g_free(versions);
}

static Versions *versions_of(void *window)
{
	return g_object_get_data(G_OBJECT(window), "versions");
}

static void restored(void *object, const json_t *result, const GError *error)
{
	if (error) {
		dialogs_problem(object, error);
	} else {
		gtk_window_close(GTK_WINDOW(object));
	}
}

static void restore(GtkWidget *button, GtkWindow *window)
{
	const Versions *versions = versions_of(window);
	json_int_t number = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "number"));
	gtk_widget_set_sensitive(button, FALSE);
	door_ask(versions->door, "restore",
		 json_pack("{s:s, s:I}", "path", versions->path, "version", number), window,
		 restored);
}

static void add_version(const Versions *versions, const json_t *version)
{
	const char *device = json_string_value(json_object_get(version, "device"));
	bool current = json_is_true(json_object_get(version, "current"));
	json_int_t time_us = json_integer_value(json_object_get(version, "time_us"));
	g_autofree char *when = rows_time(time_us, g_get_real_time());
	g_autofree char *size =
		g_format_size((uint64_t)json_integer_value(json_object_get(version, "size")));
	/* Translators: size of a version, and the device that it came from. */
	g_autofree char *text =
		g_strdup_printf(_("%s, from %s"), size, device ? device : _("an unknown device"));
	GtkWidget *row = rows_new(when, text);
	if (current) {
		GtkWidget *now = gtk_label_new(_("Now"));
		gtk_widget_add_css_class(now, "dim-label");
		adw_action_row_add_suffix(ADW_ACTION_ROW(row), now);
	} else {
		GtkWidget *button = gtk_button_new_with_label(_("Restore"));
		json_int_t number = json_integer_value(json_object_get(version, "number"));
		gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
		g_object_set_data(G_OBJECT(button), "number", GINT_TO_POINTER((int)number));
		gtk_accessible_update_property(GTK_ACCESSIBLE(button),
					       GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, when, -1);
		g_signal_connect(button, "clicked", G_CALLBACK(restore), versions->window);
		adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
	}
	adw_preferences_group_add(versions->group, row);
}

static void show(void *object, const json_t *result, const GError *error)
{
	const Versions *versions = versions_of(object);
	const json_t *list = json_object_get(result, "versions");
	gtk_spinner_stop(GTK_SPINNER(versions->spinner));
	gtk_widget_set_visible(versions->spinner, FALSE);
	if (error) {
		g_autofree char *reason = reason_of(error);
		g_autofree char *text = g_markup_escape_text(reason, -1);
		adw_preferences_group_set_description(versions->group, text);
		return;
	}
	/* The newest first. */
	for (size_t i = json_array_size(list); i > 0; i--) {
		add_version(versions, json_array_get(list, i - 1));
	}
	if (json_array_size(list) == 1) {
		adw_preferences_group_set_description(
			versions->group,
			_("This is the first version. Older ones show up here once it changes."));
	}
}

static GtkWidget *build(Versions *versions, const char *name)
{
	GtkWidget *page = adw_preferences_page_new();
	versions->spinner = gtk_spinner_new();
	gtk_spinner_start(GTK_SPINNER(versions->spinner));
	versions->group = ADW_PREFERENCES_GROUP(adw_preferences_group_new());
	g_autofree char *title = g_markup_escape_text(name, -1);
	adw_preferences_group_set_title(versions->group, title);
	adw_preferences_group_set_header_suffix(versions->group, versions->spinner);
	adw_preferences_page_add(ADW_PREFERENCES_PAGE(page), versions->group);
	return page;
}

void versions_open(GtkWidget *widget, Door *door, const char *path)
{
	g_autofree char *name = g_path_get_basename(path);
	Versions *versions = g_new0(Versions, 1);
	GtkWidget *window = dialogs_window_new(widget, _("Earlier versions"), WIDTH, HEIGHT);
	versions->window = GTK_WINDOW(window);
	versions->door = g_object_ref(door);
	versions->path = g_strdup(path);
	g_object_set_data_full(G_OBJECT(window), "versions", versions, versions_free);
	dialogs_fill(window, adw_header_bar_new(), build(versions, name));
	gtk_window_present(versions->window);
	door_ask(door, "versions", json_pack("{s:s}", "path", path), window, show);
}
