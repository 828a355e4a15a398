/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/tree/tree.h"

/*
 * The planner: (local, synced, remote) -> actions. A pure, deterministic function; conflicts are
 * decided here and nowhere else. DESIGN.md in this folder has the rules.
 *
 * It looks only at the nodes it is asked about and at what those touch (parents, the holders of
 * wanted names, what lies below a deleted folder), through a view, so its cost follows the change.
 */
typedef struct PlanView {
	/* Borrowed until the next call of the view; NULL if absent on that side. */
	const Entry *(*get)(void *data, Side side, int64_t key);
	/* Key of the child of that name, ENTRY_KEY_NONE if there is none. */
	int64_t (*find)(void *data, Side side, int64_t parent, const char *name);
	/* Appends the keys (int64_t) of all children to ret_keys. */
	void (*children)(void *data, Side side, int64_t parent, GArray *ret_keys);
	/*
	 * Is this folder, by itself, one that is left out: of it and all that lies in it on the
	 * server, nothing is to be on this disk? NULL: none is.
	 */
	bool (*left_out)(void *data, const NodeId *id);
	/*
	 * Was it taken away from this disk since it is left out, or was it about to be, and the
	 * synced tree does not say so yet? NULL: none was.
	 */
	bool (*taken_away)(void *data, int64_t key);
	/*
	 * Could this folder not be removed from this disk, since something is in it that is not
	 * synced, and nothing else? NULL: none is so.
	 */
	bool (*hollow)(void *data, int64_t key);
	void *data;
} PlanView;

typedef enum ActionKind {
	ACTION_NONE, /* never in a plan */
	/* towards the server */
	ACTION_CREATE_REMOTE, /* local entry -> new node */
	ACTION_UPDATE_REMOTE, /* local content, mtime, executable -> node */
	ACTION_MOVE_REMOTE,   /* local place -> node */
	ACTION_DELETE_REMOTE, /* node and all below it */
	/* towards the disk */
	ACTION_CREATE_LOCAL, /* remote entry -> new file, folder or link at its remote place */
	ACTION_UPDATE_LOCAL, /* remote content, mtime, executable -> file */
	ACTION_MOVE_LOCAL,   /* file or folder -> (parent, name) of the action */
	/* file, or folder with all below it, that is deleted remotely or left out: synced :=
	 * absent */
	ACTION_DELETE_LOCAL,
	/* in the state alone */
	ACTION_HASH,  /* read the local file to learn its content */
	ACTION_ADOPT, /* local node `key` turns out to be remote node `other` */
	/* local entry becomes a new node with a new key and id; synced of `key` := absent */
	ACTION_RENEW,
	ACTION_SETTLE, /* local and remote agree in place, value or both: synced := that */
	ACTION_FORGET, /* gone on both sides, or here alone since it is left out: synced := absent
			*/
} ActionKind;

/*
 * One step whose preconditions hold in the trees as given, so that the actions of one plan may run
 * in any order, at the same time, or not at all; but those of one group only together. A plan has
 * at most one action for a node, and none whose path on this disk another one changes.
 */
typedef struct Action {
	ActionKind kind;
	int64_t key;
	/* ACTION_ADOPT: the remote node; ACTION_MOVE_LOCAL: for whose sake, of a conflict copy */
	int64_t other;
	int64_t parent; /* ACTION_MOVE_LOCAL: new place */
	char *name;     /* ACTION_MOVE_LOCAL: new name, owned */
	/*
	 * Actions of one group > 0 are all or nothing, with names unique at the end of it. They
	 * stand together, in the order in which the server is to carry them out. They are
	 * ACTION_MOVE_REMOTE, ACTION_CREATE_REMOTE of folders and ACTION_DELETE_REMOTE, at most
	 * COMMIT_OPERATIONS_MAX of them.
	 */
	unsigned group;
	bool conflict; /* ACTION_MOVE_LOCAL: the local value is set aside as a conflict copy */
} Action;

void action_clear(Action *action);

/*
 * key cannot be acted upon before `on` has changed, in whatever tree; to plan key again before that
 * (or a change of key itself) is of no use. on is ENTRY_KEY_ROOT if key waits for the remote tree
 * to be at head.
 */
typedef struct PlanBlock {
	int64_t key;
	int64_t on;
} PlanBlock;

typedef struct PlanOptions {
	/* False while pages of remote changes are still missing: only creations are planned. */
	bool remote_at_head;
	/* What stands in the names of conflict copies: "alice's laptop, 2026-11-23 14.05". */
	const char *conflict_label;
} PlanOptions;

/* Is it, or any of the folders in which it lies on the server, left out? */
bool plan_is_left_out(const PlanView *view, int64_t key);
/* It is absent here, and on the server: is that because it is left out, and no deletion? */
bool plan_is_taken_away(const PlanView *view, int64_t key);

typedef struct Plan {
	GArray *actions; /* Action */
	GArray *blocks;  /* PlanBlock */
} Plan;

/*
 * Plans these nodes. Nodes that need nothing appear in neither list;
 * nor does a folder that is left out and not here (what lies in it waits for its folder). A node
 * may be in the plan although it was not in keys, where keys cannot move without it (parents that
 * are to be created, holders of wanted names, swaps). The order of keys makes no difference.
 *
 * Costs what is planned, what that waits for, and for a deleted folder what lies below it; memory
 * as much. A caller with very many keys plans them in batches, and drops an action on a node that
 * has one under way.
 */
void plan_make(const PlanView *view, const PlanOptions *options, const int64_t *keys, size_t count,
	       Plan *ret_plan);
void plan_clear(Plan *plan);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Plan, plan_clear)

/*
 * "report.odt" -> "report (conflict, <label>).odt", then "report (conflict, <label>, 2).odt" … for
 * attempt 1, 2 …; never longer than NAME_SIZE_MAX, cut at a UTF-8 boundary. Free with g_free().
 */
char *plan_conflict_name(const char *name, const char *label, unsigned attempt);
/*
 * The way back: of what name is this a conflict copy, and with which label (that of a later attempt
 * with its number)? False if it is no name of one. A name that was cut to make room stays cut. Free
 * both with g_free().
 */
bool plan_conflict_parse(const char *name, char **ret_original, char **ret_label);
