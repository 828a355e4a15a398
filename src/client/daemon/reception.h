/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/login/profile.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/*
 * Where user interfaces sign this device in. The verifier, the listener for the browser's answer
 * and the tokens stay here; an interface only opens the page whose address it gets, and sees how it
 * ends. One sign-in at a time: a new one takes the place of the former.
 */
typedef struct Reception Reception;

typedef struct ReceptionOptions {
	const char *profile; /* folder */
	/* Somebody was let in: to be kept. On the thread of reception_new(). */
	bool (*signed_in)(const ProfileLogin *login, void *data, GError **error);
	/* reception_json() says something else. On the thread of reception_new(). */
	void (*changed)(void *data);
	void *data;
} ReceptionOptions;

Reception *reception_new(const ReceptionOptions *options);
/* Gives up what is under way. On the thread of reception_new(), whose main context it runs. */
void reception_free(Reception *reception);

/*
 * Begins a sign-in (params: see docs/formats/control.md, "sign-in") and waits until there is a page
 * to open; gives {"id", "url", "redirect", "page", "user_code", "expires_s"}. Any thread.
 */
json_t *reception_begin(Reception *reception, const json_t *params, GError **error);
void reception_cancel(Reception *reception);
/* How the last sign-in stands, without secrets; null if there was none. */
json_t *reception_json(Reception *reception);
