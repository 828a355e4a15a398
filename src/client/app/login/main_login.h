/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/login/dedicated.h"

#include <adwaita.h>
#include <jansson.h>

/*
 * The main login page: a button for each chat service of the drive, the one used last first, then
 * confirming in chat, and the dedicated account below.
 *
 * Signal "service" (const char *id): that one was pressed; MAIN_LOGIN_PASSWORD: the drive's own
 * page, with the form for a new account. Signal "chat" (const char *address): to the drive's page,
 * to confirm that address in chat; "" if none was typed. Signal "left": to another drive.
 */
#define MAIN_LOGIN_PASSWORD "password" /* no service is called so */
#define MAIN_LOGIN_TYPE (main_login_get_type())
G_DECLARE_FINAL_TYPE(MainLogin, main_login, MAIN_LOGIN, PAGE, AdwBin)

/*
 * drive: what "look" said; last: the service used last, or NULL; invited: to an account that is not
 * there yet.
 */
void main_login_show(MainLogin *page, const json_t *drive, const char *last, gboolean invited);
/* Nothing can be pressed while one attempt is being begun. */
void main_login_set_busy(MainLogin *page, gboolean busy);
/* Its form for the dedicated account, borrowed. */
Dedicated *main_login_dedicated(MainLogin *page);
