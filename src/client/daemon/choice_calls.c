/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemon/choice_calls.h"

#include "base/error.h"
#include "client/daemon/report.h"

/* The engine of the bound folder that the path is in; ret_rest points into params. */
static Engine *find(Daemon *daemon, const json_t *params, const char **ret_rest, GError **error)
{
	const char *path = json_string_value(json_object_get(params, "path"));
	if (!path) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "which folder? Its path must be UTF-8 to be handed on");
		return NULL;
	}
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		const Bound *bound = daemon->bounds->pdata[i];
		const char *rest = daemon_rest_of(path, bound->folder);
		if (rest && bound->binding) {
			*ret_rest = rest;
			return binding_engine(bound->binding);
		}
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
		    "'%s' is in no folder that is synced: 'imdrive status' shows these", path);
	return NULL;
}

static json_t *choose(Daemon *daemon, const json_t *params,
		      bool (*change)(Engine *engine, const char *path, GError **error),
		      GError **error)
{
	const char *rest;
	Engine *engine = find(daemon, params, &rest, error);
	if (!engine || !change(engine, rest, error)) {
		return NULL;
	}
	daemon_changed(daemon);
	return json_object();
}

json_t *choice_calls_exclude(Daemon *daemon, json_t *params, GError **error)
{
	return choose(daemon, params, engine_choice_leave_out, error);
}

json_t *choice_calls_include(Daemon *daemon, json_t *params, GError **error)
{
	return choose(daemon, params, engine_choice_take_in, error);
}

json_t *choice_calls_folders(Daemon *daemon, json_t *params, GError **error)
{
	const char *rest;
	Engine *engine = find(daemon, params, &rest, error);
	g_autoptr(GPtrArray) folders =
		g_ptr_array_new_with_free_func((GDestroyNotify)engine_choice_folder_free);
	if (!engine || !engine_choice_folders(engine, rest, folders, error)) {
		return NULL;
	}
	json_t *list = json_array();
	for (unsigned i = 0; i < folders->len; i++) {
		const EngineFolder *folder = folders->pdata[i];
		json_array_append_new(list, json_pack("{s:o, s:b, s:b, s:b}", "name",
						      report_text(folder->name), "left_out",
						      folder->left_out, "partly", folder->partly,
						      "inside", folder->inside));
	}
	return json_pack("{s:o}", "folders", list);
}
