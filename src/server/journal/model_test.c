/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random commits on two drives that share chunks, against a model that is as simple as the rules
 * can be said: outcome by outcome, then the whole tree, as it is read at once and as a device sees
 * it that follows page by page. journal_check() after every step.
 */
#include "server/journal/fixture.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define WORLDS 100
#define STEPS 80
#define IDS 24
#define DRIVES 2
#define TEXTS 5

static const char *const names[] = { "a", "b", "c", "A", "d" };
static const char *const texts[TEXTS] = { "", "one", "twenty-two", "three hundred", "four" };

/* ---- the model ----------------------------------------------------------------------------- */

typedef struct Was {
	uint64_t seq;
	int64_t device;
	uint64_t number;
	int text; /* -1: the content went on to the next state */
} Was;

typedef struct Node {
	bool exists;
	bool deleted;
	bool folder;
	int parent; /* index; -1: the root */
	const char *name;
	int text;
	uint64_t seq;
	int64_t device;
	uint64_t number;
	unsigned was_count;
	Was was[400];
} Node;

typedef struct Model {
	uint64_t seq;
	bool begun; /* this commit has its seq */
	uint64_t quota;
	bool leased[TEXTS];
	bool stored[TEXTS]; /* with this commit */
	Node nodes[IDS];    /* 0 is the root */
} Model;

typedef struct Wish {
	int node;
	const char *name;
	JournalResult *result;
} Wish;

static bool dead(const Model *model, int node)
{
	for (; node != -1; node = model->nodes[node].parent) {
		if (model->nodes[node].deleted) {
			return true;
		}
	}
	return false;
}

static int child(const Model *model, int parent, const char *name)
{
	for (int i = 1; i < IDS; i++) {
		const Node *node = &model->nodes[i];
		if (node->exists && !node->deleted && node->parent == parent &&
		    strcmp(node->name, name) == 0) {
			return i;
		}
	}
	return -1;
}

static bool below(const Model *model, int above, int node)
{
	while (node != -1 && node != above) {
		node = model->nodes[node].parent;
	}
	return node == above;
}

static bool held(const Model *model, int text)
{
	for (int i = 1; i < IDS; i++) {
		const Node *node = &model->nodes[i];
		bool found = node->exists && !node->folder && node->text == text;
		for (unsigned j = 0; node->exists && !found && j < node->was_count; j++) {
			found = node->was[j].text == text;
		}
		if (found && *texts[text]) {
			return true;
		}
	}
	return false;
}

static uint64_t bytes_held(const Model *model)
{
	uint64_t bytes = 0;
	for (int i = 0; i < TEXTS; i++) {
		bytes += held(model, i) ? strlen(texts[i]) : 0;
	}
	return bytes;
}

static void keep(Node *node, bool with_text)
{
	g_assert(node->was_count < G_N_ELEMENTS(node->was));
	node->was[node->was_count++] = (Was){
		.seq = node->seq,
		.device = node->device,
		.number = node->number,
		.text = with_text ? node->text : -1,
	};
}

static void stamp(Model *model, Node *node, int64_t device, uint64_t number)
{
	model->seq += !model->begun;
	model->begun = true;
	node->seq = model->seq;
	node->device = device;
	node->number = number;
}

static void show(Model *model, Node *node)
{
	keep(node, false);
	stamp(model, node, 0, 0);
	node->deleted = false;
}

static void bury(Model *model, Node *node)
{
	keep(node, false);
	stamp(model, node, 0, 0);
	node->deleted = true;
}

static int first_dead(const Model *model, int folder)
{
	int first = folder;
	for (int at = folder; at != -1 && dead(model, at); at = model->nodes[at].parent) {
		first = at;
	}
	return first;
}

static bool is_free(const Model *model, int node)
{
	return child(model, model->nodes[node].parent, model->nodes[node].name) == -1;
}

static void revive(Model *model, int folder, int except)
{
	bool on_path[IDS] = { false };
	int first = first_dead(model, folder);
	for (int at = folder; at != model->nodes[first].parent; at = model->nodes[at].parent) {
		on_path[at] = true;
	}
	for (int i = 1; i < IDS; i++) {
		Node *node = &model->nodes[i];
		if (node->exists && !node->deleted && !on_path[i] && i != except &&
		    on_path[MAX(node->parent, 0)]) {
			bury(model, node);
		}
	}
	for (int i = 1; i < IDS; i++) {
		if (on_path[i]) {
			show(model, &model->nodes[i]);
		}
	}
}

