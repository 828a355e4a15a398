/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/verb.h"

#include "admin/control.h"
#include "admin/keeper.h"
#include "base/error.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct Fixture {
	char *folder;
	DataFolder *data;
} Fixture;

static DataFolder *open_folder(const char *folder, bool create, GError **error)
{
	const DataFolderOptions options = { .folder = folder, .create = create };
	return data_folder_open(&options, error);
}

static void setup(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *outside = g_dir_make_tmp("imdrived-XXXXXX", &error);
	g_assert_no_error(error);
	fixture->folder = g_build_filename(outside, "data", NULL);
	fixture->data = open_folder(fixture->folder, true, &error);
	g_assert_no_error(error);
}

static void remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *below = g_build_filename(path, name, NULL);
		remove_tree(below);
	}
	g_remove(path);
}

static void teardown(Fixture *fixture, const void *data)
{
	data_folder_close(fixture->data);
	g_autofree char *outside = g_path_get_dirname(fixture->folder);
	remove_tree(outside);
	g_free(fixture->folder);
}

/* Runs a line of words; the output, or the error's text, is in ret_text. */
static int run(Fixture *fixture, const char *line, const char *input, char **ret_text)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	const char *const *rest = NULL;
	const Verb *verb = verb_find((const char *const *)words, &rest);
	g_assert_nonnull(verb);
	g_autoptr(GString) text = g_string_new(NULL);
	VerbCall call = { .data = fixture->data, .words = rest, .input = input, .out = text };
	int status = verb_run(verb, &call, text);
	if (ret_text) {
		*ret_text = g_strdup(text->str);
	}
	return status;
}

static void assert_says(Fixture *fixture, const char *line, int status, const char *part)
{
	g_autofree char *text = NULL;
	g_assert_cmpint(run(fixture, line, NULL, &text), ==, status);
	g_test_message("%s: %s", line, text);
	g_assert_nonnull(strstr(text, part));
}

static void test_users(Fixture *fixture, const void *data)
{
	g_assert_cmpint(run(fixture, "user add alice", "long enough", NULL), ==, 0);
	g_assert_cmpint(run(fixture, "user add alice", "long enough", NULL), ==, 1);
	g_assert_cmpint(run(fixture, "user add", "long enough", NULL), ==, 2);
	g_assert_cmpint(run(fixture, "user passwd alice", "", NULL), ==, 1);
	g_assert_cmpint(run(fixture, "user passwd alice", "even longer", NULL), ==, 0);
	assert_says(fixture, "user list", 0, "alice\t0\t0");
	assert_says(fixture, "user quota alice", 0, "quota none");
	assert_says(fixture, "user quota alice 5G", 0, "quota 5.0 GiB");
	assert_says(fixture, "user quota alice much", 1, "want a size");
	assert_says(fixture, "user quota bob", 1, "no account 'bob'");
	assert_says(fixture, "user names alice", 0, "takes any name");
	assert_says(fixture, "user names alice caseless", 0, "refuses a name that differs");
	assert_says(fixture, "user names alice", 0, "refuses a name that differs");
	assert_says(fixture, "user names alice some", 1, "want 'any' or 'caseless', not 'some'");
	assert_says(fixture, "user names bob any", 1, "no account 'bob'");
	assert_says(fixture, "user disable alice", 0, "");
	assert_says(fixture, "user list", 0, "disabled");
	assert_says(fixture, "user enable alice", 0, "");
	assert_says(fixture, "user list", 0, "active");
	assert_says(fixture, "user remove alice", 0, "Removed");
	assert_says(fixture, "user remove alice", 1, "no account");
}

