/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/grant.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define REDIRECT "http://127.0.0.1:4000/callback"
#define NOW_US (1000 * G_TIME_SPAN_DAY)
#define SECOND_US G_TIME_SPAN_SECOND
#define MINUTE_US G_TIME_SPAN_MINUTE

static const GrantAsk browser = {
	.kind = GRANT_CODE,
	.client_id = (char *)"imdrive",
	.client_name = (char *)"imdrive",
	.device_name = (char *)"laptop",
	.scopes = 3,
	.redirect = (char *)REDIRECT,
	.state = (char *)"state",
	.challenge = (char *)CHALLENGE,
};

static const GrantAsk device = {
	.kind = GRANT_DEVICE,
	.client_id = (char *)"imdrive",
	.client_name = (char *)"imdrive",
	.device_name = (char *)"server",
	.scopes = 3,
	.peer = (char *)"192.0.2.1",
	.peer_key = (char *)"192.0.2.1",
};

static const GrantApproval alice = { .account = 7, .epoch = 3, .method = (char *)"xmpp" };

static const GrantCode right = {
	.client_id = "imdrive",
	.redirect = REDIRECT,
	.verifier = VERIFIER,
	.now_us = NOW_US,
};

static char *approved_code(Grants *grants)
{
	g_autofree char *id = grant_add_code(grants, &browser, NOW_US);
	char *code = NULL;
	g_assert_true(grant_approve(grants, id, &alice, NOW_US, &code));
	g_assert_nonnull(code);
	return code;
}

static GrantResult redeem(Grants *grants, const char *code, const GrantCode *with)
{
	g_auto(GrantIssue) issue = { 0 };
	GrantCode request = *with;
	request.code = code;
	return grant_redeem_code(grants, &request, &issue);
}

/* ---- codes ------------------------------------------------------------------------------- */

static void a3_a_code_is_redeemed_once(void)
{
	g_autoptr(Grants) grants = grant_table_new();
	g_autofree char *code = approved_code(grants);
	g_assert_cmpuint(strlen(code), ==, 43);
	g_auto(GrantIssue) issue = { 0 };
	GrantCode request = right;
	request.code = code;
	g_assert_cmpint(grant_redeem_code(grants, &request, &issue), ==, GRANT_ISSUE);
	g_assert_cmpint(issue.approval.account, ==, 7);
	g_assert_cmpint(issue.approval.epoch, ==, 3);
	g_assert_cmpstr(issue.approval.method, ==, "xmpp");
	g_assert_cmpstr(issue.device_name, ==, "laptop");
	g_assert_true(grant_issued(grants, code, 42, NOW_US));
	/* The second time names what the first one got, to be ended. */
	g_auto(GrantIssue) again = { 0 };
	g_assert_cmpint(grant_redeem_code(grants, &request, &again), ==, GRANT_REUSED);
	g_assert_cmpint(again.device, ==, 42);
	g_assert_cmpint(again.approval.account, ==, 7);
}

static void a3_reuse_is_noticed_whatever_comes_with_it(void)
{
	g_autoptr(Grants) grants = grant_table_new();
	g_autofree char *code = approved_code(grants);
	g_assert_cmpint(redeem(grants, code, &right), ==, GRANT_ISSUE);
	g_assert_true(grant_issued(grants, code, 42, NOW_US));
	GrantCode wrong = right;
	wrong.verifier = "";
	wrong.now_us = NOW_US + 30 * MINUTE_US;
	g_assert_cmpint(redeem(grants, code, &wrong), ==, GRANT_REUSED);
}

static void a3_two_at_once_get_nothing(void)
{
	g_autoptr(Grants) grants = grant_table_new();
	g_autofree char *code = approved_code(grants);
	g_assert_cmpint(redeem(grants, code, &right), ==, GRANT_ISSUE);
	g_assert_cmpint(redeem(grants, code, &right), ==, GRANT_INVALID);
	g_assert_false(grant_issued(grants, code, 42, NOW_US));
}

static void a3_a_code_lives_a_minute(void)
{
	g_autoptr(Grants) grants = grant_table_new();
	g_autofree char *first = approved_code(grants);
	GrantCode late = right;
	late.now_us = NOW_US + 59 * SECOND_US;
	g_assert_cmpint(redeem(grants, first, &late), ==, GRANT_ISSUE);
	g_autofree char *second = approved_code(grants);
	late.now_us = NOW_US + 60 * SECOND_US;
	g_assert_cmpint(redeem(grants, second, &late), ==, GRANT_INVALID);
}

