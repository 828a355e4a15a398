/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/plan/subject.h"

typedef enum MergeComparison {
	MERGE_SAME,
	MERGE_UNKNOWN, /* a file that is not hashed may have the other's content */
	MERGE_DIFFERENT,
} MergeComparison;

/* Kind and content. */
MergeComparison merge_compare(const Entry *a, const Entry *b);

/*
 * What brings the contents of a node that is on both sides together: ACTION_UPDATE_REMOTE,
 * ACTION_UPDATE_LOCAL, ACTION_HASH to find out, ACTION_RENEW if each side has one of its own,
 * ACTION_NONE if they agree.
 */
ActionKind merge_content(const Subject *subject);

/*
 * The side whose place is to be the node's: SIDE_LOCAL if only this side moved it and no move there
 * contradicts, else SIDE_REMOTE. Of a node that is on one side, that side.
 */
Side merge_place(Planner *planner, Subject *subject);

/* The folder that merge_place() puts it into. */
int64_t merge_parent(Planner *planner, Subject *subject);
/*
 * The nearest folder above, on the server, that was moved here and is to move there; NULL if none
 * is. At head.
 */
Subject *merge_moving_above(Planner *planner, const Subject *n);
