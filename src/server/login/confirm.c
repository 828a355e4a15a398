/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/confirm.h"

#include "base/error.h"
#include "pages/page_chat.h"
#include "pages/page_consent.h"
#include "pages/page_message.h"
#include "request/agent.h"
#include "server/login/reply.h"
#include "server/login/finish.h"
#include "server/login/ways.h"

#include <jansson.h>
#include <string.h>

#define RELOAD_S 4
#define POLL_MS_MAX 25000
/* A poll that came back is asked again not sooner. */
#define POLL_AGAIN_MS 1000
#define IDENTITY_CHARACTERS_MAX 80

static bool no_chat(GError **error)
{
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "nobody can confirm in chat here");
	return false;
}

/* ---- begin ----------------------------------------------------------------------------- */

/* What the person reads in his chat about where he is signing in. */
static char *device_of(LoginCall *call, const Journey *journey)
{
	g_auto(OauthAsk) ask = { 0 };
	if (journey->pending &&
	    oauth_ask(call->login->oauth, journey->pending, call->now_us, &ask, NULL)) {
		return g_strdup_printf("%s on %s", ask.client_name, ask.device_name);
	}
	return agent_describe(call->request->headers[REQUEST_USER_AGENT]);
}

static void show_problem(LoginCall *call, const Journey *journey, const char *address,
			 const GError *error)
{
	call->response->detail = g_strdup(error->message);
	bool foreign = g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
	if (foreign || g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_INVALID)) {
		const WaysProblem problem = {
			.problem = foreign ? PHRASE_FOREIGN_ADDRESS : PHRASE_BAD_ADDRESS,
			.address = address,
		};
		ways_show_problem(call, journey, &problem);
		return;
	}
	bool busy = g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_BUSY);
	g_autofree char *back = reply_path("/login", journey->id);
	reply_message(call, &(ReplyMessage){ .status = busy ? 429 : 502,
					     .title = busy ? PHRASE_M_RATE : PHRASE_M_DOWN,
					     .text = busy ? PHRASE_M_RATE_TEXT : PHRASE_M_DOWN_TEXT,
					     .about = "XMPP",
					     .href = back,
					     .way = PHRASE_TRY_AGAIN });
}

static const ProviderRecord *service_that_asks_a_server(const LoginCall *call)
{
	Providers *providers = call->login->providers;
	const ProviderRecord *const *records = providers ? providers_list(providers) : NULL;
	while (records && *records && !(*records)->asks_server) {
		records++;
	}
	return records ? *records : NULL;
}

/* "@alice:example.org": his own server knows him, and the person need not know how that is called.
 */
static bool go_to_server(LoginCall *call, const Journey *journey, const char *address)
{
	const char *server = *address == '@' ? strchr(address, ':') : NULL;
	const ProviderRecord *record = server ? service_that_asks_a_server(call) : NULL;
	if (!record) {
		return false;
	}
	g_autofree char *place = g_strconcat("/login/", record->id, NULL);
	g_autofree char *begin = reply_path(place, journey->id);
	g_autoptr(GString) path = g_string_new(begin);
	parameters_append(path, "server", server + 1);
	/* A form may not lead to another site, and need not: this page asks for its next. */
	Frame frame = reply_frame(call, NULL);
	frame.next = path->str;
	const PageMessage message = { .title = PHRASE_SIGN_IN,
				      .text = PHRASE_LINK_ON,
				      .about = server + 1,
				      .good = true,
				      .href = path->str,
				      .way = PHRASE_GO_ON };
	reply_page(call, 200, page_message(&frame, &message), NULL);
	return true;
}

