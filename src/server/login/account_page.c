/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/account_page.h"

#include "base/error.h"
#include "pages/page_account.h"
#include "pages/page_consent.h"
#include "request/agent.h"
#include "server/accounts/identities.h"
#include "server/login/reply.h"
#include "server/picture/picture.h"
#include "server/login/cookies.h"
#include "server/login/finish.h"
#include "server/login/ways.h"

#include <string.h>

#define NAME_CHARACTERS_MAX 64
#define PASSWORD_CHARACTERS_MIN 8
#define CHAT_PROVIDER "xmpp"
#define CHAT_LABEL "XMPP"

/* ---- the page -------------------------------------------------------------------------- */

/* What was read, what the page shows of it, and the texts in between. */
typedef struct Content {
	GArray *devices;    /* DevicesEntry */
	GArray *sessions;   /* Session */
	GArray *identities; /* Identity */
	Account account;
	GArray *device_places;  /* PageAccountPlace */
	GArray *session_places; /* PageAccountPlace */
	GArray *shown;          /* PageAccountIdentity */
	GArray *services;       /* PageAccountService */
	GPtrArray *texts;
	bool has_picture;
} Content;

static void content_clear(Content *content)
{
	g_array_unref(content->devices);
	g_array_unref(content->sessions);
	g_array_unref(content->identities);
	accounts_account_clear(&content->account);
	g_array_unref(content->device_places);
	g_array_unref(content->session_places);
	g_array_unref(content->shown);
	g_array_unref(content->services);
	g_ptr_array_unref(content->texts);
}

static bool content_read(LoginCall *call, Content *content, GError **error)
{
	Accounts *accounts = call->login->accounts;
	int64_t account = call->session.account;
	*content = (Content){
		.devices = g_array_new(FALSE, FALSE, sizeof(DevicesEntry)),
		.sessions = g_array_new(FALSE, FALSE, sizeof(Session)),
		.identities = g_array_new(FALSE, FALSE, sizeof(Identity)),
		.device_places = g_array_new(FALSE, FALSE, sizeof(PageAccountPlace)),
		.session_places = g_array_new(FALSE, FALSE, sizeof(PageAccountPlace)),
		.shown = g_array_new(FALSE, FALSE, sizeof(PageAccountIdentity)),
		.services = g_array_new(FALSE, FALSE, sizeof(PageAccountService)),
		.texts = g_ptr_array_new_with_free_func(g_free),
	};
	g_array_set_clear_func(content->devices, devices_entry_clear);
	g_array_set_clear_func(content->sessions, sessions_session_clear);
	g_array_set_clear_func(content->identities, identities_identity_clear);
	return accounts_get(accounts, account, &content->account, error) &&
	       devices_list(accounts_devices(accounts), account, content->devices, error) &&
	       sessions_list(accounts, account, call->now_us, content->sessions, error) &&
	       identities_list(accounts, account, content->identities, error) &&
	       identities_have_picture(accounts, account, &content->has_picture, error);
}

static const char *shown_name(Content *content, const char *name)
{
	char *shown = html_name(name, NAME_CHARACTERS_MAX);
	g_ptr_array_add(content->texts, shown);
	return shown;
}

static const char *label_of(const LoginCall *call, const char *provider)
{
	const ProviderRecord *record =
		call->login->providers ? providers_find(call->login->providers, provider) : NULL;
	if (record) {
		return call->language == LANGUAGE_CHINESE ? record->label_zh : record->label;
	}
	return strcmp(provider, CHAT_PROVIDER) == 0 ? CHAT_LABEL : provider;
}

static const char *icon_of(const LoginCall *call, const char *provider)
{
	const ProviderRecord *record =
		call->login->providers ? providers_find(call->login->providers, provider) : NULL;
	return record ? record->icon : provider;
}

static const char *method_label(const LoginCall *call, const char *method)
{
	return *method == '\0' || strcmp(method, "password") == 0 ? NULL : label_of(call, method);
}

static const char *browser_name(Content *content, const char *agent)
{
	char *name = agent_describe(agent);
	if (!name) {
		return "?";
	}
	g_ptr_array_add(content->texts, name);
	return name;
}

