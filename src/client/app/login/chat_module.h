/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/login/chat_login.h"

/*
 * Where chat_login.c is. It brings a web engine with it, which takes as long to be loaded as all
 * the rest; so it is a module of its own, loaded when the first page of a chat service is to be
 * shown. $IMDRIVE_MODULEDIR: a folder with one that is not installed.
 */

/* Loads it, once. NULL: it is not there, or WebKitGTK is not; pages open in the browser then. */
const ChatLoginModule *chat_module_get(void);
