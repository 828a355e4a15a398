/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/verb_access.h"

#include "admin/roster.h"
#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/audit.h"
#include "server/accounts/identities.h"
#include "server/accounts/invitations.h"
#include "server/accounts/sessions.h"
#include "server/login/login.h"

#include <sodium.h>
#include <string.h>

#define DAY_S (24 * 3600)

static Accounts *accounts_of(VerbCall *call)
{
	return data_folder_accounts(call->data);
}

static bool find_account(VerbCall *call, const char *name, int64_t *ret_account, GError **error)
{
	Account account;
	if (!accounts_find(accounts_of(call), name, &account, error)) {
		return false;
	}
	*ret_account = account.id;
	accounts_account_clear(&account);
	return true;
}

static char *minute_of(int64_t time_us)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(time_us / G_TIME_SPAN_SECOND);
	return time ? g_date_time_format(time, "%Y-%m-%dT%H:%MZ") : g_strdup("-");
}

static bool parse_id(const char *text, const char *what, int64_t *ret_id, GError **error)
{
	if (!g_ascii_string_to_signed(text, 10, 1, INT64_MAX, ret_id, NULL)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "'%s' is not the number of %s",
			    text, what);
		return false;
	}
	return true;
}

/* ---- options --------------------------------------------------------------------------- */

/*
 * Takes "--name VALUE" or "--name=VALUE" at *words; *ret_value NULL, without error, if another word
 * stands there.
 */
static bool take_option(const char *const **words, const char *name, const char **ret_value,
			GError **error)
{
	const char *word = (*words)[0];
	size_t size = strlen(name);
	*ret_value = NULL;
	if (strncmp(word, name, size) != 0 || (word[size] != '\0' && word[size] != '=')) {
		return true;
	}
	if (word[size] == '=') {
		*ret_value = word + size + 1;
	} else if ((*words)[1]) {
		*ret_value = (*words)[1];
		(*words)++;
	} else {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "a value is missing after '%s'", name);
		return false;
	}
	(*words)++;
	return true;
}

/* The same for a number; *ret_taken says whether it stood there. */
static bool take_number(const char *const **words, const char *name, uint64_t max,
			uint64_t *ret_number, bool *ret_taken, GError **error)
{
	const char *value;
	if (!take_option(words, name, &value, error)) {
		return false;
	}
	*ret_taken = value != NULL;
	if (value && !g_ascii_string_to_unsigned(value, 10, 1, max, ret_number, NULL)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "'%s' takes a number from 1 to %" G_GUINT64_FORMAT ", not '%s'", name,
			    max, value);
		return false;
	}
	return true;
}

static bool fail_option(const char *word, GError **error)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "there is no option '%s'", word);
	return false;
}

/* ---- roles, waiting --------------------------------------------------------------------- */

bool verb_access_role(VerbCall *call, GError **error)
{
	const char *name = call->words[1];
	bool admin = strcmp(name, "admin") == 0;
	int64_t account;
	if (!admin && strcmp(name, "user") != 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "a role is 'admin' or 'user', not '%s'", name);
		return false;
	}
	if (!find_account(call, call->words[0], &account, error) ||
	    !accounts_set_role(accounts_of(call), account, admin ? ACCOUNT_ADMIN : ACCOUNT_USER,
			       NULL, error)) {
		return false;
	}
	g_string_append_printf(call->out, "'%s' is %s now.\n", call->words[0],
			       admin ? "an administrator" : "a user");
	return true;
}

bool verb_access_approve(VerbCall *call, GError **error)
{
	int64_t account;
	if (!find_account(call, call->words[0], &account, error) ||
	    !accounts_approve(accounts_of(call), account, NULL, error)) {
		return false;
	}
	g_string_append_printf(call->out, "'%s' may sign in now.\n", call->words[0]);
	return true;
}

/* ---- identities ------------------------------------------------------------------------ */

