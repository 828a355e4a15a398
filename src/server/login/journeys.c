/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two tables of the same form, journeys and states, each with a queue by age. Age is the order of
 * beginning, since all live equally long.
 */
#include "server/login/journeys.h"

#include "base/secret.h"
#include "base/text.h"
#include "server/login/csrf.h"

#include <string.h>

typedef struct Entry {
	char *key;
	char *peer; /* NULL: none */
	int64_t expires_us;
	bool used;
	Journey journey;    /* in the one table */
	JourneyState state; /* in the other */
	GList link;         /* in by_age */
} Entry;

typedef struct Table {
	GHashTable *entries; /* key -> Entry */
	GQueue by_age;       /* of Entry, oldest first */
} Table;

struct Journeys {
	GMutex lock; /* guards all of it */
	Table journeys;
	Table states;
	GHashTable *peers; /* peer -> number of its journeys */
};

void journeys_journey_clear(Journey *journey)
{
	g_clear_pointer(&journey->id, g_free);
	g_clear_pointer(&journey->browser, g_free);
	g_clear_pointer(&journey->pending, g_free);
	g_clear_pointer(&journey->next, g_free);
	text_wipe(&journey->invitation);
	g_clear_pointer(&journey->chat, g_free);
	proof_clear(&journey->proof);
}

void journeys_state_clear(JourneyState *state)
{
	g_clear_pointer(&state->provider, g_free);
	g_clear_pointer(&state->browser, g_free);
	g_clear_pointer(&state->journey, g_free);
	text_wipe(&state->flight);
}

static Proof copy_proof(const Proof *proof)
{
	return (Proof){
		.provider = g_strdup(proof->provider),
		.tenant = g_strdup(proof->tenant),
		.subject = g_strdup(proof->subject),
		.alt_subject = g_strdup(proof->alt_subject),
		.name = g_strdup(proof->name),
		.username = g_strdup(proof->username),
		.avatar_url = g_strdup(proof->avatar_url),
		.email = g_strdup(proof->email),
		.email_verified = proof->email_verified,
		.chat_address = g_strdup(proof->chat_address),
	};
}

static Journey copy_journey(const Journey *journey)
{
	return (Journey){
		.id = g_strdup(journey->id),
		.browser = g_strdup(journey->browser),
		.purpose = journey->purpose,
		.pending = g_strdup(journey->pending),
		.next = g_strdup(journey->next),
		.invitation = g_strdup(journey->invitation),
		.account = journey->account,
		.epoch = journey->epoch,
		.chat = g_strdup(journey->chat),
		.proof = copy_proof(&journey->proof),
		.trust_email = journey->trust_email,
	};
}

static JourneyState copy_state(const JourneyState *state)
{
	return (JourneyState){
		.provider = g_strdup(state->provider),
		.browser = g_strdup(state->browser),
		.journey = g_strdup(state->journey),
		.flight = g_strdup(state->flight),
	};
}

static void entry_free(void *data)
{
	Entry *entry = data;
	journeys_journey_clear(&entry->journey);
	journeys_state_clear(&entry->state);
	g_free(entry->key);
	g_free(entry->peer);
	g_free(entry);
}

Journeys *journeys_new(void)
{
	Journeys *journeys = g_new0(Journeys, 1);
	g_mutex_init(&journeys->lock);
	journeys->journeys.entries =
		g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
	journeys->states.entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
	journeys->peers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return journeys;
}

void journeys_free(Journeys *journeys)
{
	if (!journeys) {
		return;
	}
	g_hash_table_unref(journeys->journeys.entries);
	g_hash_table_unref(journeys->states.entries);
	g_hash_table_unref(journeys->peers);
	g_mutex_clear(&journeys->lock);
	g_free(journeys);
}

static void count_peer(Journeys *journeys, const char *peer, int change)
{
	if (!peer) {
		return;
	}
	int count = GPOINTER_TO_INT(g_hash_table_lookup(journeys->peers, peer)) + change;
	g_assert(count >= 0);
	if (count == 0) {
		g_hash_table_remove(journeys->peers, peer);
	} else {
		g_hash_table_replace(journeys->peers, g_strdup(peer), GINT_TO_POINTER(count));
	}
}

static void drop(Journeys *journeys, Table *table, Entry *entry)
{
	count_peer(journeys, entry->peer, -1);
	g_queue_unlink(&table->by_age, &entry->link);
	g_hash_table_remove(table->entries, entry->key);
}