static void a3_a_code_is_bound(void)
{
	GrantCode wrong[] = { right, right, right, right, right };
	wrong[0].client_id = "imdrive-app";
	wrong[1].redirect = "http://127.0.0.1:4001/callback";
	wrong[2].verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl";
	wrong[3].verifier = CHALLENGE;
	wrong[4].redirect = "";
	for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(Grants) grants = grant_table_new();
		g_autofree char *code = approved_code(grants);
		g_assert_cmpint(redeem(grants, code, &wrong[i]), ==, GRANT_INVALID);
		/* It may be in the wrong hands: worth nothing from then on. */
		g_assert_cmpint(redeem(grants, code, &right), ==, GRANT_INVALID);
	}
}

static void a_code_that_could_not_be_issued_can_be_redeemed_again(void)
{
	g_autoptr(Grants) grants = grant_table_new();
	g_autofree char *code = approved_code(grants);
	g_assert_cmpint(redeem(grants, code, &right), ==, GRANT_ISSUE);
	grant_failed(grants, code);
	g_assert_cmpint(redeem(grants, code, &right), ==, GRANT_ISSUE);
	/* But not if somebody else tried meanwhile. */
	g_assert_cmpint(redeem(grants, code, &right), ==, GRANT_INVALID);
	grant_failed(grants, code);
	g_assert_cmpint(redeem(grants, code, &right), ==, GRANT_INVALID);
}

static void a_request_is_answered_once(void)
{
	g_autoptr(Grants) grants = grant_table_new();
	g_autofree char *id = grant_add_code(grants, &browser, NOW_US);
	g_autofree char *code = NULL;
	g_autofree char *none = NULL;
	g_assert_true(grant_approve(grants, id, &alice, NOW_US, &code));
	g_assert_false(grant_approve(grants, id, &alice, NOW_US, &none));
	g_assert_false(grant_deny(grants, id, NOW_US));
	g_auto(GrantShown) shown = { 0 };
	g_assert_false(grant_show(grants, id, NOW_US, &shown));
	g_autofree char *other = grant_add_code(grants, &browser, NOW_US);
	g_assert_true(grant_deny(grants, other, NOW_US));
	g_assert_false(grant_approve(grants, other, &alice, NOW_US, &none));
	g_assert_null(none);
}

static void a_request_expires(void)
{
	g_autoptr(Grants) grants = grant_table_new();
	g_autofree char *id = grant_add_code(grants, &browser, NOW_US);
	g_auto(GrantShown) shown = { 0 };
	g_assert_true(grant_show(grants, id, NOW_US + 10 * MINUTE_US - 1, &shown));
	g_assert_cmpstr(shown.ask.state, ==, "state");
	g_auto(GrantShown) late = { 0 };
	g_assert_false(grant_show(grants, id, NOW_US + 10 * MINUTE_US, &late));
	char *code = NULL;
	g_assert_false(grant_approve(grants, id, &alice, NOW_US + 10 * MINUTE_US, &code));
}

static void memory_is_bounded_and_the_oldest_goes(void)
{
	g_autoptr(Grants) grants = grant_table_new();
	g_autofree char *used = approved_code(grants);
	g_assert_cmpint(redeem(grants, used, &right), ==, GRANT_ISSUE);
	g_autofree char *oldest = grant_add_code(grants, &browser, NOW_US);
	g_autofree char *last = NULL;
	for (unsigned i = 0; i < OAUTH_PENDING_MAX; i++) {
		g_free(last);
		last = grant_add_code(grants, &browser, NOW_US);
	}
	g_auto(GrantShown) shown = { 0 };
	g_assert_false(grant_show(grants, oldest, NOW_US, &shown));
	g_assert_true(grant_show(grants, last, NOW_US, &shown));
	/* What is being issued stays. */
	g_assert_true(grant_issued(grants, used, 1, NOW_US));
}

/* ---- devices ------------------------------------------------------------------------------ */

typedef struct Asked {
	Grants *grants;
	char *device_code;
	char user_code[USER_CODE_SIZE];
} Asked;

