/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/files/sharing.h"

#include "client/app/files/sending.h"
#include "client/app/reason.h"
#include "client/app/window/dialogs.h"
#include "client/app/window/focus.h"
#include "client/app/window/rows.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <stdbool.h>

#define WIDTH 460
#define HEIGHT 500
#define TOAST_S 2

typedef struct Sharing {
	GtkWindow *window;
	AdwToastOverlay *toasts;
	AdwPreferencesGroup *group;
	GPtrArray *rows;
	GtkWidget *spinner;
	AdwEntryRow *to; /* a chat address; NULL: the drive sends nothing */
	bool sending;
	Door *door;
	char *path; /* NULL: all that is shared */
	bool filling;
} Sharing;

/* How long a link is good. */
typedef struct Term {
	const char *text;
	int days; /* 0: until it is ended */
} Term;

static const Term terms[] = {
	{ N_("Until I end it"), 0 },
	{ N_("One day"), 1 },
	{ N_("One week"), 7 },
	{ N_("Thirty days"), 30 },
};

static void sharing_free(void *data)
{
	Sharing *sharing = data;
	g_object_unref(sharing->door);
	g_ptr_array_unref(sharing->rows);
	g_free(sharing->path);
	g_free(sharing);
}

static Sharing *sharing_of(void *window)
{
	return g_object_get_data(G_OBJECT(window), "sharing");
}

static const char *text_of(void *object, const char *key)
{
	return g_object_get_data(G_OBJECT(object), key);
}

static void set_text(void *object, const char *key, const char *text)
{
	g_object_set_data_full(G_OBJECT(object), key, g_strdup(text), g_free);
}

static void ask(Sharing *sharing);

/* ---- what the person does ---------------------------------------------------------------- */

/* Done or not, what is so now is shown. */
static void answered(void *window, const json_t *result, const GError *error)
{
	if (error) {
		dialogs_problem(window, error);
	}
	ask(sharing_of(window));
}

static void make(GtkWidget *button, Sharing *sharing)
{
	gtk_widget_set_sensitive(button, FALSE);
	door_ask(sharing->door, "share", json_pack("{s:s}", "path", sharing->path), sharing->window,
		 answered);
}

static void say(Sharing *sharing, const char *text)
{
	g_autofree char *title = g_markup_escape_text(text, -1);
	AdwToast *toast = adw_toast_new(title);
	adw_toast_set_timeout(toast, TOAST_S);
	adw_toast_overlay_add_toast(sharing->toasts, toast);
}

static void copy(GtkWidget *button, Sharing *sharing)
{
	gdk_clipboard_set_text(gtk_widget_get_clipboard(button), text_of(button, "url"));
	say(sharing, _("Link copied"));
}

static void sent(void *window, const json_t *result, const GError *error)
{
	Sharing *sharing = sharing_of(window);
	const char *to = json_string_value(json_object_get(result, "to"));
	sharing->sending = false;
	if (error) {
		dialogs_problem(window, error);
		return;
	}
	g_autofree char *text = g_strdup_printf(_("Sent to %s"), to ? to : "");
	say(sharing, text);
	if (sharing->to) {
		gtk_editable_set_text(GTK_EDITABLE(sharing->to), "");
	}
}

static void send(Sharing *sharing)
{
	g_autofree char *to = g_strdup(gtk_editable_get_text(GTK_EDITABLE(sharing->to)));
	if (*g_strstrip(to) && !sharing->sending) {
		sharing->sending = true;
		door_ask(sharing->door, "send-link",
			 json_pack("{s:s, s:s}", "path", sharing->path, "to", to), sharing->window,
			 sent);
	}
}

static void end_confirmed(void *window, json_t *params)
{
	door_ask(sharing_of(window)->door, "unshare", json_incref(params), window, answered);
}

static void end(GtkWidget *button, Sharing *sharing)
{
	g_autofree char *heading =
		g_strdup_printf(_("End the link to “%s”?"), text_of(button, "name"));
	const DialogQuestion question = {
		.heading = heading,
		.text = _("Whoever has it sees nothing any more. A new link will be another one."),
		.yes = _("End it"),
		.destructive = true,
	};
	dialogs_ask(GTK_WIDGET(sharing->window), &question, end_confirmed,
		    json_pack("{s:s}", "node", text_of(button, "node")));
}

static void limit(AdwComboRow *row, GParamSpec *property, Sharing *sharing)
{
	if (!sharing->filling) {
		int days = terms[adw_combo_row_get_selected(row)].days;
		door_ask(sharing->door, "share",
			 json_pack("{s:s, s:i}", "path", sharing->path, "days", days),
			 sharing->window, answered);
	}
}

