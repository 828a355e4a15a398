/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/oauth.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/audit.h"
#include "server/oauth/fixture.h"

#include <string.h>

#define TOKEN "/oauth/token"
#define DEVICE "/oauth/device"
#define REVOKE "/oauth/revoke"
#define METADATA "/.well-known/oauth-authorization-server"
#define DEVICE_GRANT "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"
#define REDEEM                                                                               \
	"grant_type=authorization_code&client_id=imdrive&redirect_uri=http://127.0.0.1:4000" \
	"/callback&code_verifier=" FIXTURE_VERIFIER "&code="

typedef void (*Test)(Fixture *fixture);

static char *text_of(const json_t *object, const char *key)
{
	return g_strdup(json_string_value(json_object_get(object, key)));
}

static bool lets_in(Fixture *fixture, const char *token)
{
	DevicesCaller caller;
	return devices_authenticate(accounts_devices(fixture->accounts), token, g_get_real_time(),
				    &caller, NULL);
}

static unsigned devices_of_alice(Fixture *fixture)
{
	g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(DevicesEntry));
	g_array_set_clear_func(entries, devices_entry_clear);
	g_assert_true(
		devices_list(accounts_devices(fixture->accounts), fixture->alice, entries, NULL));
	return entries->len;
}

/* Somebody at an address did it, and not the operator. */
static void assert_audited(Fixture *fixture, const char *what)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(AuditRow));
	g_array_set_clear_func(rows, audit_row_clear);
	g_assert_true(audit_list(fixture->accounts, &(AuditQuery){ 0 }, rows, NULL));
	bool found = false;
	for (unsigned i = 0; i < rows->len; i++) {
		const AuditRow *row = &g_array_index(rows, AuditRow, i);
		found |= strcmp(row->what, what) == 0 && strcmp(row->peer, "192.0.2.1") == 0;
	}
	g_assert_true(found);
}

/* ---- authorize: refused --------------------------------------------------------------------- */

static void a1_what_cannot_be_trusted_is_not_redirected(Fixture *fixture)
{
	static const char *const queries[] = {
		"",
		"client_id=imdrive",
		"client_id=&redirect_uri=http://127.0.0.1:4000/callback",
		"client_id=other&redirect_uri=http://127.0.0.1:4000/callback",
		"client_id=imdrive&redirect_uri=https://evil.example/callback",
		"client_id=imdrive&redirect_uri=http://127.0.0.1:4000/callback/",
		"client_id=imdrive&redirect_uri=http://localhost:4000/callback",
		FIXTURE_QUERY "&redirect_uri=https://evil.example/",
		FIXTURE_QUERY "&client_id=imdrive-app",
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(queries); i++) {
		g_autoptr(GError) error = NULL;
		char *pending = NULL;
		char *redirect = NULL;
		g_test_message("%s", queries[i]);
		g_assert_cmpint(fixture_begin(fixture, queries[i], &pending, &redirect, &error), ==,
				OAUTH_REFUSED);
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
		g_assert_null(pending);
		g_assert_null(redirect);
	}
}

typedef struct Wrong {
	const char *query;
	const char *error;
} Wrong;

#define BASE "client_id=imdrive&redirect_uri=http://127.0.0.1:4000/callback&state=s%26t"
#define PKCE "&code_challenge=" FIXTURE_CHALLENGE "&code_challenge_method=S256"

