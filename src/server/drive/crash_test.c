/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A crash, and a failure, at every single call to the disk. Whatever was acknowledged is there
 * afterwards, with its bytes; the server starts by itself, is whole, and takes new files.
 */
#include "server/drive/drive.h"

#include "base/error.h"
#include "server/blobs/place_impl.h"
#include "server/drive/fixture_internal.h"

#include <string.h>

#define FILES 6
#define DAY_US (24 * 3600 * G_GINT64_CONSTANT(1000000))

/* What the devices believe: the node of each file, and which content was acknowledged last. */
typedef struct Model {
	NodeId nodes[FILES];
	uint32_t contents[FILES]; /* 0: the file was never acknowledged */
} Model;

static FixtureFile *content_of(uint32_t content)
{
	/* Now and then long enough for lists. */
	return content % 10 == 0 ? fixture_file_new(content, 660, 20)
				 : fixture_file_new(content, 700, 400);
}

/* Creates or replaces a file, by upload and commit or by commit alone. False if it failed. */
static bool store_file(Fixture *fixture, Model *model, unsigned index, uint32_t content)
{
	g_autoptr(FixtureFile) file = content_of(content);
	g_autofree char *name = g_strdup_printf("file %u", index);
	bool upload = content % 2 == 0;
	JournalNode before = { 0 };
	JournalOperation operation =
		fixture_operation(fixture, &fixture->alice, &model->nodes[index], name, file);
	JournalResult result;

	if (upload &&
	    !drive_upload(fixture->drive, &fixture->alice, (const EncodedChunk *)file->chunks->data,
			  file->chunks->len, NULL)) {
		return false;
	}
	if (model->contents[index] != 0) {
		g_assert_true(drive_node(fixture->drive, &fixture->alice, &model->nodes[index],
					 &before, NULL));
		operation.verb = JOURNAL_UPDATE;
		operation.base = before.seq;
		journal_node_clear(&before);
	}
	if (!fixture_commit(fixture, &fixture->alice, &operation, upload ? NULL : file->chunks,
			    &result)) {
		return false;
	}
	g_assert_cmpint(result.outcome, ==, JOURNAL_APPLIED);
	model->contents[index] = content;
	return true;
}

/* Upkeep, days later, in which a pack is rewritten and removed. False if it failed. */
static bool keep_up(Fixture *fixture)
{
	for (unsigned round = 0; round < 2; round++) {
		bool more = true;

		while (more) {
			if (!drive_upkeep_step(fixture->drive, g_get_real_time() + 3 * DAY_US,
					       &more, NULL)) {
				return false;
			}
		}
	}
	return true;
}

static void assert_model(Fixture *fixture, const Model *model)
{
	for (unsigned i = 0; i < FILES; i++) {
		if (model->contents[i] != 0) {
			g_autoptr(FixtureFile) file = content_of(model->contents[i]);

			fixture_assert_file(fixture, &fixture->alice, &model->nodes[i], file);
		}
	}
	fixture_assert_whole(fixture);
	g_assert_cmpuint(fixture->reports->len, ==, 0);
}

/* A server with some packs behind it, of which one is worth rewriting. */
static void set_up(Fixture *fixture, Model *model)
{
	fixture_init(fixture);
	memset(model, 0, sizeof(*model));
	for (unsigned i = 0; i < FILES; i++) {
		model->nodes[i] = node_id_random();
	}
	for (uint32_t content = 1; content <= 2 * FILES; content++) {
		g_assert_true(store_file(fixture, model, content % FILES, content));
	}
	fixture_stop(fixture);
	fixture_start(fixture);
}

/* True if all of it worked. */
static bool work(Fixture *fixture, Model *model)
{
	for (uint32_t content = 20; content < 24; content++) {
		if (!store_file(fixture, model, content % FILES, content)) {
			return false;
		}
	}
	return keep_up(fixture);
}

