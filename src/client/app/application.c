/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/application.h"

#include "client/app/choices.h"
#include "client/app/door.h"
#include "client/app/link.h"
#include "client/app/login/chat_module.h"
#include "client/app/notices.h"
#include "client/app/services.h"
#include "client/app/tray.h"
#include "client/app/window/window.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <string.h>

#define LARGE_DPI 192 /* 96 is 100 % */
#define APPLICATION_ID "org.imdrive.App"
#define HOUR_S 3600
#define PATIENCE_MS 60000
/* So long a window waits for the daemon, rather than be drawn twice. */
#define GLANCE_MS 150

typedef struct Program {
	AdwApplication *application;
	Door *door;
	Window *window; /* NULL: closed */
	Notices *notices;
	Tray *tray;        /* NULL: no bus */
	unsigned patience; /* source: the window is to be shown, once there is something in it */
	bool stays;        /* without a window, too */
	void (*usable)(void);
	bool right_to_left;
	bool large_text;
	char *profile;
} Program;

static void forget_window(void *data, GObject *window)
{
	((Program *)data)->window = NULL;
}

static void painted(GdkFrameClock *clock, Program *program)
{
	if (program->usable && program->window && window_is_usable(program->window)) {
		program->usable();
		program->usable = NULL;
	}
}

static void mapped(GtkWidget *window, Program *program)
{
	g_signal_connect(gtk_widget_get_frame_clock(window), "after-paint", G_CALLBACK(painted),
			 program);
}

static void show_window(Program *program)
{
	if (!program->window) {
		program->window = window_new(program->application, program->door);
		g_object_weak_ref(G_OBJECT(program->window), forget_window, program);
		if (program->usable) {
			g_signal_connect(program->window, "map", G_CALLBACK(mapped), program);
		}
	}
	gtk_window_present(GTK_WINDOW(program->window));
	if (program->patience) {
		g_clear_handle_id(&program->patience, g_source_remove);
		g_application_release(G_APPLICATION(program->application));
	}
}

static gboolean lose_patience(void *data)
{
	show_window(data);
	return G_SOURCE_REMOVE;
}

static void activate(GApplication *application, Program *program)
{
	if (program->window || door_status(program->door)) {
		show_window(program);
	} else if (!program->patience) {
		g_application_hold(application);
		program->patience = g_timeout_add(GLANCE_MS, lose_patience, program);
	}
}

static void open_links(GApplication *application, GFile **files, int count, const char *hint,
		       Program *program)
{
	show_window(program);
	for (int i = 0; i < count; i++) {
		g_autofree char *uri = g_file_get_uri(files[i]);
		g_auto(Link) link = { 0 };
		g_autofree char *path = g_file_get_path(files[i]);
		if (link_read(uri, &link)) {
			window_invite(program->window, &link);
			return;
		}
		if (path) {
			window_open_file(program->window, path);
			return;
		}
	}
}

static void act_show(GSimpleAction *action, GVariant *parameter, void *data)
{
	show_window(data);
}

/* For file managers; parameter: the address of a local file. */
static void act_share(GSimpleAction *action, GVariant *parameter, void *data)
{
	Program *program = data;
	g_autofree char *path =
		g_filename_from_uri(g_variant_get_string(parameter, NULL), NULL, NULL);
	show_window(program);
	if (path) {
		window_share_file(program->window, path);
	}
}

static void act_sign_in(GSimpleAction *action, GVariant *parameter, void *data)
{
	Program *program = data;
	show_window(program);
	window_sign_in(program->window);
}

static void act_open_folder(GSimpleAction *action, GVariant *parameter, void *data)
{
	const json_t *status = door_status(((Program *)data)->door);
	const json_t *first = json_array_get(json_object_get(status, "bindings"), 0);
	const char *path = json_string_value(json_object_get(first, "path"));
	g_autofree char *uri = path ? g_filename_to_uri(path, NULL, NULL) : NULL;
	if (uri) {
		g_app_info_launch_default_for_uri_async(uri, NULL, NULL, NULL, NULL);
	}
}

/* params is taken. */
static void tell_daemon(const Program *program, const char *method, json_t *params)
{
	door_ask(program->door, method, params, program->application, NULL);
}

static void act_pause_hour(GSimpleAction *action, GVariant *parameter, void *data)
{
	tell_daemon(data, "pause", json_pack("{s:i}", "seconds", HOUR_S));
}

