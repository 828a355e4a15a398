/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of DESIGN.md over arrays. Slow and without a database, savepoints or caches; where it
 * and the journal disagree, one of them is wrong.
 */
#include "server/journal/model.h"

#include <string.h>

const char *const model_texts[MODEL_TEXTS] = {
	"", "one", "twenty-two", "three hundred", "four",
};

typedef struct Wish {
	int node;
	const char *name;
	JournalResult *result;
} Wish;

bool model_is_dead(const Model *model, int node)
{
	for (; node != -1; node = model->nodes[node].parent) {
		if (model->nodes[node].deleted) {
			return true;
		}
	}
	return false;
}

static bool same_name(const Model *model, const char *a, const char *b)
{
	return model->caseless ? g_ascii_strcasecmp(a, b) == 0 : strcmp(a, b) == 0;
}

/* May the node (-1: a new one) have this name in the folder? */
static JournalOutcome check_name(const Model *model, int parent, const char *name, int self)
{
	JournalOutcome outcome = JOURNAL_APPLIED;
	for (int i = 1; i < MODEL_IDS; i++) {
		const ModelNode *node = &model->nodes[i];
		if (!node->exists || node->deleted || node->parent != parent || i == self) {
			continue;
		}
		if (strcmp(node->name, name) == 0) {
			return JOURNAL_NAME_TAKEN;
		}
		if (same_name(model, node->name, name)) {
			outcome = JOURNAL_CASE_TAKEN;
		}
	}
	return outcome;
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
	for (int i = 1; i < MODEL_IDS; i++) {
		const ModelNode *node = &model->nodes[i];
		bool found = node->exists && !node->folder && node->text == text;
		for (unsigned j = 0; node->exists && !found && j < node->was_count; j++) {
			found = node->was[j].text == text;
		}
		if (found && *model_texts[text]) {
			return true;
		}
	}
	return false;
}

uint64_t model_bytes(const Model *model)
{
	uint64_t bytes = 0;
	for (int i = 0; i < MODEL_TEXTS; i++) {
		bytes += held(model, i) ? strlen(model_texts[i]) : 0;
	}
	return bytes;
}

static void keep(ModelNode *node, bool with_text)
{
	g_assert(node->was_count < G_N_ELEMENTS(node->was));
	node->was[node->was_count++] = (ModelWas){
		.seq = node->seq,
		.device = node->device,
		.number = node->number,
		.text = with_text ? node->text : -1,
	};
}

static void stamp(Model *model, ModelNode *node, int64_t device, uint64_t number)
{
	model->seq += !model->begun;
	model->begun = true;
	node->seq = model->seq;
	node->device = device;
	node->number = number;
}

static void show(Model *model, ModelNode *node)
{
	keep(node, false);
	stamp(model, node, 0, 0);
	node->deleted = false;
}

static void bury(Model *model, ModelNode *node)
{
	keep(node, false);
	stamp(model, node, 0, 0);
	node->deleted = true;
}

static int first_dead(const Model *model, int folder)
{
	int first = folder;
	for (int at = folder; at != -1 && model_is_dead(model, at); at = model->nodes[at].parent) {
		first = at;
	}
	return first;
}

static bool is_free(const Model *model, int node)
{
	const ModelNode *it = &model->nodes[node];
	return check_name(model, it->parent, it->name, node) == JOURNAL_APPLIED;
}

static void revive(Model *model, int folder, int except)
{
	bool on_path[MODEL_IDS] = { false };
	int first = first_dead(model, folder);
	for (int at = folder; at != model->nodes[first].parent; at = model->nodes[at].parent) {
		on_path[at] = true;
	}
	for (int i = 1; i < MODEL_IDS; i++) {
		ModelNode *node = &model->nodes[i];
		if (node->exists && !node->deleted && !on_path[i] && i != except &&
		    on_path[MAX(node->parent, 0)]) {
			bury(model, node);
		}
	}
	for (int i = 1; i < MODEL_IDS; i++) {
		if (on_path[i]) {
			show(model, &model->nodes[i]);
		}
	}
}

