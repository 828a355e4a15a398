/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/proof.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Sign-ins under way. An journey says what is to happen once somebody has shown who he is; it
 * belongs to one browser and lives for JOURNEYS_LIFE_US. Within it he may go off to a chat service,
 * come back, and take another way; several tabs have journeys of their own (R3).
 *
 * A state is what goes to a chat service and comes back: 256 random bits, good once, for one
 * provider, one browser and one journey. A used one is remembered until its time is over, so that
 * who comes a second time can be told so (R16).
 *
 * All in memory: a restart asks whoever was in the middle of it to begin again. Bounded in all and
 * by peer: who begins too many loses his own oldest.
 *
 * All functions may be called from any thread.
 */
typedef struct Journeys Journeys;

#define JOURNEYS_LIFE_US (10 * G_TIME_SPAN_MINUTE)
#define JOURNEYS_MAX 16384
#define JOURNEYS_PER_PEER_MAX 512

typedef enum JourneyPurpose {
	JOURNEY_SIGN_IN,
	JOURNEY_LINK,   /* bring one more identity into the account */
	JOURNEY_REAUTH, /* the account's person once more */
} JourneyPurpose;

/* Plain values; texts owned. */
typedef struct Journey {
	char *id;      /* for URLs of ours */
	char *browser; /* digest of its cookie */
	JourneyPurpose purpose;
	char *pending;    /* a client's request, see server/oauth; or NULL */
	char *next;       /* path to go on to; NULL: the account's page */
	char *invitation; /* its token, or NULL */
	int64_t account;  /* of LINK and REAUTH */
	int64_t epoch;    /* its, when the journey began */
	char *chat;       /* journey in server/chat, or NULL */
	Proof proof;      /* LINK: what was proved; its provider is NULL until then */
	bool trust_email; /* of proof */
} Journey;

void journeys_journey_clear(Journey *journey);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Journey, journeys_journey_clear)

Journeys *journeys_new(void);
void journeys_free(Journeys *journeys);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Journeys, journeys_free)

/* Copies what stands in it but for the id, which it gives. peer: NULL is none. Free the id. */
char *journeys_begin(Journeys *journeys, const Journey *journey, const char *peer, int64_t now_us);

/* A copy of this browser's journey; false if it has no such, or not any more. */
bool journeys_get(Journeys *journeys, const char *id, const char *browser, int64_t now_us,
		  Journey *ret_journey);

/* Notes the chat's journey (NULL: none any more). */
void journeys_set_chat(Journeys *journeys, const char *id, const char *chat);
/* Notes a copy of what was proved. */
void journeys_set_proof(Journeys *journeys, const char *id, const Proof *proof, bool trust_email);
/* It has come to its end. */
void journeys_end(Journeys *journeys, const char *id);

/* What a state is for. Texts owned. */
typedef struct JourneyState {
	char *provider;
	char *browser; /* digest */
	char *journey;
	char *flight; /* secret, see provider_begin() */
} JourneyState;

void journeys_state_clear(JourneyState *state);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(JourneyState, journeys_state_clear)

/* Keeps a copy under the state's text (made by secret_make()). */
void journeys_put_state(Journeys *journeys, const char *state, const JourneyState *value,
			int64_t now_us);

typedef enum JourneysTaken {
	JOURNEYS_TAKEN,
	JOURNEYS_USED,    /* this browser's, but used before */
	JOURNEYS_UNKNOWN, /* never given out, or too old */
	JOURNEYS_FOREIGN, /* of another browser; stays good for that one */
	JOURNEYS_MIXED,   /* of another provider; it is used up by that */
} JourneysTaken;

/* Uses up a state; *ret_state is filled if JOURNEYS_TAKEN. */
JourneysTaken journeys_take_state(Journeys *journeys, const char *state, const JourneyState *claim,
				  int64_t now_us, JourneyState *ret_state);
