/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People do anything, at any moment, also between two calls of a scan, while several scans are
 * under way and are merged in any order. Once they rest, the local tree must be what is on the
 * disk, without anything being looked at but what events (or, unwatched, a listing of everything)
 * told to look at.
 *
 * Usage: local_model_test [GTest's options]; a seed that fails is printed. IMDRIVE_SEED runs one.
 */
#include "client/observe/observer.h"
#include "client/observe/spot.h"

#include <stdlib.h>
#include <string.h>

#define STORIES 400
#define SCANS_MAX 3

typedef struct Story {
	Observer *observer;
	GRand *rand;
	GPtrArray *paths; /* what is on the disk, as of the last look */
	GArray *kinds;
	GArray *claims;  /* Spot: places that are ours */
	unsigned hooked; /* of 100 plain calls, before so many people do something */
	unsigned serial;
	bool noisy;
	bool hard_links;
} Story;

static unsigned roll(Story *story, unsigned sides)
{
	return (unsigned)g_rand_int_range(story->rand, 0, (int)sides);
}

static void add_path(const char *path, const DiskInfo *info, GBytes *bytes, void *data)
{
	(void)bytes;
	Story *story = data;
	g_ptr_array_add(story->paths, g_strdup(path));
	g_array_append_val(story->kinds, info->kind);
}

static void look(Story *story)
{
	g_ptr_array_set_size(story->paths, 0);
	g_array_set_size(story->kinds, 0);
	disk_memory_each(story->observer->memory, add_path, story);
}

/* Any of a kind (0: any), NULL if there is none. */
static const char *pick(Story *story, unsigned kind)
{
	unsigned count = story->paths->len;
	unsigned start = count ? roll(story, count) : 0;
	for (unsigned i = 0; i < count; i++) {
		unsigned at = (start + i) % count;
		if (kind == 0 || (unsigned)g_array_index(story->kinds, DiskKind, at) == kind) {
			return story->paths->pdata[at];
		}
	}
	return NULL;
}

static char *any_place(Story *story)
{
	const char *folder = roll(story, 3) ? pick(story, DISK_FOLDER) : NULL;
	char name[2] = { (char)('a' + roll(story, 5)), '\0' };
	return folder ? g_strconcat(folder, "/", name, NULL) : g_strdup(name);
}

G_GNUC_PRINTF(2, 3) static void say(Story *story, const char *format, ...)
{
	va_list args;
	if (story->noisy) {
		va_start(args, format);
		g_autofree char *text = g_strdup_vprintf(format, args);
		va_end(args);
		g_printerr("%s\n", text);
	}
}

static void write_something(Story *story, const char *path)
{
	g_autofree char *text =
		roll(story, 8) ? g_strdup_printf("%u", story->serial++) : g_strdup("");
	say(story, "write %s", path);
	disk_memory_user_write(story->observer->memory, path, text, strlen(text), NULL);
}

/* Write beside it, put it over it. */
static void save(Story *story, const char *path)
{
	DiskMemory *memory = story->observer->memory;
	g_autofree char *beside = g_strconcat(path, "~", NULL);
	write_something(story, beside);
	say(story, "rename %s %s", beside, path);
	if (!disk_memory_user_rename(memory, beside, path, NULL)) {
		disk_memory_user_remove(memory, beside, NULL);
	}
}

static void exchange(Story *story, const char *a, const char *b)
{
	DiskMemory *memory = story->observer->memory;
	say(story, "exchange %s %s", a, b);
	if (disk_memory_user_rename(memory, a, "swap", NULL)) {
		bool moved = disk_memory_user_rename(memory, b, a, NULL);
		disk_memory_user_rename(memory, "swap", moved ? b : a, NULL);
	}
}

static void act(Story *story)
{
	DiskMemory *memory = story->observer->memory;
	observer_pass(story->observer, 10000);
	look(story);
	g_autofree char *place = any_place(story);
	const char *some = pick(story, 0), *file = pick(story, DISK_FILE);
	switch (roll(story, 20)) {
	case 0:
	case 1:
	case 2:
		write_something(story, place);
		break;
	case 3:
	case 4:
		say(story, "mkdir %s", place);
		disk_memory_user_make_folder(memory, place, NULL);
		break;
	case 5:
		if (file) {
			write_something(story, file);
		}
		break;
	case 6:
		if (file) {
			save(story, file);
		}
		break;
	case 7:
		if (some && roll(story, 2)) {
			say(story, "rm -r %s", some);
			g_autofree char *path = g_strdup(some);
			observer_remove_tree(story->observer, path);
		}
		break;
	case 8:
		if (file) {
			say(story, "rm %s", file);
			disk_memory_user_remove(memory, file, NULL);
		}
		break;
	case 9:
		say(story, "ln -s %s", place);
		disk_memory_user_make_link(memory, place, "target", NULL);
		break;
	case 10:
		say(story, "mkfifo %s", place);
		disk_memory_user_make_other(memory, place, NULL);
		break;
	case 11:
		if (file) {
			say(story, "chmod %s", file);
			unsigned mode = roll(story, 2) ? 0700 : 0600;
			disk_memory_user_set_mode(memory, file, mode, NULL);
		}
		break;
	case 12:
		if (file && story->hard_links) {
			say(story, "ln %s %s", file, place);
			disk_memory_user_link(memory, file, place, NULL);
		}
		break;
	case 13:
		if (some) {
			g_autofree char *other = g_strdup(pick(story, 0));
			exchange(story, some, other);
		}
		break;
	default:
		if (some) {
			say(story, "mv %s %s", some, place);
			disk_memory_user_rename(memory, some, place, NULL);
		}
		break;
	}
}

static void people(Observer *observer, void *data)
{
	(void)observer;
	Story *story = data;
	if (roll(story, 100) < story->hooked) {
		act(story);
	}
}

/* ---- what we change ourselves ----------------------------------------------------------- */

/* Nothing, for a while; so that it is not believed what is seen there. */
static void claim(Story *story)
{
	look(story);
	const char *folder = roll(story, 3) ? pick(story, DISK_FOLDER) : NULL;
	Spot spot = { .folder = folder ? observer_key(story->observer, folder) : ENTRY_KEY_ROOT };
	char name[2] = { (char)('a' + roll(story, 5)), '\0' };
	spot.name = g_strdup(name);
	if (spot.folder != ENTRY_KEY_NONE && !g_hash_table_contains(story->observer->ours, &spot)) {
		say(story, "claim %" G_GINT64_FORMAT "/%s", spot.folder, spot.name);
		observer_begin(story->observer, spot.folder, spot.name);
		g_array_append_val(story->claims, spot);
	} else {
		g_free(spot.name);
	}
}

static void let_go(Story *story)
{
	unsigned which = roll(story, story->claims->len);
	Spot spot = g_array_index(story->claims, Spot, which);
	g_array_remove_index(story->claims, which);
	say(story, "let go %" G_GINT64_FORMAT "/%s", spot.folder, spot.name);
	observer_end(story->observer, spot.folder, spot.name);
	g_free(spot.name);
}

/* ---- observing -------------------------------------------------------------------------- */

static void merge_one(Story *story, GPtrArray *scans)
{
	unsigned which = roll(story, scans->len);
	observer_merge(story->observer, g_ptr_array_steal_index(scans, which));
}

static void observe(Story *story, GPtrArray *scans)
{
	Observer *observer = story->observer;
	observer_hear(observer);
	local_expire(observer->local, observer->now_us);
	observer_pass(observer, roll(story, 60) * 1000);
	if (scans->len == SCANS_MAX || (scans->len > 0 && roll(story, 2))) {
		merge_one(story, scans);
		return;
	}
	Scan *scan = observer_take(observer, roll(story, 3) + 1, roll(story, 5) + 1);
	if (scan) {
		observer_run(observer, scan);
		g_ptr_array_add(scans, scan);
	}
}

static void tell(unsigned seed, bool watched)
{
	Story story = { .rand = g_rand_new_with_seed(seed) };
	const ObserverOptions options = {
		.unwatched = !watched,
		.no_birth = seed % 4 == 0,
		.events_max = seed % 5 == 0 ? 8 : 0,
	};
	story.observer = observer_new(&options);
	story.paths = g_ptr_array_new_with_free_func(g_free);
	story.kinds = g_array_new(FALSE, FALSE, sizeof(DiskKind));
	story.claims = g_array_new(FALSE, FALSE, sizeof(Spot));
	story.noisy = g_getenv("IMDRIVE_SEED") != NULL;
	story.hard_links = seed % 3 == 0;
	story.observer->hook = people;
	story.observer->hook_data = &story;
	g_autoptr(GPtrArray) scans = g_ptr_array_new();
	observer_look_everywhere(story.observer);
	for (unsigned chapter = 0; chapter < 4; chapter++) {
		unsigned length = 5 + roll(&story, 30);
		story.hooked = roll(&story, 2) * 10;
		for (unsigned i = 0; i < length; i++) {
			for (unsigned j = roll(&story, 4); j > 0; j--) {
				act(&story);
			}
			if (roll(&story, 4) == 0) {
				claim(&story);
			} else if (story.claims->len > 0 && roll(&story, 2)) {
				let_go(&story);
			}
			for (unsigned j = roll(&story, 4); j > 0; j--) {
				observe(&story, scans);
			}
		}
		story.hooked = 0;
		say(&story, "-- rest");
		while (story.claims->len > 0) {
			let_go(&story);
		}
		while (scans->len > 0) {
			merge_one(&story, scans);
		}
		/* Nobody is told that a file has changed under another name. */
		if (!watched || story.hard_links) {
			observer_look_everywhere(story.observer);
		}
		observer_settle(story.observer);
		observer_check(story.observer);
	}
	g_rand_free(story.rand);
	g_ptr_array_unref(story.paths);
	g_array_unref(story.kinds);
	g_array_unref(story.claims);
	observer_free(story.observer);
}

static void tell_many(bool watched)
{
	const char *only = g_getenv("IMDRIVE_SEED");
	unsigned first = only ? (unsigned)g_ascii_strtoull(only, NULL, 10) : 1;
	unsigned last = only ? first : STORIES;
	for (unsigned seed = first; seed <= last; seed++) {
		g_test_message("seed %u", seed);
		tell(seed, watched);
	}
}

static void test_watched(void)
{
	tell_many(true);
}

static void test_unwatched(void)
{
	tell_many(false);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/observe/local_model/events-suffice", test_watched);
	g_test_add_func("/client/observe/local_model/one-listing-suffices", test_unwatched);
	return g_test_run();
}
