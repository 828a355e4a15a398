/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/invitations.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/fixture/world.h"
#include "sql/ask.h"

#include <string.h>

#define NOW_US WORLD_NOW_US

static char *invite(World *world, const InvitationsSpec *spec)
{
	g_autoptr(GError) error = NULL;
	char *token = NULL;
	const AuditBy by = { .now_us = NOW_US };
	invitations_add(world->accounts, spec, &by, &token, &error);
	g_assert_no_error(error);
	return token;
}

static bool is_good(World *world, const char *token, int64_t now_us, Invitation *ret)
{
	g_autoptr(GError) error = NULL;
	bool found = invitations_find(world->accounts, token, now_us, ret, &error);
	if (!found) {
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	}
	return found;
}

static void test_says_what_it_is_good_for(World *world, const void *data)
{
	g_autofree char *token = invite(
		world, &(InvitationsSpec){ .role = ACCOUNT_ADMIN, .uses = 3, .lifetime_s = 60 });
	Invitation invitation;
	g_assert_true(is_good(world, token, NOW_US, &invitation));
	g_assert_cmpint(invitation.role, ==, ACCOUNT_ADMIN);
	g_assert_cmpuint(invitation.uses_left, ==, 3);
	g_assert_true(is_good(world, token, NOW_US + 59 * G_TIME_SPAN_SECOND, &invitation));
	g_assert_false(is_good(world, token, NOW_US + 60 * G_TIME_SPAN_SECOND, &invitation));
	g_assert_false(is_good(world, "", NOW_US, &invitation));
	token[0] = token[0] == 'A' ? 'B' : 'A';
	g_assert_false(is_good(world, token, NOW_US, &invitation));
}

static void test_stored_hashed(World *world, const void *data)
{
	g_autofree char *token = invite(world, &(InvitationsSpec){ 0 });
	g_autoptr(SqlSession) session = sql_read(world->sql, NULL);
	int64_t found = -1;
	g_assert_true(ask_count(session, "SELECT COUNT(*) FROM invitation WHERE token_hash = $1",
				ASK_VALUES(ASK_BLOB(token, strlen(token))), &found, NULL));
	g_assert_cmpint(found, ==, 0);
}

static void test_ended_is_good_for_nothing(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *token = invite(world, &(InvitationsSpec){ 0 });
	g_autofree char *other = invite(world, &(InvitationsSpec){ 0 });
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(Invitation));
	g_assert_true(invitations_list(world->accounts, NOW_US, list, NULL));
	g_assert_cmpuint(list->len, ==, 2);
	int64_t id = g_array_index(list, Invitation, 0).id;
	Invitation invitation;
	g_assert_true(invitations_end(world->accounts, id, NULL, NULL));
	g_assert_false(is_good(world, token, NOW_US, &invitation));
	g_assert_true(is_good(world, other, NOW_US, &invitation));
	g_assert_false(invitations_end(world->accounts, id, NULL, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
}

static void test_too_much_is_refused(World *world, const void *data)
{
	const InvitationsSpec bad[] = {
		{ .uses = INVITATION_USES_MAX + 1 },
		{ .lifetime_s = INVITATION_DAYS_MAX * 24 * 3600 + 1 },
		{ .lifetime_s = -1 },
		{ .account = 1, .uses = 2 },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		char *token = NULL;
		g_assert_false(invitations_add(world->accounts, &bad[i], NULL, &token, &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	}
}

static void test_one_first_administrator_at_a_time(World *world, const void *data)
{
	g_autofree char *first = NULL;
	g_autofree char *second = NULL;
	g_assert_true(invitations_add_first(world->accounts, NOW_US, &first, NULL));
	g_assert_true(invitations_add_first(world->accounts, NOW_US, &second, NULL));
	Invitation invitation;
	g_assert_false(is_good(world, first, NOW_US, &invitation));
	g_assert_true(is_good(world, second, NOW_US, &invitation));
	g_assert_cmpint(invitation.role, ==, ACCOUNT_ADMIN);
	g_assert_cmpuint(invitation.uses_left, ==, 1);
	int64_t alice;
	char *third = NULL;
	g_assert_true(accounts_add(world->accounts, "alice", NULL, &alice, NULL));
	g_assert_true(invitations_add_first(world->accounts, NOW_US, &third, NULL));
	g_assert_null(third);
}

static void add(const char *name, void (*test)(World *, const void *))
{
	g_autofree char *path = g_strconcat("/server/accounts/invitations/", name, NULL);
	g_test_add(path, World, NULL, world_setup, test, world_teardown);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("says-what-it-is-good-for", test_says_what_it_is_good_for);
	add("stored-hashed", test_stored_hashed);
	add("ended-is-good-for-nothing", test_ended_is_good_for_nothing);
	add("too-much-is-refused", test_too_much_is_refused);
	add("one-first-administrator-at-a-time", test_one_first_administrator_at_a_time);
	return g_test_run();
}
