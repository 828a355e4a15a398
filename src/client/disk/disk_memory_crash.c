/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a power cut leaves: the durable image and, of the changes since, some.
 *
 * Changes of names form chains: each depends on the last one before it that touched the same
 * folder, inode or inode number; a folder that changes its parent also on the last that did so,
 * lest two halves of two moves make a cycle. Once one in a chain is lost, all later ones are. So
 * any cut through these chains is possible, but never a name without its folder. Contents depend on
 * nothing but that their inode exists: a new name may well show an empty file, or a file with
 * holes.
 */
#include "client/disk/calls.h"
#include "client/disk/disk_memory.h"
#include "client/disk/events.h"

/* Beside ids, which count from 1, in the set of what a lost change has touched. */
#define LINK_NUMBER (1ull << 62)
#define LINK_PARENTS (1ull << 63)
#define LINKS_MAX 7

typedef struct Cut {
	DiskMemory *memory;
	GRand *chance;
	GHashTable *lost; /* &uint64_t, owned: chains that are cut */
	double keeps_names;
	double keeps_pages;
} Cut;

static bool happens(Cut *cut, double likelihood)
{
	return g_rand_double(cut->chance) < likelihood;
}

static bool moves_folder(const Image *image, const Change *change)
{
	bool moves = change->kind == CHANGE_RENAME || change->kind == CHANGE_EXCHANGE;
	if (!moves || change->folder == change->to_folder) {
		return false;
	}
	const Inode *inode = image_get(image, change->inode);
	const Inode *other = image_get(image, change->other);
	return (inode && inode->names) || (other && other->names);
}

/* The chains a change is a link of. */
static unsigned chains_of(const Image *image, const Change *change, uint64_t *ret_chains)
{
	unsigned count = 0;
	ret_chains[count++] = change->inode;
	if (change->number) {
		ret_chains[count++] = LINK_NUMBER | change->number;
	}
	if (change->folder) {
		ret_chains[count++] = change->folder;
	}
	if (change->to_folder) {
		ret_chains[count++] = change->to_folder;
	}
	if (change->other) {
		ret_chains[count++] = change->other;
		ret_chains[count++] = LINK_NUMBER | change->other_number;
	}
	if (moves_folder(image, change)) {
		ret_chains[count++] = LINK_PARENTS;
	}
	g_assert(count <= LINKS_MAX);
	return count;
}

static void replay_names(Cut *cut, const Change *change)
{
	uint64_t chains[LINKS_MAX];
	unsigned count = chains_of(cut->memory->durable, change, chains);
	bool kept = happens(cut, cut->keeps_names);
	for (unsigned i = 0; i < count; i++) {
		kept = kept && !g_hash_table_contains(cut->lost, &chains[i]);
	}
	if (kept) {
		image_apply(cut->memory->durable, change);
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		g_hash_table_add(cut->lost, g_memdup2(&chains[i], sizeof chains[i]));
	}
}

static void replay_write(Cut *cut, const Change *change)
{
	size_t pages = g_bytes_get_size(change->bytes) / IMAGE_PAGE_SIZE + 2;
	g_autofree bool *keeps = g_new(bool, pages);
	for (size_t i = 0; i < pages; i++) {
		keeps[i] = happens(cut, cut->keeps_pages);
	}
	/* Not even the size may have arrived. */
	if (happens(cut, (1 + cut->keeps_pages) / 2)) {
		image_apply_pages(cut->memory->durable, change, keeps);
	}
}

static void replay(Cut *cut, const Change *change)
{
	if (change->safe) {
		image_apply(cut->memory->durable, change);
	} else if (change->kind == CHANGE_WRITE) {
		replay_write(cut, change);
	} else if (change->kind == CHANGE_TRUNCATE) {
		if (happens(cut, cut->keeps_names)) {
			image_apply(cut->memory->durable, change);
		}
	} else {
		replay_names(cut, change);
	}
}

void disk_memory_crash(DiskMemory *memory, uint32_t seed)
{
	static const double likelihoods[] = { 0, 0.5, 0.9, 0.99, 1 };
	Cut cut = {
		.memory = memory,
		.chance = g_rand_new_with_seed(seed),
		.lost = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
	};
	int last = G_N_ELEMENTS(likelihoods);
	cut.keeps_names = likelihoods[g_rand_int_range(cut.chance, 0, last)];
	cut.keeps_pages = likelihoods[g_rand_int_range(cut.chance, 0, last)];
	g_mutex_lock(&memory->lock);
	calls_close_all(memory, true);
	for (unsigned i = 0; i < memory->log->len; i++) {
		replay(&cut, memory->log->pdata[i]);
	}
	g_ptr_array_set_size(memory->log, 0);
	image_free(memory->live);
	memory->live = image_copy(memory->durable);
	calls_renumber(memory);
	events_forget(memory->events);
	memory->life++;
	g_mutex_unlock(&memory->lock);
	g_hash_table_unref(cut.lost);
	g_rand_free(cut.chance);
}
