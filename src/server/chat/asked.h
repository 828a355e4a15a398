/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * How often something happened to somebody of late: questions to an address, attempts of a peer.
 * The windows slide, so that no moment resets them. Memory is bounded by entries_max keys.
 *
 * Not locked: the owner locks.
 */
typedef struct Asked Asked;

typedef struct AskedLimits {
	unsigned per_hour;
	unsigned per_day; /* 0: only the hour counts */
	unsigned entries_max;
	/*
	 * When there are too many keys, who was seen longest ago is forgotten; else nobody new is
	 * let in.
	 */
	bool forgets;
} AskedLimits;

Asked *asked_new(const AskedLimits *limits);
void asked_free(Asked *asked);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Asked, asked_free)

/* Notes that it happens now; false, and nothing is noted, if it would be over a limit. */
bool asked_take(Asked *asked, const char *key, int64_t now_us);

/* Whether anything happened within the window. */
bool asked_knows(Asked *asked, const char *key, int64_t now_us);
