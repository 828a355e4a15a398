/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/consent.h"

#include "base/error.h"
#include "pages/page_consent.h"
#include "server/login/reply.h"
#include "server/login/cookies.h"
#include "server/login/finish.h"
#include "server/accounts/identities.h"
#include "server/login/ways.h"

#include <string.h>

#define NAME_CHARACTERS_MAX 64

/* Whether the session is of somebody who is asked by this chat address. */
static bool is_of_session(LoginCall *call, const char *address)
{
	bool his = false;
	g_autoptr(GArray) identities = call->signed_in ? finish_identities(call) : NULL;
	for (unsigned i = 0; identities && i < identities->len; i++) {
		const Identity *identity = &g_array_index(identities, Identity, i);
		his |= g_ascii_strcasecmp(identity->chat_address, address) == 0;
	}
	return his;
}

/* The page where somebody is who asks for access, and invited or not; NULL: a service's. */
static const char *page_for(LoginCall *call, const OauthAsk *ask, const char *invitation)
{
	/* An invitation is used by whoever pressed a button that says so, and nobody else. */
	if (invitation) {
		return "/login";
	}
	if (ask->provider && call->login->providers &&
	    providers_find(call->login->providers, ask->provider)) {
		return NULL;
	}
	bool known = call->signed_in && (!ask->login_hint || is_of_session(call, ask->login_hint));
	return known ? "/oauth/consent" : "/login";
}

/* Straight to the service that was asked for, else to the one question, or to the ways in. */
static void go_on(LoginCall *call, const char *pending, const char *invitation)
{
	g_autofree char *id = ways_begin(
		call, (Journey){ .pending = (char *)pending, .invitation = (char *)invitation });
	g_auto(OauthAsk) ask = { 0 };
	oauth_ask(call->login->oauth, pending, call->now_us, &ask, NULL);
	const char *page = page_for(call, &ask, invitation);
	g_autofree char *service = page ? NULL : g_strconcat("/login/", ask.provider, NULL);
	g_autofree char *path = reply_path(page ? page : service, id);
	reply_go(call, path);
}

bool consent_begin(LoginCall *call, GError **error)
{
	return consent_begin_invited(call, NULL, error);
}

bool consent_begin_invited(LoginCall *call, const char *invitation, GError **error)
{
	g_autofree char *pending = NULL;
	g_autofree char *redirect = NULL;
	switch (oauth_begin(call->login->oauth, call->request->query, call->now_us, &pending,
			    &redirect, error)) {
	case OAUTH_PENDING:
		go_on(call, pending, invitation);
		return true;
	case OAUTH_REDIRECT:
		reply_leave(call, redirect);
		return true;
	default:
		return false;
	}
}

/*
 * The journey and its program's request; false, with a page, if they are gone. A device's request
 * is answered on a page of its own, with its code and its warning (A10).
 */
static bool find_ask(LoginCall *call, Journey *ret_journey, OauthAsk *ret_ask)
{
	if (!ways_journey(call, ret_journey)) {
		return false;
	}
	if (ret_journey->pending &&
	    oauth_ask(call->login->oauth, ret_journey->pending, call->now_us, ret_ask, NULL) &&
	    !ret_ask->user_code) {
		return true;
	}
	reply_message(call, &(ReplyMessage){ .status = 410,
					     .title = PHRASE_M_GONE,
					     .text = PHRASE_M_GONE_TEXT });
	return false;
}

bool consent_show(LoginCall *call, GError **error)
{
	g_auto(Journey) journey = { 0 };
	g_auto(OauthAsk) ask = { 0 };
	if (!find_ask(call, &journey, &ask)) {
		return true;
	}
	g_autofree char *path = reply_path("/oauth/consent", journey.id);
	g_autofree char *client = html_name(ask.client_name, NAME_CHARACTERS_MAX);
	g_autofree char *device = html_name(ask.device_name, NAME_CHARACTERS_MAX);
	Frame frame = reply_frame(call, path);
	const PageConsent page = {
		.client = client,
		.device = device,
		.may_write = strstr(ask.scope, "files:write") != NULL,
		.target = ask.own ? NULL : ask.form_action,
		.action = path,
	};
	reply_page(call, 200, page_consent(&frame, &page), ask.form_action);
	return true;
}

static bool use_other(LoginCall *call, const Journey *journey, GError **error)
{
	if (!sessions_end_token(call->login->accounts, call->session_token, &call->by, error)) {
		return false;
	}
	cookies_set(call->response, COOKIES_SESSION, call->base, "");
	g_autofree char *path = reply_path("/login", journey->id);
	reply_go(call, path);
	return true;
}

static bool refuse(LoginCall *call, const Journey *journey, GError **error)
{
	g_autofree char *redirect = NULL;
	if (!oauth_deny(call->login->oauth, journey->pending, call->now_us, &redirect, error)) {
		return false;
	}
	journeys_end(call->login->journeys, journey->id);
	reply_leave(call, redirect);
	return true;
}

bool consent_answer(LoginCall *call, GError **error)
{
	g_auto(Journey) journey = { 0 };
	g_auto(OauthAsk) ask = { 0 };
	const char *answer = parameters_get(call->form, "answer");
	if (!find_ask(call, &journey, &ask)) {
		return true;
	}
	if (g_strcmp0(answer, "other") == 0) {
		return use_other(call, &journey, error);
	}
	if (g_strcmp0(answer, "yes") != 0) {
		return refuse(call, &journey, error);
	}
	Account account = { .id = call->session.account, .epoch = call->session.epoch };
	const FinishEntry entry = { .account = &account, .method = call->session.method };
	return finish_approve(call, &journey, &entry, error);
}
