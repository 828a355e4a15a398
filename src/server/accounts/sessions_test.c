/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/sessions.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/fixture/world.h"
#include "server/accounts/identities.h"
#include "sql/ask.h"

#include <string.h>

#define NOW_US WORLD_NOW_US

static void setup(World *world, const void *data)
{
	world_setup(world, data);
	g_assert_true(accounts_add(world->accounts, "alice", NULL, &world->alice, NULL));
	g_assert_true(accounts_add(world->accounts, "bob", NULL, &world->bob, NULL));
}

static char *begin(World *world, int64_t account, const char *old, int64_t now_us)
{
	g_autoptr(GError) error = NULL;
	char *token = NULL;
	const SessionsSpec spec = {
		.account = account, .method = "qq", .agent = "Browser\n\x1b[1m", .old_token = old
	};
	const AuditBy by = { .peer = "192.0.2.1", .now_us = now_us };
	sessions_begin(world->accounts, &spec, &by, &token, &error);
	g_assert_no_error(error);
	return token;
}

static bool is_in(World *world, const char *token, int64_t now_us, Session *ret_session)
{
	g_autoptr(GError) error = NULL;
	const AuditBy by = { .peer = "192.0.2.9", .now_us = now_us };
	Session session = { 0 };
	bool found = sessions_find(world->accounts, token, &by, &session, &error);
	if (!found) {
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED);
	}
	if (ret_session) {
		*ret_session = session;
	} else {
		sessions_session_clear(&session);
	}
	return found;
}

static void test_says_who_it_is(World *world, const void *data)
{
	g_autofree char *token = begin(world, world->alice, NULL, NOW_US);
	Session session;
	g_assert_true(is_in(world, token, NOW_US + 1, &session));
	g_assert_cmpint(session.account, ==, world->alice);
	g_assert_cmpstr(session.account_name, ==, "alice");
	g_assert_cmpstr(session.method, ==, "qq");
	g_assert_cmpstr(session.peer, ==, "192.0.2.1");
	g_assert_cmpstr(session.agent, ==, "Browser??[1m");
	g_assert_true(sessions_is_fresh(&session, NOW_US + 1));
	g_assert_false(sessions_is_fresh(&session, NOW_US + SESSION_FRESH_S * G_TIME_SPAN_SECOND));
	sessions_session_clear(&session);
}

static void assert_language(World *world, const char *address, const char *expected)
{
	Account account = { 0 };
	g_autofree char *language =
		identities_address_language(world->accounts, "xmpp", address, NULL);
	g_assert_cmpstr(language, ==, expected);
	g_assert_true(accounts_get(world->accounts, world->alice, &account, NULL));
	g_assert_cmpstr(account.language, ==, expected ? expected : "");
	accounts_account_clear(&account);
}

static void test_language_is_that_of_the_last_sign_in(World *world, const void *data)
{
	const char *address = "alice@example.org";
	const Proof proof = { .provider = "xmpp",
			      .subject = (char *)address,
			      .chat_address = (char *)address };
	const IdentitiesBind bind = { .account = world->alice, .epoch = -1, .proof = &proof };
	g_assert_true(identities_bind(world->accounts, &bind, NULL, NULL));
	assert_language(world, address, NULL);
	static const char *const languages[] = { "zh-CN", NULL, "en" };
	static const char *const kept[] = { "zh-CN", "zh-CN", "en" };
	for (size_t i = 0; i < G_N_ELEMENTS(languages); i++) {
		char *token = NULL;
		const SessionsSpec spec = { .account = world->alice,
					    .method = "xmpp",
					    .language = languages[i] };
		g_assert_true(sessions_begin(world->accounts, &spec, NULL, &token, NULL));
		g_free(token);
		assert_language(world, address, kept[i]);
	}
	g_assert_null(identities_address_language(world->accounts, "qq", address, NULL));
}