static const Wrong wrongs[] = {
	{ BASE PKCE, "invalid_request" },
	{ BASE PKCE "&response_type=", "invalid_request" },
	/* A5 */
	{ BASE PKCE "&response_type=token", "unsupported_response_type" },
	{ BASE PKCE "&response_type=id_token", "unsupported_response_type" },
	{ BASE PKCE "&response_type=code%20token", "unsupported_response_type" },
	{ BASE PKCE "&response_type=code&response_mode=fragment", "invalid_request" },
	{ BASE PKCE "&response_type=code&response_mode=form_post", "invalid_request" },
	{ BASE PKCE "&response_type=code&request=eyJ", "request_not_supported" },
	{ BASE PKCE "&response_type=code&request_uri=urn:x", "request_uri_not_supported" },
	/* A2 */
	{ BASE "&response_type=code", "invalid_request" },
	{ BASE "&response_type=code&code_challenge_method=S256", "invalid_request" },
	{ BASE "&response_type=code&code_challenge=" FIXTURE_CHALLENGE, "invalid_request" },
	{ BASE "&response_type=code&code_challenge_method=plain&code_challenge=" FIXTURE_VERIFIER,
	  "invalid_request" },
	{ BASE "&response_type=code&code_challenge_method=s256&code_challenge=" FIXTURE_CHALLENGE,
	  "invalid_request" },
	{ BASE "&response_type=code&code_challenge_method=S256&code_challenge=short",
	  "invalid_request" },
	/* A7 */
	{ BASE PKCE "&response_type=code&scope=files:read%20admin", "invalid_scope" },
	{ BASE PKCE "&response_type=code&scope=Files:read", "invalid_scope" },
	{ BASE PKCE "&response_type=code&scope=%20", "invalid_scope" },
	/* Twice. */
	{ BASE PKCE "&response_type=code&response_type=code", "invalid_request" },
	{ BASE PKCE "&response_type=code&code_challenge=x", "invalid_request" },
	{ BASE PKCE "&response_type=code&unknown=1&unknown=2", "invalid_request" },
	{ BASE PKCE "&response_type=code&provider=../qq", "invalid_request" },
	{ BASE PKCE "&response_type=code&login_hint=alice%20bob", "invalid_request" },
	{ BASE PKCE "&response_type=code&login_hint=alice%0A@x", "invalid_request" },
	{ BASE PKCE "&response_type=code&login_hint=%E2%80%AEalice@x", "invalid_request" },
	{ BASE PKCE "&response_type=code&login_hint=a@x&login_hint=b@x", "invalid_request" },
};

static void a4_errors_go_to_the_client_with_state_and_iss(Fixture *fixture)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(wrongs); i++) {
		char *pending = NULL;
		g_autofree char *redirect = NULL;
		g_test_message("%s", wrongs[i].query);
		g_assert_cmpint(fixture_begin(fixture, wrongs[i].query, &pending, &redirect, NULL),
				==, OAUTH_REDIRECT);
		g_assert_null(pending);
		g_assert_true(g_str_has_prefix(redirect, FIXTURE_REDIRECT "?"));
		g_autofree char *error = fixture_parameter(redirect, "error");
		g_autofree char *state = fixture_parameter(redirect, "state");
		g_autofree char *iss = fixture_parameter(redirect, "iss");
		g_assert_cmpstr(error, ==, wrongs[i].error);
		g_assert_cmpstr(state, ==, "s&t");
		g_assert_cmpstr(iss, ==, FIXTURE_ISSUER);
	}
}

static void two_states_are_none(Fixture *fixture)
{
	g_autofree char *redirect = NULL;
	char *pending = NULL;
	g_assert_cmpint(
		fixture_begin(fixture, FIXTURE_QUERY "&state=a&state=b", &pending, &redirect, NULL),
		==, OAUTH_REDIRECT);
	g_assert_null(fixture_parameter(redirect, "state"));
}

static void a12_plain_http_signs_nobody_in(Fixture *fixture)
{
	static const char *const bad[] = { "http://drive.example.org",
					   "http://192.0.2.1:8090",
					   "http://127.0.0.1.evil.example",
					   "ftp://127.0.0.1",
					   "drive.example.org",
					   "http://localhost.evil.example" };
	static const char *const good[] = { "https://drive.example.org", "http://127.0.0.1:8090",
					    "http://[::1]:8090", "http://localhost:8090" };
	for (unsigned i = 0; i < G_N_ELEMENTS(bad) + G_N_ELEMENTS(good); i++) {
		bool fine = i >= G_N_ELEMENTS(bad);
		const char *url = fine ? good[i - G_N_ELEMENTS(bad)] : bad[i];
		const OauthOptions options = { .accounts = fixture->accounts, .sql = fixture->sql };
		g_autoptr(Oauth) oauth = oauth_open(&options, NULL);
		Fixture other = *fixture;
		other.oauth = oauth;
		other.service = oauth_service(oauth);
		g_autoptr(GError) error = NULL;
		g_autofree char *pending = NULL;
		char *redirect = NULL;
		g_assert_cmpuint(fixture_ask(&other, METADATA, NULL, NULL), ==, 403);
		oauth_set_issuer(oauth, url);
		g_assert_cmpuint(fixture_ask(&other, METADATA, NULL, NULL), ==, fine ? 200 : 403);
		g_assert_cmpint(fixture_begin(&other, FIXTURE_QUERY, &pending, &redirect, &error),
				==, fine ? OAUTH_PENDING : OAUTH_REFUSED);
		g_assert_cmpstr(oauth_issuer(oauth), ==, fine ? url : NULL);
	}
}

/* ---- authorize: pending ---------------------------------------------------------------------- */

