/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/journal/journal.h"
#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * For the tests of this folder: a journal with one drive in a private database, and a commit that
 * is put together operation by operation. What fails in it ends the test.
 */
typedef struct Fixture {
	Sql *sql;
	Journal *journal;
	NodeId drive;
	int64_t account;
	int64_t device;
	uint64_t number; /* of the last operation */
	uint64_t offset; /* in the pack of made-up chunks */
} Fixture;

#define FIXTURE_ACCOUNT 1
#define FIXTURE_PACK 77

Fixture *fixture_new(void);
void fixture_free(Fixture *fixture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

/* Fails the test for each breach. */
void fixture_check(Fixture *fixture);

/* Adds a drive for another account. */
NodeId fixture_drive(Fixture *fixture, int64_t account);

/* A chunk of these bytes, as if it had been stored. */
JournalStored fixture_stored(Fixture *fixture, const void *bytes, size_t size);

typedef struct Commit {
	Fixture *fixture;
	NodeId drive;
	int64_t account;
	int64_t device;
	uint64_t number;    /* 0: the next; else the number of the next operation */
	uint32_t group;     /* of the next operations */
	GArray *operations; /* JournalOperation */
	GArray *stored;     /* JournalStored */
	GHashTable *lists;
	GPtrArray *memory; /* GBytes that the operations borrow from */
	GArray *results;   /* JournalResult, after fixture_run() */
	uint64_t seq;
} Commit;

Commit *fixture_commit(Fixture *fixture);
void fixture_commit_free(Commit *commit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Commit, fixture_commit_free)

/* Each adds an operation; the file's bytes are the text, in one chunk that comes with the commit.
 */
void fixture_file(Commit *commit, const NodeId *node, const NodeId *parent, const char *name,
		  const char *text);
void fixture_folder(Commit *commit, const NodeId *node, const NodeId *parent, const char *name);
void fixture_link(Commit *commit, const NodeId *node, const NodeId *parent, const char *name,
		  const char *target);
void fixture_update(Commit *commit, const NodeId *node, uint64_t base, const char *text);
void fixture_move(Commit *commit, const NodeId *node, uint64_t base, const NodeId *parent,
		  const char *name);
void fixture_delete(Commit *commit, const NodeId *node, uint64_t base, uint64_t decided_at);
JournalOperation *fixture_last(Commit *commit);

/* The content of a file of one chunk; empty for "". */
GBytes *fixture_content(const char *text);
void fixture_store(Commit *commit, const void *bytes, size_t size);

void fixture_run(Commit *commit);
bool fixture_try(Commit *commit, GError **error);
JournalOutcome fixture_outcome(const Commit *commit, unsigned index);
uint64_t fixture_seq(const Commit *commit, unsigned index);

/* ---- one operation in a commit of its own, checked ------------------------------------------ */

/* A folder if the name ends in '/', else a file whose text is its name. */
NodeId fixture_make(Fixture *fixture, const NodeId *parent, const char *name);
JournalOutcome fixture_update_now(Fixture *fixture, const NodeId *id, const char *text);
JournalOutcome fixture_move_now(Fixture *fixture, const NodeId *id, const NodeId *parent,
				const char *name);
JournalOutcome fixture_delete_now(Fixture *fixture, const NodeId *id);

/* To be cleared. */
JournalNode fixture_node(Fixture *fixture, const NodeId *id);
uint64_t fixture_base(Fixture *fixture, const NodeId *id);
bool fixture_is_live(Fixture *fixture, const NodeId *id);
bool fixture_resolves(Fixture *fixture, const char *path, const NodeId *id);
/* The drive's seq. */
uint64_t fixture_head(Fixture *fixture);
JournalUsage fixture_usage(Fixture *fixture);
