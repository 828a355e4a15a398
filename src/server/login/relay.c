/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/relay.h"

#include "base/error.h"
#include "base/secret.h"
#include "pages/page_login.h"
#include "server/login/reply.h"
#include "server/login/finish.h"
#include "server/login/ways.h"

#include <string.h>

#define CALLBACK "/callback"

static const char *label_of(const LoginCall *call, const ProviderRecord *record)
{
	return call->language == LANGUAGE_CHINESE ? record->label_zh : record->label;
}

static EntryPolicy policy_of(const ProviderRecord *record)
{
	switch (record->register_policy) {
	case PROVIDER_REGISTER_AUTO:
		return ENTRY_AUTO;
	case PROVIDER_REGISTER_APPROVE:
		return ENTRY_APPROVE;
	case PROVIDER_REGISTER_INVITE:
		return ENTRY_INVITE;
	default:
		return ENTRY_OFF;
	}
}

/* A provider of its own for each record, so that no service's answer passes for another's (R6). */
static char *redirect_uri(const LoginCall *call, const ProviderRecord *record)
{
	return g_strconcat(call->base, "/login/", record->id, CALLBACK, NULL);
}

/* What went wrong with a service; the way on is the sign-in page of the journey, if it is there. */
static void fail(LoginCall *call, const ProviderRecord *record, const char *journey,
		 const GError *error)
{
	ReplyMessage message = {
		.status = 502,
		.title = PHRASE_M_REFUSED,
		.text = PHRASE_M_REFUSED_TEXT,
		.about = label_of(call, record),
		.way = PHRASE_TRY_AGAIN,
	};
	if (g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED)) {
		message.status = 403;
		message.title = PHRASE_M_CANCELLED;
		message.text = PHRASE_M_CANCELLED_TEXT;
	} else if (g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN)) {
		message.status = 403;
		message.title = PHRASE_M_STRANGER;
		message.text = PHRASE_M_STRANGER_TEXT;
	} else if (g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE)) {
		message.title = PHRASE_M_DOWN;
		message.text = PHRASE_M_DOWN_TEXT;
	}
	call->response->detail = g_strdup(error->message);
	const AuditEvent event = { .what = "sign-in-failed",
				   .target = record->id,
				   .detail = error_code_name(error->code) };
	audit_note(call->login->accounts, &call->by, &event, NULL);
	g_autofree char *href = journey ? reply_path("/login", journey) : NULL;
	message.href = href;
	reply_message(call, &message);
}

/* ---- there ----------------------------------------------------------------------------- */

static void ask_server(LoginCall *call, const ProviderRecord *record, const Journey *journey)
{
	g_autofree char *action = g_strconcat("/login/", record->id, NULL);
	g_autofree char *path = reply_path(action, journey->id);
	Frame frame = reply_frame(call, path);
	const PageLoginServer page = { .icon = record->icon,
				       .label = label_of(call, record),
				       .action = action,
				       .journey = journey->id };
	/* The form leads on to whatever server was typed. */
	reply_page(call, 200, page_login_server(&frame, &page), "https:");
}

static bool begin(LoginCall *call, const ProviderRecord *record, const Journey *journey)
{
	const char *server = request_query(call->request, "server");
	if (record->asks_server && !server) {
		ask_server(call, record, journey);
		return true;
	}
	g_autofree char *state = secret_make();
	g_autofree char *redirect = redirect_uri(call, record);
	const ProviderStart start = {
		.redirect_uri = redirect,
		.state = state,
		.locale = phrase_language_tag(call->language),
		.server = record->asks_server ? server : NULL,
	};
	g_autoptr(GError) error = NULL;
	g_autofree char *url = NULL;
	g_autofree char *flight = NULL;
	if (!provider_begin(call->login->providers, record, &start, &url, &flight, &error)) {
		fail(call, record, journey->id, error);
		return true;
	}
	const JourneyState value = {
		.provider = (char *)record->id,
		.browser = call->browser_digest,
		.journey = journey->id,
		.flight = flight,
	};
	journeys_put_state(call->login->journeys, state, &value, call->now_us);
	reply_leave(call, url);
	return true;
}

static bool go_there(LoginCall *call, const ProviderRecord *record)
{
	g_auto(Journey) journey = { 0 };
	if (request_query(call->request, "a")) {
		return !ways_journey(call, &journey) || begin(call, record, &journey);
	}
	g_autofree char *id = ways_begin(call, (Journey){ 0 });
	return !journeys_get(call->login->journeys, id, call->browser_digest, call->now_us,
			     &journey) ||
	       begin(call, record, &journey);
}

