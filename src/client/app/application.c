/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/application.h"

#include "client/app/choices.h"
#include "client/app/door.h"
#include "client/app/link.h"
#include "client/app/login/chat_login.h"
#include "client/app/services.h"
#include "client/app/window/window.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <string.h>

#define APPLICATION_ID "org.imdrive.App"

typedef struct Program {
	AdwApplication *application;
	Door *door;
	Window *window; /* NULL: closed */
	char *profile;
} Program;

static void forget_window(void *data, GObject *window)
{
	((Program *)data)->window = NULL;
}

static void show_window(Program *program)
{
	if (!program->window) {
		program->window = window_new(program->application, program->door);
		g_object_weak_ref(G_OBJECT(program->window), forget_window, program);
	}
	gtk_window_present(GTK_WINDOW(program->window));
}

static void activate(GApplication *application, Program *program)
{
	show_window(program);
}

static void open_links(GApplication *application, GFile **files, int count, const char *hint,
		       Program *program)
{
	show_window(program);
	for (int i = 0; i < count; i++) {
		g_autofree char *uri = g_file_get_uri(files[i]);
		g_autofree char *address = link_address(uri);
		if (address) {
			window_invite(program->window, address);
			return;
		}
	}
}

static void about(GSimpleAction *action, GVariant *parameter, void *data)
{
	Program *program = data;
	adw_show_about_window(GTK_WINDOW(program->window), "application-name", "imdrive",
			      "application-icon", APPLICATION_ID, "version", IMDRIVE_VERSION,
			      "comments",
			      _("A drive that you enter with the chat account you already have."),
			      "license-type", GTK_LICENSE_APACHE_2_0, NULL);
}

static void quit(GSimpleAction *action, GVariant *parameter, void *data)
{
	g_application_quit(G_APPLICATION(((Program *)data)->application));
}

static void start(GApplication *application, Program *program)
{
	static const GActionEntry actions[] = {
		{ .name = "about", .activate = about },
		{ .name = "quit", .activate = quit },
	};
	static const char *const quit_keys[] = { "<Control>q", NULL };
	static const char *const close_keys[] = { "<Control>w", NULL };
	GtkApplication *gtk = GTK_APPLICATION(application);
	g_autoptr(GtkCssProvider) style = gtk_css_provider_new();
	gtk_css_provider_load_from_resource(style, "/org/imdrive/App/style.css");
	gtk_style_context_add_provider_for_display(gdk_display_get_default(),
						   GTK_STYLE_PROVIDER(style),
						   GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
	g_action_map_add_action_entries(G_ACTION_MAP(application), actions, G_N_ELEMENTS(actions),
					program);
	gtk_application_set_accels_for_action(gtk, "app.quit", quit_keys);
	gtk_application_set_accels_for_action(gtk, "window.close", close_keys);
	program->door = door_new(program->profile);
	door_open(program->door);
}

static int read_options(GApplication *application, GVariantDict *options, Program *program)
{
	g_autofree char *profile = NULL;
	if (g_variant_dict_lookup(options, "profile", "^ay", &profile)) {
		g_free(program->profile);
		program->profile = g_canonicalize_filename(profile, NULL);
		/* Several profiles are several devices, and so are their windows. */
		g_autofree char *sum =
			g_compute_checksum_for_string(G_CHECKSUM_SHA1, program->profile, -1);
		g_autofree char *id = g_strconcat(APPLICATION_ID ".p", sum, NULL);
		g_application_set_application_id(application, id);
	}
	return -1;
}

static void set_language(void)
{
	const char *folder = g_getenv("IMDRIVE_LOCALEDIR");
	setlocale(LC_ALL, "");
	bindtextdomain("imdrive", folder ? folder : IMDRIVE_LOCALEDIR);
	bind_textdomain_codeset("imdrive", "UTF-8");
	textdomain("imdrive");
}

int application_run(int argc, char **argv, const ApplicationOptions *options)
{
	static const GOptionEntry entries[] = {
		{ "profile", 0, 0, G_OPTION_ARG_FILENAME, NULL, "another device on this machine",
		  "DIR" },
		G_OPTION_ENTRY_NULL,
	};
	set_language();
	if (options->records) {
		services_add_folder(options->records);
	}
	if (options->automation) {
		chat_login_allow_automation();
	}
	Program program = {
		.application = adw_application_new(APPLICATION_ID, G_APPLICATION_HANDLES_OPEN),
		.profile = g_build_filename(g_get_user_state_dir(), "imdrive", NULL),
	};
	GApplication *application = G_APPLICATION(program.application);
	g_application_set_resource_base_path(application, "/org/imdrive/App");
	g_application_add_main_option_entries(application, entries);
	g_signal_connect(application, "handle-local-options", G_CALLBACK(read_options), &program);
	g_signal_connect(application, "startup", G_CALLBACK(start), &program);
	g_signal_connect(application, "activate", G_CALLBACK(activate), &program);
	g_signal_connect(application, "open", G_CALLBACK(open_links), &program);
	int status = g_application_run(application, argc, argv);
	g_clear_object(&program.door);
	g_object_unref(application);
	g_free(program.profile);
	return status;
}
