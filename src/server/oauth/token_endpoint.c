/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/token_endpoint.h"

#include "base/error.h"
#include "server/accounts/audit.h"
#include "server/accounts/credentials.h"
#include "server/oauth/pkce.h"
#include "server/oauth/scope.h"

#include <string.h>

#define DEVICE_GRANT "urn:ietf:params:oauth:grant-type:device_code"

/* ---- the answer -------------------------------------------------------------------------- */

static void reply_tokens(OauthCall *call, const Credentials *credentials, json_t *about)
{
	g_autofree char *scope = scope_show(credentials->scopes);
	int64_t life_s = (credentials->expires_us - call->now_us) / G_TIME_SPAN_SECOND;
	json_t *object = json_pack("{s:s, s:s, s:I, s:s, s:s}", "access_token", credentials->access,
				   "token_type", "Bearer", "expires_in", (json_int_t)MAX(life_s, 1),
				   "refresh_token", credentials->refresh, "scope", scope);
	if (about) {
		json_object_update_new(object, about);
	}
	oauth_reply(call, object);
	call->response->device = credentials->device;
}

/* Who was let in; NULL with an error. */
static json_t *about(OauthCall *call, const GrantIssue *issue, int64_t device, GError **error)
{
	NodeId drive;
	Account account;
	if (!call->oauth->home(issue->approval.account, &drive, call->oauth->home_data, error) ||
	    !accounts_get(call->oauth->accounts, issue->approval.account, &account, error)) {
		return NULL;
	}
	char drive_hex[NODE_ID_HEX_SIZE];
	node_id_to_hex(&drive, drive_hex);
	json_t *object = json_pack("{s:{s:I, s:s}, s:{s:I, s:s}, s:s, s:b}", "account", "id",
				   (json_int_t)account.id, "name", account.name, "device", "id",
				   (json_int_t)device, "name", issue->device_name, "drive",
				   drive_hex, "registered", issue->approval.registered);
	accounts_account_clear(&account);
	return object;
}

static void refuse_grant(OauthCall *call, const char *description)
{
	oauth_refuse(call, 400, "invalid_grant", description);
}

/* ---- issuing ----------------------------------------------------------------------------- */

static AuditBy by_of(const OauthCall *call, int64_t account)
{
	return (AuditBy){ .account = account, .peer = call->request->peer, .now_us = call->now_us };
}

/* What the first one got, who redeemed what was redeemed again. */
static void end_device(OauthCall *call, int64_t account, int64_t device)
{
	g_autoptr(GError) error = NULL;
	const AuditBy by = by_of(call, 0);
	const DevicesCaller which = { .account = account, .device = device };
	const AuditEvent event = { .what = "code-reuse", .account = account };
	bool ended = devices_end_by(accounts_devices(call->oauth->accounts), &which, &by, &error) &&
		     audit_note(call->oauth->accounts, &by, &event, &error);
	if (!ended && !g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
		call->response->detail = g_strdup(error->message);
	}
}

static bool make_device(OauthCall *call, const GrantIssue *issue, Credentials *ret_credentials,
			json_t **ret_about, GError **error)
{
	const CredentialsGrant grant = {
		.account = issue->approval.account,
		.epoch = issue->approval.epoch,
		.device_name = issue->device_name,
		.method = issue->approval.method,
		.client = issue->client_id,
		.scopes = issue->scopes,
	};
	const AuditBy by = by_of(call, issue->approval.account);
	Devices *devices = accounts_devices(call->oauth->accounts);
	if (!credentials_issue(devices, &grant, &by, ret_credentials, error)) {
		return false;
	}
	*ret_about = about(call, issue, ret_credentials->device, error);
	if (!*ret_about) {
		devices_end(devices, issue->approval.account, ret_credentials->device, NULL);
	}
	return *ret_about;
}

static void fail_issue(OauthCall *call, const GError *error)
{
	switch (error->code) {
	case DRIVE_ERROR_UNAUTHENTICATED:
		refuse_grant(call, "the account's access was revoked meanwhile");
		break;
	case DRIVE_ERROR_FORBIDDEN:
		oauth_refuse(call, 400, "access_denied", error->message);
		break;
	default:
		oauth_fail(call, error);
	}
}

