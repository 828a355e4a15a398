/* SPDX-License-Identifier: Apache-2.0 */
#include "client/state/agreement.h"

#include <string.h>

bool agreement_is_same(const Entry *a, const Entry *b)
{
	return entry_same_place(a, b) && a->size == b->size && a->mtime_ns == b->mtime_ns &&
	       a->executable == b->executable && a->seq == b->seq &&
	       memcmp(&a->stamp, &b->stamp, sizeof a->stamp) == 0 &&
	       (a->content == b->content ||
		(a->content && b->content && g_bytes_equal(a->content, b->content)));
}

Entry *agreement_of(const Entry *synced, const Entry *local, const Entry *remote)
{
	bool place = entry_same_place(local, remote);
	bool value = entry_same_value(local, remote);
	if (!(synced ? place || value : place && value)) {
		return NULL;
	}
	Entry fields = value ? *remote : *synced;
	fields.stamp = value ? local->stamp : synced->stamp;
	fields.parent = place ? remote->parent : synced->parent;
	fields.name = place ? remote->name : synced->name;
	fields.seq = place && value ? remote->seq : synced->seq;
	return entry_new(&fields);
}
