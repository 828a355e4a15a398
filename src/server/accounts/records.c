/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account     one row for each that is or ever was. A removed one keeps its row, without name key,
 *             password and identities, so that its id is never given to somebody else, who would
 *             then own what the drive still keeps of it.
 * device      likewise; `ended` once it lets nobody in. token_hash: of the token that devices had
 *             before there were credentials, until it is exchanged.
 * credential  the tokens of a device: one row while it has any (credentials.c).
 * identity, invitation, web_session: rows that are deleted when they end.
 * audit       appended to, and cut at its old end.
 */
#include "server/accounts/records.h"

#include "sql/ask.h"

static const char *const steps[] = {
	"CREATE TABLE account ("
	" id BIGINT PRIMARY KEY,"
	" name TEXT NOT NULL,"
	" name_key TEXT UNIQUE," /* NULL: removed */
	" password TEXT,"        /* NULL: no password of its own */
	" disabled INTEGER NOT NULL DEFAULT 0,"
	" created_us BIGINT NOT NULL);"
	"CREATE TABLE device ("
	" id BIGINT PRIMARY KEY,"
	" account BIGINT NOT NULL REFERENCES account (id),"
	" name TEXT NOT NULL,"
	" token_hash BLOB UNIQUE," /* NULL: none of its own */
	" created_us BIGINT NOT NULL,"
	" seen_us BIGINT NOT NULL);"
	"CREATE INDEX device_of_account ON device (account);"
	"CREATE TABLE accounts_counter (" /* one row: the last id given to each */
	" account BIGINT NOT NULL,"
	" device BIGINT NOT NULL);"
	"INSERT INTO accounts_counter (account, device) VALUES (0, 0);",

	"ALTER TABLE accounts_counter ADD COLUMN identity BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE accounts_counter ADD COLUMN invitation BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE accounts_counter ADD COLUMN web_session BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE accounts_counter ADD COLUMN audit BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE account ADD COLUMN role INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE account ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE account ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;"
	/* Which provider it registered with, and from where. */
	"ALTER TABLE account ADD COLUMN origin TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE account ADD COLUMN origin_peer TEXT NOT NULL DEFAULT '';"
	"CREATE INDEX account_of_origin ON account (origin, created_us);"
	"CREATE INDEX account_of_peer ON account (origin_peer, created_us);"
	"ALTER TABLE device ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE device ADD COLUMN peer TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE device ADD COLUMN method TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE device ADD COLUMN client TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE device ADD COLUMN scopes INTEGER NOT NULL DEFAULT 15;"
	"UPDATE device SET ended = 1 WHERE token_hash IS NULL;"
	"UPDATE device SET method = 'password';" /* there was no other way */
	"CREATE TABLE credential ("
	" device BIGINT PRIMARY KEY REFERENCES device (id),"
	" created_us BIGINT NOT NULL,"
	" family_hash BLOB NOT NULL UNIQUE,"
	" refresh_hash BLOB NOT NULL,"
	" access_hash BLOB NOT NULL UNIQUE,"
	" access_expires_us BIGINT NOT NULL,"
	" before_hash BLOB," /* the refresh token that these came from */
	" salt BLOB,"
	" rotated_us BIGINT NOT NULL,"
	" confirmed INTEGER NOT NULL,"
	" access_before_hash BLOB UNIQUE,"
	" access_before_expires_us BIGINT NOT NULL DEFAULT 0);"
	"CREATE TABLE identity ("
	" id BIGINT PRIMARY KEY,"
	" account BIGINT NOT NULL REFERENCES account (id),"
	" provider TEXT NOT NULL,"
	" tenant BLOB NOT NULL,"
	" subject BLOB NOT NULL,"
	" alt_subject TEXT NOT NULL,"
	" name TEXT NOT NULL,"
	" username TEXT NOT NULL,"
	" avatar_url TEXT NOT NULL,"
	" email TEXT NOT NULL,"
	" email_verified INTEGER NOT NULL,"
	" chat_address TEXT NOT NULL,"
	" created_us BIGINT NOT NULL,"
	" used_us BIGINT NOT NULL,"
	" UNIQUE (provider, tenant, subject));"
	"CREATE INDEX identity_of_account ON identity (account);"
	"CREATE INDEX identity_of_address ON identity (chat_address);"
	"CREATE TABLE invitation ("
	" id BIGINT PRIMARY KEY,"
	" token_hash BLOB NOT NULL UNIQUE,"
	" role INTEGER NOT NULL,"
	" account BIGINT NOT NULL," /* 0, or whom it lets in again */
	" first INTEGER NOT NULL,"  /* the first administrator's */
	" uses INTEGER NOT NULL,"
	" uses_left INTEGER NOT NULL,"
	" created_us BIGINT NOT NULL,"
	" expires_us BIGINT NOT NULL);"
	"CREATE TABLE web_session ("
	" id BIGINT PRIMARY KEY,"
	" token_hash BLOB NOT NULL UNIQUE,"
	" account BIGINT NOT NULL REFERENCES account (id),"
	" created_us BIGINT NOT NULL,"
	" seen_us BIGINT NOT NULL,"
	" authenticated_us BIGINT NOT NULL,"
	" method TEXT NOT NULL,"
	" peer TEXT NOT NULL,"
	" agent TEXT NOT NULL);"
	"CREATE INDEX web_session_of_account ON web_session (account);"
	"CREATE TABLE audit ("
	" id BIGINT PRIMARY KEY,"
	" time_us BIGINT NOT NULL,"
	" actor BIGINT NOT NULL,"   /* account; 0: the operator, or nobody known */
	" account BIGINT NOT NULL," /* whose access; 0: nobody's */
	" what TEXT NOT NULL,"
	" target TEXT NOT NULL,"
	" detail TEXT NOT NULL,"
	" peer TEXT NOT NULL);" /* '': the console */
	"CREATE INDEX audit_of_account ON audit (account);"
	"CREATE INDEX audit_of_actor ON audit (actor);",

	/* Of the pages at its last sign-in, as a tag; '' until then. */
	"ALTER TABLE account ADD COLUMN language TEXT NOT NULL DEFAULT '';",

	/* What a sign-in asks is answered by indexes alone. */
	"DROP INDEX device_of_account;"
	"CREATE INDEX device_of_account ON device (account, ended);"
	"DROP INDEX web_session_of_account;"
	"CREATE INDEX web_session_of_account ON web_session (account, id);",

	/* Of the person, as it was at that address; no bytes: it could not be had. */
	"CREATE TABLE picture ("
	" identity BIGINT PRIMARY KEY REFERENCES identity (id) ON DELETE CASCADE,"
	" url TEXT NOT NULL,"
	" type TEXT NOT NULL,"
	" bytes BLOB NOT NULL);",
};

