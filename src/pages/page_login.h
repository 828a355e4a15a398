/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pages/frame.h"

/* A chat service that one can sign in with. */
typedef struct PageLoginService {
	const char *icon;
	const char *label;
	const char *href;
	bool last_used;
} PageLoginService;

typedef enum PageLoginReason {
	PAGE_LOGIN_PLAIN,
	PAGE_LOGIN_INVITED,
	PAGE_LOGIN_FIRST_ADMIN,
	PAGE_LOGIN_REAUTH, /* frame->who once more, before something grave */
	PAGE_LOGIN_LINK,   /* a chat address that shall open the account of frame->who too */
} PageLoginReason;

/* The ways in. A NULL action leaves its form out. All borrowed. */
typedef struct PageLogin {
	PageLoginReason reason;
	const char *client; /* the program that asks, and its device; or NULL */
	const char *device;
	const PageLoginService *services; /* the last used first */
	size_t service_count;
	const char *chat_action;     /* POST address= */
	const char *password_action; /* POST name=, password= */
	const char *register_action; /* the same, for a new account */
	const char *local_href;      /* where that form is, if it is not here; NULL: here */
	bool local_first;            /* it was asked for, and stands above the other ways */
	const char *name;            /* what was typed, or NULL */
	const char *address;
	bool hinted; /* the address was typed elsewhere, and nothing is to do here but to press */
	bool failed; /* problem says why */
	Phrase problem;
} PageLogin;

GBytes *page_login(const Frame *frame, const PageLogin *login);

/* A service with many servers: which is it? GETs server= and a=. */
typedef struct PageLoginServer {
	const char *icon;
	const char *label;
	const char *action;
	const char *journey;
} PageLoginServer;

GBytes *page_login_server(const Frame *frame, const PageLoginServer *server);
