/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be looked at: names, and folders with or without all that is below them. A mark that
 * is there is not made twice, so a thousand events of one file cost one look.
 */
#include "client/observe/local.h"

#include "client/observe/local_internal.h"

void local_mark_name(Local *local, int64_t folder, const char *name)
{
	Place probe = { .folder = folder, .name = (char *)name };
	if (g_hash_table_contains(local->names, &probe)) {
		return;
	}
	Place *place = place_new(folder, name);
	g_hash_table_add(local->names, place);
	g_queue_push_tail(&local->name_order, place);
}

void local_mark_folder(Local *local, int64_t key, bool deep)
{
	int deep_before = GPOINTER_TO_INT(g_hash_table_lookup(local->folders, &key));
	if (deep_before == 2 || (deep_before == 1 && !deep)) {
		return;
	}
	local->deep_pending += deep;
	if (deep_before == 1) {
		/* Replace the value, keep the key that folder_order points to. */
		void *kept = NULL;
		g_hash_table_steal_extended(local->folders, &key, &kept, NULL);
		g_hash_table_insert(local->folders, kept, GINT_TO_POINTER(2));
		return;
	}
	int64_t *owned = key_new(key);
	g_hash_table_insert(local->folders, owned, GINT_TO_POINTER(deep + 1));
	g_queue_push_tail(&local->folder_order, owned);
}

void local_mark_unwatched(Local *local)
{
	GHashTableIter iter;
	void *key;
	g_hash_table_iter_init(&iter, local->unwatched);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		local_mark_folder(local, *(int64_t *)key, false);
	}
}

void local_mark_failed(Local *local)
{
	GHashTableIter iter;
	void *key;
	g_hash_table_iter_init(&iter, local->errors);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		bool deep = g_hash_table_contains(local->failed_deep, key);
		local_mark_folder(local, *(int64_t *)key, deep);
	}
}

void local_mark_later(Local *local, int64_t folder, const char *name, bool deep)
{
	Mark mark = { .folder = folder, .name = g_strdup(name), .deep = deep };
	local->deep_pending += deep;
	g_array_append_val(local->deferred, mark);
}

void local_mark_deferred(Local *local)
{
	for (unsigned i = 0; i < local->deferred->len; i++) {
		const Mark *mark = &g_array_index(local->deferred, Mark, i);
		if (mark->name) {
			local_mark_name(local, mark->folder, mark->name);
		} else {
			local_mark_folder(local, mark->folder, mark->deep);
		}
		local->deep_pending -= mark->deep;
	}
	g_array_set_size(local->deferred, 0);
}
