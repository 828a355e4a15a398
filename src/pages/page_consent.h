/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pages/frame.h"

/*
 * The one question before something is let in. Names of people, programs and devices must have been
 * through html_name().
 */

/* A program wants into the account of frame->who, who is signed in. */
typedef struct PageConsent {
	const char *client;
	const char *device;
	bool may_write;
	const char *target; /* where the browser goes then, if that is not this machine; or NULL */
	const char *action; /* POST answer=yes|no|other */
} PageConsent;

GBytes *page_consent(const Frame *frame, const PageConsent *consent);

/* Somebody has just proved a chat address: is it him who looks at this page? POST answer=yes|no. */
GBytes *page_consent_proved(const Frame *frame, const char *identity, const char *action);

/* A chat account is to open the account of frame->who. POST answer=yes|no. */
GBytes *page_consent_link(const Frame *frame, const char *identity, const char *action);
