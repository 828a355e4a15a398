/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/provider/provider.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What one service needs to be known: providers/NAME.conf, a key file with one group, [provider],
 * overlaid by what the operator writes into DATA/providers/NAME.conf. docs/providers.md explains
 * every key. Paths and expressions are those of document.h; lists have ';' between their items;
 * pairs are "name=value" items. {base}, {client_id}, {directory}, {agent_id} and {issuer} stand for
 * the values of those keys, everywhere but in secrets.
 */
typedef enum RecordKind {
	RECORD_OIDC,
	RECORD_OAUTH2,
	RECORD_QQ,
	RECORD_WECOM,
	RECORD_MATRIX,
} RecordKind;

typedef enum RecordDiscovery {
	RECORD_DISCOVERY_OFF,
	RECORD_DISCOVERY_OIDC,
	RECORD_DISCOVERY_RFC8414,
} RecordDiscovery;

typedef enum RecordTokenRequest {
	RECORD_TOKEN_POST_FORM,
	RECORD_TOKEN_POST_JSON,
	RECORD_TOKEN_GET_QUERY,
} RecordTokenRequest;

typedef enum RecordUserinfo {
	RECORD_USERINFO_AUTO, /* where there is an endpoint */
	RECORD_USERINFO_YES,
	RECORD_USERINFO_NO,
} RecordUserinfo;

/* Strings are owned, and NULL where not said; names are those of the keys. */
typedef struct Record {
	ProviderRecord info; /* first: a ProviderRecord of ours is a Record */

	char *id, *label, *label_zh, *icon;
	int kind; /* RecordKind */
	char *extends;
	bool enabled;
	char **asks;   /* what the service asks of an operator */
	char *console; /* where an application is registered there */

	char *base, *directory, *agent_id; /* parts of URLs */

	char *issuer, *issuer_template;
	int discovery; /* RecordDiscovery */
	char *authorize_url, *authorize_fragment;
	char **authorize_extra;
	char *token_url, *userinfo_url, *profile_url, *jwks_uri;

	char *client_id, *client_secret, *client_secret_file;
	char *client_id_param, *client_secret_param;
	char *scope;

	char *cb_code_param;
	char **cb_carry;
	int token_req; /* RecordTokenRequest */
	char **token_names, **token_extra;
	char *token_auth; /* "basic", "post", "none" or "header:NAME" */
	bool token_send_redirect_uri;
	char **token_resp_names;
	char *token_resp_root;
	char **err_test;

	int userinfo; /* RecordUserinfo */
	char *userinfo_method;
	char *token_place; /* "bearer", "query:NAME", "header:NAME" or "form:NAME" */
	char **userinfo_query;
	char **userinfo_from_token;
	char *data_root;

	char *subject, *alt_subject, *tenant, *name, *username, *email, *email_verified;
	char *picture; /* expression, or an address with {PATH} in it */
	char *chat_address, *subject_scope;
	char *group;   /* expression: the team, corporation, … that groups is about */
	char **groups; /* the only ones admitted */

	char *pkce; /* "none", or what code_challenge_method is called: "S256" */
	bool nonce, iss_param;
	char **id_token_alg;
	bool id_token_secret; /* signed with the client secret: HS256 and nothing else */

	char **servers; /* typed servers that are admitted; NULL: all */
	int register_policy;
	bool trust_email_verified, embedded, asks_server;
	char **embed_hosts;
	char *share_url;          /* for the app: base/share_url.h */
	bool allow_http_loopback; /* for tests: http on 127.0.0.1, [::1], localhost */
} Record;

/*
 * The keys and values of a file; char * -> char *. INVALID, with the key: what is no key file, has
 * an unknown key, or one twice.
 */
GHashTable *record_parse(const char *text, size_t size, GError **error);

/*
 * A record of these values. secret is the client's secret from elsewhere, or NULL. INVALID, with
 * the key, for what is malformed, missing or contradicts itself.
 */
Record *record_new(GHashTable *values, const char *secret, GError **error);
void record_free(Record *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Record, record_free)

/*
 * Whether a URL may be asked: absolute, https, with a host and without user or fragment; with
 * loopback also http where the host is 127.0.0.1, [::1] or localhost (R7).
 */
bool record_is_url(const char *url, bool loopback);
/* Whether the URL's host is one of loopback. */
bool record_is_loopback(const char *url);

/* The value of a "name=value" item in a list, borrowed; otherwise if there is none. */
const char *record_pair(char **pairs, const char *name, const char *otherwise);
