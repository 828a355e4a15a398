/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/login/main_login.h"

#include "client/app/services.h"

#include <glib/gi18n.h>
#include <stdbool.h>
#include <string.h>

#define MARK_SIZE 28

struct _MainLogin {
	AdwBin parent;
	GtkLabel *name;
	GtkLabel *server;
	GtkBox *services;
	GtkWidget *invited;
	GtkWidget *chat;
	AdwEntryRow *address;
	GtkWidget *fresh;
	Dedicated *dedicated;
	GtkWidget *dedicated_group;
	GPtrArray *buttons; /* GtkWidget, in services */
};

G_DEFINE_FINAL_TYPE(MainLogin, main_login, ADW_TYPE_BIN)

static unsigned service_signal, chat_signal, left_signal;

static void leave(MainLogin *page)
{
	g_signal_emit(page, left_signal, 0);
}

static void chosen(GtkWidget *button, MainLogin *page)
{
	g_signal_emit(page, service_signal, 0, g_object_get_data(G_OBJECT(button), "id"));
}

static void fresh_chosen(MainLogin *page)
{
	g_signal_emit(page, service_signal, 0, MAIN_LOGIN_PASSWORD);
}

static void chat_chosen(MainLogin *page)
{
	g_autofree char *typed =
		g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(page->address))));
	g_signal_emit(page, chat_signal, 0, typed);
}

static GtkWidget *new_label(const char *text, const char *style)
{
	GtkWidget *label = gtk_label_new(text);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
	if (style) {
		gtk_widget_add_css_class(label, style);
	}
	return label;
}

static GtkWidget *new_button(MainLogin *page, const Service *service, bool is_last)
{
	GtkWidget *button = gtk_button_new();
	GtkWidget *content = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
	g_autofree char *title = g_strdup_printf(_("Sign in with %s"), service->name);
	gtk_box_append(GTK_BOX(texts), new_label(title, NULL));
	if (is_last) {
		gtk_box_append(GTK_BOX(texts), new_label(_("Used last time"), "caption"));
	}
	gtk_widget_set_valign(texts, GTK_ALIGN_CENTER);
	gtk_box_append(GTK_BOX(content), services_mark(service, MARK_SIZE));
	gtk_box_append(GTK_BOX(content), texts);
	gtk_button_set_child(GTK_BUTTON(button), content);
	gtk_widget_add_css_class(button, "service");
	gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
				       -1);
	g_object_set_data_full(G_OBJECT(button), "id", g_strdup(service->id), g_free);
	g_signal_connect(button, "clicked", G_CALLBACK(chosen), page);
	return button;
}

static void add_services(MainLogin *page, const json_t *drive, const char *last, bool the_last)
{
	size_t index;
	json_t *item;
	json_array_foreach(json_object_get(drive, "services"), index, item)
	{
		const char *id = json_string_value(json_object_get(item, "id"));
		const char *label = json_string_value(json_object_get(item, "label"));
		if (!id || (g_strcmp0(id, last) == 0) != the_last) {
			continue;
		}
		g_autoptr(Service) service = services_find(id, label);
		GtkWidget *button = new_button(page, service, the_last);
		gtk_box_append(page->services, button);
		g_ptr_array_add(page->buttons, button);
	}
}

static bool offers(const json_t *drive, const char *way)
{
	return json_is_true(json_object_get(drive, way));
}

void main_login_show(MainLogin *page, const json_t *drive, const char *last, gboolean invited)
{
	const char *name = json_string_value(json_object_get(drive, "name"));
	const char *server = json_string_value(json_object_get(drive, "server"));
	for (unsigned i = 0; i < page->buttons->len; i++) {
		gtk_box_remove(page->services, page->buttons->pdata[i]);
	}
	g_ptr_array_set_size(page->buttons, 0);
	add_services(page, drive, last, true);
	add_services(page, drive, last, false);
	gtk_label_set_text(page->name, name && *name ? name : server);
	gtk_label_set_text(page->server, server);
	gtk_widget_set_visible(GTK_WIDGET(page->services), page->buttons->len > 0);
	gtk_widget_set_visible(page->invited, invited);
	gtk_widget_set_visible(page->chat, offers(drive, "chat"));
	/* Who is invited has no account here yet; whoever has one needs no invitation. */
	gtk_widget_set_visible(page->fresh, invited && offers(drive, "password"));
	gtk_widget_set_visible(page->dedicated_group, !invited && offers(drive, "password"));
	dedicated_set_problem(page->dedicated, NULL);
	main_login_set_busy(page, FALSE);
}

void main_login_set_busy(MainLogin *page, gboolean busy)
{
	gtk_widget_set_sensitive(GTK_WIDGET(page->services), !busy);
	gtk_widget_set_sensitive(page->chat, !busy);
	gtk_widget_set_sensitive(page->fresh, !busy);
	dedicated_set_busy(page->dedicated, busy);
}

Dedicated *main_login_dedicated(MainLogin *page)
{
	return page->dedicated;
}

static void dispose(GObject *object)
{
	MainLogin *page = MAIN_LOGIN_PAGE(object);
	g_clear_pointer(&page->buttons, g_ptr_array_unref);
	gtk_widget_dispose_template(GTK_WIDGET(object), MAIN_LOGIN_TYPE);
	G_OBJECT_CLASS(main_login_parent_class)->dispose(object);
}

static void main_login_class_init(MainLoginClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
	G_OBJECT_CLASS(class)->dispose = dispose;
	g_type_ensure(DEDICATED_TYPE);
	gtk_widget_class_set_template_from_resource(widget, "/org/imdrive/App/main_login.ui");
	gtk_widget_class_bind_template_child(widget, MainLogin, name);
	gtk_widget_class_bind_template_child(widget, MainLogin, server);
	gtk_widget_class_bind_template_child(widget, MainLogin, services);
	gtk_widget_class_bind_template_child(widget, MainLogin, invited);
	gtk_widget_class_bind_template_child(widget, MainLogin, chat);
	gtk_widget_class_bind_template_child(widget, MainLogin, address);
	gtk_widget_class_bind_template_child(widget, MainLogin, fresh);
	gtk_widget_class_bind_template_child(widget, MainLogin, dedicated);
	gtk_widget_class_bind_template_child(widget, MainLogin, dedicated_group);
	gtk_widget_class_bind_template_callback(widget, leave);
	gtk_widget_class_bind_template_callback(widget, chat_chosen);
	gtk_widget_class_bind_template_callback(widget, fresh_chosen);
	service_signal = g_signal_new("service", MAIN_LOGIN_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
				      NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
	chat_signal = g_signal_new("chat", MAIN_LOGIN_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
				   G_TYPE_NONE, 1, G_TYPE_STRING);
	left_signal = g_signal_new("left", MAIN_LOGIN_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
				   G_TYPE_NONE, 0);
}

static void main_login_init(MainLogin *page)
{
	page->buttons = g_ptr_array_new();
	gtk_widget_init_template(GTK_WIDGET(page));
}
