/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/sign_in.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "client/login/browser.h"
#include "client/login/endpoint.h"
#include "client/login/loopback.h"
#include "client/login/server_url.h"

#include <string.h>

#define DEVICE_GRANT "urn:ietf:params:oauth:grant-type:device_code"
#define INTERVAL_DEFAULT_S 5
#define INTERVAL_S_MIN 1
#define USER_CODE_SIZE_MAX 64
#define SLOWER_S 5
#define EXPIRES_S_MAX 3600
#define CANCEL_LOOK_US (100 * G_TIME_SPAN_MILLISECOND)

/* ---- the answer -------------------------------------------------------------------------- */

bool sign_in_take(const json_t *answer, ProfileLogin *ret_login, GError **error)
{
	const json_t *account = json_object_get(answer, "account");
	const json_t *device = json_object_get(answer, "device");
	const char *drive = json_string_value(json_object_get(answer, "drive"));
	const char *name = json_string_value(json_object_get(account, "name"));
	const char *device_name = json_string_value(json_object_get(device, "name"));
	if (!drive || !name || !device_name || !node_id_from_hex(drive, &ret_login->drive)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the server's answer does not say who was let in: is it a "
				    "drive?");
		return false;
	}
	if (!tokens_take(&ret_login->tokens, answer, g_get_real_time(), error)) {
		return false;
	}
	ret_login->account = text_printable(name, strlen(name));
	ret_login->device_name = text_printable(device_name, strlen(device_name));
	ret_login->device = json_integer_value(json_object_get(device, "id"));
	ret_login->registered = json_is_true(json_object_get(answer, "registered"));
	return true;
}

static bool take(const SignInOptions *options, const Endpoints *endpoints,
		 const EndpointAnswer *answer, ProfileLogin *ret_login, GError **error)
{
	g_auto(ProfileLogin) login = { 0 };
	if (!sign_in_take(answer->object, &login, error)) {
		return false;
	}
	login.server = g_strdup(endpoints->issuer);
	login.tokens.client_id = g_strdup(options->client_id);
	login.tokens.token_endpoint = g_strdup(endpoints->token);
	login.tokens.revocation_endpoint = g_strdup(endpoints->revocation);
	*ret_login = login;
	login = (ProfileLogin){ 0 };
	return true;
}

static bool discover(const SignInOptions *options, Endpoints *ret_endpoints, GError **error)
{
	g_autofree char *server = server_url_read(options->server, error);
	return server && endpoint_discover(server, options->cancellable, ret_endpoints, error);
}

/* ---- with a browser here ------------------------------------------------------------------ */

typedef struct Attempt {
	char *verifier;
	char *challenge;
	char *state;
} Attempt;

static void attempt_clear(Attempt *attempt)
{
	g_free(attempt->verifier);
	g_free(attempt->challenge);
	g_free(attempt->state);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Attempt, attempt_clear)

static void begin(Attempt *attempt)
{
	attempt->state = secret_make();
	attempt->verifier = secret_make();
	attempt->challenge = secret_challenge(attempt->verifier);
}

static char *authorize_url(const SignInOptions *options, const Endpoints *endpoints,
			   const Attempt *attempt, const char *redirect)
{
	g_autoptr(GString) query = g_string_new(NULL);
	endpoint_form_add(query, "response_type", "code");
	endpoint_form_add(query, "client_id", options->client_id);
	endpoint_form_add(query, "redirect_uri", redirect);
	endpoint_form_add(query, "code_challenge", attempt->challenge);
	endpoint_form_add(query, "code_challenge_method", "S256");
	endpoint_form_add(query, "state", attempt->state);
	endpoint_form_add(query, "device_name", options->device_name);
	if (options->provider) {
		endpoint_form_add(query, "provider", options->provider);
	}
	if (options->login_hint) {
		endpoint_form_add(query, "login_hint", options->login_hint);
	}
	if (options->invitation) {
		/* The invitation's own link, which takes such a query: nothing new for a secret. */
		return g_strconcat(endpoints->issuer, "/invite/", options->invitation, "?",
				   query->str, NULL);
	}
	return g_strconcat(endpoints->authorization, "?", query->str, NULL);
}

