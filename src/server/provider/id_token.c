/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/id_token.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/provider/document.h"

#include <cjose/cjose.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

#define RSA_BITS_MIN 2048
#define TENANT_MARK "{tenantid}"

typedef struct Algorithm {
	const char *name;
	const char *key_type; /* kty */
	const char *curve;    /* crv, or NULL */
	const char *digest;   /* of at_hash */
} Algorithm;

static const Algorithm algorithms[] = {
	{ "RS256", "RSA", NULL, "SHA256" },   { "RS384", "RSA", NULL, "SHA384" },
	{ "RS512", "RSA", NULL, "SHA512" },   { "PS256", "RSA", NULL, "SHA256" },
	{ "PS384", "RSA", NULL, "SHA384" },   { "PS512", "RSA", NULL, "SHA512" },
	{ "ES256", "EC", "P-256", "SHA256" }, { "ES384", "EC", "P-384", "SHA384" },
	{ "ES512", "EC", "P-521", "SHA512" }, { "HS256", "oct", NULL, "SHA256" },
};

static bool refuse(GError **error, const char *why)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "id_token: %s", why);
	return false;
}

static bool equals(const char *text, const char *wanted)
{
	return text && strcmp(text, wanted) == 0;
}

/* ---- the header ------------------------------------------------------------------------ */

static json_t *decode_part(const char *text, size_t size)
{
	g_autofree unsigned char *bytes = g_malloc(size + 1);
	size_t decoded = 0;
	if (sodium_base642bin(bytes, size + 1, text, size, NULL, &decoded, NULL,
			      sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0) {
		return NULL;
	}
	return document_parse((const char *)bytes, decoded, DOCUMENT_JSON, NULL);
}

/* Three parts of base64url, no more; *ret_head is the size of the first. */
static bool has_form(const char *token, size_t *ret_head)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_";
	const char *at = token;
	for (unsigned part = 0; part < 3; part++) {
		size_t size = strspn(at, letters);
		if (size == 0 || at[size] != (part < 2 ? '.' : '\0')) {
			return false;
		}
		*ret_head = part == 0 ? size : *ret_head;
		at += size + 1;
	}
	return true;
}

static const Algorithm *find_algorithm(const IdTokenCheck *check, const char *name)
{
	bool listed = name && g_strv_contains((const char *const *)check->algorithms, name);
	for (size_t i = 0; listed && i < G_N_ELEMENTS(algorithms); i++) {
		bool symmetric = equals(algorithms[i].key_type, "oct");
		if (equals(algorithms[i].name, name) && symmetric == (check->secret != NULL)) {
			return &algorithms[i];
		}
	}
	return NULL;
}

static bool check_header(const json_t *header, GError **error)
{
	/* Extensions that must be understood, and none is. */
	if (json_object_get(header, "crit") || json_object_get(header, "b64") ||
	    json_object_get(header, "enc") || json_object_get(header, "zip")) {
		return refuse(error, "its header asks for extensions");
	}
	const json_t *type = json_object_get(header, "typ");
	const char *name = json_string_value(type);
	if (type && (!name || g_ascii_strcasecmp(name, "JWT") != 0)) {
		return refuse(error, "is not of type JWT");
	}
	return true;
}

/* ---- the signature --------------------------------------------------------------------- */

static bool is_candidate(const json_t *key, const Algorithm *algorithm, const char *kid)
{
	const char *use = document_text(key, "use");
	const char *alg = document_text(key, "alg");
	if (!equals(document_text(key, "kty"), algorithm->key_type)) {
		return false;
	}
	if (algorithm->curve && !equals(document_text(key, "crv"), algorithm->curve)) {
		return false;
	}
	if ((use && !equals(use, "sig")) || (alg && !equals(alg, algorithm->name))) {
		return false;
	}
	return !kid || equals(document_text(key, "kid"), kid);
}

static bool verify_with(const char *token, cjose_jwk_t *key)
{
	cjose_jws_t *jws = key ? cjose_jws_import(token, strlen(token), NULL) : NULL;
	bool good = jws && cjose_jws_verify(jws, key, NULL);
	cjose_jws_release(jws);
	return good;
}

