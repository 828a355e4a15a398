/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Argon2id at libsodium's INTERACTIVE cost: 64 MiB and two passes. MODERATE (256 MiB) would let two
 * sign-ins at a time take half the memory of a small server.
 */
#include "server/accounts/password.h"

#include "base/error.h"
#include "base/limits.h"

#include <sodium.h>
#include <string.h>

#define PASSWORD_MEMORY ((size_t)crypto_pwhash_MEMLIMIT_INTERACTIVE)
#define PASSWORD_PASSES ((unsigned long long)crypto_pwhash_OPSLIMIT_INTERACTIVE)
#define PASSWORD_HASHES_MAX 2
#define PASSWORD_QUEUE_MAX 6

/* Has the form and cost of a hash; no password has it. */
#define NOBODY_FORMAT                                            \
	"$argon2id$v=19$m=%zu,t=%llu,p=1$AAAAAAAAAAAAAAAAAAAAAA" \
	"$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static GMutex lock; /* guards the two below */
static GCond freed;
static unsigned working;
static unsigned queued;

static bool slot_take(GError **error)
{
	g_mutex_lock(&lock);
	bool full = working == PASSWORD_HASHES_MAX && queued == PASSWORD_QUEUE_MAX;
	if (!full) {
		queued++;
		while (working == PASSWORD_HASHES_MAX) {
			g_cond_wait(&freed, &lock);
		}
		queued--;
		working++;
	}
	g_mutex_unlock(&lock);
	if (full) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
				    "too many passwords are being checked, try again in a moment");
	}
	return !full;
}

static void slot_release(void)
{
	g_mutex_lock(&lock);
	working--;
	g_cond_signal(&freed);
	g_mutex_unlock(&lock);
}

/* Text that is wiped when it is freed. */
typedef char Secret;

static void secret_free(Secret *secret)
{
	if (secret) {
		sodium_memzero(secret, strlen(secret));
		g_free(secret);
	}
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Secret, secret_free)

static Secret *secret_new(const char *password, GError **error)
{
	size_t size = strnlen(password, PASSWORD_SIZE_MAX + 1);
	const char *fault = NULL;
	if (size == 0) {
		fault = "a password must not be empty";
	} else if (size > PASSWORD_SIZE_MAX) {
		fault = "the password is too long";
	} else if (!g_utf8_validate(password, (gssize)size, NULL)) {
		fault = "a password must be valid UTF-8";
	}
	for (const char *at = password; !fault && *at; at = g_utf8_next_char(at)) {
		if (g_unichar_iscntrl(g_utf8_get_char(at))) {
			fault = "a password must not contain control characters";
		}
	}
	if (fault) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, fault);
		return NULL;
	}
	return g_utf8_normalize(password, (gssize)size, G_NORMALIZE_NFC);
}

static bool sodium_ready(GError **error)
{
	if (sodium_init() < 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_IO,
				    "the system's random source cannot be used");
		return false;
	}
	return true;
}

char *password_hash(const char *password, GError **error)
{
	g_autoptr(Secret) text = secret_new(password, error);
	if (!text || !sodium_ready(error) || !slot_take(error)) {
		return NULL;
	}
	char hash[crypto_pwhash_STRBYTES];
	int result = crypto_pwhash_str(hash, text, strlen(text), PASSWORD_PASSES, PASSWORD_MEMORY);
	slot_release();
	if (result != 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
			    "hash a password: no %zu bytes of memory", PASSWORD_MEMORY);
		return NULL;
	}
	return g_strdup(hash);
}

bool password_verify(const char *hash, const char *password, bool *ret_right, GError **error)
{
	g_autoptr(Secret) text = secret_new(password, NULL);
	if (!sodium_ready(error) || !slot_take(error)) {
		return false;
	}
	char nobody[crypto_pwhash_STRBYTES];
	g_snprintf(nobody, sizeof nobody, NOBODY_FORMAT, PASSWORD_MEMORY / 1024, PASSWORD_PASSES);
	const char *given = text ? text : "";
	int result = crypto_pwhash_str_verify(hash ? hash : nobody, given, strlen(given));
	slot_release();
	*ret_right = result == 0 && hash && text;
	return true;
}

bool password_is_outdated(const char *hash)
{
	return crypto_pwhash_str_needs_rehash(hash, PASSWORD_PASSES, PASSWORD_MEMORY) != 0;
}
