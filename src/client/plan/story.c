/* SPDX-License-Identifier: Apache-2.0 */
#include "client/plan/story.h"

#include "client/plan/dice.h"

#include <string.h>

typedef enum Verb {
	SETTLED, /* a node that all agree on */
	CREATE,
	EDIT,
	TOUCH,
	FLIP,
	DELETE,
	MOVE,
	RENAME,
	SWAP,
	ROTATE,
	WRAP,     /* a new folder takes the node's place, and the node goes into it */
	RECREATE, /* delete, and make a new one at that place, of that or another kind */
	TWIN,     /* the same name made on both sides, with the same content or another */
	UNHASH,
	LOSE,
	PARK,
	LEAVE_OUT, /* a folder */
	TAKE_IN,   /* what was left out first */
	VERBS,
} Verb;

static const char *const verb_names[VERBS] = {
	"settled", "create", "edit", "touch",  "flip",      "delete",
	"move",    "rename", "swap", "rotate", "wrap",      "recreate",
	"twin",    "unhash", "lose", "park",   "leave out", "take in",
};

typedef struct Event {
	Verb verb;
	Side side;
	unsigned round;
	int64_t key;     /* of what it makes */
	int64_t keys[3]; /* of what it changes */
	int64_t parent;
	const char *name;
	EntryKind kind;
	char content[12];
	char other_content[12]; /* TWIN */
} Event;

/* Where a folder's new parent is made before it goes there. */
#define ASIDE "aside"

static const char *const names[] = { "a", "b", "c.txt", "A", "d.tar.gz" };

bool story_is_unique(const char *content)
{
	return content[0] == 'u';
}

bool story_is_name(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (strcmp(names[i], name) == 0) {
			return true;
		}
	}
	return strcmp(name, ASIDE) == 0;
}

/* ---- making one up -------------------------------------------------------------------------- */

/* A node that the story knows, and on which sides it is at the beginning. */
typedef struct Known {
	int64_t key;
	EntryKind kind;
	bool on_both;
	Side side;
} Known;

typedef struct Author {
	Dice dice;
	Story *story;
	GArray *known; /* Known */
} Author;

static bool chance(Author *author, unsigned percent)
{
	return dice_roll(&author->dice, 100) < percent;
}

static bool is_reachable(const Known *known, const Event *event)
{
	return known->on_both || known->side == event->side || event->round > 0;
}

/* A node that may be there; ENTRY_KEY_NONE if luck is out. */
static int64_t pick(Author *author, const Event *event, bool folder)
{
	for (int attempt = 0; attempt < 6 && author->known->len > 0; attempt++) {
		unsigned i = dice_roll(&author->dice, author->known->len);
		const Known *known = &g_array_index(author->known, Known, i);
		if (is_reachable(known, event) && (!folder || known->kind == ENTRY_FOLDER)) {
			return known->key;
		}
	}
	return ENTRY_KEY_NONE;
}

static int64_t pick_parent(Author *author, const Event *event)
{
	int64_t key = chance(author, 40) ? ENTRY_KEY_NONE : pick(author, event, true);
	return key == ENTRY_KEY_NONE ? ENTRY_KEY_ROOT : key;
}

static void make_content(Author *author, Event *event, char *ret_content)
{
	if (chance(author, 25)) {
		g_strlcpy(ret_content, chance(author, 50) ? "x" : "yy", sizeof event->content);
	} else {
		g_snprintf(ret_content, sizeof event->content, "u%d", (int)event->key);
	}
}

static void learn(Author *author, const Event *event, int64_t key, EntryKind kind, bool on_both)
{
	Known known = { .key = key, .kind = kind, .on_both = on_both, .side = event->side };
	g_array_append_val(author->known, known);
}

static EntryKind pick_kind(Author *author)
{
	unsigned roll = dice_roll(&author->dice, 10);
	return roll < 4 ? ENTRY_FOLDER : roll < 9 ? ENTRY_FILE : ENTRY_LINK;
}

static Verb pick_verb(Author *author)
{
	static const Verb moves[] = { MOVE, MOVE, RENAME, SWAP, ROTATE };
	static const Verb all[] = { CREATE, CREATE, EDIT,   EDIT,   EDIT,  TOUCH,    FLIP,
				    DELETE, DELETE, DELETE, MOVE,   MOVE,  MOVE,     MOVE,
				    RENAME, SWAP,   ROTATE, WRAP,   WRAP,  RECREATE, RECREATE,
				    TWIN,   TWIN,   UNHASH, UNHASH, UNHASH };
	if (author->story->moves_only) {
		return moves[dice_roll(&author->dice, G_N_ELEMENTS(moves))];
	}
	if (!author->story->is_exact && chance(author, 8)) {
		return LOSE;
	}
	if (author->story->chooses && chance(author, 30)) {
		return chance(author, 60) ? LEAVE_OUT : TAKE_IN;
	}
	if (chance(author, 2)) {
		return PARK;
	}
	return all[dice_roll(&author->dice, G_N_ELEMENTS(all))];
}

