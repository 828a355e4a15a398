/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"

#include <adwaita.h>

/*
 * Puts the person's picture into the avatar, once the drive has it; until then, and without one, it
 * shows initials. Who has just signed in may have a picture that is coming: it is waited for some
 * seconds, as long as the avatar is seen.
 */
void portrait_show(AdwAvatar *avatar, Door *door);
