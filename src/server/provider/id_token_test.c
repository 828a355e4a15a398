/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens are made here with keys of our own and by hand where the library would not make them: the
 * forger has no library to restrain him.
 */
#include "server/provider/id_token.h"

#include "base/error.h"
#include "server/provider/document.h"

#include <cjose/cjose.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <string.h>

#define NOW 1800000000
#define SECRET "0123456789abcdef0123456789abcdef"

typedef struct Keys {
	cjose_jwk_t *rsa;
	cjose_jwk_t *other;
	cjose_jwk_t *curve;
	cjose_jwk_t *weak;
	json_t *set;
} Keys;

static Keys keys;

static void publish(cjose_jwk_t *key, const char *kid, const char *use, const char *alg)
{
	char *text = cjose_jwk_to_json(key, false, NULL);
	json_t *json = document_parse(text, strlen(text), DOCUMENT_JSON, NULL);
	free(text);
	json_object_set_new(json, "kid", json_string(kid));
	json_object_set_new(json, "use", json_string(use));
	if (alg) {
		json_object_set_new(json, "alg", json_string(alg));
	}
	json_array_append_new(json_object_get(keys.set, "keys"), json);
}

static void make_keys(void)
{
	static const uint8_t e[] = { 1, 0, 1 };
	keys.rsa = cjose_jwk_create_RSA_random(2048, e, sizeof e, NULL);
	keys.other = cjose_jwk_create_RSA_random(2048, e, sizeof e, NULL);
	keys.weak = cjose_jwk_create_RSA_random(1024, e, sizeof e, NULL);
	keys.curve = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, NULL);
	keys.set = json_pack("{s:[]}", "keys");
	publish(keys.rsa, "rsa", "sig", NULL);
	publish(keys.curve, "curve", "sig", "ES256");
	publish(keys.weak, "weak", "sig", NULL);
	publish(keys.other, "sealing", "enc", NULL);
}

