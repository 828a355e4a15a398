/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/ways.h"

#include "base/error.h"
#include "pages/page_login.h"
#include "server/accounts/identities.h"
#include "server/accounts/invitations.h"
#include "server/login/reply.h"
#include "server/login/consent.h"
#include "server/login/cookies.h"
#include "server/login/target.h"

#include <jansson.h>
#include <string.h>

#define NAME_CHARACTERS_MAX 64
#define CHAT_PROVIDER "xmpp"

/* ---- journeys -------------------------------------------------------------------------- */

char *ways_begin(LoginCall *call, Journey template)
{
	template.browser = call->browser_digest;
	return journeys_begin(call->login->journeys, &template, call->request->peer, call->now_us);
}

bool ways_journey(LoginCall *call, Journey *ret_journey)
{
	const char *id = request_query(call->request, "a");
	if (id && journeys_get(call->login->journeys, id, call->browser_digest, call->now_us,
			       ret_journey)) {
		return true;
	}
	reply_message(call, &(ReplyMessage){ .status = 410,
					     .title = PHRASE_M_GONE,
					     .text = PHRASE_M_GONE_TEXT });
	return false;
}

void ways_require(LoginCall *call)
{
	g_autoptr(GString) next = g_string_new(call->request->path);
	const char *code = request_query(call->request, "user_code");
	const char *journey = request_query(call->request, "a");
	if (code || journey) {
		g_string_append_c(next, '?');
		parameters_append(next, code ? "user_code" : "a", code ? code : journey);
	}
	bool get = strcmp(call->request->method, "POST") != 0;
	g_autofree char *id = ways_begin(
		call, (Journey){ .next = get && target_is_own(next->str) ? next->str : NULL });
	g_autofree char *path = reply_path("/login", id);
	reply_go(call, path);
}

bool ways_is_fresh(LoginCall *call, const char *next)
{
	if (sessions_is_fresh(&call->session, call->now_us)) {
		return true;
	}
	g_autofree char *id = ways_begin(call, (Journey){ .purpose = JOURNEY_REAUTH,
							  .next = (char *)next,
							  .account = call->session.account,
							  .epoch = call->session.epoch });
	g_autofree char *path = reply_path("/login", id);
	reply_go(call, path);
	return false;
}

char *ways_form_action(const LoginCall *call, const Journey *journey)
{
	g_auto(OauthAsk) ask = { 0 };
	if (!journey->pending ||
	    !oauth_ask(call->login->oauth, journey->pending, call->now_us, &ask, NULL)) {
		return NULL;
	}
	return g_steal_pointer(&ask.form_action);
}

/* ---- the page -------------------------------------------------------------------------- */

/* What a request calls the account of the drive's own, among the ways in. */
#define WAY_PASSWORD "password"

/* What is on the page, with what its borrowed strings live in. */
typedef struct Ways {
	GArray *services; /* of PageLoginService */
	GPtrArray *texts;
	GArray *identities; /* REAUTH: only these ways count */
	bool only_known;
	bool password;
	bool chat;
} Ways;

static char *keep(Ways *ways, char *text)
{
	g_ptr_array_add(ways->texts, text);
	return text;
}

static bool is_known(const Ways *ways, const char *provider)
{
	for (unsigned i = 0; ways->only_known && i < ways->identities->len; i++) {
		if (strcmp(g_array_index(ways->identities, Identity, i).provider, provider) == 0) {
			return true;
		}
	}
	return !ways->only_known;
}

/* first: the service to stand first, or NULL. */
static void add_services(LoginCall *call, Ways *ways, const Journey *journey, const char *first)
{
	if (!call->login->providers) {
		return;
	}
	g_autofree char *last =
		cookies_read(COOKIES_LAST, call->base, call->request->headers[REQUEST_COOKIE]);
	const ProviderRecord *const *records = providers_list(call->login->providers);
	for (; *records; records++) {
		const ProviderRecord *record = *records;
		if (!is_known(ways, record->id)) {
			continue;
		}
		g_autofree char *path = g_strconcat("/login/", record->id, NULL);
		const PageLoginService service = {
			.icon = record->icon,
			.label = call->language == LANGUAGE_CHINESE ? record->label_zh
								    : record->label,
			.href = keep(ways, reply_path(path, journey->id)),
			.last_used = last && strcmp(last, record->id) == 0,
		};
		if (first ? strcmp(first, record->id) == 0 : service.last_used) {
			g_array_prepend_val(ways->services, service);
		} else {
			g_array_append_val(ways->services, service);
		}
	}
}