static void test_r16_new_sign_in_new_session(World *world, const void *data)
{
	g_autofree char *first = begin(world, world->alice, NULL, NOW_US);
	g_autofree char *second = begin(world, world->bob, first, NOW_US);
	g_assert_cmpstr(first, !=, second);
	g_assert_false(is_in(world, first, NOW_US, NULL));
	g_assert_true(is_in(world, second, NOW_US, NULL));
}

static void test_stored_hashed(World *world, const void *data)
{
	g_autofree char *token = begin(world, world->alice, NULL, NOW_US);
	g_autoptr(SqlSession) sql = sql_read(world->sql, NULL);
	int64_t found = -1;
	g_assert_true(ask_count(sql, "SELECT COUNT(*) FROM web_session WHERE token_hash = $1",
				ASK_VALUES(ASK_BLOB(token, strlen(token))), &found, NULL));
	g_assert_cmpint(found, ==, 0);
}

static void test_r16_idle_and_old_end(World *world, const void *data)
{
	g_autofree char *idle = begin(world, world->alice, NULL, NOW_US);
	g_autofree char *used = begin(world, world->alice, NULL, NOW_US);
	int64_t at_us = NOW_US;
	for (int day = 1; day < SESSION_DAYS_MAX; day++) {
		at_us = NOW_US + day * G_TIME_SPAN_DAY;
		g_assert_true(is_in(world, used, at_us, NULL));
	}
	g_assert_false(is_in(world, used, NOW_US + SESSION_DAYS_MAX * G_TIME_SPAN_DAY, NULL));
	g_assert_false(is_in(world, idle, NOW_US + SESSION_IDLE_DAYS * G_TIME_SPAN_DAY, NULL));
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(Session));
	g_array_set_clear_func(list, sessions_session_clear);
	g_assert_true(sessions_list(world->accounts, world->alice, at_us, list, NULL));
	g_assert_cmpuint(list->len, ==, 1);
	g_assert_cmpstr(g_array_index(list, Session, 0).peer, ==, "192.0.2.9");
	g_assert_true(accounts_upkeep(world->accounts, NOW_US + SESSION_DAYS_MAX * G_TIME_SPAN_DAY,
				      NULL));
	g_assert_false(is_in(world, used, NOW_US + 1, NULL));
}

static void test_garbage_is_nobody(World *world, const void *data)
{
	g_autofree char *token = begin(world, world->alice, NULL, NOW_US);
	g_autofree char *longer = g_strconcat(token, "A", NULL);
	token[15] = token[15] == 'A' ? 'B' : 'A';
	const char *const bad[] = { "", "imdrive_ws_", longer, token };
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_assert_false(is_in(world, bad[i], NOW_US, NULL));
		g_assert_true(sessions_end_token(world->accounts, bad[i], NULL, NULL));
	}
}