bool verb_access_identities(VerbCall *call, GError **error)
{
	int64_t account;
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(Identity));
	g_array_set_clear_func(list, identities_identity_clear);
	if (!find_account(call, call->words[0], &account, error) ||
	    !identities_list(accounts_of(call), account, list, error)) {
		return false;
	}
	g_string_append(call->out, "id\tprovider\ttenant\tsubject\tname\taddress\tlast used\n");
	for (unsigned i = 0; i < list->len; i++) {
		const Identity *identity = &g_array_index(list, Identity, i);
		g_autofree char *used = minute_of(identity->used_us);
		g_autofree char *name = g_strdup(identity->name);
		g_strdelimit(name, "\t\r\n\x1b", ' ');
		g_string_append_printf(call->out, "%" G_GINT64_FORMAT "\t%s\t%s\t%s\t%s\t%s\t%s\n",
				       identity->id, identity->provider, identity->tenant,
				       identity->subject, name, identity->chat_address, used);
	}
	return true;
}

/* NAME PROVIDER SUBJECT [TENANT]; the proof borrows. */
static bool read_key(VerbCall *call, int64_t *ret_account, Proof *ret_key, GError **error)
{
	*ret_key = (Proof){ .provider = (char *)call->words[1],
			    .subject = (char *)call->words[2],
			    .tenant = (char *)call->words[3] };
	return find_account(call, call->words[0], ret_account, error);
}

bool verb_access_bind(VerbCall *call, GError **error)
{
	Proof key;
	IdentitiesBind bind = { .epoch = -1, .proof = &key };
	if (!read_key(call, &bind.account, &key, error) ||
	    !identities_bind(accounts_of(call), &bind, NULL, error)) {
		return false;
	}
	g_string_append_printf(call->out, "This identity enters the account '%s' now.\n",
			       call->words[0]);
	return true;
}

/* A row's key and whose it is; the proof borrows. */
static bool resolve(VerbCall *call, const RosterRow *row, Proof *ret_key, IdentitiesBind *ret_bind,
		    GError **error)
{
	*ret_key = (Proof){ .provider = row->provider,
			    .subject = row->subject,
			    .tenant = *row->tenant ? row->tenant : NULL };
	*ret_bind = (IdentitiesBind){ .epoch = -1, .proof = ret_key };
	return find_account(call, row->name, &ret_bind->account, error);
}

static bool bind_rows(VerbCall *call, const GArray *rows, GError **error)
{
	g_autofree Proof *keys = g_new0(Proof, rows->len + 1);
	g_autoptr(GArray) binds = g_array_new(FALSE, FALSE, sizeof(IdentitiesBind));
	unsigned at = 0;
	bool good = true;
	while (good && at < rows->len) {
		IdentitiesBind bind;
		good = resolve(call, &g_array_index(rows, RosterRow, at), &keys[at], &bind, error);
		if (good) {
			g_array_append_val(binds, bind);
			at++;
		}
	}
	good = good && identities_bind_all(accounts_of(call), binds, NULL, &at, error);
	if (!good && at < rows->len) {
		g_prefix_error(error, "line %u: ", g_array_index(rows, RosterRow, at).line);
	}
	return good;
}

bool verb_access_bind_all(VerbCall *call, GError **error)
{
	g_autoptr(GArray) rows = roster_parse(call->input, error);
	if (!rows || !bind_rows(call, rows, error)) {
		g_prefix_error(error, "nothing was changed: ");
		return false;
	}
	g_string_append_printf(call->out, "%u identities enter the accounts of the table now.\n",
			       rows->len);
	return true;
}

bool verb_access_rebind(VerbCall *call, GError **error)
{
	Proof key;
	int64_t account;
	if (!read_key(call, &account, &key, error) ||
	    !identities_rebind(accounts_of(call), account, &key, NULL, error)) {
		return false;
	}
	g_string_append_printf(call->out,
			       "This identity enters the account '%s' now. It is signed out "
			       "everywhere, and so is who had the identity before.\n",
			       call->words[0]);
	return true;
}

