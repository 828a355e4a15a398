/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/login/feedback.h"

#include "client/app/portrait.h"
#include "client/app/spoken.h"

#include <glib/gi18n.h>

struct _Feedback {
	AdwBin parent;
	GtkStack *stack;
	AdwAvatar *picture;
	GtkLabel *title;
	GtkLabel *text;
	GtkLabel *drive;
	GtkButton *next;
	AdwStatusPage *failure;
	GtkButton *again;
};

G_DEFINE_FINAL_TYPE(Feedback, feedback, ADW_TYPE_BIN)

static unsigned next_signal, again_signal;

static void go_on(Feedback *page)
{
	g_signal_emit(page, next_signal, 0);
}

static void go_again(Feedback *page)
{
	g_signal_emit(page, again_signal, 0);
}

void feedback_welcome(Feedback *page, const FeedbackWelcome *welcome)
{
	gboolean registered = welcome->registered;
	g_autofree char *title = g_strdup_printf(
		registered ? _("Welcome, %s!") : _("Welcome back, %s!"), welcome->account);
	adw_avatar_set_text(page->picture, welcome->account);
	adw_avatar_set_custom_image(page->picture, NULL);
	portrait_show(page->picture, welcome->door);
	gtk_label_set_text(page->title, title);
	gtk_label_set_text(page->text,
			   registered ? _("Your account is new: it was made for you just now.")
				      : _("You are signed in. This device is yours now."));
	gtk_label_set_text(page->drive, welcome->drive);
	gtk_stack_set_visible_child_name(page->stack, "welcome");
	gtk_widget_grab_focus(GTK_WIDGET(page->next));
}

void feedback_failure(Feedback *page, const char *title, const char *text)
{
	g_autofree char *escaped = g_markup_escape_text(text, -1);
	adw_status_page_set_title(page->failure, title);
	adw_status_page_set_description(page->failure, escaped);
	gtk_stack_set_visible_child_name(page->stack, "failure");
	gtk_widget_grab_focus(GTK_WIDGET(page->again));
}

static void dispose(GObject *object)
{
	gtk_widget_dispose_template(GTK_WIDGET(object), FEEDBACK_TYPE);
	G_OBJECT_CLASS(feedback_parent_class)->dispose(object);
}

static void feedback_class_init(FeedbackClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
	G_OBJECT_CLASS(class)->dispose = dispose;
	gtk_widget_class_set_template_from_resource(widget, "/org/imdrive/App/feedback.ui");
	gtk_widget_class_bind_template_child(widget, Feedback, stack);
	gtk_widget_class_bind_template_child(widget, Feedback, picture);
	gtk_widget_class_bind_template_child(widget, Feedback, title);
	gtk_widget_class_bind_template_child(widget, Feedback, text);
	gtk_widget_class_bind_template_child(widget, Feedback, drive);
	gtk_widget_class_bind_template_child(widget, Feedback, next);
	gtk_widget_class_bind_template_child(widget, Feedback, failure);
	gtk_widget_class_bind_template_child(widget, Feedback, again);
	gtk_widget_class_bind_template_callback(widget, go_on);
	gtk_widget_class_bind_template_callback(widget, go_again);
	next_signal = g_signal_new("next", FEEDBACK_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
				   G_TYPE_NONE, 0);
	again_signal = g_signal_new("again", FEEDBACK_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
				    G_TYPE_NONE, 0);
}

static void feedback_init(Feedback *page)
{
	gtk_widget_init_template(GTK_WIDGET(page));
	spoken_follow(GTK_WIDGET(page->stack));
}