static void fill_places(const LoginCall *call, Content *content)
{
	for (unsigned i = 0; i < content->devices->len; i++) {
		const DevicesEntry *device = &g_array_index(content->devices, DevicesEntry, i);
		const PageAccountPlace place = {
			.id = device->id,
			.name = shown_name(content, device->name),
			.method = method_label(call, device->method),
			.peer = *device->peer ? device->peer : NULL,
			.seen_us = device->seen_us,
		};
		g_array_append_val(content->device_places, place);
	}
	for (unsigned i = 0; i < content->sessions->len; i++) {
		const Session *session = &g_array_index(content->sessions, Session, i);
		const PageAccountPlace place = {
			.id = session->id,
			.name = browser_name(content, session->agent),
			.method = method_label(call, session->method),
			.peer = *session->peer ? session->peer : NULL,
			.seen_us = session->seen_us,
			.here = session->id == call->session.id,
		};
		g_array_append_val(content->session_places, place);
	}
}

static const char *identity_name(Content *content, const Identity *identity)
{
	const char *name = *identity->chat_address ? identity->chat_address
			   : *identity->name       ? identity->name
			   : *identity->username   ? identity->username
						   : identity->subject;
	return shown_name(content, name);
}

static void fill_identities(const LoginCall *call, Content *content)
{
	unsigned ways = content->identities->len + (content->account.has_password ? 1 : 0);
	for (unsigned i = 0; i < content->identities->len; i++) {
		const Identity *identity = &g_array_index(content->identities, Identity, i);
		const PageAccountIdentity shown = {
			.id = identity->id,
			.icon = icon_of(call, identity->provider),
			.label = label_of(call, identity->provider),
			.name = identity_name(content, identity),
			.removable = ways > 1,
		};
		g_array_append_val(content->shown, shown);
	}
	Providers *providers = call->login->providers;
	const ProviderRecord *const *records = providers ? providers_list(providers) : NULL;
	for (; records && *records; records++) {
		const PageAccountService service = {
			.id = (*records)->id,
			.icon = (*records)->icon,
			.label = label_of(call, (*records)->id),
		};
		g_array_append_val(content->services, service);
	}
}

/* ?done=WORD after an action, so that reloading repeats nothing. */
static bool notice_of(const LoginCall *call, Phrase *ret_notice)
{
	static const struct {
		const char *word;
		Phrase notice;
	} notices[] = {
		{ "new", PHRASE_WELCOME_NEW },        { "back", PHRASE_WELCOME_BACK },
		{ "device", PHRASE_DONE_REVOKED },    { "session", PHRASE_DONE_ENDED },
		{ "linked", PHRASE_DONE_LINKED },     { "unlinked", PHRASE_DONE_UNLINKED },
		{ "password", PHRASE_DONE_PASSWORD },
	};
	const char *done = request_query(call->request, "done");
	for (size_t i = 0; done && i < G_N_ELEMENTS(notices); i++) {
		if (strcmp(done, notices[i].word) == 0) {
			*ret_notice = notices[i].notice;
			return true;
		}
	}
	return false;
}

static void show(LoginCall *call, Content *content)
{
	fill_places(call, content);
	fill_identities(call, content);
	PageAccount page = {
		.url = call->base,
		.admin = content->account.role == ACCOUNT_ADMIN,
		.has_password = content->account.has_password,
		.devices = (const PageAccountPlace *)(void *)content->device_places->data,
		.device_count = content->device_places->len,
		.sessions = (const PageAccountPlace *)(void *)content->session_places->data,
		.session_count = content->session_places->len,
		.identities = (const PageAccountIdentity *)(void *)content->shown->data,
		.identity_count = content->shown->len,
		.services = (const PageAccountService *)(void *)content->services->data,
		.service_count = content->services->len,
		.can_link_chat = call->login->chat && chat_is_there(call->login->chat),
		.has_picture = content->has_picture,
	};
	page.noted = notice_of(call, &page.notice);
	Frame frame = reply_frame(call, "/account");
	reply_page(call, 200, page_account(&frame, &page, call->now_us), NULL);
}

bool account_page_show(LoginCall *call, GError **error)
{
	Content content;
	bool read = content_read(call, &content, error);
	if (read) {
		show(call, &content);
	}
	content_clear(&content);
	return read;
}

bool account_page_picture(LoginCall *call, GError **error)
{
	g_auto(IdentitiesPicture) picture = { 0 };
	if (!identities_find_picture(call->login->accounts, call->session.account, &picture,
				     error)) {
		return false;
	}
	if (!picture.bytes) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "the drive has no picture of this person");
		return false;
	}
	size_t size;
	const void *bytes = g_bytes_get_data(picture.bytes, &size);
	reply_picture(call, picture_type(bytes, size), picture.bytes);
	return true;
}

/* ---- ending ---------------------------------------------------------------------------- */

