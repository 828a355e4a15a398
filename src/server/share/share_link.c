/* SPDX-License-Identifier: Apache-2.0 */
#include "server/share/share_link.h"

#include "base/error.h"
#include "base/limits.h"

#include <sodium.h>
#include <string.h>

#define RANDOM_SIZE 32
#define TOKEN_SIZE 43 /* base64url without padding */

void share_link_clear(void *data)
{
	ShareLink *link = data;
	if (link->token) {
		sodium_memzero(link->token, strlen(link->token));
	}
	g_clear_pointer(&link->token, g_free);
}

/* ---- tokens ---------------------------------------------------------------------------- */

static char *make_token(void)
{
	uint8_t random[RANDOM_SIZE];
	char *token = g_malloc(TOKEN_SIZE + 1);
	randombytes_buf(random, sizeof random);
	sodium_bin2base64(token, TOKEN_SIZE + 1, random, sizeof random,
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(random, sizeof random);
	return token;
}

static void hash_token(const char *token, uint8_t ret_hash[crypto_hash_sha256_BYTES])
{
	crypto_hash_sha256(ret_hash, (const uint8_t *)token, strlen(token));
}

/* ---- the table ------------------------------------------------------------------------- */

bool share_link_migrate(Sql *sql, GError **error)
{
	static const char *const steps[] = {
		"CREATE TABLE share_link ("
		" account BIGINT NOT NULL,"
		" node BLOB NOT NULL,"
		" drive BLOB NOT NULL,"
		" hash BLOB NOT NULL UNIQUE," /* SHA-256 of token */
		" token TEXT NOT NULL,"
		" created_us BIGINT NOT NULL,"
		" expires_us BIGINT NOT NULL," /* 0: never */
		" PRIMARY KEY (account, node))",
	};
	return sql_migrate(sql, "share", steps, G_N_ELEMENTS(steps), error);
}

#define COLUMNS "account, drive, node, token, created_us, expires_us"
#define IS_GOOD "(expires_us = 0 OR expires_us > $1)"

static bool read_row(SqlStatement *row, ShareLink *ret_link, GError **error)
{
	size_t drive_size;
	size_t node_size;
	const void *drive = sql_column_bytes(row, 1, &drive_size);
	const void *node = sql_column_bytes(row, 2, &node_size);
	ShareLink link = {
		.account = sql_column_int(row, 0),
		.created_us = sql_column_int(row, 4),
		.expires_us = sql_column_int(row, 5),
	};
	if (!node_id_from_bytes(drive, drive_size, &link.drive) ||
	    !node_id_from_bytes(node, node_size, &link.node)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
				    "a link has no valid id");
		return false;
	}
	link.token = g_strdup(sql_column_text(row, 3));
	*ret_link = link;
	return true;
}

/* ---- finding --------------------------------------------------------------------------- */

static bool set_not_found(GError **error)
{
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "there is no such link: it was ended or has expired");
	return false;
}

bool share_link_find(Sql *sql, const char *token, int64_t now_us, ShareLink *ret_link,
		     GError **error)
{
	if (strnlen(token, TOKEN_SIZE + 1) != TOKEN_SIZE) {
		return set_not_found(error);
	}
	g_autoptr(SqlSession) session = sql_read(sql, error);
	SqlStatement *select = session ? sql_statement(session,
						       "SELECT " COLUMNS " FROM share_link"
						       " WHERE " IS_GOOD " AND hash = $2",
						       error)
				       : NULL;
	if (!select) {
		return false;
	}
	uint8_t hash[crypto_hash_sha256_BYTES];
	hash_token(token, hash);
	sql_bind_int(select, 1, now_us);
	sql_bind_bytes(select, 2, hash, sizeof hash);
	bool row;
	if (!sql_step(select, &row, error)) {
		return false;
	}
	return row ? read_row(select, ret_link, error) : set_not_found(error);
}

bool share_link_get(Sql *sql, int64_t account, const NodeId *node, int64_t now_us,
		    ShareLink *ret_link, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(sql, error);
	SqlStatement *select =
		session ? sql_statement(session,
					"SELECT " COLUMNS " FROM share_link"
					" WHERE " IS_GOOD " AND account = $2 AND node = $3",
					error)
			: NULL;
	if (!select) {
		return false;
	}
	sql_bind_int(select, 1, now_us);
	sql_bind_int(select, 2, account);
	sql_bind_bytes(select, 3, node->bytes, NODE_ID_SIZE);
	bool row;
	if (!sql_step(select, &row, error)) {
		return false;
	}
	return row ? read_row(select, ret_link, error) : set_not_found(error);
}

bool share_link_list(Sql *sql, int64_t account, int64_t now_us, GArray *ret_links, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(sql, error);
	SqlStatement *select = session ? sql_statement(session,
						       "SELECT " COLUMNS " FROM share_link"
						       " WHERE " IS_GOOD " AND account = $2"
						       " ORDER BY created_us, node",
						       error)
				       : NULL;
	if (!select) {
		return false;
	}
	sql_bind_int(select, 1, now_us);
	sql_bind_int(select, 2, account);
	bool row;
	while (sql_step(select, &row, error)) {
		ShareLink link;
		if (!row) {
			return true;
		}
		if (!read_row(select, &link, error)) {
			return false;
		}
		g_array_append_val(ret_links, link);
	}
	return false;
}

/* ---- making and ending ----------------------------------------------------------------- */

