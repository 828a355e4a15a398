/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/observe/scan.h"
#include "client/state/state.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What is to be looked at: names in folders, and folders as a whole. While a scan that looks into a
 * folder is under way, no other one is given anything of that folder: what is seen of a place is
 * always newer than what was seen before.
 */
typedef struct Marks Marks;

Marks *marks_new(State *state);
void marks_free(Marks *marks);

void marks_name(Marks *marks, int64_t folder, const char *name);
/* deep: with all that is below it. */
void marks_folder(Marks *marks, int64_t folder, bool deep);

/* Fills a scan, with at most so many. False if nothing was added. */
bool marks_take(Marks *marks, unsigned folders_max, unsigned names_max, Scan *scan);
/* A scan is no longer under way. What it was to look at is no longer marked. */
void marks_taken_back(Marks *marks, const Scan *scan);

/* The folder is no longer in the tree: nothing in it is to be looked at. */
void marks_forget(Marks *marks, int64_t folder);
/* What is marked, or under way, in folder is so in new_folder. */
void marks_rekey(Marks *marks, int64_t folder, int64_t new_folder);
/* The key that a folder has by now, if it had another one when a scan was taken. */
int64_t marks_key_now(const Marks *marks, int64_t folder);

/* Folders to be listed deep, marked or under way. */
unsigned marks_deep(const Marks *marks);
/* Nothing is marked or under way. */
bool marks_is_empty(const Marks *marks);
