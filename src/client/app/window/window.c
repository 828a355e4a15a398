/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/window/window.h"

#include "client/app/login/navigation.h"
#include "client/app/spoken.h"
#include "client/app/window/address.h"
#include "client/app/window/devices.h"
#include "client/app/window/folder.h"
#include "client/app/window/overview.h"
#include "client/app/window/settings.h"
#include "client/app/window/versions.h"

#include <glib/gi18n.h>
#include <stdbool.h>
#include <string.h>

struct _Window {
	AdwApplicationWindow parent;
	GtkStack *stack;
	AdwStatusPage *starting;
	GtkSpinner *spinner;
	Address *address;
	GtkWidget *back;
	GtkWidget *menu;
	Navigation *navigation;
	Folder *folder;
	AdwViewStack *views;
	Overview *overview;
	Devices *devices;
	Settings *settings;
	Door *door;
	bool placed; /* the first status has said where to begin */
	Link invited;
	char *file; /* to be shown */
};

G_DEFINE_FINAL_TYPE(Window, window, ADW_TYPE_APPLICATION_WINDOW)

static void show(Window *window, const char *name)
{
	gtk_stack_set_visible_child_name(window->stack, name);
	GtkWidget *page = gtk_stack_get_child_by_name(window->stack, name);
	gtk_widget_child_focus(page, GTK_DIR_TAB_FORWARD);
}

static bool is_signed_in(const Window *window)
{
	return json_is_true(json_object_get(door_status(window->door), "signed_in"));
}

/* Where somebody stands who is not in the middle of something. */
static void show_place(Window *window)
{
	const json_t *status = door_status(window->door);
	size_t bound = json_array_size(json_object_get(status, "bindings"));
	if (!json_is_string(json_object_get(status, "account"))) {
		show(window, "address");
	} else if (bound == 0) {
		show(window, is_signed_in(window) ? "folder" : "address");
	} else {
		show(window, "main");
	}
}

static void entered(Window *window)
{
	address_forget(window->address);
	show_place(window);
}

static void bound(Window *window)
{
	show(window, "main");
}

static void show_address(Window *window)
{
	size_t bound = json_array_size(json_object_get(door_status(window->door), "bindings"));
	gtk_widget_set_visible(window->back, bound > 0);
	show(window, "address");
}

static void show_file(Window *window)
{
	g_autofree char *path = g_steal_pointer(&window->file);
	size_t bound = json_array_size(json_object_get(door_status(window->door), "bindings"));
	if (path && bound > 0 && is_signed_in(window)) {
		show(window, "main");
		versions_open(GTK_WIDGET(window), window->door, path);
	}
}

static void heard(Window *window)
{
	const json_t *status = door_status(window->door);
	const char *trouble = door_trouble(window->door);
	if (!status) {
		adw_status_page_set_description(window->starting, trouble);
		gtk_stack_set_visible_child_name(window->stack, "starting");
		gtk_spinner_set_spinning(window->spinner, !trouble);
		window->placed = false;
		return;
	}
	if (window->placed) {
		return;
	}
	window->placed = true;
	show_place(window);
	if (window->invited.address) {
		address_fill(window->address, window->invited.address, window->invited.invitation);
		link_clear(&window->invited);
		show_address(window);
	}
	show_file(window);
}

static void found(Window *window)
{
	navigation_start(window->navigation, address_drive(window->address),
			 address_invitation(window->address));
	show(window, "login");
}

void window_sign_in(Window *window)
{
	const json_t *server = json_object_get(door_status(window->door), "server");
	if (json_is_string(server)) {
		address_fill(window->address, json_string_value(server), NULL);
	}
	show_address(window);
}

gboolean window_is_usable(Window *window)
{
	return window->placed;
}

void window_invite(Window *window, const Link *link)
{
	if (!window->placed) {
		link_clear(&window->invited);
		window->invited = (Link){ g_strdup(link->address), g_strdup(link->invitation) };
		return;
	}
	address_fill(window->address, link->address, link->invitation);
	show_address(window);
}