/* ---- rows -------------------------------------------------------------------------------- */

static const char *member(const json_t *link, const char *key)
{
	const char *text = json_string_value(json_object_get(link, key));
	return text ? text : "";
}

/* Until when; NULL: without end. */
static char *until_of(const json_t *link)
{
	json_int_t expires_us = json_integer_value(json_object_get(link, "expires_us"));
	g_autofree char *when = expires_us > 0 ? rows_time(expires_us, g_get_real_time()) : NULL;
	/* Translators: a day, or a time of today. */
	return when ? g_strdup_printf(_("Good until %s"), when) : NULL;
}

static void add_button(Sharing *sharing, GtkWidget *row, const json_t *link, GtkWidget *button,
		       GCallback clicked)
{
	g_autofree char *name = g_path_get_basename(member(link, "path"));
	set_text(button, "url", member(link, "url"));
	set_text(button, "node", member(link, "node"));
	set_text(button, "name", name);
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	g_signal_connect(button, "clicked", clicked, sharing);
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
}

static unsigned term_of(const json_t *link)
{
	json_int_t expires_us = json_integer_value(json_object_get(link, "expires_us"));
	json_int_t left_us = expires_us - g_get_real_time();
	unsigned term = 0;
	while (expires_us > 0 && term + 1 < G_N_ELEMENTS(terms) &&
	       terms[term].days * G_TIME_SPAN_DAY < left_us) {
		term++;
	}
	return expires_us > 0 ? MAX(term, 1) : 0;
}

static GtkWidget *new_term_row(Sharing *sharing, const json_t *link)
{
	g_autoptr(GtkStringList) texts = gtk_string_list_new(NULL);
	g_autofree char *until = until_of(link);
	GtkWidget *row = adw_combo_row_new();
	for (size_t i = 0; i < G_N_ELEMENTS(terms); i++) {
		gtk_string_list_append(texts, _(terms[i].text));
	}
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), _("Good for"));
	adw_action_row_set_subtitle(ADW_ACTION_ROW(row), until ? until : "");
	adw_combo_row_set_model(ADW_COMBO_ROW(row), G_LIST_MODEL(texts));
	adw_combo_row_set_selected(ADW_COMBO_ROW(row), term_of(link));
	g_signal_connect(row, "notify::selected", G_CALLBACK(limit), sharing);
	return row;
}

/* The drive brings the link to somebody. */
static GtkWidget *new_to_row(Sharing *sharing)
{
	GtkWidget *row = adw_entry_row_new();
	GtkWidget *button = gtk_button_new_with_label(_("Send"));
	sharing->to = ADW_ENTRY_ROW(row);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row),
				      _("Send to a chat address or room"));
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	adw_entry_row_add_suffix(sharing->to, button);
	g_signal_connect_swapped(row, "entry-activated", G_CALLBACK(send), sharing);
	g_signal_connect_swapped(button, "clicked", G_CALLBACK(send), sharing);
	return row;
}

static void add_sending(Sharing *sharing, const json_t *link, bool chat)
{
	g_autofree char *name = g_path_get_basename(member(link, "path"));
	GtkWidget *by = sending_row(member(link, "url"), name);
	if (chat) {
		rows_add(sharing->group, sharing->rows, new_to_row(sharing));
	}
	if (by) {
		rows_add(sharing->group, sharing->rows, by);
	}
}

/* The link of the one file; chat: the drive brings it to people. */
static void show_link(Sharing *sharing, const json_t *link, bool chat)
{
	GtkWidget *row = rows_new(_("Link"), member(link, "url"));
	GtkWidget *copying = gtk_button_new_with_label(_("Copy"));
	GtkWidget *ending = gtk_button_new_with_label(_("End link"));
	GtkWidget *last = rows_new(_("No longer share it"), NULL);
	adw_action_row_set_subtitle_lines(ADW_ACTION_ROW(row), 2);
	gtk_widget_add_css_class(copying, "suggested-action");
	gtk_widget_add_css_class(ending, "destructive-action");
	add_button(sharing, row, link, copying, G_CALLBACK(copy));
	add_button(sharing, last, link, ending, G_CALLBACK(end));
	rows_add(sharing->group, sharing->rows, row);
	add_sending(sharing, link, chat);
	rows_add(sharing->group, sharing->rows, new_term_row(sharing, link));
	rows_add(sharing->group, sharing->rows, last);
	focus_give(copying);
}

