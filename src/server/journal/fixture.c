/* SPDX-License-Identifier: Apache-2.0 */
#include "server/journal/fixture.h"

#include "base/error.h"
#include "chunk/content.h"

#include <string.h>

Fixture *fixture_new(void)
{
	g_autoptr(GError) error = NULL;
	static const SqlOptions options = { .durability = SQL_DURABLE };
	Fixture *fixture = g_new0(Fixture, 1);
	fixture->sql = sql_open(":memory:", &options, &error);
	g_assert_no_error(error);
	fixture->journal = journal_open(fixture->sql, &error);
	g_assert_no_error(error);
	fixture->account = FIXTURE_ACCOUNT;
	fixture->device = 11;
	fixture->drive = fixture_drive(fixture, FIXTURE_ACCOUNT);
	return fixture;
}

void fixture_free(Fixture *fixture)
{
	if (!fixture) {
		return;
	}
	journal_close(fixture->journal);
	sql_close(fixture->sql);
	g_free(fixture);
}

void fixture_check(Fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	journal_check(fixture->journal, problems, &error);
	g_assert_no_error(error);
	for (unsigned i = 0; i < problems->len; i++) {
		g_test_message("%s", (const char *)g_ptr_array_index(problems, i));
	}
	g_assert_cmpuint(problems->len, ==, 0);
}

NodeId fixture_drive(Fixture *fixture, int64_t account)
{
	g_autoptr(GError) error = NULL;
	NodeId drive = node_id_random();
	static const JournalDriveOptions options = { 0 };
	journal_drive_create(fixture->journal, &drive, account, &options, &error);
	g_assert_no_error(error);
	return drive;
}

JournalStored fixture_stored(Fixture *fixture, const void *bytes, size_t size)
{
	JournalStored stored = {
		.id = chunk_id_of(bytes, size),
		.location = {
			.pack = FIXTURE_PACK,
			.offset = fixture->offset,
			.size = (uint32_t)size,
			.raw_size = (uint32_t)size,
			.encoding = CODEC_RAW,
		},
	};
	fixture->offset += (BLOBS_RECORD_OVERHEAD + size + 7) / 8 * 8;
	return stored;
}

Commit *fixture_commit(Fixture *fixture)
{
	Commit *commit = g_new0(Commit, 1);
	commit->fixture = fixture;
	commit->drive = fixture->drive;
	commit->account = fixture->account;
	commit->device = fixture->device;
	commit->operations = g_array_new(FALSE, TRUE, sizeof(JournalOperation));
	commit->stored = g_array_new(FALSE, TRUE, sizeof(JournalStored));
	commit->results = g_array_new(FALSE, TRUE, sizeof(JournalResult));
	commit->memory = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	commit->lists = g_hash_table_new_full(chunk_id_hash, chunk_id_equal, g_free,
					      (GDestroyNotify)g_bytes_unref);
	return commit;
}

void fixture_commit_free(Commit *commit)
{
	if (!commit) {
		return;
	}
	g_array_unref(commit->operations);
	g_array_unref(commit->stored);
	g_array_unref(commit->results);
	g_ptr_array_unref(commit->memory);
	g_hash_table_unref(commit->lists);
	g_free(commit);
}

static JournalOperation *add(Commit *commit, JournalVerb verb, const NodeId *node)
{
	uint64_t number = commit->number ? commit->number : ++commit->fixture->number;
	commit->number = 0;
	JournalOperation operation = {
		.number = number,
		.group = commit->group,
		.verb = verb,
		.node = *node,
	};
	g_array_append_val(commit->operations, operation);
	return fixture_last(commit);
}

JournalOperation *fixture_last(Commit *commit)
{
	return &g_array_index(commit->operations, JournalOperation, commit->operations->len - 1);
}

static void *keep(Commit *commit, const void *bytes, size_t size)
{
	GBytes *copy = g_bytes_new(bytes, size);
	g_ptr_array_add(commit->memory, copy);
	return (void *)g_bytes_get_data(copy, NULL);
}

GBytes *fixture_content(const char *text)
{
	g_autoptr(GPtrArray) lists = g_ptr_array_new();
	ContentRef ref = {
		.id = chunk_id_of(text, strlen(text)),
		.length = (uint32_t)strlen(text),
	};
	return content_encode(&ref, *text ? 1 : 0, lists);
}

void fixture_store(Commit *commit, const void *bytes, size_t size)
{
	JournalStored stored = fixture_stored(commit->fixture, bytes, size);
	g_array_append_val(commit->stored, stored);
}

static void set_text(Commit *commit, JournalOperation *operation, const char *text)
{
	GBytes *content = fixture_content(text);
	g_ptr_array_add(commit->memory, content);
	if (*text) {
		fixture_store(commit, text, strlen(text));
	}
	operation->size = strlen(text);
	operation->mtime_ns = 1000 + (int64_t)strlen(text);
	operation->content = g_bytes_get_data(content, &operation->content_size);
}

static void set_place(Commit *commit, JournalOperation *operation, const NodeId *parent,
		      const char *name)
{
	operation->parent = *parent;
	operation->name = keep(commit, name, strlen(name));
	operation->name_size = strlen(name);
}

void fixture_file(Commit *commit, const NodeId *node, const NodeId *parent, const char *name,
		  const char *text)
{
	JournalOperation *operation = add(commit, JOURNAL_CREATE, node);
	operation->kind = JOURNAL_FILE;
	set_place(commit, operation, parent, name);
	set_text(commit, operation, text);
}

