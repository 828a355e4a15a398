/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of endpoints, who may use them, and the one place where an error becomes an answer.
 *
 * What went wrong on the peer's side is told in words. What went wrong on ours is told as "internal
 * error", with the words in Response.detail: they may name paths and statements.
 */
#include "api/api_internal.h"

#include "api/access.h"
#include "api/history.h"
#include "api/links.h"
#include "api/session.h"
#include "api/sync_changes.h"
#include "api/sync_chunks.h"
#include "api/sync_commit.h"
#include "base/error.h"
#include "base/limits.h"
#include "server/oauth/scope.h"

#include <string.h>

#define BEARER "Bearer "

typedef struct Route {
	const char *method;
	const char *path; /* ends in '/': whatever follows belongs to it */
	size_t body_max;
	/* What a credential must be good for (DevicesScope); 0: any; SCOPE_OPEN: none is needed. */
	unsigned scope;
	ApiEndpoint endpoint;
} Route;

static bool health(ApiCall *call, GError **error)
{
	api_reply_json(call, json_pack("{s:s}", "status", "ok"));
	return true;
}

#define SMALL_BODY_SIZE_MAX (64 * KIB)
#define SCOPE_OPEN (1u << 31)
#define SCOPE_READ DEVICES_FILES_READ
#define SCOPE_WRITE DEVICES_FILES_WRITE

static const Route routes[] = {
	{ "POST", "/sync/v1/changes", SMALL_BODY_SIZE_MAX, SCOPE_READ, sync_changes },
	{ "POST", "/sync/v1/commit", BODY_SIZE_MAX, SCOPE_WRITE, sync_commit },
	{ "POST", "/sync/v1/missing", MESSAGE_SIZE_MAX, SCOPE_WRITE, sync_chunks_missing },
	{ "POST", "/sync/v1/upload", BODY_SIZE_MAX, SCOPE_WRITE, sync_chunks_upload },
	{ "POST", "/sync/v1/fetch", MESSAGE_SIZE_MAX, SCOPE_READ, sync_chunks_fetch },
	{ "POST", "/api/v1/login", JSON_BODY_SIZE_MAX, SCOPE_OPEN, session_login },
	{ "POST", "/api/v1/logout", JSON_BODY_SIZE_MAX, 0, session_logout },
	{ "GET", "/api/v1/me", 0, 0, session_me },
	{ "GET", "/api/v1/devices", 0, DEVICES_ACCOUNT, session_devices },
	{ "DELETE", "/api/v1/devices/", 0, DEVICES_ACCOUNT, session_end_device },
	{ "GET", "/api/v1/sessions", 0, DEVICES_ACCOUNT, access_sessions },
	{ "DELETE", "/api/v1/sessions/", 0, DEVICES_ACCOUNT, access_end_session },
	{ "GET", "/api/v1/identities", 0, DEVICES_ACCOUNT, access_identities },
	{ "GET", "/api/v1/picture", 0, 0, access_picture },
	{ "GET", "/api/v1/versions", 0, SCOPE_READ, history_versions },
	{ "POST", "/api/v1/restore", JSON_BODY_SIZE_MAX, SCOPE_WRITE, history_restore },
	{ "GET", "/api/v1/trash", 0, SCOPE_READ, history_trash },
	{ "GET", "/api/v1/links", 0, SCOPE_WRITE, links_list },
	{ "POST", "/api/v1/links", JSON_BODY_SIZE_MAX, SCOPE_WRITE, links_make },
	{ "POST", "/api/v1/links/", JSON_BODY_SIZE_MAX, SCOPE_WRITE, links_send },
	{ "DELETE", "/api/v1/links/", 0, SCOPE_WRITE, links_end },
	{ "GET", "/healthz", 0, SCOPE_OPEN, health },
};

/* ---- life ------------------------------------------------------------------------------ */

NodeId api_account_topic(int64_t account)
{
	NodeId topic = { .bytes = "account" };
	memcpy(topic.bytes + NODE_ID_SIZE - sizeof account, &account, sizeof account);
	return topic;
}

static void wake_account(int64_t account, void *data)
{
	Api *api = data;
	NodeId topic = api_account_topic(account);
	feed_wake(api->feed, &topic);
}

Api *api_new(const ApiOptions *options)
{
	Api *api = g_new0(Api, 1);
	api->accounts = options->accounts;
	api->drive = options->drive;
	api->feed = options->feed;
	api->share = options->share;
	api->login_limit = login_limit_new();
	devices_set_ended(accounts_devices(api->accounts), wake_account, api);
	return api;
}