static void show_below(Model *model, int folder, uint64_t with)
{
	for (int i = 1; i < MODEL_IDS; i++) {
		ModelNode *node = &model->nodes[i];
		bool together =
			node->deleted && node->seq == with && with != 0 && is_free(model, i);
		for (int j = 1; j < MODEL_IDS && together; j++) {
			const ModelNode *other = &model->nodes[j];
			together = !(j != i && other->exists && other->parent == folder &&
				     other->deleted && other->seq == with &&
				     same_name(model, other->name, node->name));
		}
		if (node->exists && node->parent == folder && (!node->deleted || together)) {
			/* Only now is it known that it will be live, so that its seq may change. */
			show(model, node);
			show_below(model, i, with);
		}
	}
}

/* ---- operations --------------------------------------------------------------- */

typedef struct Turn {
	Model *model;
	int64_t device;
	bool in_group;
	Wish wishes[8];
	unsigned wish_count;
} Turn;

static JournalOutcome check_text(const Model *model, int text)
{
	if (!*model_texts[text]) {
		return JOURNAL_APPLIED;
	}
	bool has = held(model, text);
	if (!has && !model->leased[text] && !model->stored[text]) {
		return JOURNAL_MISSING_CONTENT;
	}
	if (!has && model->quota > 0 &&
	    model_bytes(model) + strlen(model_texts[text]) > model->quota) {
		return JOURNAL_QUOTA;
	}
	return JOURNAL_APPLIED;
}

/* What was uploaded before is in a file now. */
static void take_text(Model *model, int text)
{
	if (!held(model, text)) {
		model->leased[text] = false;
	}
}

static uint64_t leased_bytes(const Model *model)
{
	uint64_t bytes = 0;
	for (int i = 0; i < MODEL_TEXTS; i++) {
		bytes += model->leased[i] ? strlen(model_texts[i]) : 0;
	}
	return bytes;
}

/* Of what came with a commit and was not taken, what the quota allows is kept for a day. */
static void lease_rest(Model *model)
{
	for (;;) {
		int next = -1;
		for (int i = 0; i < MODEL_TEXTS; i++) {
			if (model->stored[i] > 0 &&
			    (next == -1 || model->stored[i] < model->stored[next])) {
				next = i;
			}
		}
		if (next == -1) {
			return;
		}
		uint64_t bytes =
			model_bytes(model) + leased_bytes(model) + strlen(model_texts[next]);
		bool fits = model->quota == 0 || bytes <= model->quota;
		model->leased[next] = !held(model, next) && (model->leased[next] || fits);
		model->stored[next] = 0;
	}
}

