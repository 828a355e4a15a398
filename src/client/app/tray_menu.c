/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/tray_menu.h"

#include <string.h>

#define INTERFACE "com.canonical.dbusmenu"
/* Of the protocol; item 0 is the menu itself, the others count from 1. */
#define VERSION 3

static const char xml[] =
	"<node><interface name='" INTERFACE "'>"
	"<property name='Version' type='u' access='read'/>"
	"<property name='TextDirection' type='s' access='read'/>"
	"<property name='Status' type='s' access='read'/>"
	"<property name='IconThemePath' type='as' access='read'/>"
	"<method name='GetLayout'><arg type='i' direction='in'/><arg type='i' direction='in'/>"
	"<arg type='as' direction='in'/><arg type='u' direction='out'/>"
	"<arg type='(ia{sv}av)' direction='out'/></method>"
	"<method name='GetGroupProperties'><arg type='ai' direction='in'/>"
	"<arg type='as' direction='in'/><arg type='a(ia{sv})' direction='out'/></method>"
	"<method name='GetProperty'><arg type='i' direction='in'/><arg type='s' direction='in'/>"
	"<arg type='v' direction='out'/></method>"
	"<method name='Event'><arg type='i' direction='in'/><arg type='s' direction='in'/>"
	"<arg type='v' direction='in'/><arg type='u' direction='in'/></method>"
	"<method name='EventGroup'><arg type='a(isvu)' direction='in'/>"
	"<arg type='ai' direction='out'/></method>"
	"<method name='AboutToShow'><arg type='i' direction='in'/>"
	"<arg type='b' direction='out'/></method>"
	"<method name='AboutToShowGroup'><arg type='ai' direction='in'/>"
	"<arg type='ai' direction='out'/><arg type='ai' direction='out'/></method>"
	"<signal name='LayoutUpdated'><arg type='u'/><arg type='i'/></signal>"
	"<signal name='ItemsPropertiesUpdated'><arg type='a(ia{sv})'/><arg type='a(ias)'/></signal>"
	"</interface></node>";

struct TrayMenu {
	GDBusConnection *bus;
	GActionGroup *actions;
	unsigned object;
	unsigned revision;
	TrayMenuItem *items;
	size_t count;
};

static bool is_item(const TrayMenu *menu, int id)
{
	return id >= 1 && (size_t)id <= menu->count;
}

static GVariant *properties_of(const TrayMenu *menu, int id)
{
	g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{sv}"));
	if (id == 0) {
		g_variant_builder_add(&builder, "{sv}", "children-display",
				      g_variant_new_string("submenu"));
	} else if (is_item(menu, id)) {
		const TrayMenuItem *item = &menu->items[id - 1];
		if (item->label) {
			/* An underscore would mark a key. */
			g_auto(GStrv) parts = g_strsplit(item->label, "_", -1);
			g_autofree char *label = g_strjoinv("__", parts);
			g_variant_builder_add(&builder, "{sv}", "label",
					      g_variant_new_string(label));
			g_variant_builder_add(&builder, "{sv}", "enabled",
					      g_variant_new_boolean(item->action != NULL));
		} else {
			g_variant_builder_add(&builder, "{sv}", "type",
					      g_variant_new_string("separator"));
		}
	}
	return g_variant_builder_end(&builder);
}

static GVariant *layout_of(const TrayMenu *menu, int id, int depth)
{
	g_auto(GVariantBuilder) children = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("av"));
	for (size_t i = 1; id == 0 && depth != 0 && i <= menu->count; i++) {
		g_variant_builder_add(&children, "v", layout_of(menu, (int)i, 0));
	}
	return g_variant_new("(i@a{sv}av)", id, properties_of(menu, id), &children);
}

/* An empty list of ids stands for all. */
static GVariant *group_of(const TrayMenu *menu, GVariant *ids)
{
	g_auto(GVariantBuilder) group = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(ia{sv})"));
	size_t count = g_variant_n_children(ids);
	for (size_t i = 0; i < MIN(count, menu->count + 1); i++) {
		int id;
		g_variant_get_child(ids, i, "i", &id);
		g_variant_builder_add(&group, "(i@a{sv})", id, properties_of(menu, id));
	}
	for (size_t id = 0; count == 0 && id <= menu->count; id++) {
		g_variant_builder_add(&group, "(i@a{sv})", (int)id, properties_of(menu, (int)id));
	}
	return g_variant_builder_end(&group);
}

static void press(const TrayMenu *menu, int id, const char *event)
{
	if (strcmp(event, "clicked") == 0 && is_item(menu, id) && menu->items[id - 1].action) {
		g_action_group_activate_action(menu->actions, menu->items[id - 1].action, NULL);
	}
}

static void press_all(const TrayMenu *menu, GVariant *events)
{
	g_autoptr(GVariantIter) iter = NULL;
	int id;
	const char *event;
	g_variant_get(events, "(a(isvu))", &iter);
	while (g_variant_iter_next(iter, "(i&svu)", &id, &event, NULL, NULL)) {
		press(menu, id, event);
	}
}

