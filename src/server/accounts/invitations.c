/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/invitations.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/accounts_internal.h"
#include "server/accounts/invitations_internal.h"
#include "server/accounts/records.h"
#include "server/accounts/token.h"
#include "sql/ask.h"

static bool check_room(SqlSession *session, int64_t now_us, GError **error)
{
	int64_t count;
	if (!ask_run(session, "DELETE FROM invitation WHERE expires_us <= $1 OR uses_left = 0",
		     ASK_VALUES(ASK_INT(now_us)), error) ||
	    !ask_count(session, "SELECT COUNT(*) FROM invitation", NULL, &count, error)) {
		return false;
	}
	if (count >= INVITATIONS_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
			    "there are %d open invitations already: end some first",
			    INVITATIONS_MAX);
		return false;
	}
	return true;
}

typedef struct Insertion {
	AccountRole role;
	int64_t account;
	bool first;
	unsigned uses;
	int64_t now_us;
	int64_t expires_us;
} Insertion;

static char *insert(SqlSession *session, const Insertion *what, GError **error)
{
	int64_t id;
	if (!records_next_id(session, RECORDS_INVITATION, &id, error)) {
		return NULL;
	}
	char *token = token_new(TOKEN_INVITATION);
	uint8_t hash[TOKEN_HASH_SIZE];
	token_hash(token, hash);
	if (!ask_run(session,
		     "INSERT INTO invitation (id, token_hash, role, account, first, uses,"
		     " uses_left, created_us, expires_us)"
		     " VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8)",
		     ASK_VALUES(ASK_INT(id), ASK_BLOB(hash, sizeof hash), ASK_INT(what->role),
				ASK_INT(what->account), ASK_INT(what->first), ASK_INT(what->uses),
				ASK_INT(what->now_us), ASK_INT(what->expires_us)),
		     error)) {
		token_free(token);
		return NULL;
	}
	return token;
}

static bool to_insertion(const InvitationsSpec *spec, int64_t now_us, Insertion *ret_what,
			 GError **error)
{
	int64_t lifetime_s = spec->lifetime_s ? spec->lifetime_s : INVITATION_DAYS * 24 * 3600;
	unsigned uses = spec->uses ? spec->uses : 1;
	if (uses > INVITATION_USES_MAX || lifetime_s < 0 ||
	    lifetime_s > INVITATION_DAYS_MAX * 24 * 3600 || (spec->account && uses != 1)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "an invitation has at most %d uses and lives %d days at the most; one "
			    "that lets somebody in again has one use",
			    INVITATION_USES_MAX, INVITATION_DAYS_MAX);
		return false;
	}
	*ret_what = (Insertion){
		.role = spec->account ? ACCOUNT_USER : spec->role,
		.account = spec->account,
		.uses = uses,
		.now_us = now_us,
		.expires_us = now_us + lifetime_s * G_TIME_SPAN_SECOND,
	};
	return true;
}

bool invitations_add(Accounts *accounts, const InvitationsSpec *spec, const AuditBy *by,
		     char **ret_token, GError **error)
{
	Insertion what;
	if (!to_insertion(spec, audit_by_now(by), &what, error)) {
		return false;
	}
	g_autofree char *target = g_strdup_printf("%u for %s", what.uses,
						  what.account                 ? "recovery"
						  : what.role == ACCOUNT_ADMIN ? "administrators"
									       : "users");
	const AuditEvent event = { .what = "invite", .account = spec->account, .target = target };
	g_autoptr(SqlSession) session = sql_write(accounts_sql(accounts), error);
	if (!session || !check_room(session, what.now_us, error)) {
		return false;
	}
	char *token = insert(session, &what, error);
	if (!token || !audit_append(session, by, &event, error) || !sql_commit(session, error)) {
		token_free(token);
		return false;
	}
	*ret_token = token;
	return true;
}

