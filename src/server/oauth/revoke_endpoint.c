/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/revoke_endpoint.h"

#include "server/oauth/issue.h"

void revoke_endpoint_handle(OauthCall *call)
{
	g_autoptr(OauthClient) client = oauth_caller(call);
	const char *token = client ? oauth_required(call, "token") : NULL;
	if (!token) {
		return;
	}
	g_autoptr(GError) error = NULL;
	/* Whether it was a token is not told. */
	if (!issue_revoke(call, token, client->id, &error)) {
		oauth_fail(call, error);
		return;
	}
	call->response->status = 200;
}
