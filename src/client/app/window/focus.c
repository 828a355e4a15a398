/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/window/focus.h"

#include <float.h>
#include <math.h>

/* The one in which it is laid out, and the one before, which may be under way. */
#define FRAMES 2

typedef struct Focus {
	graphene_rect_t place; /* of what had it last */
	unsigned frames;       /* to go until it is looked for; 0: it is not lost */
	GtkWidget *given;      /* what is to be seen with it then; NULL: nothing */
} Focus;

static void focus_free(void *data)
{
	Focus *focus = data;
	g_clear_weak_pointer(&focus->given);
	g_free(focus);
}

typedef struct Nearest {
	const graphene_rect_t *place;
	GtkWidget *window;
	GtkWidget *widget; /* NULL: none yet */
	double distance;
} Nearest;

static void look(GtkWidget *widget, Nearest *nearest)
{
	graphene_rect_t at;
	if (!gtk_widget_get_child_visible(widget) || !gtk_widget_get_mapped(widget) ||
	    !gtk_widget_is_sensitive(widget) || !gtk_widget_get_can_focus(widget)) {
		return;
	}
	if (gtk_widget_get_focusable(widget) &&
	    gtk_widget_compute_bounds(widget, nearest->window, &at)) {
		double distance = fabs(at.origin.x - nearest->place->origin.x) +
				  fabs(at.origin.y - nearest->place->origin.y);
		if (distance < nearest->distance) {
			nearest->distance = distance;
			nearest->widget = widget;
		}
	}
	GtkWidget *child = gtk_widget_get_first_child(widget);
	for (; child; child = gtk_widget_get_next_sibling(child)) {
		look(child, nearest);
	}
}

/* A list slides to what gets the focus; to the wrong place, where that was not laid out yet. */
static void scroll_to(GtkWidget *widget)
{
	GtkWidget *list = gtk_widget_get_ancestor(widget, GTK_TYPE_VIEWPORT);
	GtkWidget *content = list ? gtk_viewport_get_child(GTK_VIEWPORT(list)) : NULL;
	graphene_rect_t at;
	if (content && gtk_widget_compute_bounds(widget, content, &at)) {
		GtkAdjustment *height = gtk_scrollable_get_vadjustment(GTK_SCROLLABLE(list));
		double value = gtk_adjustment_get_value(height);
		double end = at.origin.y + at.size.height - gtk_adjustment_get_page_size(height);
		/* Ends the sliding, which gtk_adjustment_clamp_page() does not. */
		gtk_adjustment_set_value(height, MIN(MAX(value, end), at.origin.y));
	}
}

static gboolean find(GtkWidget *window, GdkFrameClock *clock, void *data)
{
	Focus *focus = data;
	if (--focus->frames > 0) {
		return G_SOURCE_CONTINUE;
	}
	Nearest nearest = { &focus->place, window, NULL, DBL_MAX };
	if (focus->given && gtk_widget_is_focus(focus->given)) {
		scroll_to(focus->given);
	}
	g_clear_weak_pointer(&focus->given);
	if (!gtk_window_get_focus(GTK_WINDOW(window))) {
		look(window, &nearest);
	}
	if (nearest.widget) {
		gtk_widget_grab_focus(nearest.widget);
	}
	return G_SOURCE_REMOVE;
}

static void find_later(Focus *focus, GtkWidget *window)
{
	if (focus->frames == 0) {
		gtk_widget_add_tick_callback(window, find, focus, NULL);
	}
	focus->frames = FRAMES;
}

static void changed(GtkWindow *window, GParamSpec *property, Focus *focus)
{
	GtkWidget *now = gtk_window_get_focus(window);
	if (now) {
		graphene_rect_t place;
		if (gtk_widget_compute_bounds(now, GTK_WIDGET(window), &place)) {
			focus->place = place;
		}
	} else if (gtk_widget_get_mapped(GTK_WIDGET(window))) {
		find_later(focus, GTK_WIDGET(window));
	}
}

void focus_keep(GtkWindow *window)
{
	Focus *focus = g_new0(Focus, 1);
	g_object_set_data_full(G_OBJECT(window), "focus", focus, focus_free);
	g_signal_connect(window, "notify::focus-widget", G_CALLBACK(changed), focus);
}

void focus_give(GtkWidget *widget)
{
	GtkWidget *window = GTK_WIDGET(gtk_widget_get_root(widget));
	Focus *focus = g_object_get_data(G_OBJECT(window), "focus");
	gtk_widget_grab_focus(widget);
	g_set_weak_pointer(&focus->given, widget);
	find_later(focus, window);
}