static void ask(Asked *asked)
{
	g_autoptr(GError) error = NULL;
	asked->grants = grant_table_new();
	grant_add_device(asked->grants, &device, NOW_US, &asked->device_code, asked->user_code,
			 &error);
	g_assert_no_error(error);
}

static void asked_clear(Asked *asked)
{
	grant_table_free(asked->grants);
	g_free(asked->device_code);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Asked, asked_clear)

static GrantResult poll(Asked *asked, int64_t after_us)
{
	g_auto(GrantIssue) issue = { 0 };
	return grant_poll(asked->grants, asked->device_code, "imdrive", NOW_US + after_us, &issue);
}

static void answer(Asked *asked, bool yes)
{
	char *code = NULL;
	g_autofree char *id = grant_find(asked->grants, asked->user_code, NOW_US);
	g_assert_nonnull(id);
	g_assert_true(yes ? grant_approve(asked->grants, id, &alice, NOW_US, &code)
			  : grant_deny(asked->grants, id, NOW_US));
	g_assert_null(code);
}

static void a9_a_device_waits_and_is_let_in(void)
{
	g_auto(Asked) asked = { 0 };
	ask(&asked);
	g_assert_cmpint(poll(&asked, 0), ==, GRANT_PENDING);
	g_assert_cmpint(poll(&asked, 5 * SECOND_US), ==, GRANT_PENDING);
	answer(&asked, true);
	g_auto(GrantIssue) issue = { 0 };
	g_assert_cmpint(grant_poll(asked.grants, asked.device_code, "imdrive",
				   NOW_US + 10 * SECOND_US, &issue),
			==, GRANT_ISSUE);
	g_assert_cmpint(issue.approval.account, ==, 7);
	g_assert_true(grant_issued(asked.grants, asked.device_code, 9, NOW_US));
	g_assert_cmpint(poll(&asked, 15 * SECOND_US), ==, GRANT_REUSED);
}

static void a9_impatience_costs_five_seconds_each(void)
{
	g_auto(Asked) asked = { 0 };
	ask(&asked);
	g_assert_cmpint(poll(&asked, 0), ==, GRANT_PENDING);
	g_assert_cmpint(poll(&asked, 2 * SECOND_US), ==, GRANT_SLOW_DOWN);
	g_assert_cmpint(poll(&asked, 9 * SECOND_US), ==, GRANT_SLOW_DOWN);
	g_assert_cmpint(poll(&asked, 23 * SECOND_US), ==, GRANT_SLOW_DOWN);
	g_assert_cmpint(poll(&asked, 43 * SECOND_US), ==, GRANT_PENDING);
}

static void a9_a_user_code_is_approved_once(void)
{
	g_auto(Asked) asked = { 0 };
	ask(&asked);
	g_autofree char *first = grant_find(asked.grants, asked.user_code, NOW_US);
	g_autofree char *second = grant_find(asked.grants, asked.user_code, NOW_US);
	g_assert_cmpstr(first, ==, second);
	answer(&asked, true);
	g_assert_null(grant_find(asked.grants, asked.user_code, NOW_US));
	char *code = NULL;
	const GrantApproval bob = { .account = 8, .method = (char *)"xmpp" };
	g_assert_false(grant_approve(asked.grants, first, &bob, NOW_US, &code));
	g_assert_false(grant_deny(asked.grants, first, NOW_US));
	g_assert_cmpint(poll(&asked, 0), ==, GRANT_ISSUE);
}

static void a9_denied_and_expired_are_said(void)
{
	g_auto(Asked) asked = { 0 };
	ask(&asked);
	answer(&asked, false);
	g_assert_cmpint(poll(&asked, 0), ==, GRANT_DENIED);
	g_auto(Asked) late = { 0 };
	ask(&late);
	g_assert_cmpint(poll(&late, 10 * MINUTE_US), ==, GRANT_EXPIRED);
	g_assert_null(grant_find(late.grants, late.user_code, NOW_US + 10 * MINUTE_US));
	/* Also when others came meanwhile, and old ones were forgotten. */
	g_autofree char *code = NULL;
	char user_code[USER_CODE_SIZE];
	g_assert_true(grant_add_device(late.grants, &device, NOW_US + 15 * MINUTE_US, &code,
				       user_code, NULL));
	g_assert_cmpint(poll(&late, 15 * MINUTE_US), ==, GRANT_EXPIRED);
}

