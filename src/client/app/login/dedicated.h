/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <adwaita.h>

/*
 * The dedicated account: name and password of the drive itself, below the chat services.
 *
 * Signal "enter": the person wants in; name and password are then there to be read.
 */
#define DEDICATED_TYPE (dedicated_get_type())
G_DECLARE_FINAL_TYPE(Dedicated, dedicated, DEDICATED, FORM, AdwBin)

/* Borrowed. */
const char *dedicated_name(Dedicated *form);
const char *dedicated_password(Dedicated *form);

/* Waiting for the drive: nothing can be typed. */
void dedicated_set_busy(Dedicated *form, gboolean busy);
/* What was wrong, for people; NULL takes it away. Forgets the password. */
void dedicated_set_problem(Dedicated *form, const char *problem);