static GVariant *answer(const TrayMenu *menu, const char *method, GVariant *parameters)
{
	int id = 0, depth = 0;
	const char *event;
	if (strcmp(method, "GetLayout") == 0) {
		g_variant_get(parameters, "(ii@as)", &id, &depth, NULL);
		return g_variant_new("(u@(ia{sv}av))", menu->revision, layout_of(menu, id, depth));
	}
	if (strcmp(method, "GetGroupProperties") == 0) {
		g_autoptr(GVariant) ids = g_variant_get_child_value(parameters, 0);
		return g_variant_new("(@a(ia{sv}))", group_of(menu, ids));
	}
	if (strcmp(method, "GetProperty") == 0) {
		g_variant_get(parameters, "(i&s)", &id, &event);
		g_autoptr(GVariant) all = g_variant_ref_sink(properties_of(menu, id));
		g_autoptr(GVariant) one = g_variant_lookup_value(all, event, NULL);
		return g_variant_new("(v)", one ? one : g_variant_new_string(""));
	}
	if (strcmp(method, "Event") == 0) {
		g_variant_get(parameters, "(i&svu)", &id, &event, NULL, NULL);
		press(menu, id, event);
		return NULL;
	}
	if (strcmp(method, "EventGroup") == 0) {
		press_all(menu, parameters);
		return g_variant_new("(@ai)", g_variant_new_array(G_VARIANT_TYPE_INT32, NULL, 0));
	}
	if (strcmp(method, "AboutToShow") == 0) {
		return g_variant_new("(b)", FALSE);
	}
	return g_variant_new("(@ai@ai)", g_variant_new_array(G_VARIANT_TYPE_INT32, NULL, 0),
			     g_variant_new_array(G_VARIANT_TYPE_INT32, NULL, 0));
}

static void called(GDBusConnection *bus, const char *sender, const char *path,
		   const char *interface, const char *method, GVariant *parameters,
		   GDBusMethodInvocation *invocation, void *data)
{
	g_dbus_method_invocation_return_value(invocation, answer(data, method, parameters));
}

static GVariant *get_property(GDBusConnection *bus, const char *sender, const char *path,
			      const char *interface, const char *property, GError **error,
			      void *data)
{
	if (strcmp(property, "Version") == 0) {
		return g_variant_new_uint32(VERSION);
	}
	if (strcmp(property, "IconThemePath") == 0) {
		return g_variant_new_strv(NULL, 0);
	}
	return g_variant_new_string(strcmp(property, "Status") == 0 ? "normal" : "ltr");
}

static const GDBusInterfaceVTable vtable = { called, get_property, NULL, { NULL } };

static void clear_items(TrayMenu *menu)
{
	for (size_t i = 0; i < menu->count; i++) {
		g_free(menu->items[i].label);
	}
	g_clear_pointer(&menu->items, g_free);
	menu->count = 0;
}

static bool is_same(const TrayMenu *menu, const TrayMenuItem *items, size_t count)
{
	bool same = menu->count == count;
	for (size_t i = 0; same && i < count; i++) {
		same = g_strcmp0(menu->items[i].label, items[i].label) == 0 &&
		       g_strcmp0(menu->items[i].action, items[i].action) == 0;
	}
	return same;
}

void tray_menu_set(TrayMenu *menu, const TrayMenuItem *items, size_t count)
{
	if (is_same(menu, items, count)) {
		return;
	}
	clear_items(menu);
	menu->items = g_new0(TrayMenuItem, count);
	menu->count = count;
	for (size_t i = 0; i < count; i++) {
		menu->items[i] = (TrayMenuItem){ items[i].action, g_strdup(items[i].label) };
	}
	menu->revision++;
	g_dbus_connection_emit_signal(menu->bus, NULL, TRAY_MENU_PATH, INTERFACE, "LayoutUpdated",
				      g_variant_new("(ui)", menu->revision, 0), NULL);
}

TrayMenu *tray_menu_new(GDBusConnection *bus, GActionGroup *actions)
{
	g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(xml, NULL);
	g_assert(node);
	g_autoptr(TrayMenu) menu = g_new0(TrayMenu, 1);
	menu->bus = g_object_ref(bus);
	menu->actions = actions;
	menu->object = g_dbus_connection_register_object(bus, TRAY_MENU_PATH, node->interfaces[0],
							 &vtable, menu, NULL, NULL);
	return menu->object ? g_steal_pointer(&menu) : NULL;
}

void tray_menu_free(TrayMenu *menu)
{
	if (!menu) {
		return;
	}
	if (menu->object) {
		g_dbus_connection_unregister_object(menu->bus, menu->object);
	}
	clear_items(menu);
	g_object_unref(menu->bus);
	g_free(menu);
}
