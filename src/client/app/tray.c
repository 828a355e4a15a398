/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/tray.h"

#include "client/app/tray_menu.h"
#include "client/app/window/glance.h"

#include <glib/gi18n.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define INTERFACE "org.kde.StatusNotifierItem"
#define PATH "/StatusNotifierItem"
#define WATCHER "org.kde.StatusNotifierWatcher"
#define ITEMS_MAX 8

static const char xml[] =
	"<node><interface name='" INTERFACE "'>"
	"<property name='Category' type='s' access='read'/>"
	"<property name='Id' type='s' access='read'/>"
	"<property name='Title' type='s' access='read'/>"
	"<property name='Status' type='s' access='read'/>"
	"<property name='IconName' type='s' access='read'/>"
	"<property name='AttentionIconName' type='s' access='read'/>"
	"<property name='ToolTip' type='(sa(iiay)ss)' access='read'/>"
	"<property name='ItemIsMenu' type='b' access='read'/>"
	"<property name='Menu' type='o' access='read'/>"
	"<method name='Activate'><arg type='i' direction='in'/>"
	"<arg type='i' direction='in'/></method>"
	"<method name='SecondaryActivate'><arg type='i' direction='in'/>"
	"<arg type='i' direction='in'/></method>"
	"<method name='ContextMenu'><arg type='i' direction='in'/><arg type='i' direction='in'/>"
	"</method>"
	"<method name='Scroll'><arg type='i' direction='in'/>"
	"<arg type='s' direction='in'/></method>"
	"<signal name='NewTitle'/><signal name='NewIcon'/><signal name='NewAttentionIcon'/>"
	"<signal name='NewToolTip'/><signal name='NewStatus'><arg type='s'/></signal>"
	"</interface></node>";

struct Tray {
	GApplication *application;
	GDBusConnection *bus;
	Door *door;
	TrayMenu *menu;
	unsigned object, name, watch;
	unsigned long heard;
	char *bus_name;
	char *title, *text; /* how things stand */
	const char *icon;   /* static */
	bool attention;
};

static const char *status_of(const Tray *tray)
{
	return tray->attention ? "NeedsAttention" : "Active";
}