void fixture_folder(Commit *commit, const NodeId *node, const NodeId *parent, const char *name)
{
	JournalOperation *operation = add(commit, JOURNAL_CREATE, node);
	operation->kind = JOURNAL_FOLDER;
	set_place(commit, operation, parent, name);
}

void fixture_link(Commit *commit, const NodeId *node, const NodeId *parent, const char *name,
		  const char *target)
{
	JournalOperation *operation = add(commit, JOURNAL_CREATE, node);
	operation->kind = JOURNAL_LINK;
	set_place(commit, operation, parent, name);
	operation->content = keep(commit, target, strlen(target));
	operation->content_size = strlen(target);
}

void fixture_update(Commit *commit, const NodeId *node, uint64_t base, const char *text)
{
	JournalOperation *operation = add(commit, JOURNAL_UPDATE, node);
	operation->base = base;
	set_text(commit, operation, text);
}

void fixture_move(Commit *commit, const NodeId *node, uint64_t base, const NodeId *parent,
		  const char *name)
{
	JournalOperation *operation = add(commit, JOURNAL_MOVE, node);
	operation->base = base;
	set_place(commit, operation, parent, name);
}

void fixture_delete(Commit *commit, const NodeId *node, uint64_t base, uint64_t decided_at)
{
	JournalOperation *operation = add(commit, JOURNAL_DELETE, node);
	operation->base = base;
	operation->decided_at = decided_at;
}

bool fixture_try(Commit *commit, GError **error)
{
	JournalCommit given = {
		.drive = commit->drive,
		.account = commit->account,
		.device = commit->device,
		.operations = (const JournalOperation *)commit->operations->data,
		.operation_count = commit->operations->len,
		.stored = (const JournalStored *)commit->stored->data,
		.stored_count = commit->stored->len,
		.lists = commit->lists,
	};
	g_array_set_size(commit->results, commit->operations->len);
	return journal_commit(commit->fixture->journal, &given,
			      (JournalResult *)commit->results->data, &commit->seq, error);
}

void fixture_run(Commit *commit)
{
	g_autoptr(GError) error = NULL;
	fixture_try(commit, &error);
	g_assert_no_error(error);
}

JournalOutcome fixture_outcome(const Commit *commit, unsigned index)
{
	g_assert(index < commit->results->len);
	return g_array_index(commit->results, JournalResult, index).outcome;
}

uint64_t fixture_seq(const Commit *commit, unsigned index)
{
	g_assert(index < commit->results->len);
	return g_array_index(commit->results, JournalResult, index).seq;
}

/* ---- one operation in a commit of its own -------------------------------------------------- */

NodeId fixture_make(Fixture *fixture, const NodeId *parent, const char *name)
{
	g_autoptr(Commit) commit = fixture_commit(fixture);
	NodeId id = node_id_random();
	size_t size = strlen(name);
	if (name[size - 1] == '/') {
		g_autofree char *plain = g_strndup(name, size - 1);
		fixture_folder(commit, &id, parent, plain);
	} else {
		fixture_file(commit, &id, parent, name, name);
	}
	fixture_run(commit);
	g_assert_cmpint(fixture_outcome(commit, 0), ==, JOURNAL_APPLIED);
	return id;
}

JournalNode fixture_node(Fixture *fixture, const NodeId *id)
{
	g_autoptr(GError) error = NULL;
	JournalNode node;
	journal_node(fixture->journal, &fixture->drive, id, &node, &error);
	g_assert_no_error(error);
	return node;
}

uint64_t fixture_base(Fixture *fixture, const NodeId *id)
{
	JournalNode node = fixture_node(fixture, id);
	uint64_t seq = node.seq;
	journal_node_clear(&node);
	return seq;
}

bool fixture_is_live(Fixture *fixture, const NodeId *id)
{
	JournalNode node = fixture_node(fixture, id);
	bool live = !node.deleted;
	journal_node_clear(&node);
	return live;
}

bool fixture_resolves(Fixture *fixture, const char *path, const NodeId *id)
{
	g_autoptr(GError) error = NULL;
	JournalNode node;
	if (!journal_resolve(fixture->journal, &fixture->drive, path, &node, &error)) {
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
		return false;
	}
	bool same = node_id_equal(&node.id, id);
	journal_node_clear(&node);
	return same;
}

JournalUsage fixture_usage(Fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	JournalUsage usage;
	journal_usage(fixture->journal, &fixture->drive, &usage, &error);
	g_assert_no_error(error);
	return usage;
}

uint64_t fixture_head(Fixture *fixture)
{
	return fixture_usage(fixture).seq;
}

JournalOutcome fixture_delete_now(Fixture *fixture, const NodeId *id)
{
	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_delete(commit, id, fixture_base(fixture, id), fixture_head(fixture));
	fixture_run(commit);
	fixture_check(fixture);
	return fixture_outcome(commit, 0);
}

JournalOutcome fixture_move_now(Fixture *fixture, const NodeId *id, const NodeId *parent,
				const char *name)
{
	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_move(commit, id, fixture_base(fixture, id), parent, name);
	fixture_run(commit);
	fixture_check(fixture);
	return fixture_outcome(commit, 0);
}

JournalOutcome fixture_update_now(Fixture *fixture, const NodeId *id, const char *text)
{
	g_autoptr(Commit) commit = fixture_commit(fixture);
	fixture_update(commit, id, fixture_base(fixture, id), text);
	fixture_run(commit);
	fixture_check(fixture);
	return fixture_outcome(commit, 0);
}