static void a9_a_device_code_is_its_client_s(void)
{
	g_auto(Asked) asked = { 0 };
	ask(&asked);
	answer(&asked, true);
	g_auto(GrantIssue) issue = { 0 };
	g_assert_cmpint(grant_poll(asked.grants, asked.device_code, "other", NOW_US, &issue), ==,
			GRANT_INVALID);
	g_assert_cmpint(grant_poll(asked.grants, asked.user_code, "imdrive", NOW_US, &issue), ==,
			GRANT_INVALID);
	/* A device code is no code. */
	g_assert_cmpint(redeem(asked.grants, asked.device_code, &right), ==, GRANT_INVALID);
	g_assert_cmpint(poll(&asked, 0), ==, GRANT_ISSUE);
}

static void a9_a_peer_has_so_many_codes(void)
{
	g_auto(Asked) asked = { 0 };
	ask(&asked);
	char user_code[USER_CODE_SIZE];
	for (unsigned i = 1; i < OAUTH_DEVICE_CODES_PER_PEER_MAX; i++) {
		g_autofree char *code = NULL;
		g_assert_true(
			grant_add_device(asked.grants, &device, NOW_US, &code, user_code, NULL));
	}
	g_autoptr(GError) error = NULL;
	g_autofree char *code = NULL;
	g_assert_false(grant_add_device(asked.grants, &device, NOW_US, &code, user_code, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY);
	GrantAsk other = device;
	other.peer_key = (char *)"192.0.2.2";
	g_assert_true(grant_add_device(asked.grants, &other, NOW_US, &code, user_code, NULL));
}

/* ---- many at once ------------------------------------------------------------------------- */

typedef struct Race {
	Grants *grants;
	const char *code;
	int won; /* atomic */
} Race;

static void *run(void *data)
{
	Race *race = data;
	if (redeem(race->grants, race->code, &right) == GRANT_ISSUE) {
		g_atomic_int_inc(&race->won);
	}
	return NULL;
}

static void a3_of_many_threads_one_redeems(void)
{
	for (unsigned round = 0; round < 50; round++) {
		g_autoptr(Grants) grants = grant_table_new();
		g_autofree char *code = approved_code(grants);
		Race race = { .grants = grants, .code = code };
		GThread *threads[8];
		for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
			threads[i] = g_thread_new("redeem", run, &race);
		}
		for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
			g_thread_join(threads[i]);
		}
		g_assert_cmpint(race.won, ==, 1);
		g_assert_false(grant_issued(grants, code, 1, NOW_US));
	}
}

#define ADD(name, function) g_test_add_func("/server/oauth/grant/" name, function)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("a3-a-code-is-redeemed-once", a3_a_code_is_redeemed_once);
	ADD("a3-reuse-is-noticed-whatever-comes-with-it",
	    a3_reuse_is_noticed_whatever_comes_with_it);
	ADD("a3-two-at-once-get-nothing", a3_two_at_once_get_nothing);
	ADD("a3-a-code-lives-a-minute", a3_a_code_lives_a_minute);
	ADD("a3-a-code-is-bound", a3_a_code_is_bound);
	ADD("a3-of-many-threads-one-redeems", a3_of_many_threads_one_redeems);
	ADD("a-code-that-could-not-be-issued-can-be-redeemed-again",
	    a_code_that_could_not_be_issued_can_be_redeemed_again);
	ADD("a-request-is-answered-once", a_request_is_answered_once);
	ADD("a-request-expires", a_request_expires);
	ADD("memory-is-bounded-and-the-oldest-goes", memory_is_bounded_and_the_oldest_goes);
	ADD("a9-a-device-waits-and-is-let-in", a9_a_device_waits_and_is_let_in);
	ADD("a9-impatience-costs-five-seconds-each", a9_impatience_costs_five_seconds_each);
	ADD("a9-a-user-code-is-approved-once", a9_a_user_code_is_approved_once);
	ADD("a9-denied-and-expired-are-said", a9_denied_and_expired_are_said);
	ADD("a9-a-device-code-is-its-client-s", a9_a_device_code_is_its_client_s);
	ADD("a9-a-peer-has-so-many-codes", a9_a_peer_has_so_many_codes);
	return g_test_run();
}
