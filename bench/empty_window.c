/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The peer of the app's start: a window of libadwaita with nothing in it. Says "drawn" when it has
 * been.
 */
#include <adwaita.h>
#include <stdio.h>

static void drawn(GdkFrameClock *clock, void *data)
{
	g_signal_handlers_disconnect_by_func(clock, drawn, data);
	puts("drawn");
	fflush(stdout);
}

static void mapped(GtkWidget *window, void *data)
{
	g_signal_connect(gtk_widget_get_frame_clock(window), "after-paint", G_CALLBACK(drawn),
			 NULL);
}

static void activate(GtkApplication *application, void *data)
{
	GtkWidget *window = adw_application_window_new(application);
	gtk_window_set_default_size(GTK_WINDOW(window), 560, 720);
	g_signal_connect(window, "map", G_CALLBACK(mapped), NULL);
	gtk_window_present(GTK_WINDOW(window));
}

int main(int argc, char **argv)
{
	AdwApplication *application =
		adw_application_new("org.imdrive.Empty", G_APPLICATION_NON_UNIQUE);
	g_signal_connect(application, "activate", G_CALLBACK(activate), NULL);
	return g_application_run(G_APPLICATION(application), argc, argv);
}
