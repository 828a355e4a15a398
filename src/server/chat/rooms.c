/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/rooms.h"

#include <string.h>

#define DOMAINS_MAX 1024
#define KEPT_MAX 8
#define ANSWER_MAX_US (20 * G_TIME_SPAN_SECOND)
#define KNOWN_MAX_US G_TIME_SPAN_HOUR

typedef struct Domain {
	char *question; /* its id; NULL: answered */
	bool has_rooms;
	int64_t since_us; /* asked or answered */
	GPtrArray *kept;  /* ChatStanza */
} Domain;

struct Rooms {
	GHashTable *domains; /* name -> Domain */
};

static void stanza_free(void *data)
{
	chat_stanza_clear(data);
	g_free(data);
}

static void domain_free(void *data)
{
	Domain *domain = data;
	g_free(domain->question);
	g_ptr_array_unref(domain->kept);
	g_free(domain);
}

Rooms *rooms_new(void)
{
	Rooms *rooms = g_new0(Rooms, 1);
	rooms->domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, domain_free);
	return rooms;
}

void rooms_free(Rooms *rooms)
{
	if (!rooms) {
		return;
	}
	g_hash_table_unref(rooms->domains);
	g_free(rooms);
}

RoomsLook rooms_look(Rooms *rooms, const char *name, int64_t now_us)
{
	Domain *domain = g_hash_table_lookup(rooms->domains, name);
	if (domain && !domain->question && now_us < domain->since_us + KNOWN_MAX_US) {
		return domain->has_rooms ? ROOMS_ROOMS : ROOMS_PEOPLE;
	}
	if (domain && domain->question && now_us < domain->since_us + ANSWER_MAX_US) {
		return ROOMS_ASKED;
	}
	if (!domain && g_hash_table_size(rooms->domains) >= DOMAINS_MAX) {
		g_hash_table_remove_all(rooms->domains);
	}
	domain = g_new0(Domain, 1);
	domain->question = g_uuid_string_random();
	domain->since_us = now_us;
	domain->kept = g_ptr_array_new_with_free_func(stanza_free);
	g_hash_table_replace(rooms->domains, g_strdup(name), domain);
	return ROOMS_ASK;
}

const char *rooms_question(Rooms *rooms, const char *name)
{
	const Domain *domain = g_hash_table_lookup(rooms->domains, name);
	g_assert(domain && domain->question);
	return domain->question;
}

void rooms_keep(Rooms *rooms, ChatStanza *stanza)
{
	const Domain *domain = g_hash_table_lookup(rooms->domains, stanza->domain);
	if (domain && domain->kept->len < KEPT_MAX) {
		g_ptr_array_add(domain->kept, g_memdup2(stanza, sizeof *stanza));
		*stanza = (ChatStanza){ 0 };
	}
}

void rooms_answer(Rooms *rooms, const char *name, const char *id, bool has_rooms, RoomsFunc func,
		  void *data)
{
	Domain *domain = g_hash_table_lookup(rooms->domains, name);
	if (!domain || g_strcmp0(domain->question, id) != 0) {
		return;
	}
	g_clear_pointer(&domain->question, g_free);
	domain->has_rooms = has_rooms;
	for (guint i = 0; i < domain->kept->len && !has_rooms; i++) {
		func(g_ptr_array_index(domain->kept, i), data);
	}
	g_ptr_array_set_size(domain->kept, 0);
}