static void test_clients(Fixture *fixture, const void *data)
{
	g_autofree char *text = NULL;
	g_assert_cmpint(
		run(fixture, "client add Notes https://notes.example.org/done", NULL, &text), ==,
		0);
	const char *id = strstr(text, "client-");
	g_assert_nonnull(id);
	g_autofree char *remove = g_strdelimit(g_strconcat("client remove ", id, NULL), "\n", '\0');
	assert_says(fixture, "client list", 0, "Notes\tfiles:read files:write\thttps://notes");
	assert_says(fixture, "client add Notes", 2, "usage");
	assert_says(fixture, "client add Notes http://notes.example.org/done", 1, "must be https");
	assert_says(fixture, "client add Notes https://a.example/ --scope=root", 1, "no scope");
	assert_says(fixture, "client add App org.example.app:/done --scope=files:read", 0, "Added");
	assert_says(fixture, "client list", 0, "App\tfiles:read\torg.example.app:/done");
	assert_says(fixture, remove, 0, "Removed");
	assert_says(fixture, remove, 1, "no client");
	assert_says(fixture, "client remove imdrive", 1, "no client");
}

static void assert_bind_all(Fixture *fixture, const char *table, int status, const char *part)
{
	g_autofree char *text = NULL;
	g_assert_cmpint(run(fixture, "user bind-all", table, &text), ==, status);
	g_test_message("%s", text);
	g_assert_nonnull(strstr(text, part));
}

static void test_tables_bind_all_or_nobody(Fixture *fixture, const void *data)
{
	g_assert_cmpint(run(fixture, "user add alice", "long enough", NULL), ==, 0);
	g_assert_cmpint(run(fixture, "user add bob", "long enough", NULL), ==, 0);
	assert_says(fixture, "user bind bob qq 7", 0, "");
	static const struct {
		const char *table;
		const char *says;
	} bad[] = {
		{ "alice,qq,1\ncarol,qq,2\n", "nothing was changed: line 2: " },
		{ "alice,qq,1\n\nalice,qq,7\n", "nothing was changed: line 3: " },
		{ "alice,qq,1\nbob,qq,1\n", "nothing was changed: line 2: " },
		{ "alice,qq,1\nbob,QQ,2\n", "nothing was changed: line 2: " },
		{ "alice,qq,1\nbob,qq\n", "nothing was changed: line 2: " },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		assert_bind_all(fixture, bad[i].table, 1, bad[i].says);
		g_autofree char *text = NULL;
		g_assert_cmpint(run(fixture, "user identities alice", NULL, &text), ==, 0);
		g_assert_null(strstr(text, "qq"));
	}
	assert_bind_all(fixture, "alice,qq,1\nbob,wecom,zhang,corp\nbob,qq,7\n", 0, "3 identities");
	assert_says(fixture, "user identities alice", 0, "\tqq\t\t1\t");
	assert_says(fixture, "user identities bob", 0, "wecom\tcorp\tzhang");
	assert_bind_all(fixture, "", 0, "0 identities");
}

static void test_people_are_let_in(Fixture *fixture, const void *data)
{
	g_assert_cmpint(run(fixture, "user add alice", "long enough", NULL), ==, 0);
	g_assert_cmpint(run(fixture, "user add bob", "long enough", NULL), ==, 0);
	assert_says(fixture, "user role alice admin", 0, "administrator");
	assert_says(fixture, "user list", 0, "\tactive\tadmin\t0");
	assert_says(fixture, "user role alice king", 1, "'admin' or 'user'");
	assert_says(fixture, "user role alice user", 0, "a user");
	assert_says(fixture, "user approve alice", 1, "does not wait");

	assert_says(fixture, "user bind alice qq 12345", 0, "'alice'");
	assert_says(fixture, "user identities alice", 0, "1\tqq\t\t12345\t");
	assert_says(fixture, "user bind bob qq 12345", 1, "another account");
	assert_says(fixture, "user rebind bob qq 12345", 0, "'bob'");
	assert_says(fixture, "user identities bob", 0, "1\tqq\t\t12345\t");
	assert_says(fixture, "user bind alice QQ 1", 1, "provider's id");
	assert_says(fixture, "user bind alice wecom zhang corp", 0, "");
	assert_says(fixture, "user identities alice", 0, "wecom\tcorp\tzhang");
	assert_says(fixture, "user unbind alice 1", 1, "no identity 1");
	assert_says(fixture, "user unbind bob 1", 0, "unlinked");
	assert_says(fixture, "user unbind bob x", 1, "not the number");
	assert_says(fixture, "user sessions alice", 0, "browser");
	assert_says(fixture, "user revoke alice", 0, "everywhere");
	assert_says(fixture, "user revoke carol", 1, "no account 'carol'");
}

