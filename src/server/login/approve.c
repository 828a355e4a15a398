/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/approve.h"

#include "base/error.h"
#include "pages/page_device.h"
#include "server/login/finish.h"
#include "server/login/reply.h"
#include "server/login/ways.h"

#include <string.h>

#define NAME_CHARACTERS_MAX 64
#define CODE_SIZE_MAX 32
#define PATH "/device"

static void show_entry(LoginCall *call, const char *code, bool wrong)
{
	Frame frame = reply_frame(call, PATH);
	reply_page(call, wrong ? 404 : 200, page_device_entry(&frame, code, wrong, PATH), NULL);
}

bool approve_entry(LoginCall *call, GError **error)
{
	const char *code = request_query(call->request, "user_code");
	bool fits = code && strlen(code) <= CODE_SIZE_MAX;
	show_entry(call, fits ? code : NULL, false);
	return true;
}

bool approve_find(LoginCall *call, GError **error)
{
	const char *code = parameters_get(call->form, "code");
	const OauthEntry entry = {
		.user_code = code && strlen(code) <= CODE_SIZE_MAX ? code : "",
		.session = call->browser_digest,
		.peer = call->request->peer,
		.now_us = call->now_us,
	};
	g_autofree char *pending = NULL;
	g_autoptr(GError) local = NULL;
	if (oauth_find_device(call->login->oauth, &entry, &pending, &local)) {
		g_autofree char *id = ways_begin(call, (Journey){ .pending = pending });
		g_autofree char *path = reply_path(PATH "/approve", id);
		reply_go(call, path);
		return true;
	}
	if (!g_error_matches(local, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	show_entry(call, entry.user_code, true);
	return true;
}

/* The journey and the device's request; false, with a page, if they are gone. */
static bool find_ask(LoginCall *call, Journey *ret_journey, OauthAsk *ret_ask)
{
	if (!ways_journey(call, ret_journey)) {
		return false;
	}
	if (ret_journey->pending &&
	    oauth_ask(call->login->oauth, ret_journey->pending, call->now_us, ret_ask, NULL) &&
	    ret_ask->user_code) {
		return true;
	}
	reply_message(call, &(ReplyMessage){ .status = 410,
					     .title = PHRASE_M_GONE,
					     .text = PHRASE_M_GONE_TEXT });
	return false;
}

bool approve_show(LoginCall *call, GError **error)
{
	g_auto(Journey) journey = { 0 };
	g_auto(OauthAsk) ask = { 0 };
	if (!find_ask(call, &journey, &ask)) {
		return true;
	}
	g_autofree char *path = reply_path(PATH "/approve", journey.id);
	g_autofree char *client = html_name(ask.client_name, NAME_CHARACTERS_MAX);
	g_autofree char *device = html_name(ask.device_name, NAME_CHARACTERS_MAX);
	Frame frame = reply_frame(call, path);
	const PageDevice page = {
		.code = ask.user_code,
		.client = client,
		.device = device,
		.peer = ask.peer,
		.asked_us = ask.asked_us,
		.may_write = strstr(ask.scope, "files:write") != NULL,
		.action = path,
	};
	reply_page(call, 200, page_device(&frame, &page, call->now_us), NULL);
	return true;
}

/* Whoever is let in must learn of it elsewhere too (A10). */
static void tell_in_chat(LoginCall *call, const char *device)
{
	g_autoptr(GArray) identities = finish_identities(call);
	finish_tell(call, identities, WORDS_CONNECTED, device);
}

static bool allow(LoginCall *call, const Journey *journey, const OauthAsk *ask, GError **error)
{
	const OauthApproval approval = {
		.account = call->session.account,
		.epoch = call->session.epoch,
		.method = call->session.method,
		.peer = call->request->peer,
		.now_us = call->now_us,
	};
	g_autofree char *redirect = NULL;
	if (!oauth_approve(call->login->oauth, journey->pending, &approval, &redirect, error)) {
		return false;
	}
	g_autofree char *device = html_name(ask->device_name, NAME_CHARACTERS_MAX);
	const AuditEvent event = { .what = "device-approved",
				   .account = call->session.account,
				   .target = device,
				   .detail = ask->peer };
	audit_note(call->login->accounts, &call->by, &event, NULL);
	tell_in_chat(call, device);
	reply_message(call, &(ReplyMessage){ .status = 200,
					     .title = PHRASE_M_ALLOWED,
					     .text = PHRASE_M_ALLOWED_TEXT,
					     .about = device,
					     .good = true,
					     .href = "/account",
					     .way = PHRASE_TO_DEVICES });
	return true;
}

bool approve_answer(LoginCall *call, GError **error)
{
	g_auto(Journey) journey = { 0 };
	g_auto(OauthAsk) ask = { 0 };
	if (!find_ask(call, &journey, &ask)) {
		return true;
	}
	journeys_end(call->login->journeys, journey.id);
	if (g_strcmp0(parameters_get(call->form, "answer"), "yes") == 0) {
		return allow(call, &journey, &ask, error);
	}
	g_autofree char *redirect = NULL;
	if (!oauth_deny(call->login->oauth, journey.pending, call->now_us, &redirect, error)) {
		return false;
	}
	const AuditEvent event = { .what = "device-refused",
				   .account = call->session.account,
				   .target = ask.device_name,
				   .detail = ask.peer };
	audit_note(call->login->accounts, &call->by, &event, NULL);
	reply_message(call, &(ReplyMessage){ .status = 200,
					     .title = PHRASE_M_NOT_ALLOWED,
					     .text = PHRASE_M_NOT_ALLOWED_TEXT,
					     .good = true });
	return true;
}
