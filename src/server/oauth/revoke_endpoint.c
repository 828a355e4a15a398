/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/revoke_endpoint.h"

#include "server/accounts/credentials.h"

void revoke_endpoint_handle(OauthCall *call)
{
	g_autoptr(OauthClient) client = oauth_caller(call);
	const char *token = client ? oauth_required(call, "token") : NULL;
	if (!token) {
		return;
	}
	g_autoptr(GError) error = NULL;
	const AuditBy by = { .peer = call->request->peer, .now_us = call->now_us };
	/* Whether it was a token is not told. */
	if (!credentials_revoke(accounts_devices(call->oauth->accounts), token, client->id, &by,
				&error)) {
		oauth_fail(call, error);
		return;
	}
	call->response->status = 200;
}
