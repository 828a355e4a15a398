/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/login/login_internal.h"

/* The page with the ways to sign in, and how one comes to it. */

/* /login?a=JOURNEY or /login?next=PATH */
bool ways_show(LoginCall *call, GError **error);

/* /login/services: JSON for programs that show the buttons themselves. */
bool ways_list(LoginCall *call, GError **error);

/*
 * /invite/TOKEN, alone or with the query of an authorization request, by which a program takes
 * along the invitation that it was given. Changes nothing, since programs look at links before
 * people do.
 */
#define WAYS_INVITE "/invite/"
bool ways_invited(LoginCall *call, GError **error);

/* A page that needs somebody signed in: to the sign-in page, and back. */
void ways_require(LoginCall *call);

/* What somebody typed, and what is wrong with it; shows the page again. */
typedef struct WaysProblem {
	Phrase problem;
	const char *name;
	const char *address;
} WaysProblem;
void ways_show_problem(LoginCall *call, const Journey *journey, const WaysProblem *problem);

/* The journey that the query's "a" names; false, with a page that says that it is gone. */
bool ways_journey(LoginCall *call, Journey *ret_journey);

/* A new journey of this browser, from a template; its id. Free with g_free(). */
char *ways_begin(LoginCall *call, Journey template);

/*
 * Something that may only be done by who proved himself just now (R11): true if the session did.
 * Else the person is asked once more, after which the browser goes to next, a path of ours.
 */
bool ways_is_fresh(LoginCall *call, const char *next);

/* The source that a form's policy must allow for the client that asks; or NULL. Free it. */
char *ways_form_action(const LoginCall *call, const Journey *journey);
