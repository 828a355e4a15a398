/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/history.h"

#include "base/error.h"
#include "client/login/account.h"

#include <string.h>

json_t *history_versions(const Profile *profile, const char *path, GError **error)
{
	g_autofree char *escaped = g_uri_escape_string(path, NULL, FALSE);
	g_autofree char *call = g_strconcat("/api/v1/versions?path=", escaped, NULL);
	return account_call(profile, "GET", call, NULL, error);
}

/* The newest deleted node that was at this path. */
static json_t *find_deleted(const Profile *profile, const char *path, GError **error)
{
	json_auto_t *answer = account_call(profile, "GET", "/api/v1/trash", NULL, error);
	size_t index;
	json_t *node;
	if (!answer) {
		return NULL;
	}
	json_array_foreach(json_object_get(answer, "nodes"), index, node)
	{
		const char *was = json_string_value(json_object_get(node, "path"));
		if (was && strcmp(was, path) == 0) {
			return json_incref(json_object_get(node, "node"));
		}
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
		    "nothing of that name was deleted, as far as the server remembers; to bring "
		    "back an older version, say --version N");
	return NULL;
}

static json_t *request(const Profile *profile, const char *path, int64_t version, GError **error)
{
	if (version > 0) {
		return json_pack("{s:s, s:I}", "path", path, "version", (json_int_t)version);
	}
	json_t *node = find_deleted(profile, path, error);
	return node ? json_pack("{s:o, s:i}", "node", node, "version", 0) : NULL;
}

json_t *history_restore(const Profile *profile, const char *path, int64_t version, GError **error)
{
	json_auto_t *object = request(profile, path, version, error);
	return object ? account_call(profile, "POST", "/api/v1/restore", object, error) : NULL;
}
