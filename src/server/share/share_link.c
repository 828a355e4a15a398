/* SPDX-License-Identifier: Apache-2.0 */
#include "server/share/share_link.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "sql/ask.h"

#include <sodium.h>
#include <string.h>

void share_link_clear(void *data)
{
	ShareLink *link = data;
	if (link->token) {
		sodium_memzero(link->token, strlen(link->token));
	}
	g_clear_pointer(&link->token, g_free);
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
#define NODE(id) ASK_BLOB((id)->bytes, NODE_ID_SIZE)

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
	if (strnlen(token, SECRET_LENGTH + 1) != SECRET_LENGTH) {
		return set_not_found(error);
	}
	uint8_t hash[SECRET_HASH_SIZE];
	secret_hash(token, hash);
	g_autoptr(SqlSession) session = sql_read(sql, error);
	SqlStatement *row;
	if (!session ||
	    !ask_find(session, "SELECT " COLUMNS " FROM share_link WHERE " IS_GOOD " AND hash = $2",
		      ASK_VALUES(ASK_INT(now_us), ASK_BLOB(hash, sizeof hash)), &row, error)) {
		return false;
	}
	return row ? read_row(row, ret_link, error) : set_not_found(error);
}

bool share_link_get(Sql *sql, int64_t account, const NodeId *node, int64_t now_us,
		    ShareLink *ret_link, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(sql, error);
	SqlStatement *row;
	if (!session ||
	    !ask_find(session,
		      "SELECT " COLUMNS " FROM share_link"
		      " WHERE " IS_GOOD " AND account = $2 AND node = $3",
		      ASK_VALUES(ASK_INT(now_us), ASK_INT(account), NODE(node)), &row, error)) {
		return false;
	}
	return row ? read_row(row, ret_link, error) : set_not_found(error);
}

bool share_link_list(Sql *sql, int64_t account, int64_t now_us, GArray *ret_links, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(sql, error);
	SqlStatement *select =
		session ? ask_statement(session,
					"SELECT " COLUMNS " FROM share_link"
					" WHERE " IS_GOOD " AND account = $2"
					" ORDER BY created_us, node",
					ASK_VALUES(ASK_INT(now_us), ASK_INT(account)), error)
			: NULL;
	bool row;
	while (select && sql_step(select, &row, error)) {
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
	return ask_run(session, "DELETE FROM share_link WHERE NOT " IS_GOOD " AND account = $2",
		       ASK_VALUES(ASK_INT(now_us), ASK_INT(account)), error);
}

static bool check_room(SqlSession *session, int64_t account, GError **error)
{
	int64_t count;
	if (!ask_count(session, "SELECT COUNT(*) FROM share_link WHERE account = $1",
		       ASK_VALUES(ASK_INT(account)), &count, error)) {
		return false;
	}
	if (count >= SHARE_LINKS_MAX) {
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
	SqlStatement *row;
	return ask_find(session,
			"SELECT " COLUMNS " FROM share_link WHERE account = $1 AND node = $2",
			ASK_VALUES(ASK_INT(wish->account), NODE(&wish->node)), &row, error) &&
	       (!row || read_row(row, ret_link, error));
}

static bool insert(SqlSession *session, const ShareLinkWish *wish, const AuditBy *by,
		   ShareLink *ret_link, GError **error)
{
	if (!check_room(session, wish->account, error)) {
		return false;
	}
	g_autofree char *token = secret_make();
	uint8_t hash[SECRET_HASH_SIZE];
	secret_hash(token, hash);
	SqlStatement *row;
	bool made = ask_find(session,
			     "INSERT INTO share_link"
			     " (hash, token, account, drive, node, created_us, expires_us)"
			     " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING " COLUMNS,
			     ASK_VALUES(ASK_BLOB(hash, sizeof hash), ASK_TEXT(token),
					ASK_INT(wish->account), NODE(&wish->drive),
					NODE(&wish->node), ASK_INT(audit_by_now(by)),
					ASK_INT(wish->has_expiry ? wish->expires_us : 0)),
			     &row, error) &&
		    read_row(row, ret_link, error) &&
		    note(session, by, "share", &wish->node, error);
	sodium_memzero(token, strlen(token));
	return made;
}

static bool set_expiry(SqlSession *session, ShareLink *link, int64_t expires_us, GError **error)
{
	link->expires_us = expires_us;
	return ask_run(
		session, "UPDATE share_link SET expires_us = $1 WHERE account = $2 AND node = $3",
		ASK_VALUES(ASK_INT(expires_us), ASK_INT(link->account), NODE(&link->node)), error);
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
	if (!session || !ask_run(session, "DELETE FROM share_link WHERE account = $1 AND node = $2",
				 ASK_VALUES(ASK_INT(account), NODE(node)), error)) {
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
	return session &&
	       ask_run(session, "DELETE FROM share_link WHERE account = $1",
		       ASK_VALUES(ASK_INT(account)), error) &&
	       sql_commit(session, error);
}