static void what_is_asked_is_shown(Fixture *fixture)
{
	g_autofree char *pending = NULL;
	char *redirect = NULL;
	g_autoptr(GError) error = NULL;
	fixture_begin(fixture,
		      FIXTURE_QUERY "&provider=qq&login_hint=alice%40example.org"
				    "&scope=files:write+files:read&device_name="
				    "l%E2%80%AEaptop%0A%3Cb%3E",
		      &pending, &redirect, &error);
	g_auto(OauthAsk) ask = { 0 };
	g_assert_true(oauth_ask(fixture->oauth, pending, g_get_real_time(), &ask, &error));
	g_assert_cmpstr(ask.client_id, ==, "imdrive");
	g_assert_true(ask.own);
	/* A14: what turns text around or breaks lines is gone; escaping is the page's. */
	g_assert_cmpstr(ask.device_name, ==, "laptop<b>");
	g_assert_cmpstr(ask.provider, ==, "qq");
	g_assert_cmpstr(ask.login_hint, ==, "alice@example.org");
	g_assert_cmpstr(ask.scope, ==, "files:read files:write");
	g_assert_cmpstr(ask.form_action, ==, "http://127.0.0.1:4000");
	g_assert_null(ask.user_code);
}

static void a_login_hint_is_bounded(Fixture *fixture)
{
	for (unsigned over = 0; over < 2; over++) {
		g_autofree char *hint = g_strnfill(OAUTH_LOGIN_HINT_SIZE_MAX + over, 'x');
		g_autofree char *query = g_strconcat(FIXTURE_QUERY "&login_hint=", hint, NULL);
		g_autofree char *pending = NULL;
		g_autofree char *redirect = NULL;
		g_assert_cmpint(fixture_begin(fixture, query, &pending, &redirect, NULL), ==,
				over ? OAUTH_REDIRECT : OAUTH_PENDING);
	}
}

static void a14_a_long_or_empty_device_name_is_mended(Fixture *fixture)
{
	g_autofree char *fill = g_strnfill(400, 'x');
	g_autofree char *query = g_strconcat(FIXTURE_QUERY "&device_name=", fill, NULL);
	const char *const queries[] = { query, FIXTURE_QUERY, FIXTURE_QUERY "&device_name=%0A" };
	for (unsigned i = 0; i < G_N_ELEMENTS(queries); i++) {
		g_autofree char *pending = NULL;
		char *redirect = NULL;
		g_auto(OauthAsk) ask = { 0 };
		fixture_begin(fixture, queries[i], &pending, &redirect, NULL);
		g_assert_true(oauth_ask(fixture->oauth, pending, g_get_real_time(), &ask, NULL));
		g_assert_cmpuint(strlen(ask.device_name), ==,
				 i == 0 ? DEVICE_NAME_SIZE_MAX : strlen("imdrive"));
	}
}

static void a11_form_action_names_the_redirect(Fixture *fixture)
{
	g_autofree char *pending = NULL;
	char *redirect = NULL;
	g_auto(OauthAsk) ask = { 0 };
	fixture_begin(fixture,
		      "client_id=imdrive&response_type=code&redirect_uri=http://[::1]:4000/"
		      "callback" PKCE,
		      &pending, &redirect, NULL);
	g_assert_true(oauth_ask(fixture->oauth, pending, g_get_real_time(), &ask, NULL));
	/* CSP has no way to name an IPv6 address. */
	g_assert_cmpstr(ask.form_action, ==, "http:");
}

static void a4_a_code_comes_with_state_and_iss(Fixture *fixture)
{
	g_autofree char *redirect = fixture_approve(fixture, FIXTURE_QUERY "&state=x%20y");
	g_autofree char *state = fixture_parameter(redirect, "state");
	g_autofree char *iss = fixture_parameter(redirect, "iss");
	g_autofree char *code = fixture_parameter(redirect, "code");
	g_assert_true(g_str_has_prefix(redirect, FIXTURE_REDIRECT "?"));
	g_assert_cmpstr(state, ==, "x y");
	g_assert_cmpstr(iss, ==, FIXTURE_ISSUER);
	g_assert_cmpuint(strlen(code), ==, 43);
	g_assert_null(fixture_parameter(redirect, "error"));
}

