/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/background.h"

#include "base/error.h"
#include "client/control/control_client.h"

#include <gio/gio.h>
#include <jansson.h>
#include <unistd.h>

#define LOOK_US 20000
#define WAIT_US 20000000

static bool answers(const char *profile)
{
	json_auto_t *status = control_client_call(profile, "status", NULL, NULL);
	return status;
}

static bool start_service(const char *profile)
{
	g_autofree char *usual = g_build_filename(g_get_user_state_dir(), "imdrive", NULL);
	if (g_strcmp0(profile, usual) != 0) {
		return false;
	}
	g_autoptr(GSubprocess) start = g_subprocess_new(
		G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL,
		"systemctl", "--user", "start", "imdrive.service", NULL);
	return start && g_subprocess_wait_check(start, NULL, NULL);
}

/* In a session of its own: what ends the app does not end it. */
static void leave(void *data)
{
	setsid();
}

static bool start_program(const char *profile, GError **error)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *folder = self ? g_path_get_dirname(self) : g_strdup(".");
	g_autofree char *beside = g_build_filename(folder, "imdrive", NULL);
	bool there = g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE);
	char *words[] = { there ? beside : (char *)"imdrive", (char *)"--profile", (char *)profile,
			  (char *)"daemon", NULL };
	GSpawnFlags flags = G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL;
	if (!g_spawn_async(NULL, words, NULL, flags, leave, NULL, NULL, error)) {
		g_prefix_error(error, "start 'imdrive daemon': ");
		return false;
	}
	return true;
}

bool background_start(const char *profile, GError **error)
{
	if (answers(profile)) {
		return true;
	}
	if (!start_service(profile) && !start_program(profile, error)) {
		return false;
	}
	for (int64_t waited_us = 0; waited_us < WAIT_US; waited_us += LOOK_US) {
		if (answers(profile)) {
			return true;
		}
		g_usleep(LOOK_US);
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE,
		    "imdrive's background program was started, but does not answer: see what "
		    "'imdrive --profile %s daemon' says",
		    profile);
	return false;
}
