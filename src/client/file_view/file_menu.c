/* SPDX-License-Identifier: Apache-2.0 */
#include "client/file_view/file_menu.h"

#include "base/limits.h"
#include "client/control/control_client.h"

#include <gio/gdesktopappinfo.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <libintl.h>
#include <stdbool.h>
#include <string.h>

#define APPLICATION "org.imdrive.App"
#define APPLICATION_PATH "/org/imdrive/App"

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

/* One of three: paths are kept, or not; the app shares path; or it shows it. */
typedef struct FileMenuDeed {
	char *profile;
	json_t *paths;
	const char *keep;
	bool share;
	char *path; /* whose former states the app shows; "": what waits for a choice */
} FileMenuDeed;

static void deed_free(void *data)
{
	FileMenuDeed *deed = data;
	g_free(deed->profile);
	json_decref(deed->paths);
	g_free(deed->path);
	g_free(deed);
}

static void run(GTask *task, void *source, void *data, GCancellable *cancellable)
{
	const FileMenuDeed *keep = data;
	g_autoptr(GError) error = NULL;
	json_auto_t *params = json_pack("{s:O, s:s}", "paths", keep->paths, "keep", keep->keep);
	json_auto_t *done = control_client_call(keep->profile, "keep", params, &error);
	if (!done) {
		notify(error->message);
	}
	g_task_return_boolean(task, TRUE);
}

static void keep_chosen(const FileMenuDeed *chosen)
{
	FileMenuDeed *keep = g_new0(FileMenuDeed, 1);
	keep->profile = g_strdup(chosen->profile);
	keep->paths = json_incref(chosen->paths);
	keep->keep = chosen->keep;
	g_autoptr(GTask) task = g_task_new(NULL, NULL, NULL, NULL);
	g_task_set_task_data(task, keep, deed_free);
	g_task_run_in_thread(task, run);
}

static void app_chosen(const char *path)
{
	g_autoptr(GDesktopAppInfo) app = g_desktop_app_info_new(APPLICATION ".desktop");
	g_autoptr(GError) error = NULL;
	g_autofree char *uri = *path ? g_filename_to_uri(path, NULL, NULL) : NULL;
	GList uris = { .data = uri };
	if (!app || !g_app_info_launch_uris(G_APP_INFO(app), uri ? &uris : NULL, NULL, &error)) {
		notify(error ? error->message : _("imdrive-app is not installed"));
	}
}

/* It says itself what does not work, once it runs. */
static void shared(GObject *bus, GAsyncResult *result, void *data)
{
	g_autoptr(GVariant) done =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, NULL);
	if (!done) {
		notify(_("imdrive-app is not installed"));
	}
}

/* The running app's window, or one of an app that the bus starts. */
static void share_chosen(const char *path)
{
	g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
	g_autofree char *uri = g_filename_to_uri(path, NULL, NULL);
	if (!bus || !uri) {
		notify(_("imdrive-app is not installed"));
		return;
	}
	GVariantBuilder parameters;
	g_variant_builder_init(&parameters, G_VARIANT_TYPE("av"));
	g_variant_builder_add(&parameters, "v", g_variant_new_string(uri));
	g_dbus_connection_call(bus, APPLICATION, APPLICATION_PATH, "org.freedesktop.Application",
			       "ActivateAction",
			       g_variant_new("(sava{sv})", "share", &parameters, NULL), NULL,
			       G_DBUS_CALL_FLAGS_NONE, -1, NULL, shared, NULL);
}

static void chosen(GObject *item, const FileMenuEntry *entry)
{
	if (entry->deed->paths) {
		keep_chosen(entry->deed);
	} else if (entry->deed->share) {
		share_chosen(entry->deed->path);
	} else {
		app_chosen(entry->deed->path);
	}
}

static void entry_free(void *data)
{
	FileMenuEntry *entry = data;
	deed_free(entry->deed);
	g_free(entry);
}

static void disconnected(void *entry, GClosure *closure)
{
	entry_free(entry);
}

void file_menu_connect(void *item, FileMenuEntry *entry)
{
	g_signal_connect_data(item, "activate", G_CALLBACK(chosen), entry, disconnected, 0);
}

/* ---- what is offered --------------------------------------------------------------------- */

static FileMenuDeed *add(GPtrArray *entries, const char *name, const char *label, const char *tip)
{
	FileMenuEntry *entry = g_new(FileMenuEntry, 1);
	*entry = (FileMenuEntry){ name, label, tip, g_new0(FileMenuDeed, 1) };
	g_ptr_array_add(entries, entry);
	return entry->deed;
}

static bool is(const char *text, const char *word)
{
	return strcmp(text, word) == 0;
}

static bool any(const GArray *items, const char *kept, bool is_it)
{
	for (unsigned i = 0; i < items->len; i++) {
		if (is(g_array_index(items, FileMenuItem, i).kept, kept) == is_it) {
			return true;
		}
	}
	return false;
}

static void add_keep(GPtrArray *entries, const char *profile, const GArray *items, const char *keep)
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
	while (!is(texts[i].keep, keep)) {
		i++;
	}
	FileMenuDeed *deed = add(entries, texts[i].name, _(texts[i].label), _(texts[i].tip));
	deed->profile = g_strdup(profile);
	deed->paths = json_array();
	deed->keep = texts[i].keep;
	for (unsigned j = 0; j < items->len; j++) {
		const FileMenuItem *item = &g_array_index(items, FileMenuItem, j);
		json_array_append_new(deed->paths, json_string(item->path));
	}
}

GPtrArray *file_menu_entries(const char *profile, const GArray *items)
{
	GPtrArray *entries = g_ptr_array_new_with_free_func(entry_free);
	if (items->len == 0) {
		return entries;
	}
	const FileMenuItem *first = &g_array_index(items, FileMenuItem, 0);
	if (items->len == 1 && !first->folder && *first->state) {
		bool conflict = is(first->state, "conflict");
		FileMenuDeed *deed =
			conflict ? add(entries, "imdrive::decide", _("Decide Between the Two…"), "")
				 : add(entries, "imdrive::versions", _("Earlier Versions…"), "");
		deed->path = g_strdup(conflict ? "" : first->path);
	}
	if (items->len == 1 && !first->top && *first->state && !is(first->state, "conflict")) {
		FileMenuDeed *deed = add(entries, "imdrive::share", _("Share by Link…"),
					 _("Others read it without an account"));
		deed->share = true;
		deed->path = g_strdup(first->path);
	}
	if (any(items, "", true) || items->len > CONTROL_PATHS_MAX) {
		return entries; /* not all of them are on a mounted disk */
	}
	if (any(items, "pinned", false)) {
		add_keep(entries, profile, items, "pinned");
	}
	if (any(items, "pinned", true) || any(items, FILE_MENU_UNKNOWN, true)) {
		add_keep(entries, profile, items, "unpinned");
	}
	if (any(items, "online-only", false)) {
		add_keep(entries, profile, items, "online-only");
	}
	return entries;
}

void file_menu_speak(void)
{
	const char *folder = g_getenv("IMDRIVE_LOCALEDIR");
	bindtextdomain(GETTEXT_PACKAGE, folder ? folder : IMDRIVE_LOCALEDIR);
	bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
}
