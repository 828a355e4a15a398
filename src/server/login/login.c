/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of pages, and what is done with every request before its page sees it: who it is, from
 * which browser, and whether a form was ours.
 */
#include "server/login/login.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "pages/asset.h"
#include "pages/page_account.h"
#include "server/login/account_page.h"
#include "server/login/reply.h"
#include "server/login/approve.h"
#include "server/login/confirm.h"
#include "server/login/consent.h"
#include "server/login/cookies.h"
#include "server/login/csrf.h"
#include "server/login/local.h"
#include "server/login/login_internal.h"
#include "server/login/relay.h"
#include "server/login/site.h"
#include "server/login/ways.h"

#include <gio/gio.h>
#include <sodium.h>
#include <string.h>

#define FORM_SIZE_MAX (16 * KIB)
#define NAME_CHARACTERS_MAX 64

typedef struct Route {
	const char *method;
	const char *path; /* ends in '/': whatever follows belongs to it */
	bool known;       /* only for who is signed in */
	LoginEndpoint endpoint;
} Route;

/* The first that fits. */
static const Route routes[] = {
	{ "GET", "/login", false, ways_show },
	{ "GET", "/login/services", false, ways_list },
	{ "POST", "/login/password", false, local_sign_in },
	{ "POST", "/login/register", false, local_register },
	{ "GET", "/login/chat", false, confirm_show },
	{ "POST", "/login/chat", false, confirm_begin },
	{ "GET", "/login/chat/poll", false, confirm_poll },
	{ "POST", "/login/chat/cancel", false, confirm_cancel },
	{ "POST", "/login/chat/continue", false, confirm_continue },
	{ "GET", "/login/", false, relay_get },
	{ "POST", "/login/", false, relay_post },
	{ "GET", WAYS_INVITE, false, ways_invited },
	{ "GET", "/oauth/authorize", false, consent_begin },
	{ "GET", "/oauth/consent", true, consent_show },
	{ "POST", "/oauth/consent", true, consent_answer },
	{ "GET", "/device", true, approve_entry },
	{ "POST", "/device", true, approve_find },
	{ "GET", "/device/approve", true, approve_show },
	{ "POST", "/device/approve", true, approve_answer },
	{ "GET", "/account", true, account_page_show },
	{ "GET", PAGE_ACCOUNT_PICTURE, true, account_page_picture },
	{ "POST", "/account/device/end", true, account_page_end_device },
	{ "POST", "/account/session/end", true, account_page_end_session },
	{ "POST", "/account/identity/link", true, account_page_link },
	{ "GET", "/account/identity/link", true, account_page_link_show },
	{ "POST", "/account/identity/bind", true, account_page_bind },
	{ "POST", "/account/identity/unlink", true, account_page_unlink },
	{ "POST", "/account/end-all", true, account_page_end_all },
	{ "POST", "/account/password", true, account_page_password },
	{ "POST", "/logout", false, account_page_sign_out },
	{ "GET", "/language", false, site_language },
	{ "GET", "/", false, site_file },
};

/* ---- life ------------------------------------------------------------------------------ */

Login *login_new(const LoginOptions *options)
{
	Login *login = g_new0(Login, 1);
	login->accounts = options->accounts;
	login->providers = options->providers;
	login->pictures = options->pictures;
	login->chat = options->chat;
	login->oauth = options->oauth;
	login->drive_name = g_strdup(options->drive_name);
	login->verify_folder = g_strdup(options->verify_folder);
	login->meta_name = g_strdup(options->meta_name);
	login->meta_content = g_strdup(options->meta_content);
	login->journeys = journeys_new();
	login->limit = options->limit;
	return login;
}

void login_free(Login *login)
{
	if (!login) {
		return;
	}
	journeys_free(login->journeys);
	g_free(login->drive_name);
	g_free(login->verify_folder);
	g_free(login->meta_name);
	g_free(login->meta_content);
	g_free(login->base);
	g_free(login);
}

void login_set_base(Login *login, const char *base)
{
	g_assert(!login->base);
	login->base = g_strdup(base);
}

bool login_base_is_safe(const char *base)
{
	if (g_str_has_prefix(base, "https://")) {
		return true;
	}
	g_autoptr(GUri) uri = g_uri_parse(base, G_URI_FLAGS_NONE, NULL);
	const char *host = uri ? g_uri_get_host(uri) : NULL;
	if (!host || strcmp(g_uri_get_scheme(uri), "http") != 0) {
		return false;
	}
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);
	return address ? g_inet_address_get_is_loopback(address) : strcmp(host, "localhost") == 0;
}