static void add_event(Author *author, Verb verb, unsigned round, unsigned one_sided)
{
	Event event = { .verb = verb, .round = round };
	event.key = ENTRY_KEY_FIRST + 2 * (int64_t)author->story->events->len;
	event.side = one_sided == 1       ? SIDE_LOCAL
		     : one_sided == 2     ? SIDE_REMOTE
		     : chance(author, 50) ? SIDE_LOCAL
					  : SIDE_REMOTE;
	for (int i = 0; i < 3; i++) {
		event.keys[i] = pick(author, &event, verb == LEAVE_OUT);
	}
	event.parent = pick_parent(author, &event);
	event.name = names[dice_roll(&author->dice, G_N_ELEMENTS(names))];
	event.kind = pick_kind(author);
	make_content(author, &event, event.content);
	make_content(author, &event, event.other_content);
	if (verb == TWIN) {
		/* Both the same, or each its own. */
		if (chance(author, 50)) {
			g_snprintf(event.content, sizeof event.content, "t%d", (int)event.key);
			g_strlcpy(event.other_content, event.content, sizeof event.other_content);
		} else {
			g_snprintf(event.content, sizeof event.content, "u%d", (int)event.key);
			g_snprintf(event.other_content, sizeof event.content, "u%d",
				   (int)event.key + 1);
		}
	}
	if (verb == SETTLED || verb == CREATE || verb == RECREATE || verb == TWIN) {
		learn(author, &event, event.key, event.kind, verb == SETTLED);
	} else if (verb == WRAP) {
		learn(author, &event, event.key, ENTRY_FOLDER, false);
	}
	g_array_append_val(author->story->events, event);
}

Story *story_new(uint64_t seed)
{
	Story *story = g_new0(Story, 1);
	story->seed = seed;
	story->events = g_array_new(FALSE, FALSE, sizeof(Event));
	g_autoptr(GArray) known = g_array_new(FALSE, FALSE, sizeof(Known));
	Author author = { .dice = { seed }, .story = story, .known = known };
	story->moves_only = chance(&author, 15);
	story->is_exact = chance(&author, 85);
	story->chooses = !story->moves_only && seed % 4 == 0;
	if (story->chooses) {
		story->is_exact = false;
	}
	story->rounds = chance(&author, 40) ? 1 + dice_roll(&author.dice, 4) : 0;
	unsigned one_sided = chance(&author, 20) ? 1 + dice_roll(&author.dice, 2) : 0;
	bool is_long = chance(&author, 4);
	unsigned settled = 1 + dice_roll(&author.dice, is_long ? 40 : 10);
	unsigned changes = 1 + dice_roll(&author.dice, is_long ? 50 : chance(&author, 70) ? 6 : 16);
	for (unsigned i = 0; i < settled; i++) {
		add_event(&author, SETTLED, 0, 0);
	}
	for (unsigned i = 0; i < changes; i++) {
		unsigned round = dice_roll(&author.dice, story->rounds + 1);
		add_event(&author, pick_verb(&author), round, one_sided);
	}
	return story;
}

void story_free(Story *story)
{
	if (story) {
		g_array_unref(story->events);
		g_free(story);
	}
}

Story *story_cut(const Story *story, unsigned from, unsigned count)
{
	Story *shorter = g_memdup2(story, sizeof *story);
	shorter->events = g_array_copy(story->events);
	g_array_remove_range(shorter->events, from, count);
	return shorter;
}

/* ---- playing it ----------------------------------------------------------------------------- */

static void make(World *world, const Event *event, Side side, int64_t key, const char *content)
{
	Entry fields = { .key = key,
			 .parent = event->parent,
			 .name = (char *)event->name,
			 .kind = event->kind };
	world_create(world, side, &fields, event->kind == ENTRY_FOLDER ? NULL : content);
}

/* Place of a node on that side, kept although the node goes. NULL if it is not there. */
static Entry *place_of(World *world, const Event *event)
{
	const Tree *tree = event->side == SIDE_LOCAL ? world->trees[SIDE_LOCAL] : world->server;
	const Entry *entry = tree_get(tree, event->keys[0]);
	return entry ? entry_ref(entry) : NULL;
}

static void wrap(World *world, const Event *event)
{
	g_autoptr(Entry) place = place_of(world, event);
	if (!place || !world_move(world, event->side, place->key, ENTRY_KEY_ROOT, ASIDE)) {
		return;
	}
	Event folder = *event;
	folder.parent = place->parent;
	folder.name = place->name;
	folder.kind = ENTRY_FOLDER;
	make(world, &folder, event->side, event->key, NULL);
	world_move(world, event->side, place->key, event->key, event->name);
}