bool confirm_begin(LoginCall *call, GError **error)
{
	g_auto(Journey) journey = { 0 };
	const char *address = parameters_get(call->form, "address");
	if (!call->login->chat) {
		return no_chat(error);
	}
	if (!ways_journey(call, &journey) || (address && go_to_server(call, &journey, address))) {
		return true;
	}
	static const ChatPurpose purposes[] = {
		[JOURNEY_SIGN_IN] = CHAT_SIGN_IN,
		[JOURNEY_LINK] = CHAT_LINK,
		[JOURNEY_REAUTH] = CHAT_CONFIRM,
	};
	g_autofree char *device = device_of(call, &journey);
	const ChatAsk ask = {
		.address = address ? address : "",
		.purpose = purposes[journey.purpose],
		.device = device,
		.place = call->request->peer,
		.peer = call->request->peer,
		.language = phrase_language_tag(call->language),
		.browser = call->browser_digest,
	};
	g_autoptr(GError) local = NULL;
	g_auto(ChatAttempt) chat = { 0 };
	if (!chat_begin(call->login->chat, &ask, &chat, &local)) {
		show_problem(call, &journey, address, local);
		return true;
	}
	journeys_set_chat(call->login->journeys, journey.id, chat.id);
	g_autofree char *path = reply_path("/login/chat", journey.id);
	reply_go(call, path);
	return true;
}

/* ---- show ------------------------------------------------------------------------------ */

static void show_waiting(LoginCall *call, const Journey *journey, const ChatAttempt *chat)
{
	g_autofree char *path = reply_path("/login/chat", journey->id);
	g_autofree char *poll = reply_path("/login/chat/poll", journey->id);
	g_autofree char *cancel = reply_path("/login/chat/cancel", journey->id);
	Frame frame = reply_frame(call, path);
	frame.reload_s = RELOAD_S;
	const PageChat page = {
		.address = chat->address,
		.number = chat->mode == CHAT_ASK ? chat->number : NULL,
		.code = chat->code,
		.drive_address = chat->send_to ? chat->send_to : "",
		.link = chat->link,
		.poll = poll,
		.next = path,
		.cancel = cancel,
	};
	reply_page(call, 200, page_chat(&frame, &page), NULL);
}

static void show_proved(LoginCall *call, const Journey *journey, const char *address)
{
	g_autofree char *path = reply_path("/login/chat", journey->id);
	g_autofree char *action = reply_path("/login/chat/continue", journey->id);
	g_autofree char *name = html_name(address, IDENTITY_CHARACTERS_MAX);
	g_autofree char *form_action = ways_form_action(call, journey);
	Frame frame = reply_frame(call, path);
	reply_page(call, 200, page_consent_proved(&frame, name, action), form_action);
}

static void show_outcome(LoginCall *call, const Journey *journey, ChatOutcome outcome,
			 const char *address)
{
	static const struct {
		Phrase title;
		Phrase text;
	} outcomes[] = {
		[CHAT_REDEEMED] = { PHRASE_M_USED, PHRASE_M_USED_TEXT },
		[CHAT_WRONG_NUMBER] = { PHRASE_M_NUMBER, PHRASE_M_NUMBER_TEXT },
		[CHAT_REFUSED] = { PHRASE_M_NO, PHRASE_M_NO_TEXT },
		[CHAT_STOPPED] = { PHRASE_M_STOPPED, PHRASE_M_STOPPED_TEXT },
		[CHAT_BOUNCED] = { PHRASE_M_BOUNCED, PHRASE_M_BOUNCED_TEXT },
		[CHAT_EXPIRED] = { PHRASE_M_EXPIRED, PHRASE_M_EXPIRED_TEXT },
		[CHAT_CANCELLED] = { PHRASE_M_CANCELLED, PHRASE_M_CANCELLED_TEXT },
	};
	g_assert(outcome < G_N_ELEMENTS(outcomes) && outcome > CHAT_PROVED);
	g_autofree char *back = reply_path("/login", journey->id);
	reply_message(call, &(ReplyMessage){ .status = 403,
					     .title = outcomes[outcome].title,
					     .text = outcomes[outcome].text,
					     .about = address,
					     .href = back,
					     .way = PHRASE_TRY_AGAIN });
}

static void show_gone(LoginCall *call)
{
	reply_message(call, &(ReplyMessage){ .status = 410,
					     .title = PHRASE_M_GONE,
					     .text = PHRASE_M_GONE_TEXT });
}