static void test_links_need_an_address(Fixture *fixture, const void *data)
{
	g_assert_cmpint(run(fixture, "user add alice", "long enough", NULL), ==, 0);
	assert_says(fixture, "invite", 1, "public_url");
	assert_says(fixture, "user recover alice", 1, "public_url");
	data_folder_set_url(fixture->data, "https://drive.example.org/");
	assert_says(fixture, "invite", 0, "https://drive.example.org/invite/");
	assert_says(fixture, "invite --admin --uses 3 --days=9", 0, "for 3");
	assert_says(fixture, "invite --uses", 1, "a value is missing");
	assert_says(fixture, "invite --uses 0", 1, "a number from 1");
	assert_says(fixture, "invite --forever", 1, "no option '--forever'");
	assert_says(fixture, "invitation list", 0, "2\tadmin\t3\t3\t");
	assert_says(fixture, "invitation revoke 1", 0, "");
	assert_says(fixture, "invitation revoke 1", 1, "no invitation 1");
	assert_says(fixture, "user recover alice", 0, "https://drive.example.org/invite/");
	assert_says(fixture, "invitation list", 0, "3\trecovery\t1\t1\t");
}

static void test_audit_tells(Fixture *fixture, const void *data)
{
	g_assert_cmpint(run(fixture, "user add alice", "long enough", NULL), ==, 0);
	g_assert_cmpint(run(fixture, "user add bob", "long enough", NULL), ==, 0);
	assert_says(fixture, "user disable alice", 0, "");
	assert_says(fixture, "audit", 0, "\toperator\t-\tdisable\talice\t-\t-\n");
	assert_says(fixture, "audit --last 1", 0, "disable");
	assert_says(fixture, "audit --account bob --since 2020-01-01", 0, "add\tbob");
	assert_says(fixture, "audit --since yesterday", 1, "no time");
	assert_says(fixture, "audit --since", 1, "a value is missing");
	assert_says(fixture, "audit --account carol", 1, "no account");
	assert_says(fixture, "audit --all", 1, "no option");
	g_autofree char *text = NULL;
	g_assert_cmpint(run(fixture, "audit --since 2999-01-01T00:00:00Z", NULL, &text), ==, 0);
	g_assert_cmpstr(text, ==, "time\tby\tfrom\twhat\taccount\ttarget\tdetail\n");
}

/* Two links, and a folder with one inside. */
static void fill(Fixture *fixture, DriveCaller *caller)
{
	Drive *drive = data_folder_drive(fixture->data);
	g_autoptr(GError) error = NULL;
	drive_home(drive, caller->account, &caller->drive, &error);
	g_assert_no_error(error);
	JournalOperation operations[4];
	for (unsigned i = 0; i < 4; i++) {
		operations[i] = (JournalOperation){
			.number = i + 1,
			.verb = JOURNAL_CREATE,
			.node = node_id_random(),
			.parent = i == 3 ? operations[2].node : caller->drive,
			.name = &"abcd"[i],
			.name_size = 1,
			.kind = i < 2 ? JOURNAL_LINK : JOURNAL_FOLDER,
			.content = i < 2 ? "target" : NULL,
			.content_size = i < 2 ? 6 : 0,
			.size = i < 2 ? 6 : 0,
		};
	}
	JournalResult results[4];
	uint64_t seq;
	const DriveCommit commit = { .operations = operations, .operation_count = 4 };
	drive_commit(drive, caller, &commit, results, &seq, &error);
	g_assert_no_error(error);
	g_assert_cmpint(results[0].outcome, ==, JOURNAL_APPLIED);
	g_assert_cmpint(results[3].outcome, ==, JOURNAL_APPLIED);
}

