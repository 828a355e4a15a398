/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/spoken.h"

static void follow(GObject *stack, GParamSpec *property, void *data)
{
	g_autoptr(GtkWidget) shown = NULL;
	g_object_get(stack, "visible-child", &shown, NULL);
	GtkWidget *page = gtk_widget_get_first_child(GTK_WIDGET(stack));
	for (; page; page = gtk_widget_get_next_sibling(page)) {
		gtk_accessible_update_state(GTK_ACCESSIBLE(page), GTK_ACCESSIBLE_STATE_HIDDEN,
					    page != shown, -1);
	}
}

void spoken_follow(GtkWidget *stack)
{
	g_signal_connect(stack, "notify::visible-child", G_CALLBACK(follow), NULL);
	follow(G_OBJECT(stack), NULL, NULL);
}

void spoken_name(GtkWidget *widget, const char *name)
{
	gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
				       -1);
}