static void drop_oldest_of(Journeys *journeys, const char *peer)
{
	for (GList *link = journeys->journeys.by_age.head; link; link = link->next) {
		Entry *entry = link->data;
		if (g_strcmp0(entry->peer, peer) == 0) {
			drop(journeys, &journeys->journeys, entry);
			return;
		}
	}
}

static void drop_old(Journeys *journeys, Table *table, int64_t now_us)
{
	while (table->by_age.head) {
		Entry *entry = table->by_age.head->data;
		if (entry->expires_us > now_us && table->by_age.length < JOURNEYS_MAX) {
			return;
		}
		drop(journeys, table, entry);
	}
}

static Entry *add(Journeys *journeys, Table *table, const char *key, int64_t now_us)
{
	drop_old(journeys, table, now_us);
	Entry *entry = g_new0(Entry, 1);
	entry->key = g_strdup(key);
	entry->expires_us = now_us + JOURNEYS_LIFE_US;
	entry->link.data = entry;
	g_queue_push_tail_link(&table->by_age, &entry->link);
	g_hash_table_insert(table->entries, entry->key, entry);
	return entry;
}

static Entry *find(Table *table, const char *key, int64_t now_us)
{
	Entry *entry = g_hash_table_lookup(table->entries, key);
	return entry && entry->expires_us > now_us ? entry : NULL;
}

char *journeys_begin(Journeys *journeys, const Journey *journey, const char *peer, int64_t now_us)
{
	g_autofree char *id = secret_make();
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&journeys->lock);
	if (peer &&
	    GPOINTER_TO_INT(g_hash_table_lookup(journeys->peers, peer)) >= JOURNEYS_PER_PEER_MAX) {
		drop_oldest_of(journeys, peer);
	}
	Entry *entry = add(journeys, &journeys->journeys, id, now_us);
	entry->peer = g_strdup(peer);
	count_peer(journeys, peer, 1);
	entry->journey = copy_journey(journey);
	g_free(entry->journey.id);
	entry->journey.id = g_strdup(id);
	return g_steal_pointer(&id);
}

bool journeys_get(Journeys *journeys, const char *id, const char *browser, int64_t now_us,
		  Journey *ret_journey)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&journeys->lock);
	const Entry *entry = find(&journeys->journeys, id, now_us);
	if (!entry || entry->used || strcmp(entry->journey.browser, browser) != 0) {
		return false;
	}
	*ret_journey = copy_journey(&entry->journey);
	return true;
}

void journeys_set_chat(Journeys *journeys, const char *id, const char *chat)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&journeys->lock);
	Entry *entry = g_hash_table_lookup(journeys->journeys.entries, id);
	if (entry) {
		g_free(entry->journey.chat);
		entry->journey.chat = g_strdup(chat);
	}
}

void journeys_set_proof(Journeys *journeys, const char *id, const Proof *proof, bool trust_email)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&journeys->lock);
	Entry *entry = g_hash_table_lookup(journeys->journeys.entries, id);
	if (entry) {
		proof_clear(&entry->journey.proof);
		entry->journey.proof = copy_proof(proof);
		entry->journey.trust_email = trust_email;
	}
}

void journeys_end(Journeys *journeys, const char *id)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&journeys->lock);
	Entry *entry = g_hash_table_lookup(journeys->journeys.entries, id);
	if (entry) {
		drop(journeys, &journeys->journeys, entry);
	}
}

void journeys_put_state(Journeys *journeys, const char *state, const JourneyState *value,
			int64_t now_us)
{
	g_autofree char *key = csrf_digest(state);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&journeys->lock);
	Entry *entry = add(journeys, &journeys->states, key, now_us);
	entry->state = copy_state(value);
}

JourneysTaken journeys_take_state(Journeys *journeys, const char *state, const JourneyState *claim,
				  int64_t now_us, JourneyState *ret_state)
{
	g_autofree char *key = csrf_digest(state);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&journeys->lock);
	Entry *entry = find(&journeys->states, key, now_us);
	if (!entry) {
		return JOURNEYS_UNKNOWN;
	}
	if (strcmp(entry->state.browser, claim->browser) != 0) {
		return JOURNEYS_FOREIGN;
	}
	if (entry->used) {
		return JOURNEYS_USED;
	}
	entry->used = true;
	bool mixed = strcmp(entry->state.provider, claim->provider) != 0;
	if (!mixed) {
		*ret_state = copy_state(&entry->state);
	}
	text_wipe(&entry->state.flight);
	return mixed ? JOURNEYS_MIXED : JOURNEYS_TAKEN;
}
