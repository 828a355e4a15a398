/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/node_id.h"
#include "request/service.h"
#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The drive's own OAuth 2.1 authorization server: what its clients (imdrive, imdrive-app, and those
 * that the operator adds) go through to become a device of an account.
 *
 * A person says yes on pages that are the broker's. So a request for authorization lies here,
 * *pending*, under an id, while the broker finds out who the person is; then the broker approves or
 * denies it. Two ways make a request pending: a browser that came to /oauth/authorize
 * (oauth_begin()), and a code that was typed from another device's screen (oauth_find_device()).
 *
 *	browser: oauth_begin -> pending -> oauth_ask -> oauth_approve | oauth_deny -> redirect
 *	device:  oauth_find_device -> pending -> oauth_ask -> oauth_approve | oauth_deny
 *
 * Pending requests, codes and device codes live in memory, for ten minutes at most and bounded in
 * number: a restart asks whoever was in the middle of it to begin again, and nobody else. What
 * lasts (devices and their credentials) is the accounts' to keep.
 *
 * All functions may be called from any thread; none waits for anything but the database.
 */
typedef struct Oauth Oauth;
typedef struct Accounts Accounts;

typedef struct OauthOptions {
	Accounts *accounts; /* borrowed */
	Sql *sql;           /* borrowed; holds the clients that the operator added */
	/* The drive of an account, made if need be: it stands in the answer to a sign-in. */
	bool (*home)(int64_t account, NodeId *ret_drive, void *data, GError **error);
	void *home_data;
} OauthOptions;

Oauth *oauth_open(const OauthOptions *options, GError **error);
void oauth_close(Oauth *oauth);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Oauth, oauth_close)

/*
 * The base of all absolute URLs ("https://drive.example.org", no slash at the end), which is the
 * issuer: from configuration or from where the server listens, never from a request. Until it is
 * set, and if it is http elsewhere than on loopback, nobody signs in.
 */
void oauth_set_issuer(Oauth *oauth, const char *issuer);
/* Borrowed; NULL while there is none that may be used. */
const char *oauth_issuer(Oauth *oauth);

/*
 * The endpoints for programs: /oauth/token, /oauth/device, /oauth/revoke and the metadata. What a
 * browser shows (/oauth/authorize, /device) is the broker's.
 */
Service oauth_service(Oauth *oauth);

/* ---- a browser comes to /oauth/authorize ----------------------------------------------- */

typedef enum OauthBegun {
	OAUTH_PENDING,  /* *ret_pending: ask the person */
	OAUTH_REDIRECT, /* *ret_redirect: send the browser there, with the client's error */
	OAUTH_REFUSED, /* error: show it; client or redirect cannot be trusted, so never redirect */
} OauthBegun;

/*
 * query: of the request, as it came; NULL for none. A parameter that comes twice, a missing or
 * other PKCE method than S256, an unknown scope or response type are the client's errors and go to
 * its redirect; an unknown client, and a redirect that is not exactly one of its own (but for the
 * port of a loopback redirect), are shown.
 */
OauthBegun oauth_begin(Oauth *oauth, const Parameters *query, int64_t now_us, char **ret_pending,
		       char **ret_redirect, GError **error);

/* ---- somebody types the code that a device shows ---------------------------------------- */

/*
 * user_code as typed: case, blanks and hyphens do not matter. Wrong entries are counted by session
 * (any text that is the browser's, NULL for none) and by peer (numeric address, NULL: trusted):
 * after the fifth DRIVE_ERROR_BUSY until ten minutes have passed. DRIVE_ERROR_NOT_FOUND if there is
 * no such code, or not any more.
 *
 * The id found stands for what oauth_ask() shows from now on, so that nobody approves another
 * request than he saw.
 */
typedef struct OauthEntry {
	const char *user_code;
	const char *session;
	const char *peer;
	int64_t now_us;
} OauthEntry;
bool oauth_find_device(Oauth *oauth, const OauthEntry *entry, char **ret_pending, GError **error);

/* ---- what the pages show, and what the person says --------------------------------------- */

/* All strings UTF-8, without control characters and bounded; to be escaped by whoever shows them.
 */
typedef struct OauthAsk {
	char *client_id;
	char *client_name;
	bool own;          /* the drive's own client: fresh proof of who it is, is consent */
	char *device_name; /* how the device calls itself; never empty */
	char *provider;    /* browser: the way of signing in that was asked for; NULL: none */
	char *login_hint;  /* browser: the chat address that was typed in the program; NULL: none */
	char *scope;       /* granted if approved: "files:read files:write" */
	char *user_code;   /* device: as its screen shows it, "WDJB-MJHT"; browser: NULL */
	char *peer;        /* device: from where it asked; NULL: not known */
	int64_t asked_us;
	int64_t expires_us;
	char *form_action; /* browser: source that CSP form-action must allow ("http://127.0.0.1:*",
			      "https://app.example.org"); device: NULL */
} OauthAsk;

void oauth_ask_clear(OauthAsk *ask);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OauthAsk, oauth_ask_clear)

/* DRIVE_ERROR_NOT_FOUND if it was answered already, or has expired. */
bool oauth_ask(Oauth *oauth, const char *pending, int64_t now_us, OauthAsk *ret_ask,
	       GError **error);

/* Who said yes, and how that is known. All borrowed. */
typedef struct OauthApproval {
	int64_t account;
	/*
	 * Of the account (accounts.h), when its person proved who he is: if its access is revoked
	 * between then and the moment the client redeems what it got, nothing is redeemed.
	 */
	int64_t epoch;
	bool registered;    /* the account was made on the way here */
	const char *method; /* for the list of devices: "qq", "xmpp", "password", … */
	const char *peer;   /* of the browser; NULL: not known */
	int64_t now_us;
} OauthApproval;

/*
 * Answers a pending request, once: DRIVE_ERROR_NOT_FOUND if it was answered already, or has
 * expired. *ret_redirect is where the browser goes (with code, state and iss, or with the error
 * access_denied); NULL for a device, whose person is told to go back to it. The device itself comes
 * to be when the client redeems the code.
 */
bool oauth_approve(Oauth *oauth, const char *pending, const OauthApproval *approval,
		   char **ret_redirect, GError **error);
bool oauth_deny(Oauth *oauth, const char *pending, int64_t now_us, char **ret_redirect,
		GError **error);
