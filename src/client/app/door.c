/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/door.h"

#include "base/error.h"
#include "client/app/background.h"
#include "client/control/control_client.h"

#include <stdbool.h>

struct _Door {
	GObject parent;
	char *profile;
	json_t *status;
	char *trouble;
};

G_DEFINE_FINAL_TYPE(Door, door, G_TYPE_OBJECT)

static unsigned status_signal;

static void finalize(GObject *object)
{
	Door *door = DOOR_DOOR(object);
	g_free(door->profile);
	json_decref(door->status);
	g_free(door->trouble);
	G_OBJECT_CLASS(door_parent_class)->finalize(object);
}

static void door_class_init(DoorClass *class)
{
	G_OBJECT_CLASS(class)->finalize = finalize;
	status_signal = g_signal_new("status", DOOR_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
				     G_TYPE_NONE, 0);
}

static void door_init(Door *door)
{
}

Door *door_new(const char *profile)
{
	Door *door = g_object_new(DOOR_TYPE, NULL);
	door->profile = g_strdup(profile);
	return door;
}

const json_t *door_status(Door *door)
{
	return door->status;
}

json_int_t door_held_deletions(Door *door)
{
	json_int_t held = 0;
	size_t index;
	json_t *binding;
	json_array_foreach(json_object_get(door->status, "bindings"), index, binding)
	{
		held += json_integer_value(json_object_get(binding, "held_deletions"));
	}
	return held;
}

const char *door_trouble(Door *door)
{
	return door->trouble;
}

/* ---- watching ---------------------------------------------------------------------------- */

typedef struct News {
	Door *door;
	json_t *status; /* NULL: it ended */
	char *trouble;
} News;

static void news_free(void *data)
{
	News *news = data;
	g_object_unref(news->door);
	json_decref(news->status);
	g_free(news->trouble);
	g_free(news);
}

static gboolean hear(void *data)
{
	News *news = data;
	Door *door = news->door;
	json_decref(door->status);
	door->status = g_steal_pointer(&news->status);
	g_free(door->trouble);
	door->trouble = g_steal_pointer(&news->trouble);
	g_signal_emit(door, status_signal, 0);
	return G_SOURCE_REMOVE;
}

static void tell(Door *door, json_t *status, const GError *failure)
{
	News *news = g_new(News, 1);
	news->door = g_object_ref(door);
	news->status = json_incref(status);
	news->trouble = failure ? g_strdup(failure->message) : NULL;
	g_main_context_invoke_full(NULL, G_PRIORITY_DEFAULT, hear, news, news_free);
}

static bool watched(json_t *status, void *data)
{
	tell(data, status, NULL);
	return true;
}

/* A thread that is asleep as long as nothing changes; it ends with the program. */
static void *watch(void *data)
{
	Door *door = data;
	for (;;) {
		g_autoptr(GError) failure = NULL;
		if (!background_start(door->profile, &failure)) {
			tell(door, NULL, failure);
			g_usleep(BACKGROUND_AGAIN_US);
			continue;
		}
		control_client_watch(door->profile, watched, door, NULL);
		tell(door, NULL, NULL);
	}
	return NULL;
}

void door_open(Door *door)
{
	g_thread_unref(g_thread_new("watch", watch, g_object_ref(door)));
}

/* ---- asking ------------------------------------------------------------------------------ */

/*
 * Is freed, with what it holds, on the main thread. A task is not: it goes, with its source object,
 * on whichever of the two threads comes last, and a window that is taken apart on another thread
 * than the one that draws it takes the app with it.
 */
typedef struct Call {
	char *profile;
	char *method;
	json_t *params;
	GObject *object;
	DoorAnswer answer;
} Call;

static void call_free(Call *call)
{
	g_object_unref(call->object);
	g_free(call->profile);
	g_free(call->method);
	json_decref(call->params);
	g_free(call);
}

static void run(GTask *task, void *source, void *data, GCancellable *cancellable)
{
	const Call *call = data;
	GError *error = NULL;
	json_t *result = control_client_call(call->profile, call->method, call->params, &error);
	if (result) {
		g_task_return_pointer(task, result, (GDestroyNotify)json_decref);
	} else {
		g_task_return_error(task, error);
	}
}

static void answered(GObject *source, GAsyncResult *result, void *data)
{
	Call *call = data;
	g_autoptr(GError) error = NULL;
	json_auto_t *value = g_task_propagate_pointer(G_TASK(result), &error);
	if (call->answer) {
		call->answer(call->object, value, error);
	}
	call_free(call);
}

void door_ask(Door *door, const char *method, json_t *params, void *object, DoorAnswer answer)
{
	Call *call = g_new(Call, 1);
	*call = (Call){
		.profile = g_strdup(door->profile),
		.method = g_strdup(method),
		.params = params,
		.object = g_object_ref(object),
		.answer = answer,
	};
	g_autoptr(GTask) task = g_task_new(NULL, NULL, answered, call);
	g_task_set_task_data(task, call, NULL);
	g_task_run_in_thread(task, run);
}
