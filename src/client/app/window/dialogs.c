/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/window/dialogs.h"

#include "client/app/reason.h"
#include "client/app/window/focus.h"

#include <glib/gi18n.h>

GtkWindow *dialogs_window_of(GtkWidget *widget)
{
	GtkRoot *root = gtk_widget_get_root(widget);
	return GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL;
}

void dialogs_problem(GtkWidget *widget, const GError *error)
{
	g_autofree char *text = reason_of(error);
	GtkWidget *dialog =
		adw_message_dialog_new(dialogs_window_of(widget), _("That did not work"), text);
	adw_message_dialog_add_response(ADW_MESSAGE_DIALOG(dialog), "close", _("Close"));
	gtk_window_present(GTK_WINDOW(dialog));
}

static gboolean escape(GtkWidget *window, GVariant *arguments, void *data)
{
	gtk_window_close(GTK_WINDOW(window));
	return TRUE;
}

static void close_by_escape(GtkWidget *window)
{
	GtkEventController *keys = gtk_shortcut_controller_new();
	gtk_shortcut_controller_add_shortcut(
		GTK_SHORTCUT_CONTROLLER(keys),
		gtk_shortcut_new(gtk_keyval_trigger_new(GDK_KEY_Escape, 0),
				 gtk_callback_action_new(escape, NULL, NULL)));
	gtk_widget_add_controller(window, keys);
}

GtkWidget *dialogs_window_new(GtkWidget *widget, const char *title, int width, int height)
{
	GtkWidget *window = adw_window_new();
	gtk_window_set_title(GTK_WINDOW(window), title);
	gtk_window_set_default_size(GTK_WINDOW(window), width, height);
	gtk_window_set_modal(GTK_WINDOW(window), TRUE);
	gtk_window_set_transient_for(GTK_WINDOW(window), dialogs_window_of(widget));
	close_by_escape(window);
	focus_keep(GTK_WINDOW(window));
	return window;
}

void dialogs_fill(GtkWidget *window, GtkWidget *bar, GtkWidget *content)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
	gtk_widget_set_vexpand(content, TRUE);
	gtk_box_append(GTK_BOX(box), bar);
	gtk_box_append(GTK_BOX(box), content);
	adw_window_set_content(ADW_WINDOW(window), box);
}

typedef struct Asked {
	DialogAnswer yes;
	GObject *page;
	json_t *params;
} Asked;

static void asked_free(void *data, GClosure *closure)
{
	Asked *asked = data;
	g_object_unref(asked->page);
	json_decref(asked->params);
	g_free(asked);
}

static void answered(AdwMessageDialog *dialog, const char *response, void *data)
{
	const Asked *asked = data;
	if (g_strcmp0(response, "yes") == 0) {
		asked->yes(asked->page, asked->params);
	}
}

void dialogs_ask(GtkWidget *page, const DialogQuestion *question, DialogAnswer yes, json_t *params)
{
	GtkWidget *dialog =
		adw_message_dialog_new(dialogs_window_of(page), question->heading, question->text);
	AdwMessageDialog *message = ADW_MESSAGE_DIALOG(dialog);
	Asked *asked = g_new(Asked, 1);
	*asked = (Asked){ yes, g_object_ref(G_OBJECT(page)), params };
	adw_message_dialog_add_responses(message, "cancel", _("Cancel"), "yes", question->yes,
					 NULL);
	adw_message_dialog_set_response_appearance(message, "yes",
						   question->destructive ? ADW_RESPONSE_DESTRUCTIVE
									 : ADW_RESPONSE_DEFAULT);
	adw_message_dialog_set_default_response(message, "cancel");
	adw_message_dialog_set_close_response(message, "cancel");
	g_signal_connect_data(dialog, "response", G_CALLBACK(answered), asked, asked_free, 0);
	gtk_window_present(GTK_WINDOW(dialog));
}
