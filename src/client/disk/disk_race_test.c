/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operation, with every deed of a person in every moment of it; with every plain call
 * failing; and with a kill or a power cut before every plain call. Nothing that somebody wrote may
 * get lost, and no stamp may be handed out for content that the client does not know.
 */
#include "base/error.h"
#include "client/disk/world.h"

#include <string.h>

#define MTIME_NS (1600000000 * G_GINT64_CONSTANT(1000000000))
#define HOUR_US (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)
#define CALLS_MAX 100

typedef bool (*Operation)(World *world, const DiskInfo *old, DiskInfo *ret_info, GError **error);

static DiskInfo look(World *world, const char *path)
{
	g_autoptr(GError) error = NULL;
	DiskInfo info;
	disk_look(world->disk, path, &info, &error);
	g_assert_no_error(error);
	return info;
}

/* ---- operations, all on a/file = "old" ---------------------------------------------------- */

static DiskFile *stage_of(World *world, int64_t mtime_ns, GError **error)
{
	g_autoptr(DiskFile) file = disk_stage(world->disk, error);
	if (!file || !disk_file_write(file, 0, "new!", 4, error) || !disk_file_sync(file, error) ||
	    !disk_file_set(file, mtime_ns, true, error)) {
		return NULL;
	}
	return g_steal_pointer(&file);
}

static bool place_new(World *world, const DiskInfo *old, DiskInfo *ret_info, GError **error)
{
	g_autoptr(DiskFile) file = stage_of(world, MTIME_NS, error);
	return file && disk_place(world->disk, file, "a/other", NULL, ret_info, error);
}

static bool place_over(World *world, const DiskInfo *old, DiskInfo *ret_info, GError **error)
{
	g_autoptr(DiskFile) file = stage_of(world, MTIME_NS, error);
	return file && disk_place(world->disk, file, "a/file", old, ret_info, error);
}

/* Written elsewhere in this very moment: a write of so many bytes here leaves the same times. */
static bool place_young(World *world, const DiskInfo *old, DiskInfo *ret_info, GError **error)
{
	g_autoptr(DiskFile) file = stage_of(world, world_now_us(world) * 1000, error);
	return file && disk_place(world->disk, file, "a/file", old, ret_info, error);
}

static bool link_over(World *world, const DiskInfo *old, DiskInfo *ret_info, GError **error)
{
	return disk_make_link(world->disk, "a/file", "new!", MTIME_NS, old, ret_info, error);
}

static bool set(World *world, const DiskInfo *old, DiskInfo *ret_info, GError **error)
{
	return disk_set(world->disk, "a/file", old, MTIME_NS, true, ret_info, error);
}

static bool move(World *world, const DiskInfo *old, DiskInfo *ret_info, GError **error)
{
	return disk_move(world->disk, "a/file", "a/other", old, ret_info, error);
}

static bool take(World *world, const DiskInfo *old, DiskInfo *ret_info, GError **error)
{
	*ret_info = (DiskInfo){ 0 };
	return disk_remove(world->disk, "a/file", old, error);
}

typedef struct Case {
	const char *name;
	Operation operation;
	const char *path; /* where its outcome is; NULL: nowhere */
	const char *text; /* what it is */
} Case;

static const Case cases[] = {
	{ "place-new", place_new, "a/other", "new!" },
	{ "place-over", place_over, "a/file", "new!" },
	{ "place-young", place_young, "a/file", "new!" },
	{ "link-over", link_over, NULL, NULL },
	{ "set", set, "a/file", "old" },
	{ "move", move, "a/other", "old" },
	{ "remove", take, NULL, NULL },
};

/* ---- people ----------------------------------------------------------------------------- */

typedef enum Deed {
	DEED_APPEND,
	DEED_OVERWRITE, /* in place, no byte more */
	DEED_REPLACE,   /* by another file, as editors save */
	DEED_FOLDER,    /* by a folder with something in it */
	DEED_DELETE,
	DEED_AWAY,
	DEED_COUNT,
} Deed;

typedef struct Person {
	struct Person *next;
	Deed deed;
	const char *path;
	const char *text; /* what must never get lost; NULL: USER */
	unsigned when;    /* before this plain call */
	unsigned dies;    /* the client is killed before this one; 0: never */
	bool done;
	bool wrote;
	bool waits;
} Person;

static void write_inside(World *world, const char *folder, const char *text)
{
	g_autofree char *path = g_strconcat(folder, "/inside", NULL);
	world_user_write(world, path, text);
}

