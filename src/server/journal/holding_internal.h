/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/journal/journal.h"
#include "server/journal/ledger_internal.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What a drive holds. A holding counts who names the chunk in this drive: each state of a node
 * whose content names it, each list that is held as such. The last one to go takes the holding with
 * it, and the last holding or lease the chunk.
 */
typedef struct Holding Holding;

/* For the operations of one transaction. commit may be NULL: only what is held can be named. */
Holding *holding_new(Ledger *ledger, const JournalCommit *commit);
void holding_free(Holding *holding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Holding, holding_free)

/* Makes the commit's stored chunks known; first of all. */
bool holding_store(Holding *holding, GError **error);
/* Leases to the account what of them no operation took; last of all. */
bool holding_lease_rest(Holding *holding, GError **error);
/* What was taken since some savepoint was undone. */
void holding_undone(Holding *holding);

/*
 * May the drive take this content of a file of that size? *ret_outcome is JOURNAL_APPLIED,
 * JOURNAL_MISSING_CONTENT, JOURNAL_QUOTA or JOURNAL_INVALID. Changes nothing.
 */
bool holding_plan(Holding *holding, const void *content, size_t content_size, uint64_t size,
		  JournalOutcome *ret_outcome, GError **error);
/* Takes what was planned last, for one state that names it. */
bool holding_take(Holding *holding, GError **error);

/* One state that named this content of a file is gone. *work grows by the chunks looked at. */
bool holding_release(Ledger *ledger, const void *content, size_t content_size, unsigned *work,
		     GError **error);

/* Of one chunk, as an account sees it that asks for this drive. */
typedef struct HoldingState {
	int64_t key; /* 0: no such chunk */
	BlobsLocation location;
	bool held;
	bool as_list;
	bool leased;
	int64_t expiry_us; /* of the lease */
} HoldingState;

/* account: 0 to ask for no lease. */
bool holding_look(Ledger *ledger, int64_t account, const ChunkId *id, HoldingState *ret_state,
		  GError **error);

/* Stores chunks for later commits of this account: journal_upload(). */
bool holding_upload(SqlSession *session, TablesKeys *keys, int64_t account,
		    const JournalStored *stored, size_t count, GError **error);

typedef struct HoldingMissing {
	GArray *missing; /* ChunkId, each once, in the order asked */
	GArray *renew;   /* int64_t keys of chunks whose lease is half over */
	uint64_t held;   /* bytes of the others that the drive holds already … */
	uint64_t leased; /* … or that the account has leased */
} HoldingMissing;

/* What a device must send: journal_missing(), but for the leases. */
bool holding_missing(Ledger *ledger, int64_t account, const ChunkId *ids, size_t count,
		     HoldingMissing *missing, GError **error);
bool holding_renew(SqlSession *session, int64_t account, const GArray *keys, GError **error);