static uint64_t retried(const Turn *turn, const ModelStep *step)
{
	const ModelNode *node = &turn->model->nodes[step->node];
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

static JournalOutcome create(Turn *turn, const ModelStep *step, JournalResult *result)
{
	Model *model = turn->model;
	ModelNode *node = &model->nodes[step->node];
	bool folder = step->operation.kind == JOURNAL_FOLDER;
	if (step->parent < 0 || !model->nodes[step->parent].exists ||
	    !model->nodes[step->parent].folder) {
		return JOURNAL_NO_PARENT;
	}
	JournalOutcome outcome = folder ? JOURNAL_APPLIED : check_text(model, step->text);
	if (outcome != JOURNAL_APPLIED || node->exists) {
		return outcome != JOURNAL_APPLIED ? outcome : JOURNAL_EXISTS;
	}
	if (model_is_dead(model, step->parent)) {
		if (!is_free(model, first_dead(model, step->parent))) {
			return JOURNAL_NO_PARENT;
		}
		revive(model, step->parent, -1);
	}
	const char *name = step->name;
	outcome = check_name(model, step->parent, name, -1);
	if (outcome != JOURNAL_APPLIED) {
		if (!turn->in_group) {
			return outcome;
		}
		turn->wishes[turn->wish_count++] = (Wish){ step->node, name, result };
		name = "";
	}
	if (!folder) {
		take_text(model, step->text);
	}
	*node = (ModelNode){
		.exists = true,
		.folder = folder,
		.parent = step->parent,
		.name = name,
		.text = step->text,
	};
	stamp(model, node, turn->device, step->operation.number);
	return JOURNAL_APPLIED;
}

static JournalOutcome update(Turn *turn, const ModelStep *step)
{
	Model *model = turn->model;
	ModelNode *node = &model->nodes[step->node];
	if (node->folder) {
		return JOURNAL_INVALID;
	}
	JournalOutcome outcome = check_text(model, step->text);
	if (outcome != JOURNAL_APPLIED) {
		return outcome;
	}
	if (model_is_dead(model, node->parent)) {
		if (!is_free(model, first_dead(model, node->parent))) {
			return JOURNAL_NO_PARENT;
		}
		revive(model, node->parent, step->node);
	} else if (node->deleted && !is_free(model, step->node)) {
		return check_name(model, node->parent, node->name, step->node);
	}
	take_text(model, step->text);
	keep(node, node->text != step->text);
	node->text = step->text;
	node->deleted = false;
	stamp(model, node, turn->device, step->operation.number);
	return JOURNAL_APPLIED;
}

static JournalOutcome move(Turn *turn, const ModelStep *step, JournalResult *result)
{
	Model *model = turn->model;
	ModelNode *node = &model->nodes[step->node];
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
	bool was_dead = model_is_dead(model, step->node);
	if (model_is_dead(model, step->parent)) {
		if (!is_free(model, first_dead(model, step->parent))) {
			return JOURNAL_NO_PARENT;
		}
		revive(model, step->parent, step->node);
	}
	const char *name = step->name;
	JournalOutcome outcome = check_name(model, step->parent, name, step->node);
	if (outcome != JOURNAL_APPLIED) {
		if (!turn->in_group) {
			return outcome;
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

static JournalOutcome delete_node(Turn *turn, const ModelStep *step, uint64_t seq_before)
{
	Model *model = turn->model;
	ModelNode *node = &model->nodes[step->node];
	uint64_t decided_at = step->operation.decided_at;
	if (node->deleted) {
		return JOURNAL_NOT_FOUND;
	}
	if (node->folder && decided_at > seq_before) {
		return JOURNAL_INVALID;
	}
	for (int i = 1; i < MODEL_IDS && node->folder && !model_is_dead(model, step->node); i++) {
		if (model->nodes[i].exists && i != step->node && below(model, step->node, i) &&
		    !model_is_dead(model, i) && model->nodes[i].seq > decided_at) {
			return JOURNAL_NEWER_INSIDE;
		}
	}
	keep(node, false);
	node->deleted = true;
	stamp(model, node, turn->device, step->operation.number);
	return JOURNAL_APPLIED;
}

static void play(Turn *turn, const ModelStep *step, uint64_t seq_before, JournalResult *result)
{
	Model *model = turn->model;
	ModelNode *node = &model->nodes[step->node];
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
		ModelNode *node = &turn->model->nodes[wish->node];
		JournalOutcome outcome =
			check_name(turn->model, node->parent, wish->name, wish->node);
		if (outcome != JOURNAL_APPLIED) {
			*wish->result = (JournalResult){ .outcome = outcome };
			return false;
		}
		node->name = wish->name;
	}
	return true;
}

static void play_group(Turn *turn, const ModelStep *steps, unsigned count, uint64_t seq_before,
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

void model_commit(Model *model, int64_t device, const ModelStep *steps, unsigned count,
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
	lease_rest(model);
}

/* ---- restoring --------------------------------------------------------------------------------
 */

bool model_restore(Model *model, int index)
{
	ModelNode *node = &model->nodes[index];
	if (!node->exists || index == 0 || !model_is_dead(model, index)) {
		return false;
	}
	uint64_t with = node->deleted ? node->seq : 0;
	model->begun = false;
	if (model_is_dead(model, node->parent)) {
		revive(model, node->parent, index);
	}
	show(model, node);
	show_below(model, index, with);
	return true;
}

/* Where names are taken, names are made up: other tests look at that. */
bool model_restores_plainly(const Model *model, int index)
{
	const ModelNode *node = &model->nodes[index];
	if (!node->exists || index == 0) {
		return true;
	}
	if (model_is_dead(model, node->parent)) {
		return is_free(model, first_dead(model, node->parent));
	}
	return !node->deleted || is_free(model, index);
}
