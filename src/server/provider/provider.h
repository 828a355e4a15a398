/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http.h"

#include <glib.h>
#include <stdbool.h>

/*
 * The chat services that people sign in with, seen from the drive: their records, and the two
 * halves of a login. A login begins with the URL to which the browser is sent and ends with a
 * Proof, which is taken from the service itself over a connection of our own (R1); nothing that a
 * browser or a client says about somebody is believed.
 *
 * Known to this folder: services, HTTP, keys. Not known: accounts, sessions, cookies, pages.
 *
 * All calls may come from any thread, at the same time.
 */
typedef struct Proof Proof; /* server/accounts/proof.h */
typedef struct Providers Providers;

/* What becomes of somebody who is not known yet. */
typedef enum ProviderRegister {
	PROVIDER_REGISTER_OFF,     /* only identities that are known or are being linked */
	PROVIDER_REGISTER_INVITE,  /* with an invitation */
	PROVIDER_REGISTER_APPROVE, /* an account that waits for an administrator */
	PROVIDER_REGISTER_AUTO,    /* an account at once */
} ProviderRegister;

/* One enabled service, as far as the pages and the broker need to know it. Never changes. */
typedef struct ProviderRecord {
	const char *id;    /* "qq"; [a-z0-9-], 1..32; half of the identity, part of the callback */
	const char *label; /* "WeChat" */
	const char *label_zh; /* "微信"; label if it has none of its own */
	const char *icon;     /* name of a mark, "wechat"; never NULL */
	const char *kind;     /* "oidc", "oauth2", "qq", "wecom" or "matrix" */
	ProviderRegister register_policy;
	bool asks_server; /* the person types a server: ProviderStart.server */
	bool trust_email_verified;
	bool embedded;                  /* may be shown inside the window of the desktop app */
	const char *const *embed_hosts; /* hosts of its pages there; ends with NULL; may be NULL */
	bool allow_http_loopback;       /* the operator's test flag: it may be on this machine */
} ProviderRecord;

/* Hears what a service answered in a login (a step and JSON, secrets left out), for an operator. */
typedef void (*ProviderTrace)(const char *step, const char *text, void *data);

typedef struct ProvidersOptions {
	const char *folder;      /* DATA/providers: a NAME.conf per service; need not be there */
	const char *credentials; /* $CREDENTIALS_DIRECTORY, may be NULL: secrets as NAME.secret */
	Http *http;              /* borrowed, must outlive */
	ProviderTrace trace;     /* may be NULL; personal data: for imdrived provider test only */
	void *trace_data;
} ProvidersOptions;

/*
 * Reads the records of all enabled services and their secrets. The errors (INVALID, NOT_FOUND, …)
 * name file and key and say what to do: an unknown key, no or no usable URL, an id that two have, a
 * secret that others may read. No folder, or an empty one, means no services. No network is used.
 */
Providers *providers_load(const ProvidersOptions *options, GError **error);
/* No call may be running. */
void providers_free(Providers *providers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Providers, providers_free)

/* The enabled service with this id; NULL if there is none. Lives as long as providers. */
const ProviderRecord *providers_find(Providers *providers, const char *id);

/*
 * All enabled services in the order in which they shall be shown, which is by label; ends with
 * NULL. Lives as long as providers.
 */
const ProviderRecord *const *providers_list(Providers *providers);

/* Names of all services that have a record here, enabled or not, sorted. g_strfreev(). */
char **providers_names(void);
/* What the service of that name asks of an operator; NULL if it has no record. g_strfreev(). */
char **providers_asks(const char *name);

/* "auto", "invite", "approve", "off". */
const char *provider_register_name(ProviderRegister policy);

/*
 * Asks what can be asked without a person: whether the service's addresses answer, what it says of
 * itself, its keys. Appends a line for each to report. INVALID if one of them is wrong. May block
 * for minutes.
 */
bool provider_check(Providers *providers, const ProviderRecord *record, GString *report,
		    GError **error);

/* All strings borrowed for the call. */
typedef struct ProviderStart {
	const char *redirect_uri; /* PUBLIC_URL/login/<id>/callback; never from the Host header */
	const char *state;        /* of the broker: URL-safe, at most 128 bytes */
	const char *locale;       /* "en", "zh-CN", or NULL: a wish */
	const char *server;       /* what the person typed where asks_server is set, else NULL */
} ProviderStart;

/*
 * Begins a login. *ret_url is where the browser goes (https, with our state). *ret_flight is what
 * must be kept until the callback: PKCE verifier, nonce, and where the rest of the login goes, as
 * one line of text of at most PROVIDER_FLIGHT_SIZE_MAX bytes. It holds secrets: it stays with the
 * server-side state, never in a URL, cookie or log. Both are untouched on failure; g_free().
 *
 * May block for up to a minute (discovery of a service or of a typed server): call it on a worker.
 *
 * Errors:
 *	INVALID    what was typed is no server; or the record and what the service says of itself
 *	           do not agree
 *	FORBIDDEN  the typed server is not admitted, or not a public address
 *	OFFLINE    the service cannot be reached
 *
 * Messages are for the log and the administrator. They name the service and hold no secret, but
 * may hold text that the service sent (printable, bounded).
 */
bool provider_begin(Providers *providers, const ProviderRecord *record, const ProviderStart *start,
		    char **ret_url, char **ret_flight, GError **error);

#define PROVIDER_FLIGHT_SIZE_MAX 4096

/*
 * Ends a login: checks what came to the callback, redeems the code at the service, verifies what it
 * says and fills *ret_proof (proof_clear() when done; untouched on failure).
 *
 * query: char * -> char *, the decoded parameters of the callback. The broker has refused repeated
 * ones, and has already found, checked and used up the state, which says that this flight belongs
 * to this record (R3, R6). redirect_uri: the same as at the beginning.
 *
 * Upstream tokens are forgotten before this returns (R18). A flight must not be finished twice: a
 * code can be redeemed once.
 *
 * May block for up to a minute: call it on a worker.
 *
 * Errors:
 *	CANCELLED  the person said no, or came back without a code
 *	FORBIDDEN  proven, but not admitted: another team, not a member of the corporation
 *	OFFLINE    the service cannot be reached, or says that it is down
 *	INVALID    the callback or the service's answer is not acceptable: wrong issuer, audience,
 *	           nonce, signature, an error of the service, a missing subject. The message says
 *	           which; a person is told that it did not work and can begin again
 */
bool provider_finish(Providers *providers, const ProviderRecord *record, const char *flight,
		     GHashTable *query, const char *redirect_uri, Proof *ret_proof, GError **error);
