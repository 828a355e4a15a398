/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Upkeep, in steps:
 *
 *	sweep -> packs -> checkpoint -> scrub -> (a pause) -> sweep …
 *	          | ^
 *	          v |  while there is a pack worth rewriting
 *	         rewrite
 *
 *  sweep       the journal forgets what is past the retention and what nobody holds
 *  packs       removes packs that hold nothing, picks one to rewrite
 *  rewrite     copies the live chunks of that pack to the open one
 *  checkpoint  of the database
 *  scrub       reads a little of what is at rest, so that a failing disk is noticed in time
 *
 * A pack goes in two steps. It is found sealed and without chunks, and that moment is noted. It is
 * removed when all who were under way at that moment have left and it is still without chunks: who
 * appended to it came before it was sealed, so nobody is left who could name it. Upkeep itself
 *needs no pass: nobody else removes anything.
 */
#include "server/drive/upkeep_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/drive/drive_internal.h"
#include "server/drive/packs_internal.h"
#include "server/drive/reader_internal.h"
#include "server/drive/store_internal.h"
#include "server/drive/workspace_internal.h"

#include <inttypes.h>

#define STEP_SIZE (8 * MIB) /* of chunks that a step copies */
#define STEP_CHUNKS 256
#define SCRUB_SIZE (32 * MIB) /* of chunks that are read between two pauses */
#define SMALL_PACK_SIZE (PACK_SIZE_MAX / 16)
#define SMALL_PACKS_MAX 16

typedef enum UpkeepPhase {
	UPKEEP_SWEEP,
	UPKEEP_PACKS,
	UPKEEP_REWRITE,
	UPKEEP_CHECKPOINT,
	UPKEEP_SCRUB,
} UpkeepPhase;

/* A place in the packs. */
typedef struct Position {
	uint64_t pack;
	uint64_t offset;
} Position;

struct Upkeep {
	UpkeepPhase phase;
	GHashTable *leaving; /* pack (uint64_t) -> moment (uint64_t), see above */
	GHashTable *stuck;   /* packs (uint64_t) with a chunk that cannot be read */
	Position rewritten;
	Position scrubbed;
	uint64_t scrubbed_size; /* since the last pause */
};

Upkeep *upkeep_new(void)
{
	Upkeep *upkeep = g_new0(Upkeep, 1);

	upkeep->leaving = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	upkeep->stuck = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	/* Not from the beginning each time, for servers that never run long. */
	upkeep->scrubbed.pack = (uint64_t)g_random_int() << 31;
	return upkeep;
}

void upkeep_free(Upkeep *upkeep)
{
	if (upkeep == NULL) {
		return;
	}
	g_hash_table_unref(upkeep->leaving);
	g_hash_table_unref(upkeep->stuck);
	g_free(upkeep);
}

static bool step_sweep(Upkeep *upkeep, Drive *drive, int64_t now_us, GError **error)
{
	bool more = false;

	if (!journal_sweep(drive->options.journal, &drive->options.retention, now_us, &more,
			   error)) {
		return false;
	}
	upkeep->phase = more ? UPKEEP_SWEEP : UPKEEP_PACKS;
	return true;
}

/* ---- packs ----------------------------------------------------------------------------- */

/* The packs that were noted earlier and that nobody who was under way then can name any more. */
static GHashTable *find_left(Upkeep *upkeep, Drive *drive)
{
	GHashTable *left = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	GHashTableIter iter;
	void *pack;
	void *moment;

	g_hash_table_iter_init(&iter, upkeep->leaving);
	while (g_hash_table_iter_next(&iter, &pack, &moment)) {
		if (traffic_passed(drive->traffic, *(uint64_t *)moment)) {
			g_hash_table_add(left, g_memdup2(pack, sizeof(uint64_t)));
		}
	}
	return left;
}

/* Removes the pack if it has left, else notes it. */
static bool let_go(Upkeep *upkeep, Drive *drive, const PacksEntry *entry, GHashTable *left,
		   GError **error)
{
	if (g_hash_table_contains(left, &entry->pack)) {
		g_hash_table_remove(upkeep->leaving, &entry->pack);
		return packs_remove(drive, entry, error);
	}
	if (!g_hash_table_contains(upkeep->leaving, &entry->pack)) {
		uint64_t moment = traffic_now(drive->traffic);

		g_hash_table_insert(upkeep->leaving, g_memdup2(&entry->pack, sizeof(uint64_t)),
				    g_memdup2(&moment, sizeof(moment)));
	}
	return true;
}