static void show_below(Model *model, int folder, uint64_t with)
{
	for (int i = 1; i < IDS; i++) {
		Node *node = &model->nodes[i];
		bool together =
			node->deleted && node->seq == with && with != 0 && is_free(model, i);
		for (int j = 1; j < IDS && together; j++) {
			const Node *other = &model->nodes[j];
			together = !(j != i && other->exists && other->parent == folder &&
				     other->deleted && other->seq == with &&
				     strcmp(other->name, node->name) == 0);
		}
		if (node->exists && node->parent == folder && (!node->deleted || together)) {
			/* Only now is it known that it will be live, so that its seq may change. */
			show(model, node);
			show_below(model, i, with);
		}
	}
}

/* ---- operations on the model --------------------------------------------------------------- */

typedef struct Step {
	JournalOperation operation; /* what the journal is given */
	int node;
	int parent; /* -2: unknown */
	const char *name;
	int text;
} Step;

typedef struct Turn {
	Model *model;
	int64_t device;
	bool in_group;
	Wish wishes[8];
	unsigned wish_count;
} Turn;

static JournalOutcome check_text(const Model *model, int text)
{
	if (!*texts[text]) {
		return JOURNAL_APPLIED;
	}
	bool has = held(model, text);
	if (!has && !model->leased[text] && !model->stored[text]) {
		return JOURNAL_MISSING_CONTENT;
	}
	if (!has && model->quota > 0 && bytes_held(model) + strlen(texts[text]) > model->quota) {
		return JOURNAL_QUOTA;
	}
	return JOURNAL_APPLIED;
}

static uint64_t retried(const Turn *turn, const Step *step)
{
	const Node *node = &turn->model->nodes[step->node];
	uint64_t number = step->operation.number;
	if (node->device == turn->device && node->number == number) {
		return node->seq;
	}
	for (unsigned i = 0; i < node->was_count; i++) {
		if (node->was[i].device == turn->device && node->was[i].number == number) {
			return node->was[i].seq;
		}
	}
	return 0;
}

static JournalOutcome create(Turn *turn, const Step *step, JournalResult *result)
{
	Model *model = turn->model;
	Node *node = &model->nodes[step->node];
	bool folder = step->operation.kind == JOURNAL_FOLDER;
	if (step->parent < 0 || !model->nodes[step->parent].exists ||
	    !model->nodes[step->parent].folder) {
		return JOURNAL_NO_PARENT;
	}
	JournalOutcome outcome = folder ? JOURNAL_APPLIED : check_text(model, step->text);
	if (outcome != JOURNAL_APPLIED || node->exists) {
		return outcome != JOURNAL_APPLIED ? outcome : JOURNAL_EXISTS;
	}
	if (dead(model, step->parent)) {
		if (!is_free(model, first_dead(model, step->parent))) {
			return JOURNAL_NO_PARENT;
		}
		revive(model, step->parent, -1);
	}
	const char *name = step->name;
	if (child(model, step->parent, name) != -1) {
		if (!turn->in_group) {
			return JOURNAL_NAME_TAKEN;
		}
		turn->wishes[turn->wish_count++] = (Wish){ step->node, name, result };
		name = "";
	}
	*node = (Node){
		.exists = true,
		.folder = folder,
		.parent = step->parent,
		.name = name,
		.text = step->text,
	};
	stamp(model, node, turn->device, step->operation.number);
	return JOURNAL_APPLIED;
}

static JournalOutcome update(Turn *turn, const Step *step)
{
	Model *model = turn->model;
	Node *node = &model->nodes[step->node];
	if (node->folder) {
		return JOURNAL_INVALID;
	}
	JournalOutcome outcome = check_text(model, step->text);
	if (outcome != JOURNAL_APPLIED) {
		return outcome;
	}
	if (dead(model, node->parent)) {
		if (!is_free(model, first_dead(model, node->parent))) {
			return JOURNAL_NO_PARENT;
		}
		revive(model, node->parent, step->node);
	} else if (node->deleted && !is_free(model, step->node)) {
		return JOURNAL_NAME_TAKEN;
	}
	keep(node, node->text != step->text);
	node->text = step->text;
	node->deleted = false;
	stamp(model, node, turn->device, step->operation.number);
	return JOURNAL_APPLIED;
}

