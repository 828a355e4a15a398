/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole drive under a seed: the real server and several real clients in one process, on disks,
 * a network and a clock that the simulator owns. People act, jobs run in any order, processes die,
 * power fails; then it is calm, and everything must come to rest with
 *
 *	1. all devices showing the same tree, but for folders that one of them leaves out, and the
 *	   same when these are taken in again,
 *	2. every value that somebody wrote and nobody gave up in that tree; where processes were
 *	   killed, or at least among the server's versions,
 *	3. the server's data whole.
 *
 *	sim [--seed N] [--seeds COUNT] [--steps COUNT] [--lazy] [--caseless] [--selective]
 *	    [--full] [--verbose]
 *
 * In one of four seeds nobody is killed. With --twice each seed is run again and must end the same.
 */
#include "base/log.h"
#include "sim_device.h"
#include "sim_world.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES_MAX 3
/* A person's action every so many steps; steps until the calm. */
#define STEPS 600
/* Steps that coming to rest may take. */
#define CALM_STEPS 30000

/* --lazy: every device's disk is a mount's; else one of two in every third seed. */
static gboolean all_lazy;
/* --caseless: the drive refuses names that differ only in case; else in every fifth seed. */
static gboolean all_caseless;
/* --selective: devices leave out folders, and take them in again. */
static gboolean choose;
/* --full: off and on the server has no room, on its disk or for the account. */
static gboolean fills;

typedef struct Sim {
	SimWorld *world;
	SimDevice *devices[DEVICES_MAX];
	unsigned count;
	bool caseless;
	bool chooses; /* folders are left out, and taken in again */
	char *folder;
} Sim;

static Sim *sim_new(uint64_t seed, bool verbose)
{
	static const char *const who[DEVICES_MAX] = { "laptop", "desktop", "phone" };
	g_autoptr(GError) error = NULL;
	Sim *sim = g_new0(Sim, 1);
	g_autofree char *template = g_build_filename(
		g_file_test("/dev/shm", G_FILE_TEST_IS_DIR) ? "/dev/shm" : g_get_tmp_dir(),
		"imdrive-sim-XXXXXX", NULL);
	sim->folder = g_strdup(g_mkdtemp(template));
	sim->world = sim_world_new(seed, verbose);
	sim->count = 2 + sim_world_draw(sim->world, DEVICES_MAX - 1);
	for (unsigned i = 0; i < sim->count; i++) {
		/* Without a draw, so that a seed stays the same world. */
		bool lazy = all_lazy || (seed % 3 == 0 && (seed / 3 + i) % 2 == 0);
		sim->devices[i] = sim_device_new(sim->world, who[i], sim->folder, lazy);
	}
	sim->caseless = all_caseless || seed % 5 == 0;
	if (sim->caseless) {
		sim_server_set_caseless(sim->world->server);
	}
	sim->chooses = choose;
	return sim;
}

static void sim_free(Sim *sim)
{
	for (unsigned i = 0; i < sim->count; i++) {
		sim_device_free(sim->devices[i]);
	}
	sim_world_free(sim->world);
	g_rmdir(sim->folder);
	g_free(sim->folder);
	g_free(sim);
}

static SimDevice *any(Sim *sim)
{
	return sim->devices[sim_world_draw(sim->world, sim->count)];
}

/* ---- the storm -------------------------------------------------------------------------- */

static void accident(Sim *sim)
{
	SimWorld *world = sim->world;
	unsigned draw = sim_world_draw(world, 8);
	switch (draw < 2 && !world->kills ? 3 : draw) {
	case 0:
		sim_device_kill(any(sim));
		break;
	case 1:
		sim_device_cut_power(any(sim));
		break;
	case 2:
		sim_world_say(world, "server", "loses power");
		sim_server_crash(world->server, sim_world_draw(world, 1u << 30));
		break;
	case 3:
	case 4:
		sim_device_set_online(any(sim), false);
		break;
	default:
		sim_device_set_online(any(sim), true);
	}
}

/* Room comes and goes. */
static void set_room(Sim *sim)
{
	SimWorld *world = sim->world;
	unsigned draw = sim_world_draw(world, 4);
	uint64_t left = sim_world_draw(world, 4000);
	uint64_t quota = draw == 1 ? sim_server_usage(world->server) + left : 0;
	sim_world_say(world, "server", "%s",
		      draw == 0   ? "has a full disk"
		      : draw == 1 ? "has little room for the account"
				  : "has room");
	sim_server_set_full(world->server, draw == 0);
	sim_server_set_quota(world->server, quota);
}

