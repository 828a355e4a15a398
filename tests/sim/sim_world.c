/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_world.h"

#include <sodium.h>
#include <stdarg.h>

#define START_US 1700000000000000ll

/* Ids, pack names and jitter come from the seed too. */
static GRand *seeded;

static const char *seeded_name(void)
{
	return "seeded";
}

static uint32_t seeded_word(void)
{
	return g_rand_int(seeded);
}

static void seeded_fill(void *const bytes, const size_t size)
{
	for (size_t i = 0; i < size; i++) {
		((uint8_t *)bytes)[i] = (uint8_t)seeded_word();
	}
}

static struct randombytes_implementation seeded_random = {
	.implementation_name = seeded_name,
	.random = seeded_word,
	.buf = seeded_fill,
};

SimWorld *sim_world_new(uint64_t seed, bool verbose)
{
	randombytes_set_implementation(&seeded_random);
	const uint32_t words[] = { (uint32_t)seed, (uint32_t)(seed >> 32) };
	SimWorld *world = g_new0(SimWorld, 1);
	world->seed = seed;
	world->random = g_rand_new_with_seed_array(words, G_N_ELEMENTS(words));
	g_clear_pointer(&seeded, g_rand_free);
	seeded = g_rand_new_with_seed_array(words, G_N_ELEMENTS(words));
	g_random_set_seed((uint32_t)seed);

	world->now_us = START_US;
	world->server = sim_server_new();
	world->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	world->verbose = verbose;
	world->kills = seed % 4 != 0;
	return world;
}

void sim_world_free(SimWorld *world)
{
	sim_server_free(world->server);
	g_hash_table_unref(world->values);
	g_rand_free(world->random);
	g_free(world);
}

unsigned sim_world_draw(SimWorld *world, unsigned below)
{
	return (unsigned)g_rand_int_range(world->random, 0, (int)below);
}

bool sim_world_accident(SimWorld *world, unsigned in)
{
	return !world->calm && sim_world_draw(world, in) == 0;
}

const char *sim_world_value(SimWorld *world, const char *who)
{
	char *text = g_strdup_printf("value %u of %s", ++world->value_count, who);
	if (sim_world_draw(world, 8) == 0) {
		/* Of a size of its own, so that sizes tell values apart as seldom as in life. */
		char *longer = g_strnfill(1 + sim_world_draw(world, 3000), 'x');
		char *both = g_strconcat(text, longer, NULL);
		g_free(text);
		g_free(longer);
		text = both;
	}
	g_hash_table_insert(world->values, text, g_new0(SimValue, 1));
	return text;
}

SimValue *sim_world_find(SimWorld *world, const void *bytes, size_t size)
{
	g_autofree char *text = g_strndup(bytes ? bytes : "", size);
	return g_hash_table_lookup(world->values, text);
}

void sim_world_say(SimWorld *world, const char *who, const char *format, ...)
{
	if (!world->verbose) {
		return;
	}
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_printerr("%12.3f %-8s %s\n", (double)(world->now_us % 1000000000000ll) / 1e6, who, text);
}