static JournalOutcome move(Turn *turn, const Step *step, JournalResult *result)
{
	Model *model = turn->model;
	Node *node = &model->nodes[step->node];
	if (node->deleted) {
		return JOURNAL_NOT_FOUND;
	}
	if (step->parent < 0 || !model->nodes[step->parent].exists ||
	    !model->nodes[step->parent].folder) {
		return JOURNAL_NO_PARENT;
	}
	if (below(model, step->node, step->parent)) {
		return JOURNAL_CYCLE;
	}
	bool was_dead = dead(model, step->node);
	if (dead(model, step->parent)) {
		if (!is_free(model, first_dead(model, step->parent))) {
			return JOURNAL_NO_PARENT;
		}
		revive(model, step->parent, step->node);
	}
	const char *name = step->name;
	int other = child(model, step->parent, name);
	if (other != -1 && other != step->node) {
		if (!turn->in_group) {
			return JOURNAL_NAME_TAKEN;
		}
		turn->wishes[turn->wish_count++] = (Wish){ step->node, name, result };
		name = "";
	}
	keep(node, false);
	node->parent = step->parent;
	node->name = name;
	stamp(model, node, turn->device, step->operation.number);
	if (was_dead) {
		show_below(model, step->node, 0);
	}
	return JOURNAL_APPLIED;
}

static JournalOutcome delete_node(Turn *turn, const Step *step, uint64_t seq_before)
{
	Model *model = turn->model;
	Node *node = &model->nodes[step->node];
	uint64_t decided_at = step->operation.decided_at;
	if (node->deleted) {
		return JOURNAL_NOT_FOUND;
	}
	if (node->folder && decided_at > seq_before) {
		return JOURNAL_INVALID;
	}
	for (int i = 1; i < IDS && node->folder && !dead(model, step->node); i++) {
		if (model->nodes[i].exists && i != step->node && below(model, step->node, i) &&
		    !dead(model, i) && model->nodes[i].seq > decided_at) {
			return JOURNAL_NEWER_INSIDE;
		}
	}
	keep(node, false);
	node->deleted = true;
	stamp(model, node, turn->device, step->operation.number);
	return JOURNAL_APPLIED;
}

static void play(Turn *turn, const Step *step, uint64_t seq_before, JournalResult *result)
{
	Model *model = turn->model;
	Node *node = &model->nodes[step->node];
	bool create_it = step->operation.verb == JOURNAL_CREATE;
	*result = (JournalResult){ .outcome = JOURNAL_APPLIED };
	uint64_t seq = node->exists ? retried(turn, step) : 0;
	bool wished = false;
	for (unsigned i = 0; i < turn->wish_count; i++) {
		wished = wished || turn->wishes[i].node == step->node;
	}
	if (!create_it && !node->exists) {
		result->outcome = JOURNAL_NOT_FOUND;
	} else if (!create_it && (step->node == 0 || wished)) {
		result->outcome = JOURNAL_INVALID;
	} else if (seq != 0) {
		*result = (JournalResult){ .outcome = JOURNAL_ALREADY, .seq = seq };
	} else if (!create_it && node->seq != step->operation.base) {
		result->outcome = JOURNAL_STALE;
	}
	if (result->outcome != JOURNAL_APPLIED) {
		return;
	}
	switch (step->operation.verb) {
	case JOURNAL_CREATE:
		result->outcome = create(turn, step, result);
		if (result->outcome != JOURNAL_APPLIED && node->exists) {
			result->outcome = JOURNAL_EXISTS;
		}
		break;
	case JOURNAL_UPDATE:
		result->outcome = update(turn, step);
		break;
	case JOURNAL_MOVE:
		result->outcome = move(turn, step, result);
		break;
	case JOURNAL_DELETE:
		result->outcome = delete_node(turn, step, seq_before);
		break;
	}
	result->seq = result->outcome == JOURNAL_APPLIED ? node->seq : 0;
}

static bool settle(Turn *turn)
{
	for (unsigned i = 0; i < turn->wish_count; i++) {
		const Wish *wish = &turn->wishes[i];
		Node *node = &turn->model->nodes[wish->node];
		if (child(turn->model, node->parent, wish->name) != -1) {
			*wish->result = (JournalResult){ .outcome = JOURNAL_NAME_TAKEN };
			return false;
		}
		node->name = wish->name;
	}
	return true;
}