static bool note(SqlSession *session, const AuditBy *by, const char *what, const NodeId *node,
		 GError **error)
{
	char hex[NODE_ID_HEX_SIZE];
	node_id_to_hex(node, hex);
	g_autofree char *target = g_strconcat("link to ", hex, NULL);
	const AuditEvent event = { .what = what, .account = by->account, .target = target };
	return audit_append(session, by, &event, error);
}

static bool forget_expired(SqlSession *session, int64_t account, int64_t now_us, GError **error)
{
	SqlStatement *statement = sql_statement(
		session, "DELETE FROM share_link WHERE NOT " IS_GOOD " AND account = $2", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, now_us);
	sql_bind_int(statement, 2, account);
	return sql_run(statement, error);
}

static bool check_room(SqlSession *session, int64_t account, GError **error)
{
	SqlStatement *count =
		sql_statement(session, "SELECT COUNT(*) FROM share_link WHERE account = $1", error);
	if (!count) {
		return false;
	}
	sql_bind_int(count, 1, account);
	bool row;
	if (!sql_step(count, &row, error)) {
		return false;
	}
	if (sql_column_int(count, 0) >= SHARE_LINKS_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
			    "there are %d links already: end some first", SHARE_LINKS_MAX);
		return false;
	}
	return true;
}

/* *ret_link stays empty if the node has none. */
static bool find_of_node(SqlSession *session, const ShareLinkWish *wish, ShareLink *ret_link,
			 GError **error)
{
	SqlStatement *select = sql_statement(session,
					     "SELECT " COLUMNS " FROM share_link"
					     " WHERE account = $1 AND node = $2",
					     error);
	if (!select) {
		return false;
	}
	sql_bind_int(select, 1, wish->account);
	sql_bind_bytes(select, 2, wish->node.bytes, NODE_ID_SIZE);
	bool row;
	return sql_step(select, &row, error) && (!row || read_row(select, ret_link, error));
}

static bool insert(SqlSession *session, const ShareLinkWish *wish, const AuditBy *by,
		   ShareLink *ret_link, GError **error)
{
	SqlStatement *statement = sql_statement(
		session,
		"INSERT INTO share_link (hash, token, account, drive, node, created_us, expires_us)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING " COLUMNS,
		error);
	if (!statement || !check_room(session, wish->account, error)) {
		return false;
	}
	g_autofree char *token = make_token();
	uint8_t hash[crypto_hash_sha256_BYTES];
	hash_token(token, hash);
	sql_bind_bytes(statement, 1, hash, sizeof hash);
	sql_bind_text(statement, 2, token);
	sql_bind_int(statement, 3, wish->account);
	sql_bind_bytes(statement, 4, wish->drive.bytes, NODE_ID_SIZE);
	sql_bind_bytes(statement, 5, wish->node.bytes, NODE_ID_SIZE);
	sql_bind_int(statement, 6, audit_by_now(by));
	sql_bind_int(statement, 7, wish->has_expiry ? wish->expires_us : 0);
	bool row;
	bool made = sql_step(statement, &row, error) && read_row(statement, ret_link, error) &&
		    note(session, by, "share", &wish->node, error);
	sodium_memzero(token, strlen(token));
	return made;
}

static bool set_expiry(SqlSession *session, ShareLink *link, int64_t expires_us, GError **error)
{
	SqlStatement *statement = sql_statement(session,
						"UPDATE share_link SET expires_us = $1"
						" WHERE account = $2 AND node = $3",
						error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, expires_us);
	sql_bind_int(statement, 2, link->account);
	sql_bind_bytes(statement, 3, link->node.bytes, NODE_ID_SIZE);
	link->expires_us = expires_us;
	return sql_run(statement, error);
}

bool share_link_make(Sql *sql, const ShareLinkWish *wish, const AuditBy *by, ShareLink *ret_link,
		     GError **error)
{
	g_auto(ShareLink) link = { 0 };
	g_autoptr(SqlSession) session = sql_write(sql, error);
	if (!session || !forget_expired(session, wish->account, audit_by_now(by), error) ||
	    !find_of_node(session, wish, &link, error)) {
		return false;
	}
	if (!link.token
		    ? !insert(session, wish, by, &link, error)
		    : wish->has_expiry && !set_expiry(session, &link, wish->expires_us, error)) {
		return false;
	}
	if (!sql_commit(session, error)) {
		return false;
	}
	*ret_link = link;
	link.token = NULL;
	return true;
}

bool share_link_end(Sql *sql, int64_t account, const NodeId *node, const AuditBy *by,
		    GError **error)
{
	g_autoptr(SqlSession) session = sql_write(sql, error);
	SqlStatement *statement =
		session ? sql_statement(session,
					"DELETE FROM share_link WHERE account = $1 AND node = $2",
					error)
			: NULL;
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, account);
	sql_bind_bytes(statement, 2, node->bytes, NODE_ID_SIZE);
	if (!sql_run(statement, error)) {
		return false;
	}
	if (sql_changes(session) == 0) {
		return set_not_found(error);
	}
	return note(session, by, "unshare", node, error) && sql_commit(session, error);
}

bool share_link_end_all(Sql *sql, int64_t account, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(sql, error);
	SqlStatement *statement =
		session ? sql_statement(session, "DELETE FROM share_link WHERE account = $1", error)
			: NULL;
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, account);
	return sql_run(statement, error) && sql_commit(session, error);
}
