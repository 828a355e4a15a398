/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/window/devices.h"

#include "client/app/choices.h"
#include "client/app/portrait.h"
#include "client/app/reason.h"
#include "client/app/services.h"
#include "client/app/spoken.h"
#include "client/app/window/dialogs.h"
#include "client/app/window/rows.h"

#include <glib/gi18n.h>
#include <stdbool.h>

#define MARK_SIZE 24

struct _Devices {
	AdwBin parent;
	GtkStack *stack;
	AdwStatusPage *trouble;
	AdwAvatar *picture;
	GtkLabel *name;
	GtkLabel *usage;
	AdwPreferencesGroup *identities;
	AdwPreferencesGroup *devices;
	AdwPreferencesGroup *sessions;
	GPtrArray *identity_rows, *device_rows, *session_rows;
	char *server;
	Door *door;
};

G_DEFINE_FINAL_TYPE(Devices, devices, ADW_TYPE_BIN)

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void show_trouble(Devices *page, const GError *error)
{
	g_autofree char *reason = reason_of(error);
	g_autofree char *text = g_markup_escape_text(reason, -1);
	adw_status_page_set_description(page->trouble, text);
	gtk_stack_set_visible_child_name(page->stack, "trouble");
}

/* ---- the account ------------------------------------------------------------------------- */

static void show_identity(Devices *page, const json_t *identity)
{
	g_autoptr(Service) service = services_find(text_of(identity, "provider"), NULL);
	const char *name = text_of(identity, "name");
	const char *address = text_of(identity, "address");
	GtkWidget *row = rows_new(service->name, *address ? address : name);
	adw_action_row_add_prefix(ADW_ACTION_ROW(row), services_mark(service, MARK_SIZE));
	rows_add(page->identities, page->identity_rows, row);
}

static void show_account(void *object, const json_t *result, const GError *error)
{
	Devices *page = object;
	if (!page->identity_rows) {
		return;
	}
	if (error) {
		show_trouble(page, error);
		return;
	}
	const char *name = text_of(json_object_get(result, "account"), "name");
	json_int_t quota = number_of(result, "quota");
	g_autofree char *used =
		g_format_size((uint64_t)number_of(json_object_get(result, "usage"), "bytes"));
	g_autofree char *whole = g_format_size((uint64_t)quota);
	g_autofree char *usage = quota > 0 ? g_strdup_printf(_("%s of %s used"), used, whole)
					   : g_strdup_printf(_("%s used"), used);
	g_free(page->server);
	page->server = g_strdup(text_of(result, "server"));
	adw_avatar_set_text(page->picture, name);
	portrait_show(page->picture, page->door);
	gtk_label_set_text(page->name, name);
	gtk_label_set_text(page->usage, usage);
	rows_clear(page->identities, page->identity_rows);
	size_t index;
	json_t *identity;
	json_array_foreach(json_object_get(result, "identities"), index, identity)
	{
		show_identity(page, identity);
	}
	if (json_is_true(json_object_get(result, "password"))) {
		rows_add(page->identities, page->identity_rows,
			 rows_new(_("Password"), _("An account of this drive")));
	}
}

static void link_more(Devices *page)
{
	if (page->server) {
		g_autofree char *url = g_strconcat(page->server, "/account", NULL);
		choices_open_page(GTK_WINDOW(gtk_widget_get_root(GTK_WIDGET(page))), url);
	}
}

/* ---- devices and browsers ---------------------------------------------------------------- */

static void ended(void *object, const json_t *result, const GError *error)
{
	if (error) {
		show_trouble(object, error);
	} else {
		devices_refresh(object);
	}
}

static void confirmed(void *object, json_t *params)
{
	door_ask(DEVICES_PAGE(object)->door, "revoke", json_incref(params), object, ended);
}

static void confirm(GtkWidget *button, Devices *page)
{
	const char *name = g_object_get_data(G_OBJECT(button), "name");
	g_autofree char *heading = g_strdup_printf(_("Sign out “%s”?"), name);
	const DialogQuestion question = {
		.heading = heading,
		.text = _("It has to sign in again. Files that it has stay on it."),
		.yes = _("Sign out"),
		.destructive = true,
	};
	dialogs_ask(GTK_WIDGET(page), &question, confirmed,
		    json_incref(g_object_get_data(G_OBJECT(button), "params")));
}