bool invitations_add_first(Accounts *accounts, int64_t now_us, char **ret_token, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(accounts_sql(accounts), error);
	int64_t count;
	if (!session ||
	    !ask_count(session, "SELECT COUNT(*) FROM account WHERE name_key IS NOT NULL", NULL,
		       &count, error)) {
		return false;
	}
	if (count > 0) {
		*ret_token = NULL;
		return true;
	}
	const Insertion what = {
		.role = ACCOUNT_ADMIN,
		.first = true,
		.uses = 1,
		.now_us = now_us,
		.expires_us = now_us + INVITATION_DAYS * G_TIME_SPAN_DAY,
	};
	const AuditEvent event = { .what = "invite", .target = "the first administrator" };
	const AuditBy by = { .now_us = now_us };
	if (!ask_run(session, "DELETE FROM invitation WHERE first = 1", NULL, error)) {
		return false;
	}
	char *token = insert(session, &what, error);
	if (!token || !audit_append(session, &by, &event, error) || !sql_commit(session, error)) {
		token_free(token);
		return false;
	}
	*ret_token = token;
	return true;
}

/* ---- finding --------------------------------------------------------------------------- */

#define SELECT_INVITATION                                                   \
	"SELECT id, role, account, uses_left, uses, created_us, expires_us" \
	" FROM invitation WHERE uses_left > 0 AND expires_us > $1 "

static void read_row(SqlStatement *row, Invitation *ret_invitation)
{
	*ret_invitation = (Invitation){
		.id = sql_column_int(row, 0),
		.role = (AccountRole)sql_column_int(row, 1),
		.account = sql_column_int(row, 2),
		.uses_left = (unsigned)sql_column_int(row, 3),
		.uses = (unsigned)sql_column_int(row, 4),
		.created_us = sql_column_int(row, 5),
		.expires_us = sql_column_int(row, 6),
	};
}

bool invitations_read(SqlSession *session, const char *token, int64_t now_us,
		      Invitation *ret_invitation, GError **error)
{
	*ret_invitation = (Invitation){ 0 };
	if (token_kind(token) != TOKEN_INVITATION) {
		return true;
	}
	uint8_t hash[TOKEN_HASH_SIZE];
	token_hash(token, hash);
	SqlStatement *row;
	if (!ask_find(session, SELECT_INVITATION "AND token_hash = $2",
		      ASK_VALUES(ASK_INT(now_us), ASK_BLOB(hash, sizeof hash)), &row, error)) {
		return false;
	}
	if (row) {
		read_row(row, ret_invitation);
	}
	return true;
}

bool invitations_consume(SqlSession *session, const Invitation *invitation, GError **error)
{
	return ask_run(session, "UPDATE invitation SET uses_left = uses_left - 1 WHERE id = $1",
		       ASK_VALUES(ASK_INT(invitation->id)), error);
}

bool invitations_find(Accounts *accounts, const char *token, int64_t now_us,
		      Invitation *ret_invitation, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(accounts_sql(accounts), error);
	Invitation invitation;
	if (!session || !invitations_read(session, token, now_us, &invitation, error)) {
		return false;
	}
	if (invitation.id == 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "this invitation is not valid, was used or has expired: ask "
				    "for another");
		return false;
	}
	*ret_invitation = invitation;
	return true;
}

bool invitations_list(Accounts *accounts, int64_t now_us, GArray *ret_invitations, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(accounts_sql(accounts), error);
	SqlStatement *select = session ? ask_statement(session, SELECT_INVITATION "ORDER BY id",
						       ASK_VALUES(ASK_INT(now_us)), error)
				       : NULL;
	bool more;
	while (select && sql_step(select, &more, error)) {
		if (!more) {
			return true;
		}
		Invitation invitation;
		read_row(select, &invitation);
		g_array_append_val(ret_invitations, invitation);
	}
	return false;
}

bool invitations_end(Accounts *accounts, int64_t id, const AuditBy *by, GError **error)
{
	g_autofree char *target = g_strdup_printf("invitation %" G_GINT64_FORMAT, id);
	const AuditEvent event = { .what = "revoke", .target = target };
	g_autoptr(SqlSession) session = sql_write(accounts_sql(accounts), error);
	if (!session || !ask_run(session, "DELETE FROM invitation WHERE id = $1",
				 ASK_VALUES(ASK_INT(id)), error)) {
		return false;
	}
	if (sql_changes(session) == 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "there is no invitation %" G_GINT64_FORMAT, id);
		return false;
	}
	return audit_append(session, by, &event, error) && sql_commit(session, error);
}
