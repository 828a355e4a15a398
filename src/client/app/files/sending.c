/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/files/sending.h"

#include "base/share_url.h"
#include "client/app/choices.h"
#include "client/app/files/qr.h"
#include "client/app/services.h"
#include "client/app/spoken.h"
#include "client/app/window/dialogs.h"
#include "client/app/window/rows.h"

#include <glib/gi18n.h>
#include <string.h>

#define MARK_SIZE 24
#define URL_SIZE_MAX 2048 /* of what the drive calls a link */
#define XMPP "xmpp"

/* Round ones are the narrowest: all of them stand in a row on a phone. */
static void look(GtkWidget *button, const char *text)
{
	gtk_widget_add_css_class(button, "flat");
	gtk_widget_add_css_class(button, "circular");
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	gtk_widget_set_tooltip_text(button, text);
	spoken_name(button, text);
}

static GtkWidget *add_button(GtkWidget *row, GtkWidget *mark, const char *by, GCallback clicked,
			     const char *address)
{
	/* Translators: a chat service or a chat program. */
	g_autofree char *text = g_strdup_printf(_("Send by %s"), by);
	GtkWidget *button = gtk_button_new();
	gtk_widget_set_halign(mark, GTK_ALIGN_CENTER);
	gtk_widget_set_valign(mark, GTK_ALIGN_CENTER);
	gtk_button_set_child(GTK_BUTTON(button), mark);
	look(button, text);
	g_object_set_data_full(G_OBJECT(button), "address", g_strdup(address), g_free);
	g_signal_connect(button, "clicked", clicked, NULL);
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
	return button;
}

/* ---- pages of services ------------------------------------------------------------------- */

static void open_page(GtkWidget *button, void *data)
{
	choices_open_page(dialogs_window_of(button),
			  g_object_get_data(G_OBJECT(button), "address"));
}

static void add_services(GtkWidget *row, const char *url, const char *name)
{
	g_autoptr(GPtrArray) services = services_with_share_page();
	for (unsigned i = 0; i < services->len; i++) {
		const Service *service = services->pdata[i];
		g_autofree char *address = share_url_fill(service->share_url, url, name);
		add_button(row, services_mark(service, MARK_SIZE), service->name,
			   G_CALLBACK(open_page), address);
	}
}

/* ---- the chat program -------------------------------------------------------------------- */

static void open_program(GtkWidget *button, void *data)
{
	GAppInfo *program = g_object_get_data(G_OBJECT(button), "program");
	GdkDisplay *display = gtk_widget_get_display(button);
	g_autoptr(GdkAppLaunchContext) context = gdk_display_get_app_launch_context(display);
	GList address = { .data = g_object_get_data(G_OBJECT(button), "address") };
	g_autoptr(GError) error = NULL;
	if (!g_app_info_launch_uris(program, &address, G_APP_LAUNCH_CONTEXT(context), &error)) {
		dialogs_problem(button, error);
	}
}

/* XEP-0147: it asks to whom. */
static void add_program(GtkWidget *row, const char *url)
{
	g_autoptr(GAppInfo) program = g_app_info_get_default_for_uri_scheme(XMPP);
	if (!program) {
		return;
	}
	g_autofree char *escaped = g_uri_escape_string(url, NULL, FALSE);
	g_autofree char *address = g_strconcat(XMPP ":?message;body=", escaped, NULL);
	GIcon *icon = g_app_info_get_icon(program);
	GtkWidget *mark = icon ? gtk_image_new_from_gicon(icon)
			       : gtk_image_new_from_icon_name("user-available-symbolic");
	gtk_image_set_pixel_size(GTK_IMAGE(mark), MARK_SIZE);
	GtkWidget *button = add_button(row, mark, g_app_info_get_display_name(program),
				       G_CALLBACK(open_program), address);
	g_object_set_data_full(G_OBJECT(button), "program", g_steal_pointer(&program),
			       g_object_unref);
}

/* ---- a phone ----------------------------------------------------------------------------- */

/* No phone reaches what is on this machine alone. */
static bool is_of_this_machine(const char *url)
{
	g_autoptr(GUri) parsed = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
	const char *host = parsed ? g_uri_get_host(parsed) : NULL;
	g_autoptr(GInetAddress) address = host ? g_inet_address_new_from_string(host) : NULL;
	return !host || strcmp(host, "localhost") == 0 ||
	       (address && g_inet_address_get_is_loopback(address));
}

/* What has no page to send a link on, as WeChat, has a camera. */
static void add_code(GtkWidget *row, const char *url)
{
	g_autoptr(GdkTexture) texture = is_of_this_machine(url) ? NULL : qr_texture(url);
	if (!texture) {
		return;
	}
	GtkWidget *code = gtk_picture_new_for_paintable(GDK_PAINTABLE(texture));
	GtkWidget *popover = gtk_popover_new();
	GtkWidget *button = gtk_menu_button_new();
	gtk_picture_set_can_shrink(GTK_PICTURE(code), FALSE);
	spoken_name(code, _("The link as a QR code"));
	gtk_popover_set_child(GTK_POPOVER(popover), code);
	gtk_menu_button_set_popover(GTK_MENU_BUTTON(button), popover);
	gtk_menu_button_set_icon_name(GTK_MENU_BUTTON(button), "phone-symbolic");
	look(button, _("Show a code for a phone's camera"));
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
}

/* ---- the row ----------------------------------------------------------------------------- */

static bool is_link(const char *url)
{
	return strlen(url) <= URL_SIZE_MAX &&
	       (g_str_has_prefix(url, "https://") || g_str_has_prefix(url, "http://"));
}

GtkWidget *sending_row(const char *url, const char *name)
{
	if (!is_link(url)) {
		return NULL;
	}
	GtkWidget *row = rows_new(_("Send by…"), NULL);
	add_services(row, url, name);
	add_program(row, url);
	add_code(row, url);
	return row;
}
