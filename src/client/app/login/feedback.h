/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"

#include <adwaita.h>

/*
 * How signing in ended: who you are and on which drive, newly registered or welcome back; or what
 * went wrong and what to do.
 *
 * Signal "next": the way goes on. Signal "again": once more, from the main login page.
 */
#define FEEDBACK_TYPE (feedback_get_type())
G_DECLARE_FINAL_TYPE(Feedback, feedback, FEEDBACK, PAGE, AdwBin)

/* door: of the daemon, which is asked for the person's picture. */
typedef struct FeedbackWelcome {
	const char *account;
	const char *drive;
	gboolean registered;
	Door *door;
} FeedbackWelcome;
void feedback_welcome(Feedback *page, const FeedbackWelcome *welcome);
/* title: what happened; text: why, and what to do. */
void feedback_failure(Feedback *page, const char *title, const char *text);