static bool read_id(const LoginCall *call, int64_t *ret_id, GError **error)
{
	const char *text = parameters_get(call->form, "id");
	if (text && g_ascii_string_to_signed(text, 10, 1, INT64_MAX, ret_id, NULL)) {
		return true;
	}
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "id is not a number");
	return false;
}

bool account_page_end_device(LoginCall *call, GError **error)
{
	DevicesCaller which = { .account = call->session.account };
	if (!read_id(call, &which.device, error) ||
	    !devices_end_by(accounts_devices(call->login->accounts), &which, &call->by, error)) {
		return false;
	}
	reply_go(call, "/account?done=device");
	return true;
}

bool account_page_end_session(LoginCall *call, GError **error)
{
	int64_t session;
	if (!read_id(call, &session, error) ||
	    !sessions_end(call->login->accounts, call->session.account, session, &call->by,
			  error)) {
		return false;
	}
	reply_go(call, "/account?done=session");
	return true;
}

static void forget_session(LoginCall *call, Phrase text)
{
	cookies_set(call->response, COOKIES_SESSION, call->base, "");
	if (call->signed_in) {
		sessions_session_clear(&call->session);
		call->signed_in = false;
	}
	reply_message(call, &(ReplyMessage){ .status = 200,
					     .title = PHRASE_M_SIGNED_OUT,
					     .text = text,
					     .good = true });
}

bool account_page_end_all(LoginCall *call, GError **error)
{
	if (!accounts_revoke(call->login->accounts, call->session.account, &call->by, error)) {
		return false;
	}
	forget_session(call, PHRASE_M_SIGNED_OUT_ALL_TEXT);
	return true;
}

bool account_page_sign_out(LoginCall *call, GError **error)
{
	if (call->session_token &&
	    !sessions_end_token(call->login->accounts, call->session_token, &call->by, error)) {
		return false;
	}
	forget_session(call, PHRASE_M_SIGNED_OUT_TEXT);
	return true;
}

bool account_page_password(LoginCall *call, GError **error)
{
	const char *password = parameters_get(call->form, "password");
	if (!ways_is_fresh(call, "/account")) {
		return true;
	}
	if (!password || g_utf8_strlen(password, -1) < PASSWORD_CHARACTERS_MIN) {
		reply_message(call, &(ReplyMessage){ .status = 400,
						     .title = PHRASE_SET_PASSWORD,
						     .text = PHRASE_BAD_PASSWORD });
		return true;
	}
	if (!accounts_change_password(call->login->accounts, call->session.account, password,
				      call->session.id, &call->by, error)) {
		return false;
	}
	reply_go(call, "/account?done=password");
	return true;
}

/* ---- linking --------------------------------------------------------------------------- */

bool account_page_link(LoginCall *call, GError **error)
{
	const char *provider = parameters_get(call->form, "provider");
	bool chat = g_strcmp0(provider, "chat") == 0;
	Providers *providers = call->login->providers;
	if (!chat && !(provider && providers && providers_find(providers, provider))) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "there is no such service");
		return false;
	}
	g_autofree char *id = ways_begin(call, (Journey){ .purpose = JOURNEY_LINK,
							  .account = call->session.account,
							  .epoch = call->session.epoch });
	g_autofree char *place = chat ? g_strdup("/login") : g_strconcat("/login/", provider, NULL);
	g_autofree char *path = reply_path(place, id);
	if (!ways_is_fresh(call, path)) {
		return true;
	}
	/* A form may not lead to another site, and need not: this page asks for its next. */
	if (chat) {
		reply_go(call, path);
	} else {
		Frame frame = reply_frame(call, NULL);
		frame.next = path;
		const char *label = label_of(call, provider);
		const PageMessage message = { .title = PHRASE_LINK,
					      .text = PHRASE_LINK_ON,
					      .about = label,
					      .good = true,
					      .href = path,
					      .way = PHRASE_GO_ON };
		reply_page(call, 200, page_message(&frame, &message), NULL);
	}
	return true;
}

static bool find_link(LoginCall *call, Journey *ret_journey)
{
	if (!ways_journey(call, ret_journey)) {
		return false;
	}
	if (ret_journey->purpose == JOURNEY_LINK && ret_journey->proof.provider &&
	    ret_journey->account == call->session.account) {
		return true;
	}
	reply_message(call, &(ReplyMessage){ .status = 403,
					     .title = PHRASE_M_STALE,
					     .text = PHRASE_M_STALE_TEXT });
	return false;
}

