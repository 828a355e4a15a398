/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/proof.h"

#include "base/error.h"

#include <string.h>

void proof_clear(Proof *proof)
{
	g_free(proof->provider);
	g_free(proof->tenant);
	g_free(proof->subject);
	g_free(proof->alt_subject);
	g_free(proof->name);
	g_free(proof->username);
	g_free(proof->avatar_url);
	g_free(proof->email);
	g_free(proof->chat_address);
	*proof = (Proof){ 0 };
}

static bool is_provider(const char *id)
{
	size_t size = id ? strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-_") : 0;
	return size > 0 && size <= PROOF_PROVIDER_SIZE_MAX && id[size] == '\0';
}

static bool is_text(const char *text, size_t size_max)
{
	size_t size = strnlen(text, size_max + 1);
	return size <= size_max && g_utf8_validate(text, (gssize)size, NULL);
}

/* A key is compared as bytes, so nothing may be in it that nobody sees. */
static bool is_key(const char *key, size_t size_max)
{
	if (!is_text(key, size_max)) {
		return false;
	}
	for (const char *at = key; *at; at = g_utf8_next_char(at)) {
		if (g_unichar_iscntrl(g_utf8_get_char(at))) {
			return false;
		}
	}
	return true;
}

static const char *fault_of(const Proof *proof)
{
	const struct {
		const char *text;
		const char *fault;
	} others[] = {
		{ proof->alt_subject, "the second subject" },
		{ proof->name, "the name" },
		{ proof->username, "the user name" },
		{ proof->avatar_url, "the picture's address" },
		{ proof->email, "the e-mail address" },
		{ proof->chat_address, "the chat address" },
	};
	if (!is_provider(proof->provider)) {
		return "the provider's id";
	}
	if (proof->tenant && !is_key(proof->tenant, PROOF_TENANT_SIZE_MAX)) {
		return "the tenant";
	}
	if (!proof->subject || proof->subject[0] == '\0' ||
	    !is_key(proof->subject, PROOF_SUBJECT_SIZE_MAX)) {
		return "the subject";
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
		if (others[i].text && !is_text(others[i].text, PROOF_TEXT_SIZE_MAX)) {
			return others[i].fault;
		}
	}
	return NULL;
}

bool proof_check(const Proof *proof, GError **error)
{
	const char *fault = fault_of(proof);
	if (fault) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "the chat service's proof cannot be used: %s is missing, too long or "
			    "has characters that are not allowed",
			    fault);
	}
	return !fault;
}
