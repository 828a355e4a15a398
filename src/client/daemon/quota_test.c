/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemon/quota.h"

#include "base/error.h"

#include <glib/gstdio.h>

#define SECOND_US 1000000
#define START_US (100ll * SECOND_US)

typedef struct Drive {
	QuotaAnswer answer;
	int asked; /* atomic */
	bool offline;
} Drive;

static bool ask(void *data, GCancellable *cancellable, QuotaAnswer *ret_answer, GError **error)
{
	Drive *drive = data;
	g_atomic_int_inc(&drive->asked);
	if (drive->offline) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE, "not there");
		return false;
	}
	*ret_answer = drive->answer;
	return true;
}

static void assert_free(Quota *quota, int64_t now_us, uint64_t wanted)
{
	uint64_t total = 0, left = 0;
	g_assert_true(quota_room(quota, now_us, &total, &left));
	g_assert_cmpuint(total, ==, 1000);
	g_assert_cmpuint(left, ==, wanted);
}

static void test_reckons_between_answers(void)
{
	Drive drive = { .answer = { .quota = 1000, .used = 300 } };
	Quota *quota = quota_new(ask, &drive, NULL);
	uint64_t total = 0, left = 0;
	g_assert_false(quota_room(quota, START_US, &total, &left));
	quota_settle(quota);
	assert_free(quota, START_US, 700);

	/* Half of 200 bytes are sent, then all of them; the drive is not asked for each. */
	quota_note(quota, &(QuotaNews){ .sent = 100, .waiting = 100 }, START_US);
	assert_free(quota, START_US, 500);
	drive.answer.used = 460; /* some of it was there before */
	quota_note(quota, &(QuotaNews){ .sent = 200, .stored = 200 }, START_US);
	quota_settle(quota);
	assert_free(quota, START_US, 500);
	g_assert_cmpint(drive.asked, ==, 1);

	/* A while later it is, once. */
	quota_note(quota, &(QuotaNews){ .sent = 200, .stored = 200 }, START_US + 20 * SECOND_US);
	quota_settle(quota);
	assert_free(quota, START_US + 20 * SECOND_US, 540);
	g_assert_cmpint(drive.asked, ==, 2);
	quota_note(quota, &(QuotaNews){ .sent = 200, .stored = 200 }, START_US + 40 * SECOND_US);
	quota_settle(quota);
	g_assert_cmpint(drive.asked, ==, 2);

	/* More than there is: nothing is left, not less. */
	quota_note(quota, &(QuotaNews){ .sent = 200, .stored = 200, .waiting = 5000 },
		   START_US + 40 * SECOND_US);
	assert_free(quota, START_US + 40 * SECOND_US, 0);
	quota_free(quota);
}

static void test_many_questions_are_few_to_the_drive(void)
{
	Drive drive = { .answer = { .quota = 1000, .used = 300 } };
	Quota *quota = quota_new(ask, &drive, NULL);
	uint64_t total = 0, left = 0;
	for (int i = 0; i < 1000; i++) {
		quota_room(quota, START_US + i * 1000, &total, &left);
		quota_settle(quota);
	}
	g_assert_cmpint(drive.asked, ==, 1);
	/* An operator may give more at any time. */
	drive.answer.quota = 2000;
	quota_room(quota, START_US + 120 * SECOND_US, &total, &left);
	quota_settle(quota);
	g_assert_true(quota_room(quota, START_US + 120 * SECOND_US, &total, &left));
	g_assert_cmpuint(total, ==, 2000);
	quota_free(quota);
}

static void test_keeps_what_it_knew_while_offline(void)
{
	Drive drive = { .answer = { .quota = 1000, .used = 300 } };
	Quota *quota = quota_new(ask, &drive, NULL);
	quota_note(quota, &(QuotaNews){ 0 }, START_US);
	quota_settle(quota);
	drive.offline = true;
	quota_note(quota, &(QuotaNews){ .stored = 1 }, START_US + 200 * SECOND_US);
	quota_settle(quota);
	assert_free(quota, START_US + 200 * SECOND_US, 700);
	quota_free(quota);
}

static void test_another_account_has_another(void)
{
	Drive drive = { .answer = { .quota = 1000, .used = 300 } };
	Quota *quota = quota_new(ask, &drive, NULL);
	quota_note(quota, &(QuotaNews){ .sent = 50 }, START_US);
	quota_settle(quota);
	quota_forget(quota);
	drive.answer = (QuotaAnswer){ .used = 5 };
	uint64_t total = 0, left = 0;
	g_assert_false(quota_room(quota, START_US, &total, &left));
	quota_settle(quota);
	g_assert_cmpint(drive.asked, ==, 2);
	/* None. */
	g_assert_false(quota_room(quota, START_US, &total, &left));
	quota_free(quota);
}

static void test_outlives_the_program(void)
{
	g_autofree char *folder = g_dir_make_tmp("quota-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "quota", NULL);
	Drive drive = { .answer = { .quota = 1000, .used = 300 } };
	uint64_t total = 0, left = 0;
	Quota *quota = quota_new(ask, &drive, path);
	quota_recall(quota, "alice");
	g_assert_false(quota_room(quota, START_US, &total, &left));
	quota_settle(quota);
	quota_free(quota);

	/* Without the drive it is what it was, and the drive is asked all the same. */
	drive.offline = true;
	quota = quota_new(ask, &drive, path);
	quota_recall(quota, "alice");
	assert_free(quota, START_US, 700);
	quota_settle(quota);
	assert_free(quota, START_US, 700);
	drive.offline = false;
	drive.answer.used = 400;
	assert_free(quota, START_US + 2 * SECOND_US, 700);
	quota_settle(quota);
	assert_free(quota, START_US + 2 * SECOND_US, 600);
	g_assert_cmpint(drive.asked, ==, 3);
	quota_free(quota);

	/* It is nobody else's, and rubbish is nothing. */
	drive.offline = true;
	quota = quota_new(ask, &drive, path);
	quota_recall(quota, "bob");
	g_assert_false(quota_room(quota, START_US, &total, &left));
	quota_free(quota);
	g_assert_true(g_file_set_contents(path, "{\"account\":\"alice\",\"quota\":-1}", -1, NULL));
	quota = quota_new(ask, &drive, path);
	quota_recall(quota, "alice");
	g_assert_false(quota_room(quota, START_US, &total, &left));
	quota_free(quota);
	g_unlink(path);
	g_rmdir(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/daemon/quota/reckons-between-answers",
			test_reckons_between_answers);
	g_test_add_func("/client/daemon/quota/many-questions-are-few-to-the-drive",
			test_many_questions_are_few_to_the_drive);
	g_test_add_func("/client/daemon/quota/keeps-what-it-knew-while-offline",
			test_keeps_what_it_knew_while_offline);
	g_test_add_func("/client/daemon/quota/another-account-has-another",
			test_another_account_has_another);
	g_test_add_func("/client/daemon/quota/outlives-the-program", test_outlives_the_program);
	return g_test_run();
}