static char *proof_name(const LoginCall *call, const Proof *proof)
{
	const char *name = proof->chat_address ? proof->chat_address
			   : proof->name       ? proof->name
			   : proof->username   ? proof->username
					       : proof->subject;
	g_autofree char *shown = html_name(name, NAME_CHARACTERS_MAX);
	return g_strdup_printf("%s (%s)", shown, label_of(call, proof->provider));
}

bool account_page_link_show(LoginCall *call, GError **error)
{
	g_auto(Journey) journey = { 0 };
	if (!find_link(call, &journey)) {
		return true;
	}
	g_autofree char *path = reply_path("/account/identity/link", journey.id);
	g_autofree char *action = reply_path("/account/identity/bind", journey.id);
	g_autofree char *name = proof_name(call, &journey.proof);
	Frame frame = reply_frame(call, path);
	reply_page(call, 200, page_consent_link(&frame, name, action), NULL);
	return true;
}

bool account_page_bind(LoginCall *call, GError **error)
{
	g_auto(Journey) journey = { 0 };
	if (!find_link(call, &journey)) {
		return true;
	}
	if (g_strcmp0(parameters_get(call->form, "answer"), "yes") != 0) {
		journeys_end(call->login->journeys, journey.id);
		reply_go(call, "/account");
		return true;
	}
	g_autofree char *again = reply_path("/account/identity/link", journey.id);
	if (!ways_is_fresh(call, again)) {
		return true;
	}
	journeys_end(call->login->journeys, journey.id);
	const IdentitiesBind bind = {
		.account = journey.account,
		.epoch = journey.epoch,
		.proof = &journey.proof,
		.trust_email = journey.trust_email,
	};
	g_autoptr(GError) local = NULL;
	if (identities_bind(call->login->accounts, &bind, &call->by, &local)) {
		pictures_want(call->login->pictures, &journey.proof);
		g_autoptr(GArray) identities = finish_identities(call);
		g_autofree char *name = proof_name(call, &journey.proof);
		/* R11: the owner learns of it at every address, also at the one that came. */
		finish_tell(call, identities, WORDS_LINKED, name);
		reply_go(call, "/account?done=linked");
		return true;
	}
	if (g_error_matches(local, DRIVE_ERROR, DRIVE_ERROR_CONFLICT)) {
		g_autofree char *name = proof_name(call, &journey.proof);
		reply_message(call, &(ReplyMessage){ .status = 409,
						     .title = PHRASE_M_ELSEWHERE,
						     .text = PHRASE_M_ELSEWHERE_TEXT,
						     .about = name });
		return true;
	}
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

/* NULL if there is none with this id. */
static const Identity *identity_of(const GArray *identities, int64_t id)
{
	for (unsigned i = 0; i < identities->len; i++) {
		const Identity *identity = &g_array_index(identities, Identity, i);
		if (identity->id == id) {
			return identity;
		}
	}
	return NULL;
}

/* The owner learns of it everywhere, also there. */
static void tell_unlinked(LoginCall *call, const GArray *identities, const Identity *identity)
{
	const Proof known = {
		.provider = identity->provider,
		.subject = identity->subject,
		.name = *identity->name ? identity->name : NULL,
		.username = *identity->username ? identity->username : NULL,
		.chat_address = *identity->chat_address ? identity->chat_address : NULL,
	};
	g_autofree char *name = proof_name(call, &known);
	finish_tell(call, identities, WORDS_UNLINKED, name);
}

bool account_page_unlink(LoginCall *call, GError **error)
{
	IdentitiesUnbind unbind = { .account = call->session.account };
	if (!read_id(call, &unbind.identity, error)) {
		return false;
	}
	if (!ways_is_fresh(call, "/account")) {
		return true;
	}
	g_autoptr(GArray) identities = finish_identities(call);
	const Identity *identity = identity_of(identities, unbind.identity);
	/* What came in by the service whose account goes, goes too. */
	bool spared = identity && strcmp(identity->provider, call->session.method) != 0;
	unbind.spared_session = spared ? call->session.id : 0;
	g_autoptr(GError) local = NULL;
	if (identities_unbind(call->login->accounts, &unbind, &call->by, &local)) {
		tell_unlinked(call, identities, identity);
		if (spared) {
			reply_go(call, "/account?done=unlinked");
		} else {
			forget_session(call, PHRASE_M_UNLINKED_TEXT);
		}
		return true;
	}
	if (g_error_matches(local, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN)) {
		reply_message(call, &(ReplyMessage){ .status = 403,
						     .title = PHRASE_M_LAST_WAY,
						     .text = PHRASE_M_LAST_WAY_TEXT });
		return true;
	}
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}
