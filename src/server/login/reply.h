/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pages/page_message.h"
#include "server/login/login_internal.h"

/* What every page of this request is told. path: of the page, for the link to another language. */
Frame reply_frame(const LoginCall *call, const char *path);

/*
 * Answers with a page, which it takes. form_action: one more source to which its forms may lead
 * ("http://127.0.0.1:4711", RFC 8252), since browsers apply the policy also to redirects; or NULL.
 */
void reply_page(LoginCall *call, unsigned status, GBytes *page, const char *form_action);

/* Answers with a person's own picture; for pages of ours only. type: static. */
void reply_picture(LoginCall *call, const char *type, GBytes *bytes);

/* 303 to a path of ours. */
void reply_go(LoginCall *call, const char *path);
/* 303 to another place, with which an action ends. */
void reply_leave(LoginCall *call, const char *url);

/* A page that says one thing. Its way on: href, or the sign-in page if that is NULL. */
typedef struct ReplyMessage {
	unsigned status;
	Phrase title;
	Phrase text;
	const char *about;
	bool good;
	const char *href;
	Phrase way;
} ReplyMessage;
void reply_message(LoginCall *call, const ReplyMessage *message);

/* What went wrong with a path of ours, as a page; error stands in the log. */
void reply_error(LoginCall *call, const GError *error);

/* "/login?a=ID": a path with an journey in it; free with g_free(). */
char *reply_path(const char *path, const char *journey);