static uint64_t dead_size(const PacksEntry *entry)
{
	uint64_t live = entry->row.size_live + entry->row.count * BLOBS_RECORD_OVERHEAD;

	return entry->size > live ? entry->size - live : 0;
}

static bool is_small(const PacksEntry *entry)
{
	return entry->size < SMALL_PACK_SIZE;
}

/*
 * Worth rewriting is a pack of which less than half is live, the emptiest first; and the small ones
 * that many restarts leave, once they are many.
 */
static uint64_t choose(const GArray *candidates)
{
	const PacksEntry *chosen = NULL;
	unsigned small = 0;

	for (unsigned i = 0; i < candidates->len; i++) {
		small += is_small(&g_array_index(candidates, PacksEntry, i));
	}
	for (unsigned i = 0; i < candidates->len; i++) {
		const PacksEntry *entry = &g_array_index(candidates, PacksEntry, i);
		bool worth = dead_size(entry) > entry->size / 2 ||
			     (small > SMALL_PACKS_MAX && is_small(entry));

		if (worth && (chosen == NULL || dead_size(entry) > dead_size(chosen))) {
			chosen = entry;
		}
	}
	return chosen != NULL ? chosen->pack : 0;
}

static bool step_packs(Upkeep *upkeep, Drive *drive, GError **error)
{
	/* Before the journal is asked, see above. */
	g_autoptr(GHashTable) left = find_left(upkeep, drive);
	g_autoptr(GArray) candidates = g_array_new(false, false, sizeof(PacksEntry));
	g_autoptr(GArray) entries = packs_survey(drive, error);

	if (entries == NULL) {
		return false;
	}
	for (unsigned i = 0; i < entries->len; i++) {
		PacksEntry *entry = &g_array_index(entries, PacksEntry, i);

		if (!entry->known || blobs_is_open(drive->options.blobs, entry->pack)) {
			continue;
		}
		if (entry->row.count == 0) {
			if (!let_go(upkeep, drive, entry, left, error)) {
				return false;
			}
		} else if (entry->present && !g_hash_table_contains(upkeep->stuck, &entry->pack)) {
			g_array_append_val(candidates, *entry);
		}
	}
	upkeep->rewritten = (Position){ choose(candidates), 0 };
	upkeep->phase = upkeep->rewritten.pack != 0 ? UPKEEP_REWRITE : UPKEEP_CHECKPOINT;
	return true;
}

/* ---- rewrite --------------------------------------------------------------------------- */

/* Copies one chunk; *ret_size grows by what was read. */
static bool copy_chunk(Drive *drive, const JournalStored *stored, GByteArray *scratch,
		       GArray *ret_copies, GError **error)
{
	JournalStored copy = { .id = stored->id };
	EncodedChunk chunk;

	if (!reader_open(drive, stored, scratch, &chunk, workspace_bytes(), error) ||
	    !blobs_append(drive->options.blobs, &chunk, 1, &copy.location, error)) {
		return false;
	}
	g_array_append_val(ret_copies, copy);
	return true;
}

/* Copies some of these chunks; appends where to ret_copies. *ret_count says how many. */
static bool copy_chunks(Drive *drive, const GArray *stored, GArray *ret_copies, GError **error)
{
	g_autoptr(GByteArray) scratch = g_byte_array_new();
	uint64_t size = 0;

	for (unsigned i = 0; i < stored->len && size < STEP_SIZE; i++) {
		const JournalStored *chunk = &g_array_index(stored, JournalStored, i);

		if (!copy_chunk(drive, chunk, scratch, ret_copies, error)) {
			return false;
		}
		size += chunk->location.size;
	}
	return store_sync(drive, error);
}

static bool rewrite_some(Upkeep *upkeep, Drive *drive, bool *ret_end, GError **error)
{
	g_autoptr(GArray) stored = g_array_new(false, false, sizeof(JournalStored));
	g_autoptr(GArray) copies = g_array_new(false, false, sizeof(JournalStored));
	Position *position = &upkeep->rewritten;

	if (!journal_pack_chunks(drive->options.journal, position->pack, position->offset,
				 STEP_CHUNKS, stored, error)) {
		return false;
	}
	*ret_end = stored->len == 0;
	if (*ret_end) {
		return true;
	}
	if (!copy_chunks(drive, stored, copies, error) ||
	    !journal_relocate(drive->options.journal, position->pack,
			      (const JournalStored *)copies->data, copies->len, error)) {
		return false;
	}
	position->offset =
		blobs_location_end(&g_array_index(stored, JournalStored, copies->len - 1).location);
	return true;
}

