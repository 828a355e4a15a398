/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http.h"
#include "server/accounts/accounts.h"
#include "server/accounts/proof.h"
#include "server/provider/provider.h"

#include <glib.h>

/*
 * Keeps people's pictures with their identities: fetched on a thread when somebody has signed in
 * whose service names another address than before, so that no sign-in waits for it. What cannot be
 * had is tried again at the next sign-in.
 */
typedef struct Pictures Pictures;

/*
 * What an operator should know: a picture could not be had, and why. On a thread of its own; no
 * address that may hold a secret.
 */
typedef void (*PicturesReport)(const char *text, void *data);

/* All borrowed. */
Pictures *pictures_new(Accounts *accounts, Providers *providers, Http *http, PicturesReport report,
		       void *report_data);
/* Gives up what is under way. */
void pictures_free(Pictures *pictures);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pictures, pictures_free)

/*
 * Somebody has entered by this proof. Returns at once; does nothing for who has no picture, nor
 * over PICTURES_WAITING_MAX. NULL is none. From any thread.
 */
void pictures_want(Pictures *pictures, const Proof *proof);
