/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/window/window.h"

#include "client/app/login/navigation.h"
#include "client/app/spoken.h"
#include "client/app/window/address.h"
#include "client/app/window/devices.h"
#include "client/app/window/focus.h"
#include "client/app/window/folder.h"
#include "client/app/window/overview.h"
#include "client/app/window/settings.h"
#include "client/app/window/starting.h"
#include "client/app/files/sharing.h"
#include "client/app/files/versions.h"

#include <glib/gi18n.h>
#include <stdbool.h>
#include <string.h>

/* Pages are made when they are first shown: a start shows one. NULL: it was not. */
struct _Window {
	AdwApplicationWindow parent;
	GtkStack *stack;
	Starting *starting;
	Address *address;
	GtkWidget *menu;
	Navigation *navigation;
	Folder *folder;
	AdwViewStack *views;
	Overview *overview;
	AdwBin *devices_place;
	Devices *devices;
	AdwBin *settings_place;
	Settings *settings;
	Door *door;
	bool placed; /* the first status has said where to begin */
	Link invited;
	char *file; /* to be shown */
	bool share; /* it is to be shared */
};

G_DEFINE_FINAL_TYPE(Window, window, ADW_TYPE_APPLICATION_WINDOW)

static void found(Window *window);
static void bound(Window *window);
static void entered(Window *window);
static void show_place(Window *window);
static void show_address(Window *window);

/* ---- pages ------------------------------------------------------------------------------- */

static void *add_page(Window *window, GType type, const char *name)
{
	GtkWidget *page = g_object_new(type, NULL);
	gtk_stack_add_named(window->stack, page, name);
	return page;
}

static Starting *starting_page(Window *window)
{
	if (!window->starting) {
		window->starting = add_page(window, STARTING_TYPE, "starting");
	}
	return window->starting;
}

static Address *address_page(Window *window)
{
	if (!window->address) {
		window->address = add_page(window, ADDRESS_TYPE, "address");
		address_set_door(window->address, window->door);
		g_signal_connect_swapped(window->address, "found", G_CALLBACK(found), window);
		g_signal_connect_swapped(window->address, "left", G_CALLBACK(show_place), window);
	}
	return window->address;
}

static Navigation *navigation_page(Window *window)
{
	if (!window->navigation) {
		window->navigation = add_page(window, NAVIGATION_TYPE, "login");
		navigation_set_door(window->navigation, window->door);
		g_object_connect(window->navigation, "swapped-signal::entered", entered, window,
				 "swapped-signal::left", show_address, window, NULL);
	}
	return window->navigation;
}

static Folder *folder_page(Window *window)
{
	if (!window->folder) {
		window->folder = add_page(window, FOLDER_TYPE, "folder");
		folder_set_door(window->folder, window->door);
		g_signal_connect_swapped(window->folder, "bound", G_CALLBACK(bound), window);
	}
	return window->folder;
}

static Devices *devices_page(Window *window)
{
	if (!window->devices) {
		window->devices = g_object_new(DEVICES_TYPE, NULL);
		devices_set_door(window->devices, window->door);
		adw_bin_set_child(window->devices_place, GTK_WIDGET(window->devices));
	}
	return window->devices;
}

static Settings *settings_page(Window *window)
{
	if (!window->settings) {
		window->settings = g_object_new(SETTINGS_TYPE, NULL);
		settings_set_door(window->settings, window->door);
		adw_bin_set_child(window->settings_place, GTK_WIDGET(window->settings));
	}
	return window->settings;
}

/* ---- which is shown ---------------------------------------------------------------------- */

static void show_page(Window *window, void *page)
{
	gtk_stack_set_visible_child(window->stack, page);
	gtk_widget_child_focus(page, GTK_DIR_TAB_FORWARD);
}

static void show_main(Window *window)
{
	show_page(window, gtk_stack_get_child_by_name(window->stack, "main"));
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
		show_page(window, address_page(window));
	} else if (bound > 0) {
		show_main(window);
	} else if (is_signed_in(window)) {
		show_page(window, folder_page(window));
	} else {
		show_page(window, address_page(window));
	}
}