static void recreate(World *world, const Event *event)
{
	g_autoptr(Entry) place = place_of(world, event);
	if (!place || !world_delete(world, event->side, place->key)) {
		return;
	}
	Event again = *event;
	again.parent = place->parent;
	again.name = place->name;
	make(world, &again, event->side, event->key, event->content);
}

static void take_in(World *world)
{
	g_autoptr(GList) keys = g_hash_table_get_keys(world->left_out);
	int64_t first = ENTRY_KEY_NONE;
	for (GList *item = keys; item; item = item->next) {
		int64_t key = (intptr_t)item->data;
		first = first == ENTRY_KEY_NONE ? key : MIN(first, key);
	}
	world_leave_out(world, first, false);
}

static void play(const Event *event, World *world)
{
	const int64_t *keys = event->keys;
	switch (event->verb) {
	case SETTLED:
		world_settled(world, event->key, event->parent, event->name, event->kind,
			      event->kind == ENTRY_FOLDER ? NULL : event->content);
		break;
	case CREATE:
		make(world, event, event->side, event->key, event->content);
		break;
	case EDIT:
		world_edit(world, event->side, keys[0], event->content);
		break;
	case TOUCH:
	case FLIP:
		world_touch(world, event->side, keys[0], event->verb == FLIP);
		break;
	case DELETE:
		world_delete(world, event->side, keys[0]);
		break;
	case MOVE:
		world_move(world, event->side, keys[0], event->parent, event->name);
		break;
	case RENAME: {
		g_autoptr(Entry) place = place_of(world, event);
		if (place) {
			world_move(world, event->side, keys[0], place->parent, event->name);
		}
		break;
	}
	case SWAP:
		world_rotate(world, event->side, keys, 2);
		break;
	case ROTATE:
		world_rotate(world, event->side, keys, 3);
		break;
	case WRAP:
		wrap(world, event);
		break;
	case RECREATE:
		recreate(world, event);
		break;
	case TWIN:
		make(world, event, SIDE_LOCAL, event->key, event->content);
		make(world, event, SIDE_REMOTE, event->key + 1, event->other_content);
		break;
	case UNHASH:
		world_unhash(world, keys[0]);
		break;
	case LOSE:
		world_lose_synced(world, keys[0]);
		break;
	case PARK:
		world_park(world, keys[0]);
		break;
	case LEAVE_OUT:
		world_leave_out(world, keys[0], true);
		break;
	case TAKE_IN:
		take_in(world);
		break;
	case VERBS:
		g_assert_not_reached();
	}
}

void story_play(const Story *story, World *world, unsigned round)
{
	for (unsigned i = 0; i < story->events->len; i++) {
		const Event *event = &g_array_index(story->events, Event, i);
		if (event->round == round) {
			play(event, world);
		}
	}
}

bool story_has_parked(const Story *story)
{
	for (unsigned i = 0; i < story->events->len; i++) {
		if (g_array_index(story->events, Event, i).verb == PARK) {
			return true;
		}
	}
	return false;
}

Side story_side(const Story *story)
{
	bool sides[SIDE_COUNT] = { false };
	for (unsigned i = 0; i < story->events->len; i++) {
		const Event *event = &g_array_index(story->events, Event, i);
		if (event->verb == LOSE || event->verb == PARK || event->verb == TWIN ||
		    event->verb == LEAVE_OUT || event->verb == TAKE_IN) {
			return SIDE_COUNT;
		}
		if (event->verb != SETTLED) {
			sides[event->verb == UNHASH ? SIDE_LOCAL : event->side] = true;
		}
	}
	return sides[SIDE_LOCAL] == sides[SIDE_REMOTE] ? SIDE_COUNT
	       : sides[SIDE_LOCAL]                     ? SIDE_LOCAL
						       : SIDE_REMOTE;
}

char *story_print(const Story *story)
{
	GString *text = g_string_new(NULL);
	for (unsigned i = 0; i < story->events->len; i++) {
		const Event *event = &g_array_index(story->events, Event, i);
		g_string_append_printf(
			text,
			"round %u, %s: %s of %d %d %d; makes %d: '%s' in %d, kind %d, '%s'/'%s'\n",
			event->round, event->side == SIDE_LOCAL ? "here" : "there",
			verb_names[event->verb], (int)event->keys[0], (int)event->keys[1],
			(int)event->keys[2], (int)event->key, event->name, (int)event->parent,
			event->kind, event->content, event->other_content);
	}
	return g_string_free(text, FALSE);
}
