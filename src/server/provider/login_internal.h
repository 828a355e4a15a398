/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/provider/outbound.h"
#include "server/provider/providers_internal.h"
#include "server/provider/record.h"

#include <jansson.h>
#include <stdbool.h>

/* For the files of this folder: one login on its way, begun or coming back. */
typedef struct Login {
	Providers *providers;
	const Record *record;
	const char *redirect_uri;
	const char *server; /* what was typed; only at the beginning */
	GHashTable *query;  /* of the callback; only at the end */
	/*
	 * Strings that live until the callback: "provider", "verifier", "nonce", and what an
	 * adapter adds.
	 */
	json_t *flight;
	/* issuer, authorization_endpoint, token_endpoint, … under their names of RFC 8414. */
	json_t *metadata;
} Login;

/* What differs between kinds of services. */
typedef struct LoginKind {
	/* Finds metadata, adding to flight what must be found again at the end. */
	bool (*prepare)(Login *login, GError **error);
	/* Finds metadata again, from the flight. */
	bool (*resume)(Login *login, GError **error);
	/* Redeems the callback's code; returns the claims, for the record's paths. */
	json_t *(*identify)(Login *login, const char *code, GError **error);
} LoginKind;

extern const LoginKind qq_kind;
extern const LoginKind wecom_kind;
extern const LoginKind matrix_kind;

/* The client id at the service; an adapter's flight may have its own. */
const char *login_client_id(const Login *login);

/* For kinds that have nothing of their own to do: metadata from the record and discovery. */
bool login_find_metadata(Login *login, GError **error);

/* The ordinary way: token, id_token, userinfo. */
json_t *login_identify(Login *login, const char *code, GError **error);

/*
 * Asks, and looks for errors under a good status (R8); step says what is asked ("ask for the
 * token"), for messages and the trace.
 */
json_t *login_ask(Login *login, const OutboundQuestion *question, const char *step, GError **error);

/* Tells the trace, without secrets. */
void login_trace(Login *login, const char *step, const json_t *document);
