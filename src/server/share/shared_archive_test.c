/* SPDX-License-Identifier: Apache-2.0 */
#include "server/share/shared_archive.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define DEVICE 7

/* A drive in memory, and a folder of it that is shared. */
typedef struct Fixture {
	Sql *sql;
	Place *place;
	Accounts *accounts;
	Blobs *blobs;
	Journal *journal;
	Drive *drive;
	Share *share;
	Service service;
	DriveCaller caller;
	NodeId top;
	uint64_t number;  /* of the last operation */
	const char *peer; /* who asks */
	char *path;       /* of the link */
} Fixture;

static void add_folders(Fixture *fixture, const NodeId *parent, unsigned count, NodeId *ret_last)
{
	g_autofree JournalOperation *operations = g_new0(JournalOperation, COMMIT_OPERATIONS_MAX);
	g_autofree JournalResult *results = g_new0(JournalResult, COMMIT_OPERATIONS_MAX);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	while (count > 0) {
		unsigned now = MIN(count, COMMIT_OPERATIONS_MAX);
		for (unsigned i = 0; i < now; i++) {
			char *name = g_strdup_printf("%" G_GUINT64_FORMAT, ++fixture->number);
			g_ptr_array_add(names, name);
			*ret_last = node_id_random();
			operations[i] = (JournalOperation){
				.number = fixture->number,
				.verb = JOURNAL_CREATE,
				.node = *ret_last,
				.parent = *parent,
				.name = name,
				.name_size = strlen(name),
				.kind = JOURNAL_FOLDER,
			};
		}
		const JournalCommit commit = {
			.drive = fixture->caller.drive,
			.account = fixture->caller.account,
			.device = DEVICE,
			.operations = operations,
			.operation_count = now,
		};
		g_autoptr(GError) error = NULL;
		uint64_t seq;
		journal_commit(fixture->journal, &commit, results, &seq, &error);
		g_assert_no_error(error);
		g_assert_cmpint(results[now - 1].outcome, ==, JOURNAL_APPLIED);
		count -= now;
	}
}

static void commit(Fixture *fixture, const JournalOperation *operation)
{
	const JournalCommit commit = {
		.drive = fixture->caller.drive,
		.account = fixture->caller.account,
		.device = DEVICE,
		.operations = operation,
		.operation_count = 1,
	};
	JournalResult result;
	uint64_t seq;
	g_autoptr(GError) error = NULL;
	journal_commit(fixture->journal, &commit, &result, &seq, &error);
	g_assert_no_error(error);
	g_assert_cmpint(result.outcome, ==, JOURNAL_APPLIED);
}

static void add_folder(Fixture *fixture, const NodeId *parent, const char *name, NodeId *ret_id)
{
	*ret_id = node_id_random();
	commit(fixture, &(JournalOperation){
				.number = ++fixture->number,
				.verb = JOURNAL_CREATE,
				.node = *ret_id,
				.parent = *parent,
				.name = name,
				.name_size = strlen(name),
				.kind = JOURNAL_FOLDER,
			});
}

/* Out of what is shared. */
static void take_out(Fixture *fixture, const NodeId *folder)
{
	JournalNode node = { 0 };
	g_autoptr(GError) error = NULL;
	drive_node(fixture->drive, &fixture->caller, folder, &node, &error);
	g_assert_no_error(error);
	commit(fixture, &(JournalOperation){
				.number = ++fixture->number,
				.verb = JOURNAL_MOVE,
				.node = *folder,
				.base = node.seq,
				.parent = fixture->caller.drive,
				.name = "private",
				.name_size = strlen("private"),
			});
	journal_node_clear(&node);
}

static void open_drive(Fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	fixture->sql = sql_open(":memory:", &(SqlOptions){ .durability = SQL_ORDERED }, &error);
	g_assert_no_error(error);
	fixture->place = place_memory_new();
	fixture->accounts = accounts_open(fixture->sql, 0, &error);
	g_assert_no_error(error);
	fixture->blobs = blobs_open(place_memory_share(fixture->place), &error);
	g_assert_no_error(error);
	fixture->journal = journal_open(fixture->sql, &error);
	g_assert_no_error(error);
	fixture->drive = drive_open(&(DriveOptions){ .journal = fixture->journal,
						     .blobs = fixture->blobs,
						     .retention = { 86400, 86400 } },
				    &error);
	g_assert_no_error(error);
}

