/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/journal/journal.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * For the tests: what a drive is and what operations do to it, said as simply as it can be. Nodes
 * are known by their index; 0 is the root. No lists, no links, no depth.
 */
#define MODEL_IDS 24
#define MODEL_TEXTS 5

extern const char *const model_texts[MODEL_TEXTS];

typedef struct ModelWas {
	uint64_t seq;
	int64_t device;
	uint64_t number;
	int text; /* -1: the content went on to the next state */
} ModelWas;

typedef struct ModelNode {
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
	ModelWas was[400];
} ModelNode;

typedef struct Model {
	uint64_t seq;
	bool begun; /* this commit has its seq */
	uint64_t quota;
	bool caseless; /* in ASCII */
	bool leased[MODEL_TEXTS];
	unsigned stored[MODEL_TEXTS]; /* with this commit: the how manieth, from 1; 0: not */
	ModelNode nodes[MODEL_IDS];   /* 0 is the root */
} Model;

typedef struct ModelStep {
	JournalOperation operation; /* what the journal is given */
	int node;
	int parent; /* -2: unknown */
	const char *name;
	int text;
} ModelStep;

bool model_is_dead(const Model *model, int node);
/* Of the texts that some state names, each once. */
uint64_t model_bytes(const Model *model);

/* What journal_commit() must answer; changes the model accordingly. */
void model_commit(Model *model, int64_t device, const ModelStep *steps, unsigned count,
		  JournalResult *results);

/* journal_restore() of a deleted node; false if it is not deleted. */
bool model_restore(Model *model, int index);
/* Can that be done under the names that the nodes had? */
bool model_restores_plainly(const Model *model, int index);
