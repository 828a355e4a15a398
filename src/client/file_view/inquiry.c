/* SPDX-License-Identifier: Apache-2.0 */
#include "client/file_view/inquiry.h"

#include "base/limits.h"
#include "client/control/control_client.h"

#include <gio/gio.h>

/* How long questions gather: a file manager asks for a whole folder at once. */
#define GATHER_MS 20

struct InquiryQuestion {
	Inquiry *inquiry;
	char *path;
	bool mounted;
	InquiryAnswer answer; /* NULL: taken back */
	void *data;
	GDestroyNotify freed;
};

struct Inquiry {
	char *profile;
	GHashTable *open;   /* InquiryQuestion: all that are not answered */
	GPtrArray *waiting; /* those that were not asked yet, in order */
	unsigned gathering; /* source */
};

/* One call, or two. */
typedef struct Batch {
	char *profile;
	GPtrArray *questions; /* of the main thread */
	json_t *paths;
	json_t *mounted; /* those on a mounted disk, in order */
	json_t *states;  /* NULL: nobody answered */
	json_t *kept;
} Batch;

static void batch_free(void *data)
{
	Batch *batch = data;
	g_free(batch->profile);
	g_ptr_array_unref(batch->questions);
	json_decref(batch->paths);
	json_decref(batch->mounted);
	json_decref(batch->states);
	json_decref(batch->kept);
	g_free(batch);
}

static void question_free(InquiryQuestion *question)
{
	g_free(question->path);
	g_free(question);
}

/* ---- on a thread ------------------------------------------------------------------------- */

static json_t *call(const Batch *batch, const char *method, json_t *paths)
{
	json_auto_t *params = json_pack("{s:O}", "paths", paths);
	json_auto_t *answer = control_client_call(batch->profile, method, params, NULL);
	return json_incref(json_object_get(answer, "states"));
}

static void run(GTask *task, void *source, void *data, GCancellable *cancellable)
{
	Batch *batch = data;
	batch->states = call(batch, "files", batch->paths);
	if (batch->states && json_array_size(batch->mounted) > 0) {
		batch->kept = call(batch, "keep", batch->mounted);
	}
	g_task_return_boolean(task, TRUE);
}

/* ---- on the main thread ------------------------------------------------------------------ */

static const char *text_at(const json_t *list, size_t index)
{
	const char *text = json_string_value(json_array_get(list, index));
	return text ? text : "";
}

static void end(InquiryQuestion *question, const char *state, const char *kept)
{
	if (question->answer) {
		g_hash_table_remove(question->inquiry->open, question);
		question->answer(question, state, kept, question->data);
		question->freed(question->data);
	}
	question_free(question);
}

static void done(GObject *source, GAsyncResult *result, void *data)
{
	const Batch *batch = g_task_get_task_data(G_TASK(result));
	size_t mounted = 0;
	for (unsigned i = 0; i < batch->questions->len; i++) {
		InquiryQuestion *question = batch->questions->pdata[i];
		const char *kept = question->mounted ? text_at(batch->kept, mounted++) : "";
		end(question, text_at(batch->states, i), kept);
	}
}

static void ask(Inquiry *inquiry)
{
	Batch *batch = g_new0(Batch, 1);
	batch->profile = g_strdup(inquiry->profile);
	batch->questions = g_ptr_array_new();
	batch->paths = json_array();
	batch->mounted = json_array();
	unsigned count = MIN(inquiry->waiting->len, CONTROL_PATHS_MAX);
	for (unsigned i = 0; i < count; i++) {
		InquiryQuestion *question = inquiry->waiting->pdata[i];
		g_ptr_array_add(batch->questions, question);
		json_array_append_new(batch->paths, json_string(question->path));
		if (question->mounted) {
			json_array_append_new(batch->mounted, json_string(question->path));
		}
	}
	g_ptr_array_remove_range(inquiry->waiting, 0, count);
	g_autoptr(GTask) task = g_task_new(NULL, NULL, done, NULL);
	g_task_set_task_data(task, batch, batch_free);
	g_task_run_in_thread(task, run);
}

static gboolean gathered(void *data)
{
	Inquiry *inquiry = data;
	inquiry->gathering = 0;
	while (inquiry->waiting->len > 0) {
		ask(inquiry);
	}
	return G_SOURCE_REMOVE;
}

Inquiry *inquiry_new(const char *profile)
{
	Inquiry *inquiry = g_new0(Inquiry, 1);
	inquiry->profile = g_strdup(profile);
	inquiry->open = g_hash_table_new(NULL, NULL);
	inquiry->waiting = g_ptr_array_new();
	return inquiry;
}

void inquiry_free(Inquiry *inquiry)
{
	if (!inquiry) {
		return;
	}
	g_autoptr(GList) open = g_hash_table_get_keys(inquiry->open);
	for (GList *link = open; link; link = link->next) {
		inquiry_take_back(link->data);
	}
	g_clear_handle_id(&inquiry->gathering, g_source_remove);
	for (unsigned i = 0; i < inquiry->waiting->len; i++) {
		question_free(inquiry->waiting->pdata[i]);
	}
	g_ptr_array_unref(inquiry->waiting);
	g_hash_table_unref(inquiry->open);
	g_free(inquiry->profile);
	g_free(inquiry);
}

InquiryQuestion *inquiry_ask(Inquiry *inquiry, const char *path, bool mounted, InquiryAnswer answer,
			     void *data, GDestroyNotify freed)
{
	InquiryQuestion *question = g_new(InquiryQuestion, 1);
	*question = (InquiryQuestion){ inquiry, g_strdup(path), mounted, answer, data, freed };
	g_hash_table_add(inquiry->open, question);
	g_ptr_array_add(inquiry->waiting, question);
	if (inquiry->gathering == 0) {
		inquiry->gathering = g_timeout_add(GATHER_MS, gathered, inquiry);
	}
	return question;
}

void inquiry_take_back(InquiryQuestion *question)
{
	if (question->answer) {
		g_hash_table_remove(question->inquiry->open, question);
		question->answer = NULL;
		question->freed(question->data);
	}
}
