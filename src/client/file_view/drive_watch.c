/* SPDX-License-Identifier: Apache-2.0 */
#include "client/file_view/drive_watch.h"

#include "client/control/control_client.h"
#include "client/control/socket_path.h"

#include <gio/gio.h>
#include <string.h>

/* Where there is a socket, and nobody at it. */
#define TRIES 50
#define TRY_AGAIN_US (100 * G_TIME_SPAN_MILLISECOND)

typedef struct Place {
	char *folder;
	DrivePlace kind;
} Place;

/* Shared with the thread, which may outlive whoever made it. */
typedef struct News {
	int references; /* atomic */
	char *profile;
	DriveWatch *watch; /* of the main thread; NULL: nobody listens */
} News;

struct DriveWatch {
	void (*changed)(void *data);
	void *data;
	News *news;
	GFileMonitor *monitor; /* NULL: there is no profile yet */
	GArray *places;        /* Place */
	char *seen;            /* what of the status matters */
	bool runs;             /* a thread follows a daemon */
	bool again;            /* the next one came before the end of that one was heard */
	unsigned resting;      /* source */
};

static void news_unref(News *news)
{
	if (g_atomic_int_dec_and_test(&news->references)) {
		g_free(news->profile);
		g_free(news);
	}
}

static void place_clear(void *data)
{
	g_free(((Place *)data)->folder);
}

static void *follow(void *data);

static void start(DriveWatch *watch)
{
	watch->again = watch->runs;
	if (!watch->runs) {
		watch->runs = true;
		g_atomic_int_inc(&watch->news->references);
		g_thread_unref(g_thread_new("imdrive", follow, watch->news));
	}
}

/* ---- on the main thread ------------------------------------------------------------------ */

static gboolean rested(void *data)
{
	DriveWatch *watch = data;
	watch->resting = 0;
	watch->changed(watch->data);
	return G_SOURCE_REMOVE;
}

static void tell(DriveWatch *watch)
{
	if (watch->resting == 0) {
		watch->resting = g_timeout_add_seconds(DRIVE_WATCH_REST_S, rested, watch);
	}
}

static void take_places(DriveWatch *watch, const json_t *status)
{
	size_t index;
	json_t *binding;
	g_array_set_size(watch->places, 0);
	json_array_foreach(json_object_get(status, "bindings"), index, binding)
	{
		const char *kind = json_string_value(json_object_get(binding, "kind"));
		const char *folder = json_string_value(json_object_get(binding, "path"));
		const Place place = { g_strdup(folder), g_strcmp0(kind, "mount") == 0
								? DRIVE_PLACE_MOUNT
								: DRIVE_PLACE_FOLDER };
		if (folder) {
			g_array_append_val(watch->places, place);
		}
	}
}

/* By what files may look otherwise than before; rates and the like are left out. */
static char *dup_gist(const json_t *status)
{
	static const char *const keys[] = { "pending", "conflicts", "files", "bytes", "state" };
	g_autoptr(GString) gist = g_string_new(NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		char *text = json_dumps(json_object_get(status, keys[i]), JSON_ENCODE_ANY);
		g_string_append_printf(gist, "%s ", text ? text : "");
		free(text);
	}
	char *errors = json_dumps(json_object_get(status, "errors"), JSON_COMPACT);
	g_string_append_printf(gist, "%s %zu", errors ? errors : "",
			       json_array_size(json_object_get(status, "bindings")));
	free(errors);
	return g_string_free(g_steal_pointer(&gist), FALSE);
}

typedef struct Word {
	News *news;
	json_t *status; /* NULL: the daemon ended */
} Word;

static void word_free(void *data)
{
	Word *word = data;
	news_unref(word->news);
	json_decref(word->status);
	g_free(word);
}