/* ---- who ------------------------------------------------------------------------------- */

static Language language_of(const LoginCall *call)
{
	Language language;
	g_autofree char *chosen =
		cookies_read(COOKIES_LANGUAGE, call->base, call->request->headers[REQUEST_COOKIE]);
	if (chosen && phrase_language_from_tag(chosen, &language)) {
		return language;
	}
	return phrase_language_of(call->request->headers[REQUEST_ACCEPT_LANGUAGE]);
}

static void call_open(LoginCall *call)
{
	Login *login = call->login;
	const char *cookies = call->request->headers[REQUEST_COOKIE];
	call->by = (AuditBy){ .peer = call->request->peer, .now_us = call->now_us };
	call->language = language_of(call);
	call->drive = frame_drive(login->drive_name, call->base);
	call->browser = cookies_read(COOKIES_BROWSER, call->base, cookies);
	if (!call->browser) {
		call->browser = secret_make();
		cookies_set(call->response, COOKIES_BROWSER, call->base, call->browser);
	}
	call->browser_digest = csrf_digest(call->browser);
	call->session_token = cookies_read(COOKIES_SESSION, call->base, cookies);
	if (call->session_token) {
		call->signed_in = sessions_find(login->accounts, call->session_token, &call->by,
						&call->session, NULL);
	}
	if (call->signed_in) {
		call->by.account = call->session.account;
		call->who = html_name(call->session.account_name, NAME_CHARACTERS_MAX);
	}
	call->csrf = csrf_token(call->browser, call->signed_in ? call->session_token : NULL);
}

static void call_close(LoginCall *call)
{
	if (call->signed_in) {
		sessions_session_clear(&call->session);
	}
	if (call->session_token) {
		sodium_memzero(call->session_token, strlen(call->session_token));
	}
	g_free(call->session_token);
	g_clear_pointer(&call->form, parameters_free);
	g_free(call->browser);
	g_free(call->browser_digest);
	g_free(call->who);
	g_free(call->drive);
	g_free(call->csrf);
}

/* ---- routing --------------------------------------------------------------------------- */

static const char *rest_of(const Route *route, const char *path)
{
	size_t size = strlen(route->path);
	if (strncmp(path, route->path, size) != 0) {
		return NULL;
	}
	const char *rest = path + size;
	return *rest == '\0' || (size > 1 && route->path[size - 1] == '/') ? rest : NULL;
}

static const Route *find_route(const char *method, const char *path, const char **ret_rest)
{
	const char *as = strcmp(method, "HEAD") == 0 ? "GET" : method;
	for (size_t i = 0; i < G_N_ELEMENTS(routes); i++) {
		const char *rest = rest_of(&routes[i], path);
		if (rest && strcmp(routes[i].method, as) == 0) {
			*ret_rest = rest;
			return &routes[i];
		}
	}
	if (strcmp(as, "GET") == 0 && site_serves(path)) {
		*ret_rest = path + 1;
		return &routes[G_N_ELEMENTS(routes) - 1];
	}
	return NULL;
}

static bool serves(void *data, const char *path)
{
	const char *rest;
	return find_route("GET", path, &rest) || find_route("POST", path, &rest);
}

static size_t body_max(void *data, const char *method, const char *path)
{
	const char *rest;
	const Route *route = find_route(method, path, &rest);
	return route && strcmp(method, "POST") == 0 ? FORM_SIZE_MAX : 0;
}

/* ---- handling -------------------------------------------------------------------------- */

/*
 * A loopback drive can be called by several names, whose cookies differ, and by the name of a page
 * elsewhere that rebinds it (A12). Behind a proxy the header says nothing of use.
 */
static bool is_other_name(const LoginCall *call)
{
	const char *host = call->request->headers[REQUEST_HOST];
	if (!g_str_has_prefix(call->base, "http://") || !host) {
		return false;
	}
	return g_ascii_strcasecmp(host, call->base + strlen("http://")) != 0;
}