static void ways_init(LoginCall *call, Ways *ways, const Journey *journey, const char *first)
{
	*ways = (Ways){
		.services = g_array_new(FALSE, FALSE, sizeof(PageLoginService)),
		.texts = g_ptr_array_new_with_free_func(g_free),
		.identities = g_array_new(FALSE, FALSE, sizeof(Identity)),
		.password = journey->purpose != JOURNEY_LINK,
		.chat = call->login->chat && chat_is_there(call->login->chat),
	};
	g_array_set_clear_func(ways->identities, identities_identity_clear);
	if (journey->purpose == JOURNEY_REAUTH) {
		Account account = { 0 };
		ways->only_known = true;
		if (accounts_get(call->login->accounts, journey->account, &account, NULL)) {
			ways->password = account.has_password;
			accounts_account_clear(&account);
		}
		identities_list(call->login->accounts, journey->account, ways->identities, NULL);
		ways->chat = ways->chat && is_known(ways, CHAT_PROVIDER);
	}
	if (journey->purpose != JOURNEY_LINK) {
		add_services(call, ways, journey, first);
	}
}

static void ways_clear(Ways *ways)
{
	g_array_unref(ways->services);
	g_ptr_array_unref(ways->texts);
	g_array_unref(ways->identities);
}

/* An administrator's invitation to a drive that nobody has entered yet. */
static bool is_first(LoginCall *call, const char *token)
{
	Invitation invitation;
	if (!invitations_find(call->login->accounts, token, call->now_us, &invitation, NULL) ||
	    invitation.role != ACCOUNT_ADMIN) {
		return false;
	}
	g_autoptr(GArray) accounts = g_array_new(FALSE, FALSE, sizeof(Account));
	g_array_set_clear_func(accounts, accounts_account_clear);
	return accounts_list(call->login->accounts, accounts, NULL) && accounts->len == 0;
}

static PageLoginReason reason_of(LoginCall *call, const Journey *journey, Ways *ways,
				 PageLogin *login)
{
	if (journey->purpose == JOURNEY_REAUTH) {
		return PAGE_LOGIN_REAUTH;
	}
	if (journey->purpose == JOURNEY_LINK) {
		return PAGE_LOGIN_LINK;
	}
	if (!journey->invitation) {
		return PAGE_LOGIN_PLAIN;
	}
	login->register_action = keep(ways, reply_path("/login/register", journey->id));
	login->password_action = NULL;
	return is_first(call, journey->invitation) ? PAGE_LOGIN_FIRST_ADMIN : PAGE_LOGIN_INVITED;
}

/*
 * The form of the account that needs no chat service. Where it is asked for it stands first; where
 * somebody is invited, the other ways would leave it out of sight, so it is a page further.
 */
static void place_local(const Journey *journey, Ways *ways, PageLogin *login, bool wanted)
{
	login->local_first = wanted && (login->register_action || login->password_action);
	if (!login->local_first && login->register_action &&
	    (login->service_count > 0 || login->chat_action)) {
		char *page = keep(ways, reply_path("/login", journey->id));
		login->local_href = keep(ways, g_strconcat(page, "&way=" WAY_PASSWORD, NULL));
	}
}

