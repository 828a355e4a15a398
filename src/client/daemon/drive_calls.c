/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemon/drive_calls.h"

#include "client/daemon/history_calls.h"
#include "client/daemon/keep_calls.h"
#include "client/daemon/rule_calls.h"

#include "base/error.h"
#include "client/login/account.h"
#include "client/login/drive_files.h"
#include "client/login/drive_path.h"
#include "client/login/look.h"

#include <gio/gio.h>
#include <string.h>

Profile *drive_calls_profile(const DriveCalls *calls, GError **error)
{
	g_autoptr(Profile) profile = profile_open(calls->profile, error);
	if (profile && !profile_is_signed_in(profile)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED,
				    "this device is not signed in: sign in first");
		return NULL;
	}
	return g_steal_pointer(&profile);
}

static json_t *look(const DriveCalls *calls, const json_t *params, GError **error)
{
	const char *address = json_string_value(json_object_get(params, "address"));
	if (!address) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "look takes the address of a drive");
		return NULL;
	}
	return look_at(address, g_cancellable_get_current(), error);
}

static json_t *sign_in(const DriveCalls *calls, const json_t *params, GError **error)
{
	return reception_begin(calls->reception, params, error);
}

/* Out in any case; "told" says whether the drive knows it. */
static json_t *sign_out(const DriveCalls *calls, const json_t *params, GError **error)
{
	g_autoptr(Profile) profile = drive_calls_profile(calls, error);
	if (!profile) {
		return NULL;
	}
	g_autoptr(GError) failure = NULL;
	bool told = account_sign_out(profile_login(profile), &failure) ||
		    g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED);
	if (!profile_sign_out(profile, error)) {
		return NULL;
	}
	calls->reload(calls->data);
	return json_pack("{s:b, s:s*}", "told", (int)told, "message",
			 told ? NULL : failure->message);
}

/* The answers of several questions in one object. */
static json_t *ask_all(const DriveCalls *calls, const char *const *paths, GError **error)
{
	g_autoptr(Profile) profile = drive_calls_profile(calls, error);
	if (!profile) {
		return NULL;
	}
	json_auto_t *all = json_pack("{s:s}", "server", profile_login(profile)->server);
	for (; *paths; paths++) {
		json_auto_t *part = account_call(profile, "GET", *paths, NULL, error);
		if (!part) {
			return NULL;
		}
		json_object_update(all, part);
	}
	return json_incref(all);
}

static json_t *account(const DriveCalls *calls, const json_t *params, GError **error)
{
	static const char *const paths[] = { "/api/v1/me", "/api/v1/identities", NULL };
	return ask_all(calls, paths, error);
}

static json_t *picture(const DriveCalls *calls, const json_t *params, GError **error)
{
	static const char *const paths[] = { "/api/v1/picture", NULL };
	return ask_all(calls, paths, error);
}

static json_t *devices(const DriveCalls *calls, const json_t *params, GError **error)
{
	static const char *const paths[] = { "/api/v1/devices", "/api/v1/sessions", NULL };
	return ask_all(calls, paths, error);
}

static json_t *end_access(const DriveCalls *calls, const json_t *params, GError **error)
{
	const json_t *device = json_object_get(params, "device");
	const json_t *session = json_object_get(params, "session");
	if (!json_is_integer(device) == !json_is_integer(session)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "revoke takes the number of a device or of a session");
		return NULL;
	}
	g_autoptr(Profile) profile = drive_calls_profile(calls, error);
	if (!profile) {
		return NULL;
	}
	const char *kind = json_is_integer(device) ? "devices" : "sessions";
	g_autofree char *path =
		g_strdup_printf("/api/v1/%s/%" JSON_INTEGER_FORMAT, kind,
				json_integer_value(json_is_integer(device) ? device : session));
	return account_call(profile, "DELETE", path, NULL, error);
}

/* ---- links ----------------------------------------------------------------------------- */

/* *ret_path: as the drive has it; NULL: no path was given. */
static Profile *open_for(const DriveCalls *calls, const json_t *params, char **ret_path,
			 GError **error)
{
	const char *path = json_string_value(json_object_get(params, "path"));
	g_autoptr(Profile) profile = drive_calls_profile(calls, error);
	*ret_path = profile && path ? drive_path_of(profile, path, error) : NULL;
	return profile && (*ret_path || !path) ? g_steal_pointer(&profile) : NULL;
}

static json_t *make_link(const DriveCalls *calls, const json_t *params, GError **error)
{
	json_int_t days = DRIVE_FILES_AS_IT_IS;
	const char *path;
	if (json_unpack((json_t *)params, "{s:s, s?I}", "path", &path, "days", &days) != 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "share takes the path of a file or folder, and days");
		return NULL;
	}
	g_autofree char *shared = NULL;
	g_autoptr(Profile) profile = open_for(calls, params, &shared, error);
	return profile ? drive_files_share(profile, shared, days, error) : NULL;
}

static json_t *end_link(const DriveCalls *calls, const json_t *params, GError **error)
{
	const char *node = json_string_value(json_object_get(params, "node"));
	if (!node) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "unshare takes the node of a link");
		return NULL;
	}
	g_autoptr(Profile) profile = drive_calls_profile(calls, error);
	return profile && drive_files_unshare(profile, node, error) ? json_object() : NULL;
}

static json_t *send_link(const DriveCalls *calls, const json_t *params, GError **error)
{
	const char *path;
	const char *to;
	if (json_unpack((json_t *)params, "{s:s, s:s}", "path", &path, "to", &to) != 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "send-link takes the path of a file or folder, and to, a chat "
				    "address");
		return NULL;
	}
	g_autofree char *shared = NULL;
	g_autoptr(Profile) profile = open_for(calls, params, &shared, error);
	return profile ? drive_files_send_link(profile, shared, DRIVE_FILES_AS_IT_IS, to, error)
		       : NULL;
}

static json_t *list_links(const DriveCalls *calls, const json_t *params, GError **error)
{
	g_autofree char *path = NULL;
	g_autoptr(Profile) profile = open_for(calls, params, &path, error);
	return profile ? drive_files_links(profile, path, error) : NULL;
}

typedef struct Method {
	const char *name;
	json_t *(*run)(const DriveCalls *calls, const json_t *params, GError **error);
} Method;

static const Method methods[] = {
	{ "look", look },
	{ "sign-in", sign_in },
	{ "sign-out", sign_out },
	{ "account", account },
	{ "picture", picture },
	{ "devices", devices },
	{ "revoke", end_access },
	{ "resolve", history_calls_resolve },
	{ "versions", history_calls_versions },
	{ "rules", rule_calls_get },
	{ "set-rules", rule_calls_set },
	{ "restore", history_calls_restore },
	{ "keep", keep_calls_keep },
	{ "share", make_link },
	{ "unshare", end_link },
	{ "links", list_links },
	{ "send-link", send_link },
};

const char *const *drive_calls_methods(void)
{
	static const char *names[G_N_ELEMENTS(methods) + 1];
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		names[i] = methods[i].name;
	}
	return names;
}

json_t *drive_calls_handle(const char *method, json_t *params, void *data, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		if (strcmp(methods[i].name, method) == 0) {
			return methods[i].run(data, params, error);
		}
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "no method '%s'", method);
	return NULL;
}
