/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pages/frame.h"
#include "server/accounts/accounts.h"
#include "server/accounts/audit.h"
#include "server/accounts/sessions.h"
#include "server/chat/chat.h"
#include "server/login/journeys.h"
#include "server/login/login.h"
#include "server/accounts/login_limit.h"
#include "server/oauth/oauth.h"
#include "server/picture/pictures.h"
#include "server/provider/provider.h"

struct Login {
	Accounts *accounts;
	Providers *providers;
	Pictures *pictures;
	Chat *chat;
	Oauth *oauth;
	char *drive_name;
	char *verify_folder;
	char *meta_name;
	char *meta_content;
	Journeys *journeys;
	LoginLimit *limit;
	_Atomic(char *) base; /* set once */
};

/* One request on its way. */
typedef struct LoginCall {
	Login *login;
	const Request *request;
	Response *response;
	const char *rest; /* of the path, behind the route's */
	const char *base;
	Parameters *form; /* of a POST, whose token was right */
	int64_t now_us;
	Language language;
	char *browser;        /* the cookie; made if there was none */
	char *browser_digest; /* of it */
	char *session_token;  /* the cookie, or NULL */
	bool signed_in;       /* session is filled */
	Session session;
	char *who; /* the account's name for people, if signed in */
	char *drive;
	char *csrf;
	AuditBy by;
} LoginCall;

/* A page or an action: fills call->response, or fails. */
typedef bool (*LoginEndpoint)(LoginCall *call, GError **error);