static void show(LoginCall *call, const Journey *journey, const WaysProblem *problem)
{
	Ways ways;
	g_auto(OauthAsk) ask = { 0 };
	bool asked = journey->pending &&
		     oauth_ask(call->login->oauth, journey->pending, call->now_us, &ask, NULL);
	ways_init(call, &ways, journey, ask.provider);
	PageLogin login = {
		.client =
			asked ? keep(&ways, html_name(ask.client_name, NAME_CHARACTERS_MAX)) : NULL,
		.device =
			asked ? keep(&ways, html_name(ask.device_name, NAME_CHARACTERS_MAX)) : NULL,
		.services = (const PageLoginService *)(void *)ways.services->data,
		.service_count = ways.services->len,
		.chat_action =
			ways.chat ? keep(&ways, reply_path("/login/chat", journey->id)) : NULL,
		.password_action = ways.password
					   ? keep(&ways, reply_path("/login/password", journey->id))
					   : NULL,
		.failed = problem != NULL,
		.problem = problem ? problem->problem : PHRASE_LAST,
		.name = problem && problem->name ? problem->name
			: journey->purpose == JOURNEY_REAUTH && call->signed_in
				? call->session.account_name
				: NULL,
		.address = problem ? problem->address : ask.login_hint,
		.hinted = !problem && ask.login_hint,
	};
	login.reason = reason_of(call, journey, &ways, &login);
	const char *way = ask.provider ? ask.provider : request_query(call->request, "way");
	bool typed = problem && problem->name;
	place_local(journey, &ways, &login, typed || g_strcmp0(way, WAY_PASSWORD) == 0);
	char *path = keep(&ways, reply_path("/login", journey->id));
	Frame frame = reply_frame(call, path);
	reply_page(call, problem ? 403 : 200, page_login(&frame, &login),
		   asked ? ask.form_action : NULL);
	ways_clear(&ways);
}

void ways_show_problem(LoginCall *call, const Journey *journey, const WaysProblem *problem)
{
	show(call, journey, problem);
}

bool ways_show(LoginCall *call, GError **error)
{
	g_auto(Journey) journey = { 0 };
	if (request_query(call->request, "a")) {
		if (ways_journey(call, &journey)) {
			show(call, &journey, NULL);
		}
		return true;
	}
	const char *next = request_query(call->request, "next");
	const char *own = next && target_is_own(next) ? next : NULL;
	if (call->signed_in) {
		reply_go(call, own ? own : "/account");
		return true;
	}
	g_autofree char *id = ways_begin(call, (Journey){ .next = (char *)own });
	if (journeys_get(call->login->journeys, id, call->browser_digest, call->now_us, &journey)) {
		show(call, &journey, NULL);
	}
	return true;
}

bool ways_invited(LoginCall *call, GError **error)
{
	Invitation invitation;
	if (!invitations_find(call->login->accounts, call->rest, call->now_us, &invitation, NULL)) {
		reply_message(call, &(ReplyMessage){ .status = 404,
						     .title = PHRASE_M_BAD_INVITE,
						     .text = PHRASE_M_BAD_INVITE_TEXT });
		return true;
	}
	if (request_query(call->request, "client_id")) {
		return consent_begin_invited(call, call->rest, error);
	}
	g_autofree char *id = ways_begin(call, (Journey){ .invitation = (char *)call->rest });
	g_autofree char *path = reply_path("/login", id);
	reply_go(call, path);
	return true;
}

/* ---- for programs ---------------------------------------------------------------------- */

static json_t *service_json(const LoginCall *call, const ProviderRecord *record)
{
	json_t *hosts = json_array();
	for (const char *const *host = record->embed_hosts; host && *host; host++) {
		json_array_append_new(hosts, json_string(*host));
	}
	bool chinese = call->language == LANGUAGE_CHINESE;
	return json_pack("{s:s, s:s, s:s, s:b, s:o}", "id", record->id, "label",
			 chinese ? record->label_zh : record->label, "icon", record->icon,
			 "embedded", record->embedded, "embed_hosts", hosts);
}

bool ways_list(LoginCall *call, GError **error)
{
	Login *login = call->login;
	json_t *services = json_array();
	const ProviderRecord *const *records =
		login->providers ? providers_list(login->providers) : NULL;
	for (; records && *records; records++) {
		json_array_append_new(services, service_json(call, *records));
	}
	json_t *value =
		json_pack("{s:s, s:o, s:b, s:b}", "drive", call->drive, "services", services,
			  "chat", login->chat && chat_is_there(login->chat), "password", 1);
	g_assert(value);
	char *text = json_dumps(value, JSON_COMPACT);
	json_decref(value);
	call->response->status = 200;
	call->response->content_type = "application/json";
	call->response->body = g_bytes_new_take(text, strlen(text));
	return true;
}
