/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/api.h"
#include "base/bulk.h"
#include "server/accounts/login_limit.h"
#include "server/accounts/accounts.h"
#include "server/drive/drive.h"
#include "server/feed/feed.h"

#include <jansson.h>

struct Api {
	Accounts *accounts;
	Drive *drive;
	Feed *feed;
	Share *share;
	LoginLimit *login_limit;
	/* Counters, all since the start. */
	_Atomic uint64_t requests;
	_Atomic uint64_t failures; /* answered with 5xx */
	_Atomic uint64_t sign_ins;
	_Atomic uint64_t sign_in_failures;
	_Atomic uint64_t commits;
	_Atomic uint64_t operations;
	_Atomic uint64_t bytes_in;
	_Atomic uint64_t bytes_out;
};

/* One request on its way through the endpoints. */
typedef struct ApiCall {
	Api *api;
	const Request *request;
	const char *rest;   /* of the path, behind the endpoint's; "" if it is the whole */
	DriveCaller caller; /* drive: set by whoever needs it */
	int64_t now_us;
	Response *response;
} ApiCall;

/* An endpoint fills call->response, or fails. */
typedef bool (*ApiEndpoint)(ApiCall *call, GError **error);

/* Answers 200 with JSON; takes the value. */
void api_reply_json(ApiCall *call, json_t *value);
/* Answers 200 with a body of frames; takes it. */
void api_reply_frames(ApiCall *call, Bulk *body);

/* The feed knows an account's credentials by this, as if it were a drive. */
NodeId api_account_topic(int64_t account);