static void storm_step(Sim *sim)
{
	SimWorld *world = sim->world;
	if (sim->chooses && sim_world_draw(world, 40) == 0) {
		sim_device_choose(any(sim));
	}
	if (fills && sim_world_draw(world, 60) == 0) {
		set_room(sim);
	}
	unsigned draw = sim_world_draw(world, 100);
	if (draw < 45) {
		sim_device_run_job(any(sim));
	} else if (draw < 80) {
		sim_device_step(any(sim));
	} else if (draw < 88) {
		sim_device_act(any(sim));
	} else if (draw < 98) {
		world->now_us += 1 + sim_world_draw(world, draw < 96 ? 30000 : 3000000);
	} else {
		accident(sim);
	}
}

/* ---- the calm --------------------------------------------------------------------------- */

static bool is_settled(Sim *sim)
{
	for (unsigned i = 0; i < sim->count; i++) {
		if (!sim_device_is_settled(sim->devices[i])) {
			return false;
		}
	}
	return true;
}

static bool calm_round(Sim *sim)
{
	bool worked = false;
	for (unsigned i = 0; i < sim->count; i++) {
		sim_device_step(sim->devices[i]);
		worked |= sim_device_run_job(sim->devices[i]);
		if (sim->caseless) {
			sim_device_part_twins(sim->devices[i]);
		}
	}
	return worked;
}

static bool settle(Sim *sim)
{
	sim->world->calm = true;
	sim_server_fail_write(sim->world->server, 0);
	sim_server_set_full(sim->world->server, false);
	sim_server_set_quota(sim->world->server, 0);
	sim_server_crash(sim->world->server, 1);
	for (unsigned i = 0; i < sim->count; i++) {
		sim_device_set_online(sim->devices[i], true);
	}
	sim_world_say(sim->world, "all", "calm");
	unsigned quiet = 0, idle = 0;
	for (unsigned i = 0; i < CALM_STEPS; i++) {
		/* While nobody does more than to ask for news, time passes faster and faster. */
		idle = calm_round(sim) ? 0 : MIN(idle + 1, 13);
		sim->world->now_us += 100ll << idle;
		/* Long enough for every feed to have answered again. */
		quiet = is_settled(sim) ? quiet + 1 : 0;
		if (quiet > 50) {
			return true;
		}
	}
	for (unsigned i = 0; i < sim->count; i++) {
		g_autofree char *text = sim_device_describe(sim->devices[i]);
		g_printerr("%s\n", text);
	}
	return false;
}

/* ---- the end ---------------------------------------------------------------------------- */

typedef struct Shown {
	SimDevice *const *devices; /* nothing that one of these leaves out */
	unsigned count;
	GString *text;
	GHashTable *values;
	GHashTable *folded; /* paths, case-folded */
	bool twins;         /* two of them are the same */
} Shown;

static void show(const char *path, const char *kind, const void *bytes, size_t size, void *data)
{
	Shown *shown = data;
	for (unsigned i = 0; i < shown->count; i++) {
		if (sim_device_leaves_out(shown->devices[i], path)) {
			return;
		}
	}
	char *content = g_strndup(bytes ? bytes : "", size);
	g_string_append_printf(shown->text, "%s '%s' %s\n", kind, path, content);
	g_hash_table_add(shown->values, content);
	shown->twins |= !g_hash_table_add(shown->folded, g_utf8_casefold(path, -1));
}

static void shown_init(Shown *shown, SimDevice *device, SimDevice *const *without, unsigned count)
{
	shown->devices = without;
	shown->count = count;
	shown->text = g_string_new(NULL);
	shown->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	shown->folded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	shown->twins = false;
	sim_device_each(device, show, shown);
}

static void shown_clear(Shown *shown)
{
	g_string_free(shown->text, TRUE);
	g_hash_table_unref(shown->values);
	g_hash_table_unref(shown->folded);
}

static bool nothing_lost(Sim *sim, const Shown *shown)
{
	GHashTableIter iter;
	void *text, *data;
	bool whole = true;
	g_hash_table_iter_init(&iter, sim->world->values);
	while (g_hash_table_iter_next(&iter, &text, &data)) {
		const SimValue *value = data;
		bool needed = !value->released && !value->excused &&
			      !g_hash_table_contains(shown->values, text);
		if (needed && !(sim->world->kills &&
				sim_server_has(sim->world->server, text, strlen(text)))) {
			g_printerr("lost: %.40s\n", (char *)text);
			whole = false;
		}
	}
	return whole;
}

static bool leaves_out_nothing(Sim *sim, SimDevice *device)
{
	Shown all, some;
	shown_init(&all, device, sim->devices, 0);
	shown_init(&some, device, &device, 1);
	bool right = strcmp(all.text->str, some.text->str) == 0;
	if (!right) {
		g_printerr("left out, and here:\n%s---\n%s", all.text->str, some.text->str);
	}
	shown_clear(&all);
	shown_clear(&some);
	return right;
}

