/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/record.h"

#include "base/error.h"

#include <string.h>

#define OAUTH2                                                                            \
	"[provider]\nid=x\nclient_id=me\nsubject=id\nauthorize_url=https://a.example/a\n" \
	"token_url=https://a.example/t\nuserinfo_url=https://a.example/u\n"
#define OIDC "[provider]\nid=x\nkind=oidc\nclient_id=me\nissuer=https://a.example\ndiscovery=oidc\n"

static Record *build(const char *text, GError **error)
{
	g_autoptr(GHashTable) values = record_parse(text, strlen(text), error);
	return values ? record_new(values, "s3cret-value", error) : NULL;
}

static void assert_refused(const char *text, const char *word)
{
	g_autoptr(GError) error = NULL;
	g_test_message("%s", text);
	g_assert_null(build(text, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	if (!strstr(error->message, word)) {
		g_error("'%s' does not say '%s'", error->message, word);
	}
	g_assert_null(strstr(error->message, "s3cret"));
}

static void test_says_what_is_wrong(void)
{
	assert_refused("", "one group");
	assert_refused("id=x\n", "key file");
	assert_refused("[other]\nid=x\n", "one group");
	assert_refused(OAUTH2 "[more]\na=b\n", "one group");
	assert_refused(OAUTH2 "subjct=id\n", "'subjct'");
	assert_refused(OAUTH2 "id=y\n", "second time");
	assert_refused(OAUTH2 "label=a\\q\n", "'label'");
	assert_refused("[provider]\nclient_secret=s3cret\\q\n", "'client_secret'");
	assert_refused(OAUTH2 "kind=saml\n", "oidc, oauth2");
	assert_refused(OAUTH2 "nonce=maybe\n", "yes or no");
	assert_refused(OAUTH2 "icon=A b\n", "a-z");
	assert_refused(OAUTH2 "authorize_extra=a\n", "name=value");
	assert_refused(OAUTH2 "name=a;;b\n", "'name'");
	assert_refused(OAUTH2 "token_auth=header:\n", "header:NAME");
	assert_refused(OAUTH2 "token_place=cookie\n", "'token_place'");
	assert_refused(OAUTH2 "err_test=zero:a\n", "nonzero:KEY");
	assert_refused(OAUTH2 "share_url=https://a.example/?u=x\n", "{url} in its query");
	assert_refused(OAUTH2 "share_url=http://a.example/?u={url}\n", "'share_url'");
	assert_refused(OAUTH2 "groups=a\n", "'group'");
	assert_refused(OAUTH2 "issuer_template=https://a.example\n", "{tenantid}");
	assert_refused("[provider]\nid=x\nclient_id=me\nsubject=id\n", "authorize_url");
	assert_refused("[provider]\nclient_id=me\n", "'id'");
	assert_refused("[provider]\nid=x\nsubject=id\n", "client_id");
	assert_refused(OAUTH2 "authorize_extra=agentid={agent_id}\n", "add a line 'agent_id=");
	assert_refused(OAUTH2 "tenant={base}\n", "add a line 'base=");
	assert_refused("[provider]\nid=x\nkind=oidc\nclient_id=me\n", "issuer");
}

static void test_secret_is_needed(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GHashTable) values = record_parse(OAUTH2, strlen(OAUTH2), &error);
	g_assert_no_error(error);
	g_assert_null(record_new(values, NULL, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	g_assert_nonnull(strstr(error->message, "client_secret"));
}

static void test_urls(void)
{
	static const char *const wrong[] = {
		"http://a.example/t", "ftp://a.example/t",     "https://",
		"a.example/t",        "https://u:p@a.example", "https://a.example/#x",
		"https:///t",         "javascript:alert(1)",   "https://a.example/a b",
		"https://{base}/t",   "file:///etc/passwd",    "http://127.0.0.1/t",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autofree char *text = g_strconcat("[provider]\nid=x\nclient_id=me\nsubject=id\n"
						    "authorize_url=https://a.example/\n"
						    "userinfo_url=https://a.example/u\ntoken_url=",
						    wrong[i], "\n", NULL);
		assert_refused(text, "token_url");
	}
	g_assert_true(record_is_url("http://127.0.0.1:80/t", true));
	g_assert_true(record_is_url("http://[::1]:80/t", true));
	g_assert_true(record_is_url("http://localhost/t", true));
	g_assert_false(record_is_url("http://localhost.example/t", true));
	g_assert_false(record_is_url("http://127.0.0.1.example/t", true));
	g_assert_false(record_is_url("http://10.0.0.1/t", true));
	g_assert_false(record_is_url("http://127.0.0.1@evil.example/t", true));
}

static void test_substitutes(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Record) record = build(
		"[provider]\nid=x\nclient_id=me\nsubject=id\nbase=https://b.example\n"
		"authorize_url={base}/a\ntoken_url={base}/t\nuserinfo_url={base}/u\n"
		"authorize_extra=agentid={agent_id};c={client_id}\nagent_id=7\ntenant={base}\n",
		&error);
	g_assert_no_error(error);
	g_assert_cmpstr(record->token_url, ==, "https://b.example/t");
	g_assert_cmpstr(record_pair(record->authorize_extra, "agentid", ""), ==, "7");
	g_assert_cmpstr(record_pair(record->authorize_extra, "c", ""), ==, "me");
	g_assert_cmpstr(record_pair(record->authorize_extra, "agent", "none"), ==, "none");
	g_assert_cmpstr(record->tenant, ==, "https://b.example");
	assert_refused("[provider]\nid=x\nclient_id=me\nsubject=id\nauthorize_url={base}/a\n"
		       "token_url={base}/t\nuserinfo_url={base}/u\n",
		       "base=");
	assert_refused(OAUTH2 "tenant={base}\n", "tenant");
}

/* The oldest forgery: HS256 with the public key as its secret. */
static void test_algorithms(void)
{
	assert_refused(OIDC "id_token_alg=none\n", "RS256");
	assert_refused(OIDC "id_token_alg=RS256;HS256\n", "HS256");
	assert_refused(OIDC "id_token_alg=HS256\n", "HS256");
	assert_refused(OIDC "id_token_key=client_secret\nid_token_alg=RS256\n", "HS256");
	assert_refused(OIDC "id_token_alg=\n", "id_token_alg");
	g_autoptr(GError) error = NULL;
	g_autoptr(Record) plain = build(OIDC, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(plain->id_token_alg[0], ==, "RS256");
	g_assert_null(plain->id_token_alg[1]);
	g_autoptr(Record) secret = build(OIDC "id_token_key=client_secret\n", &error);
	g_assert_no_error(error);
	g_assert_cmpstr(secret->id_token_alg[0], ==, "HS256");
	g_assert_null(secret->id_token_alg[1]);
}

static void test_policy(void)
{
	const struct {
		const char *text;
		ProviderRegister policy;
	} cases[] = {
		{ OAUTH2, PROVIDER_REGISTER_INVITE },
		{ OAUTH2 "group=team\n", PROVIDER_REGISTER_INVITE },
		{ OAUTH2 "group=team\ngroups=T1\n", PROVIDER_REGISTER_AUTO },
		{ OAUTH2 "group=team\ngroups=T1\nregister=approve\n", PROVIDER_REGISTER_APPROVE },
		{ OAUTH2 "register=auto\n", PROVIDER_REGISTER_AUTO },
		{ OAUTH2 "register=off\n", PROVIDER_REGISTER_OFF },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(Record) record = build(cases[i].text, &error);
		g_assert_no_error(error);
		g_assert_cmpint(record->info.register_policy, ==, cases[i].policy);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/provider/record/says-what-is-wrong", test_says_what_is_wrong);
	g_test_add_func("/server/provider/record/needs-a-secret", test_secret_is_needed);
	g_test_add_func("/server/provider/record/r7-https-only", test_urls);
	g_test_add_func("/server/provider/record/substitutes-keys", test_substitutes);
	g_test_add_func("/server/provider/record/r5-algorithms-fit-the-key", test_algorithms);
	g_test_add_func("/server/provider/record/r17-open-services-need-an-invitation",
			test_policy);
	return g_test_run();
}