static void act_pause(GSimpleAction *action, GVariant *parameter, void *data)
{
	tell_daemon(data, "pause", NULL);
}

static void act_resume(GSimpleAction *action, GVariant *parameter, void *data)
{
	tell_daemon(data, "resume", NULL);
}

static void act_undo_deletions(GSimpleAction *action, GVariant *parameter, void *data)
{
	tell_daemon(data, "undo-deletions", NULL);
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

/* With a folder that is synced there is something to tell; before, there is nothing without a
 * window. */
static void heard(Program *program)
{
	const json_t *status = door_status(program->door);
	bool stays = json_array_size(json_object_get(status, "bindings")) > 0;
	if (program->patience) {
		show_window(program);
	}
	if (!status || stays == program->stays) {
		return;
	}
	program->stays = stays;
	if (stays) {
		g_application_hold(G_APPLICATION(program->application));
	} else {
		g_application_release(G_APPLICATION(program->application));
	}
}

static void start(GApplication *application, Program *program)
{
	static const GActionEntry actions[] = {
		{ .name = "about", .activate = about },
		{ .name = "quit", .activate = quit },
		{ .name = "show", .activate = act_show },
		{ .name = "share", .activate = act_share, .parameter_type = "s" },
		{ .name = "sign-in", .activate = act_sign_in },
		{ .name = "open-folder", .activate = act_open_folder },
		{ .name = "pause-hour", .activate = act_pause_hour },
		{ .name = "pause", .activate = act_pause },
		{ .name = "resume", .activate = act_resume },
		{ .name = "undo-deletions", .activate = act_undo_deletions },
	};
	static const char *const quit_keys[] = { "<Control>q", NULL };
	static const char *const close_keys[] = { "<Control>w", NULL };
	GtkApplication *gtk = GTK_APPLICATION(application);
	program->door = door_new(program->profile);
	g_signal_connect_swapped(program->door, "status", G_CALLBACK(heard), program);
	door_open(program->door);
	if (program->right_to_left) {
		gtk_widget_set_default_direction(GTK_TEXT_DIR_RTL);
	}
	if (program->large_text) {
		g_object_set(gtk_settings_get_default(), "gtk-xft-dpi", LARGE_DPI * PANGO_SCALE,
			     NULL);
	}
	g_autoptr(GtkCssProvider) style = gtk_css_provider_new();
	gtk_css_provider_load_from_resource(style, "/org/imdrive/App/style.css");
	gtk_style_context_add_provider_for_display(gdk_display_get_default(),
						   GTK_STYLE_PROVIDER(style),
						   GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
	g_action_map_add_action_entries(G_ACTION_MAP(application), actions, G_N_ELEMENTS(actions),
					program);
	gtk_application_set_accels_for_action(gtk, "app.quit", quit_keys);
	gtk_application_set_accels_for_action(gtk, "window.close", close_keys);
	program->notices = notices_new(application, program->door);
	program->tray = tray_new(application, program->door);
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
		const ChatLoginModule *module = chat_module_get();
		g_assert(module);
		module->allow_automation();
	}
	Program program = {
		.application = adw_application_new(APPLICATION_ID, G_APPLICATION_HANDLES_OPEN),
		.profile = g_build_filename(g_get_user_state_dir(), "imdrive", NULL),
		.usable = options->usable,
		.right_to_left = options->right_to_left,
		.large_text = options->large_text,
	};
	GApplication *application = G_APPLICATION(program.application);
	g_application_set_resource_base_path(application, "/org/imdrive/App");
	/* In the background: so long the daemon may take to say that there is something to do. */
	g_application_set_inactivity_timeout(application, PATIENCE_MS);
	g_application_add_main_option_entries(application, entries);
	g_signal_connect(application, "handle-local-options", G_CALLBACK(read_options), &program);
	g_signal_connect(application, "startup", G_CALLBACK(start), &program);
	g_signal_connect(application, "activate", G_CALLBACK(activate), &program);
	g_signal_connect(application, "open", G_CALLBACK(open_links), &program);
	int status = g_application_run(application, argc, argv);
	tray_free(program.tray);
	notices_free(program.notices);
	if (program.door) {
		g_signal_handlers_disconnect_by_data(program.door, &program);
	}
	g_clear_object(&program.door);
	g_object_unref(application);
	g_free(program.profile);
	return status;
}