void window_open_file(Window *window, const char *path)
{
	g_free(window->file);
	window->file = g_strdup(path);
	if (window->placed) {
		show_file(window);
	}
}

static void show_visible(Window *window)
{
	GtkWidget *shown = adw_view_stack_get_visible_child(window->views);
	if (shown == GTK_WIDGET(window->devices)) {
		devices_refresh(window->devices);
	} else if (shown == GTK_WIDGET(window->settings)) {
		settings_refresh(window->settings);
	}
}

Window *window_new(AdwApplication *application, Door *door)
{
	Window *window = g_object_new(WINDOW_TYPE, "application", application, NULL);
	window->door = door;
	address_set_door(window->address, door);
	navigation_set_door(window->navigation, door);
	folder_set_door(window->folder, door);
	overview_set_door(window->overview, door);
	devices_set_door(window->devices, door);
	settings_set_door(window->settings, door);
	g_signal_connect_object(door, "status", G_CALLBACK(heard), window, G_CONNECT_SWAPPED);
	if (door_status(door)) {
		heard(window);
		overview_refresh(window->overview);
	}
	return window;
}

static void dispose(GObject *object)
{
	link_clear(&WINDOW_MAIN(object)->invited);
	g_clear_pointer(&WINDOW_MAIN(object)->file, g_free);
	gtk_widget_dispose_template(GTK_WIDGET(object), WINDOW_TYPE);
	G_OBJECT_CLASS(window_parent_class)->dispose(object);
}

static void bind_children(GtkWidgetClass *widget)
{
	gtk_widget_class_bind_template_child(widget, Window, stack);
	gtk_widget_class_bind_template_child(widget, Window, starting);
	gtk_widget_class_bind_template_child(widget, Window, spinner);
	gtk_widget_class_bind_template_child(widget, Window, address);
	gtk_widget_class_bind_template_child(widget, Window, back);
	gtk_widget_class_bind_template_child(widget, Window, menu);
	gtk_widget_class_bind_template_child(widget, Window, navigation);
	gtk_widget_class_bind_template_child(widget, Window, folder);
	gtk_widget_class_bind_template_child(widget, Window, views);
	gtk_widget_class_bind_template_child(widget, Window, overview);
	gtk_widget_class_bind_template_child(widget, Window, devices);
	gtk_widget_class_bind_template_child(widget, Window, settings);
}

static void window_class_init(WindowClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
	G_OBJECT_CLASS(class)->dispose = dispose;
	g_type_ensure(ADDRESS_TYPE);
	g_type_ensure(NAVIGATION_TYPE);
	g_type_ensure(FOLDER_TYPE);
	g_type_ensure(OVERVIEW_TYPE);
	g_type_ensure(DEVICES_TYPE);
	g_type_ensure(SETTINGS_TYPE);
	gtk_widget_class_set_template_from_resource(widget, "/org/imdrive/App/window.ui");
	bind_children(widget);
	gtk_widget_class_bind_template_callback(widget, found);
	gtk_widget_class_bind_template_callback(widget, bound);
	gtk_widget_class_bind_template_callback(widget, entered);
	gtk_widget_class_bind_template_callback(widget, show_place);
	gtk_widget_class_bind_template_callback(widget, show_address);
	gtk_widget_class_bind_template_callback_full(widget, "sign_in_again",
						     G_CALLBACK(window_sign_in));
	gtk_widget_class_bind_template_callback(widget, show_visible);
}

static void window_init(Window *window)
{
	gtk_widget_init_template(GTK_WIDGET(window));
	spoken_follow(GTK_WIDGET(window->stack));
	spoken_follow(GTK_WIDGET(window->views));
	spoken_name(window->menu, _("Menu"));
	gtk_window_set_default_icon_name("org.imdrive.App");
}
