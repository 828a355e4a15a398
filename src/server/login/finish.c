/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/finish.h"

#include "base/error.h"
#include "pages/page_consent.h"
#include "server/accounts/identities.h"
#include "server/login/reply.h"
#include "server/login/cookies.h"
#include "server/login/csrf.h"

#include <sodium.h>
#include <string.h>

#define IDENTITY_CHARACTERS_MAX 80

/* ---- refusals -------------------------------------------------------------------------- */

static const struct {
	unsigned status;
	Phrase title;
	Phrase text;
} refusals[] = {
	[ENTRY_REFUSED_OFF] = { 403, PHRASE_M_CLOSED, PHRASE_M_CLOSED_TEXT },
	[ENTRY_REFUSED_UNINVITED] = { 403, PHRASE_M_INVITE, PHRASE_M_INVITE_TEXT },
	[ENTRY_REFUSED_INVITATION] = { 403, PHRASE_M_BAD_INVITE, PHRASE_M_BAD_INVITE_TEXT },
	[ENTRY_REFUSED_TENANT] = { 403, PHRASE_M_STRANGER, PHRASE_M_STRANGER_TEXT },
	[ENTRY_REFUSED_OFTEN] = { 429, PHRASE_M_RATE, PHRASE_M_RATE_TEXT },
	[ENTRY_REFUSED_WAITING] = { 403, PHRASE_M_APPROVAL, PHRASE_M_APPROVAL_TEXT },
	[ENTRY_REFUSED_DISABLED] = { 403, PHRASE_M_DISABLED, PHRASE_M_DISABLED_TEXT },
	[ENTRY_REFUSED_BOUND_ELSEWHERE] = { 409, PHRASE_M_ELSEWHERE, PHRASE_M_ELSEWHERE_TEXT },
};

void finish_refuse(LoginCall *call, EntryRefusal refusal, const char *about)
{
	g_assert(refusal > ENTRY_ENTERED && refusal < G_N_ELEMENTS(refusals));
	reply_message(call, &(ReplyMessage){ .status = refusals[refusal].status,
					     .title = refusals[refusal].title,
					     .text = refusals[refusal].text,
					     .about = about,
					     .good = refusal == ENTRY_REFUSED_WAITING });
}

/* ---- entering -------------------------------------------------------------------------- */

static SessionsSpec session_of(const LoginCall *call, const char *method)
{
	return (SessionsSpec){
		.method = method,
		.agent = call->request->headers[REQUEST_USER_AGENT],
		.language = phrase_language_tag(call->language),
		.old_token = call->session_token,
	};
}

static void set_session(LoginCall *call, const char *method, const char *token)
{
	cookies_set(call->response, COOKIES_SESSION, call->base, token);
	if (strlen(method) <= COOKIES_VALUE_SIZE_MAX) {
		cookies_set(call->response, COOKIES_LAST, call->base, method);
	}
}

static bool begin_session(LoginCall *call, const FinishEntry *entry, GError **error)
{
	if (entry->token) {
		set_session(call, entry->method, entry->token);
		return true;
	}
	SessionsSpec spec = session_of(call, entry->method);
	spec.account = entry->account->id;
	g_autofree char *token = NULL;
	AuditBy by = call->by;
	by.account = entry->account->id;
	if (!sessions_begin(call->login->accounts, &spec, &by, &token, error)) {
		return false;
	}
	set_session(call, entry->method, token);
	sodium_memzero(token, strlen(token));
	return true;
}

bool finish_approve(LoginCall *call, const Journey *journey, const FinishEntry *entry,
		    GError **error)
{
	const OauthApproval approval = {
		.account = entry->account->id,
		.epoch = entry->account->epoch,
		.registered = entry->registered,
		.method = entry->method,
		.peer = call->request->peer,
		.now_us = call->now_us,
	};
	g_autofree char *redirect = NULL;
	if (!oauth_approve(call->login->oauth, journey->pending, &approval, &redirect, error)) {
		return false;
	}
	journeys_end(call->login->journeys, journey->id);
	reply_leave(call, redirect);
	return true;
}

/* The drive's own clients take a fresh proof for consent; others are asked about. */
static bool go_to_client(LoginCall *call, const Journey *journey, const FinishEntry *entry,
			 GError **error)
{
	g_auto(OauthAsk) ask = { 0 };
	if (!oauth_ask(call->login->oauth, journey->pending, call->now_us, &ask, error)) {
		return false;
	}
	if (ask.own && !ask.user_code) {
		return finish_approve(call, journey, entry, error);
	}
	/* To let a device in takes a click, however fresh the proof (A10). */
	g_autofree char *path =
		reply_path(ask.user_code ? "/device/approve" : "/oauth/consent", journey->id);
	reply_go(call, path);
	return true;
}