static void test_removed_account_is_emptied(Fixture *fixture, const void *data)
{
	g_assert_cmpint(run(fixture, "user add alice", "long enough", NULL), ==, 0);
	Account alice;
	g_assert_true(accounts_find(data_folder_accounts(fixture->data), "alice", &alice, NULL));
	DriveCaller caller = { .account = alice.id };
	accounts_account_clear(&alice);
	fill(fixture, &caller);
	g_assert_cmpint(run(fixture, "user remove alice", NULL, NULL), ==, 0);
	Drive *drive = data_folder_drive(fixture->data);
	g_autoptr(GArray) trash = g_array_new(FALSE, FALSE, sizeof(JournalNode));
	g_assert_true(drive_trash(drive, &caller, 100, trash, NULL));
	g_assert_cmpuint(trash->len, ==, 3);
	for (unsigned i = 0; i < trash->len; i++) {
		journal_node_clear(&g_array_index(trash, JournalNode, i));
	}
	assert_says(fixture, "check", 0, "whole");
}

static void test_devices(Fixture *fixture, const void *data)
{
	g_assert_cmpint(run(fixture, "user add alice", "long enough", NULL), ==, 0);
	Accounts *accounts = data_folder_accounts(fixture->data);
	Account alice;
	g_assert_true(accounts_find(accounts, "alice", &alice, NULL));
	g_autofree char *token = NULL;
	int64_t device;
	g_assert_true(devices_add(accounts_devices(accounts), alice.id, "laptop", g_get_real_time(),
				  &token, &device, NULL));
	accounts_account_clear(&alice);
	assert_says(fixture, "device list alice", 0, "laptop");
	assert_says(fixture, "device revoke alice x", 1, "not the number");
	assert_says(fixture, "device revoke alice 77", 1, "no device 77");
	assert_says(fixture, "device revoke alice 1", 0, "");
	DevicesCaller caller;
	g_assert_false(devices_authenticate(accounts_devices(accounts), token, g_get_real_time(),
					    &caller, NULL));
	assert_says(fixture, "device revoke alice all", 0, "");
}

static void never(const char *text, void *data)
{
	g_assert_not_reached();
}

static void never_broken(const GError *error, void *data)
{
	g_assert_not_reached();
}

static void test_keeper_writes_who_was_seen(Fixture *fixture, const void *data)
{
	g_assert_cmpint(run(fixture, "user add alice", "long enough", NULL), ==, 0);
	Devices *devices = accounts_devices(data_folder_accounts(fixture->data));
	g_autofree char *token = NULL;
	int64_t device;
	int64_t now_us = g_get_real_time();
	g_assert_true(
		devices_add(devices, 1, "laptop", now_us - G_TIME_SPAN_DAY, &token, &device, NULL));
	const KeeperOptions options = { .folder = fixture->data,
					.report = never,
					.broken = never_broken };
	Keeper *keeper = keeper_start(&options);
	DevicesCaller caller;
	g_assert_true(devices_authenticate(devices, token, now_us, &caller, NULL));
	keeper_nudge(keeper);
	keeper_nudge(NULL);
	keeper_stop(keeper);
	g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(DevicesEntry));
	g_array_set_clear_func(entries, devices_entry_clear);
	g_assert_true(devices_list(devices, 1, entries, NULL));
	g_assert_cmpint(g_array_index(entries, DevicesEntry, 0).seen_us, ==, now_us);
}

static void test_check(Fixture *fixture, const void *data)
{
	assert_says(fixture, "check", 0, "whole");
	assert_says(fixture, "check --quick", 0, "whole");
	assert_says(fixture, "check --slow", 1, "--slow");
}

static void test_finds_verbs(void)
{
	const char *const *rest;
	const char *const unknown[] = { "user", "explode", NULL };
	const char *const half[] = { "user", NULL };
	const char *const list[] = { "user", "list", "x", NULL };
	g_assert_null(verb_find(unknown, &rest));
	g_assert_null(verb_find(half, &rest));
	g_assert_cmpstr(verb_find(list, &rest)->name, ==, "user list");
	g_assert_cmpstr(rest[0], ==, "x");
}

/* ---- the folder and its door ----------------------------------------------------------- */