static bool redeem(const SignInOptions *options, const Endpoints *endpoints, const GString *form,
		   ProfileLogin *ret_login, GError **error)
{
	g_auto(EndpointAnswer) answer = { 0 };
	if (!endpoint_post(endpoints->token, form, options->cancellable, &answer, error)) {
		return false;
	}
	return answer.code ? endpoint_refused(&answer, error)
			   : take(options, endpoints, &answer, ret_login, error);
}

static bool browse(const SignInOptions *options, const Endpoints *endpoints,
		   ProfileLogin *ret_login, GError **error)
{
	g_auto(Attempt) attempt = { 0 };
	begin(&attempt);
	g_autoptr(Loopback) loopback = loopback_open(attempt.state, endpoints->issuer, error);
	if (!loopback) {
		return false;
	}
	const char *redirect = loopback_redirect(loopback);
	g_autofree char *url = authorize_url(options, endpoints, &attempt, redirect);
	const SignInPrompt prompt = {
		.url = url,
		.redirect = redirect,
		.opened = !options->shows_itself && browser_open(url),
		.expires_s = SIGN_IN_WAIT_S,
	};
	options->prompt(&prompt, options->prompt_data);
	g_autofree char *code =
		loopback_wait(loopback, SIGN_IN_WAIT_S * 1000, options->cancellable, error);
	if (!code) {
		return false;
	}
	g_autoptr(GString) form = g_string_new(NULL);
	endpoint_form_add(form, "grant_type", "authorization_code");
	endpoint_form_add(form, "client_id", options->client_id);
	endpoint_form_add(form, "code", code);
	endpoint_form_add(form, "redirect_uri", redirect);
	endpoint_form_add(form, "code_verifier", attempt.verifier);
	return redeem(options, endpoints, form, ret_login, error);
}

/* What may stand in a path as it is. */
static bool check_invitation(const char *token, GError **error)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t size = token ? strnlen(token, INVITATION_TOKEN_SIZE_MAX + 1) : 1;
	if (!token ||
	    (size > 0 && size <= INVITATION_TOKEN_SIZE_MAX && strspn(token, allowed) == size)) {
		return true;
	}
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "this invitation is not whole: open its link once more");
	return false;
}

bool sign_in_browser(const SignInOptions *options, ProfileLogin *ret_login, GError **error)
{
	g_auto(Endpoints) endpoints = { 0 };
	if (check_invitation(options->invitation, error) && discover(options, &endpoints, error) &&
	    browse(options, &endpoints, ret_login, error)) {
		return true;
	}
	g_prefix_error(error, "sign in to %s: ", options->server);
	return false;
}

/* ---- on another device --------------------------------------------------------------------- */

typedef struct Codes {
	json_t *object; /* owns the texts */
	const char *device_code;
	const char *user_code;
	const char *page;
	const char *url;
	unsigned interval_s;
	unsigned expires_s;
} Codes;

/* It is shown, to be typed elsewhere. */
static bool is_user_code(const char *code)
{
	size_t size = 0;
	for (; size <= USER_CODE_SIZE_MAX && g_ascii_isprint(code[size]); size++) {
	}
	return size > 0 && size <= USER_CODE_SIZE_MAX && code[size] == '\0';
}

static bool read_codes(Codes *codes, const Endpoints *endpoints, GError **error)
{
	const json_t *object = codes->object;
	const json_t *interval = json_object_get(object, "interval");
	json_int_t expires_s = json_integer_value(json_object_get(object, "expires_in"));
	codes->device_code = json_string_value(json_object_get(object, "device_code"));
	codes->user_code = json_string_value(json_object_get(object, "user_code"));
	codes->page = json_string_value(json_object_get(object, "verification_uri"));
	codes->url = json_string_value(json_object_get(object, "verification_uri_complete"));
	json_int_t interval_s = interval ? json_integer_value(interval) : INTERVAL_DEFAULT_S;
	codes->interval_s = (unsigned)CLAMP(interval_s, INTERVAL_S_MIN, EXPIRES_S_MAX);
	codes->expires_s = (unsigned)CLAMP(expires_s, 1, EXPIRES_S_MAX);
	if (!codes->device_code || !codes->user_code || !codes->page || !codes->url ||
	    !is_user_code(codes->user_code) ||
	    !server_url_is_below(codes->page, endpoints->issuer) ||
	    !server_url_is_below(codes->url, endpoints->issuer)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the answer has no code for another device: is it a drive?");
		return false;
	}
	return true;
}