static void test_work_rewrites_a_pack(void)
{
	g_auto(Fixture) fixture = { 0 };
	g_autoptr(GArray) before = g_array_new(false, false, sizeof(BlobsPack));
	Model model;

	/* Else the walks below would be about less than they say. */
	set_up(&fixture, &model);
	g_assert_true(blobs_list(fixture.blobs, before, NULL));
	g_assert_cmpuint(before->len, ==, 1);
	g_assert_true(work(&fixture, &model));
	g_assert_false(place_sync(fixture.memory, g_array_index(before, BlobsPack, 0).pack, NULL));
	assert_model(&fixture, &model);
}

static void test_a_crash_loses_nothing_acknowledged(void)
{
	bool finished = false;

	for (unsigned nth = 1; !finished; nth++) {
		g_auto(Fixture) fixture = { 0 };
		Model model;

		set_up(&fixture, &model);
		place_faulty_set(fixture.faulty, nth, true, DRIVE_ERROR, DRIVE_ERROR_IO);
		work(&fixture, &model);
		finished = place_faulty_calls(fixture.faulty) < nth;
		g_ptr_array_set_size(fixture.reports, 0);
		fixture_crash(&fixture, g_test_rand_int());
		assert_model(&fixture, &model);
		g_assert_true(work(&fixture, &model));
		assert_model(&fixture, &model);
	}
}

static void test_a_failure_loses_nothing_acknowledged(void)
{
	bool finished = false;

	for (unsigned nth = 1; !finished; nth++) {
		g_auto(Fixture) fixture = { 0 };
		Model model;

		set_up(&fixture, &model);
		place_faulty_set(fixture.faulty, nth, false, DRIVE_ERROR, DRIVE_ERROR_IO);
		work(&fixture, &model);
		finished = place_faulty_calls(fixture.faulty) < nth;
		place_faulty_set(fixture.faulty, 0, false, DRIVE_ERROR, 0);
		g_ptr_array_set_size(fixture.reports, 0);
		assert_model(&fixture, &model);
		fixture_stop(&fixture);
		fixture_start(&fixture);
		g_assert_true(work(&fixture, &model));
		assert_model(&fixture, &model);
	}
}

static void test_recovery_survives_a_failure(void)
{
	bool finished = false;

	for (unsigned nth = 1; !finished; nth++) {
		g_auto(Fixture) fixture = { 0 };
		g_autoptr(GError) error = NULL;
		g_autoptr(Blobs) blobs = NULL;
		g_autoptr(Drive) drive = NULL;
		BlobsLocation location;
		DriveOptions options = { 0 };
		Place *faulty;
		Model model;

		set_up(&fixture, &model);
		/* A tail to cut, and a pack to remove. */
		for (unsigned i = 0; i < 2; i++) {
			g_autoptr(FixtureFile) file = content_of(90 + i);

			g_assert_true(blobs_append(fixture.blobs,
						   (EncodedChunk *)file->chunks->data, 1, &location,
						   NULL));
			g_assert_true(blobs_sync(fixture.blobs, NULL));
			store_file(&fixture, &model, 0, 50);
		}
		drive_close(g_steal_pointer(&fixture.drive));
		blobs_close(g_steal_pointer(&fixture.blobs));
		faulty = place_faulty_new(place_memory_share(fixture.memory));
		place_faulty_set(faulty, nth, false, DRIVE_ERROR, DRIVE_ERROR_IO);
		blobs = blobs_open(faulty, NULL);
		options.journal = fixture.journal;
		options.blobs = blobs;
		drive = drive_open(&options, &error);
		finished = drive != NULL;
		g_assert_true(drive == NULL || error == NULL);
		g_clear_pointer(&drive, drive_close);
		g_clear_pointer(&blobs, blobs_close);
		fixture_crash(&fixture, nth);
		assert_model(&fixture, &model);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/drive/crash/work-rewrites-a-pack", test_work_rewrites_a_pack);
	g_test_add_func("/server/drive/crash/loses-nothing-acknowledged",
			test_a_crash_loses_nothing_acknowledged);
	g_test_add_func("/server/drive/crash/a-failure-loses-nothing-acknowledged",
			test_a_failure_loses_nothing_acknowledged);
	g_test_add_func("/server/drive/crash/recovery-survives-a-failure",
			test_recovery_survives_a_failure);
	return g_test_run();
}
