/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/login/chat_login.h"

/*
 * Where chat_login.c is. It brings a web engine with it, which takes as long to be loaded as all
 * the rest; so it is a module of its own, loaded when the first page of a chat service is to be
 * shown.
 */

/*
 * Where it lies: in the folder $IMDRIVE_MODULEDIR; where it was built, if this program lies in the
 * folder of a build; where it is installed. program: its path, NULL if that is not known. Free with
 * g_free().
 */
char *chat_module_path(const char *program);

/* Loads it, once. NULL: it is not there, or WebKitGTK is not; pages open in the browser then. */
const ChatLoginModule *chat_module_get(void);
