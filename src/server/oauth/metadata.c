/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/metadata.h"

#include "server/oauth/scope.h"

static json_t *texts(const char *const *list)
{
	json_t *array = json_array();
	for (; *list; list++) {
		json_array_append_new(array, json_string(*list));
	}
	return array;
}

static void set_url(json_t *object, const char *key, const OauthCall *call, const char *path)
{
	g_autofree char *url = g_strconcat(call->issuer, path, NULL);
	json_object_set_new(object, key, json_string(url));
}

void metadata_handle(OauthCall *call)
{
	static const char *const grants[] = {
		"authorization_code",
		"refresh_token",
		"urn:ietf:params:oauth:grant-type:device_code",
		NULL,
	};
	static const char *const code[] = { "code", NULL };
	static const char *const query[] = { "query", NULL };
	static const char *const none[] = { "none", NULL };
	static const char *const s256[] = { "S256", NULL };
	static const char *const locales[] = { "en", "zh-CN", NULL };
	json_t *object = json_object();
	json_object_set_new(object, "issuer", json_string(call->issuer));
	set_url(object, "authorization_endpoint", call, "/oauth/authorize");
	set_url(object, "token_endpoint", call, "/oauth/token");
	set_url(object, "device_authorization_endpoint", call, "/oauth/device");
	set_url(object, "revocation_endpoint", call, "/oauth/revoke");
	json_object_set_new(object, "scopes_supported", texts(scope_names));
	json_object_set_new(object, "response_types_supported", texts(code));
	json_object_set_new(object, "response_modes_supported", texts(query));
	json_object_set_new(object, "grant_types_supported", texts(grants));
	json_object_set_new(object, "token_endpoint_auth_methods_supported", texts(none));
	json_object_set_new(object, "revocation_endpoint_auth_methods_supported", texts(none));
	json_object_set_new(object, "code_challenge_methods_supported", texts(s256));
	json_object_set_new(object, "authorization_response_iss_parameter_supported", json_true());
	json_object_set_new(object, "ui_locales_supported", texts(locales));
	oauth_reply(call, object);
}
