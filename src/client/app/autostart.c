/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/autostart.h"

#include "base/error.h"

#include <errno.h>
#include <glib/gstdio.h>

#define GROUP G_KEY_FILE_DESKTOP_GROUP

static char *file_path(void)
{
	return g_build_filename(g_get_user_config_dir(), "autostart", "org.imdrive.App.desktop",
				NULL);
}

/* Desktops switch an entry off by Hidden, too. */
bool autostart_is_on(void)
{
	g_autofree char *path = file_path();
	g_autoptr(GKeyFile) file = g_key_file_new();
	return g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL) &&
	       !g_key_file_get_boolean(file, GROUP, G_KEY_FILE_DESKTOP_KEY_HIDDEN, NULL);
}

/* As Exec= wants it: within quotes, with what is special there behind a backslash. */
static char *quote(const char *program)
{
	GString *text = g_string_new("\"");
	for (const char *at = program; *at; at++) {
		if (*at == '"' || *at == '`' || *at == '$' || *at == '\\') {
			g_string_append_c(text, '\\');
		}
		if (*at == '%') {
			g_string_append_c(text, '%');
		}
		g_string_append_c(text, *at);
	}
	g_string_append_c(text, '"');
	return g_string_free(text, FALSE);
}

static bool write_entry(const char *path, GError **error)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *program = quote(self ? self : "imdrive-app");
	g_autofree char *exec = g_strconcat(program, " --gapplication-service", NULL);
	g_autofree char *folder = g_path_get_dirname(path);
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) failure = NULL;
	g_key_file_set_string(file, GROUP, G_KEY_FILE_DESKTOP_KEY_TYPE, "Application");
	g_key_file_set_string(file, GROUP, G_KEY_FILE_DESKTOP_KEY_NAME, "imdrive");
	g_key_file_set_string(file, GROUP, G_KEY_FILE_DESKTOP_KEY_EXEC, exec);
	g_key_file_set_string(file, GROUP, G_KEY_FILE_DESKTOP_KEY_ICON, "org.imdrive.App");
	g_mkdir_with_parents(folder, 0700);
	if (!g_key_file_save_to_file(file, path, &failure)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "write '%s': %s", path,
			    failure->message);
		return false;
	}
	return true;
}

bool autostart_set(bool on, GError **error)
{
	g_autofree char *path = file_path();
	if (on) {
		return write_entry(path, error);
	}
	if (g_unlink(path) != 0 && errno != ENOENT) {
		return error_set_errno(error, errno, "remove '%s'", path);
	}
	return true;
}
