/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/issue.h"

#include "base/error.h"
#include "server/accounts/accounts.h"

#include <sodium.h>
#include <string.h>

#define ACCESS_US G_TIME_SPAN_HOUR

static void wipe(char **text)
{
	if (*text) {
		sodium_memzero(*text, strlen(*text));
	}
	g_clear_pointer(text, g_free);
}

void issue_clear(Issued *issued)
{
	wipe(&issued->access);
	wipe(&issued->refresh);
}

bool issue_device(OauthCall *call, const GrantIssue *issue, Issued *ret_issued, GError **error)
{
	Devices *devices = accounts_devices(call->oauth->accounts);
	Issued issued = { .expires_us = call->now_us + ACCESS_US, .scopes = issue->scopes };
	if (!devices_add(devices, issue->approval.account, issue->device_name, call->now_us,
			 &issued.access, &issued.device, error)) {
		return false;
	}
	issued.refresh = g_strdup(issued.access);
	*ret_issued = issued;
	return true;
}

/* Whose device a token is; *ret_device 0 if nobody's. */
static bool find_device(OauthCall *call, const char *token, DevicesCaller *ret_caller,
			GError **error)
{
	g_autoptr(GError) failure = NULL;
	*ret_caller = (DevicesCaller){ 0 };
	if (devices_authenticate(accounts_devices(call->oauth->accounts), token, call->now_us,
				 ret_caller, &failure) ||
	    g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED)) {
		return true;
	}
	g_propagate_error(error, g_steal_pointer(&failure));
	return false;
}

bool issue_refresh(OauthCall *call, const char *refresh, const char *client_id, Issued *ret_issued,
		   GError **error)
{
	DevicesCaller caller;
	if (!find_device(call, refresh, &caller, error)) {
		return false;
	}
	if (caller.device == 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED,
				    "this device is signed out");
		return false;
	}
	*ret_issued = (Issued){
		.access = g_strdup(refresh),
		.refresh = g_strdup(refresh),
		.expires_us = call->now_us + ACCESS_US,
		.device = caller.device,
		.scopes = 0xf,
	};
	return true;
}

bool issue_revoke(OauthCall *call, const char *token, const char *client_id, GError **error)
{
	DevicesCaller caller;
	if (!find_device(call, token, &caller, error)) {
		return false;
	}
	return caller.device == 0 || devices_end(accounts_devices(call->oauth->accounts),
						 caller.account, caller.device, error);
}