static void entered(Window *window)
{
	address_forget(address_page(window));
	show_place(window);
}

static void bound(Window *window)
{
	show_main(window);
}

static void show_address(Window *window)
{
	size_t bound = json_array_size(json_object_get(door_status(window->door), "bindings"));
	address_set_way_back(address_page(window), bound > 0);
	show_page(window, address_page(window));
}

static void show_file(Window *window)
{
	g_autofree char *path = g_steal_pointer(&window->file);
	size_t bound = json_array_size(json_object_get(door_status(window->door), "bindings"));
	if (path && bound > 0 && is_signed_in(window)) {
		show_main(window);
		(window->share ? sharing_open : versions_open)(GTK_WIDGET(window), window->door,
							       path);
	}
}

static void heard(Window *window)
{
	const json_t *status = door_status(window->door);
	const char *trouble = door_trouble(window->door);
	if (!status) {
		starting_set_trouble(starting_page(window), trouble);
		gtk_stack_set_visible_child_name(window->stack, "starting");
		window->placed = false;
		return;
	}
	if (window->placed) {
		return;
	}
	window->placed = true;
	show_place(window);
	if (window->invited.address) {
		address_fill(address_page(window), window->invited.address,
			     window->invited.invitation);
		link_clear(&window->invited);
		show_address(window);
	}
	show_file(window);
}

static void found(Window *window)
{
	Navigation *login = navigation_page(window);
	Address *address = address_page(window);
	navigation_start(login, address_drive(address), address_invitation(address));
	show_page(window, login);
}

void window_sign_in(Window *window)
{
	const json_t *server = json_object_get(door_status(window->door), "server");
	if (json_is_string(server)) {
		address_fill(address_page(window), json_string_value(server), NULL);
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
	address_fill(address_page(window), link->address, link->invitation);
	show_address(window);
}

static void set_file(Window *window, const char *path, bool share)
{
	g_free(window->file);
	window->file = g_strdup(path);
	window->share = share;
	if (window->placed) {
		show_file(window);
	}
}

void window_open_file(Window *window, const char *path)
{
	set_file(window, path, false);
}

void window_share_file(Window *window, const char *path)
{
	set_file(window, path, true);
}

static void show_visible(Window *window)
{
	GtkWidget *shown = adw_view_stack_get_visible_child(window->views);
	if (shown == GTK_WIDGET(window->devices_place)) {
		devices_refresh(devices_page(window));
	} else if (shown == GTK_WIDGET(window->settings_place)) {
		settings_refresh(settings_page(window));
	}
}

Window *window_new(AdwApplication *application, Door *door)
{
	Window *window = g_object_new(WINDOW_TYPE, "application", application, NULL);
	window->door = door;
	overview_set_door(window->overview, door);
	g_signal_connect_object(door, "status", G_CALLBACK(heard), window, G_CONNECT_SWAPPED);
	heard(window);
	if (door_status(door)) {
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
	gtk_widget_class_bind_template_child(widget, Window, menu);
	gtk_widget_class_bind_template_child(widget, Window, views);
	gtk_widget_class_bind_template_child(widget, Window, overview);
	gtk_widget_class_bind_template_child(widget, Window, devices_place);
	gtk_widget_class_bind_template_child(widget, Window, settings_place);
}

static void window_class_init(WindowClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
	G_OBJECT_CLASS(class)->dispose = dispose;
	g_type_ensure(OVERVIEW_TYPE);
	gtk_widget_class_set_template_from_resource(widget, "/org/imdrive/App/window.ui");
	bind_children(widget);
	gtk_widget_class_bind_template_callback_full(widget, "sign_in_again",
						     G_CALLBACK(window_sign_in));
	gtk_widget_class_bind_template_callback(widget, show_visible);
}

static void window_init(Window *window)
{
	gtk_widget_init_template(GTK_WIDGET(window));
	spoken_follow(GTK_WIDGET(window->stack));
	spoken_follow(GTK_WIDGET(window->views));
	focus_keep(GTK_WINDOW(window));
	spoken_name(window->menu, _("Menu"));
	gtk_window_set_default_icon_name("org.imdrive.App");
}