static GVariant *get_property(GDBusConnection *bus, const char *sender, const char *path,
			      const char *interface, const char *property, GError **error,
			      void *data)
{
	const Tray *tray = data;
	if (strcmp(property, "ItemIsMenu") == 0) {
		return g_variant_new_boolean(FALSE);
	}
	if (strcmp(property, "Menu") == 0) {
		return g_variant_new_object_path(TRAY_MENU_PATH);
	}
	if (strcmp(property, "ToolTip") == 0) {
		return g_variant_new("(s@a(iiay)ss)", "",
				     g_variant_new_array(G_VARIANT_TYPE("(iiay)"), NULL, 0),
				     tray->title, tray->text);
	}
	const char *const texts[][2] = {
		{ "Category", "ApplicationStatus" },
		{ "Id", "org.imdrive.App" },
		{ "Title", "imdrive" },
		{ "Status", status_of(tray) },
		{ "IconName", tray->icon },
		{ "AttentionIconName", "dialog-warning-symbolic" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (strcmp(property, texts[i][0]) == 0) {
			return g_variant_new_string(texts[i][1]);
		}
	}
	return NULL;
}

static void called(GDBusConnection *bus, const char *sender, const char *path,
		   const char *interface, const char *method, GVariant *parameters,
		   GDBusMethodInvocation *invocation, void *data)
{
	const Tray *tray = data;
	if (strcmp(method, "Activate") == 0) {
		g_action_group_activate_action(G_ACTION_GROUP(tray->application), "show", NULL);
	}
	g_dbus_method_invocation_return_value(invocation, NULL);
}

static const GDBusInterfaceVTable vtable = { called, get_property, NULL, { NULL } };

static void tell(const Tray *tray, const char *signal, GVariant *parameters)
{
	g_dbus_connection_emit_signal(tray->bus, NULL, PATH, INTERFACE, signal, parameters, NULL);
}

/* ---- how things stand -------------------------------------------------------------------- */

static void show_menu(const Tray *tray, const json_t *status)
{
	bool paused = json_is_true(json_object_get(status, "paused"));
	bool bound = json_array_size(json_object_get(status, "bindings")) > 0;
	TrayMenuItem items[ITEMS_MAX];
	size_t count = 0;
	items[count++] = (TrayMenuItem){ NULL, tray->title };
	items[count++] = (TrayMenuItem){ NULL, NULL };
	items[count++] = (TrayMenuItem){ "show", (char *)_("Show imdrive") };
	if (bound) {
		items[count++] = (TrayMenuItem){ "open-folder", (char *)_("Open folder") };
	}
	if (bound && paused) {
		items[count++] = (TrayMenuItem){ "resume", (char *)_("Resume") };
	} else if (bound) {
		items[count++] = (TrayMenuItem){ "pause-hour", (char *)_("Pause for an hour") };
		items[count++] = (TrayMenuItem){ "pause", (char *)_("Pause until I resume") };
	}
	items[count++] = (TrayMenuItem){ "quit", (char *)_("Quit") };
	tray_menu_set(tray->menu, items, count);
}

static void take(Tray *tray, const json_t *status)
{
	g_auto(Glance) glance = { 0 };
	glance_take(&glance, status, g_get_real_time());
	const char *state = json_string_value(json_object_get(status, "state"));
	bool attention = g_strcmp0(state, "attention") == 0;
	const char *icon =
		strcmp(glance.style, "success") == 0 ? "org.imdrive.App-symbolic" : glance.icon;
	bool same = g_strcmp0(glance.title, tray->title) == 0 &&
		    g_strcmp0(glance.text, tray->text) == 0;
	if (!same) {
		g_free(tray->title);
		g_free(tray->text);
		tray->title = g_steal_pointer(&glance.title);
		tray->text = g_steal_pointer(&glance.text);
		tell(tray, "NewToolTip", NULL);
	}
	if (g_strcmp0(icon, tray->icon) != 0) {
		tray->icon = icon;
		tell(tray, "NewIcon", NULL);
	}
	if (attention != tray->attention) {
		tray->attention = attention;
		tell(tray, "NewStatus", g_variant_new("(s)", status_of(tray)));
	}
}

static void heard(Tray *tray)
{
	const json_t *status = door_status(tray->door);
	if (status) {
		take(tray, status);
		show_menu(tray, status);
	}
}

/* ---- life -------------------------------------------------------------------------------- */

static void watcher_came(GDBusConnection *bus, const char *name, const char *owner, void *data)
{
	const Tray *tray = data;
	g_dbus_connection_call(bus, WATCHER, "/StatusNotifierWatcher", WATCHER,
			       "RegisterStatusNotifierItem", g_variant_new("(s)", tray->bus_name),
			       NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
}

static void name_owned(GDBusConnection *bus, const char *name, void *data)
{
	Tray *tray = data;
	if (!tray->watch) {
		tray->watch =
			g_bus_watch_name_on_connection(bus, WATCHER, G_BUS_NAME_WATCHER_FLAGS_NONE,
						       watcher_came, NULL, tray, NULL);
	}
}

Tray *tray_new(GApplication *application, Door *door)
{
	GDBusConnection *bus = g_application_get_dbus_connection(application);
	if (!bus) {
		return NULL;
	}
	g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(xml, NULL);
	g_assert(node);
	g_autoptr(Tray) tray = g_new0(Tray, 1);
	tray->application = application;
	tray->bus = g_object_ref(bus);
	tray->door = g_object_ref(door);
	tray->icon = "org.imdrive.App-symbolic";
	tray->title = g_strdup("imdrive");
	tray->text = g_strdup("");
	tray->menu = tray_menu_new(bus, G_ACTION_GROUP(application));
	tray->object = g_dbus_connection_register_object(bus, PATH, node->interfaces[0], &vtable,
							 tray, NULL, NULL);
	if (!tray->menu || !tray->object) {
		return NULL;
	}
	tray->heard = g_signal_connect_swapped(door, "status", G_CALLBACK(heard), tray);
	heard(tray);
	tray->bus_name = g_strdup_printf(INTERFACE "-%d-1", (int)getpid());
	tray->name = g_bus_own_name_on_connection(bus, tray->bus_name, G_BUS_NAME_OWNER_FLAGS_NONE,
						  name_owned, NULL, tray, NULL);
	return g_steal_pointer(&tray);
}

void tray_free(Tray *tray)
{
	if (!tray) {
		return;
	}
	if (tray->watch) {
		g_bus_unwatch_name(tray->watch);
	}
	if (tray->name) {
		g_bus_unown_name(tray->name);
	}
	if (tray->object) {
		g_dbus_connection_unregister_object(tray->bus, tray->object);
	}
	if (tray->heard) {
		g_signal_handler_disconnect(tray->door, tray->heard);
	}
	tray_menu_free(tray->menu);
	g_object_unref(tray->door);
	g_object_unref(tray->bus);
	g_free(tray->bus_name);
	g_free(tray->title);
	g_free(tray->text);
	g_free(tray);
}