static bool step_rewrite(Upkeep *upkeep, Drive *drive, GError **error)
{
	bool end = false;

	if (!rewrite_some(upkeep, drive, &end, error)) {
		/* Perhaps this pack is damaged: the others can do without it. */
		g_hash_table_add(upkeep->stuck,
				 g_memdup2(&upkeep->rewritten.pack, sizeof(uint64_t)));
		upkeep->phase = UPKEEP_PACKS;
		return false;
	}
	if (end) {
		upkeep->phase = UPKEEP_PACKS;
	}
	return true;
}

/* ---- scrub ----------------------------------------------------------------------------- */

/* The sealed pack from this one on that comes next, from the first again after the last; or 0. */
static bool next_sealed(Drive *drive, uint64_t from, uint64_t *ret_pack, GError **error)
{
	g_autoptr(GArray) entries = packs_survey(drive, error);
	uint64_t first = 0;

	*ret_pack = 0;
	if (entries == NULL) {
		return false;
	}
	for (unsigned i = 0; i < entries->len && *ret_pack == 0; i++) {
		const PacksEntry *entry = &g_array_index(entries, PacksEntry, i);

		if (!entry->known || !entry->present || entry->row.count == 0) {
			continue;
		}
		first = first != 0 ? first : entry->pack;
		*ret_pack = entry->pack >= from ? entry->pack : 0;
	}
	*ret_pack = *ret_pack != 0 ? *ret_pack : first;
	return true;
}

/* Reads some chunks of the pack; what is wrong with them is reported on the way. */
static bool scrub_some(Upkeep *upkeep, Drive *drive, GError **error)
{
	g_autoptr(GArray) stored = g_array_new(false, false, sizeof(JournalStored));
	g_autoptr(GByteArray) scratch = g_byte_array_new();
	Position *position = &upkeep->scrubbed;
	uint64_t size = 0;

	if (!journal_pack_chunks(drive->options.journal, position->pack, position->offset,
				 STEP_CHUNKS, stored, error)) {
		return false;
	}
	for (unsigned i = 0; i < stored->len && size < STEP_SIZE; i++) {
		const JournalStored *chunk = &g_array_index(stored, JournalStored, i);
		EncodedChunk encoded;

		reader_open(drive, chunk, scratch, &encoded, workspace_bytes(), NULL);
		size += chunk->location.size;
		position->offset = blobs_location_end(&chunk->location);
	}
	upkeep->scrubbed_size += size;
	if (stored->len == 0) {
		*position = (Position){ position->pack + 1, 0 };
	}
	return true;
}

static bool step_scrub(Upkeep *upkeep, Drive *drive, bool *ret_round, GError **error)
{
	uint64_t pack;

	if (!next_sealed(drive, upkeep->scrubbed.pack, &pack, error)) {
		return false;
	}
	if (pack != upkeep->scrubbed.pack) {
		upkeep->scrubbed = (Position){ pack, 0 };
	}
	if (pack != 0 && !scrub_some(upkeep, drive, error)) {
		return false;
	}
	/* Round once: with one small pack it would turn in a circle all the time. */
	if (pack == 0 || upkeep->scrubbed.offset == 0 || upkeep->scrubbed_size >= SCRUB_SIZE) {
		upkeep->scrubbed_size = 0;
		upkeep->phase = UPKEEP_SWEEP;
		*ret_round = true;
	}
	return true;
}

bool upkeep_step(Upkeep *upkeep, Drive *drive, int64_t now_us, bool *ret_more, GError **error)
{
	bool ok = true;
	bool round = false;

	switch (upkeep->phase) {
	case UPKEEP_SWEEP:
		ok = step_sweep(upkeep, drive, now_us, error);
		break;
	case UPKEEP_PACKS:
		ok = step_packs(upkeep, drive, error);
		break;
	case UPKEEP_REWRITE:
		ok = step_rewrite(upkeep, drive, error);
		break;
	case UPKEEP_CHECKPOINT:
		ok = drive->options.sql == NULL || sql_checkpoint(drive->options.sql, error);
		upkeep->phase = UPKEEP_SCRUB;
		break;
	case UPKEEP_SCRUB:
		ok = step_scrub(upkeep, drive, &round, error);
		break;
	}
	*ret_more = ok && !round;
	return ok;
}
