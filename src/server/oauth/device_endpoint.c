/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/device_endpoint.h"

#include "base/error.h"
#include "base/network.h"
#include "server/oauth/scope.h"

#include <sodium.h>
#include <string.h>

/* Both are what grant.c lets a request live, and a device wait between two polls. */
#define EXPIRES_IN_S 600
#define INTERVAL_S 5

/* Who types a code that somebody sent him must not hand over the account itself (A9). */
static bool read_scope(OauthCall *call, const OauthClient *client, unsigned *ret_scopes)
{
	const char *scope = oauth_value(call, "scope");
	unsigned allowed = client->scopes & SCOPE_DEVICE;
	*ret_scopes = allowed;
	if ((scope && !scope_read(scope, ret_scopes)) || *ret_scopes & ~allowed ||
	    *ret_scopes == 0) {
		oauth_refuse(call, 400, "invalid_scope",
			     "a device may not have this scope when it is approved on another");
		return false;
	}
	return true;
}

static json_t *answer(const OauthCall *call, const char *device_code, const char *user_code)
{
	char shown[USER_CODE_SHOWN_SIZE];
	user_code_show(user_code, shown);
	g_autofree char *uri = g_strconcat(call->issuer, "/device", NULL);
	g_autofree char *complete = g_strconcat(uri, "?user_code=", shown, NULL);
	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:i}", "device_code", device_code, "user_code",
			 shown, "verification_uri", uri, "verification_uri_complete", complete,
			 "expires_in", EXPIRES_IN_S, "interval", INTERVAL_S);
}

void device_endpoint_handle(OauthCall *call)
{
	g_autoptr(OauthClient) client = oauth_caller(call);
	unsigned scopes;
	if (!client || !read_scope(call, client, &scopes)) {
		return;
	}
	g_autofree char *device_name =
		oauth_shown_name(oauth_value(call, "device_name"), client->name);
	g_autofree char *peer_key = network_text(call->request->peer);
	const GrantAsk ask = {
		.kind = GRANT_DEVICE,
		.client_id = client->id,
		.client_name = client->name,
		.own = client->own,
		.device_name = device_name,
		.scopes = scopes,
		.peer = (char *)call->request->peer,
		.peer_key = peer_key,
	};
	g_autofree char *device_code = NULL;
	char user_code[USER_CODE_SIZE];
	g_autoptr(GError) error = NULL;
	if (!grant_add_device(call->oauth->grants, &ask, call->now_us, &device_code, user_code,
			      &error)) {
		oauth_refuse(call, 429, "slow_down", error->message);
		call->response->retry_after_s = 60;
		return;
	}
	oauth_reply(call, answer(call, device_code, user_code));
	sodium_memzero(device_code, strlen(device_code));
}