/* All show the same, but for what one of them leaves out, and nobody what he leaves out. */
static bool is_same_everywhere(Sim *sim)
{
	bool right = true;
	Shown first, other;
	shown_init(&first, sim->devices[0], sim->devices, sim->count);
	for (unsigned i = 0; i < sim->count; i++) {
		shown_init(&other, sim->devices[i], sim->devices, sim->count);
		if (strcmp(first.text->str, other.text->str) != 0) {
			g_printerr("devices differ:\n%s---\n%s", first.text->str, other.text->str);
			right = false;
		}
		shown_clear(&other);
		right = leaves_out_nothing(sim, sim->devices[i]) && right;
	}
	shown_clear(&first);
	return right;
}

static bool verdict(Sim *sim, char **ret_end)
{
	bool right = settle(sim) && is_same_everywhere(sim);
	for (unsigned i = 0; right && i < sim->count; i++) {
		sim_device_take_in_all(sim->devices[i]);
	}
	if (!right || (sim->chooses && !settle(sim))) {
		g_printerr("does not come to rest\n");
		return false;
	}
	right = is_same_everywhere(sim);
	Shown first;
	shown_init(&first, sim->devices[0], sim->devices, 0);
	right = nothing_lost(sim, &first) && right;
	if (sim->caseless && first.twins) {
		g_printerr("names differ only in case:\n%s", first.text->str);
		right = false;
	}
	sim_server_check(sim->world->server);
	*ret_end = g_strdup(first.text->str);
	shown_clear(&first);
	return right;
}

static bool run(uint64_t seed, unsigned steps, bool verbose, char **ret_end)
{
	Sim *sim = sim_new(seed, verbose);
	for (unsigned i = 0; i < steps; i++) {
		storm_step(sim);
	}
	bool right = verdict(sim, ret_end);
	sim_free(sim);
	return right;
}

/* ---- program ---------------------------------------------------------------------------- */

static int64_t seed_first = 1;
static int seeds = 1, steps_count = STEPS;
static gboolean verbose, twice;

static const GOptionEntry entries[] = {
	{ "seed", 0, 0, G_OPTION_ARG_INT64, &seed_first, "the first seed", "N" },
	{ "seeds", 0, 0, G_OPTION_ARG_INT, &seeds, "how many", "COUNT" },
	{ "steps", 0, 0, G_OPTION_ARG_INT, &steps_count, "steps before the calm", "COUNT" },
	{ "twice", 0, 0, G_OPTION_ARG_NONE, &twice, "run each again: it must end the same", NULL },
	{ "lazy", 0, 0, G_OPTION_ARG_NONE, &all_lazy, "all disks are those of mounts", NULL },
	{ "caseless", 0, 0, G_OPTION_ARG_NONE, &all_caseless,
	  "the drive refuses names that differ only in case", NULL },
	{ "selective", 0, 0, G_OPTION_ARG_NONE, &choose,
	  "devices leave out folders, and take them in again", NULL },
	{ "full", 0, 0, G_OPTION_ARG_NONE, &fills, "off and on the server has no room", NULL },
	{ "verbose", 0, 0, G_OPTION_ARG_NONE, &verbose, "tell what happens", NULL },
	G_OPTION_ENTRY_NULL,
};

static bool run_seed(uint64_t seed)
{
	g_autofree char *end = NULL, *again = NULL;
	if (!run(seed, (unsigned)steps_count, verbose, &end)) {
		return false;
	}
	if (twice &&
	    (!run(seed, (unsigned)steps_count, false, &again) || strcmp(end, again) != 0)) {
		g_printerr("ends otherwise the second time:\n%s---\n%s", end, again);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	setlocale(LC_ALL, "C");
	g_setenv("TZ", "UTC", TRUE);
	g_autoptr(GError) error = NULL;
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		g_printerr("sim: %s\n", error->message);
		return 2;
	}
	log_set_level(verbose ? LOG_DEBUG : LOG_ERROR);
	unsigned failures = 0;
	for (int i = 0; i < seeds; i++) {
		uint64_t seed = (uint64_t)(seed_first + i);
		if (!run_seed(seed)) {
			g_printerr("seed %" G_GUINT64_FORMAT
				   " failed; run: tools/sim%s%s%s%s --seed %" G_GUINT64_FORMAT
				   " --verbose\n",
				   seed, all_lazy ? " --lazy" : "",
				   all_caseless ? " --caseless" : "", choose ? " --selective" : "",
				   fills ? " --full" : "", seed);
			failures++;
		}
	}
	g_print("%d seeds, %u failed\n", seeds, failures);
	return failures ? 1 : 0;
}
