/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/entry.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/fixture/world.h"
#include "server/accounts/identities.h"
#include "server/accounts/invitations.h"
#include "server/accounts/sessions.h"
#include "sql/ask.h"

#include <glib/gstdio.h>
#include <string.h>

#define NOW_US WORLD_NOW_US

static Proof proof_of(char *subject, char *username)
{
	return (Proof){ .provider = "qq",
			.tenant = "",
			.subject = subject,
			.username = username,
			.email = "same@example.org",
			.email_verified = true };
}

static EntryResult enter_with(World *world, const Proof *proof, EntryPolicy policy,
			      const char *invitation)
{
	g_autoptr(GError) error = NULL;
	const EntryRequest request = { .proof = proof, .policy = policy, .invitation = invitation };
	EntryResult result;
	entry_by_proof(world->accounts, &request, &world->by, &result, &error);
	g_assert_no_error(error);
	return result;
}

static EntryRefusal refusal_of(World *world, const Proof *proof, EntryPolicy policy,
			       const char *invitation)
{
	g_auto(EntryResult) result = enter_with(world, proof, policy, invitation);
	return result.refusal;
}

/* Enters, and returns whose account that is. */
static int64_t enters(World *world, const Proof *proof, bool registered)
{
	g_auto(EntryResult) result = enter_with(world, proof, ENTRY_AUTO, NULL);
	g_assert_cmpint(result.refusal, ==, ENTRY_ENTERED);
	g_assert_cmpint(result.registered, ==, registered);
	g_assert_cmpint(result.account.role, ==, ACCOUNT_USER);
	return result.account.id;
}

static int64_t rows(World *world)
{
	g_autoptr(SqlSession) session = sql_read(world->sql, NULL);
	int64_t count = -1;
	g_assert_true(ask_count(session,
				"SELECT (SELECT COUNT(*) FROM account) +"
				" (SELECT COUNT(*) FROM identity) + (SELECT COUNT(*) FROM audit)"
				" + (SELECT account + identity + audit FROM accounts_counter)",
				NULL, &count, NULL));
	return count;
}

static char *invite(World *world, const InvitationsSpec *spec)
{
	g_autoptr(GError) error = NULL;
	char *token = NULL;
	invitations_add(world->accounts, spec, &world->by, &token, &error);
	g_assert_no_error(error);
	return token;
}

/* ---- identities ------------------------------------------------------------------------ */

static void test_first_proof_registers(World *world, const void *data)
{
	const Proof proof = proof_of("1", "alice");
	g_auto(EntryResult) first = enter_with(world, &proof, ENTRY_AUTO, NULL);
	g_assert_true(first.registered);
	g_assert_cmpstr(first.account.name, ==, "alice");
	g_assert_false(first.account.has_password);
	g_assert_cmpuint(first.account.identity_count, ==, 1);
	g_assert_cmpint(enters(world, &proof, false), ==, first.account.id);
}

static void test_r10_same_email_and_name_are_two_people(World *world, const void *data)
{
	const Proof one = proof_of("1", "alice");
	Proof other = proof_of("1", "alice");
	other.provider = "wechat";
	int64_t first = enters(world, &one, true);
	int64_t second = enters(world, &other, true);
	g_assert_cmpint(first, !=, second);
	Account account;
	g_assert_true(accounts_get(world->accounts, second, &account, NULL));
	g_assert_cmpstr(account.name, ==, "alice-2");
	accounts_account_clear(&account);
	Proof tenant = proof_of("1", "alice");
	tenant.tenant = "corp";
	g_assert_cmpint(enters(world, &tenant, true), !=, first);
	/* (a, bc) is not (ab, c). */
	Proof left = { .provider = "qq", .tenant = "a", .subject = "bc" };
	Proof right = { .provider = "qq", .tenant = "ab", .subject = "c" };
	g_assert_cmpint(enters(world, &left, true), !=, enters(world, &right, true));
}

