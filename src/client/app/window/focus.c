/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/window/focus.h"

#include <float.h>
#include <math.h>

/* The one in which it is laid out, and the one before, which may be under way. */
#define FRAMES 2

typedef struct Focus {
	graphene_rect_t place; /* of what had it last */
	unsigned frames;       /* to go until it is looked for; 0: it is not lost */
} Focus;

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

static gboolean find(GtkWidget *window, GdkFrameClock *clock, void *data)
{
	Focus *focus = data;
	if (--focus->frames > 0) {
		return G_SOURCE_CONTINUE;
	}
	Nearest nearest = { &focus->place, window, NULL, DBL_MAX };
	if (!gtk_window_get_focus(GTK_WINDOW(window))) {
		look(window, &nearest);
	}
	if (nearest.widget) {
		gtk_widget_grab_focus(nearest.widget);
	}
	return G_SOURCE_REMOVE;
}

static void changed(GtkWindow *window, GParamSpec *property, Focus *focus)
{
	GtkWidget *now = gtk_window_get_focus(window);
	if (now) {
		graphene_rect_t place;
		if (gtk_widget_compute_bounds(now, GTK_WIDGET(window), &place)) {
			focus->place = place;
		}
	} else if (gtk_widget_get_mapped(GTK_WIDGET(window)) && focus->frames == 0) {
		focus->frames = FRAMES;
		gtk_widget_add_tick_callback(GTK_WIDGET(window), find, focus, NULL);
	}
}

void focus_keep(GtkWindow *window)
{
	Focus *focus = g_new0(Focus, 1);
	g_object_set_data_full(G_OBJECT(window), "focus", focus, g_free);
	g_signal_connect(window, "notify::focus-widget", G_CALLBACK(changed), focus);
}
