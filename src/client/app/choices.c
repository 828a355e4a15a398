/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/choices.h"

#include <string.h>

#define GROUP "app"
#define READER_SCHEMA "org.gnome.desktop.a11y.applications"

static char *file_path(void)
{
	return g_build_filename(g_get_user_config_dir(), "imdrive", "app.conf", NULL);
}

static GKeyFile *load(void)
{
	GKeyFile *file = g_key_file_new();
	g_autofree char *path = file_path();
	g_key_file_load_from_file(file, path, G_KEY_FILE_KEEP_COMMENTS, NULL);
	return file;
}

/* A choice that cannot be kept is made again. */
static void save(GKeyFile *file)
{
	g_autofree char *path = file_path();
	g_autofree char *folder = g_path_get_dirname(path);
	g_mkdir_with_parents(folder, 0700);
	g_key_file_save_to_file(file, path, NULL);
}

char *choices_last_service(void)
{
	g_autoptr(GKeyFile) file = load();
	return g_key_file_get_string(file, GROUP, "last_service", NULL);
}

void choices_set_last_service(const char *id)
{
	g_autoptr(GKeyFile) file = load();
	g_key_file_set_string(file, GROUP, "last_service", id);
	save(file);
}

bool choices_prefers_browser(void)
{
	g_autoptr(GKeyFile) file = load();
	return g_key_file_get_boolean(file, GROUP, "prefers_browser", NULL);
}

void choices_set_prefers_browser(bool prefers)
{
	g_autoptr(GKeyFile) file = load();
	g_key_file_set_boolean(file, GROUP, "prefers_browser", prefers);
	save(file);
}

bool choices_has_screen_reader(void)
{
	GSettingsSchemaSource *source = g_settings_schema_source_get_default();
	g_autoptr(GSettingsSchema) schema =
		source ? g_settings_schema_source_lookup(source, READER_SCHEMA, TRUE) : NULL;
	if (!schema) {
		return false;
	}
	g_autoptr(GSettings) settings = g_settings_new(READER_SCHEMA);
	return g_settings_get_boolean(settings, "screen-reader-enabled");
}

void choices_open_page(GtkWindow *window, const char *url)
{
	const char *browser = g_getenv("BROWSER");
	const char *const words[] = { browser, url, NULL };
	bool opened = browser && *browser && !strpbrk(browser, ": %") &&
		      g_spawn_async(NULL, (char **)words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
				    NULL, NULL);
	if (!opened) {
		gtk_show_uri(window, url, GDK_CURRENT_TIME);
	}
}
