/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/window/address.h"

#include "base/error.h"
#include "client/app/link.h"
#include "client/app/reason.h"
#include "client/app/spoken.h"

#include <glib/gi18n.h>
#include <stdbool.h>
#include <string.h>

/* How long nobody must have typed. */
#define REST_MS 350

struct _Address {
	AdwBin parent;
	GtkWidget *back;
	AdwEntryRow *entry;
	AdwActionRow *invited;
	GtkStack *look;
	GtkLabel *found;
	GtkLabel *problem;
	GtkButton *next;
	Door *door;
	json_t *drive;
	Link link;        /* what was opened or pasted, as long as its address stands there */
	char *asked;      /* what is being looked at; NULL: nothing */
	unsigned resting; /* source */
	bool goes_on;     /* as soon as it is found */
};

G_DEFINE_FINAL_TYPE(Address, address, ADW_TYPE_BIN)

static unsigned found_signal, left_signal;

static char *dup_typed(Address *page)
{
	return g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(page->entry))));
}

static void look(Address *page);

static void go_on(Address *page)
{
	if (page->drive) {
		page->goes_on = false;
		g_signal_emit(page, found_signal, 0);
	} else {
		page->goes_on = true;
		look(page);
	}
}

static void show_found(Address *page, const json_t *drive)
{
	const char *name = json_string_value(json_object_get(drive, "name"));
	const char *server = json_string_value(json_object_get(drive, "server"));
	g_autofree char *text =
		g_strdup_printf(_("%s — a drive is there"), name && *name ? name : server);
	gtk_label_set_text(page->found, text);
	gtk_stack_set_visible_child_name(page->look, "found");
}

static void looked(void *object, const json_t *result, const GError *error)
{
	Address *page = object;
	g_autofree char *typed = dup_typed(page);
	g_autofree char *asked = g_steal_pointer(&page->asked);
	if (g_strcmp0(typed, asked) != 0) {
		look(page);
		return;
	}
	if (error) {
		g_autofree char *reason = reason_of(error);
		page->goes_on = false;
		bool offline = g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE);
		gtk_label_set_text(page->problem,
				   offline ? _("No drive answers there. Is the address right, and "
					       "are you online?")
					   : reason);
		gtk_widget_set_tooltip_text(GTK_WIDGET(page->problem), error->message);
		gtk_stack_set_visible_child_name(page->look, "problem");
		return;
	}
	page->drive = json_deep_copy(result);
	gtk_widget_set_sensitive(GTK_WIDGET(page->next), TRUE);
	show_found(page, page->drive);
	if (page->goes_on) {
		go_on(page);
	}
}

/* An invitation's link, pasted into the field: what is in it, instead. */
static bool take_link(Address *page, const char *typed)
{
	g_auto(Link) link = { 0 };
	bool goes_on = page->goes_on;
	if (!link_read(typed, &link)) {
		return false;
	}
	address_fill(page, link.address, link.invitation);
	page->goes_on = goes_on;
	return true;
}

static void look(Address *page)
{
	g_autofree char *typed = dup_typed(page);
	if (take_link(page, typed)) {
		return;
	}
	if (!*typed) {
		gtk_stack_set_visible_child_name(page->look, "hint");
		return;
	}
	if (page->asked || !page->door) {
		return;
	}
	page->asked = g_steal_pointer(&typed);
	gtk_stack_set_visible_child_name(page->look, "looking");
	door_ask(page->door, "look", json_pack("{s:s}", "address", page->asked), page, looked);
}

static gboolean rested(void *data)
{
	Address *page = data;
	page->resting = 0;
	look(page);
	return G_SOURCE_REMOVE;
}

static void typed(Address *page)
{
	g_clear_pointer(&page->drive, json_decref);
	g_clear_handle_id(&page->resting, g_source_remove);
	page->goes_on = false;
	g_autofree char *text = dup_typed(page);
	if (g_strcmp0(text, page->link.address) != 0) {
		address_forget(page);
	}
	gtk_widget_set_sensitive(GTK_WIDGET(page->next), FALSE);
	gtk_stack_set_visible_child_name(page->look, *text ? "looking" : "hint");
	page->resting = g_timeout_add(REST_MS, rested, page);
}

void address_set_door(Address *page, Door *door)
{
	page->door = door;
}

void address_fill(Address *page, const char *text, const char *invitation)
{
	/* First, since it is emptied and filled, which forgets what was there. */
	gtk_editable_set_text(GTK_EDITABLE(page->entry), text);
	gtk_editable_set_position(GTK_EDITABLE(page->entry), -1);
	link_clear(&page->link);
	page->link = (Link){ g_strdup(text), g_strdup(invitation) };
	g_autofree char *where = g_strdup_printf(_("To the drive at %s"), text);
	adw_action_row_set_subtitle(page->invited, where);
	gtk_widget_set_visible(GTK_WIDGET(page->invited), invitation != NULL);
}

void address_forget(Address *page)
{
	link_clear(&page->link);
	gtk_widget_set_visible(GTK_WIDGET(page->invited), FALSE);
}

const char *address_invitation(Address *page)
{
	return page->link.invitation;
}

void address_set_way_back(Address *page, gboolean there)
{
	gtk_widget_set_visible(page->back, there);
}

static void leave(Address *page)
{
	g_signal_emit(page, left_signal, 0);
}

const json_t *address_drive(Address *page)
{
	return page->drive;
}

static void dispose(GObject *object)
{
	Address *page = ADDRESS_PAGE(object);
	g_clear_handle_id(&page->resting, g_source_remove);
	g_clear_pointer(&page->drive, json_decref);
	g_clear_pointer(&page->asked, g_free);
	link_clear(&page->link);
	gtk_widget_dispose_template(GTK_WIDGET(object), ADDRESS_TYPE);
	G_OBJECT_CLASS(address_parent_class)->dispose(object);
}

static gboolean focus(GtkWidget *widget)
{
	return gtk_widget_grab_focus(GTK_WIDGET(ADDRESS_PAGE(widget)->entry));
}

static void address_class_init(AddressClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
	G_OBJECT_CLASS(class)->dispose = dispose;
	widget->grab_focus = focus;
	gtk_widget_class_set_template_from_resource(widget, "/org/imdrive/App/address.ui");
	gtk_widget_class_bind_template_child(widget, Address, back);
	gtk_widget_class_bind_template_child(widget, Address, entry);
	gtk_widget_class_bind_template_child(widget, Address, invited);
	gtk_widget_class_bind_template_child(widget, Address, look);
	gtk_widget_class_bind_template_child(widget, Address, found);
	gtk_widget_class_bind_template_child(widget, Address, problem);
	gtk_widget_class_bind_template_child(widget, Address, next);
	gtk_widget_class_bind_template_callback(widget, typed);
	gtk_widget_class_bind_template_callback(widget, go_on);
	gtk_widget_class_bind_template_callback(widget, leave);
	gtk_widget_class_bind_template_callback_full(widget, "forget", G_CALLBACK(address_forget));
	found_signal = g_signal_new("found", ADDRESS_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
				    G_TYPE_NONE, 0);
	left_signal = g_signal_new("left", ADDRESS_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
				   G_TYPE_NONE, 0);
}

static void address_init(Address *page)
{
	gtk_widget_init_template(GTK_WIDGET(page));
	spoken_follow(GTK_WIDGET(page->look));
}