static void go_to_own_name(LoginCall *call)
{
	g_autoptr(GString) path = g_string_new(NULL);
	g_string_append_uri_escaped(path, call->request->path, "/", FALSE);
	const char *name;
	const char *value;
	for (unsigned i = 0;
	     call->request->query && parameters_at(call->request->query, i, &name, &value); i++) {
		g_string_append(path, i == 0 ? "?" : "");
		parameters_append(path, name, value);
	}
	if (strcmp(call->request->method, "GET") == 0 && path->str[1] != '/') {
		reply_go(call, path->str);
		return;
	}
	reply_message(call, &(ReplyMessage){ .status = 421,
					     .title = PHRASE_M_STALE,
					     .text = PHRASE_M_STALE_TEXT });
}

/* The form of a POST, if a page of ours in this browser sent it (A11). */
static bool take_form(LoginCall *call)
{
	const char *site = call->request->headers[REQUEST_SEC_FETCH_SITE];
	g_autoptr(Parameters) form = request_form(call->request, NULL);
	const char *token = form ? parameters_get(form, "csrf") : NULL;
	bool ours =
		token && !parameters_repeated(form) && !(site && strcmp(site, "cross-site") == 0) &&
		csrf_is_right(token, call->browser, call->signed_in ? call->session_token : NULL);
	if (!ours) {
		reply_message(call, &(ReplyMessage){ .status = 403,
						     .title = PHRASE_M_STALE,
						     .text = PHRASE_M_STALE_TEXT });
		return false;
	}
	call->form = g_steal_pointer(&form);
	return true;
}

static void dispatch(LoginCall *call, const Route *route)
{
	g_autoptr(GError) error = NULL;
	bool post = strcmp(route->method, "POST") == 0;
	/* A callback that is POSTed holds no token; relay_post() says what is wrong with it. */
	bool formless = route->endpoint == relay_post;
	if (post && !formless && !take_form(call)) {
		return;
	}
	if (route->known && !call->signed_in) {
		ways_require(call);
		return;
	}
	if (!route->endpoint(call, &error)) {
		reply_error(call, error);
	}
}

static void refuse_plain(LoginCall *call)
{
	reply_message(call, &(ReplyMessage){ .status = 403,
					     .title = PHRASE_M_HTTP,
					     .text = PHRASE_M_HTTP_TEXT,
					     .href = "/",
					     .way = PHRASE_TRY_AGAIN });
}

static void handle(void *data, const Request *request, Response *ret_response)
{
	Login *login = data;
	LoginCall call = {
		.login = login,
		.request = request,
		.response = ret_response,
		.rest = "",
		.base = login->base,
		.now_us = g_get_real_time(),
	};
	const Route *route = find_route(request->method, request->path, &call.rest);
	if (!call.base || !route) {
		response_fail(ret_response, route ? 503 : 405, route ? "busy" : "not-found",
			      route ? "the drive is starting" : "not with this method");
		return;
	}
	if (site_asset(&call)) {
		return;
	}
	if (!login_base_is_safe(call.base)) {
		/* Nothing is asked, and no cookie is set, where others can read along. */
		call.drive = frame_drive(NULL, call.base);
		call.csrf = g_strdup("");
		call.language = phrase_language_of(request->headers[REQUEST_ACCEPT_LANGUAGE]);
		refuse_plain(&call);
		call_close(&call);
		return;
	}
	if (is_other_name(&call)) {
		call.drive = frame_drive(NULL, call.base);
		call.csrf = g_strdup("");
		go_to_own_name(&call);
		call_close(&call);
		return;
	}
	call_open(&call);
	dispatch(&call, route);
	call_close(&call);
}

/*
 * Assets, and the first pages of somebody who is nobody yet: what a sign-in begins with. An open
 * session is looked up in the database.
 */
static bool is_quick(void *data, const Request *request)
{
	Login *login = data;
	const char *cookies = request->headers[REQUEST_COOKIE];
	const char *rest;
	const Route *route = find_route(request->method, request->path, &rest);
	if (!login->base || !route) {
		return false;
	}
	if (g_str_has_prefix(request->path, ASSET_ROOT)) {
		return true;
	}
	g_autofree char *session = cookies_read(COOKIES_SESSION, login->base, cookies);
	return !session && (route->endpoint == consent_begin || route->endpoint == ways_show);
}

static void forget(void *data, void *waiting)
{
	Login *login = data;
	chat_unwatch(login->chat, waiting);
}

Service login_service(Login *login)
{
	return (Service){
		.serves = serves,
		.secret_below = WAYS_INVITE,
		.body_max = body_max,
		.handle = handle,
		.is_quick = is_quick,
		.forget = forget,
		.data = login,
	};
}