static void act(World *world, Person *person)
{
	bool there = world_user_has(world, person->path);
	const char *text = person->text ? person->text : "USER";
	person->waits = there && person->deed <= DEED_OVERWRITE &&
			!world_user_can_write(world, person->path);
	if (person->waits) {
		return;
	}
	person->done = true;
	person->wrote = person->deed <= DEED_FOLDER;
	switch (person->deed) {
	case DEED_APPEND:
		world_user_append(world, person->path, text);
		break;
	case DEED_OVERWRITE:
		world_user_write(world, person->path, text);
		break;
	case DEED_REPLACE:
		world_user_write(world, "a/saving", text);
		world_user_rename(world, "a/saving", person->path);
		break;
	case DEED_FOLDER:
		if (there) {
			world_user_remove(world, person->path);
		}
		world_user_make_folder(world, person->path);
		write_inside(world, person->path, text);
		break;
	case DEED_DELETE:
	case DEED_AWAY:
		if (there && person->deed == DEED_DELETE) {
			world_user_remove(world, person->path);
		} else if (there) {
			world_user_rename(world, person->path, "away");
		}
		break;
	case DEED_COUNT:
		g_assert_not_reached();
	}
}

static bool act_in_time(World *world, unsigned count, DiskCall call, const char *path,
			GError **error)
{
	for (Person *person = world->hook_data; person; person = person->next) {
		if (count == person->dies) {
			disk_memory_kill(world->memory);
		}
		if (!person->done && (count == person->when || person->waits)) {
			act(world, person);
		}
	}
	return true;
}

static void prepare(World *world, DiskInfo *ret_old)
{
	world_reset(world);
	world_user_make_folder(world, "a");
	world_user_write(world, "a/file", "old");
	/* Written long ago, so that a write of now shows. */
	world_user_set_mtime(world, "a/file", MTIME_NS / 2);
	*ret_old = look(world, "a/file");
}

static void check_honest(World *world, const Case *one, const DiskInfo *info)
{
	DiskInfo now;
	if (one->path && disk_look(world->disk, one->path, &now, NULL) &&
	    disk_info_equal(info, &now)) {
		g_autofree char *text = world_user_read(world, one->path);
		g_assert_cmpstr(text, ==, one->text);
	}
}

/* Returns false if the operation was over before the person's time. */
static bool run_race(const Case *one, World *world, Person person)
{
	g_autoptr(GError) error = NULL;
	DiskInfo old, info;
	prepare(world, &old);
	world_set_hook(world, act_in_time, &person);
	bool succeeded = one->operation(world, &old, &info, &error);
	world_set_hook(world, NULL, NULL);
	if (!person.done && !person.waits) {
		g_assert_no_error(error);
		return false;
	}
	if (person.waits) {
		act(world, &person);
	}
	if (succeeded) {
		check_honest(world, one, &info);
	} else {
		g_assert_true(
			error->code == DRIVE_ERROR_CHANGED || error->code == DRIVE_ERROR_CONFLICT ||
			error->code == DRIVE_ERROR_NOT_FOUND || error->code == DRIVE_ERROR_BUSY);
	}
	g_clear_error(&error);
	disk_tidy(world->disk, world_now_us(world), &error);
	g_assert_no_error(error);
	g_autofree char *tree = world_tree(world);
	/* One deed alone never forces anything to be brought back under another name, unless nobody
	 * can tell what it was done to. */
	g_assert_true(one->operation == place_young || !strstr(tree, "recovered"));
	bool found = strstr(tree, "USER");
	if (person.wrote && !found) {
		g_error("%s: deed %d to %s before call %u lost: %s", one->name, person.deed,
			person.path, person.when, tree);
	}
	return true;
}

static void test_race(const Case *one, World *world)
{
	static const char *paths[] = { "a/file", "a/other" };
	/* A real disk is slow, and the rest of them shows nothing else there. */
	unsigned step = world->memory ? 1 : 2;
	for (unsigned i = 0; i < DEED_COUNT * G_N_ELEMENTS(paths); i += step) {
		Person person = {
			.deed = i % DEED_COUNT,
			.path = paths[i / DEED_COUNT],
			.when = 1,
		};
		while (run_race(one, world, person)) {
			person.when++;
			g_assert_cmpuint(person.when, <, CALLS_MAX);
		}
		g_assert_cmpuint(person.when, >, 2);
	}
}

/* ---- failures --------------------------------------------------------------------------- */

typedef struct Failure {
	unsigned when;
	bool lasting; /* all later calls, too */
	DriveError code;
	bool done;
} Failure;

