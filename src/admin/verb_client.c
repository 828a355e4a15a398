/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/verb_client.h"

#include "base/error.h"
#include "server/accounts/audit.h"
#include "server/oauth/oauth_client.h"
#include "server/oauth/scope.h"

#include <string.h>

#define SCOPE_OPTION "--scope="

static Sql *clients(VerbCall *call, GError **error)
{
	Sql *sql = data_folder_sql(call->data);
	return oauth_client_migrate(sql, error) ? sql : NULL;
}

static bool note(VerbCall *call, const char *what, const char *id, const char *detail,
		 GError **error)
{
	const AuditEvent event = { .what = what, .target = id, .detail = detail };
	return audit_note(data_folder_accounts(call->data), NULL, &event, error);
}

/* "--scope=files:read,share" anywhere behind the name; all other words are redirects. */
static bool read_words(VerbCall *call, GPtrArray *redirects, unsigned *ret_scopes, GError **error)
{
	*ret_scopes = SCOPE_FILES;
	for (const char *const *word = call->words + 1; *word; word++) {
		if (!g_str_has_prefix(*word, SCOPE_OPTION)) {
			g_ptr_array_add(redirects, (void *)*word);
			continue;
		}
		g_autofree char *scopes = g_strdup(*word + strlen(SCOPE_OPTION));
		g_strdelimit(scopes, ",", ' ');
		if (!scope_read(scopes, ret_scopes)) {
			g_autofree char *names = g_strjoinv(",", (char **)scope_names);
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "'%s' is no scope: there are %s", *word, names);
			return false;
		}
	}
	g_ptr_array_add(redirects, NULL);
	return true;
}

bool verb_client_add(VerbCall *call, GError **error)
{
	g_autoptr(GPtrArray) redirects = g_ptr_array_new();
	OauthClientNew what = { .name = call->words[0], .now_us = g_get_real_time() };
	g_autofree char *id = NULL;
	Sql *sql = clients(call, error);
	if (!sql || !read_words(call, redirects, &what.scopes, error)) {
		return false;
	}
	what.redirects = (const char *const *)redirects->pdata;
	if (!oauth_client_add(sql, &what, &id, error) ||
	    !note(call, "client-add", id, what.name, error)) {
		return false;
	}
	g_string_append_printf(call->out,
			       "Added the client '%s'. It has no secret; its client_id is\n%s\n",
			       what.name, id);
	return true;
}

bool verb_client_list(VerbCall *call, GError **error)
{
	g_autoptr(GPtrArray) list = NULL;
	Sql *sql = clients(call, error);
	if (!sql || !oauth_client_list(sql, &list, error)) {
		return false;
	}
	g_string_append(call->out, "id\tname\tscope\tredirects\n");
	for (unsigned i = 0; i < list->len; i++) {
		const OauthClient *client = list->pdata[i];
		g_autofree char *scope = scope_show(client->scopes);
		g_autofree char *redirects = g_strjoinv(" ", client->redirects);
		g_string_append_printf(call->out, "%s\t%s\t%s\t%s\n", client->id, client->name,
				       scope, redirects);
	}
	return true;
}

bool verb_client_remove(VerbCall *call, GError **error)
{
	const char *id = call->words[0];
	Sql *sql = clients(call, error);
	if (!sql || !oauth_client_remove(sql, id, error) ||
	    !note(call, "client-remove", id, NULL, error)) {
		return false;
	}
	g_string_append_printf(
		call->out,
		"Removed the client '%s'. What signed in through it stays signed in; "
		"'device revoke' ends that.\n",
		id);
	return true;
}
