/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenes around a server without room, on its disk or for the account, and around a full disk of a
 * device, as scenes_test.c tells them.
 */
#include "base/error.h"
#include "base/log.h"
#include "scene.h"

#include <string.h>

#define FILES 40
/* Bytes of the first of these; of each next one more. */
#define FILE_SIZE 1000
#define SECOND_US 1000000

typedef enum Cause { DISK, ACCOUNT, CAUSES } Cause;

/* How often files are opened to be read, by path. */
static bool count_opened(DiskCall call, const char *path, void *data, GError **error)
{
	GHashTable *opened = data;
	(void)error;
	if (call == DISK_CALL_OPEN) {
		unsigned times = GPOINTER_TO_UINT(g_hash_table_lookup(opened, path));
		g_hash_table_insert(opened, g_strdup(path), GUINT_TO_POINTER(times + 1));
	}
	return true;
}

static unsigned times_opened(GHashTable *opened, const char *path)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(opened, path));
}

static unsigned times_opened_all(GHashTable *opened)
{
	unsigned times = 0;
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, opened);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		times += GPOINTER_TO_UINT(value);
	}
	return times;
}

static GHashTable *count_from_now(Scene *scene)
{
	GHashTable *opened = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	sim_device_set_hook(scene->laptop, count_opened, opened);
	return opened;
}

/* Room for so many bytes more. */
static void leave_room(Scene *scene, Cause cause, uint64_t bytes)
{
	SimServer *server = scene->world->server;
	if (cause == ACCOUNT) {
		sim_server_set_quota(server, sim_server_usage(server) + bytes);
	} else {
		sim_server_set_full(server, true);
	}
}

static void make_room(Scene *scene)
{
	sim_server_set_full(scene->world->server, false);
	sim_server_set_quota(scene->world->server, 0);
}

static void save_sized(SimDevice *device, const char *path, char letter, size_t size)
{
	g_autofree char *text = g_strnfill(size, letter);
	memcpy(text, path, MIN(strlen(path), size));
	scene_save(device, path, text);
}

static void save_files(SimDevice *device, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		g_autofree char *name = g_strdup_printf("file %02u", i);
		save_sized(device, name, 'x', FILE_SIZE + i);
	}
}

/* Both work for so long. */
static void live(Scene *scene, int64_t time_us)
{
	int64_t end_us = scene->world->now_us + time_us;
	unsigned idle = 0;
	while (scene->world->now_us < end_us) {
		bool worked = scene_work(scene->laptop);
		worked |= scene_work(scene->desktop);
		idle = worked ? 0 : MIN(idle + 1, 10);
		scene_pass(scene, 100ll << idle);
	}
}

static unsigned files_of(SimDevice *device)
{
	g_autofree char *tree = scene_tree(device);
	unsigned files = 0;
	for (const char *at = tree; (at = strstr(at, "file ")); at++) {
		files += at[strlen("file 00")] == '=';
	}
	return files;
}

static unsigned problems_of(SimDevice *device, int code)
{
	g_auto(EngineStatus) status = { 0 };
	engine_status_get(sim_device_engine(device), &status);
	unsigned problems = 0;
	for (unsigned i = 0; i < status.problems->len; i++) {
		problems += ((const EngineProblem *)status.problems->pdata[i])->code == code;
	}
	return problems;
}

static void assert_told(Scene *scene, Cause cause, unsigned waiting)
{
	unsigned of_disk = problems_of(scene->laptop, DRIVE_ERROR_NO_SPACE);
	unsigned of_account = problems_of(scene->laptop, DRIVE_ERROR_QUOTA);
	g_assert_cmpuint(of_disk, ==, cause == DISK && waiting ? 1 : 0);
	g_assert_cmpuint(of_account, ==, cause == ACCOUNT ? waiting : 0);
}

/* ---- scenes ----------------------------------------------------------------------------- */

