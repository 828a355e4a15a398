/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/tree/entry.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The three trees of one binding. `synced` lies in SQLite; `local` and `remote` are kept as what
 * differs from it, in memory: their size is that of what is changing. State holds observations,
 * never pending work; what a crash takes is observed again.
 *
 * State may lag the disk, never lead it: what was settled counts at once in memory, but is written
 * to SQLite only by state_record(), after the disk was synced. The cursor is written only when
 * no remote change before it would be skipped by a restart.
 *
 * One thread.
 */
typedef struct State State;

/*
 * path ":memory:" for tests. drive is the node id of the root, which is in all three trees from the
 * start. DRIVE_ERROR_CONFLICT if the state is that of another drive, DRIVE_ERROR_CORRUPT if it
 * cannot be read: start with a new one, then; that unites what is here and there and deletes
 * nothing.
 */
State *state_open(const char *path, const NodeId *drive, GError **error);
void state_close(State *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(State, state_close)

/*
 * The first failure to read the database, borrowed; NULL if there was none. After one everything
 * that is read is void: look at it after planning, before anything is done.
 */
const GError *state_error(State *state);

/* ---- reading ---------------------------------------------------------------------------- */

/* Borrowed until the next call that changes the state or 64 further reads; NULL if absent. */
const Entry *state_get(State *state, Side side, int64_t key);
/* Key of a child with that name; ENTRY_KEY_NONE if there is none. */
int64_t state_find(State *state, Side side, int64_t parent, const char *name);
/* Appends references (Entry *, to be unreffed) to all children, by name, then key. */
void state_children(State *state, Side side, int64_t parent, GPtrArray *ret_entries);
/* Appends the keys (int64_t) of all children, in no order: cheaper where the entries do not count.
 */
void state_child_keys(State *state, Side side, int64_t parent, GArray *ret_keys);
/*
 * Right after opening: appends the keys (int64_t) of all entries whose folder is not there. Their
 * folder was recorded as gone or as another node, and before it was recorded where they are now,
 * the process ended. They can be anywhere.
 */
void state_strays(State *state, GArray *ret_keys);
/* By node id, in any tree, promised keys included; ENTRY_KEY_NONE if unknown. */
int64_t state_key_of_id(State *state, const NodeId *id);
/*
 * As state_key_of_id(), but an unknown id gets a key that it will keep: a parent that later pages
 * will show. Kept with the cursor.
 */
int64_t state_key_for_id(State *state, const NodeId *id);
/*
 * While a node is being created on the server, its id leads to its key, whatever becomes of it here
 * meanwhile: the feed may tell of it before the answer does, and must not find it unknown. One at
 * a time for each key; not recorded.
 */
void state_hold_id(State *state, const NodeId *id, int64_t key);
/* It was created, or was not. Does nothing if it is not held. */
void state_let_id(State *state, int64_t key);
/* The node that is this file on disk, in the local tree; ENTRY_KEY_NONE if unknown. */
int64_t state_key_of_file(State *state, uint64_t inode, int64_t birth_ns);
/* Is key folder itself or below it, on that side? */
bool state_is_below(State *state, Side side, int64_t key, int64_t folder);
/* "a/b/c" from the root, "" for the root itself; NULL if an ancestor is absent on that side. */
char *state_path(State *state, Side side, int64_t key);
/* Appends all keys (int64_t) whose three entries are not one and the same, by key. */
void state_divergent(State *state, GArray *ret_keys);
size_t state_divergent_count(State *state);
/*
 * Appends references (Entry *, to be unreffed) to what of the local tree may be conflict copies, by
 * their names. Costs what there is of them.
 */
void state_conflicts(State *state, GPtrArray *ret_entries);
/* A fresh key. */
int64_t state_key_new(State *state);

/* Of synced, without the root. */
typedef struct StateTotals {
	uint64_t files; /* and links */
	uint64_t folders;
	uint64_t bytes; /* of files */
} StateTotals;
StateTotals state_totals(State *state);

/*
 * The totals as they were last recorded, without being the one who owns the state. NOT_FOUND if
 * there is none.
 */
bool state_peek(const char *path, StateTotals *ret_totals, GError **error);

/* ---- observations ----------------------------------------------------------------------- */

/*
 * side is SIDE_LOCAL or SIDE_REMOTE. The entry's key says which node; takes a reference of its own.
 *
 * A local entry counts as untouched if it has the place, kind and stamp of the synced one, and for
 * a file its size, mtime and executable bit; content NULL stands for the content that it had. Of a
 * folder's stamp only inode and birth count.
 */
void state_put(State *state, Side side, const Entry *entry);
/*
 * The node is gone on that side, and with it all that lies below it on that side. Appends every
 * key that became absent to ret_keys (may be NULL). So a remote deletion belongs behind all other
 * changes up to the page that is at head: what was moved out of the folder must be out of it.
 */
void state_remove(State *state, Side side, int64_t key, GArray *ret_keys);
/*
 * The local entry of `key` becomes node `new_key` with id new_id; its local children follow. The
 * synced entry of `key` is gone with it: about what stays there nothing is agreed any more, and it
 * must not look as if it had been deleted here. The synced entry of new_key stays, if there is one.
 */
void state_rekey_local(State *state, int64_t key, int64_t new_key, const NodeId *new_id);

/* ---- agreement -------------------------------------------------------------------------- */

/*
 * Writes down what local and remote agree in. Of a node that is in synced: its place, if both have
 * the same; its value (size, mtime, executable, content), with the stamp of the local entry, if
 * both have the same; and the server's seq, if both agree. A node that is not in synced comes there
 * if local and remote agree in place and value; otherwise nothing happens. Local and remote exist.
 *
 * Belongs to every action that was carried out, in the same step as the state_put() of its result
 * and before any later observation is put: what people do next is compared with it. (Somebody
 * deletes a file that was just uploaded; renames once more what was just renamed there, while its
 * content still waits.)
 */
void state_agree(State *state, int64_t key);
/* synced := absent, for a node that is absent on both sides. */
void state_forget(State *state, int64_t key);
/*
 * synced := absent, for a node that is absent here: it looks as if it had never been here, so what
 * the server has of it comes (again).
 */
void state_unlearn(State *state, int64_t key);

/*
 * The base is not to be trusted any more (another server, a restored backup): every synced entry
 * becomes a merely local one, the remote tree is empty but for the root, there is no cursor.
 */
void state_reset(State *state);

/* ---- durability ------------------------------------------------------------------------- */

/* The cursor up to which remote changes have been put. NULL after a loss of state. */
GBytes *state_cursor(State *state);
void state_set_cursor(State *state, GBytes *cursor);

/* Everything settled so far is generation g; later settlements belong to g + 1. Returns g. */
uint64_t state_mark(State *state);
/*
 * Generations up to this one are safe on disk: write them. And the cursor, with the remote tree's
 * differences beside it: at once where these are few, seldom where they are many (a first sync).
 * After a failure nothing was written; it can be tried again.
 */
bool state_record(State *state, uint64_t generation, GError **error);
/* Something is waiting for state_record(). */
bool state_is_dirty(State *state);
/* How many agreements are not recorded yet. */
size_t state_unrecorded(State *state);

/* Small values that belong to the binding (root's identity on disk, brake …). NULL if unset. */
char *state_get_setting(State *state, const char *name);
bool state_set_setting(State *state, const char *name, const char *value, GError **error);
/* Settings and records so far are on disk: no loss of power takes them. */
bool state_secure(State *state, GError **error);

/* Aborts unless overlays, indexes and totals agree. */
void state_check(State *state);