bool records_migrate_to(Sql *sql, size_t version, size_t *ret_newest, GError **error)
{
	*ret_newest = G_N_ELEMENTS(steps);
	if (!sql_migrate(sql, "accounts", steps, version, error)) {
		g_prefix_error(error, "open the accounts: ");
		return false;
	}
	return true;
}

bool records_migrate(Sql *sql, GError **error)
{
	size_t newest;
	return records_migrate_to(sql, G_N_ELEMENTS(steps), &newest, error);
}

bool records_next_id(SqlSession *session, RecordsId kind, int64_t *ret_id, GError **error)
{
	/* Not RETURNING, for which SQLite opens a database in memory each time. */
#define NEXT(column)                                                       \
	{                                                                  \
		"UPDATE accounts_counter SET " column " = " column " + 1", \
			"SELECT " column " FROM accounts_counter"          \
	}
	static const char *const texts[][2] = {
		[RECORDS_ACCOUNT] = NEXT("account"),     [RECORDS_DEVICE] = NEXT("device"),
		[RECORDS_IDENTITY] = NEXT("identity"),   [RECORDS_INVITATION] = NEXT("invitation"),
		[RECORDS_SESSION] = NEXT("web_session"), [RECORDS_AUDIT] = NEXT("audit"),
	};
#undef NEXT
	return ask_run(session, texts[kind][0], NULL, error) &&
	       ask_count(session, texts[kind][1], NULL, ret_id, error);
}
