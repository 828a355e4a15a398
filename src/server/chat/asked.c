/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/asked.h"

#define HOUR_US (3600 * G_TIME_SPAN_SECOND)
#define DAY_US (24 * HOUR_US)

typedef struct Entry {
	char *key;
	GArray *times; /* int64_t, ascending, none older than the window when it was looked at */
	GList link;    /* in by_age */
} Entry;

struct Asked {
	AskedLimits limits;
	GHashTable *entries; /* key -> Entry */
	GQueue by_age;       /* Entry; longest untouched first */
};

static void entry_free(void *data)
{
	Entry *entry = data;
	g_free(entry->key);
	g_array_unref(entry->times);
	g_free(entry);
}

Asked *asked_new(const AskedLimits *limits)
{
	Asked *asked = g_new0(Asked, 1);
	asked->limits = *limits;
	asked->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
	g_queue_init(&asked->by_age);
	return asked;
}

void asked_free(Asked *asked)
{
	if (!asked) {
		return;
	}
	g_hash_table_unref(asked->entries);
	g_free(asked);
}

static int64_t window_us(const Asked *asked)
{
	return asked->limits.per_day ? DAY_US : HOUR_US;
}

static void forget(Asked *asked, Entry *entry)
{
	g_queue_unlink(&asked->by_age, &entry->link);
	g_hash_table_remove(asked->entries, entry->key);
}

static unsigned count_since(const Entry *entry, int64_t since_us)
{
	unsigned count = 0;
	for (guint i = entry->times->len; i > 0; i--) {
		if (g_array_index(entry->times, int64_t, i - 1) <= since_us) {
			break;
		}
		count++;
	}
	return count;
}

static void drop_old(Asked *asked, Entry *entry, int64_t now_us)
{
	unsigned kept = count_since(entry, now_us - window_us(asked));
	g_array_remove_range(entry->times, 0, entry->times->len - kept);
}

/* Those at the old end of whom nothing counts any more. */
static void sweep(Asked *asked, int64_t now_us)
{
	for (GList *oldest; (oldest = asked->by_age.head);) {
		Entry *entry = oldest->data;
		drop_old(asked, entry, now_us);
		if (entry->times->len > 0) {
			return;
		}
		forget(asked, entry);
	}
}

static Entry *find(Asked *asked, const char *key, int64_t now_us)
{
	Entry *entry = g_hash_table_lookup(asked->entries, key);
	if (entry) {
		drop_old(asked, entry, now_us);
	}
	return entry;
}

/* NULL if there is no room. */
static Entry *add(Asked *asked, const char *key)
{
	if (g_hash_table_size(asked->entries) >= asked->limits.entries_max) {
		if (!asked->limits.forgets) {
			return NULL;
		}
		forget(asked, asked->by_age.head->data);
	}
	Entry *entry = g_new0(Entry, 1);
	entry->key = g_strdup(key);
	entry->times = g_array_new(FALSE, FALSE, sizeof(int64_t));
	entry->link.data = entry;
	g_hash_table_insert(asked->entries, entry->key, entry);
	g_queue_push_tail_link(&asked->by_age, &entry->link);
	return entry;
}

bool asked_take(Asked *asked, const char *key, int64_t now_us)
{
	sweep(asked, now_us);
	Entry *entry = find(asked, key, now_us);
	if (!entry) {
		entry = add(asked, key);
	}
	if (!entry || count_since(entry, now_us - HOUR_US) >= asked->limits.per_hour ||
	    (asked->limits.per_day && entry->times->len >= asked->limits.per_day)) {
		return false;
	}
	g_array_append_val(entry->times, now_us);
	g_queue_unlink(&asked->by_age, &entry->link);
	g_queue_push_tail_link(&asked->by_age, &entry->link);
	return true;
}

bool asked_knows(Asked *asked, const char *key, int64_t now_us)
{
	const Entry *entry = find(asked, key, now_us);
	return entry && entry->times->len > 0;
}