static void play_group(Turn *turn, const Step *steps, unsigned count, uint64_t seq_before,
		       JournalResult *results)
{
	g_autofree Model *before = g_memdup2(turn->model, sizeof(Model));
	bool whole = true;
	turn->in_group = true;
	turn->wish_count = 0;
	for (unsigned i = 0; i < count; i++) {
		results[i] = (JournalResult){ .outcome = JOURNAL_GROUP_FAILED };
	}
	for (unsigned i = 0; i < count && whole; i++) {
		play(turn, &steps[i], seq_before, &results[i]);
		whole = results[i].outcome == JOURNAL_APPLIED ||
			results[i].outcome == JOURNAL_ALREADY;
	}
	whole = whole && settle(turn);
	turn->in_group = false;
	turn->wish_count = 0;
	if (whole) {
		return;
	}
	*turn->model = *before;
	for (unsigned i = 0; i < count; i++) {
		if (results[i].outcome == JOURNAL_APPLIED) {
			results[i] = (JournalResult){ .outcome = JOURNAL_GROUP_FAILED };
		}
	}
}

static void play_commit(Model *model, int64_t device, const Step *steps, unsigned count,
			JournalResult *results)
{
	uint64_t seq_before = model->seq;
	Turn turn = { .model = model, .device = device };
	model->begun = false;
	for (unsigned i = 0; i < count;) {
		unsigned end = i + 1;
		uint32_t group = steps[i].operation.group;
		while (group != 0 && end < count && steps[end].operation.group == group) {
			end++;
		}
		if (group != 0) {
			play_group(&turn, &steps[i], end - i, seq_before, &results[i]);
		} else {
			play(&turn, &steps[i], seq_before, &results[i]);
		}
		i = end;
	}
	for (int i = 0; i < TEXTS; i++) {
		model->leased[i] = model->leased[i] || (model->stored[i] && !held(model, i));
		model->stored[i] = false;
	}
}

/* ---- a device that follows ----------------------------------------------------------------- */

typedef struct Seen {
	bool known;
	bool deleted;
	NodeId parent;
	char name[8];
	uint64_t seq;
} Seen;

typedef struct Follower {
	GBytes *cursor;
	Seen seen[IDS];
} Follower;

typedef struct World {
	Fixture *fixture;
	GRand *rand;
	NodeId drives[DRIVES];
	Model models[DRIVES];
	NodeId ids[DRIVES][IDS];
	Follower followers[DRIVES];
	GArray *past[DRIVES]; /* Step: to be tried again */
	int64_t days;         /* by which the clock of forgetting is ahead */
} World;

static int index_of(const World *world, int drive, const NodeId *id)
{
	for (int i = 0; i < IDS; i++) {
		if (node_id_equal(&world->ids[drive][i], id)) {
			return i;
		}
	}
	g_assert_not_reached();
}

static bool seen_dead(const World *world, int drive, const Seen *seen, int node)
{
	for (int depth = 0; depth < IDS && node != 0; depth++) {
		if (!seen[node].known || seen[node].deleted) {
			return true;
		}
		node = index_of(world, drive, &seen[node].parent);
	}
	return node != 0;
}

static void take(World *world, int drive, Seen *seen, const JournalNode *node)
{
	Seen *it = &seen[index_of(world, drive, &node->id)];
	*it = (Seen){
		.known = true,
		.deleted = node->deleted,
		.parent = node->parent,
		.seq = node->seq,
	};
	g_snprintf(it->name, sizeof it->name, "%.*s", (int)g_bytes_get_size(node->name),
		   (const char *)g_bytes_get_data(node->name, NULL));
}

/* At the head, what is dead is gone, and what is left is the tree. */
static void compare_seen(World *world, int drive, Seen *seen)
{
	const Model *model = &world->models[drive];
	bool gone[IDS];
	for (int i = 1; i < IDS; i++) {
		gone[i] = seen_dead(world, drive, seen, i);
	}
	for (int i = 1; i < IDS; i++) {
		const Node *node = &model->nodes[i];
		bool live = node->exists && !dead(model, i);
		g_assert_cmpint(live, ==, !gone[i]);
		if (live) {
			g_assert_cmpuint(seen[i].seq, ==, node->seq);
			g_assert_cmpstr(seen[i].name, ==, node->name);
			g_assert_cmpint(index_of(world, drive, &seen[i].parent), ==, node->parent);
		} else {
			seen[i] = (Seen){ 0 };
		}
	}
}