static bool verify_with_json(const char *token, const json_t *key)
{
	char *text = json_dumps(key, JSON_COMPACT);
	cjose_jwk_t *jwk = cjose_jwk_import(text, strlen(text), NULL);
	free(text);
	bool strong = jwk && (cjose_jwk_get_kty(jwk, NULL) != CJOSE_JWK_KTY_RSA ||
			      cjose_jwk_get_keysize(jwk, NULL) >= RSA_BITS_MIN);
	bool good = strong && verify_with(token, jwk);
	cjose_jwk_release(jwk);
	return good;
}

static bool verify_signature(const IdTokenCheck *check, const Algorithm *algorithm,
			     const char *token, const char *kid, GError **error)
{
	if (check->secret) {
		cjose_jwk_t *key = cjose_jwk_create_oct_spec((const uint8_t *)check->secret,
							     strlen(check->secret), NULL);
		bool good = verify_with(token, key);
		cjose_jwk_release(key);
		return good ? true : refuse(error, "its signature is wrong");
	}
	const json_t *keys = json_object_get(check->keys, "keys");
	bool any = false;
	for (size_t i = 0; i < MIN(json_array_size(keys), PROVIDER_KEYS_MAX); i++) {
		const json_t *key = json_array_get(keys, i);
		if (!is_candidate(key, algorithm, kid)) {
			continue;
		}
		any = true;
		if (verify_with_json(token, key)) {
			return true;
		}
	}
	if (!any) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "id_token: no key of the service fits it");
		return false;
	}
	return refuse(error, "its signature is wrong");
}

/* ---- the claims ------------------------------------------------------------------------ */

/* Seconds, of which a fraction is cut off. */
static bool read_time(const json_t *claims, const char *name, int64_t *ret_s)
{
	const char *text = document_text(claims, name);
	if (!text) {
		return false;
	}
	size_t digits = strspn(text, "0123456789");
	bool fraction =
		text[digits] == '.' && !text[digits + 1 + strspn(text + digits + 1, "0123456789")];
	if (digits == 0 || digits > 15 || (text[digits] && !fraction)) {
		return false;
	}
	*ret_s = g_ascii_strtoll(text, NULL, 10);
	return true;
}

static bool check_times(const IdTokenCheck *check, const json_t *claims, GError **error)
{
	int64_t expires = 0;
	int64_t issued = 0;
	int64_t begins = 0;
	if (!read_time(claims, "exp", &expires) || expires + ID_TOKEN_SKEW_S <= check->now_s) {
		return refuse(error, "is expired (exp), or does not say when it will be");
	}
	if (!read_time(claims, "iat", &issued) || issued - ID_TOKEN_SKEW_S > check->now_s) {
		return refuse(error, "was issued in the future (iat); are the clocks right?");
	}
	if (json_object_get(claims, "nbf") &&
	    (!read_time(claims, "nbf", &begins) || begins - ID_TOKEN_SKEW_S > check->now_s)) {
		return refuse(error, "is not valid yet (nbf)");
	}
	return true;
}

static bool is_guid(const char *text)
{
	return text && strlen(text) == 36 && strspn(text, "0123456789abcdefABCDEF-") == 36;
}

static bool check_issuer(const IdTokenCheck *check, const json_t *claims, GError **error)
{
	g_autoptr(GString) wanted = g_string_new(check->issuer);
	if (strstr(check->issuer, TENANT_MARK)) {
		const char *tenant = document_text(claims, "tid");
		if (!is_guid(tenant)) {
			return refuse(error, "names no tenant (tid)");
		}
		g_string_replace(wanted, TENANT_MARK, tenant, 0);
	}
	return equals(document_text(claims, "iss"), wanted->str)
		       ? true
		       : refuse(error, "is from another issuer (iss)");
}

