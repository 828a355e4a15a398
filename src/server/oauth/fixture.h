/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "request/response.h"
#include "request/service.h"
#include "server/accounts/accounts.h"
#include "server/oauth/oauth.h"

#include <glib.h>
#include <jansson.h>

/* For tests: an authorization server in memory, with the account alice. */

#define FIXTURE_ISSUER "https://drive.example.org"
/* The example of RFC 7636, appendix B. */
#define FIXTURE_VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define FIXTURE_CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define FIXTURE_REDIRECT "http://127.0.0.1:4000/callback"

/* A request that nothing is wrong with, but for its state. */
#define FIXTURE_QUERY                                                                        \
	"client_id=imdrive&response_type=code&redirect_uri=http%3A%2F%2F127.0.0.1%3A4000%2F" \
	"callback&code_challenge=" FIXTURE_CHALLENGE "&code_challenge_method=S256"

typedef struct Fixture {
	char *folder;
	Sql *sql;
	Accounts *accounts;
	Oauth *oauth;
	Service service;
	int64_t alice;
	int64_t epoch; /* alice's */
} Fixture;

void fixture_set_up(Fixture *fixture);
void fixture_tear_down(Fixture *fixture);

/* oauth_begin() with this query. */
OauthBegun fixture_begin(Fixture *fixture, const char *query, char **ret_pending,
			 char **ret_redirect, GError **error);

/* The redirect with which alice approves this query; asserts that there is one. */
char *fixture_approve(Fixture *fixture, const char *query);

/* The decoded value of a parameter of a URL; NULL if there is none. Free with g_free(). */
char *fixture_parameter(const char *url, const char *name);

/* What the service answers to this form (NULL: GET); its status, and its object if there is one. */
unsigned fixture_ask(Fixture *fixture, const char *path, const char *form, json_t **ret_object);

/* Asserts that the answer is this error, with this status. */
void fixture_assert_error(Fixture *fixture, const char *path, const char *form, unsigned status,
			  const char *code);
