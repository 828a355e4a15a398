/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/oauth/entry_limit.h"
#include "server/oauth/grant.h"
#include "server/oauth/oauth.h"
#include "server/oauth/oauth_client.h"

#include "request/request.h"
#include "request/response.h"

#include <jansson.h>

struct Oauth {
	Accounts *accounts;
	Sql *sql;
	bool (*home)(int64_t account, NodeId *ret_drive, void *data, GError **error);
	void *home_data;
	Grants *grants;
	EntryLimit *entries;
	_Atomic(char *) issuer; /* set once */
};

/* A request to an endpoint for programs, on its way. */
typedef struct OauthCall {
	Oauth *oauth;
	const char *issuer;
	const Request *request;
	const Parameters *form; /* NULL for GET */
	int64_t now_us;
	Response *response;
} OauthCall;

/*
 * The answers: JSON (takes the value), and an error of RFC 6749 5.2 or RFC 8628 3.5. Endpoints
 * return after either.
 */
void oauth_reply(OauthCall *call, json_t *value);
void oauth_refuse(OauthCall *call, unsigned status, const char *code, const char *description);
/* 503 or 500, with the text for the log only. */
void oauth_fail(OauthCall *call, const GError *error);

/* A parameter of the form; one without value counts as absent (RFC 6749 3.2). */
const char *oauth_value(const OauthCall *call, const char *name);
/* One that must be there: NULL, and refused, if it is not. */
const char *oauth_required(OauthCall *call, const char *name);

/* The public client that asks, by client_id; NULL, and refused, if there is none. */
OauthClient *oauth_caller(OauthCall *call);

/*
 * What may be shown of a text that came from outside: printable characters of it, at most
 * DEVICE_NAME_SIZE_MAX bytes, else fallback. Free with g_free().
 */
char *oauth_shown_name(const char *text, const char *fallback);