static bool fail_in_time(World *world, unsigned count, DiskCall call, const char *path,
			 GError **error)
{
	Failure *failure = world->hook_data;
	if (count == failure->when || (failure->lasting && count > failure->when)) {
		failure->done = true;
		g_set_error(error, DRIVE_ERROR, failure->code, "injected");
		return false;
	}
	return true;
}

/* The old value, or the new one, and nothing besides. */
static void check_old_or_new(World *world, const Case *one, bool succeeded)
{
	static const char *others[] = { "a/\na/file=old\n",  "a/\na/file=old\na/other=new!\n",
					"a/\na/file=new!\n", "a/\na/file->new!\n",
					"a/\na/other=old\n", "a/\n" };
	static const struct {
		Operation operation;
		unsigned after;
	} outcomes[] = {
		{ place_new, 1 }, { place_over, 2 }, { place_young, 2 }, { link_over, 3 },
		{ set, 0 },       { move, 4 },       { take, 5 },
	};
	g_autofree char *tree = world_tree(world);
	if (one->operation == place_young &&
	    strcmp(tree, "a/\na/file (recovered)=new!\na/file=old\n") == 0) {
		/* It was shown for a moment. */
		return;
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(outcomes); i++) {
		if (outcomes[i].operation != one->operation) {
			continue;
		}
		const char *after = others[outcomes[i].after];
		if (succeeded || strcmp(tree, others[0]) != 0) {
			g_assert_cmpstr(tree, ==, after);
		}
		return;
	}
	g_assert_not_reached();
}

static bool run_failure(const Case *one, World *world, Failure failure)
{
	g_autoptr(GError) error = NULL;
	DiskInfo old, info;
	prepare(world, &old);
	world_set_hook(world, fail_in_time, &failure);
	bool succeeded = one->operation(world, &old, &info, &error);
	world_set_hook(world, NULL, NULL);
	g_assert_true(succeeded == !error);
	if (succeeded) {
		check_honest(world, one, &info);
	}
	g_clear_error(&error);
	disk_tidy(world->disk, world_now_us(world) + 2 * HOUR_US, &error);
	g_assert_no_error(error);
	check_old_or_new(world, one, succeeded);
	world_reopen(world);
	return failure.done;
}

static void test_failures(const Case *one, World *world)
{
	static const DriveError codes[] = { DRIVE_ERROR_IO, DRIVE_ERROR_NO_SPACE,
					    DRIVE_ERROR_FORBIDDEN };
	unsigned count = world->memory ? G_N_ELEMENTS(codes) : 1;
	for (unsigned code = 0; code < count; code++) {
		for (unsigned lasting = 0; lasting < 2; lasting++) {
			Failure failure = { .when = 1, .lasting = lasting, .code = codes[code] };
			while (run_failure(one, world, failure)) {
				failure.when++;
				g_assert_cmpuint(failure.when, <, CALLS_MAX);
			}
		}
	}
}

/* ---- kills and power cuts --------------------------------------------------------------- */

typedef struct Accident {
	unsigned when;
	bool power;
	uint32_t seed;
	bool done;
} Accident;

static bool die_in_time(World *world, unsigned count, DiskCall call, const char *path,
			GError **error)
{
	Accident *accident = world->hook_data;
	if (count == accident->when) {
		accident->done = true;
		if (accident->power) {
			disk_memory_crash(world->memory, accident->seed);
		} else {
			disk_memory_kill(world->memory);
		}
	}
	return true;
}

static bool run_accident(const Case *one, World *world, Accident accident)
{
	g_autoptr(GError) error = NULL;
	DiskInfo old, info;
	prepare(world, &old);
	disk_sync(world->disk, &error);
	world_set_hook(world, die_in_time, &accident);
	bool succeeded = one->operation(world, &old, &info, &error);
	world_set_hook(world, NULL, NULL);
	g_assert_true(succeeded || accident.done);
	g_clear_error(&error);
	world_reopen(world);
	disk_memory_check(world->memory);
	/* Already before tidying: an absence would be taken for a deletion. */
	check_old_or_new(world, one, succeeded && !accident.power);
	disk_tidy(world->disk, world_now_us(world) + 2 * HOUR_US, &error);
	g_assert_no_error(error);
	check_old_or_new(world, one, succeeded && !accident.power);
	return accident.done;
}

static void test_accidents(const Case *one, World *world)
{
	if (!world->memory) {
		g_test_skip("only in memory");
		return;
	}
	for (uint32_t seed = 0; seed < 20; seed++) {
		Accident accident = { .when = 1, .power = seed > 0, .seed = seed };
		while (run_accident(one, world, accident)) {
			accident.when++;
			g_assert_cmpuint(accident.when, <, CALLS_MAX);
		}
	}
}