/* kind: device or session. */
static void add_end_button(Devices *page, GtkWidget *row, const char *kind, const json_t *item,
			   const char *name)
{
	GtkWidget *button = gtk_button_new_with_label(_("Sign out"));
	g_autofree char *spoken = g_strdup_printf(_("Sign out %s"), name);
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       spoken, -1);
	g_object_set_data_full(G_OBJECT(button), "name", g_strdup(name), g_free);
	g_object_set_data_full(G_OBJECT(button), "params",
			       json_pack("{s:O}", kind, json_object_get(item, "id")),
			       (GDestroyNotify)json_decref);
	g_signal_connect(button, "clicked", G_CALLBACK(confirm), page);
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
}

static char *seen_text(const json_t *item)
{
	g_autofree char *when = rows_time(number_of(item, "seen_us"), g_get_real_time());
	const char *peer = text_of(item, "peer");
	return *peer ? g_strdup_printf(_("Last seen %s, from %s"), when, peer)
		     : g_strdup_printf(_("Last seen %s"), when);
}

static void show_device(Devices *page, const json_t *device)
{
	const char *name = text_of(device, "name");
	bool this = json_is_true(json_object_get(device, "this"));
	g_autofree char *seen = this ? g_strdup(_("This device")) : seen_text(device);
	GtkWidget *row = rows_new(name, seen);
	adw_action_row_add_prefix(ADW_ACTION_ROW(row),
				  gtk_image_new_from_icon_name("computer-symbolic"));
	if (!this) {
		add_end_button(page, row, "device", device, name);
	}
	rows_add(page->devices, page->device_rows, row);
}

static void show_browser(Devices *page, const json_t *session)
{
	const char *agent = text_of(session, "agent");
	const char *name = *agent ? agent : _("A browser");
	g_autofree char *seen = seen_text(session);
	GtkWidget *row = rows_new(name, seen);
	adw_action_row_set_title_lines(ADW_ACTION_ROW(row), 1);
	add_end_button(page, row, "session", session, name);
	rows_add(page->sessions, page->session_rows, row);
}

static void show_devices(void *object, const json_t *result, const GError *error)
{
	Devices *page = object;
	size_t index;
	json_t *item;
	if (!page->device_rows) {
		return;
	}
	if (error) {
		show_trouble(page, error);
		return;
	}
	rows_clear(page->devices, page->device_rows);
	rows_clear(page->sessions, page->session_rows);
	json_array_foreach(json_object_get(result, "devices"), index, item)
	{
		show_device(page, item);
	}
	json_array_foreach(json_object_get(result, "sessions"), index, item)
	{
		show_browser(page, item);
	}
	gtk_widget_set_visible(GTK_WIDGET(page->sessions), page->session_rows->len > 0);
	gtk_stack_set_visible_child_name(page->stack, "account");
}

void devices_refresh(Devices *page)
{
	door_ask(page->door, "account", NULL, page, show_account);
	door_ask(page->door, "devices", NULL, page, show_devices);
}

/* ---- life -------------------------------------------------------------------------------- */

void devices_set_door(Devices *page, Door *door)
{
	page->door = door;
}

static void dispose(GObject *object)
{
	Devices *page = DEVICES_PAGE(object);
	g_clear_pointer(&page->identity_rows, g_ptr_array_unref);
	g_clear_pointer(&page->device_rows, g_ptr_array_unref);
	g_clear_pointer(&page->session_rows, g_ptr_array_unref);
	g_clear_pointer(&page->server, g_free);
	gtk_widget_dispose_template(GTK_WIDGET(object), DEVICES_TYPE);
	G_OBJECT_CLASS(devices_parent_class)->dispose(object);
}

static void devices_class_init(DevicesClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
	G_OBJECT_CLASS(class)->dispose = dispose;
	gtk_widget_class_set_template_from_resource(widget, "/org/imdrive/App/devices.ui");
	gtk_widget_class_bind_template_child(widget, Devices, stack);
	gtk_widget_class_bind_template_child(widget, Devices, trouble);
	gtk_widget_class_bind_template_child(widget, Devices, picture);
	gtk_widget_class_bind_template_child(widget, Devices, name);
	gtk_widget_class_bind_template_child(widget, Devices, usage);
	gtk_widget_class_bind_template_child(widget, Devices, identities);
	gtk_widget_class_bind_template_child(widget, Devices, devices);
	gtk_widget_class_bind_template_child(widget, Devices, sessions);
	gtk_widget_class_bind_template_callback(widget, devices_refresh);
	gtk_widget_class_bind_template_callback(widget, link_more);
}

static void devices_init(Devices *page)
{
	page->identity_rows = g_ptr_array_new();
	page->device_rows = g_ptr_array_new();
	page->session_rows = g_ptr_array_new();
	gtk_widget_init_template(GTK_WIDGET(page));
	spoken_follow(GTK_WIDGET(page->stack));
}