/* From here on another one's folder is shared, and nothing in it. */
static void share_as(Fixture *fixture, const char *name)
{
	g_autoptr(GError) error = NULL;
	g_auto(ShareLink) link = { 0 };
	accounts_add(fixture->accounts, name, NULL, &fixture->caller.account, &error);
	g_assert_no_error(error);
	drive_home(fixture->drive, fixture->caller.account, &fixture->caller.drive, &error);
	g_assert_no_error(error);
	add_folders(fixture, &fixture->caller.drive, 1, &fixture->top);
	share_make(fixture->share, &fixture->caller, &fixture->top, &(ShareTerms){ 0 },
		   &(AuditBy){ .account = fixture->caller.account, .peer = "192.0.2.1" }, &link,
		   &error);
	g_assert_no_error(error);
	g_free(fixture->path);
	fixture->path = g_strconcat(SHARE_PREFIX, link.token, NULL);
}

static void setup(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	open_drive(fixture);
	fixture->share = share_open(&(ShareOptions){ .sql = fixture->sql,
						     .accounts = fixture->accounts,
						     .drive = fixture->drive },
				    &error);
	g_assert_no_error(error);
	share_set_base(fixture->share, "https://drive.example");
	fixture->service = share_service(fixture->share);
	share_as(fixture, "alice");
	fixture->peer = "192.0.2.1";
}

static void teardown(Fixture *fixture, const void *data)
{
	g_free(fixture->path);
	share_close(fixture->share);
	drive_close(fixture->drive);
	journal_close(fixture->journal);
	blobs_close(fixture->blobs);
	accounts_close(fixture->accounts);
	place_free(fixture->place);
	sql_close(fixture->sql);
}

static Response get(Fixture *fixture, const char *behind)
{
	g_autofree char *path = g_strconcat(fixture->path, behind, NULL);
	const Request request = { .method = "GET", .path = path, .peer = fixture->peer };
	Response response = { 0 };
	fixture->service.handle(fixture->service.data, &request, &response);
	return response;
}

static bool says(const Response *response, const char *text)
{
	size_t size;
	const char *body = g_bytes_get_data(response->body, &size);
	return g_strstr_len(body, (gssize)size, text) != NULL;
}

/* To its end: whether it came there. What came is put down, with ' ' for NUL, if wanted. */
static bool drain_into(Response *response, GString *ret_text, GError **error)
{
	for (;;) {
		g_autoptr(GBytes) piece = NULL;
		if (!response->source.next(response->source.data, &piece, error)) {
			return false;
		}
		if (!piece) {
			return true;
		}
		size_t size;
		const char *bytes = g_bytes_get_data(piece, &size);
		for (size_t i = 0; ret_text && i < size; i++) {
			g_string_append_c(ret_text, bytes[i] ? bytes[i] : ' ');
		}
	}
}

static bool drain(Response *response, GError **error)
{
	return drain_into(response, NULL, error);
}

/* SHARE_ARCHIVE_ENTRIES_MAX in all, at two levels. */
static void fill(Fixture *fixture)
{
	NodeId below;
	NodeId last;
	add_folders(fixture, &fixture->top, SHARE_ARCHIVE_ENTRIES_MAX / 2, &below);
	add_folders(fixture, &below, SHARE_ARCHIVE_ENTRIES_MAX / 2, &last);
}