static void a4_a_denial_comes_with_state_and_iss(Fixture *fixture)
{
	g_autofree char *pending = NULL;
	g_autofree char *redirect = NULL;
	fixture_begin(fixture, FIXTURE_QUERY "&state=x", &pending, &redirect, NULL);
	g_assert_true(oauth_deny(fixture->oauth, pending, g_get_real_time(), &redirect, NULL));
	g_autofree char *error = fixture_parameter(redirect, "error");
	g_autofree char *iss = fixture_parameter(redirect, "iss");
	g_assert_cmpstr(error, ==, "access_denied");
	g_assert_cmpstr(iss, ==, FIXTURE_ISSUER);
	g_autoptr(GError) failure = NULL;
	g_assert_false(oauth_deny(fixture->oauth, pending, g_get_real_time(), &redirect, &failure));
	g_assert_error(failure, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
}

/* ---- token -------------------------------------------------------------------------------------
 */

static void a_code_becomes_a_device(Fixture *fixture)
{
	g_autofree char *redirect = fixture_approve(fixture, FIXTURE_QUERY "&device_name=laptop");
	g_autofree char *code = fixture_parameter(redirect, "code");
	g_autofree char *form = g_strconcat(REDEEM, code, NULL);
	json_auto_t *answer = NULL;
	g_assert_cmpuint(fixture_ask(fixture, TOKEN, form, &answer), ==, 200);
	g_autofree char *access = text_of(answer, "access_token");
	g_assert_true(lets_in(fixture, access));
	g_assert_cmpstr(json_string_value(json_object_get(answer, "token_type")), ==, "Bearer");
	json_int_t life = json_integer_value(json_object_get(answer, "expires_in"));
	g_assert_cmpint(life, >, 0);
	g_assert_cmpint(life, <=, 3600);
	g_assert_cmpstr(json_string_value(json_object_get(answer, "scope")), ==,
			"files:read files:write share account");
	json_t *account = json_object_get(answer, "account");
	json_t *device = json_object_get(answer, "device");
	g_assert_cmpstr(json_string_value(json_object_get(account, "name")), ==, "alice");
	g_assert_cmpstr(json_string_value(json_object_get(device, "name")), ==, "laptop");
	g_assert_true(json_is_false(json_object_get(answer, "registered")));
	g_assert_cmpstr(json_string_value(json_object_get(answer, "drive")), ==,
			"01020300000000000000000000000000");
	/* A3: the second time ends what the first one got. */
	fixture_assert_error(fixture, TOKEN, form, 400, "invalid_grant");
	g_assert_false(lets_in(fixture, access));
	g_assert_cmpuint(devices_of_alice(fixture), ==, 0);
	assert_audited(fixture, "code-reuse");
}

static void a2_the_verifier_must_be_the_challenge_s(Fixture *fixture)
{
	static const char *const endings[] = {
		"",
		"&code_verifier=",
		("&code_verifier=" FIXTURE_CHALLENGE),
		"&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl",
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(endings); i++) {
		g_autofree char *redirect = fixture_approve(fixture, FIXTURE_QUERY);
		g_autofree char *code = fixture_parameter(redirect, "code");
		g_autofree char *form =
			g_strconcat("grant_type=authorization_code&client_id=imdrive&redirect_uri="
				    "http://127.0.0.1:4000/callback&code=",
				    code, endings[i], NULL);
		fixture_assert_error(fixture, TOKEN, form, 400,
				     i < 2 ? "invalid_request" : "invalid_grant");
	}
	g_assert_cmpuint(devices_of_alice(fixture), ==, 0);
}

static void a2_a_verifier_without_challenge_is_refused(Fixture *fixture)
{
	fixture_assert_error(fixture, TOKEN,
			     "grant_type=refresh_token&client_id=imdrive&refresh_token=x"
			     "&code_verifier=" FIXTURE_VERIFIER,
			     400, "invalid_request");
	fixture_assert_error(fixture, TOKEN,
			     DEVICE_GRANT "&client_id=imdrive&device_code=x"
					  "&code_verifier=" FIXTURE_VERIFIER,
			     400, "invalid_request");
}

static void a5_other_grants_are_not_supported(Fixture *fixture)
{
	static const char *const types[] = { "password", "client_credentials", "implicit",
					     "urn:ietf:params:oauth:grant-type:jwt-bearer" };
	for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
		g_autofree char *form = g_strconcat("client_id=imdrive&username=alice&password=x"
						    "&grant_type=",
						    types[i], NULL);
		fixture_assert_error(fixture, TOKEN, form, 400, "unsupported_grant_type");
	}
}