/* A file is read when it is refused, and to see whether it is there; then one alone. */
static void test_waiting_files_are_not_read_again(const void *data)
{
	Cause cause = *(const Cause *)data;
	for (unsigned lazy = 0; lazy < 2; lazy++) {
		g_autoptr(Scene) scene = scene_new_with(1, lazy);
		scene_save(scene->laptop, "before", "before");
		scene_settle(scene);
		leave_room(scene, cause, 0);
		g_autoptr(GHashTable) opened = count_from_now(scene);
		save_files(scene->laptop, 0, FILES);
		live(scene, 20 * SECOND_US);
		assert_told(scene, cause, FILES);
		unsigned refusals = sim_server_refusals(scene->world->server);
		unsigned before = times_opened_all(opened);
		g_assert_cmpuint(before, <, 3 * FILES);
		live(scene, 600 * SECOND_US);
		unsigned probes = times_opened(opened, "file 00");
		g_assert_cmpuint(probes, >, cause == DISK ? 100 : 8);
		g_assert_cmpuint(probes, <, cause == DISK ? 140 : 20);
		for (unsigned i = 1; i < FILES; i++) {
			g_autofree char *name = g_strdup_printf("file %02u", i);
			g_assert_cmpuint(times_opened(opened, name), <=, 2);
		}
		if (cause == DISK) {
			refusals = sim_server_refusals(scene->world->server) - refusals;
			g_assert_cmpuint(refusals, ==, times_opened_all(opened) - before);
		}
		assert_told(scene, cause, FILES);
		g_assert_cmpuint(files_of(scene->desktop), ==, 0);
		/* A minute at most, if it is the account. */
		make_room(scene);
		live(scene, (cause == DISK ? 6 : 61) * SECOND_US);
		g_assert_cmpuint(files_of(scene->desktop), ==, FILES);
		assert_told(scene, cause, 0);
		scene_settle(scene);
		sim_device_set_hook(scene->laptop, NULL, NULL);
	}
}

/* Folders, moves, deletions, and files whose content is there. */
static void test_what_needs_no_room_goes_at_once(const void *data)
{
	Cause cause = *(const Cause *)data;
	g_autoptr(Scene) scene = scene_new();
	scene_save(scene->laptop, "kept", "the content of a file that is stored");
	scene_save(scene->laptop, "moved", "moved");
	scene_save(scene->laptop, "deleted", "deleted");
	scene_settle(scene);
	leave_room(scene, cause, 0);
	save_sized(scene->laptop, "file 00", 'x', 4);
	save_files(scene->laptop, 1, 10);
	live(scene, 20 * SECOND_US);
	scene_save(scene->laptop, "copy", "the content of a file that is stored");
	scene_make(scene->laptop, "folder");
	scene_rename(scene->laptop, "moved", "folder/moved");
	scene_remove(scene->laptop, "deleted");
	live(scene, SECOND_US / 2);
	scene_assert_tree(scene->desktop, "copy=the content of a file that is stored\n"
					  "folder/\nfolder/moved=moved\n"
					  "kept=the content of a file that is stored\n");
	assert_told(scene, cause, 10);
	/* What waited is something else now, that is there. */
	scene_save(scene->laptop, "file 01", "the content of a file that is stored");
	live(scene, SECOND_US / 2);
	g_assert_cmpuint(files_of(scene->desktop), ==, 1);
	assert_told(scene, cause, 9);
	make_room(scene);
	scene_settle(scene);
	g_assert_cmpuint(files_of(scene->desktop), ==, 10);
}

/* A large file that has no room holds up nothing that has. */
static void test_small_files_go_on(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_save(scene->laptop, "before", "before");
	scene_settle(scene);
	leave_room(scene, ACCOUNT, 3 * FILE_SIZE + FILES);
	save_sized(scene->laptop, "large", 'x', 4 * FILE_SIZE);
	live(scene, 20 * SECOND_US);
	assert_told(scene, ACCOUNT, 1);
	g_autoptr(GHashTable) opened = count_from_now(scene);
	save_files(scene->laptop, 0, 2);
	live(scene, SECOND_US / 2);
	g_assert_cmpuint(files_of(scene->desktop), ==, 2);
	g_assert_cmpuint(times_opened(opened, "large"), ==, 0);
	/* More of them than fit: those that do not wait, too, and one of them tries. */
	save_files(scene->laptop, 2, FILES);
	live(scene, 300 * SECOND_US);
	g_assert_cmpuint(files_of(scene->desktop), ==, 3);
	g_assert_cmpuint(times_opened_all(opened), <, 3 * FILES);
	assert_told(scene, ACCOUNT, FILES - 3 + 1);
	/* There is room for some of them: they go, and little is read in vain. */
	g_hash_table_remove_all(opened);
	uint64_t used = sim_server_usage(scene->world->server);
	leave_room(scene, ACCOUNT, 20 * FILE_SIZE);
	live(scene, 61 * SECOND_US);
	g_assert_cmpuint(sim_server_usage(scene->world->server), >, used + 19 * FILE_SIZE);
	g_assert_cmpuint(files_of(scene->desktop), >, 3);
	g_assert_cmpuint(times_opened_all(opened), <, 60);
	g_assert_cmpuint(times_opened(opened, "large"), <=, 1);
	make_room(scene);
	scene_settle(scene);
	g_assert_cmpuint(files_of(scene->desktop), ==, FILES);
	assert_told(scene, ACCOUNT, 0);
	sim_device_set_hook(scene->laptop, NULL, NULL);
}