bool confirm_show(LoginCall *call, GError **error)
{
	Chat *chat = call->login->chat;
	g_auto(Journey) journey = { 0 };
	if (!chat) {
		return no_chat(error);
	}
	if (!ways_journey(call, &journey)) {
		return true;
	}
	if (!journey.chat) {
		/* Cancelled: the page that waited comes here, beside its own form or after it. */
		g_autofree char *back = reply_path("/login", journey.id);
		reply_go(call, back);
		return true;
	}
	ChatState state;
	g_auto(ChatAttempt) shown = { 0 };
	if (!chat_poll(chat, journey.chat, call->browser_digest, &state, NULL) ||
	    !chat_show(chat, journey.chat, call->browser_digest, &shown, NULL)) {
		show_gone(call);
		return true;
	}
	if (state.outcome == CHAT_WAITING) {
		show_waiting(call, &journey, &shown);
	} else if (state.outcome == CHAT_PROVED) {
		show_proved(call, &journey, shown.address);
	} else {
		show_outcome(call, &journey, state.outcome, shown.address);
	}
	return true;
}

/* ---- wait ------------------------------------------------------------------------------ */

static void answer_state(LoginCall *call, const char *state)
{
	json_t *value = json_pack("{s:s, s:i}", "state", state, "again_ms", POLL_AGAIN_MS);
	char *text = json_dumps(value, JSON_COMPACT);
	json_decref(value);
	call->response->status = 200;
	call->response->content_type = "application/json";
	call->response->body = g_bytes_new_take(text, strlen(text));
}

bool confirm_poll(LoginCall *call, GError **error)
{
	Login *login = call->login;
	const Request *request = call->request;
	const char *id = request_query(request, "a");
	g_auto(Journey) journey = { 0 };
	if (!login->chat || !id ||
	    !journeys_get(login->journeys, id, call->browser_digest, call->now_us, &journey) ||
	    !journey.chat) {
		answer_state(call, "gone");
		return true;
	}
	/* Watch first, then look: what comes between wakes. */
	ChatWatch *watch = NULL;
	if (request->wake && request->waited_ms < POLL_MS_MAX) {
		watch = chat_watch(login->chat, journey.chat, call->browser_digest, request->wake,
				   request->wake_data, NULL);
	}
	ChatState state;
	bool there = chat_poll(login->chat, journey.chat, call->browser_digest, &state, NULL);
	if (watch && there && state.outcome == CHAT_WAITING) {
		unsigned left_ms = POLL_MS_MAX - request->waited_ms;
		call->response->waiting = watch;
		call->response->wait_ms = MIN(left_ms, (state.seconds + 1) * 1000);
		return true;
	}
	chat_unwatch(login->chat, watch);
	answer_state(call, !there ? "gone" : state.outcome == CHAT_WAITING ? "waiting" : "over");
	return true;
}

/* ---- end ------------------------------------------------------------------------------- */

bool confirm_cancel(LoginCall *call, GError **error)
{
	g_auto(Journey) journey = { 0 };
	if (!call->login->chat) {
		return no_chat(error);
	}
	if (!ways_journey(call, &journey)) {
		return true;
	}
	if (journey.chat) {
		chat_cancel(call->login->chat, journey.chat, call->browser_digest);
		journeys_set_chat(call->login->journeys, journey.id, NULL);
	}
	g_autofree char *path = reply_path("/login", journey.id);
	reply_go(call, path);
	return true;
}

bool confirm_continue(LoginCall *call, GError **error)
{
	const char *answer = parameters_get(call->form, "answer");
	if (g_strcmp0(answer, "yes") != 0) {
		return confirm_cancel(call, error);
	}
	Chat *chat = call->login->chat;
	g_auto(Journey) journey = { 0 };
	g_auto(Proof) proof = { 0 };
	g_autoptr(GError) local = NULL;
	if (!chat) {
		return no_chat(error);
	}
	if (!ways_journey(call, &journey)) {
		return true;
	}
	if (!journey.chat ||
	    !chat_redeem(chat, journey.chat, call->browser_digest, &proof, &local)) {
		/* Shows what came of it. */
		return confirm_show(call, error);
	}
	const FinishProof by = {
		.proof = &proof,
		.policy = chat_register(chat, proof.provider, proof.subject),
		.label = proof.subject,
	};
	return finish_proof(call, &journey, &by, error);
}
