/* SPDX-License-Identifier: Apache-2.0 */
#include "client/nautilus/file_menu.h"

#include "base/limits.h"
#include "client/control/control_client.h"

#include <gio/gdesktopappinfo.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <stdbool.h>
#include <string.h>

#define APPLICATION "org.imdrive.App"

void file_menu_item_clear(void *item)
{
	g_free(((FileMenuItem *)item)->path);
}

/* ---- what is done ------------------------------------------------------------------------ */

/* The file manager shows no failure of an extension: the desktop does. */
static void notify(const char *text)
{
	g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
	GVariantBuilder actions, hints;
	g_variant_builder_init(&actions, G_VARIANT_TYPE_STRING_ARRAY);
	g_variant_builder_init(&hints, G_VARIANT_TYPE_VARDICT);
	GVariant *params = g_variant_new("(susssasa{sv}i)", "imdrive", 0u, APPLICATION, "imdrive",
					 text, &actions, &hints, -1);
	if (!bus) {
		g_variant_unref(g_variant_ref_sink(params));
		return;
	}
	g_dbus_connection_call(bus, "org.freedesktop.Notifications",
			       "/org/freedesktop/Notifications", "org.freedesktop.Notifications",
			       "Notify", params, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL,
			       NULL);
}

typedef struct Keep {
	char *profile;
	json_t *paths;
	const char *keep;
} Keep;

static void keep_free(void *data)
{
	Keep *keep = data;
	g_free(keep->profile);
	json_decref(keep->paths);
	g_free(keep);
}

static void run(GTask *task, void *source, void *data, GCancellable *cancellable)
{
	const Keep *keep = data;
	g_autoptr(GError) error = NULL;
	json_auto_t *params = json_pack("{s:O, s:s}", "paths", keep->paths, "keep", keep->keep);
	json_auto_t *done = control_client_call(keep->profile, "keep", params, &error);
	if (!done) {
		notify(error->message);
	}
	g_task_return_boolean(task, TRUE);
}

static void keep_chosen(NautilusMenuItem *item, const Keep *chosen)
{
	Keep *keep = g_new(Keep, 1);
	*keep = (Keep){ g_strdup(chosen->profile), json_incref(chosen->paths), chosen->keep };
	g_autoptr(GTask) task = g_task_new(NULL, NULL, NULL, NULL);
	g_task_set_task_data(task, keep, keep_free);
	g_task_run_in_thread(task, run);
}

/* The app shows what a file was before; without one ("") what waits for a choice. */
static void app_chosen(NautilusMenuItem *item, const char *path)
{
	g_autoptr(GDesktopAppInfo) app = g_desktop_app_info_new(APPLICATION ".desktop");
	g_autoptr(GError) error = NULL;
	g_autofree char *uri = *path ? g_filename_to_uri(path, NULL, NULL) : NULL;
	GList uris = { .data = uri };
	if (!app || !g_app_info_launch_uris(G_APP_INFO(app), uri ? &uris : NULL, NULL, &error)) {
		notify(error ? error->message : _("imdrive-app is not installed"));
	}
}

/* ---- what is offered --------------------------------------------------------------------- */

static void free_closure(void *data, GClosure *closure)
{
	g_free(data);
}

static void keep_free_closure(void *data, GClosure *closure)
{
	keep_free(data);
}

static void add(NautilusMenu *menu, const char *name, const char *label, const char *tip,
		GClosure *closure)
{
	g_autoptr(NautilusMenuItem) item = nautilus_menu_item_new(name, label, tip, NULL);
	g_signal_connect_closure(item, "activate", closure, FALSE);
	nautilus_menu_append_item(menu, item);
}

static bool any(const GArray *items, const char *kept, bool is_it)
{
	for (unsigned i = 0; i < items->len; i++) {
		const FileMenuItem *item = &g_array_index(items, FileMenuItem, i);
		if ((strcmp(item->kept, kept) == 0) == is_it) {
			return true;
		}
	}
	return false;
}

static void add_keep(NautilusMenu *menu, const char *profile, const GArray *items, const char *keep)
{
	static const struct {
		const char *keep;
		const char *name;
		const char *label;
		const char *tip;
	} texts[] = {
		{ "pinned", "imdrive::pin", N_("Keep on This Device"),
		  N_("It opens without a connection, too") },
		{ "unpinned", "imdrive::unpin", N_("Do Not Keep on This Device"),
		  N_("It may go from here when room is needed; it stays on the drive") },
		{ "online-only", "imdrive::free", N_("Free Up Space"),
		  N_("It goes from this device, and comes back when it is opened") },
	};
	unsigned i = 0;
	while (strcmp(texts[i].keep, keep) != 0) {
		i++;
	}
	Keep *chosen = g_new(Keep, 1);
	*chosen = (Keep){ g_strdup(profile), json_array(), texts[i].keep };
	for (unsigned j = 0; j < items->len; j++) {
		const FileMenuItem *item = &g_array_index(items, FileMenuItem, j);
		json_array_append_new(chosen->paths, json_string(item->path));
	}
	add(menu, texts[i].name, _(texts[i].label), _(texts[i].tip),
	    g_cclosure_new(G_CALLBACK(keep_chosen), chosen, keep_free_closure));
}

static void fill(NautilusMenu *menu, const char *profile, const GArray *items)
{
	const FileMenuItem *first = &g_array_index(items, FileMenuItem, 0);
	if (items->len == 1 && !first->folder && *first->state) {
		bool conflict = strcmp(first->state, "conflict") == 0;
		add(menu, conflict ? "imdrive::decide" : "imdrive::versions",
		    conflict ? _("Decide Between the Two…") : _("Earlier Versions…"), "",
		    g_cclosure_new(G_CALLBACK(app_chosen), g_strdup(conflict ? "" : first->path),
				   free_closure));
	}
	if (any(items, "", true) || items->len > CONTROL_PATHS_MAX) {
		return; /* not all of them are on a mounted disk */
	}
	if (any(items, "pinned", false)) {
		add_keep(menu, profile, items, "pinned");
	}
	if (any(items, "pinned", true)) {
		add_keep(menu, profile, items, "unpinned");
	}
	if (any(items, "online-only", false)) {
		add_keep(menu, profile, items, "online-only");
	}
}

GList *file_menu_new(const char *profile, const GArray *items)
{
	g_autoptr(NautilusMenu) menu = nautilus_menu_new();
	if (items->len > 0) {
		fill(menu, profile, items);
	}
	GList *inside = nautilus_menu_get_items(menu);
	if (!inside) {
		return NULL;
	}
	nautilus_menu_item_list_free(inside);
	NautilusMenuItem *top = nautilus_menu_item_new("imdrive::menu", "imdrive", "", NULL);
	nautilus_menu_item_set_submenu(top, menu);
	return g_list_append(NULL, top);
}