static void token_errors_are_those_of_the_rfc(Fixture *fixture)
{
	static const Wrong errors[] = {
		{ "", "invalid_request" },
		{ "grant_type=", "invalid_request" },
		{ "grant_type=authorization_code", "invalid_request" },
		{ "grant_type=authorization_code&client_id=other&code=x", "invalid_client" },
		{ "grant_type=authorization_code&client_id=imdrive", "invalid_request" },
		{ REDEEM "unknown", "invalid_grant" },
		{ REDEEM "x&code=y", "invalid_request" },
		{ REDEEM "x&client_secret=guess", "invalid_client" },
		{ "grant_type=refresh_token&client_id=imdrive", "invalid_request" },
		{ "grant_type=refresh_token&client_id=imdrive&refresh_token=x", "invalid_grant" },
		{ "grant_type=refresh_token&client_id=imdrive&refresh_token=x&scope=root",
		  "invalid_scope" },
		{ DEVICE_GRANT "&client_id=imdrive", "invalid_request" },
		{ DEVICE_GRANT "&client_id=imdrive&device_code=x", "invalid_grant" },
		{ "%", "invalid_request" },
		{ "grant_type=%ff", "invalid_request" },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(errors); i++) {
		fixture_assert_error(fixture, TOKEN, errors[i].query, 400, errors[i].error);
	}
}

static void a3_access_revoked_meanwhile_redeems_nothing(Fixture *fixture)
{
	g_autofree char *redirect = fixture_approve(fixture, FIXTURE_QUERY);
	g_autofree char *code = fixture_parameter(redirect, "code");
	g_autofree char *form = g_strconcat(REDEEM, code, NULL);
	g_assert_true(accounts_set_disabled(fixture->accounts, fixture->alice, true, NULL));
	fixture_assert_error(fixture, TOKEN, form, 400, "invalid_grant");
}

static void a3_access_revoked_and_given_again_redeems_nothing(Fixture *fixture)
{
	g_autofree char *redirect = fixture_approve(fixture, FIXTURE_QUERY);
	g_autofree char *code = fixture_parameter(redirect, "code");
	g_autofree char *form = g_strconcat(REDEEM, code, NULL);
	g_assert_true(accounts_revoke(fixture->accounts, fixture->alice, NULL, NULL));
	fixture_assert_error(fixture, TOKEN, form, 400, "invalid_grant");
	g_assert_cmpuint(devices_of_alice(fixture), ==, 0);
}

static char *refresh_form(const char *token, const char *client)
{
	return g_strconcat("grant_type=refresh_token&client_id=", client, "&refresh_token=", token,
			   NULL);
}

static void a6_refreshing_rotates(Fixture *fixture)
{
	g_autofree char *redirect = fixture_approve(fixture, FIXTURE_QUERY);
	g_autofree char *code = fixture_parameter(redirect, "code");
	g_autofree char *form = g_strconcat(REDEEM, code, NULL);
	json_auto_t *first = NULL;
	g_assert_cmpuint(fixture_ask(fixture, TOKEN, form, &first), ==, 200);
	g_autofree char *old = text_of(first, "refresh_token");
	g_autofree char *others = refresh_form(old, "imdrive-app");
	fixture_assert_error(fixture, TOKEN, others, 400, "invalid_grant");
	g_autofree char *own = refresh_form(old, "imdrive");
	json_auto_t *second = NULL;
	json_auto_t *again = NULL;
	g_assert_cmpuint(fixture_ask(fixture, TOKEN, own, &second), ==, 200);
	/* The answer was lost, and is given once more. */
	g_assert_cmpuint(fixture_ask(fixture, TOKEN, own, &again), ==, 200);
	g_autofree char *next = text_of(second, "refresh_token");
	g_autofree char *same = text_of(again, "refresh_token");
	g_autofree char *access = text_of(second, "access_token");
	g_assert_cmpstr(next, ==, same);
	g_assert_cmpstr(next, !=, old);
	g_assert_true(lets_in(fixture, access));
	g_assert_null(json_object_get(second, "registered"));
	g_assert_cmpstr(json_string_value(json_object_get(second, "scope")), ==,
			"files:read files:write share account");
}

static void a_database_that_fails_costs_no_code(Fixture *fixture)
{
	g_autofree char *redirect = fixture_approve(fixture, FIXTURE_QUERY);
	g_autofree char *code = fixture_parameter(redirect, "code");
	g_autofree char *form = g_strconcat(REDEEM, code, NULL);
	unsigned failures = 0;
	for (unsigned status = 0; status != 200; failures++) {
		json_auto_t *answer = NULL;
		sql_fault_set(fixture->sql, failures + 1);
		status = fixture_ask(fixture, TOKEN, form, &answer);
		sql_fault_set(fixture->sql, 0);
		g_assert_true(status == 500 || status == 200);
		g_assert_cmpuint(failures, <, 100);
	}
	g_assert_cmpuint(failures, >, 3);
	g_assert_cmpuint(devices_of_alice(fixture), ==, 1);
}