static void test_ends_one_or_others(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *first = begin(world, world->alice, NULL, NOW_US);
	g_autofree char *second = begin(world, world->alice, NULL, NOW_US);
	g_autofree char *third = begin(world, world->alice, NULL, NOW_US);
	g_autofree char *bobs = begin(world, world->bob, NULL, NOW_US);
	Session session;
	g_assert_true(is_in(world, first, NOW_US, &session));
	int64_t id = session.id;
	sessions_session_clear(&session);
	g_assert_false(sessions_end(world->accounts, world->bob, id, NULL, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_assert_true(sessions_end_token(world->accounts, second, NULL, NULL));
	g_assert_false(is_in(world, second, NOW_US, NULL));
	g_assert_true(sessions_end_others(world->accounts, world->alice, id, NULL, NULL));
	g_assert_true(is_in(world, first, NOW_US, NULL));
	g_assert_false(is_in(world, third, NOW_US, NULL));
	g_assert_true(is_in(world, bobs, NOW_US, NULL));
	g_assert_true(sessions_end(world->accounts, world->alice, id, NULL, NULL));
	g_assert_false(is_in(world, first, NOW_US, NULL));
}

static void test_r13_own_change_of_password_spares_own_session(World *world, const void *data)
{
	g_autofree char *own = begin(world, world->alice, NULL, NOW_US);
	g_autofree char *other = begin(world, world->alice, NULL, NOW_US);
	Session session;
	g_assert_true(is_in(world, own, NOW_US, &session));
	const AuditBy by = { .account = world->alice, .peer = "192.0.2.1", .now_us = NOW_US };
	g_assert_true(accounts_change_password(world->accounts, world->alice, "secret", session.id,
					       &by, NULL));
	sessions_session_clear(&session);
	g_assert_true(is_in(world, own, NOW_US, NULL));
	g_assert_false(is_in(world, other, NOW_US, NULL));
}

static void test_r13_disabled_is_out(World *world, const void *data)
{
	g_autofree char *token = begin(world, world->alice, NULL, NOW_US);
	g_assert_true(accounts_set_disabled(world->accounts, world->alice, true, NULL));
	g_assert_false(is_in(world, token, NOW_US, NULL));
	g_assert_true(accounts_set_disabled(world->accounts, world->alice, false, NULL));
	g_assert_false(is_in(world, token, NOW_US, NULL));
}

static void test_number_is_bounded(World *world, const void *data)
{
	g_autofree char *oldest = begin(world, world->alice, NULL, NOW_US);
	g_autofree char *second = begin(world, world->alice, NULL, NOW_US);
	for (unsigned i = 1; i < SESSIONS_PER_ACCOUNT_MAX; i++) {
		g_free(begin(world, world->alice, NULL, NOW_US));
	}
	g_assert_false(is_in(world, oldest, NOW_US, NULL));
	g_assert_true(is_in(world, second, NOW_US, NULL));
}

static void test_signing_out_is_audited_once(World *world, const void *data)
{
	g_autofree char *token = begin(world, world->alice, NULL, NOW_US);
	const AuditBy by = { .peer = "192.0.2.7", .now_us = NOW_US + 1 };
	g_assert_true(sessions_end_token(world->accounts, token, &by, NULL));
	g_assert_true(sessions_end_token(world->accounts, token, &by, NULL));
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(AuditRow));
	g_array_set_clear_func(list, audit_row_clear);
	const AuditQuery query = { .since_us = NOW_US + 1 };
	g_assert_true(audit_list(world->accounts, &query, list, NULL));
	/* Accounts are added by the clock of the world outside, and come first. */
	const AuditRow *row = &g_array_index(list, AuditRow, list->len - 1);
	g_assert_cmpstr(row->what, ==, "sign-out");
	g_assert_cmpint(row->actor, ==, world->alice);
	g_assert_cmpstr(row->target, ==, "browser");
	g_assert_cmpstr(row->peer, ==, "192.0.2.7");
	g_assert_cmpstr(g_array_index(list, AuditRow, list->len - 2).what, !=, "sign-out");
}

static void add(const char *name, void (*test)(World *, const void *))
{
	g_autofree char *path = g_strconcat("/server/accounts/sessions/", name, NULL);
	g_test_add(path, World, NULL, setup, test, world_teardown);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("says-who-it-is", test_says_who_it_is);
	add("language-is-that-of-the-last-sign-in", test_language_is_that_of_the_last_sign_in);
	add("R16-new-sign-in-new-session", test_r16_new_sign_in_new_session);
	add("stored-hashed", test_stored_hashed);
	add("R16-idle-and-old-end", test_r16_idle_and_old_end);
	add("garbage-is-nobody", test_garbage_is_nobody);
	add("ends-one-or-others", test_ends_one_or_others);
	add("R13-own-change-of-password-spares-own-session",
	    test_r13_own_change_of_password_spares_own_session);
	add("R13-disabled-is-out", test_r13_disabled_is_out);
	add("number-is-bounded", test_number_is_bounded);
	add("signing-out-is-audited-once", test_signing_out_is_audited_once);
	return g_test_run();
}