/* Makes the credential for a secret that was just redeemed, if it is not redeemed again now. */
static void issue_for(OauthCall *call, const char *secret, const GrantIssue *issue)
{
	g_autoptr(GError) error = NULL;
	g_auto(Credentials) credentials = { 0 };
	json_t *told = NULL;
	if (!make_device(call, issue, &credentials, &told, &error)) {
		grant_failed(call->oauth->grants, secret);
		fail_issue(call, error);
		return;
	}
	if (!grant_issued(call->oauth->grants, secret, credentials.device, call->now_us)) {
		json_decref(told);
		end_device(call, issue->approval.account, credentials.device);
		refuse_grant(call, "it was redeemed twice at once");
		return;
	}
	reply_tokens(call, &credentials, told);
}

/* What all ways of redeeming have in common. */
static void answer(OauthCall *call, GrantResult result, const char *secret, const GrantIssue *issue)
{
	switch (result) {
	case GRANT_ISSUE:
		issue_for(call, secret, issue);
		break;
	case GRANT_REUSED:
		end_device(call, issue->approval.account, issue->device);
		refuse_grant(call, "it was redeemed already; what it gave out has ended");
		break;
	case GRANT_INVALID:
		refuse_grant(call, "it is not known, not yours, or too old");
		break;
	case GRANT_PENDING:
		oauth_refuse(call, 400, "authorization_pending", "nobody has said yes or no yet");
		break;
	case GRANT_SLOW_DOWN:
		oauth_refuse(call, 400, "slow_down", "ask five seconds less often");
		break;
	case GRANT_DENIED:
		oauth_refuse(call, 400, "access_denied", "the sign-in was not approved");
		break;
	case GRANT_EXPIRED:
		oauth_refuse(call, 400, "expired_token", "nobody said yes or no in time");
		break;
	}
}

/* ---- grants ------------------------------------------------------------------------------ */

static void redeem_code(OauthCall *call, const OauthClient *client)
{
	GrantCode code = { .client_id = client->id, .now_us = call->now_us };
	code.code = oauth_required(call, "code");
	code.redirect = code.code ? oauth_required(call, "redirect_uri") : NULL;
	code.verifier = code.redirect ? oauth_required(call, "code_verifier") : NULL;
	if (!code.verifier) {
		return;
	}
	g_auto(GrantIssue) issue = { 0 };
	GrantResult result = grant_redeem_code(call->oauth->grants, &code, &issue);
	answer(call, result, code.code, &issue);
}

/* A verifier where no challenge was is a mix-up, or an attempt at one (RFC 9700 4.8.2). */
static bool has_no_verifier(OauthCall *call)
{
	if (oauth_value(call, "code_verifier")) {
		oauth_refuse(call, 400, "invalid_request", "code_verifier belongs to a code");
		return false;
	}
	return true;
}

static void redeem_device_code(OauthCall *call, const OauthClient *client)
{
	const char *code = has_no_verifier(call) ? oauth_required(call, "device_code") : NULL;
	if (!code) {
		return;
	}
	g_auto(GrantIssue) issue = { 0 };
	GrantResult result =
		grant_poll(call->oauth->grants, code, client->id, call->now_us, &issue);
	answer(call, result, code, &issue);
}

static void refresh(OauthCall *call, const OauthClient *client)
{
	const char *token = has_no_verifier(call) ? oauth_required(call, "refresh_token") : NULL;
	const char *scope = oauth_value(call, "scope");
	unsigned scopes;
	if (!token) {
		return;
	}
	/* What is granted stays what it is; asking for it again is no harm. */
	if (scope && !scope_read(scope, &scopes)) {
		oauth_refuse(call, 400, "invalid_scope", "there is no such scope");
		return;
	}
	g_autoptr(GError) error = NULL;
	g_auto(Credentials) credentials = { 0 };
	const AuditBy by = by_of(call, 0);
	if (credentials_refresh(accounts_devices(call->oauth->accounts), token, client->id, &by,
				&credentials, &error)) {
		reply_tokens(call, &credentials, NULL);
	} else if (g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED)) {
		refuse_grant(call, "this device is signed out");
	} else {
		oauth_fail(call, error);
	}
}

void token_endpoint_handle(OauthCall *call)
{
	const char *type = oauth_required(call, "grant_type");
	if (!type) {
		return;
	}
	void (*redeem)(OauthCall *, const OauthClient *) = NULL;
	if (strcmp(type, "authorization_code") == 0) {
		redeem = redeem_code;
	} else if (strcmp(type, "refresh_token") == 0) {
		redeem = refresh;
	} else if (strcmp(type, DEVICE_GRANT) == 0) {
		redeem = redeem_device_code;
	} else {
		oauth_refuse(call, 400, "unsupported_grant_type",
			     "only authorization_code, refresh_token and " DEVICE_GRANT);
		return;
	}
	g_autoptr(OauthClient) client = oauth_caller(call);
	if (client) {
		redeem(call, client);
	}
}
