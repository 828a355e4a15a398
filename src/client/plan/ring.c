/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes that wait for each other: a and b swap their names; a folder moves into a new one that
 * takes its name. Waits are edges of a graph; whoever waits for each other is a strongly connected
 * component of it (R. Tarjan, "Depth-first search and linear graph algorithms", 1972). A component
 * with more than one node and no wait that leads out of it is a ring, and stands still until it is
 * opened here:
 *
 *	towards the server   all of it in one group: names need be unique only at its end;
 *	towards this disk    one node that holds a name is parked beside the root, so that the
 *others can go; it comes back from there to its place.
 *
 * What waits to be done on one side waits for that side only, so a ring never has both. Every ring
 * has a wait for a name, since the others lead up the tree as it will be: unless the server shows a
 * folder in what is not there. Such a ring stands still until it shows something else.
 */
#include "client/plan/ring.h"

#include "base/limits.h"
#include "client/plan/arrival.h"
#include "client/plan/merge.h"

static bool is_towards_server(const Subject *n)
{
	return n->wanted == ACTION_CREATE_REMOTE || n->wanted == ACTION_MOVE_REMOTE ||
	       n->wanted == ACTION_DELETE_REMOTE;
}

/* ---- opening one ring --------------------------------------------------------------------- */

static void drop_waits(Subject *n)
{
	g_clear_pointer(&n->waits, g_array_unref);
}

/* The member with the lowest key that waits for a name (or that such a one waits for). */
static Subject *find_at_name(Planner *planner, const GPtrArray *ring, bool want_holder)
{
	Subject *found = NULL;
	for (unsigned i = 0; i < ring->len; i++) {
		Subject *n = ring->pdata[i];
		for (unsigned w = 0; w < n->waits->len; w++) {
			const Wait *wait = &g_array_index(n->waits, Wait, w);
			Subject *candidate = want_holder ? subject_get(planner, wait->on) : n;
			bool fits = wait->for_name && candidate->local;
			if (fits && (!found || candidate->key < found->key)) {
				found = candidate;
			}
		}
	}
	return found;
}

static void park(Planner *planner, const GPtrArray *ring)
{
	Subject *holder = find_at_name(planner, ring, true);
	if (!holder) {
		return;
	}
	char hex[NODE_ID_HEX_SIZE];
	node_id_to_hex(&holder->local->id, hex);
	drop_waits(holder);
	subject_move(holder, ENTRY_KEY_PARK, hex, false);
}

static unsigned depth_to_be(Planner *planner, Subject *n)
{
	unsigned depth = 0;
	int64_t key = merge_parent(planner, n);
	for (; key > ENTRY_KEY_PARK; depth++) {
		key = merge_parent(planner, subject_get(planner, key));
	}
	return depth;
}

/* From the root down as it will be, so that parents come before children; deletions last. */
static int compare_in_group(const void *a_data, const void *b_data)
{
	const Subject *a = *(Subject *const *)a_data, *b = *(Subject *const *)b_data;
	/* index is the depth by now */
	if (a->index != b->index) {
		return a->index < b->index ? -1 : 1;
	}
	return a->key < b->key ? -1 : a->key > b->key;
}

static void group(Planner *planner, const GPtrArray *ring)
{
	GPtrArray *members = g_ptr_array_new();
	g_ptr_array_add(planner->groups, members);
	for (unsigned i = 0; i < ring->len; i++) {
		Subject *n = ring->pdata[i];
		n->index = n->wanted == ACTION_DELETE_REMOTE ? G_MAXUINT : depth_to_be(planner, n);
		drop_waits(n);
		subject_act(n, n->wanted);
		n->action.group = planner->groups->len;
		g_ptr_array_add(members, n);
	}
	g_ptr_array_sort(members, compare_in_group);
}

static void open_ring(Planner *planner, const GPtrArray *ring)
{
	if (!is_towards_server(ring->pdata[0])) {
		park(planner, ring);
	} else if (ring->len <= COMMIT_OPERATIONS_MAX) {
		group(planner, ring);
	} else {
		/* More than one commit can hold: one gives up its name. */
		Subject *waiter = find_at_name(planner, ring, false);
		if (waiter) {
			drop_waits(waiter);
			arrival_step_aside(planner, waiter, waiter);
		}
	}
}

/* ---- finding them -------------------------------------------------------------------------- */

/* A step of the depth-first search: which of its waits comes next. */
typedef struct Step {
	Subject *subject;
	unsigned next;
} Step;

typedef struct Search {
	Planner *planner;
	GArray *steps;   /* Step */
	GPtrArray *open; /* Subject, not yet in a component */
	unsigned indexes;
	unsigned components;
} Search;

/* Does every wait stay within the component? */
static bool is_closed(Planner *planner, const GPtrArray *members)
{
	for (unsigned i = 0; i < members->len; i++) {
		const Subject *n = members->pdata[i];
		for (unsigned w = 0; w < n->waits->len; w++) {
			const Wait *wait = &g_array_index(n->waits, Wait, w);
			if (subject_get(planner, wait->on)->component != n->component) {
				return false;
			}
		}
	}
	return true;
}

/* root is the first of its component in `open`: takes the component out. */
static void close_component(Search *search, Subject *root)
{
	g_autoptr(GPtrArray) members = g_ptr_array_new();
	search->components++;
	Subject *n;
	do {
		n = g_ptr_array_steal_index(search->open, search->open->len - 1);
		n->component = search->components;
		g_ptr_array_add(members, n);
	} while (n != root);
	if (members->len > 1 && is_closed(search->planner, members)) {
		open_ring(search->planner, members);
	}
}

static void enter(Search *search, Subject *n)
{
	n->index = n->low = ++search->indexes;
	g_ptr_array_add(search->open, n);
	Step step = { .subject = n };
	g_array_append_val(search->steps, step);
}

/* The next subject that n waits for and that was not visited; NULL if there is none. */
static Subject *next_unvisited(Search *search, Step *step)
{
	Subject *n = step->subject;
	while (n->waits && step->next < n->waits->len) {
		const Wait *wait = &g_array_index(n->waits, Wait, step->next++);
		Subject *on = subject_get(search->planner, wait->on);
		if (on->index == 0) {
			return on;
		}
		if (on->component == 0) {
			n->low = MIN(n->low, on->index);
		}
	}
	return NULL;
}

static void search_from(Search *search, Subject *start)
{
	enter(search, start);
	while (search->steps->len > 0) {
		Step *step = &g_array_index(search->steps, Step, search->steps->len - 1);
		Subject *n = step->subject;
		Subject *on = next_unvisited(search, step);
		if (on) {
			enter(search, on);
			continue;
		}
		g_array_set_size(search->steps, search->steps->len - 1);
		if (n->low == n->index) {
			close_component(search, n);
		}
		if (search->steps->len > 0) {
			Subject *waiter =
				g_array_index(search->steps, Step, search->steps->len - 1).subject;
			if (n->component == 0) {
				waiter->low = MIN(waiter->low, n->low);
			}
		}
	}
}

void ring_open_all(Planner *planner)
{
	g_autoptr(GArray) steps = g_array_new(FALSE, FALSE, sizeof(Step));
	g_autoptr(GPtrArray) open = g_ptr_array_new();
	Search search = { .planner = planner, .steps = steps, .open = open };
	for (unsigned i = 0; i < planner->queue->len; i++) {
		Subject *n = planner->queue->pdata[i];
		if (n->index == 0) {
			search_from(&search, n);
		}
	}
}