bool verb_access_unbind(VerbCall *call, GError **error)
{
	IdentitiesUnbind unbind = { 0 };
	if (!find_account(call, call->words[0], &unbind.account, error) ||
	    !parse_id(call->words[1], "an identity ('user identities' shows them)",
		      &unbind.identity, error) ||
	    !identities_unbind(accounts_of(call), &unbind, NULL, error)) {
		return false;
	}
	g_string_append_printf(call->out,
			       "The identity is unlinked, and '%s' is signed out everywhere.\n",
			       call->words[0]);
	return true;
}

/* ---- sessions -------------------------------------------------------------------------- */

bool verb_access_sessions(VerbCall *call, GError **error)
{
	int64_t account;
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(Session));
	g_array_set_clear_func(list, sessions_session_clear);
	if (!find_account(call, call->words[0], &account, error) ||
	    !sessions_list(accounts_of(call), account, g_get_real_time(), list, error)) {
		return false;
	}
	g_string_append(call->out, "id\tsince\tlast seen\tfrom\tby\tbrowser\n");
	for (unsigned i = 0; i < list->len; i++) {
		const Session *session = &g_array_index(list, Session, i);
		g_autofree char *since = minute_of(session->created_us);
		g_autofree char *seen = minute_of(session->seen_us);
		g_string_append_printf(call->out, "%" G_GINT64_FORMAT "\t%s\t%s\t%s\t%s\t%s\n",
				       session->id, since, seen, session->peer, session->method,
				       session->agent);
	}
	return true;
}

bool verb_access_revoke(VerbCall *call, GError **error)
{
	int64_t account;
	if (!find_account(call, call->words[0], &account, error) ||
	    !accounts_revoke(accounts_of(call), account, NULL, error)) {
		return false;
	}
	g_string_append_printf(call->out, "'%s' is signed out everywhere.\n", call->words[0]);
	return true;
}

/* ---- links ----------------------------------------------------------------------------- */

static bool check_url(VerbCall *call, GError **error)
{
	if (!data_folder_url(call->data)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the drive's address is not known: set public_url in "
				    "imdrived.conf, or ask while the server runs");
		return false;
	}
	if (!login_base_is_safe(data_folder_url(call->data))) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "nobody can sign in over %s, where others could read along: set "
			    "public_url in imdrived.conf to an https address",
			    data_folder_url(call->data));
		return false;
	}
	return true;
}

static bool append_link(VerbCall *call, const InvitationsSpec *spec, GError **error)
{
	char *token = NULL;
	if (!invitations_add(accounts_of(call), spec, NULL, &token, error)) {
		return false;
	}
	int64_t lifetime_s = spec->lifetime_s ? spec->lifetime_s : INVITATION_DAYS * DAY_S;
	g_autofree char *until = minute_of(g_get_real_time() + lifetime_s * G_TIME_SPAN_SECOND);
	g_string_append_printf(call->out, "%s/invite/%s\n", data_folder_url(call->data), token);
	g_string_append_printf(call->out, "Good until %s, for %u.\n", until,
			       spec->uses ? spec->uses : 1);
	sodium_memzero(token, strlen(token));
	g_free(token);
	return true;
}

bool verb_access_recover(VerbCall *call, GError **error)
{
	InvitationsSpec spec = { 0 };
	if (!check_url(call, error) || !find_account(call, call->words[0], &spec.account, error) ||
	    !accounts_recover(accounts_of(call), spec.account, NULL, error)) {
		return false;
	}
	g_string_append_printf(call->out,
			       "'%s' is signed out everywhere; its password and identities are "
			       "taken away. Who opens this link enters it:\n",
			       call->words[0]);
	return append_link(call, &spec, error);
}