/* ---- and back -------------------------------------------------------------------------- */

static void refuse_state(LoginCall *call, JourneysTaken taken)
{
	ReplyMessage message = {
		.status = 400,
		.title = PHRASE_M_EXPIRED,
		.text = PHRASE_M_EXPIRED_TEXT,
	};
	if (taken == JOURNEYS_USED) {
		message.status = 409;
		message.title = PHRASE_M_USED;
		message.text = PHRASE_M_USED_TEXT;
		message.good = true;
	} else if (taken == JOURNEYS_MIXED || taken == JOURNEYS_FOREIGN) {
		bool mixed = taken == JOURNEYS_MIXED;
		message.title = mixed ? PHRASE_M_BAD : PHRASE_M_BROWSER;
		message.text = mixed ? PHRASE_M_BAD_TEXT : PHRASE_M_BROWSER_TEXT;
		const AuditEvent event = {
			.what = "sign-in-failed",
			.detail = mixed ? "state of another service" : "state of another browser",
		};
		audit_note(call->login->accounts, &call->by, &event, NULL);
	}
	reply_message(call, &message);
}

static GHashTable *query_of(const Request *request)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	const char *name;
	const char *value;
	for (unsigned i = 0; parameters_at(request->query, i, &name, &value); i++) {
		g_hash_table_insert(table, g_strdup(name), g_strdup(value));
	}
	return table;
}

static bool redeem(LoginCall *call, const ProviderRecord *record, const JourneyState *state,
		   GError **error)
{
	g_autoptr(GHashTable) query = query_of(call->request);
	g_autofree char *redirect = redirect_uri(call, record);
	g_autoptr(GError) local = NULL;
	g_auto(Proof) proof = { 0 };
	g_auto(Journey) journey = { 0 };
	if (!journeys_get(call->login->journeys, state->journey, call->browser_digest, call->now_us,
			  &journey)) {
		refuse_state(call, JOURNEYS_UNKNOWN);
		return true;
	}
	if (!provider_finish(call->login->providers, record, state->flight, query, redirect, &proof,
			     &local) ||
	    !proof_check(&proof, &local)) {
		fail(call, record, journey.id, local);
		return true;
	}
	const FinishProof by = {
		.proof = &proof,
		.policy = policy_of(record),
		.trust_email = record->trust_email_verified,
		.label = label_of(call, record),
	};
	if (!finish_proof(call, &journey, &by, error)) {
		return false;
	}
	pictures_want(call->login->pictures, &proof);
	return true;
}

static bool come_back(LoginCall *call, const ProviderRecord *record, GError **error)
{
	const Parameters *query = call->request->query;
	const char *text = query ? parameters_get(query, "state") : NULL;
	const char *token = query ? parameters_get(query, "access_token") : NULL;
	if (!text || token || parameters_get(query, "id_token") || parameters_repeated(query)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "a callback carries one state and one code, and no token");
		return false;
	}
	const JourneyState claim = { .provider = (char *)record->id,
				     .browser = call->browser_digest };
	g_auto(JourneyState) state = { 0 };
	JourneysTaken taken =
		journeys_take_state(call->login->journeys, text, &claim, call->now_us, &state);
	if (taken != JOURNEYS_TAKEN) {
		refuse_state(call, taken);
		return true;
	}
	return redeem(call, record, &state, error);
}

/* ---- routes ---------------------------------------------------------------------------- */

static bool no_provider(const LoginCall *call, GError **error)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "no enabled service is called '%s'",
		    call->rest);
	return false;
}

bool relay_get(LoginCall *call, GError **error)
{
	bool back = g_str_has_suffix(call->rest, CALLBACK);
	g_autofree char *id =
		g_strndup(call->rest, strlen(call->rest) - (back ? strlen(CALLBACK) : 0));
	Providers *providers = call->login->providers;
	const ProviderRecord *record = providers ? providers_find(providers, id) : NULL;
	if (!record) {
		return no_provider(call, error);
	}
	return back ? come_back(call, record, error) : go_there(call, record);
}

bool relay_post(LoginCall *call, GError **error)
{
	g_set_error_literal(
		error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
		"nothing is accepted here by POST: a service's tokens are fetched by the "
		"drive itself");
	return false;
}
