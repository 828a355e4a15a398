/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/identities.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/accounts_internal.h"
#include "server/accounts/entry.h"
#include "server/accounts/fixture/world.h"
#include "server/accounts/sessions.h"
#include "sql/ask.h"

#include <string.h>

#define NOW_US WORLD_NOW_US

static const Proof alice_qq = { .provider = "qq", .subject = "1", .username = "alice" };
static const Proof bob_qq = { .provider = "qq", .subject = "2", .username = "bob" };
static const Proof alice_xmpp = { .provider = "xmpp",
				  .subject = "alice@example.org",
				  .chat_address = "alice@example.org" };

static EntryResult enter(World *world, const Proof *proof)
{
	g_autoptr(GError) error = NULL;
	const EntryRequest request = { .proof = proof, .policy = ENTRY_AUTO };
	EntryResult result;
	entry_by_proof(world->accounts, &request, &world->by, &result, &error);
	g_assert_no_error(error);
	return result;
}

static int64_t account_of(World *world, const Proof *proof)
{
	g_auto(EntryResult) result = enter(world, proof);
	return result.account.id;
}

static void setup(World *world, const void *data)
{
	world_setup(world, data);
	world->alice = account_of(world, &alice_qq);
	world->bob = account_of(world, &bob_qq);
}

static int64_t epoch_of(World *world, int64_t id)
{
	Account account;
	g_assert_true(accounts_get(world->accounts, id, &account, NULL));
	int64_t epoch = account.epoch;
	accounts_account_clear(&account);
	return epoch;
}

static bool bind(World *world, int64_t account, const Proof *proof, GError **error)
{
	const IdentitiesBind bind = { .account = account,
				      .epoch = epoch_of(world, account),
				      .proof = proof };
	return identities_bind(world->accounts, &bind, &world->by, error);
}

static int64_t id_of(World *world, const Proof *proof)
{
	Identity identity;
	g_assert_true(identities_find(world->accounts, proof, &identity, NULL));
	int64_t id = identity.id;
	identities_identity_clear(&identity);
	return id;
}

static unsigned count(World *world, int64_t account)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(Identity));
	g_array_set_clear_func(list, identities_identity_clear);
	g_assert_true(identities_list(world->accounts, account, list, NULL));
	return list->len;
}

static char *session_of(World *world, int64_t account)
{
	char *token = NULL;
	const SessionsSpec spec = { .account = account, .method = "qq" };
	g_assert_true(sessions_begin(world->accounts, &spec, &world->by, &token, NULL));
	return token;
}

static bool is_in(World *world, const char *token)
{
	Session session;
	bool found = sessions_find(world->accounts, token, &world->by, &session, NULL);
	if (found) {
		sessions_session_clear(&session);
	}
	return found;
}

static void test_linked_enters_the_same_account(World *world, const void *data)
{
	g_assert_true(bind(world, world->alice, &alice_xmpp, NULL));
	g_assert_cmpint(account_of(world, &alice_xmpp), ==, world->alice);
	g_assert_cmpuint(count(world, world->alice), ==, 2);
	/* Once more is nothing new. */
	g_assert_true(bind(world, world->alice, &alice_xmpp, NULL));
	g_assert_cmpuint(count(world, world->alice), ==, 2);
}