/* An edit, then a kill: what the client had just swapped out comes back. */
static void run_edit_and_kill(const Case *one, World *world, Person person)
{
	g_autoptr(GError) error = NULL;
	DiskInfo old, info;
	prepare(world, &old);
	world_set_hook(world, act_in_time, &person);
	one->operation(world, &old, &info, NULL);
	world_set_hook(world, NULL, NULL);
	if (person.waits) {
		act(world, &person);
	}
	world_reopen(world);
	disk_tidy(world->disk, world_now_us(world), &error);
	g_assert_no_error(error);
	g_autofree char *tree = world_tree(world);
	if (person.wrote && !strstr(tree, "USER")) {
		g_error("%s: edit before call %u lost by a kill before call %u: %s", one->name,
			person.when, person.dies, tree);
	}
}

static void test_edits_and_kills(const Case *one, World *world)
{
	if (!world->memory) {
		g_test_skip("only in memory");
		return;
	}
	for (unsigned i = 0; i < 12 * 24 * DEED_COUNT; i++) {
		Person person = {
			.deed = i % DEED_COUNT,
			.path = "a/file",
			.when = 1 + i / DEED_COUNT % 12,
			.dies = 1 + i / DEED_COUNT / 12,
		};
		if (person.when <= person.dies) {
			run_edit_and_kill(one, world, person);
		}
	}
}

/*
 * Two deeds, as fast as one call after the other, and maybe the look after the exchange fails: what
 * was written last must be there.
 */
static void run_two_deeds(const Case *one, World *world, Person first, Person second)
{
	g_autoptr(GError) error = NULL;
	DiskInfo old, info;
	prepare(world, &old);
	first.next = &second;
	world_set_hook(world, act_in_time, &first);
	bool succeeded = one->operation(world, &old, &info, NULL);
	world_set_hook(world, NULL, NULL);
	if (succeeded) {
		check_honest(world, one, &info);
	}
	disk_tidy(world->disk, world_now_us(world), &error);
	g_assert_no_error(error);
	g_autofree char *tree = world_tree(world);
	bool wrote = (first.wrote || second.wrote) && second.deed != DEED_DELETE;
	if (wrote && !strstr(tree, second.wrote ? second.text : "USER")) {
		g_error("%s: deeds %d and %d before calls %u and %u lost: %s", one->name,
			first.deed, second.deed, first.when, second.when, tree);
	}
}

static void test_two_deeds(const Case *one, World *world)
{
	static const Deed seconds[] = { DEED_REPLACE, DEED_AWAY,   DEED_DELETE,
					DEED_FOLDER,  DEED_APPEND, DEED_OVERWRITE };
	if (!world->memory) {
		g_test_skip("only in memory");
		return;
	}
	for (unsigned i = 0; i < 16 * 16 * G_N_ELEMENTS(seconds); i++) {
		Person first = { .deed = DEED_REPLACE, .path = "a/file", .when = 1 + i % 16 };
		Person second = {
			.deed = seconds[i / 256],
			.path = "a/file",
			.text = "HIS!",
			.when = 1 + i / 16 % 16,
		};
		if (first.when < second.when) {
			run_two_deeds(one, world, first, second);
		}
	}
}

/*
 * What came out cannot be looked at, and ours, which people saw for a moment, is taken back. Who
 * wrote to it in that moment, or has it open and does so later, loses nothing.
 */
typedef struct Moment {
	bool exchanged;
	bool opens; /* and writes later, instead of at once */
	void *held;
	unsigned dies; /* so many calls later; 0: never */
	bool over;
} Moment;

static bool seize(World *world, unsigned count, DiskCall call, const char *path, GError **error)
{
	Moment *moment = world->hook_data;
	(void)count;
	if (moment->over) {
		if (moment->dies > 0 && --moment->dies == 0) {
			disk_memory_kill(world->memory);
		}
		return true;
	}
	moment->over = moment->exchanged && call == DISK_CALL_LOOK;
	moment->exchanged |= call == DISK_CALL_RENAME && strcmp(path, "a/file") == 0;
	if (!moment->over) {
		return true;
	}
	if (moment->opens) {
		moment->held = world_user_hold_open(world, "a/file");
	} else {
		world_user_write(world, "a/file", "HIS!");
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "injected");
	return false;
}

