/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/login/profile.h"

#include <gio/gio.h>
#include <glib.h>
#include <stdbool.h>

/*
 * Signing in through the drive's own pages: in a browser on this machine (code and PKCE, with a
 * listener for the answer), or on any other device (RFC 8628). Each ends in a ProfileLogin that
 * says who was let in, and whether the account is new.
 */

/* What the person is to do; borrowed. */
typedef struct SignInPrompt {
	const char *url;       /* the page to open */
	const char *page;      /* device: the page without the code in it; else NULL */
	const char *user_code; /* device: the code to type there; else NULL */
	const char *redirect;  /* browser: where the answer comes to; else NULL */
	bool opened;           /* a browser was told to open url */
	unsigned expires_s;
} SignInPrompt;

/* All borrowed. */
typedef struct SignInOptions {
	const char *server;      /* as typed, see server_url.h */
	const char *client_id;   /* "imdrive", "imdrive-app" */
	const char *device_name; /* UTF-8 */
	const char *provider;    /* go straight to this chat service; NULL: let the person choose */
	const char *login_hint;  /* browser: the chat address that was typed; NULL: none */
	const char *invitation;  /* browser: the token of the link that was opened; NULL: none */
	bool shows_itself;       /* prompt opens the page: no browser is told to */
	/* Called once, before it waits. */
	void (*prompt)(const SignInPrompt *prompt, void *data);
	void *prompt_data;
	GCancellable *cancellable; /* may be NULL */
} SignInOptions;

/*
 * Waits for SIGN_IN_WAIT_S at most. DRIVE_ERROR_FORBIDDEN: the person said no;
 * DRIVE_ERROR_OFFLINE: no answer came, or the drive cannot be reached.
 */
bool sign_in_browser(const SignInOptions *options, ProfileLogin *ret_login, GError **error);
#define SIGN_IN_WAIT_S 300

/* Waits for as long as the drive says that the code lives. */
bool sign_in_device(const SignInOptions *options, ProfileLogin *ret_login, GError **error);

/*
 * Takes who was let in, and the tokens, from the answer of a token endpoint or of /api/v1/login.
 * server, client_id and the endpoints are set by the caller.
 */
bool sign_in_take(const json_t *answer, ProfileLogin *ret_login, GError **error);