/* ---- devices ------------------------------------------------------------------------------------
 */

typedef struct Codes {
	char *device_code;
	char *user_code;
	char *form; /* to poll with */
} Codes;

static void codes_clear(Codes *codes)
{
	g_free(codes->device_code);
	g_free(codes->user_code);
	g_free(codes->form);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Codes, codes_clear)

static void ask_codes(Fixture *fixture, Codes *ret_codes)
{
	json_auto_t *answer = NULL;
	g_assert_cmpuint(
		fixture_ask(fixture, DEVICE, "client_id=imdrive&device_name=server", &answer), ==,
		200);
	ret_codes->device_code = text_of(answer, "device_code");
	ret_codes->user_code = text_of(answer, "user_code");
	ret_codes->form = g_strconcat(
		DEVICE_GRANT "&client_id=imdrive&device_code=", ret_codes->device_code, NULL);
	g_assert_cmpint(json_integer_value(json_object_get(answer, "interval")), ==, 5);
	g_assert_cmpint(json_integer_value(json_object_get(answer, "expires_in")), ==, 600);
	g_autofree char *complete = text_of(answer, "verification_uri_complete");
	g_autofree char *expected =
		g_strconcat(FIXTURE_ISSUER "/device?user_code=", ret_codes->user_code, NULL);
	g_assert_cmpstr(complete, ==, expected);
}

static char *find(Fixture *fixture, const char *user_code, const char *session, GError **error)
{
	const OauthEntry entry = {
		.user_code = user_code,
		.session = session,
		.peer = "198.51.100.1",
		.now_us = g_get_real_time(),
	};
	char *pending = NULL;
	oauth_find_device(fixture->oauth, &entry, &pending, error);
	return pending;
}

/* At the next poll, unless this machine takes five seconds for it. */
static bool is_told_to_slow_down(Fixture *fixture, const char *form)
{
	g_autofree char *code = NULL;
	do {
		json_auto_t *answer = NULL;
		g_assert_cmpuint(fixture_ask(fixture, TOKEN, form, &answer), ==, 400);
		g_free(code);
		code = text_of(answer, "error");
	} while (g_strcmp0(code, "authorization_pending") == 0);
	return g_strcmp0(code, "slow_down") == 0;
}

static void a9_a_device_is_approved_elsewhere(Fixture *fixture)
{
	g_auto(Codes) codes = { 0 };
	ask_codes(fixture, &codes);
	fixture_assert_error(fixture, TOKEN, codes.form, 400, "authorization_pending");
	g_assert_true(is_told_to_slow_down(fixture, codes.form));
	g_autofree char *pending = find(fixture, codes.user_code, "session", NULL);
	g_auto(OauthAsk) ask = { 0 };
	g_assert_true(oauth_ask(fixture->oauth, pending, g_get_real_time(), &ask, NULL));
	g_assert_cmpstr(ask.user_code, ==, codes.user_code);
	g_assert_cmpstr(ask.device_name, ==, "server");
	g_assert_cmpstr(ask.peer, ==, "192.0.2.1");
	g_assert_cmpstr(ask.scope, ==, "files:read files:write share");
	const OauthApproval approval = {
		.account = fixture->alice,
		.epoch = fixture->epoch,
		.registered = true,
		.method = "qq",
		.now_us = g_get_real_time(),
	};
	char *redirect = (char *)"untouched";
	g_assert_true(oauth_approve(fixture->oauth, pending, &approval, &redirect, NULL));
	g_assert_null(redirect);
	g_assert_false(oauth_approve(fixture->oauth, pending, &approval, &redirect, NULL));
	json_auto_t *answer = NULL;
	g_assert_cmpuint(fixture_ask(fixture, TOKEN, codes.form, &answer), ==, 200);
	g_assert_true(json_is_true(json_object_get(answer, "registered")));
	g_autofree char *access = text_of(answer, "access_token");
	g_assert_true(lets_in(fixture, access));
	fixture_assert_error(fixture, TOKEN, codes.form, 400, "invalid_grant");
	g_assert_false(lets_in(fixture, access));
}

static void a9_a_denied_device_is_told(Fixture *fixture)
{
	g_auto(Codes) codes = { 0 };
	ask_codes(fixture, &codes);
	g_autofree char *pending = find(fixture, codes.user_code, "session", NULL);
	char *redirect = NULL;
	g_assert_true(oauth_deny(fixture->oauth, pending, g_get_real_time(), &redirect, NULL));
	g_assert_null(redirect);
	fixture_assert_error(fixture, TOKEN, codes.form, 400, "access_denied");
}