static void run_moment(const Case *one, World *world, Moment moment)
{
	g_autoptr(GError) error = NULL;
	DiskInfo old, info;
	bool killed = moment.dies > 0;
	prepare(world, &old);
	world_set_hook(world, seize, &moment);
	one->operation(world, &old, &info, NULL);
	world_set_hook(world, NULL, NULL);
	g_assert_true(moment.over);
	if (moment.held) {
		world_user_write_open(world, moment.held, "HIS!");
		world_user_let_go(world, moment.held);
	}
	if (killed) {
		world_reopen(world);
	}
	disk_tidy(world->disk, world_now_us(world) + (killed ? 2 * HOUR_US : 0), &error);
	g_assert_no_error(error);
	g_autofree char *tree = world_tree(world);
	g_assert_nonnull(strstr(tree, "HIS!"));
}

static void test_moments(const Case *one, World *world)
{
	bool exchanges = one->operation == place_over || one->operation == place_young;
	if (!exchanges || world->kind == WORLD_PLAIN) {
		g_test_skip("only where files are exchanged");
		return;
	}
	for (unsigned dies = 0; dies < (world->memory ? 10 : 1); dies++) {
		run_moment(one, world, (Moment){ .dies = dies });
		run_moment(one, world, (Moment){ .dies = dies, .opens = true });
	}
}

/* ---- tidying --------------------------------------------------------------------------- */

typedef struct Tidier {
	Disk *disk; /* of the same folder */
	unsigned when;
	bool done;
} Tidier;

static bool tidy_in_time(World *world, unsigned count, DiskCall call, const char *path,
			 GError **error)
{
	Tidier *tidier = world->hook_data;
	if (count == tidier->when) {
		g_autoptr(GError) reason = NULL;
		tidier->done = true;
		disk_tidy(tidier->disk, world_now_us(world), &reason);
		g_assert_no_error(reason);
	}
	return true;
}

/* Whatever another thread has tidied meanwhile is no failure of ours. */
static bool run_two_tidy(const Case *one, World *world, Tidier *tidier)
{
	g_autoptr(GError) error = NULL;
	DiskInfo old, info;
	prepare(world, &old);
	g_assert_true(disk_remove(world->disk, "a/file", &old, &error));
	disk_memory_set_time(world->memory, (world_now_us(world) + 2 * HOUR_US) * 1000);
	world_user_write(world, "a/file", "old");
	old = look(world, "a/file");
	tidier->done = false;
	tidier->disk = disk_memory_open(world->memory, WORLD_MARKER, false, &error);
	g_assert_no_error(error);
	world_set_hook(world, tidy_in_time, tidier);
	bool done = disk_tidy(world->disk, world_now_us(world), &error) &&
		    one->operation(world, &old, &info, &error);
	world_set_hook(world, NULL, NULL);
	disk_close(tidier->disk);
	g_assert_no_error(error);
	g_assert_true(done);
	g_autofree char *tree = world_tree(world);
	g_assert_null(strstr(tree, "recovered"));
	return tidier->done;
}

static void test_two_tidy(const Case *one, World *world)
{
	/* Steps that could be undone are guarded within a process: one disk, not two as here. */
	if (world->kind != WORLD_MEMORY) {
		g_test_skip("only in memory, with exchanges");
		return;
	}
	Tidier tidier = { .when = 1 };
	while (run_two_tidy(one, world, &tidier)) {
		tidier.when++;
		g_assert_cmpuint(tidier.when, <, CALLS_MAX);
	}
}

/* ---- running ---------------------------------------------------------------------------- */

typedef struct Suite {
	const char *name;
	void (*test)(const Case *one, World *world);
} Suite;

static const Suite suites[] = {
	{ "races", test_race },          { "failures", test_failures },
	{ "accidents", test_accidents }, { "edits-and-kills", test_edits_and_kills },
	{ "two-deeds", test_two_deeds }, { "two-tidy", test_two_tidy },
	{ "moments", test_moments },
};

typedef struct Run {
	const Suite *suite;
	const Case *one;
	WorldKind kind;
} Run;

static void run(const void *data)
{
	const Run *what = data;
	g_autoptr(World) world = world_new(what->kind);
	what->suite->test(what->one, world);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (unsigned kind = 0; kind < WORLD_KINDS; kind++) {
		for (unsigned i = 0; i < G_N_ELEMENTS(suites) * G_N_ELEMENTS(cases); i++) {
			Run *what = g_new(Run, 1);
			*what = (Run){ &suites[i / G_N_ELEMENTS(cases)],
				       &cases[i % G_N_ELEMENTS(cases)], (WorldKind)kind };
			g_autofree char *path =
				g_strdup_printf("/client/disk/%s/%s/%s", what->suite->name,
						world_kind_name(what->kind), what->one->name);
			g_test_add_data_func_full(path, what, run, g_free);
		}
	}
	return g_test_run();
}