static void test_r11_bound_elsewhere_is_refused(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_assert_false(bind(world, world->alice, &bob_qq, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT);
	g_assert_cmpint(account_of(world, &bob_qq), ==, world->bob);
}

static bool unbind(World *world, int64_t account, int64_t identity, GError **error)
{
	const IdentitiesUnbind which = { .account = account, .identity = identity };
	return identities_unbind(world->accounts, &which, &world->by, error);
}

static void test_r11_last_way_in_stays(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	int64_t qq = id_of(world, &alice_qq);
	g_assert_false(unbind(world, world->alice, qq, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
	g_assert_cmpint(account_of(world, &alice_qq), ==, world->alice);
	g_assert_true(accounts_set_password(world->accounts, world->alice, "secret", NULL));
	g_assert_true(unbind(world, world->alice, qq, NULL));
	/* Now the password is the last. */
	g_clear_error(&error);
	g_assert_false(accounts_change_password(world->accounts, world->alice, NULL, 0, &world->by,
						&error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
	g_assert_cmpint(account_of(world, &alice_qq), !=, world->alice);
}

static void test_unlink_is_for_owners(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_assert_false(unbind(world, world->alice, id_of(world, &bob_qq), &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_assert_cmpuint(count(world, world->bob), ==, 1);
}

static void test_r13_unlink_revokes(World *world, const void *data)
{
	g_autofree char *alices = session_of(world, world->alice);
	g_autofree char *bobs = session_of(world, world->bob);
	int64_t epoch = epoch_of(world, world->alice);
	g_assert_true(bind(world, world->alice, &alice_xmpp, NULL));
	g_assert_true(unbind(world, world->alice, id_of(world, &alice_qq), NULL));
	g_assert_false(is_in(world, alices));
	g_assert_true(is_in(world, bobs));
	g_assert_cmpint(epoch_of(world, world->alice), >, epoch);
}

static int64_t id_of_session(World *world, const char *token)
{
	Session session = { 0 };
	g_assert_true(sessions_find(world->accounts, token, &world->by, &session, NULL));
	int64_t id = session.id;
	sessions_session_clear(&session);
	return id;
}

static void test_r13_unlinking_spares_who_did_it(World *world, const void *data)
{
	g_autofree char *own = session_of(world, world->alice);
	g_autofree char *other = session_of(world, world->alice);
	g_assert_true(bind(world, world->alice, &alice_xmpp, NULL));
	const IdentitiesUnbind which = { .account = world->alice,
					 .identity = id_of(world, &alice_qq),
					 .spared_session = id_of_session(world, own) };
	g_assert_true(identities_unbind(world->accounts, &which, &world->by, NULL));
	g_assert_true(is_in(world, own));
	g_assert_false(is_in(world, other));
}

/* A link that was begun in a session which is revoked meanwhile does not come to its end. */
static void test_r13_link_under_way_ends_with_access(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	const IdentitiesBind late = { .account = world->alice,
				      .epoch = epoch_of(world, world->alice),
				      .proof = &alice_xmpp };
	g_assert_true(accounts_revoke(world->accounts, world->alice, NULL, NULL));
	g_assert_false(identities_bind(world->accounts, &late, &world->by, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED);
	g_assert_cmpuint(count(world, world->alice), ==, 1);
}

static void test_rebind_moves_and_revokes_both(World *world, const void *data)
{
	g_autofree char *alices = session_of(world, world->alice);
	g_autofree char *bobs = session_of(world, world->bob);
	g_assert_true(identities_rebind(world->accounts, world->alice, &bob_qq, NULL, NULL));
	g_assert_cmpint(account_of(world, &bob_qq), ==, world->alice);
	g_assert_false(is_in(world, alices));
	g_assert_false(is_in(world, bobs));
	/* One that nobody has is bound. */
	g_assert_true(identities_rebind(world->accounts, world->bob, &alice_xmpp, NULL, NULL));
	g_assert_cmpint(account_of(world, &alice_xmpp), ==, world->bob);
	g_autoptr(GError) error = NULL;
	g_assert_false(identities_rebind(world->accounts, 99, &alice_xmpp, NULL, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
}

static void test_number_is_bounded(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	for (unsigned i = 1; i <= IDENTITIES_PER_ACCOUNT_MAX; i++) {
		g_autofree char *subject = g_strdup_printf("more-%u", i);
		const Proof proof = { .provider = "qq", .subject = subject };
		bool bound = bind(world, world->alice, &proof, &error);
		g_assert_cmpint(bound, ==, i < IDENTITIES_PER_ACCOUNT_MAX);
	}
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
}

static void test_c3_known_addresses_are_known(World *world, const void *data)
{
	bool known = true;
	const char *address = "alice@example.org";
	g_assert_true(identities_know_address(world->accounts, "xmpp", address, &known, NULL));
	g_assert_false(known);
	g_assert_true(bind(world, world->alice, &alice_xmpp, NULL));
	g_assert_true(identities_know_address(world->accounts, "xmpp", address, &known, NULL));
	g_assert_true(known);
	g_assert_true(identities_know_address(world->accounts, "matrix", address, &known, NULL));
	g_assert_false(known);
	g_assert_true(identities_know_address(world->accounts, "xmpp", "", &known, NULL));
	g_assert_false(known);
	g_assert_true(accounts_set_disabled(world->accounts, world->alice, true, NULL));
	g_assert_true(identities_know_address(world->accounts, "xmpp", address, &known, NULL));
	g_assert_false(known);
}

static void test_failures_change_nothing(World *world, const void *data)
{
	bool done = false;
	g_assert_true(accounts_set_password(world->accounts, world->bob, "secret", NULL));
	for (unsigned nth = 1; !done; nth++) {
		int64_t epoch = epoch_of(world, world->bob);
		sql_fault_set(world->sql, nth);
		done = identities_rebind(world->accounts, world->alice, &bob_qq, NULL, NULL);
		sql_fault_set(world->sql, 0);
		Identity identity;
		g_assert_true(identities_find(world->accounts, &bob_qq, &identity, NULL));
		g_assert_cmpint(identity.account, ==, done ? world->alice : world->bob);
		identities_identity_clear(&identity);
		g_assert_cmpint(epoch_of(world, world->bob), ==, epoch + done);
	}
}

/* ---- R13: the five classes of pre-hijacking ------------------------------------------- */

/* The attacker makes a local account with the victim's address as its name. */
static void test_r13_prehijack_classic_merge(World *world, const void *data)
{
	int64_t attackers;
	g_assert_true(accounts_add(world->accounts, "victim", "attack", &attackers, NULL));
	const Proof victim = { .provider = "line",
			       .subject = "v",
			       .username = "victim",
			       .email = "victim@example.org",
			       .email_verified = true };
	g_auto(EntryResult) result = enter(world, &victim);
	g_assert_true(result.registered);
	g_assert_cmpint(result.account.id, !=, attackers);
	g_assert_cmpstr(result.account.name, ==, "victim-2");
}

/* The attacker is signed in when the account is given back to its person. */
static void test_r13_prehijack_unexpired_session(World *world, const void *data)
{
	g_autofree char *attackers = session_of(world, world->alice);
	g_autofree char *token = NULL;
	int64_t device;
	Devices *devices = accounts_devices(world->accounts);
	DevicesCaller caller;
	g_assert_true(devices_add(devices, world->alice, "x", NOW_US, &token, &device, NULL));
	g_assert_true(devices_authenticate(devices, token, NOW_US, &caller, NULL));
	g_assert_true(accounts_set_password(world->accounts, world->alice, "secret", NULL));
	g_assert_false(is_in(world, attackers));
	g_assert_false(devices_authenticate(devices, token, NOW_US, &caller, NULL));
}

/* The attacker linked an identity of his own, to come back by. */
static void test_r13_prehijack_trojan_identity(World *world, const void *data)
{
	const Proof trojan = { .provider = "discord", .subject = "666" };
	g_assert_true(bind(world, world->alice, &trojan, NULL));
	g_assert_true(accounts_set_password(world->accounts, world->alice, "attack", NULL));
	g_assert_true(accounts_recover(world->accounts, world->alice, NULL, NULL));
	g_assert_true(identities_rebind(world->accounts, world->alice, &alice_qq, NULL, NULL));
	g_assert_cmpint(account_of(world, &alice_qq), ==, world->alice);
	g_assert_cmpint(account_of(world, &trojan), !=, world->alice);
	Account account;
	g_assert_false(accounts_sign_in(world->accounts, "alice", "attack", &account, NULL));
}

/* The attacker began a change that he confirms after the account was given back. */
static void test_r13_prehijack_unexpired_change(World *world, const void *data)
{
	const IdentitiesBind late = { .account = world->alice,
				      .epoch = epoch_of(world, world->alice),
				      .proof = &alice_xmpp };
	g_assert_true(accounts_set_password(world->accounts, world->alice, "secret", NULL));
	g_assert_false(identities_bind(world->accounts, &late, &world->by, NULL));
}

/* The attacker's service says any address that he likes, and calls it verified. */
static void test_r13_prehijack_unverifying_service(World *world, const void *data)
{
	const Proof victim = { .provider = "line",
			       .subject = "v",
			       .email = "victim@example.org",
			       .email_verified = true };
	Proof attacker = victim;
	attacker.provider = "evil";
	attacker.subject = "v";
	int64_t first = account_of(world, &attacker);
	g_assert_cmpint(account_of(world, &victim), !=, first);
	Identity identity;
	g_assert_true(identities_find(world->accounts, &attacker, &identity, NULL));
	g_assert_false(identity.email_verified);
	identities_identity_clear(&identity);
}

static IdentitiesPicture picture_of(World *world, int64_t account)
{
	IdentitiesPicture picture = { 0 };
	g_assert_true(identities_find_picture(world->accounts, account, &picture, NULL));
	return picture;
}

static void assert_picture(World *world, int64_t account, const char *bytes, bool coming)
{
	g_auto(IdentitiesPicture) picture = picture_of(world, account);
	g_assert_cmpint(picture.coming, ==, coming);
	g_assert_cmpint(picture.bytes != NULL, ==, bytes != NULL);
	bool there;
	g_assert_true(identities_have_picture(world->accounts, account, &there, NULL));
	g_assert_cmpint(there, ==, bytes != NULL);
	if (bytes) {
		size_t size;
		const void *kept = g_bytes_get_data(picture.bytes, &size);
		g_assert_cmpmem(kept, size, bytes, strlen(bytes));
		g_assert_cmpstr(picture.type, ==, "image/png");
	}
}

/* As at a sign-in; what the service has is kept, if it is wanted. */
static void enter_with_picture(World *world, const char *url, const char *bytes)
{
	Proof proof = alice_qq;
	proof.avatar_url = (char *)url;
	int64_t identity = 0;
	g_autofree char *lacks = NULL;
	world->by.now_us += G_TIME_SPAN_SECOND;
	account_of(world, &proof);
	g_assert_true(identities_lack_picture(world->accounts, &proof, &identity, &lacks, NULL));
	if (!bytes) {
		g_assert_null(lacks);
		return;
	}
	g_assert_cmpstr(lacks, ==, url);
	g_autoptr(GBytes) data = g_bytes_new_static(bytes, strlen(bytes));
	const IdentitiesPicture picture = { .type = "image/png", .bytes = *bytes ? data : NULL };
	assert_picture(world, world->alice, NULL, true);
	g_assert_true(identities_keep_picture(world->accounts, identity, url, &picture, NULL));
}

static void test_a_picture_is_kept_as_long_as_its_address(World *world, const void *data)
{
	assert_picture(world, world->alice, NULL, false);
	enter_with_picture(world, "https://a.example/1", "one");
	assert_picture(world, world->alice, "one", false);
	enter_with_picture(world, "https://a.example/1", NULL);
	enter_with_picture(world, "https://a.example/2", "two");
	assert_picture(world, world->alice, "two", false);
	assert_picture(world, world->bob, NULL, false);
	/* What came too late is of an address that is not said any more. */
	const IdentitiesPicture late = { .type = "image/png" };
	g_assert_true(identities_keep_picture(world->accounts, id_of(world, &bob_qq),
					      "https://a.example/1", &late, NULL));
	assert_picture(world, world->bob, NULL, false);
	/* No picture any more. */
	enter_with_picture(world, NULL, NULL);
	assert_picture(world, world->alice, NULL, false);
}

static void test_a_picture_that_could_not_be_had_is_tried_again(World *world, const void *data)
{
	enter_with_picture(world, "https://a.example/1", "");
	assert_picture(world, world->alice, NULL, false);
	int64_t identity = 0;
	g_autofree char *lacks = NULL;
	g_assert_true(identities_lack_picture(world->accounts, &alice_qq, &identity, &lacks, NULL));
	g_assert_cmpstr(lacks, ==, "https://a.example/1");
}

static void test_a_picture_that_cannot_be_read_is_not_taken_for_none(World *world, const void *data)
{
	GError *error = NULL;
	IdentitiesPicture picture;
	bool there;
	SqlSession *session = sql_write(accounts_sql(world->accounts), NULL);
	g_assert_true(ask_run(session, "DROP TABLE picture", NULL, NULL));
	g_assert_true(sql_commit(session, NULL));
	sql_release(session);
	g_assert_false(identities_have_picture(world->accounts, world->alice, &there, &error));
	g_assert_nonnull(error);
	g_clear_error(&error);
	g_assert_false(identities_find_picture(world->accounts, world->alice, &picture, &error));
	g_assert_nonnull(error);
	g_clear_error(&error);
}

static void test_a_picture_goes_with_its_identity(World *world, const void *data)
{
	enter_with_picture(world, "https://a.example/1", "one");
	g_assert_true(bind(world, world->alice, &alice_xmpp, NULL));
	assert_picture(world, world->alice, "one", false);
	g_assert_true(unbind(world, world->alice, id_of(world, &alice_qq), NULL));
	assert_picture(world, world->alice, NULL, false);
	g_autoptr(GError) error = NULL;
	int64_t left = -1;
	g_autoptr(SqlSession) session = sql_read(accounts_sql(world->accounts), &error);
	g_assert_true(ask_count(session, "SELECT count(*) FROM picture", NULL, &left, &error));
	g_assert_cmpint(left, ==, 0);
}

static void add(const char *name, void (*test)(World *, const void *))
{
	g_autofree char *path = g_strconcat("/server/accounts/identities/", name, NULL);
	g_test_add(path, World, NULL, setup, test, world_teardown);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("linked-enters-the-same-account", test_linked_enters_the_same_account);
	add("R11-bound-elsewhere-is-refused", test_r11_bound_elsewhere_is_refused);
	add("R11-last-way-in-stays", test_r11_last_way_in_stays);
	add("unlink-is-for-owners", test_unlink_is_for_owners);
	add("R13-unlink-revokes", test_r13_unlink_revokes);
	add("R13-unlinking-spares-who-did-it", test_r13_unlinking_spares_who_did_it);
	add("R13-link-under-way-ends-with-access", test_r13_link_under_way_ends_with_access);
	add("rebind-moves-and-revokes-both", test_rebind_moves_and_revokes_both);
	add("number-is-bounded", test_number_is_bounded);
	add("C3-known-addresses-are-known", test_c3_known_addresses_are_known);
	add("failures-change-nothing", test_failures_change_nothing);
	add("R13-prehijack-classic-merge", test_r13_prehijack_classic_merge);
	add("R13-prehijack-unexpired-session", test_r13_prehijack_unexpired_session);
	add("R13-prehijack-trojan-identity", test_r13_prehijack_trojan_identity);
	add("R13-prehijack-unexpired-change", test_r13_prehijack_unexpired_change);
	add("R13-prehijack-unverifying-service", test_r13_prehijack_unverifying_service);
	add("a-picture-that-cannot-be-read-is-not-taken-for-none",
	    test_a_picture_that_cannot_be_read_is_not_taken_for_none);
	add("a-picture-is-kept-as-long-as-its-address",
	    test_a_picture_is_kept_as_long_as_its_address);
	add("a-picture-that-could-not-be-had-is-tried-again",
	    test_a_picture_that_could_not_be_had_is_tried_again);
	add("a-picture-goes-with-its-identity", test_a_picture_goes_with_its_identity);
	return g_test_run();
}