void api_free(Api *api)
{
	if (!api) {
		return;
	}
	devices_set_ended(accounts_devices(api->accounts), NULL, NULL);
	login_limit_free(api->login_limit);
	g_free(api);
}

LoginLimit *api_login_limit(Api *api)
{
	return api->login_limit;
}

/* ---- answers --------------------------------------------------------------------------- */

static GBytes *json_bytes(json_t *value)
{
	g_assert(value);
	char *text = json_dumps(value, JSON_COMPACT);
	g_assert(text);
	json_decref(value);
	return g_bytes_new_take(text, strlen(text));
}

void api_reply_json(ApiCall *call, json_t *value)
{
	call->response->status = 200;
	call->response->content_type = "application/json";
	call->response->body = json_bytes(value);
}

void api_reply_frames(ApiCall *call, Bulk *body)
{
	call->response->status = 200;
	call->response->content_type = "application/octet-stream";
	call->response->body = bulk_free_to_bytes(body);
}

/* Whether the text of an error is the peer's to read. */
static bool is_public(const GError *error)
{
	if (error->domain != DRIVE_ERROR) {
		return false;
	}
	switch (error->code) {
	case DRIVE_ERROR_IO:
	case DRIVE_ERROR_NO_SPACE:
	case DRIVE_ERROR_CORRUPT:
	case DRIVE_ERROR_CANCELLED:
	case DRIVE_ERROR_OFFLINE:
		return false;
	default:
		return true;
	}
}

static const char *public_text(const GError *error)
{
	if (is_public(error)) {
		return error->message;
	}
	if (g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT)) {
		return "a chunk does not have the bytes that its id names";
	}
	if (g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE)) {
		return "the drive's disk is full: tell its operator";
	}
	return "internal error: tell the drive's operator";
}

static void fail_with(ApiCall *call, const GError *error)
{
	bool known = error->domain == DRIVE_ERROR;
	unsigned status = error_http_status(error);
	if (status == 503 && call->response->retry_after_s > 0) {
		status = 429;
	}
	response_fail(call->response, status, error_code_name(known ? error->code : DRIVE_ERROR_IO),
		      public_text(error));
	call->response->detail = g_strdup(error->message);
	if (status >= 500) {
		call->api->failures++;
	}
}

/* ---- routing --------------------------------------------------------------------------- */

/* What follows the route's path, or NULL if it is another's. */
static const char *rest_of(const Route *route, const char *path)
{
	size_t size = strlen(route->path);
	if (strncmp(path, route->path, size) != 0) {
		return NULL;
	}
	const char *rest = path + size;
	return *rest == '\0' || route->path[size - 1] == '/' ? rest : NULL;
}

/* *ret_path_known: the path exists with another method. */
static const Route *find_route(const char *method, const char *path, const char **ret_rest,
			       bool *ret_path_known)
{
	*ret_path_known = false;
	/* HEAD is GET whose body is not sent. */
	const char *as = strcmp(method, "HEAD") == 0 ? "GET" : method;
	for (size_t i = 0; i < G_N_ELEMENTS(routes); i++) {
		const char *rest = rest_of(&routes[i], path);
		if (rest && strcmp(routes[i].method, as) == 0) {
			*ret_rest = rest;
			return &routes[i];
		}
		*ret_path_known = *ret_path_known || rest;
	}
	return NULL;
}

size_t api_body_max(const char *method, const char *path)
{
	const char *rest;
	bool path_known;
	const Route *route = find_route(method, path, &rest, &path_known);
	return route ? route->body_max : 0;
}

/* ---- who ------------------------------------------------------------------------------- */

static const char *bearer_token(const char *authorization)
{
	if (!authorization || g_ascii_strncasecmp(authorization, BEARER, strlen(BEARER)) != 0) {
		return NULL;
	}
	const char *token = authorization + strlen(BEARER);
	while (*token == ' ') {
		token++;
	}
	return token;
}

bool api_remembers(Api *api, const char *authorization)
{
	const char *token = bearer_token(authorization);
	return token &&
	       devices_remembers(accounts_devices(api->accounts), token, g_get_real_time());
}

static bool authenticate(Api *api, const char *authorization, DevicesCaller *ret_caller,
			 GError **error)
{
	const char *token = bearer_token(authorization);
	if (!token) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED,
				    "sign in first: the request has no bearer token");
		return false;
	}
	return devices_authenticate(accounts_devices(api->accounts), token, g_get_real_time(),
				    ret_caller, error);
}

