/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/files/rules.h"

#include "client/app/spoken.h"
#include "client/app/window/dialogs.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#define WIDTH 480
#define HEIGHT 480
#define MARGIN 12

typedef struct Rules {
	GtkTextBuffer *text; /* kept: an answer may come after the window has gone */
	GtkWidget *view, *save;
	Door *door;
	char *folder;
	char *before; /* as they were read; NULL: not yet */
} Rules;

static void rules_free(void *data)
{
	Rules *rules = data;
	g_object_unref(rules->text);
	g_object_unref(rules->door);
	g_free(rules->folder);
	g_free(rules->before);
	g_free(rules);
}

static Rules *rules_of(void *window)
{
	return g_object_get_data(G_OBJECT(window), "rules");
}

/* It was closed, and is only kept for the answer. */
static bool is_closed(void *window)
{
	return !gtk_widget_get_visible(window);
}

static void saved(void *object, const json_t *result, const GError *error)
{
	if (is_closed(object)) {
		return;
	}
	if (error) {
		gtk_widget_set_sensitive(rules_of(object)->save, TRUE);
		dialogs_problem(object, error);
	} else {
		gtk_window_close(GTK_WINDOW(object));
	}
}

static void save(GtkWidget *button, void *window)
{
	const Rules *rules = rules_of(window);
	GtkTextIter start, end;
	gtk_text_buffer_get_bounds(rules->text, &start, &end);
	g_autofree char *text = gtk_text_buffer_get_text(rules->text, &start, &end, TRUE);
	gtk_widget_set_sensitive(button, FALSE);
	door_ask(rules->door, "set-rules",
		 json_pack("{s:s, s:s, s:s}", "folder", rules->folder, "rules", text, "before",
			   rules->before),
		 window, saved);
}

static void show(void *object, const json_t *result, const GError *error)
{
	Rules *rules = rules_of(object);
	if (is_closed(object)) {
		return;
	}
	if (error) {
		dialogs_problem(object, error);
		return;
	}
	rules->before = g_strdup(json_string_value(json_object_get(result, "rules")));
	gtk_text_buffer_set_text(rules->text, rules->before, -1);
	gtk_widget_set_sensitive(rules->view, TRUE);
	gtk_widget_set_sensitive(rules->save, TRUE);
	gtk_widget_grab_focus(rules->view);
}

static GtkWidget *build_bar(Rules *rules, GtkWidget *window)
{
	GtkWidget *bar = adw_header_bar_new();
	GtkWidget *cancel = gtk_button_new_with_label(_("Cancel"));
	rules->save = gtk_button_new_with_label(_("Save"));
	gtk_widget_add_css_class(rules->save, "suggested-action");
	gtk_widget_set_sensitive(rules->save, FALSE);
	adw_header_bar_set_show_end_title_buttons(ADW_HEADER_BAR(bar), FALSE);
	adw_header_bar_pack_start(ADW_HEADER_BAR(bar), cancel);
	adw_header_bar_pack_end(ADW_HEADER_BAR(bar), rules->save);
	g_signal_connect_swapped(cancel, "clicked", G_CALLBACK(gtk_window_close), window);
	g_signal_connect(rules->save, "clicked", G_CALLBACK(save), window);
	return bar;
}

static GtkWidget *build(Rules *rules, GtkWidget *window)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
	GtkWidget *scrolled = gtk_scrolled_window_new();
	GtkWidget *hint = gtk_label_new(
		_("A name or pattern in each line: *.iso, build/. What matches stays on the device "
		  "where it is. The rules hold on all your devices."));
	rules->view = gtk_text_view_new();
	rules->text = g_object_ref(gtk_text_view_get_buffer(GTK_TEXT_VIEW(rules->view)));
	spoken_name(rules->view, _("Rules"));
	gtk_text_view_set_monospace(GTK_TEXT_VIEW(rules->view), TRUE);
	gtk_text_view_set_accepts_tab(GTK_TEXT_VIEW(rules->view), FALSE);
	gtk_text_view_set_left_margin(GTK_TEXT_VIEW(rules->view), MARGIN);
	gtk_text_view_set_top_margin(GTK_TEXT_VIEW(rules->view), MARGIN);
	gtk_widget_set_sensitive(rules->view, FALSE);
	gtk_label_set_wrap(GTK_LABEL(hint), TRUE);
	gtk_label_set_xalign(GTK_LABEL(hint), 0);
	gtk_widget_add_css_class(hint, "card-row");
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), rules->view);
	gtk_widget_set_vexpand(scrolled, TRUE);
	gtk_box_append(GTK_BOX(box), build_bar(rules, window));
	gtk_box_append(GTK_BOX(box), hint);
	gtk_box_append(GTK_BOX(box), scrolled);
	return box;
}

void rules_open(GtkWidget *widget, Door *door, const char *folder)
{
	GtkWidget *window = dialogs_window_new(widget, _("What is not synced"), WIDTH, HEIGHT);
	Rules *rules = g_new0(Rules, 1);
	rules->door = g_object_ref(door);
	rules->folder = g_strdup(folder);
	g_object_set_data_full(G_OBJECT(window), "rules", rules, rules_free);
	adw_window_set_content(ADW_WINDOW(window), build(rules, window));
	gtk_window_present(GTK_WINDOW(window));
	door_ask(door, "rules", json_pack("{s:s}", "folder", folder), window, show);
}