/* Nobody says how much room there is: it is found out without reading most of what waits. */
static void test_little_room_is_found_out(void)
{
	const unsigned files = 900;
	g_autoptr(Scene) scene = scene_new();
	scene_save(scene->laptop, "before", "before");
	scene_settle(scene);
	leave_room(scene, ACCOUNT, 0);
	for (unsigned i = 0; i < files; i++) {
		g_autofree char *name = g_strdup_printf("many %03u", i);
		save_sized(scene->laptop, name, 'x', FILE_SIZE);
	}
	live(scene, 60 * SECOND_US);
	assert_told(scene, ACCOUNT, files);
	g_autoptr(GHashTable) opened = count_from_now(scene);
	leave_room(scene, ACCOUNT, 20 * FILE_SIZE);
	live(scene, 61 * SECOND_US);
	assert_told(scene, ACCOUNT, files - 20);
	g_assert_cmpuint(times_opened_all(opened), <, 40);
	make_room(scene);
	scene_settle(scene);
	g_assert_cmpuint(times_opened_all(opened), <, 40 + files);
	sim_device_set_hook(scene->laptop, NULL, NULL);
}

/* Another tries when that one is gone; when nothing waits any more, nothing is wrong. */
static void test_what_tries_may_go(const void *data)
{
	Cause cause = *(const Cause *)data;
	g_autoptr(Scene) scene = scene_new();
	scene_save(scene->laptop, "before", "before");
	scene_settle(scene);
	leave_room(scene, cause, 0);
	save_sized(scene->laptop, "smallest", 'x', 10);
	save_files(scene->laptop, 0, 3);
	live(scene, 20 * SECOND_US);
	g_autoptr(GHashTable) opened = count_from_now(scene);
	scene_remove(scene->laptop, "smallest");
	live(scene, 130 * SECOND_US);
	g_assert_cmpuint(times_opened(opened, "file 00"), >=, 2);
	g_assert_cmpuint(times_opened(opened, "file 01"), ==, 0);
	assert_told(scene, cause, 3);
	for (unsigned i = 0; i < 3; i++) {
		g_autofree char *name = g_strdup_printf("file %02u", i);
		scene_remove(scene->laptop, name);
	}
	live(scene, 20 * SECOND_US);
	assert_told(scene, cause, 0);
	scene_settle_as(scene, "before=before\n");
	make_room(scene);
	save_files(scene->laptop, 0, 1);
	live(scene, SECOND_US / 2);
	g_assert_cmpuint(files_of(scene->desktop), ==, 1);
	sim_device_set_hook(scene->laptop, NULL, NULL);
}

/* It was out of reach meanwhile: it may be another disk. */
static void test_room_after_the_server_was_away(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_save(scene->laptop, "before", "before");
	scene_settle(scene);
	leave_room(scene, ACCOUNT, 0);
	save_files(scene->laptop, 0, FILES);
	live(scene, 600 * SECOND_US);
	sim_device_set_online(scene->laptop, false);
	live(scene, 300 * SECOND_US);
	make_room(scene);
	sim_device_set_online(scene->laptop, true);
	live(scene, 120 * SECOND_US);
	g_assert_cmpuint(files_of(scene->desktop), ==, FILES);
	scene_settle(scene);
}

/* The disk of a device that takes nothing. */
static bool refuse_writes(DiskCall call, const char *path, void *data, GError **error)
{
	if (call != DISK_CALL_FILE_WRITE) {
		return true;
	}
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE, "no space left on device");
	return false;
}

