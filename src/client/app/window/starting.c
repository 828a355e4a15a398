/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/window/starting.h"

struct _Starting {
	AdwBin parent;
	AdwStatusPage *page;
	GtkSpinner *spinner;
};

G_DEFINE_FINAL_TYPE(Starting, starting, ADW_TYPE_BIN)

void starting_set_trouble(Starting *page, const char *trouble)
{
	g_autofree char *escaped = trouble ? g_markup_escape_text(trouble, -1) : NULL;
	adw_status_page_set_description(page->page, escaped);
	gtk_widget_set_visible(GTK_WIDGET(page->spinner), !trouble);
}

static void dispose(GObject *object)
{
	gtk_widget_dispose_template(GTK_WIDGET(object), STARTING_TYPE);
	G_OBJECT_CLASS(starting_parent_class)->dispose(object);
}

static void starting_class_init(StartingClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
	G_OBJECT_CLASS(class)->dispose = dispose;
	gtk_widget_class_set_template_from_resource(widget, "/org/imdrive/App/starting.ui");
	gtk_widget_class_bind_template_child(widget, Starting, page);
	gtk_widget_class_bind_template_child(widget, Starting, spinner);
}

static void starting_init(Starting *page)
{
	gtk_widget_init_template(GTK_WIDGET(page));
}