static void a9_five_wrong_codes_lock(Fixture *fixture)
{
	g_auto(Codes) codes = { 0 };
	ask_codes(fixture, &codes);
	for (unsigned i = 0; i < 5; i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(find(fixture, i % 2 ? "BCDF-GHJK" : "nonsense", "guesser", &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	}
	g_autoptr(GError) error = NULL;
	g_assert_null(find(fixture, codes.user_code, "guesser", &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY);
	/* Another session does not help: the address is locked too. */
	g_assert_null(find(fixture, codes.user_code, "another", NULL));
	const OauthEntry elsewhere = {
		.user_code = codes.user_code,
		.session = "another",
		.peer = "198.51.100.2",
		.now_us = g_get_real_time(),
	};
	g_autofree char *pending = NULL;
	g_assert_true(oauth_find_device(fixture->oauth, &elsewhere, &pending, NULL));
}

static void a9_no_scope_over_the_account(Fixture *fixture)
{
	fixture_assert_error(fixture, DEVICE, "client_id=imdrive&scope=account", 400,
			     "invalid_scope");
	fixture_assert_error(fixture, DEVICE, "client_id=imdrive&scope=files:read%20account", 400,
			     "invalid_scope");
	fixture_assert_error(fixture, DEVICE, "client_id=other", 400, "invalid_client");
	fixture_assert_error(fixture, DEVICE, "", 400, "invalid_request");
}

/* ---- the rest
 * ------------------------------------------------------------------------------------ */

static void a1_metadata_is_complete(Fixture *fixture)
{
	json_auto_t *answer = NULL;
	g_assert_cmpuint(fixture_ask(fixture, METADATA, NULL, &answer), ==, 200);
	static const char *const texts[][2] = {
		{ "issuer", FIXTURE_ISSUER },
		{ "authorization_endpoint", FIXTURE_ISSUER "/oauth/authorize" },
		{ "token_endpoint", FIXTURE_ISSUER "/oauth/token" },
		{ "device_authorization_endpoint", FIXTURE_ISSUER "/oauth/device" },
		{ "revocation_endpoint", FIXTURE_ISSUER "/oauth/revoke" },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_assert_cmpstr(json_string_value(json_object_get(answer, texts[i][0])), ==,
				texts[i][1]);
	}
	g_assert_true(json_is_true(
		json_object_get(answer, "authorization_response_iss_parameter_supported")));
	json_t *methods = json_object_get(answer, "code_challenge_methods_supported");
	g_assert_cmpuint(json_array_size(methods), ==, 1);
	g_assert_cmpstr(json_string_value(json_array_get(methods, 0)), ==, "S256");
}

static void revoking_ends_the_device(Fixture *fixture)
{
	g_autofree char *redirect = fixture_approve(fixture, FIXTURE_QUERY);
	g_autofree char *code = fixture_parameter(redirect, "code");
	g_autofree char *form = g_strconcat(REDEEM, code, NULL);
	json_auto_t *answer = NULL;
	g_assert_cmpuint(fixture_ask(fixture, TOKEN, form, &answer), ==, 200);
	g_autofree char *access = text_of(answer, "access_token");
	g_autofree char *refresh = text_of(answer, "refresh_token");
	g_autofree char *own = g_strconcat(
		"client_id=imdrive&token_type_hint=refresh_token&token=", refresh, NULL);
	g_autofree char *others = g_strconcat("client_id=imdrive-app&token=", refresh, NULL);
	g_assert_cmpuint(fixture_ask(fixture, REVOKE, "client_id=imdrive&token=x", NULL), ==, 200);
	g_assert_cmpuint(fixture_ask(fixture, REVOKE, others, NULL), ==, 200);
	g_assert_true(lets_in(fixture, access));
	g_assert_cmpuint(fixture_ask(fixture, REVOKE, own, NULL), ==, 200);
	g_assert_false(lets_in(fixture, access));
	fixture_assert_error(fixture, REVOKE, "client_id=imdrive", 400, "invalid_request");
	fixture_assert_error(fixture, REVOKE, "token=x", 400, "invalid_request");
}

static void a_basic_header_is_refused(Fixture *fixture)
{
	Request request = { .method = "POST", .path = TOKEN };
	request.headers[REQUEST_CONTENT_TYPE] = "application/x-www-form-urlencoded";
	request.headers[REQUEST_AUTHORIZATION] = "Basic aW1kcml2ZTo=";
	g_autoptr(GBytes) body = g_bytes_new_static(REDEEM "x", strlen(REDEEM "x"));
	request.body = body;
	g_auto(Response) response = { 0 };
	fixture->service.handle(fixture->service.data, &request, &response);
	g_assert_cmpuint(response.status, ==, 401);
}

static void methods_and_types_are_minded(Fixture *fixture)
{
	g_assert_cmpuint(fixture_ask(fixture, TOKEN, NULL, NULL), ==, 405);
	g_assert_cmpuint(fixture_ask(fixture, METADATA, "", NULL), ==, 405);
	Request request = { .method = "POST", .path = TOKEN };
	request.headers[REQUEST_CONTENT_TYPE] = "application/json";
	g_auto(Response) response = { 0 };
	fixture->service.handle(fixture->service.data, &request, &response);
	g_assert_cmpuint(response.status, ==, 400);
	g_assert_true(fixture->service.serves(fixture->service.data, TOKEN));
	g_assert_false(fixture->service.serves(fixture->service.data, "/oauth/authorize"));
	g_assert_cmpuint(fixture->service.body_max(fixture->service.data, "POST", TOKEN), >, 0);
	g_assert_cmpuint(fixture->service.body_max(fixture->service.data, "GET", TOKEN), ==, 0);
	g_assert_cmpuint(fixture->service.body_max(fixture->service.data, "POST", METADATA), ==, 0);
}

/* ---- running
 * -------------------------------------------------------------------------------------- */

static void run(const void *data)
{
	Fixture fixture;
	fixture_set_up(&fixture);
	(*(const Test *)data)(&fixture);
	fixture_tear_down(&fixture);
}

typedef struct Case {
	const char *name;
	Test test;
} Case;

static const Case cases[] = {
	{ "a1-what-cannot-be-trusted-is-not-redirected",
	  a1_what_cannot_be_trusted_is_not_redirected },
	{ "a4-errors-go-to-the-client-with-state-and-iss",
	  a4_errors_go_to_the_client_with_state_and_iss },
	{ "two-states-are-none", two_states_are_none },
	{ "a12-plain-http-signs-nobody-in", a12_plain_http_signs_nobody_in },
	{ "what-is-asked-is-shown", what_is_asked_is_shown },
	{ "a-login-hint-is-bounded", a_login_hint_is_bounded },
	{ "a14-a-long-or-empty-device-name-is-mended", a14_a_long_or_empty_device_name_is_mended },
	{ "a11-form-action-names-the-redirect", a11_form_action_names_the_redirect },
	{ "a4-a-code-comes-with-state-and-iss", a4_a_code_comes_with_state_and_iss },
	{ "a4-a-denial-comes-with-state-and-iss", a4_a_denial_comes_with_state_and_iss },
	{ "a3-a-code-becomes-a-device-once", a_code_becomes_a_device },
	{ "a2-the-verifier-must-be-the-challenge-s", a2_the_verifier_must_be_the_challenge_s },
	{ "a2-a-verifier-without-challenge-is-refused",
	  a2_a_verifier_without_challenge_is_refused },
	{ "a3-access-revoked-and-given-again-redeems-nothing",
	  a3_access_revoked_and_given_again_redeems_nothing },
	{ "a6-refreshing-rotates", a6_refreshing_rotates },
	{ "a3-access-revoked-meanwhile-redeems-nothing",
	  a3_access_revoked_meanwhile_redeems_nothing },
	{ "a5-other-grants-are-not-supported", a5_other_grants_are_not_supported },
	{ "token-errors-are-those-of-the-rfc", token_errors_are_those_of_the_rfc },
	{ "a-database-that-fails-costs-no-code", a_database_that_fails_costs_no_code },
	{ "a9-a-device-is-approved-elsewhere", a9_a_device_is_approved_elsewhere },
	{ "a9-a-denied-device-is-told", a9_a_denied_device_is_told },
	{ "a9-five-wrong-codes-lock", a9_five_wrong_codes_lock },
	{ "a9-no-scope-over-the-account", a9_no_scope_over_the_account },
	{ "a1-metadata-is-complete", a1_metadata_is_complete },
	{ "revoking-ends-the-device", revoking_ends_the_device },
	{ "a-basic-header-is-refused", a_basic_header_is_refused },
	{ "methods-and-types-are-minded", methods_and_types_are_minded },
};

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strconcat("/server/oauth/oauth/", cases[i].name, NULL);
		g_test_add_data_func(path, &cases[i].test, run);
	}
	return g_test_run();
}