/* What no compression makes small. */
static void save_noise(SimDevice *device, const char *path, size_t size)
{
	g_autoptr(GRand) dice = g_rand_new_with_seed(g_str_hash(path));
	g_autofree char *text = g_malloc(size + 1);
	for (size_t i = 0; i < size; i++) {
		text[i] = (char)g_rand_int_range(dice, '0', 'z');
	}
	text[size] = '\0';
	scene_save(device, path, text);
}

/* Twelve times a minute one file is fetched, and not all that wait. */
static void test_a_full_device_fetches_little(void)
{
	const unsigned size = 140000;
	g_autoptr(Scene) scene = scene_new();
	SimServer *server = scene->world->server;
	scene_save(scene->laptop, "before", "before");
	scene_settle(scene);
	sim_device_set_hook(scene->desktop, refuse_writes, NULL);
	for (unsigned i = 0; i < FILES; i++) {
		g_autofree char *name = g_strdup_printf("file %02u", i);
		save_noise(scene->laptop, name, size);
	}
	live(scene, 60 * SECOND_US);
	g_assert_cmpuint(problems_of(scene->desktop, DRIVE_ERROR_NO_SPACE), ==, 1);
	uint64_t fetched = sim_server_fetched(server);
	live(scene, 60 * SECOND_US);
	g_assert_cmpuint(sim_server_fetched(server) - fetched, <, 14ull * size);
	scene_remove(scene->laptop, "before");
	scene_make(scene->laptop, "folder");
	live(scene, SECOND_US);
	scene_assert_tree(scene->desktop, "folder/\n");
	sim_device_set_hook(scene->desktop, NULL, NULL);
	live(scene, 6 * SECOND_US);
	g_assert_cmpuint(files_of(scene->desktop), ==, FILES);
	g_assert_cmpuint(problems_of(scene->desktop, DRIVE_ERROR_NO_SPACE), ==, 0);
	scene_settle(scene);
}

static void test_what_did_not_fit_on_a_device_may_go(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_save(scene->laptop, "before", "before");
	scene_settle(scene);
	sim_device_set_hook(scene->desktop, refuse_writes, NULL);
	save_files(scene->laptop, 0, 3);
	live(scene, 20 * SECOND_US);
	g_assert_cmpuint(problems_of(scene->desktop, DRIVE_ERROR_NO_SPACE), ==, 1);
	for (unsigned i = 0; i < 3; i++) {
		g_autofree char *name = g_strdup_printf("file %02u", i);
		scene_remove(scene->laptop, name);
	}
	live(scene, 10 * SECOND_US);
	g_assert_cmpuint(problems_of(scene->desktop, DRIVE_ERROR_NO_SPACE), ==, 0);
	scene_settle_as(scene, "before=before\n");
}

int main(int argc, char **argv)
{
	static const Cause causes[] = { DISK, ACCOUNT };
	static const char *const names[] = { "disk", "account" };
	static const struct {
		const char *name;
		GTestDataFunc function;
	} tests[] = {
		{ "waiting-files-are-not-read-again", test_waiting_files_are_not_read_again },
		{ "what-needs-no-room-goes-at-once", test_what_needs_no_room_goes_at_once },
		{ "what-tries-may-go", test_what_tries_may_go },
	};
	g_setenv("TZ", "UTC", TRUE);
	g_test_init(&argc, &argv, NULL);
	log_set_level(LOG_ERROR);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		for (size_t j = 0; j < CAUSES; j++) {
			g_autofree char *path =
				g_strdup_printf("/sim/room/%s/%s", tests[i].name, names[j]);
			g_test_add_data_func(path, &causes[j], tests[i].function);
		}
	}
	g_test_add_func("/sim/room/small-files-go-on", test_small_files_go_on);
	g_test_add_func("/sim/room/little-room-is-found-out", test_little_room_is_found_out);
	g_test_add_func("/sim/room/comes-back-with-the-server",
			test_room_after_the_server_was_away);
	g_test_add_func("/sim/room/a-full-device-fetches-little",
			test_a_full_device_fetches_little);
	g_test_add_func("/sim/room/what-did-not-fit-on-a-device-may-go",
			test_what_did_not_fit_on_a_device_may_go);
	return g_test_run();
}
