/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/reply.h"

#include "base/error.h"

#include <string.h>

#define POLICY                                                                      \
	"default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; " \
	"connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

Frame reply_frame(const LoginCall *call, const char *path)
{
	return (Frame){
		.language = call->language,
		.drive = call->drive,
		.path = path,
		.csrf = call->csrf,
		.who = call->signed_in ? call->who : NULL,
		.meta_name = call->login->meta_name,
		.meta_content = call->login->meta_content,
	};
}

/* Nothing from outside may end the policy and begin another. */
static bool is_source(const char *source)
{
	return !strpbrk(source, " ;,'\"[]\r\n\t");
}

static void add_safety(LoginCall *call, const char *form_action)
{
	g_autofree char *policy = form_action && is_source(form_action)
					  ? g_strconcat(POLICY, " ", form_action, NULL)
					  : g_strdup(POLICY);
	response_add_header(call->response, "Content-Security-Policy", policy);
	response_add_header(call->response, "X-Frame-Options", "DENY");
	response_add_header(call->response, "Referrer-Policy", "no-referrer");
	response_add_header(call->response, "Cross-Origin-Opener-Policy", "same-origin");
	response_add_header(call->response, "Vary", "Accept-Language, Cookie");
}

void reply_page(LoginCall *call, unsigned status, GBytes *page, const char *form_action)
{
	call->response->status = status;
	call->response->content_type = "text/html; charset=utf-8";
	call->response->body = page;
	add_safety(call, form_action);
}

void reply_picture(LoginCall *call, const char *type, GBytes *bytes)
{
	call->response->status = 200;
	call->response->content_type = type;
	call->response->body = g_bytes_ref(bytes);
	response_add_header(call->response, "Cross-Origin-Resource-Policy", "same-origin");
	add_safety(call, NULL);
}

void reply_go(LoginCall *call, const char *path)
{
	g_assert(path[0] == '/' && path[1] != '/');
	g_autofree char *url = g_strconcat(call->base, path, NULL);
	response_redirect(call->response, url);
	add_safety(call, NULL);
}

void reply_leave(LoginCall *call, const char *url)
{
	response_redirect(call->response, url);
	add_safety(call, NULL);
}

void reply_message(LoginCall *call, const ReplyMessage *message)
{
	Frame frame = reply_frame(call, NULL);
	g_autofree char *about = message->about ? html_name(message->about, 128) : NULL;
	const PageMessage page = {
		.title = message->title,
		.text = message->text,
		.about = about,
		.good = message->good,
		.href = message->href     ? message->href
			: call->signed_in ? "/account"
					  : "/login",
		.way = message->href     ? message->way
		       : call->signed_in ? PHRASE_TO_ACCOUNT
					 : PHRASE_TO_SIGN_IN,
	};
	reply_page(call, message->status, page_message(&frame, &page), NULL);
}

void reply_error(LoginCall *call, const GError *error)
{
	unsigned status = error_http_status(error);
	ReplyMessage message = { .status = status };
	call->response->detail = g_strdup(error->message);
	if (status == 503 || status == 429) {
		message.status = 429;
		message.title = PHRASE_M_RATE;
		message.text = PHRASE_M_RATE_TEXT;
	} else if (status == 404) {
		message.title = PHRASE_M_NOT_FOUND;
		message.text = PHRASE_M_NOT_FOUND_TEXT;
	} else if (status < 500) {
		message.title = PHRASE_M_BAD;
		message.text = PHRASE_M_BAD_TEXT;
	} else {
		message.title = PHRASE_M_INTERNAL;
		message.text = PHRASE_M_INTERNAL_TEXT;
	}
	reply_message(call, &message);
}

char *reply_path(const char *path, const char *journey)
{
	return g_strconcat(path, strchr(path, '?') ? "&a=" : "?a=", journey, NULL);
}