bool finish_entry(LoginCall *call, const Journey *journey, const FinishEntry *entry, GError **error)
{
	if (!begin_session(call, entry, error)) {
		return false;
	}
	if (journey->pending) {
		return go_to_client(call, journey, entry, error);
	}
	const char *next = journey->next;
	if (!next) {
		next = entry->registered ? "/account?done=new" : "/account?done=back";
	}
	reply_go(call, next);
	journeys_end(call->login->journeys, journey->id);
	return true;
}

/* ---- proofs ---------------------------------------------------------------------------- */

static bool sign_in(LoginCall *call, const Journey *journey, const FinishProof *by, GError **error)
{
	const SessionsSpec session = session_of(call, by->proof->provider);
	const EntryRequest request = {
		.session = &session,
		.proof = by->proof,
		.policy = by->policy,
		.invitation = journey->invitation,
		.trust_email = by->trust_email,
	};
	g_auto(EntryResult) result = { 0 };
	AuditBy who = call->by;
	who.account = 0;
	if (!entry_by_proof(call->login->accounts, &request, &who, &result, error)) {
		return false;
	}
	if (result.refusal != ENTRY_ENTERED) {
		call->response->detail =
			g_strdup_printf("sign-in by %s refused: %s", by->proof->provider,
					entry_refusal_name(result.refusal));
		finish_refuse(call, result.refusal, by->label);
		return true;
	}
	const FinishEntry entry = {
		.account = &result.account,
		.method = by->proof->provider,
		.registered = result.registered,
		.token = result.token,
	};
	return finish_entry(call, journey, &entry, error);
}

/* Whoever began this must still be signed in, as the same, with access not revoked since. */
static bool is_same_person(const LoginCall *call, const Journey *journey)
{
	return call->signed_in && call->session.account == journey->account &&
	       call->session.epoch == journey->epoch;
}

static bool prove_again(LoginCall *call, const Journey *journey, const FinishProof *by,
			GError **error)
{
	Identity identity = { 0 };
	Account account = { 0 };
	bool same = is_same_person(call, journey) &&
		    identities_find(call->login->accounts, by->proof, &identity, NULL) &&
		    identity.account == journey->account;
	identities_identity_clear(&identity);
	if (!same) {
		reply_message(call, &(ReplyMessage){ .status = 403,
						     .title = PHRASE_M_OTHER,
						     .text = PHRASE_M_OTHER_TEXT,
						     .about = by->label });
		return true;
	}
	if (!accounts_get(call->login->accounts, journey->account, &account, error)) {
		return false;
	}
	const FinishEntry entry = { .account = &account, .method = by->proof->provider };
	bool done = finish_entry(call, journey, &entry, error);
	accounts_account_clear(&account);
	return done;
}

/* Both names are shown before anything is joined (R11). */
static bool ask_to_link(LoginCall *call, const Journey *journey, const FinishProof *by,
			GError **error)
{
	if (!is_same_person(call, journey) || !sessions_is_fresh(&call->session, call->now_us)) {
		reply_message(call, &(ReplyMessage){ .status = 403,
						     .title = PHRASE_M_STALE,
						     .text = PHRASE_M_STALE_TEXT });
		return true;
	}
	journeys_set_proof(call->login->journeys, journey->id, by->proof, by->trust_email);
	g_autofree char *path = reply_path("/account/identity/link", journey->id);
	reply_go(call, path);
	return true;
}

bool finish_proof(LoginCall *call, const Journey *journey, const FinishProof *by, GError **error)
{
	switch (journey->purpose) {
	case JOURNEY_LINK:
		return ask_to_link(call, journey, by, error);
	case JOURNEY_REAUTH:
		return prove_again(call, journey, by, error);
	default:
		return sign_in(call, journey, by, error);
	}
}

/* ---- notices --------------------------------------------------------------------------- */

GArray *finish_identities(LoginCall *call)
{
	GArray *identities = g_array_new(FALSE, FALSE, sizeof(Identity));
	g_array_set_clear_func(identities, identities_identity_clear);
	identities_list(call->login->accounts, call->session.account, identities, NULL);
	return identities;
}

void finish_tell(LoginCall *call, const GArray *identities, Words notice, const char *what)
{
	Account account = { 0 };
	if (!call->login->chat ||
	    !accounts_get(call->login->accounts, call->session.account, &account, NULL)) {
		return;
	}
	g_autofree char *url = g_strconcat(call->base, "/account", NULL);
	const WordsValues values = {
		.language = account.language,
		.drive = call->drive,
		.what = what,
		.account = call->who,
		.url = url,
	};
	g_autofree char *text = words_text(notice, &values);
	accounts_account_clear(&account);
	for (unsigned i = 0; i < identities->len; i++) {
		const Identity *identity = &g_array_index(identities, Identity, i);
		if (*identity->chat_address) {
			chat_notify(call->login->chat, identity->provider, identity->chat_address,
				    text, NULL);
		}
	}
}
