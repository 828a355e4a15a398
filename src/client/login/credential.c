/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of a renewal: take the lock, read the file again, ask the drive, write the file, give
 * the lock back. A crash between the answer and the file leaves the refresh token that was used:
 * the drive answers to it once more, since nobody has used what it gave out.
 */
#include "client/login/credential.h"

#include "base/error.h"
#include "client/login/endpoint.h"
#include "client/login/token_file.h"

#include <string.h>
#include <unistd.h>

struct Credential {
	char *folder;
	GMutex lock;   /* guards the following; held while a token is renewed */
	Tokens tokens; /* as last read or written; access NULL: not read yet */
};

Credential *credential_new(const char *folder)
{
	Credential *credential = g_new0(Credential, 1);
	credential->folder = g_strdup(folder);
	g_mutex_init(&credential->lock);
	return credential;
}

void credential_free(Credential *credential)
{
	if (!credential) {
		return;
	}
	tokens_clear(&credential->tokens);
	g_mutex_clear(&credential->lock);
	g_free(credential->folder);
	g_free(credential);
}

/* ---- renewing ---------------------------------------------------------------------------- */

static bool set_signed_out(GError **error)
{
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED,
			    "this device is signed out: sign in again with 'imdrive login'");
	return false;
}

/* Nobody shall ask the drive again with a token that it has refused for good. */
static bool end(Credential *credential, GError **error)
{
	g_autoptr(GError) failure = NULL;
	tokens_clear(&credential->tokens);
	credential->tokens.access = g_strdup("");
	if (!token_file_write(credential->folder, NULL, &failure)) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return false;
	}
	return set_signed_out(error);
}

static bool ask(Credential *credential, GCancellable *cancellable, GError **error)
{
	Tokens *tokens = &credential->tokens;
	g_autoptr(GString) form = g_string_new(NULL);
	endpoint_form_add(form, "grant_type", "refresh_token");
	endpoint_form_add(form, "refresh_token", tokens->refresh);
	endpoint_form_add(form, "client_id", tokens->client_id);
	g_auto(EndpointAnswer) answer = { 0 };
	if (!endpoint_post(tokens->token_endpoint, form, cancellable, &answer, error)) {
		return false;
	}
	if (g_strcmp0(answer.code, "invalid_grant") == 0 ||
	    g_strcmp0(answer.code, "invalid_client") == 0) {
		return end(credential, error);
	}
	if (answer.code) {
		return endpoint_refused(&answer, error);
	}
	if (!tokens_take(tokens, answer.object, g_get_real_time(), error)) {
		return false;
	}
	return token_file_write(credential->folder, tokens, error);
}

static bool is_good(const Tokens *tokens, const char *refused)
{
	if (!tokens->access || !*tokens->access || g_strcmp0(tokens->access, refused) == 0) {
		return false;
	}
	return !tokens->refresh || g_get_real_time() < tokens->renew_us;
}

/* Under both locks: what the file says now, or the drive. */
static bool renew_locked(Credential *credential, const char *refused, GCancellable *cancellable,
			 GError **error)
{
	Tokens found = { 0 };
	if (!token_file_read(credential->folder, &found, error)) {
		return false;
	}
	tokens_clear(&credential->tokens);
	credential->tokens = found;
	const Tokens *tokens = &credential->tokens;
	if (is_good(tokens, refused)) {
		return true;
	}
	if (!tokens->refresh) {
		return set_signed_out(error);
	}
	g_autoptr(GError) failure = NULL;
	if (ask(credential, cancellable, &failure)) {
		return true;
	}
	/* One that is only about to end is good while the drive cannot renew it. */
	bool lasts = g_get_real_time() < tokens->expires_us && *tokens->access &&
		     g_strcmp0(tokens->access, refused) != 0;
	bool passes = failure->code == DRIVE_ERROR_OFFLINE || failure->code == DRIVE_ERROR_BUSY;
	if (lasts && passes) {
		return true;
	}
	g_propagate_prefixed_error(error, g_steal_pointer(&failure),
				   "renew the credential of this device: ");
	return false;
}

static bool renew(Credential *credential, const char *refused, GCancellable *cancellable,
		  GError **error)
{
	int fd = token_file_lock(credential->folder, cancellable, error);
	if (fd < 0) {
		return false;
	}
	bool renewed = renew_locked(credential, refused, cancellable, error);
	close(fd);
	return renewed;
}

char *credential_get(Credential *credential, const char *refused, GCancellable *cancellable,
		     GError **error)
{
	char *token = NULL;
	g_mutex_lock(&credential->lock);
	bool good = is_good(&credential->tokens, refused);
	if (!good && g_cancellable_is_cancelled(cancellable)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED, "given up");
	} else if (good || renew(credential, refused, cancellable, error)) {
		token = g_strdup(credential->tokens.access);
	}
	g_mutex_unlock(&credential->lock);
	return token;
}
