/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/discovery.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define KEEP_US (INT64_C(3600) * G_USEC_PER_SEC)
#define KEYS_AGAIN_US (INT64_C(60) * G_USEC_PER_SEC)
#define TENANT_MARK "{tenantid}"
#define GUID_SIZE 36

static const char *const endpoint_names[] = { "authorization_endpoint", "token_endpoint",
					      "userinfo_endpoint", "jwks_uri",
					      "registration_endpoint" };

/* ---- where it is described ------------------------------------------------------------- */

static char *oidc_url(const char *issuer)
{
	size_t size = strlen(issuer);
	size -= size > 0 && issuer[size - 1] == '/' ? 1 : 0;
	return g_strdup_printf("%.*s/.well-known/openid-configuration", (int)size, issuer);
}

/* RFC 8414: the well-known part comes between host and path. */
static char *rfc8414_url(const char *issuer)
{
	const char *host = strstr(issuer, "://");
	const char *path = host ? strchr(host + 3, '/') : NULL;
	size_t size = path ? (size_t)(path - issuer) : strlen(issuer);
	bool no_path = !path || g_str_equal(path, "/");
	return g_strdup_printf("%.*s/.well-known/oauth-authorization-server%s", (int)size, issuer,
			       no_path ? "" : path);
}

/* ---- whether it may be believed -------------------------------------------------------- */

static bool is_guid(const char *text, size_t size)
{
	return size == GUID_SIZE && strspn(text, "0123456789abcdefABCDEF-") >= size;
}

/*
 * Entra describes all its tenants together as ".../{tenantid}/..."; and one that is asked for by
 * an alias ("consumers", "contoso.com") by its number.
 */
static bool fits_template(const Record *record, const char *said)
{
	const char *mark =
		record->issuer_template ? strstr(record->issuer_template, TENANT_MARK) : NULL;
	if (!mark) {
		return false;
	}
	if (g_str_equal(said, record->issuer_template)) {
		return true;
	}
	const char *directory = record->directory ? record->directory : "";
	size_t before = (size_t)(mark - record->issuer_template);
	const char *after = mark + strlen(TENANT_MARK);
	size_t size = strlen(said);
	return !is_guid(directory, strlen(directory)) &&
	       size == before + GUID_SIZE + strlen(after) &&
	       strncmp(said, record->issuer_template, before) == 0 &&
	       is_guid(said + before, strcspn(said + before, "/")) &&
	       g_str_equal(said + before + GUID_SIZE, after);
}

static bool check_issuer(const Record *record, const json_t *said, const char *issuer,
			 GError **error)
{
	const char *name = document_text(said, "issuer");
	if (name && (g_str_equal(name, issuer) || fits_template(record, name))) {
		return true;
	}
	g_autofree char *shown = name ? g_strescape(name, NULL) : g_strdup("nothing");
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
		    "the service at '%s' says that its issuer is '%.200s'", issuer, shown);
	return false;
}

/* Only what is used, and only what may be asked. */
static json_t *take_metadata(const Record *record, const json_t *said, GError **error)
{
	json_t *metadata = json_object();
	json_object_set(metadata, "issuer", json_object_get(said, "issuer"));
	for (size_t i = 0; i < G_N_ELEMENTS(endpoint_names); i++) {
		const char *url = document_text(said, endpoint_names[i]);
		if (!url) {
			continue;
		}
		if (strlen(url) > 1024 || !record_is_url(url, record->allow_http_loopback)) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the service describes a %s that is no https URL",
				    endpoint_names[i]);
			json_decref(metadata);
			return NULL;
		}
		json_object_set_new(metadata, endpoint_names[i], json_string(url));
	}
	const char *announced = "authorization_response_iss_parameter_supported";
	json_object_set_new(metadata, announced, json_boolean(document_is_true(said, announced)));
	return metadata;
}

static json_t *discover(Providers *providers, const Record *record, const char *issuer,
			const char *url, GError **error)
{
	json_t *metadata = memory_get(providers->memory, url, KEEP_US);
	if (metadata) {
		return metadata;
	}
	const OutboundQuestion question = {
		.url = url,
		.typed = record->asks_server,
		.loopback = record->allow_http_loopback,
	};
	json_t *said = outbound_ask(providers->http, &question, error);
	if (said && check_issuer(record, said, issuer, error)) {
		metadata = take_metadata(record, said, error);
	}
	json_decref(said);
	if (metadata) {
		memory_put(providers->memory, url, metadata);
	} else {
		g_prefix_error(error, "ask what the service says of itself: ");
	}
	return metadata;
}

json_t *discovery_of_issuer(Providers *providers, const Record *record, const char *issuer,
			    GError **error)
{
	g_autofree char *url = oidc_url(issuer);
	return discover(providers, record, issuer, url, error);
}

static void overlay(json_t *metadata, const char *name, const char *value)
{
	if (value) {
		json_object_set_new(metadata, name, json_string(value));
	}
}

json_t *discovery_of_record(Providers *providers, const Record *record, GError **error)
{
	json_t *metadata = NULL;
	if (record->discovery == RECORD_DISCOVERY_OFF) {
		metadata = json_object();
		overlay(metadata, "issuer",
			record->issuer_template ? record->issuer_template : record->issuer);
	} else {
		g_autofree char *url = record->discovery == RECORD_DISCOVERY_OIDC
					       ? oidc_url(record->issuer)
					       : rfc8414_url(record->issuer);
		metadata = discover(providers, record, record->issuer, url, error);
	}
	if (!metadata) {
		return NULL;
	}
	overlay(metadata, "authorization_endpoint", record->authorize_url);
	overlay(metadata, "token_endpoint", record->token_url);
	overlay(metadata, "userinfo_endpoint", record->userinfo_url);
	overlay(metadata, "jwks_uri", record->jwks_uri);
	if (!document_text(metadata, "authorization_endpoint") ||
	    !document_text(metadata, "token_endpoint")) {
		json_decref(metadata);
		g_set_error_literal(
			error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			"the service names no place to sign in (authorization_endpoint, "
			"token_endpoint)");
		return NULL;
	}
	return metadata;
}

/* ---- keys ------------------------------------------------------------------------------ */

/* Whether keys may be asked for again; if so, not again for a minute. */
static bool may_ask_again(Memory *memory, const char *url)
{
	g_autofree char *key = g_strconcat("asked again ", url, NULL);
	json_t *before = memory_get(memory, key, KEYS_AGAIN_US);
	if (!before) {
		json_t *mark = json_object();
		memory_put(memory, key, mark);
		json_decref(mark);
	}
	json_decref(before);
	return before == NULL;
}

json_t *discovery_keys(Login *login, bool again, GError **error)
{
	const char *url = document_text(login->metadata, "jwks_uri");
	if (!url) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the service names no keys (jwks_uri)");
		return NULL;
	}
	Memory *memory = login->providers->memory;
	json_t *keys = again ? NULL : memory_get(memory, url, KEEP_US);
	if (again && !may_ask_again(memory, url)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
				    "the service's keys were asked for less than a minute ago");
		return NULL;
	}
	if (keys) {
		return keys;
	}
	const OutboundQuestion question = {
		.url = url,
		.typed = login->record->asks_server,
		.loopback = login->record->allow_http_loopback,
	};
	keys = outbound_ask(login->providers->http, &question, error);
	if (!keys) {
		g_prefix_error(error, "ask for the service's keys: ");
		return NULL;
	}
	memory_put(memory, url, keys);
	return keys;
}