static void test_one_at_a_time(Fixture *fixture, const void *data)
{
	GStatBuf found;
	g_assert_cmpint(g_stat(fixture->folder, &found), ==, 0);
	g_assert_cmpint(found.st_mode & 0777, ==, 0700);
	g_autoptr(GError) error = NULL;
	g_assert_null(open_folder(fixture->folder, true, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY);
	g_clear_error(&error);
	g_clear_pointer(&fixture->data, data_folder_close);
	fixture->data = open_folder(fixture->folder, false, &error);
	g_assert_no_error(error);
}

static void test_nothing_is_made_by_looking(Fixture *fixture, const void *data)
{
	g_autofree char *elsewhere = g_strconcat(fixture->folder, "-none", NULL);
	g_autoptr(GError) error = NULL;
	g_assert_null(open_folder(elsewhere, false, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_assert_false(g_file_test(elsewhere, G_FILE_TEST_EXISTS));
}

static void ask(Fixture *fixture, const char *line, const char *input, ControlAnswer *ret_answer)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	g_autoptr(GError) error = NULL;
	control_ask(fixture->folder, (const char *const *)words, input, ret_answer, &error);
	g_assert_no_error(error);
}

static void test_door(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	const char *const list[] = { "user", "list", NULL };
	ControlAnswer answer;
	g_assert_false(control_ask(fixture->folder, list, NULL, &answer, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE);
	g_clear_error(&error);

	Control *control = control_start(fixture->folder, fixture->data, &error);
	g_assert_no_error(error);
	g_autofree char *path = g_build_filename(fixture->folder, "control", NULL);
	GStatBuf found;
	g_assert_cmpint(g_stat(path, &found), ==, 0);
	g_assert_cmpint(found.st_mode & 0777, ==, 0600);
	ask(fixture, "user add zoë", "p\u00e4ssword \"quoted\"", &answer);
	g_assert_cmpint(answer.status, ==, 0);
	control_answer_clear(&answer);
	ask(fixture, "user list", NULL, &answer);
	g_assert_nonnull(strstr(answer.out, "zoë"));
	control_answer_clear(&answer);
	ask(fixture, "user remove nobody", NULL, &answer);
	g_assert_cmpint(answer.status, ==, 1);
	g_assert_nonnull(strstr(answer.err, "nobody"));
	control_answer_clear(&answer);
	ask(fixture, "user explode", NULL, &answer);
	g_assert_cmpint(answer.status, ==, 2);
	control_answer_clear(&answer);
	control_stop(control);
	g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* A socket's address has room for 107 bytes. */
static void test_door_of_a_long_path(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *filler = g_strnfill(150, 'x');
	g_autofree char *outside = g_path_get_dirname(fixture->folder);
	g_autofree char *folder = g_build_filename(outside, filler, NULL);
	g_autoptr(DataFolder) deep = open_folder(folder, true, &error);
	g_assert_no_error(error);
	g_autoptr(Control) control = control_start(folder, deep, &error);
	g_assert_no_error(error);
	const char *const list[] = { "user", "list", NULL };
	ControlAnswer answer;
	g_assert_true(control_ask(folder, list, NULL, &answer, &error));
	g_assert_cmpint(answer.status, ==, 0);
	control_answer_clear(&answer);
}

static void add(const char *name, void (*test)(Fixture *, const void *))
{
	g_autofree char *path = g_strconcat("/admin/verb/", name, NULL);
	g_test_add(path, Fixture, NULL, setup, test, teardown);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/admin/verb/finds-verbs", test_finds_verbs);
	add("users", test_users);
	add("clients", test_clients);
	add("people-are-let-in", test_people_are_let_in);
	add("tables-bind-all-or-nobody", test_tables_bind_all_or_nobody);
	add("links-need-an-address", test_links_need_an_address);
	add("audit-tells", test_audit_tells);
	add("removed-account-is-emptied", test_removed_account_is_emptied);
	add("devices", test_devices);
	add("keeper-writes-who-was-seen", test_keeper_writes_who_was_seen);
	add("check", test_check);
	add("one-at-a-time", test_one_at_a_time);
	add("nothing-is-made-by-looking", test_nothing_is_made_by_looking);
	add("door", test_door);
	add("door-of-a-long-path", test_door_of_a_long_path);
	return g_test_run();
}