static bool read_page(World *world, int drive, GBytes **cursor, Seen *seen, bool *ret_reset)
{
	g_autoptr(GError) error = NULL;
	JournalPage page;
	unsigned nodes_max = (unsigned)g_rand_int_range(world->rand, 1, 6);
	journal_changes(world->fixture->journal, &world->drives[drive], *cursor, nodes_max, &page,
			&error);
	g_assert_no_error(error);
	*ret_reset = page.reset;
	if (page.reset) {
		memset(seen, 0, IDS * sizeof *seen);
	}
	for (unsigned i = 0; i < page.nodes->len; i++) {
		take(world, drive, seen, &g_array_index(page.nodes, JournalNode, i));
	}
	bool at_head = page.at_head;
	if (at_head) {
		g_assert_cmpuint(page.seq, ==, world->models[drive].seq);
	}
	g_clear_pointer(cursor, g_bytes_unref);
	*cursor = g_bytes_ref(page.cursor);
	journal_page_clear(&page);
	return at_head;
}

static void follow(World *world, int drive, bool to_head)
{
	Follower *follower = &world->followers[drive];
	bool at_head;
	do {
		bool reset;
		at_head = read_page(world, drive, &follower->cursor, follower->seen, &reset);
	} while (to_head && !at_head);
	if (at_head) {
		compare_seen(world, drive, follower->seen);
	}
}

static void read_anew(World *world, int drive)
{
	g_autoptr(GBytes) cursor = NULL;
	Seen seen[IDS] = { 0 };
	bool reset = false;
	while (!read_page(world, drive, &cursor, seen, &reset)) {
		g_assert_false(reset);
	}
	for (int i = 1; i < IDS; i++) {
		g_assert_false(seen[i].deleted);
	}
	compare_seen(world, drive, seen);
}

/* ---- chance -------------------------------------------------------------------------------- */

static int pick(World *world, int count)
{
	return g_rand_int_range(world->rand, 0, count);
}

/* One of those that are (not) there, if chance finds one soon. */
static int pick_node(World *world, int drive, bool exists, bool folder)
{
	const Model *model = &world->models[drive];
	int node = 0;
	for (unsigned i = 0; i < 20; i++) {
		node = folder || pick(world, 20) == 0 ? pick(world, IDS) : 1 + pick(world, IDS - 1);
		if (model->nodes[node].exists == exists && (!folder || model->nodes[node].folder)) {
			break;
		}
	}
	return node;
}

static JournalVerb pick_verb(World *world)
{
	static const JournalVerb verbs[] = {
		JOURNAL_CREATE, JOURNAL_CREATE, JOURNAL_CREATE, JOURNAL_UPDATE,
		JOURNAL_UPDATE, JOURNAL_MOVE,   JOURNAL_MOVE,   JOURNAL_DELETE,
	};
	return verbs[pick(world, G_N_ELEMENTS(verbs))];
}

static Step make_step(World *world, int drive)
{
	const Model *model = &world->models[drive];
	Step step = {
		.name = names[pick(world, G_N_ELEMENTS(names))],
		.text = pick(world, TEXTS),
		.operation = {
			.verb = pick_verb(world),
			.number = ++world->fixture->number,
			.kind = pick(world, 2) ? JOURNAL_FILE : JOURNAL_FOLDER,
		},
	};
	JournalOperation *operation = &step.operation;
	bool odd = pick(world, 10) == 0;
	step.node = pick_node(world, drive, (operation->verb != JOURNAL_CREATE) != odd, false);
	step.parent = pick(world, 30) ? pick_node(world, drive, true, pick(world, 20)) : -2;
	operation->base = pick(world, 15) ? model->nodes[step.node].seq : (uint64_t)pick(world, 50);
	operation->decided_at =
		pick(world, 4) ? model->seq : (uint64_t)pick(world, (int)model->seq + 2);
	return step;
}