static void test_one_has_so_many(Fixture *fixture, const void *data)
{
	NodeId last;
	g_autoptr(GError) error = NULL;
	fill(fixture);
	g_auto(Response) page = get(fixture, "");
	g_assert_true(says(&page, "/archive\""));
	g_auto(Response) whole = get(fixture, "/archive");
	g_assert_cmpuint(whole.status, ==, 200);
	g_assert_true(drain(&whole, &error));
	g_assert_no_error(error);

	g_auto(Response) begun = get(fixture, "/archive");
	add_folders(fixture, &fixture->top, 1, &last);
	g_auto(Response) refused = get(fixture, "/archive");
	g_assert_cmpuint(refused.status, ==, 413);
	g_assert_null(refused.source.next);
	g_assert_true(says(&refused, "100000"));
	g_auto(Response) without = get(fixture, "");
	g_assert_cmpuint(without.status, ==, 200);
	g_assert_false(says(&without, "/archive\""));
	g_assert_true(says(&without, "100000"));
	/* One that was begun before does not end as if it were whole. */
	g_assert_false(drain(&begun, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE);
	g_assert_nonnull(strstr(error->message, "download the folders in it one by one"));
}

/* The whole drive may hold more than a folder of it. */
static void test_what_lies_beside_does_not_count(Fixture *fixture, const void *data)
{
	NodeId last;
	add_folders(fixture, &fixture->caller.drive, SHARE_ARCHIVE_ENTRIES_MAX + 1, &last);
	add_folders(fixture, &fixture->top, 2, &last);
	g_auto(Response) page = get(fixture, "");
	g_assert_true(says(&page, "/archive\""));
	g_auto(Response) archive = get(fixture, "/archive");
	g_assert_cmpuint(archive.status, ==, 200);
}

/* Whether the ZIP file is made; to be cleared. */
static bool begin(Fixture *fixture, const char *peer, Response *ret_response)
{
	fixture->peer = peer;
	*ret_response = get(fixture, "/archive");
	if (ret_response->status == 200) {
		return true;
	}
	g_assert_cmpuint(ret_response->status, ==, 503);
	g_assert_cmpuint(ret_response->retry_after_s, >, 0);
	g_assert_true(says(ret_response, "Try again"));
	return false;
}

static bool may_begin(Fixture *fixture, const char *peer)
{
	g_auto(Response) response = { 0 };
	return begin(fixture, peer, &response);
}

static void test_each_has_so_many(Fixture *fixture, const void *data)
{
	enum { UNDER_WAY = SHARE_ARCHIVES_EACH_MAX / SHARE_ARCHIVE_ENTRIES_MAX };
	Response responses[UNDER_WAY];
	fill(fixture);
	for (unsigned i = 0; i < UNDER_WAY; i++) {
		g_assert_true(begin(fixture, "2001:db8::1", &responses[i]));
	}
	/* Nothing more of hers, whoever reads. */
	g_assert_false(may_begin(fixture, "192.0.2.2"));
	/* Nothing more for him, whosever it is; others get it. */
	NodeId last;
	share_as(fixture, "bob");
	add_folders(fixture, &fixture->top, 1, &last);
	g_assert_false(may_begin(fixture, "2001:db8::2"));
	g_assert_true(may_begin(fixture, "2001:db8:0:1::1"));
	g_assert_true(may_begin(fixture, "192.0.2.2"));
	response_clear(&responses[0]);
	g_assert_true(may_begin(fixture, "2001:db8::2"));
	for (unsigned i = 1; i < UNDER_WAY; i++) {
		response_clear(&responses[i]);
	}
}

/* It was begun when there was room, and does not end as if it were whole. */
static void test_a_cut_one_says_what_to_do(Fixture *fixture, const void *data)
{
	NodeId last;
	g_autoptr(GError) error = NULL;
	add_folders(fixture, &fixture->top, 2, &last);
	g_auto(Response) begun = get(fixture, "/archive");
	g_assert_cmpuint(begun.status, ==, 200);
	add_folders(fixture, &fixture->top, 1, &last);
	g_assert_true(crowd_take(fixture->share->archives, 0, SHARE_ARCHIVES_ENTRIES_MAX - 2));
	g_assert_false(drain(&begun, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY);
	g_assert_nonnull(strstr(error->message, "download it again later"));
}

static void test_all_together_have_so_many(Fixture *fixture, const void *data)
{
	enum { UNDER_WAY = SHARE_ARCHIVES_ENTRIES_MAX / SHARE_ARCHIVE_ENTRIES_MAX };
	Response responses[UNDER_WAY];
	const char *names[] = { "bob", "carol" };
	fill(fixture);
	for (unsigned i = 0; i < UNDER_WAY; i++) {
		g_autofree char *peer = g_strdup_printf("192.0.2.%u", i);
		if (i > 0 && i % 2 == 0) {
			share_as(fixture, names[i / 2 - 1]);
			fill(fixture);
		}
		g_assert_true(begin(fixture, peer, &responses[i]));
	}
	g_assert_false(may_begin(fixture, "192.0.2.99"));
	/* What is given up, as what ends, makes room. */
	response_clear(&responses[0]);
	g_assert_true(may_begin(fixture, "192.0.2.99"));
	for (unsigned i = 1; i < UNDER_WAY; i++) {
		response_clear(&responses[i]);
	}
}

/* A ZIP file with some of a folder in it that has more; ret_below: this folder. */
static Response begin_archive(Fixture *fixture, NodeId *ret_below)
{
	NodeId last;
	g_autoptr(GBytes) piece = NULL;
	g_autoptr(GError) error = NULL;
	add_folders(fixture, &fixture->top, 1, ret_below);
	add_folders(fixture, ret_below, 10000, &last);
	Response response = get(fixture, "/archive");
	g_assert_cmpuint(response.status, ==, 200);
	response.source.next(response.source.data, &piece, &error);
	g_assert_no_error(error);
	return response;
}

static void test_ends_with_its_link(Fixture *fixture, const void *data)
{
	NodeId below;
	g_autoptr(GError) error = NULL;
	g_auto(Response) begun = begin_archive(fixture, &below);
	share_end(fixture->share, fixture->caller.account, &fixture->top,
		  &(AuditBy){ .account = fixture->caller.account, .peer = "192.0.2.1" }, &error);
	g_assert_no_error(error);
	g_assert_false(drain(&begun, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
}

static void test_ends_with_its_owner(Fixture *fixture, const void *data)
{
	NodeId below;
	g_autoptr(GError) error = NULL;
	g_auto(Response) begun = begin_archive(fixture, &below);
	accounts_set_disabled(fixture->accounts, fixture->caller.account, true, &error);
	g_assert_no_error(error);
	g_assert_false(drain(&begun, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
}

/* A folder that is moved away while it is walked. */
static void test_follows_nothing_out(Fixture *fixture, const void *data)
{
	NodeId below;
	NodeId secret;
	g_autoptr(GError) error = NULL;
	g_auto(Response) begun = begin_archive(fixture, &below);
	take_out(fixture, &below);
	add_folder(fixture, &below, "secret", &secret);
	g_autoptr(GString) rest = g_string_new(NULL);
	g_assert_true(drain_into(&begun, rest, &error));
	g_assert_no_error(error);
	g_assert_null(strstr(rest->str, "secret"));
}

/* Whatever unpacks it stays below the folder where it does, and shows what is there. */
static void test_names_lead_nowhere_else(Fixture *fixture, const void *data)
{
	static const char *const names[][2] = {
		{ "C:", "C_/" },
		{ "..\\..\\up", ".._.._up/" },
		{ "\\\\host\\c$", "__host_c$/" },
		{ "10:30", "10:30/" },
		{ "a\u202egpj.exe", "a_gpj.exe/" },
		{ "a\u2066b", "a_b/" },
		{ "שלום\u200f!", "שלום\u200f!/" },
	};
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		NodeId id;
		add_folder(fixture, &fixture->top, names[i][0], &id);
	}
	g_auto(Response) archive = get(fixture, "/archive");
	g_assert_true(drain_into(&archive, text, &error));
	g_assert_no_error(error);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_assert_nonnull(strstr(text->str, names[i][1]));
	}
}

static void add(const char *path, void (*test)(Fixture *, const void *))
{
	g_test_add(path, Fixture, NULL, setup, test, teardown);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/server/share/shared_archive/one-has-so-many-entries", test_one_has_so_many);
	add("/server/share/shared_archive/what-lies-beside-does-not-count",
	    test_what_lies_beside_does_not_count);
	add("/server/share/shared_archive/each-has-so-many-entries", test_each_has_so_many);
	add("/server/share/shared_archive/a-cut-one-says-what-to-do",
	    test_a_cut_one_says_what_to_do);
	add("/server/share/shared_archive/all-together-have-so-many-entries",
	    test_all_together_have_so_many);
	add("/server/share/shared_archive/ends-with-its-link", test_ends_with_its_link);
	add("/server/share/shared_archive/ends-with-its-owner", test_ends_with_its_owner);
	add("/server/share/shared_archive/names-lead-nowhere-else", test_names_lead_nowhere_else);
	add("/server/share/shared_archive/follows-nothing-out", test_follows_nothing_out);
	return g_test_run();
}
