/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/door.h"

#include <glib/gstdio.h>

#define ASKED 20000
#define AT_ONCE 64

typedef struct Held {
	Door *door;
	GThread *main;
	unsigned asked, answers, gone;
	unsigned astray; /* let go on another thread */
} Held;

static void let_go(void *data, GObject *object)
{
	Held *held = data;
	(void)object;
	if (g_thread_self() != held->main) {
		g_atomic_int_inc(&held->astray);
	}
	g_atomic_int_inc(&held->gone);
}

static void ask(Held *held);

static void answered(void *object, const json_t *result, const GError *error)
{
	Held *held = g_object_get_data(object, "held");
	g_assert_null(result);
	g_assert_nonnull(error);
	held->answers++;
	ask(held);
}

/* Only the call holds the object. */
static void ask(Held *held)
{
	if (held->asked == ASKED) {
		return;
	}
	held->asked++;
	g_autoptr(GObject) object = g_object_new(G_TYPE_OBJECT, NULL);
	g_object_set_data(object, "held", held);
	g_object_weak_ref(object, let_go, held);
	door_ask(held->door, "status", NULL, object, answered);
}

/* As a window is that was closed before the answer came; no daemon runs, which is an answer too. */
static void test_object_is_let_go_on_the_main_thread(void)
{
	g_autofree char *profile = g_dir_make_tmp("imdrive-door-XXXXXX", NULL);
	g_autoptr(Door) door = door_new(profile);
	Held held = { .door = door, .main = g_thread_self() };
	for (unsigned i = 0; i < AT_ONCE; i++) {
		ask(&held);
	}
	while (held.answers < ASKED || (unsigned)g_atomic_int_get(&held.gone) < ASKED) {
		g_main_context_iteration(NULL, held.answers < ASKED);
	}
	g_assert_cmpuint(held.astray, ==, 0);
	g_rmdir(profile);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/app/door/object-is-let-go-on-the-main-thread",
			test_object_is_let_go_on_the_main_thread);
	return g_test_run();
}
