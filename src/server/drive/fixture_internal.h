/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/drive/drive.h"

/*
 * For the tests of this folder: a server over memory that can be restarted, crash and fail, and the
 * little that is needed to speak to it. What must work fails the test by itself.
 */
typedef struct Fixture {
	Sql *sql;
	Place *memory;
	JournalRetention retention;
	/* While it runs: */
	Place *faulty;
	Blobs *blobs;
	Journal *journal;
	Drive *drive;
	/* What it told: */
	unsigned changed;
	unsigned broken;
	GPtrArray *reports;
	/* Two people, each with a drive and a device. */
	DriveCaller alice;
	DriveCaller bob;
	uint64_t operation; /* number of the last one */
} Fixture;

void fixture_init(Fixture *fixture);
void fixture_clear(Fixture *fixture);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

void fixture_stop(Fixture *fixture);
void fixture_start(Fixture *fixture);
/* Stops, loses what was not synced as the seed says, starts. */
void fixture_crash(Fixture *fixture, uint64_t seed);

/* A file's bytes, cut into chunks of at most this size, as a device does it. */
typedef struct FixtureFile {
	GBytes *bytes;
	GArray *chunks; /* EncodedChunk, raw: those of the file, then lists */
	GBytes *content;
	GPtrArray *lists; /* GBytes */
} FixtureFile;

/* size bytes that follow from the number. */
FixtureFile *fixture_file_new(uint32_t number, size_t size, size_t chunk_size);
void fixture_file_free(FixtureFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FixtureFile, fixture_file_free)

/* Number of the chunks that are no lists. */
unsigned fixture_file_data(const FixtureFile *file);

/* Of all its chunks (ChunkId). */
GArray *fixture_ids(const FixtureFile *file);

/* An operation that creates (base 0) or updates a file below the root. */
JournalOperation fixture_operation(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
				   const char *name, const FixtureFile *file);

/* Commits one operation with these chunks (may be NULL); sets the outcome. False if it failed. */
bool fixture_commit(Fixture *fixture, const DriveCaller *caller, const JournalOperation *operation,
		    const GArray *chunks, JournalResult *ret_result);

/* What becomes of a new file below the root that comes with these chunks. */
JournalOutcome fixture_outcome(Fixture *fixture, const DriveCaller *caller, const char *name,
			       const FixtureFile *file, const GArray *chunks);

void fixture_upload(Fixture *fixture, const DriveCaller *caller, const GArray *chunks);

/* Creates a file below the root with all its chunks, which must be applied. */
NodeId fixture_put(Fixture *fixture, const DriveCaller *caller, const char *name,
		   const FixtureFile *file);

/* Gives an existing file this content. */
void fixture_update(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
		    const FixtureFile *file);

/* The bytes of a range. NULL, with error set, if they cannot be read. */
GBytes *fixture_read_range(Fixture *fixture, const DriveCaller *caller, const DriveRange *range,
			   GError **error);

/* The bytes of a live node. NULL, with error set, if they cannot be read. */
GBytes *fixture_read(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
		     GError **error);
void fixture_assert_file(Fixture *fixture, const DriveCaller *caller, const NodeId *node,
			 const FixtureFile *file);

/* Nothing is wrong with the data at rest. */
void fixture_assert_whole(Fixture *fixture);

/* Upkeep so many days from now, until there is nothing more to do, and again, as after a pause. */
void fixture_upkeep(Fixture *fixture, unsigned days);

/* Packs at rest, and the bytes in them. */
unsigned fixture_packs(Fixture *fixture, uint64_t *ret_size);