static void add_step(World *world, int drive, Commit *commit, Step *step)
{
	static const NodeId nowhere = { { 1 } };
	const NodeId *id = &world->ids[drive][step->node];
	const NodeId *parent = step->parent < 0 ? &nowhere : &world->ids[drive][step->parent];
	unsigned stored = commit->stored->len;
	commit->number = step->operation.number;
	commit->group = step->operation.group;
	switch (step->operation.verb) {
	case JOURNAL_CREATE:
		if (step->operation.kind == JOURNAL_FOLDER) {
			fixture_folder(commit, id, parent, step->name);
		} else {
			fixture_file(commit, id, parent, step->name, texts[step->text]);
		}
		break;
	case JOURNAL_UPDATE:
		fixture_update(commit, id, step->operation.base, texts[step->text]);
		break;
	case JOURNAL_MOVE:
		fixture_move(commit, id, step->operation.base, parent, step->name);
		break;
	case JOURNAL_DELETE:
		fixture_delete(commit, id, step->operation.base, step->operation.decided_at);
		break;
	}
	if (commit->stored->len > stored) {
		if (pick(world, 8) == 0) {
			g_array_set_size(commit->stored, stored);
		} else {
			world->models[drive].stored[step->text] = true;
		}
	}
}

static unsigned make_steps(World *world, int drive, Step *steps)
{
	unsigned count = 1 + (unsigned)pick(world, 6);
	GArray *past = world->past[drive];
	uint32_t group = 0;
	for (unsigned i = 0; i < count; i++) {
		if (past->len > 0 && pick(world, 6) == 0) {
			steps[i] = g_array_index(past, Step, pick(world, (int)past->len));
		} else {
			steps[i] = make_step(world, drive);
		}
		group = pick(world, 3) == 0 ? (uint32_t)MAX(pick(world, 5) - 2, 0) : group;
		steps[i].operation.group = group;
	}
	return count;
}

/* How often each came out: what never does is not tested. */
static unsigned outcomes[JOURNAL_EXISTS + 1];

static void commit_some(World *world, int drive)
{
	Step steps[8];
	JournalResult expected[8];
	unsigned count = make_steps(world, drive, steps);
	g_autoptr(Commit) commit = fixture_commit(world->fixture);
	commit->drive = world->drives[drive];
	commit->account = FIXTURE_ACCOUNT + drive;
	commit->device = 1 + pick(world, 2);
	for (unsigned i = 0; i < count; i++) {
		add_step(world, drive, commit, &steps[i]);
	}
	play_commit(&world->models[drive], commit->device, steps, count, expected);
	fixture_run(commit);
	for (unsigned i = 0; i < count; i++) {
		outcomes[expected[i].outcome]++;
		g_assert_cmpint(fixture_outcome(commit, i), ==, expected[i].outcome);
		g_assert_cmpuint(fixture_seq(commit, i), ==, expected[i].seq);
	}
	g_assert_cmpuint(commit->seq, ==, world->models[drive].seq);
	g_array_append_vals(world->past[drive], steps, count);
}

/* ---- restoring and forgetting -------------------------------------------------------------- */

static bool model_restore(Model *model, int index)
{
	Node *node = &model->nodes[index];
	if (!node->exists || index == 0 || !dead(model, index)) {
		return false;
	}
	uint64_t with = node->deleted ? node->seq : 0;
	model->begun = false;
	if (dead(model, node->parent)) {
		revive(model, node->parent, index);
	}
	show(model, node);
	show_below(model, index, with);
	return true;
}

/* Where names are taken, names are made up: other tests look at that. */
static bool restores_plainly(const Model *model, int index)
{
	const Node *node = &model->nodes[index];
	if (!node->exists || index == 0) {
		return true;
	}
	if (dead(model, node->parent)) {
		return is_free(model, first_dead(model, node->parent));
	}
	return !node->deleted || is_free(model, index);
}

static void restore_some(World *world, int drive)
{
	int index = pick(world, IDS);
	Model *model = &world->models[drive];
	if (!restores_plainly(model, index)) {
		return;
	}
	g_autoptr(GError) error = NULL;
	uint64_t seq;
	bool done = journal_restore(world->fixture->journal, &world->drives[drive], 1,
				    &world->ids[drive][index], 0, &seq, &error);
	g_assert_cmpint(done, ==, model_restore(model, index));
	if (done) {
		g_assert_cmpuint(seq, ==, model->seq);
	}
}

