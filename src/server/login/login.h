/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "request/service.h"

#include <glib.h>
#include <stdbool.h>

/*
 * The broker: all that a browser opens to come in. It turns a proof of a chat service, an answer in
 * chat or a password into a session of the browser, and finishes with it what a program or another
 * device asked for.
 *
 *	GET  /, /login, /login/services, /login/PROVIDER, /login/PROVIDER/callback
 *	     /login/chat, /login/password, /login/register
 *	     /oauth/authorize, /oauth/consent, /device, /invite/TOKEN
 *	     /account…, POST /logout, /language, /assets/…, and files of DATA/verify at the root
 *
 * All functions may be called from any thread.
 */
typedef struct Login Login;
typedef struct Accounts Accounts;
typedef struct Providers Providers;
typedef struct Chat Chat;
typedef struct LoginLimit LoginLimit;
typedef struct Oauth Oauth;
typedef struct Pictures Pictures;

/* All borrowed; providers, pictures and chat may be NULL. */
typedef struct LoginOptions {
	Accounts *accounts;
	Providers *providers;
	Pictures *pictures;
	Chat *chat;
	Oauth *oauth;
	LoginLimit *limit;         /* of failed sign-ins */
	const char *drive_name;    /* NULL: the host of the public URL */
	const char *verify_folder; /* files that prove the domain to a chat service; may be NULL */
	const char *meta_name;     /* <meta> on the login page that does so; both or none */
	const char *meta_content;
} LoginOptions;

Login *login_new(const LoginOptions *options);
void login_free(Login *login);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Login, login_free)

/*
 * The base of all absolute URLs, without a slash at the end. Once, before or soon after the first
 * request; until then every page says that the drive is starting.
 */
void login_set_base(Login *login, const char *base);

/* A base that people can sign in over: https, or http on loopback. */
bool login_base_is_safe(const char *base);

Service login_service(Login *login);