static gboolean hear(void *data)
{
	const Word *word = data;
	DriveWatch *watch = word->news->watch;
	if (!watch) {
		return G_SOURCE_REMOVE;
	}
	take_places(watch, word->status);
	g_autofree char *gist = word->status ? dup_gist(word->status) : NULL;
	if (g_strcmp0(gist, watch->seen) != 0) {
		g_free(watch->seen);
		watch->seen = g_steal_pointer(&gist);
		tell(watch);
	}
	if (!word->status) {
		watch->runs = false;
		if (watch->again) {
			start(watch);
		}
	}
	return G_SOURCE_REMOVE;
}

/* ---- on its thread ----------------------------------------------------------------------- */

static void say(News *news, json_t *status)
{
	Word *word = g_new(Word, 1);
	g_atomic_int_inc(&news->references);
	*word = (Word){ news, json_incref(status) };
	g_main_context_invoke_full(NULL, G_PRIORITY_DEFAULT_IDLE, hear, word, word_free);
}

static bool watched(json_t *status, void *data)
{
	say(data, status);
	return true;
}

static void *follow(void *data)
{
	News *news = data;
	g_autofree char *socket = g_build_filename(news->profile, SOCKET_PATH_NAME, NULL);
	control_client_watch(news->profile, watched, news, NULL);
	/* A socket that has just appeared is not yet listened at. */
	for (unsigned i = 0; i < TRIES && g_file_test(socket, G_FILE_TEST_EXISTS); i++) {
		g_usleep(TRY_AGAIN_US);
		control_client_watch(news->profile, watched, news, NULL);
	}
	say(news, NULL);
	news_unref(news);
	return NULL;
}

/* ---- life -------------------------------------------------------------------------------- */

static void appeared(GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event,
		     DriveWatch *watch)
{
	g_autofree char *name = g_file_get_basename(file);
	if (event == G_FILE_MONITOR_EVENT_CREATED && g_strcmp0(name, SOCKET_PATH_NAME) == 0) {
		start(watch);
	}
}

/* As soon as there is a profile. */
static void look(DriveWatch *watch)
{
	const char *profile = watch->news->profile;
	if (watch->monitor || !g_file_test(profile, G_FILE_TEST_IS_DIR)) {
		return;
	}
	g_autoptr(GFile) folder = g_file_new_for_path(profile);
	watch->monitor = g_file_monitor_directory(folder, G_FILE_MONITOR_NONE, NULL, NULL);
	if (watch->monitor) {
		g_signal_connect(watch->monitor, "changed", G_CALLBACK(appeared), watch);
	}
	start(watch);
}

DriveWatch *drive_watch_new(const char *profile, void (*changed)(void *data), void *data)
{
	DriveWatch *watch = g_new0(DriveWatch, 1);
	watch->changed = changed;
	watch->data = data;
	watch->places = g_array_new(FALSE, FALSE, sizeof(Place));
	g_array_set_clear_func(watch->places, place_clear);
	watch->news = g_new0(News, 1);
	*watch->news = (News){ .references = 1, .profile = g_strdup(profile), .watch = watch };
	look(watch);
	return watch;
}

void drive_watch_free(DriveWatch *watch)
{
	if (!watch) {
		return;
	}
	watch->news->watch = NULL;
	news_unref(watch->news);
	g_clear_handle_id(&watch->resting, g_source_remove);
	if (watch->monitor) {
		g_signal_handlers_disconnect_by_data(watch->monitor, watch);
	}
	g_clear_object(&watch->monitor);
	g_array_unref(watch->places);
	g_free(watch->seen);
	g_free(watch);
}

DrivePlace drive_watch_place(DriveWatch *watch, const char *path, bool *ret_top)
{
	look(watch);
	*ret_top = false;
	for (unsigned i = 0; i < watch->places->len; i++) {
		const Place *place = &g_array_index(watch->places, Place, i);
		size_t size = strlen(place->folder);
		if (strncmp(path, place->folder, size) == 0 &&
		    (path[size] == '/' || path[size] == '\0')) {
			*ret_top = path[size] == '\0';
			return place->kind;
		}
	}
	return DRIVE_PLACE_NONE;
}
