/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: "i" if somebody is signed in; the rest of the line is path and query; what follows, if
 * there is more, is the form of a POST. @JOURNEY@, @ASKED@ (by a program), @LINK@ (with a proof),
 * @STATE@, @INVITATION@ and @CSRF@ stand for what is good. Whatever it is, it gets a page; nobody
 * is signed in or registered, and a browser is sent to this drive, to the enabled service or to the
 * program's redirect, and nowhere else. The service is down, and nobody answers in chat.
 */
#include "base/secret.h"
#include "server/accounts/invitations.h"
#include "server/login/cookies.h"
#include "server/login/csrf.h"
#include "server/login/login_internal.h"
#include "server/chat/chat_memory.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <string.h>

#define INPUT_SIZE_MAX 8192
#define BASE "https://drive.example.org"
#define SERVICE "http://127.0.0.1:1/" /* nobody listens there */
#define PROGRAM "http://127.0.0.1:4000/callback"

static const char record[] = "[provider]\nextends=oauth2\nid=demo\nlabel=Demo\nclient_id=drive\n"
			     "client_secret=secret\nallow_http_loopback=true\nregister=auto\n"
			     "authorize_url=" SERVICE "authorize\ntoken_url=" SERVICE "token\n"
			     "userinfo_url=" SERVICE "me\n";

typedef struct World {
	Sql *sql;
	Accounts *accounts;
	Oauth *oauth;
	Http *http;
	Providers *providers;
	Chat *chat;
	LoginLimit *limit;
	Login *login;
	Service service;
	int64_t alice;
	char *browser;
	char *invitation;
	char *session;
} World;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the drive ------------------------------------------------------------------------- */

static bool home(int64_t account, NodeId *ret_drive, void *data, GError **error)
{
	*ret_drive = (NodeId){ .bytes = { 1, 2, 3 } };
	return true;
}

static void load_service(World *world)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = g_dir_make_tmp("imdrive-login-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "demo.conf", NULL);
	g_assert_true(g_file_set_contents(path, record, -1, NULL));
	g_assert_cmpint(g_chmod(path, 0600), ==, 0);
	world->http = http_new("imdrive-fuzz/1");
	world->providers = providers_load(
		&(ProvidersOptions){ .folder = folder, .http = world->http }, &error);
	g_assert_no_error(error);
	g_unlink(path);
	g_rmdir(folder);
}

static void load_chat(World *world)
{
	g_autoptr(GError) error = NULL;
	const ChatOptions options = { .sql = world->sql, .drive_name = "d", .drive_url = BASE };
	world->chat = chat_new(&options, &error);
	g_assert_no_error(error);
	g_assert_true(chat_add(world->chat, chat_memory_new(), NULL));
}

static World *world_new(void)
{
	g_autoptr(GError) error = NULL;
	World *world = g_new0(World, 1);
	world->sql = sql_open(":memory:", &(SqlOptions){ 0 }, &error);
	g_assert_no_error(error);
	world->accounts = accounts_open(world->sql, 0, &error);
	g_assert_no_error(error);
	g_assert_true(accounts_add(world->accounts, "alice", NULL, &world->alice, NULL));
	const OauthOptions options = { .accounts = world->accounts,
				       .sql = world->sql,
				       .home = home };
	world->oauth = oauth_open(&options, &error);
	g_assert_no_error(error);
	oauth_set_issuer(world->oauth, BASE);
	load_service(world);
	load_chat(world);
	world->limit = login_limit_new();
	world->login = login_new(&(LoginOptions){ .accounts = world->accounts,
						  .providers = world->providers,
						  .chat = world->chat,
						  .oauth = world->oauth,
						  .limit = world->limit });
	login_set_base(world->login, BASE);
	world->service = login_service(world->login);
	world->browser = secret_make();
	const AuditBy by = { .now_us = g_get_real_time() };
	g_assert_true(invitations_add(world->accounts, &(InvitationsSpec){ 0 }, &by,
				      &world->invitation, NULL));
	return world;
}

static void world_free(World *world)
{
	login_free(world->login);
	login_limit_free(world->limit);
	chat_free(world->chat);
	providers_free(world->providers);
	http_free(world->http);
	oauth_close(world->oauth);
	accounts_close(world->accounts);
	sql_close(world->sql);
	g_free(world->browser);
	g_free(world->invitation);
	g_free(world);
}

/* Whether it is still as it was made: one person, who has no way in. */
static bool is_as_before(World *world)
{
	Account account = { 0 };
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Account));
	g_array_set_clear_func(all, accounts_account_clear);
	g_assert_true(accounts_list(world->accounts, all, NULL));
	g_assert_cmpuint(all->len, ==, 1);
	g_assert_true(accounts_get(world->accounts, world->alice, &account, NULL));
	bool same = !account.has_password && account.identity_count == 0;
	accounts_account_clear(&account);
	return same;
}

static char *begin_session(World *world)
{
	const SessionsSpec spec = { .account = world->alice, .method = "password" };
	const AuditBy by = { .peer = "192.0.2.1", .now_us = g_get_real_time() };
	char *token = NULL;
	g_assert_true(sessions_begin(world->accounts, &spec, &by, &token, NULL));
	return token;
}

/* ---- asking ---------------------------------------------------------------------------- */

static char *cookies_of(const World *world)
{
	g_autofree char *browser = cookies_name(COOKIES_BROWSER, BASE);
	g_autofree char *session = cookies_name(COOKIES_SESSION, BASE);
	return world->session ? g_strdup_printf("%s=%s; %s=%s", browser, world->browser, session,
						world->session)
			      : g_strdup_printf("%s=%s", browser, world->browser);
}