static void offer_link(Sharing *sharing)
{
	GtkWidget *row = rows_new(_("Not shared yet"), NULL);
	GtkWidget *button = gtk_button_new_with_label(_("Make a link"));
	gtk_widget_add_css_class(button, "suggested-action");
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	g_signal_connect(button, "clicked", G_CALLBACK(make), sharing);
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
	rows_add(sharing->group, sharing->rows, row);
}

/* One of all. */
static void add_link(Sharing *sharing, const json_t *link)
{
	g_autofree char *name = g_path_get_basename(member(link, "path"));
	g_autofree char *until = until_of(link);
	g_autofree char *copy_text = g_strdup_printf(_("Copy the link to %s"), name);
	g_autofree char *end_text = g_strdup_printf(_("End the link to %s"), name);
	bool deleted = json_is_true(json_object_get(link, "deleted"));
	bool folder = g_strcmp0(member(link, "kind"), "folder") == 0;
	GtkWidget *row = rows_new(name, deleted ? _("Deleted: the link opens nothing") : until);
	adw_action_row_add_prefix(ADW_ACTION_ROW(row),
				  gtk_image_new_from_icon_name(folder ? "folder-symbolic"
								      : "text-x-generic-symbolic"));
	add_button(sharing, row, link, rows_icon_button("edit-copy-symbolic", copy_text),
		   G_CALLBACK(copy));
	add_button(sharing, row, link, rows_icon_button("list-remove-symbolic", end_text),
		   G_CALLBACK(end));
	rows_add(sharing->group, sharing->rows, row);
}

/* ---- the window -------------------------------------------------------------------------- */

static void show_all(Sharing *sharing, const json_t *links)
{
	size_t index;
	json_t *link;
	json_array_foreach(links, index, link)
	{
		add_link(sharing, link);
	}
	if (index == 0) {
		rows_add(sharing->group, sharing->rows, rows_new(_("Nothing is shared"), NULL));
	}
}

static void show(void *window, const json_t *result, const GError *error)
{
	Sharing *sharing = sharing_of(window);
	const json_t *links = json_object_get(result, "links");
	gtk_spinner_stop(GTK_SPINNER(sharing->spinner));
	gtk_widget_set_visible(sharing->spinner, FALSE);
	sharing->filling = true;
	sharing->to = NULL;
	rows_clear(sharing->group, sharing->rows);
	if (error) {
		g_autofree char *reason = reason_of(error);
		rows_add(sharing->group, sharing->rows,
			 rows_new(_("It cannot be shared now"), reason));
	} else if (!sharing->path) {
		show_all(sharing, links);
	} else if (json_array_size(links) > 0) {
		show_link(sharing, json_array_get(links, 0),
			  json_is_true(json_object_get(result, "chat")));
	} else {
		offer_link(sharing);
	}
	sharing->filling = false;
}

static void ask(Sharing *sharing)
{
	door_ask(sharing->door, "links", json_pack("{s:s*}", "path", sharing->path),
		 sharing->window, show);
}

static GtkWidget *build(Sharing *sharing)
{
	GtkWidget *page = adw_preferences_page_new();
	GtkWidget *toasts = adw_toast_overlay_new();
	sharing->toasts = ADW_TOAST_OVERLAY(toasts);
	sharing->group = ADW_PREFERENCES_GROUP(adw_preferences_group_new());
	sharing->spinner = gtk_spinner_new();
	gtk_spinner_start(GTK_SPINNER(sharing->spinner));
	adw_preferences_group_set_header_suffix(sharing->group, sharing->spinner);
	adw_preferences_group_set_description(
		sharing->group, _("Whoever has a link reads what it leads to, as it is at that "
				  "time, without an account. Others cannot find it."));
	if (sharing->path) {
		g_autofree char *name = g_path_get_basename(sharing->path);
		g_autofree char *title = g_markup_escape_text(name, -1);
		adw_preferences_group_set_title(sharing->group, title);
	}
	adw_preferences_page_add(ADW_PREFERENCES_PAGE(page), sharing->group);
	adw_toast_overlay_set_child(sharing->toasts, page);
	return toasts;
}

void sharing_open(GtkWidget *widget, Door *door, const char *path)
{
	Sharing *sharing = g_new0(Sharing, 1);
	GtkWidget *window = dialogs_window_new(
		widget, path ? _("Share by link") : _("Shared links"), WIDTH, HEIGHT);
	sharing->window = GTK_WINDOW(window);
	sharing->rows = g_ptr_array_new();
	sharing->door = g_object_ref(door);
	sharing->path = g_strdup(path);
	g_object_set_data_full(G_OBJECT(window), "sharing", sharing, sharing_free);
	dialogs_fill(window, adw_header_bar_new(), build(sharing));
	gtk_window_present(sharing->window);
	ask(sharing);
}