static void sweep(World *world, bool versions, bool trash)
{
	bool more = true;
	const int64_t never = 100 * 365 * 86400ll;
	JournalRetention retention = { versions ? 0 : never, trash ? 0 : never };
	/* Each time a few days later, so that leases end and are looked at. */
	world->days += 3;
	int64_t now_us = g_get_real_time() + world->days * 86400 * G_USEC_PER_SEC;
	while (more) {
		g_autoptr(GError) error = NULL;
		journal_sweep(world->fixture->journal, &retention, now_us, &more, &error);
		g_assert_no_error(error);
	}
}

static void forget_some(World *world)
{
	bool versions = pick(world, 2);
	bool trash = pick(world, 2);
	sweep(world, versions, trash);
	for (int drive = 0; drive < DRIVES; drive++) {
		Model *model = &world->models[drive];
		bool gone[IDS];
		memset(model->leased, 0, sizeof model->leased);
		for (int i = 1; i < IDS; i++) {
			gone[i] = trash && model->nodes[i].exists && dead(model, i);
			if (versions) {
				model->nodes[i].was_count = 0;
			}
		}
		for (int i = 1; i < IDS; i++) {
			if (gone[i]) {
				memset(&model->nodes[i], 0, sizeof model->nodes[i]);
			}
		}
	}
}

static void reopen(World *world)
{
	g_autoptr(GError) error = NULL;
	journal_close(world->fixture->journal);
	world->fixture->journal = journal_open(world->fixture->sql, &error);
	g_assert_no_error(error);
}

/* ---- a world ------------------------------------------------------------------------------- */

static void world_begin(World *world, unsigned seed)
{
	g_autoptr(GError) error = NULL;
	memset(world, 0, sizeof *world);
	world->rand = g_rand_new_with_seed(seed);
	world->fixture = fixture_new();
	world->drives[0] = world->fixture->drive;
	world->drives[1] = fixture_drive(world->fixture, FIXTURE_ACCOUNT + 1);
	journal_drive_set_quota(world->fixture->journal, &world->drives[1], 20, &error);
	g_assert_no_error(error);
	world->models[1].quota = 20;
	for (int drive = 0; drive < DRIVES; drive++) {
		world->past[drive] = g_array_new(FALSE, FALSE, sizeof(Step));
		world->models[drive].nodes[0] = (Node){
			.exists = true,
			.folder = true,
			.parent = -1,
		};
		world->ids[drive][0] = world->drives[drive];
		for (int i = 1; i < IDS; i++) {
			world->ids[drive][i] = node_id_new();
		}
	}
}

static void world_end(World *world)
{
	for (int drive = 0; drive < DRIVES; drive++) {
		g_clear_pointer(&world->followers[drive].cursor, g_bytes_unref);
		g_array_unref(world->past[drive]);
	}
	g_rand_free(world->rand);
	fixture_free(world->fixture);
}

static void compare_usage(World *world, int drive)
{
	g_autoptr(GError) error = NULL;
	JournalUsage usage;
	journal_usage(world->fixture->journal, &world->drives[drive], &usage, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(usage.bytes, ==, bytes_held(&world->models[drive]));
	g_assert_cmpuint(usage.seq, ==, world->models[drive].seq);
}

static void run_world(unsigned seed)
{
	static World world;
	g_test_message("world %u", seed);
	world_begin(&world, seed);
	for (int i = 0; i < STEPS; i++) {
		int drive = pick(&world, DRIVES);
		int what = pick(&world, 40);
		if (what == 0) {
			forget_some(&world);
		} else if (what == 1) {
			reopen(&world);
		} else if (what < 5) {
			restore_some(&world, drive);
		} else {
			commit_some(&world, drive);
		}
		fixture_check(world.fixture);
		compare_usage(&world, drive);
		follow(&world, drive, pick(&world, 3) == 0);
		if (pick(&world, 4) == 0) {
			read_anew(&world, drive);
		}
	}
	world_end(&world);
}

static void test_agrees(void)
{
	const char *given = g_getenv("MODEL_SEED");
	if (given) {
		run_world((unsigned)strtoul(given, NULL, 10));
		return;
	}
	for (unsigned i = 0; i < WORLDS; i++) {
		run_world((unsigned)g_test_rand_int());
	}
	for (unsigned i = JOURNAL_APPLIED; i < G_N_ELEMENTS(outcomes); i++) {
		g_test_message("outcome %u: %u times", i, outcomes[i]);
		g_assert_cmpuint(outcomes[i], >, 0);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/journal/model/agrees", test_agrees);
	return g_test_run();
}
