/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is being looked at: marks become scans, and scans that came to nothing become marks again.
 */
#include "client/observe/local.h"

#include "client/observe/local_internal.h"

static void take_folders(Local *local, unsigned max, Scan *scan)
{
	while (max > 0 && !g_queue_is_empty(&local->folder_order)) {
		int64_t key = *(int64_t *)g_queue_pop_head(&local->folder_order);
		bool deep = GPOINTER_TO_INT(g_hash_table_lookup(local->folders, &key)) == 2;
		g_hash_table_remove(local->folders, &key);
		g_autofree char *path = state_path(local->state, SIDE_LOCAL, key);
		if (!path) {
			local->deep_pending -= deep;
			continue;
		}
		scan_add_folder(scan, key, path, deep);
		max--;
	}
}

static void take_names(Local *local, unsigned max, Scan *scan)
{
	while (max > 0 && !g_queue_is_empty(&local->name_order)) {
		Place *place = g_queue_pop_head(&local->name_order);
		g_autofree char *folder = state_path(local->state, SIDE_LOCAL, place->folder);
		if (folder) {
			g_autofree char *path =
				*folder ? g_strconcat(folder, "/", place->name, NULL)
					: g_strdup(place->name);
			scan_add_name(scan, place->folder, place->name, path);
			max--;
		}
		g_hash_table_remove(local->names, place);
	}
}

bool local_take(Local *local, unsigned folders_max, unsigned names_max, Scan *scan)
{
	take_names(local, names_max, scan);
	take_folders(local, folders_max, scan);
	bool any = scan->folders->len + scan->names->len > 0;
	local->under_way += any;
	return any;
}

void local_take_end(Local *local, const Scan *scan)
{
	g_assert(local->under_way > 0);
	local->under_way--;
	for (unsigned i = 0; i < scan->folders->len; i++) {
		local->deep_pending -= g_array_index(scan->folders, ScanFolder, i).deep;
	}
}

void local_take_back(Local *local, const Scan *scan)
{
	for (unsigned i = 0; i < scan->folders->len; i++) {
		const ScanFolder *folder = &g_array_index(scan->folders, ScanFolder, i);
		local_mark_folder(local, folder->key, folder->deep);
	}
	for (unsigned i = 0; i < scan->names->len; i++) {
		const ScanPlace *place = &g_array_index(scan->names, ScanName, i).place;
		local_mark_name(local, place->folder, place->name);
	}
	local_take_end(local, scan);
}
