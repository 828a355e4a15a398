/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/login/dispatch.h"

#include <adwaita.h>

/*
 * The chat service's own page, in a view whose cookies and storage are its own and end with it. Its
 * address and whether the connection is safe always stand above it. No script is put into the page
 * and nothing listens to it; it cannot open windows, download, or ask for anything of this machine.
 * Each page is judged (dispatch.h) before any of it is shown.
 *
 * Signal "browser": the person, or a page that must not be shown here, wants the browser.
 * Signal "failed" (const char *text): the page cannot be shown.
 * Signal "arrived": the way has led to the callback.
 * Signal "left": back.
 */
#define CHAT_LOGIN_TYPE (chat_login_get_type())
G_DECLARE_FINAL_TYPE(ChatLogin, chat_login, CHAT_LOGIN, PAGE, AdwBin)

/*
 * All that is called from outside: this file is a module (chat_module.h). Each as its name says.
 */
typedef struct ChatLoginModule {
	ChatLogin *(*create)(void); /* floating */
	/* rules are copied; title: whose page it is. */
	void (*open)(ChatLogin *page, const char *url, const DispatchRules *rules,
		     const char *title);
	/* Ends the view and all that it kept. */
	void (*close)(ChatLogin *page);
	/* For tests: the view is driven by WebDriver from now on. Before the first is opened. */
	void (*allow_automation)(void);
} ChatLoginModule;

extern const ChatLoginModule chat_login_module;
