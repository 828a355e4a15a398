/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/login/dedicated.h"

struct _Dedicated {
	AdwBin parent;
	AdwEntryRow *name;
	AdwEntryRow *password;
	GtkButton *enter;
	GtkSpinner *spinner;
	GtkLabel *problem;
	gboolean busy;
};

G_DEFINE_FINAL_TYPE(Dedicated, dedicated, ADW_TYPE_BIN)

static unsigned enter_signal;

static gboolean is_filled(Dedicated *form)
{
	return *dedicated_name(form) && *dedicated_password(form);
}

static void update(Dedicated *form)
{
	gtk_widget_set_sensitive(GTK_WIDGET(form->enter), is_filled(form) && !form->busy);
	gtk_widget_set_sensitive(GTK_WIDGET(form->name), !form->busy);
	gtk_widget_set_sensitive(GTK_WIDGET(form->password), !form->busy);
	gtk_widget_set_visible(GTK_WIDGET(form->spinner), form->busy);
}

static void typed(Dedicated *form)
{
	gtk_widget_set_visible(GTK_WIDGET(form->problem), FALSE);
	update(form);
}

static void enter(Dedicated *form)
{
	if (!is_filled(form)) {
		gtk_widget_grab_focus(*dedicated_name(form) ? GTK_WIDGET(form->password)
							    : GTK_WIDGET(form->name));
	} else if (!form->busy) {
		g_signal_emit(form, enter_signal, 0);
	}
}

static void dispose(GObject *object)
{
	gtk_widget_dispose_template(GTK_WIDGET(object), DEDICATED_TYPE);
	G_OBJECT_CLASS(dedicated_parent_class)->dispose(object);
}

static void dedicated_class_init(DedicatedClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
	G_OBJECT_CLASS(class)->dispose = dispose;
	gtk_widget_class_set_template_from_resource(widget, "/org/imdrive/App/dedicated.ui");
	gtk_widget_class_bind_template_child(widget, Dedicated, name);
	gtk_widget_class_bind_template_child(widget, Dedicated, password);
	gtk_widget_class_bind_template_child(widget, Dedicated, enter);
	gtk_widget_class_bind_template_child(widget, Dedicated, spinner);
	gtk_widget_class_bind_template_child(widget, Dedicated, problem);
	gtk_widget_class_bind_template_callback(widget, typed);
	gtk_widget_class_bind_template_callback(widget, enter);
	enter_signal = g_signal_new("enter", DEDICATED_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
				    G_TYPE_NONE, 0);
}

static void dedicated_init(Dedicated *form)
{
	gtk_widget_init_template(GTK_WIDGET(form));
	update(form);
}

const char *dedicated_name(Dedicated *form)
{
	return gtk_editable_get_text(GTK_EDITABLE(form->name));
}

const char *dedicated_password(Dedicated *form)
{
	return gtk_editable_get_text(GTK_EDITABLE(form->password));
}

void dedicated_set_busy(Dedicated *form, gboolean busy)
{
	form->busy = busy;
	update(form);
}

void dedicated_set_problem(Dedicated *form, const char *problem)
{
	gtk_editable_set_text(GTK_EDITABLE(form->password), "");
	gtk_label_set_text(form->problem, problem ? problem : "");
	gtk_widget_set_visible(GTK_WIDGET(form->problem), problem != NULL);
	if (problem) {
		gtk_widget_grab_focus(GTK_WIDGET(form->password));
	}
}