static bool check_audience(const IdTokenCheck *check, const json_t *claims, GError **error)
{
	const json_t *audience = json_object_get(claims, "aud");
	const json_t *party = json_object_get(claims, "azp");
	size_t count = json_is_array(audience) ? json_array_size(audience) : 1;
	bool named =
		!json_is_array(audience) && equals(json_string_value(audience), check->client_id);
	for (size_t i = 0; json_is_array(audience) && i < count; i++) {
		const json_t *item = json_array_get(audience, i);
		named = named || equals(json_string_value(item), check->client_id);
	}
	if (!named) {
		return refuse(error, "is for another application (aud)");
	}
	if ((count > 1 || party) && !equals(json_string_value(party), check->client_id)) {
		return refuse(error, "was given to another application (azp)");
	}
	return true;
}

static bool check_nonce(const IdTokenCheck *check, const json_t *claims, GError **error)
{
	const char *nonce = document_text(claims, "nonce");
	if (!check->nonce) {
		return true;
	}
	size_t size = strlen(check->nonce);
	bool same = nonce && strlen(nonce) == size && sodium_memcmp(nonce, check->nonce, size) == 0;
	return same ? true : refuse(error, "belongs to another login (nonce)");
}

/* OpenID Connect Core 3.1.3.6: the left half of the token's hash. */
static bool check_token_hash(const IdTokenCheck *check, const Algorithm *algorithm,
			     const json_t *claims, GError **error)
{
	const json_t *claimed = json_object_get(claims, "at_hash");
	if (!claimed || !check->access_token) {
		return true;
	}
	unsigned char hash[EVP_MAX_MD_SIZE];
	size_t size = 0;
	int done = EVP_Q_digest(NULL, algorithm->digest, NULL, check->access_token,
				strlen(check->access_token), hash, &size);
	g_assert(done == 1);
	char text[2 * EVP_MAX_MD_SIZE];
	sodium_bin2base64(text, sizeof text, hash, size / 2,
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return equals(json_string_value(claimed), text)
		       ? true
		       : refuse(error, "does not belong to the access token (at_hash)");
}

static bool check_claims(const IdTokenCheck *check, const Algorithm *algorithm,
			 const json_t *claims, GError **error)
{
	const char *subject = document_text(claims, "sub");
	if (!subject || !*subject) {
		return refuse(error, "names nobody (sub)");
	}
	return check_issuer(check, claims, error) && check_audience(check, claims, error) &&
	       check_times(check, claims, error) && check_nonce(check, claims, error) &&
	       check_token_hash(check, algorithm, claims, error);
}

static json_t *verify(const IdTokenCheck *check, const json_t *header, const char *token,
		      GError **error)
{
	const json_t *kid = json_object_get(header, "kid");
	const Algorithm *algorithm = find_algorithm(check, document_text(header, "alg"));
	if (!algorithm || (kid && !json_is_string(kid))) {
		refuse(error, "is not signed the way this service's record says (alg)");
		return NULL;
	}
	if (!check_header(header, error) ||
	    !verify_signature(check, algorithm, token, json_string_value(kid), error)) {
		return NULL;
	}
	const char *payload = strchr(token, '.') + 1;
	json_t *claims = decode_part(payload, strcspn(payload, "."));
	if (!claims) {
		refuse(error, "holds no claims");
		return NULL;
	}
	if (!check_claims(check, algorithm, claims, error)) {
		json_decref(claims);
		return NULL;
	}
	return claims;
}

json_t *id_token_verify(const IdTokenCheck *check, const char *token, GError **error)
{
	g_assert(!check->keys != !check->secret);
	size_t head = 0;
	if (strnlen(token, PROVIDER_TOKEN_SIZE_MAX) == PROVIDER_TOKEN_SIZE_MAX ||
	    !has_form(token, &head)) {
		refuse(error, "is no signed JWT");
		return NULL;
	}
	json_t *header = decode_part(token, head);
	json_t *claims = NULL;
	if (header) {
		claims = verify(check, header, token, error);
	} else {
		refuse(error, "has no proper header");
	}
	json_decref(header);
	return claims;
}
