/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * Whether somebody who goes to sleep was noticed by those who may wake him at any moment: before he
 * sleeps, while, or after. No notice is lost, and he is woken once. Thread-safe.
 *
 *	awake ──nap_fall_asleep()──> asleep ──nap_notice()──> awake
 *	   └──────nap_notice()──────> noticed: nap_fall_asleep() is refused
 */
typedef struct Nap {
	GMutex lock; /* guards the following */
	bool asleep;
	bool noticed; /* since nap_begin() */
	bool expired; /* for good */
} Nap;

void nap_init(Nap *nap);
void nap_clear(Nap *nap);

/* Awake, and nothing noticed yet: before looking at what one may be woken for. */
void nap_begin(Nap *nap);

/* False if something was noticed since nap_begin(): look again. */
bool nap_fall_asleep(Nap *nap);

/* True if this woke him: exactly one of many gets that. expired: his time is up. */
bool nap_notice(Nap *nap, bool expired);

bool nap_is_expired(Nap *nap);
