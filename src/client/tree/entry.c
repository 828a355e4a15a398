/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries never change once they are made; what changes is replaced. So they pass between threads
 * and trees by reference, and only the count of references is ever written to.
 */
#include "client/tree/entry.h"

#include <string.h>

Entry *entry_new(const Entry *fields)
{
	g_assert(fields->key != ENTRY_KEY_NONE);
	g_assert(fields->name);
	/* In one piece with its name: there are many. */
	size_t name_size = strlen(fields->name) + 1;
	Entry *entry = g_malloc(sizeof *entry + name_size);
	*entry = *fields;
	entry->name = memcpy(entry + 1, fields->name, name_size);
	entry->content = fields->content ? g_bytes_ref(fields->content) : NULL;
	entry->references = 1;
	return entry;
}

Entry *entry_ref(const Entry *entry)
{
	Entry *shared = (Entry *)entry;
	g_atomic_int_inc(&shared->references);
	return shared;
}

void entry_unref(Entry *entry)
{
	if (!entry || !g_atomic_int_dec_and_test(&entry->references)) {
		return;
	}
	g_bytes_unref(entry->content);
	g_free(entry);
}

bool entry_same_place(const Entry *a, const Entry *b)
{
	return a->parent == b->parent && strcmp(a->name, b->name) == 0;
}

bool entry_same_content(const Entry *a, const Entry *b)
{
	if (a->kind != b->kind) {
		return false;
	}
	if (a->kind == ENTRY_FOLDER) {
		return true;
	}
	if (a->content && b->content) {
		return g_bytes_equal(a->content, b->content);
	}
	/* Within one tick of the clock two contents can have one stamp. */
	return entry_same_stamp(a, b) && a->size == b->size && a->mtime_ns == b->mtime_ns;
}

bool entry_same_value(const Entry *a, const Entry *b)
{
	if (!entry_same_content(a, b)) {
		return false;
	}
	return a->kind != ENTRY_FILE ||
	       (a->mtime_ns == b->mtime_ns && a->executable == b->executable);
}

bool entry_same_stamp(const Entry *a, const Entry *b)
{
	if (a->stamp.inode == 0 || a->stamp.inode != b->stamp.inode ||
	    a->stamp.birth_ns != b->stamp.birth_ns) {
		return false;
	}
	/* A folder's ctime tells of what lies in it, not of itself. */
	return a->kind == ENTRY_FOLDER || a->stamp.change_ns == b->stamp.change_ns;
}
