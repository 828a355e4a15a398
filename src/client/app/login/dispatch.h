/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

/*
 * The client's half of the dispatch page. While a chat service's page is in the window, each page
 * that wants to follow it is judged here; once the way leads to the callback, it goes on to the
 * daemon's listener, which alone redeems the code and hands on what the drive said.
 *
 * Nothing but the drive's own pages and the service's hosts may stand in the window (RFC
 * 8252 8.12).
 */
typedef struct DispatchRules {
	const char *server;       /* the drive's base URL */
	const char *redirect;     /* the daemon's listener */
	const char *const *hosts; /* of the service's record; NULL: none */
} DispatchRules;

typedef enum DispatchVerdict {
	DISPATCH_SHOW,
	DISPATCH_ARRIVED, /* the callback: let it go there */
	DISPATCH_BROWSER, /* somewhere else: the whole attempt is the browser's from now on */
	DISPATCH_REFUSE,  /* no page of the web */
} DispatchVerdict;

DispatchVerdict dispatch_judge(const DispatchRules *rules, const char *url);

typedef enum DispatchStage {
	DISPATCH_OTHER, /* the status is of another sign-in, or of none */
	DISPATCH_WAITING,
	DISPATCH_DONE,
	DISPATCH_FAILED,
	DISPATCH_CANCELLED,
} DispatchStage;

/* How the sign-in of this id stands, in the daemon's status (may be NULL). */
DispatchStage dispatch_stage(const json_t *status, json_int_t id);
