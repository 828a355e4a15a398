/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: three parts of an id_token with '.' between, as text; the first two are encoded here and
 * the signature over them is made right if there is no third, so that claims are reached.
 */
#include "server/provider/id_token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <string.h>

#define SECRET "0123456789abcdef0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *encode(const void *bytes, size_t size)
{
	size_t room = sodium_base64_encoded_len(size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *text = g_malloc(room);
	return sodium_bin2base64(text, room, bytes, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static void verify(const char *token)
{
	static const char *const algorithms[] = { "HS256", NULL };
	const IdTokenCheck check = {
		.issuer = "https://issuer.example",
		.client_id = "me",
		.algorithms = (char *const *)algorithms,
		.secret = SECRET,
		.nonce = "n",
		.access_token = "t",
		.now_s = 1800000000,
	};
	g_autoptr(GError) error = NULL;
	json_t *claims = id_token_verify(&check, token, &error);
	g_assert_true((claims != NULL) == (error == NULL));
	if (claims) {
		g_assert_cmpstr(json_string_value(json_object_get(claims, "iss")), ==,
				check.issuer);
		g_assert_cmpstr(json_string_value(json_object_get(claims, "nonce")), ==, "n");
	}
	json_decref(claims);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup(size > 0 ? (const char *)data : "", size);
	verify(text);
	g_auto(GStrv) parts = g_strsplit(text, "\n", 2);
	if (!parts[0] || !parts[1]) {
		return 0;
	}
	g_autofree char *header = encode(parts[0], strlen(parts[0]));
	g_autofree char *payload = encode(parts[1], strlen(parts[1]));
	g_autofree char *body = g_strconcat(header, ".", payload, NULL);
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned mac_size = 0;
	HMAC(EVP_sha256(), SECRET, strlen(SECRET), (const unsigned char *)body, strlen(body), mac,
	     &mac_size);
	g_autofree char *signature = encode(mac, mac_size);
	g_autofree char *token = g_strconcat(body, ".", signature, NULL);
	verify(token);
	return 0;
}