static void test_r10_bytes_are_compared(World *world, const void *data)
{
	char *const subjects[] = { "alice", "Alice", "alice ", "\xc3\xa9", "e\xcc\x81" };
	for (unsigned i = 0; i < G_N_ELEMENTS(subjects); i++) {
		const Proof proof = proof_of(subjects[i], NULL);
		enters(world, &proof, true);
	}
}

static void test_r10_new_names_move_nobody(World *world, const void *data)
{
	Proof proof = proof_of("1", "alice");
	const Proof bob = proof_of("2", "bob");
	int64_t alice = enters(world, &proof, true);
	g_assert_cmpint(enters(world, &bob, true), !=, alice);
	proof.username = "bob";
	proof.name = "Bob";
	proof.email = "bob@example.org";
	g_assert_cmpint(enters(world, &proof, false), ==, alice);
	Identity identity;
	g_assert_true(identities_find(world->accounts, &proof, &identity, NULL));
	g_assert_cmpstr(identity.name, ==, "Bob");
	identities_identity_clear(&identity);
	Account account;
	g_assert_true(accounts_get(world->accounts, alice, &account, NULL));
	g_assert_cmpstr(account.name, ==, "alice");
	accounts_account_clear(&account);
}

static void test_r12_email_is_unverified_unless_trusted(World *world, const void *data)
{
	const Proof proof = proof_of("1", "alice");
	for (int trust = 0; trust < 2; trust++) {
		const EntryRequest request = { .proof = &proof,
					       .policy = ENTRY_AUTO,
					       .trust_email = trust };
		g_auto(EntryResult) result = { 0 };
		g_assert_true(entry_by_proof(world->accounts, &request, &world->by, &result, NULL));
		Identity identity;
		g_assert_true(identities_find(world->accounts, &proof, &identity, NULL));
		g_assert_cmpint(identity.email_verified, ==, trust);
		identities_identity_clear(&identity);
	}
}

