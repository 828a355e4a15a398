/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contents that lie aside and that no record names any more are removed when the volume is opened,
 * before anybody can act: a record that moves about meanwhile could be missed. There are few such
 * contents, of very long files, and where there is none nothing is looked at.
 */
#include "base/limits.h"
#include "client/virtual/volume_internal.h"
#include "client/virtual/walk.h"

#include <fcntl.h>
#include <string.h>

static bool add_name(const WalkFile *file, void *data)
{
	g_ptr_array_add(data, g_strdup(file->name));
	return true;
}

static bool keep_named(const WalkFile *file, void *data)
{
	g_auto(Record) record = { 0 };
	int errnum = record_read(file->folder, file->name, &record);
	if (!errnum && record.is_aside) {
		g_autofree char *path = record_aside_path(&record);
		g_hash_table_add(data, g_strdup(strrchr(path, '/') + 1));
	}
	return true;
}

void aside_sweep(Volume *volume)
{
	int contents = openat(volume->root, RECORD_CONTENTS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (contents < 0) {
		return;
	}
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	walk_files(contents, NULL, add_name, names);
	if (names->len > 0) {
		walk_files(volume->root, NULL, keep_named, wanted);
	}
	for (unsigned i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		if (!g_hash_table_contains(wanted, name)) {
			unlinkat(contents, name, 0);
		}
	}
	close(contents);
}