static char *encode(const void *bytes, size_t size)
{
	size_t room = sodium_base64_encoded_len(size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *text = g_malloc(room);
	return sodium_bin2base64(text, room, bytes, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* A token signed by the library, which takes alg and kid. */
static char *sign(cjose_jwk_t *key, const char *alg, const char *kid, const char *claims)
{
	cjose_header_t *header = cjose_header_new(NULL);
	cjose_header_set(header, CJOSE_HDR_ALG, alg, NULL);
	if (kid) {
		cjose_header_set(header, CJOSE_HDR_KID, kid, NULL);
	}
	cjose_jws_t *jws =
		cjose_jws_sign(key, header, (const uint8_t *)claims, strlen(claims), NULL);
	g_assert_nonnull(jws);
	const char *text = NULL;
	g_assert_true(cjose_jws_export(jws, &text, NULL));
	char *token = g_strdup(text);
	cjose_jws_release(jws);
	cjose_header_release(header);
	return token;
}

/* A token with any header, signed with HMAC by hand. */
static char *sign_by_hand(const char *header, const char *claims, const char *key, size_t size)
{
	g_autofree char *left = encode(header, strlen(header));
	g_autofree char *right = encode(claims, strlen(claims));
	g_autofree char *body = g_strconcat(left, ".", right, NULL);
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned mac_size = 0;
	HMAC(EVP_sha256(), key, (int)size, (const unsigned char *)body, strlen(body), mac,
	     &mac_size);
	g_autofree char *signature = encode(mac, mac_size);
	return g_strconcat(body, ".", signature, NULL);
}

#define CLAIMS(more)                                                            \
	"{\"iss\":\"https://issuer.example\",\"sub\":\"alice\",\"aud\":\"me\"," \
	"\"exp\":1800000300,\"iat\":1800000000,\"nonce\":\"n\"" more "}"

static IdTokenCheck plain_check(void)
{
	static const char *const algorithms[] = { "RS256", "ES256", NULL };
	return (IdTokenCheck){
		.issuer = "https://issuer.example",
		.client_id = "me",
		.algorithms = (char *const *)algorithms,
		.keys = keys.set,
		.nonce = "n",
		.now_s = NOW,
	};
}

static void assert_good(const IdTokenCheck *check, const char *token)
{
	g_autoptr(GError) error = NULL;
	json_t *claims = id_token_verify(check, token, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(document_text(claims, "sub"), ==, "alice");
	json_decref(claims);
}

static void assert_refused(const IdTokenCheck *check, const char *token, const char *word)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(id_token_verify(check, token, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	if (!strstr(error->message, word)) {
		g_error("'%s' does not say '%s'", error->message, word);
	}
}

static void test_good(void)
{
	IdTokenCheck check = plain_check();
	g_autofree char *rsa = sign(keys.rsa, "RS256", "rsa", CLAIMS(""));
	assert_good(&check, rsa);
	g_autofree char *no_kid = sign(keys.rsa, "RS256", NULL, CLAIMS(""));
	assert_good(&check, no_kid);
	g_autofree char *curve = sign(keys.curve, "ES256", "curve", CLAIMS(""));
	assert_good(&check, curve);
	g_autofree char *list = sign(keys.rsa, "RS256", "rsa",
				     "{\"iss\":\"https://issuer.example\",\"sub\":\"alice\","
				     "\"aud\":[\"me\",\"you\"],\"azp\":\"me\",\"nonce\":\"n\","
				     "\"exp\":1800000300.5,\"iat\":1800000000}");
	assert_good(&check, list);
}

static void test_claims(void)
{
#define START "{\"sub\":\"alice\",\"nonce\":\"n\",\"iat\":1800000000,\"exp\":1800000300,"
#define WHO "{\"iss\":\"https://issuer.example\",\"aud\":\"me\",\"nonce\":\"n\","
	static const char *const wrong[][2] = {
		{ START "\"iss\":\"https://issuer.example/\",\"aud\":\"me\"}", "(iss)" },
		{ START "\"iss\":\"https://evil.example\",\"aud\":\"me\"}", "(iss)" },
		{ START "\"aud\":\"me\"}", "(iss)" },
		{ START "\"iss\":\"https://issuer.example\",\"aud\":\"you\"}", "(aud)" },
		{ START "\"iss\":\"https://issuer.example\"}", "(aud)" },
		{ START "\"iss\":\"https://issuer.example\",\"aud\":[]}", "(aud)" },
		{ START "\"iss\":\"https://issuer.example\",\"aud\":{\"me\":1}}", "(aud)" },
		{ START "\"iss\":\"https://issuer.example\",\"aud\":[\"me\",\"you\"]}", "(azp)" },
		{ START "\"iss\":\"https://issuer.example\",\"aud\":\"me\",\"azp\":\"you\"}",
		  "(azp)" },
		{ WHO "\"sub\":\"alice\",\"iat\":1800000000,\"exp\":1799999940}", "(exp)" },
		{ WHO "\"sub\":\"alice\",\"iat\":1800000000}", "(exp)" },
		{ WHO "\"sub\":\"alice\",\"iat\":1800000000,\"exp\":-1}", "(exp)" },
		{ WHO "\"sub\":\"alice\",\"iat\":1800000000,\"exp\":1e99}", "(exp)" },
		{ WHO "\"sub\":\"alice\",\"exp\":1800000300,\"iat\":1800000061}", "(iat)" },
		{ WHO "\"sub\":\"alice\",\"exp\":1800000300}", "(iat)" },
		{ WHO "\"sub\":\"alice\",\"exp\":1800000300,\"iat\":1,\"nbf\":1800000061}",
		  "(nbf)" },
		{ WHO "\"sub\":\"\",\"exp\":1800000300,\"iat\":1800000000}", "(sub)" },
		{ WHO "\"exp\":1800000300,\"iat\":1800000000}", "(sub)" },
		{ "{\"iss\":\"https://issuer.example\",\"aud\":\"me\",\"sub\":\"alice\","
		  "\"nonce\":\"N\",\"exp\":1800000300,\"iat\":1800000000}",
		  "(nonce)" },
		{ "{\"iss\":\"https://issuer.example\",\"aud\":\"me\",\"sub\":\"alice\","
		  "\"exp\":1800000300,\"iat\":1800000000}",
		  "(nonce)" },
		{ CLAIMS(",\"sub\":\"bob\""), "claims" },
		{ "[]", "claims" },
		{ "not json", "claims" },
	};
	IdTokenCheck check = plain_check();
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_test_message("%s", wrong[i][0]);
		g_autofree char *token = sign(keys.rsa, "RS256", "rsa", wrong[i][0]);
		assert_refused(&check, token, wrong[i][1]);
	}
}

static void test_skew(void)
{
	IdTokenCheck check = plain_check();
	g_autofree char *old = sign(keys.rsa, "RS256", "rsa",
				    WHO "\"sub\":\"alice\",\"iat\":1799990000,\"exp\":1799999941}");
	assert_good(&check, old);
	g_autofree char *fast = sign(keys.rsa, "RS256", "rsa",
				     WHO "\"sub\":\"alice\",\"iat\":1800000060,\"exp\":1800000300,"
					 "\"nbf\":1800000060}");
	assert_good(&check, fast);
}

static void test_header(void)
{
	IdTokenCheck check = plain_check();
	g_autofree char *header_none = encode("{\"alg\":\"none\"}", 14);
	g_autofree char *claims = encode(CLAIMS(""), strlen(CLAIMS("")));
	g_autofree char *none = g_strconcat(header_none, ".", claims, ".", NULL);
	assert_refused(&check, none, "no signed JWT");
	g_autofree char *none_signed = g_strconcat(none, "AAAA", NULL);
	assert_refused(&check, none_signed, "(alg)");
	/* The public key, as the service publishes it, as a secret. */
	char *public = json_dumps(json_array_get(json_object_get(keys.set, "keys"), 0), 0);
	g_autofree char *confused = sign_by_hand("{\"alg\":\"HS256\",\"kid\":\"rsa\"}", CLAIMS(""),
						 public, strlen(public));
	free(public);
	assert_refused(&check, confused, "(alg)");
	/* Not even where a list has both, which no record may. */
	static const char *const both[] = { "RS256", "HS256", NULL };
	check.algorithms = (char *const *)both;
	assert_refused(&check, confused, "(alg)");
	check = plain_check();
	g_autofree char *not_listed = sign(keys.rsa, "PS256", "rsa", CLAIMS(""));
	assert_refused(&check, not_listed, "(alg)");

	static const char *const symmetric[] = { "HS256", NULL };
	check.algorithms = (char *const *)symmetric;
	check.keys = NULL;
	check.secret = SECRET;
	static const char *const headers[][2] = {
		{ "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", "extensions" },
		{ "{\"alg\":\"HS256\",\"crit\":[]}", "extensions" },
		{ "{\"alg\":\"HS256\",\"b64\":false}", "extensions" },
		{ "{\"alg\":\"none\",\"alg\":\"HS256\"}", "header" },
		{ "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", "type" },
		{ "{\"alg\":\"HS384\"}", "(alg)" },
		{ "{\"alg\":\"hs256\"}", "(alg)" },
		{ "{}", "(alg)" },
		{ "{\"alg\":[\"HS256\"]}", "(alg)" },
		{ "{\"alg\":\"HS256\",\"kid\":{}}", "(alg)" },
	};
	g_autofree char *good = sign_by_hand("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", CLAIMS(""),
					     SECRET, strlen(SECRET));
	assert_good(&check, good);
	for (size_t i = 0; i < G_N_ELEMENTS(headers); i++) {
		g_test_message("%s", headers[i][0]);
		g_autofree char *token =
			sign_by_hand(headers[i][0], CLAIMS(""), SECRET, strlen(SECRET));
		assert_refused(&check, token, headers[i][1]);
	}
	g_autofree char *others = sign_by_hand("{\"alg\":\"HS256\"}", CLAIMS(""), "x", 1);
	assert_refused(&check, others, "signature");
}

static void test_signature(void)
{
	IdTokenCheck check = plain_check();
	g_autofree char *foreign = sign(keys.other, "RS256", "rsa", CLAIMS(""));
	assert_refused(&check, foreign, "signature");
	g_autofree char *good = sign(keys.rsa, "RS256", "rsa", CLAIMS(""));
	g_autofree char *other = sign(keys.rsa, "RS256", "rsa", CLAIMS(",\"admin\":true"));
	g_auto(GStrv) a = g_strsplit(good, ".", 3);
	g_auto(GStrv) b = g_strsplit(other, ".", 3);
	g_autofree char *mixed = g_strconcat(a[0], ".", b[1], ".", a[2], NULL);
	assert_refused(&check, mixed, "signature");
	g_autofree char *short_key = sign(keys.weak, "RS256", "weak", CLAIMS(""));
	assert_refused(&check, short_key, "signature");
	g_autofree char *four = g_strconcat(good, ".AAAA", NULL);
	assert_refused(&check, four, "no signed JWT");
	g_autofree char *padded = g_strconcat(good, "=", NULL);
	assert_refused(&check, padded, "no signed JWT");
	assert_refused(&check, "", "no signed JWT");
	assert_refused(&check, "a.b.c", "header");
}

static void test_unknown_key(void)
{
	IdTokenCheck check = plain_check();
	g_autofree char *token = sign(keys.other, "RS256", "new", CLAIMS(""));
	g_autoptr(GError) error = NULL;
	g_assert_null(id_token_verify(&check, token, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_autofree char *sealing = sign(keys.other, "RS256", "sealing", CLAIMS(""));
	g_clear_error(&error);
	g_assert_null(id_token_verify(&check, sealing, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	/* A key of the right name that is meant for something else is no key either. */
	g_autofree char *other_type = sign(keys.rsa, "RS256", "curve", CLAIMS(""));
	g_clear_error(&error);
	g_assert_null(id_token_verify(&check, other_type, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
}

/* The example of OpenID Connect Core, appendix A.3. */
static void test_token_hash(void)
{
	IdTokenCheck check = plain_check();
	g_autofree char *token =
		sign(keys.rsa, "RS256", "rsa", CLAIMS(",\"at_hash\":\"77QmUPtjPfzWtF2AnpK9RQ\""));
	check.access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
	assert_good(&check, token);
	check.access_token = "another";
	assert_refused(&check, token, "(at_hash)");
}

static void test_template(void)
{
#define TID "9188040d-6c67-4ac5-b112-36a304b66dad"
	IdTokenCheck check = plain_check();
	check.issuer = "https://login.example/{tenantid}/v2.0";
	g_autofree char *good = sign(keys.rsa, "RS256", "rsa",
				     START "\"aud\":\"me\",\"tid\":\"" TID "\","
					   "\"iss\":\"https://login.example/" TID "/v2.0\"}");
	assert_good(&check, good);
	static const char *const wrong[] = {
		START "\"aud\":\"me\",\"iss\":\"https://login.example/" TID "/v2.0\"}",
		START "\"aud\":\"me\",\"tid\":\"{tenantid}\","
		      "\"iss\":\"https://login.example/{tenantid}/v2.0\"}",
		START "\"aud\":\"me\",\"tid\":\"0188040d-6c67-4ac5-b112-36a304b66dad\","
		      "\"iss\":\"https://login.example/" TID "/v2.0\"}",
		START "\"aud\":\"me\",\"tid\":\"a/../evil\",\"iss\":\"https://login.example/a/../"
		      "evil/v2.0\"}",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autofree char *token = sign(keys.rsa, "RS256", "rsa", wrong[i]);
		g_autoptr(GError) error = NULL;
		g_assert_null(id_token_verify(&check, token, &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	make_keys();
	const char *base = "/server/provider/id_token";
	const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
		{ "r5-good-ones-are-believed", test_good },
		{ "r5-r4-wrong-claims-are-refused", test_claims },
		{ "r5-a-minute-of-skew", test_skew },
		{ "r5-the-header-decides-nothing", test_header },
		{ "r5-wrong-signatures-are-refused", test_signature },
		{ "r5-an-unknown-key-is-told-apart", test_unknown_key },
		{ "r5-at-hash", test_token_hash },
		{ "r5-issuer-with-tenant", test_template },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strdup_printf("%s/%s", base, tests[i].name);
		g_test_add_func(path, tests[i].run);
	}
	return g_test_run();
}