bool api_admits(Api *api, const char *authorization)
{
	DevicesCaller caller;
	return authenticate(api, authorization, &caller, NULL);
}

/* RFC 6750 3.1 */
static bool has_scope(ApiCall *call, unsigned scopes, unsigned wanted, GError **error)
{
	if ((wanted & ~scopes) == 0) {
		return true;
	}
	g_autofree char *names = scope_show(wanted);
	g_autofree char *challenge =
		g_strdup_printf("Bearer error=\"insufficient_scope\", scope=\"%s\"", names);
	response_add_header(call->response, "WWW-Authenticate", challenge);
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
		    "this sign-in is not good for that: it lacks '%s'", names);
	return false;
}

/* ---- handling -------------------------------------------------------------------------- */

static bool dispatch(ApiCall *call, GError **error)
{
	const Request *request = call->request;
	bool path_known;
	const Route *route = find_route(request->method, request->path, &call->rest, &path_known);
	if (!route) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "there is nothing at '%s'%s",
			    request->path, path_known ? " for this method" : "");
		return false;
	}
	if (route->scope != SCOPE_OPEN) {
		DevicesCaller who;
		if (!authenticate(call->api, request->headers[REQUEST_AUTHORIZATION], &who,
				  error)) {
			return false;
		}
		call->caller.account = who.account;
		call->caller.device = who.device;
		call->response->device = who.device;
		if (!has_scope(call, who.scopes, route->scope, error)) {
			return false;
		}
	}
	size_t size = request->body ? g_bytes_get_size(request->body) : 0;
	if (size > route->body_max) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
			    "a body of %zu bytes, where %zu may be", size, route->body_max);
		return false;
	}
	return route->endpoint(call, error);
}

void api_handle(Api *api, const Request *request, Response *ret_response)
{
	*ret_response = (Response){ 0 };
	ApiCall call = {
		.api = api,
		.request = request,
		.rest = "",
		.now_us = g_get_real_time(),
		.response = ret_response,
	};
	g_autoptr(GError) error = NULL;
	if (!dispatch(&call, &error)) {
		fail_with(&call, error);
	}
	if (ret_response->status == 0) {
		return;
	}
	api->requests++;
	api->bytes_in += request->body ? g_bytes_get_size(request->body) : 0;
	api->bytes_out += ret_response->body ? g_bytes_get_size(ret_response->body) : 0;
}

void api_forget(Api *api, void *waiting)
{
	feed_forget(api->feed, waiting);
}

/* ---- metrics --------------------------------------------------------------------------- */

static void append_metric(GString *text, const char *name, const char *type, uint64_t value)
{
	g_string_append_printf(text, "# TYPE imdrive_%s %s\nimdrive_%s %" G_GUINT64_FORMAT "\n",
			       name, type, name, value);
}

void api_metrics(Api *api, GString *ret_text)
{
	append_metric(ret_text, "requests_total", "counter", api->requests);
	append_metric(ret_text, "request_failures_total", "counter", api->failures);
	append_metric(ret_text, "sign_ins_total", "counter", api->sign_ins);
	append_metric(ret_text, "sign_in_failures_total", "counter", api->sign_in_failures);
	append_metric(ret_text, "commits_total", "counter", api->commits);
	append_metric(ret_text, "operations_total", "counter", api->operations);
	append_metric(ret_text, "received_bytes_total", "counter", api->bytes_in);
	append_metric(ret_text, "sent_bytes_total", "counter", api->bytes_out);
	append_metric(ret_text, "waiting_devices", "gauge", feed_waiting(api->feed));
}

/* ---- as a service ---------------------------------------------------------------------- */

static bool serves(void *data, const char *path)
{
	return true;
}

static size_t body_max(void *data, const char *method, const char *path)
{
	return api_body_max(method, path);
}

static bool remembers(void *data, const char *authorization)
{
	return api_remembers(data, authorization);
}

static bool admits(void *data, const char *authorization)
{
	return api_admits(data, authorization);
}

static void handle(void *data, const Request *request, Response *ret_response)
{
	api_handle(data, request, ret_response);
}

static void forget(void *data, void *waiting)
{
	api_forget(data, waiting);
}

static void metrics(void *data, GString *ret_text)
{
	api_metrics(data, ret_text);
}

Service api_service(Api *api)
{
	return (Service){
		.serves = serves,
		.body_max = body_max,
		.remembers = remembers,
		.admits = admits,
		.handle = handle,
		.forget = forget,
		.metrics = metrics,
		.data = api,
	};
}