bool verb_access_invite(VerbCall *call, GError **error)
{
	InvitationsSpec spec = { 0 };
	const char *const *words = call->words;
	while (*words) {
		uint64_t number = 0;
		bool taken = false;
		if (strcmp(*words, "--admin") == 0) {
			spec.role = ACCOUNT_ADMIN;
			words++;
			continue;
		}
		if (!take_number(&words, "--uses", INVITATION_USES_MAX, &number, &taken, error)) {
			return false;
		}
		if (taken) {
			spec.uses = (unsigned)number;
			continue;
		}
		if (!take_number(&words, "--days", INVITATION_DAYS_MAX, &number, &taken, error)) {
			return false;
		}
		if (!taken) {
			return fail_option(*words, error);
		}
		spec.lifetime_s = (int64_t)number * DAY_S;
	}
	return check_url(call, error) && append_link(call, &spec, error);
}

bool verb_access_invitations(VerbCall *call, GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(Invitation));
	if (!invitations_list(accounts_of(call), g_get_real_time(), list, error)) {
		return false;
	}
	g_string_append(call->out, "id\tfor\tleft\tof\tsince\tuntil\n");
	for (unsigned i = 0; i < list->len; i++) {
		const Invitation *invitation = &g_array_index(list, Invitation, i);
		g_autofree char *since = minute_of(invitation->created_us);
		g_autofree char *until = minute_of(invitation->expires_us);
		g_string_append_printf(call->out, "%" G_GINT64_FORMAT "\t%s\t%u\t%u\t%s\t%s\n",
				       invitation->id,
				       invitation->account                 ? "recovery"
				       : invitation->role == ACCOUNT_ADMIN ? "admin"
									   : "user",
				       invitation->uses_left, invitation->uses, since, until);
	}
	return true;
}

bool verb_access_uninvite(VerbCall *call, GError **error)
{
	int64_t id;
	return parse_id(call->words[0], "an invitation ('invitation list' shows them)", &id,
			error) &&
	       invitations_end(accounts_of(call), id, NULL, error);
}

/* ---- audit ----------------------------------------------------------------------------- */

/* "2026-11-29", "2026-11-29T14:00Z": UTC unless it says otherwise. */
static bool parse_time(const char *text, int64_t *ret_time_us, GError **error)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autofree char *whole =
		strchr(text, 'T') ? g_strdup(text) : g_strconcat(text, "T00:00:00", NULL);
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(whole, utc);
	if (!time) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "'%s' is no time: write 2026-11-29 or 2026-11-29T14:00:00Z", text);
		return false;
	}
	*ret_time_us = g_date_time_to_unix(time) * G_TIME_SPAN_SECOND;
	return true;
}

static bool read_query(VerbCall *call, AuditQuery *ret_query, GError **error)
{
	const char *const *words = call->words;
	while (*words) {
		const char *since;
		const char *name = NULL;
		uint64_t number = 0;
		bool taken = false;
		if (!take_option(&words, "--since", &since, error) ||
		    (since && !parse_time(since, &ret_query->since_us, error)) ||
		    (!since && !take_option(&words, "--account", &name, error)) ||
		    (name && !find_account(call, name, &ret_query->account, error)) ||
		    (!since && !name &&
		     !take_number(&words, "--last", AUDIT_LIST_MAX, &number, &taken, error))) {
			return false;
		}
		if (!since && !name && !taken) {
			return fail_option(*words, error);
		}
		ret_query->count_max = taken ? (unsigned)number : ret_query->count_max;
	}
	return true;
}

static const char *or_dash(const char *text)
{
	return text[0] ? text : "-";
}

bool verb_access_audit(VerbCall *call, GError **error)
{
	AuditQuery query = { 0 };
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(AuditRow));
	g_array_set_clear_func(list, audit_row_clear);
	if (!read_query(call, &query, error) ||
	    !audit_list(accounts_of(call), &query, list, error)) {
		return false;
	}
	g_string_append(call->out, "time\tby\tfrom\twhat\taccount\ttarget\tdetail\n");
	for (unsigned i = 0; i < list->len; i++) {
		const AuditRow *row = &g_array_index(list, AuditRow, i);
		g_autofree char *time = minute_of(row->time_us);
		g_string_append_printf(call->out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", time,
				       or_dash(row->actor_name), or_dash(row->peer), row->what,
				       or_dash(row->account_name), or_dash(row->target),
				       or_dash(row->detail));
	}
	return true;
}