/* form NULL: GET. A query that is none gets no answer: front refuses it. */
static void ask(World *world, const char *target, const char *form, Response *ret_response)
{
	const char *mark = strchr(target, '?');
	g_autofree char *path = g_strndup(target, mark ? (size_t)(mark - target) : strlen(target));
	g_autoptr(Parameters) query =
		parameters_parse(mark ? mark + 1 : "", mark ? strlen(mark + 1) : 0, NULL);
	g_autoptr(GBytes) body = form ? g_bytes_new_static(form, strlen(form)) : NULL;
	g_autofree char *cookies = cookies_of(world);
	Request request = { .method = form ? "POST" : "GET",
			    .path = path,
			    .query = query,
			    .body = body,
			    .peer = "192.0.2.1" };
	request.headers[REQUEST_COOKIE] = cookies;
	request.headers[REQUEST_CONTENT_TYPE] = form ? "application/x-www-form-urlencoded" : NULL;
	*ret_response = (Response){ 0 };
	if (query && *path == '/') {
		world->service.handle(world->service.data, &request, ret_response);
	}
}

static const char *header_of(const Response *response, const char *name)
{
	for (unsigned i = 0; response->headers && i < response->headers->len; i++) {
		const char *line = response->headers->pdata[i];
		if (g_str_has_prefix(line, name)) {
			return line + strlen(name);
		}
	}
	return NULL;
}

/* ---- what is good ---------------------------------------------------------------------- */

static char *begin_journey(World *world, Journey journey)
{
	g_autofree char *digest = csrf_digest(world->browser);
	journey.browser = digest;
	return journeys_begin(world->login->journeys, &journey, NULL, g_get_real_time());
}

static char *good_journey(World *world)
{
	return begin_journey(world, (Journey){ .purpose = JOURNEY_SIGN_IN });
}

static char *good_asked(World *world)
{
	static const char query[] = "client_id=imdrive&response_type=code&redirect_uri=" PROGRAM
				    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
				    "&code_challenge_method=S256";
	g_autoptr(Parameters) parameters = parameters_parse(query, strlen(query), NULL);
	g_autofree char *pending = NULL;
	g_autofree char *redirect = NULL;
	oauth_begin(world->oauth, parameters, g_get_real_time(), &pending, &redirect, NULL);
	return begin_journey(world, (Journey){ .purpose = JOURNEY_SIGN_IN, .pending = pending });
}

static char *good_link(World *world)
{
	char provider[] = "demo";
	char tenant[] = "";
	char subject[] = "1";
	const Proof proof = { .provider = provider, .tenant = tenant, .subject = subject };
	Account account = { 0 };
	g_assert_true(accounts_get(world->accounts, world->alice, &account, NULL));
	char *id = begin_journey(world, (Journey){ .purpose = JOURNEY_LINK,
						   .account = world->alice,
						   .epoch = account.epoch });
	accounts_account_clear(&account);
	journeys_set_proof(world->login->journeys, id, &proof, false);
	return id;
}

static char *good_state(World *world)
{
	g_autofree char *id = good_journey(world);
	g_autofree char *target = g_strconcat("/login/demo?a=", id, NULL);
	g_auto(Response) response = { 0 };
	ask(world, target, NULL, &response);
	const char *url = header_of(&response, "Location: ");
	const char *state = url ? strstr(url, "state=") : NULL;
	g_assert_nonnull(state);
	state += strlen("state=");
	return g_strndup(state, strcspn(state, "&"));
}

static char *good_invitation(World *world)
{
	return g_strdup(world->invitation);
}

static char *good_csrf(World *world)
{
	return csrf_token(world->browser, world->session);
}

static void fill(World *world, GString *text)
{
	static const struct {
		const char *name;
		char *(*make)(World *world);
	} marks[] = {
		{ "@JOURNEY@", good_journey }, { "@ASKED@", good_asked },
		{ "@LINK@", good_link },       { "@STATE@", good_state },
		{ "@CSRF@", good_csrf },       { "@INVITATION@", good_invitation },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(marks); i++) {
		if (strstr(text->str, marks[i].name)) {
			g_autofree char *good = marks[i].make(world);
			g_string_replace(text, marks[i].name, good, 0);
		}
	}
}

/* ---- the answer ------------------------------------------------------------------------ */

static void check(const Response *response)
{
	g_autofree char *name = cookies_name(COOKIES_SESSION, BASE);
	g_autofree char *session = g_strconcat("Set-Cookie: ", name, "=", NULL);
	const char *set = header_of(response, session);
	const char *url = header_of(response, "Location: ");
	g_assert(response->status >= 200 && response->status != 500);
	g_assert(!set || *set == ';');
	g_assert(!url || g_str_has_prefix(url, BASE "/") ||
		 g_str_has_prefix(url, SERVICE "authorize?") ||
		 g_str_has_prefix(url, "http://127.0.0.1") ||
		 g_str_has_prefix(url, "http://[::1]"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static World *world;
	if (size < 2 || size > INPUT_SIZE_MAX || memchr(data, '\0', size)) {
		return 0;
	}
	if (!world) {
		world = world_new();
	}
	world->session = data[0] == 'i' ? begin_session(world) : NULL;
	g_autoptr(GString) text = g_string_new_len((const char *)data + 1, (gssize)size - 1);
	fill(world, text);
	char *form = strchr(text->str, '\n');
	if (form) {
		*form++ = '\0';
	}
	g_auto(Response) response = { 0 };
	ask(world, text->str, form, &response);
	if (response.status != 0) {
		check(&response);
	}
	g_clear_pointer(&world->session, g_free);
	sessions_end_others(world->accounts, world->alice, 0, NULL, NULL);
	if (!is_as_before(world)) {
		g_clear_pointer(&world, world_free);
	}
	return 0;
}