static bool ask_codes(const SignInOptions *options, const Endpoints *endpoints, Codes *ret_codes,
		      GError **error)
{
	if (!endpoints->device) {
		g_set_error_literal(
			error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
			"this drive lets no device in by a code: sign in with a browser "
			"on this machine, without --device");
		return false;
	}
	g_autoptr(GString) form = g_string_new(NULL);
	endpoint_form_add(form, "client_id", options->client_id);
	endpoint_form_add(form, "device_name", options->device_name);
	g_auto(EndpointAnswer) answer = { 0 };
	if (!endpoint_post(endpoints->device, form, options->cancellable, &answer, error)) {
		return false;
	}
	if (answer.code) {
		return endpoint_refused(&answer, error);
	}
	ret_codes->object = g_steal_pointer(&answer.object);
	return read_codes(ret_codes, endpoints, error);
}

/* Until then, or until it is given up. */
static bool sleep_until(int64_t time_us, GCancellable *cancellable, GError **error)
{
	for (int64_t now_us = g_get_monotonic_time(); now_us < time_us;
	     now_us = g_get_monotonic_time()) {
		if (g_cancellable_is_cancelled(cancellable)) {
			g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED, "given up");
			return false;
		}
		g_usleep((unsigned long)MIN(time_us - now_us, CANCEL_LOOK_US));
	}
	return true;
}

/* Asks once; *ret_done says whether that is the end of it, well or not. */
static bool poll_once(const SignInOptions *options, const Endpoints *endpoints, Codes *codes,
		      ProfileLogin *ret_login, bool *ret_done, GError **error)
{
	g_autoptr(GString) form = g_string_new(NULL);
	g_autoptr(GError) failure = NULL;
	g_auto(EndpointAnswer) answer = { 0 };
	endpoint_form_add(form, "grant_type", DEVICE_GRANT);
	endpoint_form_add(form, "client_id", options->client_id);
	endpoint_form_add(form, "device_code", codes->device_code);
	*ret_done = false;
	if (!endpoint_post(endpoints->token, form, options->cancellable, &answer, &failure)) {
		/* A drive that cannot be reached now may be in five seconds (RFC 8628 3.5). */
		if (failure->code == DRIVE_ERROR_OFFLINE || failure->code == DRIVE_ERROR_BUSY) {
			codes->interval_s += SLOWER_S;
			return true;
		}
		*ret_done = true;
		g_propagate_error(error, g_steal_pointer(&failure));
		return false;
	}
	if (g_strcmp0(answer.code, "authorization_pending") == 0) {
		return true;
	}
	if (g_strcmp0(answer.code, "slow_down") == 0) {
		codes->interval_s += SLOWER_S;
		return true;
	}
	*ret_done = true;
	return answer.code ? endpoint_refused(&answer, error)
			   : take(options, endpoints, &answer, ret_login, error);
}

static bool poll(const SignInOptions *options, const Endpoints *endpoints, Codes *codes,
		 ProfileLogin *ret_login, GError **error)
{
	int64_t start_us = g_get_monotonic_time();
	int64_t end_us = start_us + codes->expires_s * G_TIME_SPAN_SECOND;
	bool done = false;
	bool well = true;
	while (!done && well) {
		int64_t next_us = g_get_monotonic_time() + codes->interval_s * G_TIME_SPAN_SECOND;
		if (next_us > end_us) {
			g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE,
					    "nobody said yes or no while the code was good: start "
					    "again for a new one");
			return false;
		}
		well = sleep_until(next_us, options->cancellable, error) &&
		       poll_once(options, endpoints, codes, ret_login, &done, error);
	}
	return well;
}

bool sign_in_device(const SignInOptions *options, ProfileLogin *ret_login, GError **error)
{
	g_auto(Endpoints) endpoints = { 0 };
	Codes codes = { 0 };
	bool well = discover(options, &endpoints, error) &&
		    ask_codes(options, &endpoints, &codes, error);
	if (well) {
		const SignInPrompt prompt = {
			.url = codes.url,
			.page = codes.page,
			.user_code = codes.user_code,
			.expires_s = codes.expires_s,
		};
		options->prompt(&prompt, options->prompt_data);
		well = poll(options, &endpoints, &codes, ret_login, error);
	}
	json_decref(codes.object);
	if (!well) {
		g_prefix_error(error, "sign in to %s from another device: ", options->server);
	}
	return well;
}