static void test_bad_proof_is_refused(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	const Proof proof = proof_of("", "alice");
	const EntryRequest request = { .proof = &proof, .policy = ENTRY_AUTO };
	EntryResult result;
	int64_t before = rows(world);
	g_assert_false(entry_by_proof(world->accounts, &request, &world->by, &result, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	g_assert_cmpint(rows(world), ==, before);
}

/* ---- policy ---------------------------------------------------------------------------- */

static void test_r17_refused_leave_no_row(World *world, const void *data)
{
	static const char *const tenants[] = { "corp", "example.org", NULL };
	Proof proof = proof_of("1", "alice");
	int64_t before = rows(world);
	g_assert_cmpint(refusal_of(world, &proof, ENTRY_OFF, NULL), ==, ENTRY_REFUSED_OFF);
	g_assert_cmpint(refusal_of(world, &proof, ENTRY_INVITE, NULL), ==, ENTRY_REFUSED_UNINVITED);
	g_assert_cmpint(refusal_of(world, &proof, ENTRY_INVITE, "wrong"), ==,
			ENTRY_REFUSED_INVITATION);
	g_assert_cmpint(refusal_of(world, &proof, ENTRY_AUTO, "wrong"), ==,
			ENTRY_REFUSED_INVITATION);
	EntryRequest request = { .proof = &proof, .policy = ENTRY_AUTO, .tenants = tenants };
	char *const addresses[] = { NULL, "alice@example.com", "alice@sub.example.org",
				    "alice@example.org.example.com", "example.org" };
	for (unsigned i = 0; i < G_N_ELEMENTS(addresses); i++) {
		g_auto(EntryResult) result = { 0 };
		proof.chat_address = addresses[i];
		g_assert_true(entry_by_proof(world->accounts, &request, &world->by, &result, NULL));
		g_assert_cmpint(result.refusal, ==, ENTRY_REFUSED_TENANT);
	}
	g_assert_cmpint(rows(world), ==, before);
	g_auto(EntryResult) result = { 0 };
	proof.chat_address = "alice@example.org";
	g_assert_true(entry_by_proof(world->accounts, &request, &world->by, &result, NULL));
	g_assert_cmpint(result.refusal, ==, ENTRY_ENTERED);
}

static void test_r17_known_enter_though_registration_is_off(World *world, const void *data)
{
	const Proof proof = proof_of("1", "alice");
	enters(world, &proof, true);
	g_assert_cmpint(refusal_of(world, &proof, ENTRY_OFF, NULL), ==, ENTRY_ENTERED);
	g_assert_cmpint(refusal_of(world, &proof, ENTRY_INVITE, "wrong"), ==, ENTRY_ENTERED);
}

static void test_approved_may_enter(World *world, const void *data)
{
	const Proof proof = proof_of("1", "alice");
	g_auto(EntryResult) first = enter_with(world, &proof, ENTRY_APPROVE, NULL);
	g_assert_cmpint(first.refusal, ==, ENTRY_REFUSED_WAITING);
	g_assert_true(first.registered);
	g_assert_cmpint(refusal_of(world, &proof, ENTRY_AUTO, NULL), ==, ENTRY_REFUSED_WAITING);
	char *token = NULL;
	const SessionsSpec spec = { .account = first.account.id, .method = "qq" };
	g_assert_false(sessions_begin(world->accounts, &spec, &world->by, &token, NULL));
	g_assert_true(accounts_approve(world->accounts, first.account.id, &world->by, NULL));
	g_assert_cmpint(refusal_of(world, &proof, ENTRY_AUTO, NULL), ==, ENTRY_ENTERED);
	g_autoptr(GError) error = NULL;
	g_assert_false(accounts_approve(world->accounts, first.account.id, &world->by, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT);
}

static void test_disabled_is_refused(World *world, const void *data)
{
	const Proof proof = proof_of("1", "alice");
	int64_t alice = enters(world, &proof, true);
	g_assert_true(accounts_set_disabled(world->accounts, alice, true, NULL));
	g_assert_cmpint(refusal_of(world, &proof, ENTRY_AUTO, NULL), ==, ENTRY_REFUSED_DISABLED);
	g_autofree char *token = invite(world, &(InvitationsSpec){ .role = ACCOUNT_ADMIN });
	g_assert_cmpint(refusal_of(world, &proof, ENTRY_AUTO, token), ==, ENTRY_REFUSED_DISABLED);
	/* Removed is forgotten: the next proof is a first one. */
	g_assert_true(accounts_remove(world->accounts, alice, NULL));
	g_assert_cmpint(enters(world, &proof, true), !=, alice);
}

static void test_r17_rates_are_bounded(World *world, const void *data)
{
	for (unsigned i = 0; i < ENTRY_HOURLY_PEER_MAX; i++) {
		g_autofree char *subject = g_strdup_printf("%u", i);
		const Proof proof = proof_of(subject, NULL);
		enters(world, &proof, true);
	}
	const Proof late = proof_of("late", NULL);
	int64_t before = rows(world);
	g_assert_cmpint(refusal_of(world, &late, ENTRY_AUTO, NULL), ==, ENTRY_REFUSED_OFTEN);
	g_assert_cmpint(rows(world), ==, before);
	g_autofree char *token = invite(world, &(InvitationsSpec){ .uses = 1 });
	const Proof invited = proof_of("invited", NULL);
	g_assert_cmpint(refusal_of(world, &invited, ENTRY_AUTO, token), ==, ENTRY_ENTERED);

	world->by.peer = "192.0.2.2";
	EntryRequest request = { .proof = &late, .policy = ENTRY_AUTO, .hourly_max = 10 };
	g_auto(EntryResult) result = { 0 };
	g_assert_true(entry_by_proof(world->accounts, &request, &world->by, &result, NULL));
	g_assert_cmpint(result.refusal, ==, ENTRY_REFUSED_OFTEN);
	world->by.now_us += G_TIME_SPAN_HOUR + 1;
	g_assert_true(entry_by_proof(world->accounts, &request, &world->by, &result, NULL));
	g_assert_cmpint(result.refusal, ==, ENTRY_ENTERED);
}

/* ---- invitations ----------------------------------------------------------------------- */

static void test_invitation_registers_as_often_as_it_says(World *world, const void *data)
{
	g_autofree char *token = invite(world, &(InvitationsSpec){ .uses = 2 });
	const Proof people[] = { proof_of("1", "a"), proof_of("2", "b"), proof_of("3", "c") };
	g_assert_cmpint(refusal_of(world, &people[0], ENTRY_INVITE, token), ==, ENTRY_ENTERED);
	/* Who is known takes none of it. */
	g_assert_cmpint(refusal_of(world, &people[0], ENTRY_INVITE, token), ==, ENTRY_ENTERED);
	g_assert_cmpint(refusal_of(world, &people[1], ENTRY_INVITE, token), ==, ENTRY_ENTERED);
	int64_t before = rows(world);
	g_assert_cmpint(refusal_of(world, &people[2], ENTRY_INVITE, token), ==,
			ENTRY_REFUSED_INVITATION);
	g_assert_cmpint(rows(world), ==, before);
}

static void test_r19_role_comes_from_the_invitation_only(World *world, const void *data)
{
	const Proof alice = proof_of("1", "alice");
	const Proof bob = proof_of("2", "bob");
	enters(world, &alice, true);
	const InvitationsSpec spec = { .role = ACCOUNT_ADMIN };
	g_autofree char *first = invite(world, &spec);
	g_autofree char *second = invite(world, &spec);
	/* Known or not, it makes an administrator. */
	g_auto(EntryResult) raised = enter_with(world, &alice, ENTRY_INVITE, first);
	g_assert_cmpint(raised.account.role, ==, ACCOUNT_ADMIN);
	g_auto(EntryResult) born = enter_with(world, &bob, ENTRY_INVITE, second);
	g_assert_cmpint(born.account.role, ==, ACCOUNT_ADMIN);
	g_assert_true(born.registered);
	g_assert_cmpint(
		refusal_of(world, &(Proof){ .provider = "x", .subject = "9" }, ENTRY_INVITE, first),
		==, ENTRY_REFUSED_INVITATION);
}

static void test_recovery_link_lets_in_again(World *world, const void *data)
{
	const Proof old = proof_of("1", "alice");
	const Proof new = { .provider = "xmpp", .subject = "alice@example.org" };
	const Proof bob = proof_of("2", "bob");
	int64_t alice = enters(world, &old, true);
	enters(world, &bob, true);
	g_assert_true(accounts_recover(world->accounts, alice, NULL, NULL));
	g_autofree char *token = invite(world, &(InvitationsSpec){ .account = alice });
	/* Somebody else's identity is not taken away from him. */
	g_assert_cmpint(refusal_of(world, &bob, ENTRY_OFF, token), ==,
			ENTRY_REFUSED_BOUND_ELSEWHERE);
	g_auto(EntryResult) result = enter_with(world, &new, ENTRY_OFF, token);
	g_assert_cmpint(result.refusal, ==, ENTRY_ENTERED);
	g_assert_true(result.recovered);
	g_assert_cmpint(result.account.id, ==, alice);
	g_assert_cmpint(enters(world, &new, false), ==, alice);
	/* What entered before does not. */
	g_assert_cmpint(enters(world, &old, true), !=, alice);
}

static void test_invited_register_by_password(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *token = invite(world, &(InvitationsSpec){ .role = ACCOUNT_ADMIN });
	EntryByPassword request = { .invitation = "wrong", .name = "root", .password = "secret" };
	g_auto(EntryResult) result = { 0 };
	g_assert_true(entry_by_password(world->accounts, &request, &world->by, &result, &error));
	g_assert_cmpint(result.refusal, ==, ENTRY_REFUSED_INVITATION);
	request.invitation = token;
	request.password = "";
	g_assert_false(entry_by_password(world->accounts, &request, &world->by, &result, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	g_clear_error(&error);
	request.password = "secret";
	g_assert_true(entry_by_password(world->accounts, &request, &world->by, &result, &error));
	g_assert_no_error(error);
	g_assert_true(result.registered);
	g_assert_cmpint(result.account.role, ==, ACCOUNT_ADMIN);
	g_assert_true(result.account.has_password);
	Account account;
	g_assert_true(accounts_sign_in(world->accounts, "root", "secret", &account, NULL));
	accounts_account_clear(&account);
	entry_result_clear(&result);
	g_assert_true(entry_by_password(world->accounts, &request, &world->by, &result, &error));
	g_assert_cmpint(result.refusal, ==, ENTRY_REFUSED_INVITATION);
}

/* ---- at once, and failing -------------------------------------------------------------- */

typedef struct Race {
	Accounts *accounts;
	gint ready; /* atomic: how many threads stand at the line */
	gint registered;
	int64_t account[8];
} Race;

typedef struct Racer {
	Race *race;
	unsigned number;
} Racer;

static void *race_in(void *data)
{
	Racer *racer = data;
	Race *race = racer->race;
	const Proof proof = proof_of("1", "alice");
	const EntryRequest request = { .proof = &proof, .policy = ENTRY_AUTO };
	const AuditBy by = { .now_us = NOW_US };
	g_auto(EntryResult) result = { 0 };
	g_autoptr(GError) error = NULL;
	g_atomic_int_inc(&race->ready);
	while (g_atomic_int_get(&race->ready) < (int)G_N_ELEMENTS(race->account)) {
		g_thread_yield();
	}
	entry_by_proof(race->accounts, &request, &by, &result, &error);
	g_assert_no_error(error);
	race->account[racer->number] = result.account.id;
	if (result.registered) {
		g_atomic_int_inc(&race->registered);
	}
	return NULL;
}

static void test_r17_first_proofs_at_once_make_one_account(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = g_dir_make_tmp("entry-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "db", NULL);
	Sql *sql = sql_open(path, &(SqlOptions){ .durability = SQL_ORDERED }, &error);
	g_assert_no_error(error);
	Race race = { .accounts = accounts_open(sql, 0, &error) };
	GThread *threads[G_N_ELEMENTS(race.account)];
	Racer racers[G_N_ELEMENTS(race.account)];
	for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
		racers[i] = (Racer){ .race = &race, .number = i };
		threads[i] = g_thread_new("racer", race_in, &racers[i]);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
		g_thread_join(threads[i]);
		g_assert_cmpint(race.account[i], ==, race.account[0]);
	}
	g_assert_cmpint(race.account[0], >, 0);
	g_assert_cmpint(race.registered, ==, 1);
	accounts_close(race.accounts);
	sql_close(sql);
	static const char *const endings[] = { "", "-wal", "-shm" };
	for (unsigned i = 0; i < G_N_ELEMENTS(endings); i++) {
		g_autofree char *file = g_strconcat(path, endings[i], NULL);
		g_remove(file);
	}
	g_rmdir(folder);
}

static void test_failures_leave_nothing_behind(World *world, const void *data)
{
	const Proof proof = proof_of("1", "alice");
	g_autofree char *token = invite(world, &(InvitationsSpec){ .uses = 1 });
	const EntryRequest request = { .proof = &proof,
				       .policy = ENTRY_INVITE,
				       .invitation = token };
	int64_t before = rows(world);
	bool done = false;
	for (unsigned nth = 1; !done; nth++) {
		g_auto(EntryResult) result = { 0 };
		sql_fault_set(world->sql, nth);
		done = entry_by_proof(world->accounts, &request, &world->by, &result, NULL);
		sql_fault_set(world->sql, 0);
		g_assert_cmpint(rows(world) == before, ==, !done);
		g_assert_cmpint(result.registered, ==, done);
	}
}

static void test_session_begins_with_the_entry(World *world, const void *data)
{
	const Proof proof = proof_of("1", "alice");
	const SessionsSpec spec = { .method = "qq", .language = "en" };
	EntryRequest request = { .proof = &proof, .policy = ENTRY_OFF, .session = &spec };
	g_auto(EntryResult) refused = { 0 };
	g_assert_true(entry_by_proof(world->accounts, &request, &world->by, &refused, NULL));
	g_assert_null(refused.token);
	request.policy = ENTRY_APPROVE;
	g_auto(EntryResult) waiting = { 0 };
	g_assert_true(entry_by_proof(world->accounts, &request, &world->by, &waiting, NULL));
	g_assert_true(waiting.registered);
	g_assert_null(waiting.token);

	/* All or nothing: no account without its session. */
	const Proof other = proof_of("2", "bob");
	request = (EntryRequest){ .proof = &other, .policy = ENTRY_AUTO, .session = &spec };
	g_auto(EntryResult) entered = { 0 };
	for (unsigned nth = 1; !entered.token; nth++) {
		sql_fault_set(world->sql, nth);
		bool done = entry_by_proof(world->accounts, &request, &world->by, &entered, NULL);
		sql_fault_set(world->sql, 0);
		g_assert_cmpint(done, ==, entered.token != NULL);
		g_assert_cmpint(done, ==, entered.registered);
		Identity identity = { 0 };
		g_assert_cmpint(done, ==,
				identities_find(world->accounts, &other, &identity, NULL));
		identities_identity_clear(&identity);
	}
	Session session = { 0 };
	g_assert_true(sessions_find(world->accounts, entered.token, &world->by, &session, NULL));
	g_assert_cmpint(session.account, ==, entered.account.id);
	sessions_session_clear(&session);
}

static void add(const char *name, void (*test)(World *, const void *))
{
	g_autofree char *path = g_strconcat("/server/accounts/entry/", name, NULL);
	g_test_add(path, World, NULL, world_setup, test, world_teardown);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("first-proof-registers", test_first_proof_registers);
	add("R10-same-email-and-name-are-two-people", test_r10_same_email_and_name_are_two_people);
	add("R10-bytes-are-compared", test_r10_bytes_are_compared);
	add("R10-new-names-move-nobody", test_r10_new_names_move_nobody);
	add("R12-email-is-unverified-unless-trusted", test_r12_email_is_unverified_unless_trusted);
	add("session-begins-with-the-entry", test_session_begins_with_the_entry);
	add("bad-proof-is-refused", test_bad_proof_is_refused);
	add("R17-refused-leave-no-row", test_r17_refused_leave_no_row);
	add("R17-known-enter-though-registration-is-off",
	    test_r17_known_enter_though_registration_is_off);
	add("approved-may-enter", test_approved_may_enter);
	add("disabled-is-refused", test_disabled_is_refused);
	add("R17-rates-are-bounded", test_r17_rates_are_bounded);
	add("invitation-registers-as-often-as-it-says",
	    test_invitation_registers_as_often_as_it_says);
	add("R19-role-comes-from-the-invitation-only",
	    test_r19_role_comes_from_the_invitation_only);
	add("recovery-link-lets-in-again", test_recovery_link_lets_in_again);
	add("invited-register-by-password", test_invited_register_by_password);
	g_test_add_func("/server/accounts/entry/R17-first-proofs-at-once-make-one-account",
			test_r17_first_proofs_at_once_make_one_account);
	add("failures-leave-nothing-behind", test_failures_leave_nothing_behind);
	return g_test_run();
}
