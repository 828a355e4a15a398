/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal's tables. docs/formats/journal.md says what the columns mean.
 *
 * Every B-tree costs CPU and log space with every new file, so there are few: integer keys inside,
 * and ids, which are random and therefore touch a page each, stand in one index only.
 */
#include "server/journal/tables_internal.h"

#define KEYS_PER_BLOCK 4096

static const char step_1[] =
	"CREATE TABLE journal_key (kind INTEGER PRIMARY KEY, next BIGINT NOT NULL);"
	"INSERT INTO journal_key (kind, next) VALUES (0, 1), (1, 1);"

	"CREATE TABLE drive ("
	" key INTEGER PRIMARY KEY,"
	" id BLOB NOT NULL UNIQUE,"
	" account BIGINT NOT NULL UNIQUE,"
	" root BIGINT NOT NULL,"
	" seq BIGINT NOT NULL,"
	" bytes BIGINT NOT NULL,"
	" quota BIGINT NOT NULL,"
	" nodes BIGINT NOT NULL,"
	" trimmed BIGINT NOT NULL);"

	"CREATE TABLE commit_tag ("
	" drive BIGINT NOT NULL,"
	" seq BIGINT NOT NULL,"
	" tag BIGINT NOT NULL,"
	" time BIGINT NOT NULL,"
	" device BIGINT NOT NULL,"
	" PRIMARY KEY (drive, seq)) WITHOUT ROWID;"

	"CREATE TABLE node ("
	" key INTEGER PRIMARY KEY,"
	" drive BIGINT NOT NULL,"
	" parent BIGINT,"
	" deleted BIGINT NOT NULL,"
	" kind BIGINT NOT NULL,"
	" seq BIGINT NOT NULL,"
	" device BIGINT NOT NULL,"
	" operation BIGINT NOT NULL,"
	" height BIGINT NOT NULL,"
	" number BIGINT NOT NULL,"
	" executable BIGINT NOT NULL,"
	" size BIGINT NOT NULL,"
	" mtime BIGINT NOT NULL,"
	" time BIGINT NOT NULL,"
	" id BLOB NOT NULL,"
	" name BLOB NOT NULL,"
	" folded BLOB,"
	" content BLOB);"
	"CREATE UNIQUE INDEX node_id ON node (drive, id);"
	"CREATE UNIQUE INDEX node_name ON node (parent, name, deleted);"
	"CREATE INDEX node_seq ON node (drive, seq);"
	"CREATE INDEX node_deleted ON node (drive, seq) WHERE deleted <> 0;"
	"CREATE INDEX node_folded ON node (parent, folded) WHERE folded IS NOT NULL;"

	"CREATE TABLE version ("
	" key INTEGER PRIMARY KEY,"
	" node BIGINT NOT NULL,"
	" seq BIGINT NOT NULL,"
	" replaced BIGINT NOT NULL,"
	" parent BIGINT,"
	" deleted BIGINT NOT NULL,"
	" device BIGINT NOT NULL,"
	" operation BIGINT NOT NULL,"
	" number BIGINT NOT NULL,"
	" executable BIGINT NOT NULL,"
	" size BIGINT NOT NULL,"
	" mtime BIGINT NOT NULL,"
	" time BIGINT NOT NULL,"
	" name BLOB NOT NULL,"
	" content BLOB);"
	"CREATE INDEX version_node ON version (node, seq);"

	"CREATE TABLE chunk ("
	" key INTEGER PRIMARY KEY,"
	" id BLOB NOT NULL,"
	" pack BIGINT NOT NULL,"
	" start BIGINT NOT NULL,"
	" size BIGINT NOT NULL,"
	" raw_size BIGINT NOT NULL,"
	" encoding BIGINT NOT NULL);"
	"CREATE INDEX chunk_id ON chunk (substr(id, 1, 8));"
	"CREATE INDEX chunk_pack ON chunk (pack, start);"

	"CREATE TABLE pack ("
	" pack INTEGER PRIMARY KEY,"
	" size_live BIGINT NOT NULL,"
	" finish BIGINT NOT NULL,"
	" count BIGINT NOT NULL);"

	"CREATE TABLE list ("
	" chunk INTEGER PRIMARY KEY,"
	" length BIGINT NOT NULL,"
	" refs BLOB NOT NULL);"

	"CREATE TABLE holding ("
	" chunk BIGINT NOT NULL,"
	" drive BIGINT NOT NULL,"
	" names BIGINT NOT NULL,"
	" lists BIGINT NOT NULL,"
	" PRIMARY KEY (chunk, drive)) WITHOUT ROWID;"

	"CREATE TABLE lease ("
	" chunk BIGINT NOT NULL,"
	" account BIGINT NOT NULL,"
	" expiry BIGINT NOT NULL,"
	" PRIMARY KEY (chunk, account)) WITHOUT ROWID;";

static const char step_2[] =
	"CREATE TABLE leased ("
	" account INTEGER PRIMARY KEY,"
	" bytes BIGINT NOT NULL);"
	"INSERT INTO leased SELECT lease.account, sum(chunk.raw_size) FROM lease"
	" JOIN chunk ON chunk.key = lease.chunk GROUP BY lease.account;";

static const char step_3[] = "ALTER TABLE drive ADD COLUMN caseless BIGINT NOT NULL DEFAULT 0;";

static const char *const steps[] = { step_1, step_2, step_3 };

bool tables_migrate(Sql *sql, GError **error)
{
	return sql_migrate(sql, "journal", steps, G_N_ELEMENTS(steps), error);
}

static bool reserve(TablesKeys *keys, SqlSession *session, TablesKind kind, GError **error)
{
	SqlStatement *statement = sql_statement(
		session, "UPDATE journal_key SET next = next + $2 WHERE kind = $1 RETURNING next",
		error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, kind);
	sql_bind_int(statement, 2, KEYS_PER_BLOCK);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	g_assert(row);
	int64_t end = sql_column_int(statement, 0);
	if (!sql_run(statement, error)) {
		return false;
	}
	keys->end[kind] = end;
	keys->next[kind] = end - KEYS_PER_BLOCK;
	return true;
}

bool tables_key(TablesKeys *keys, SqlSession *session, TablesKind kind, int64_t *ret_key,
		GError **error)
{
	if (keys->next[kind] == keys->end[kind] && !reserve(keys, session, kind, error)) {
		return false;
	}
	*ret_key = keys->next[kind]++;
	return true;
}

void tables_keys_drop(TablesKeys *keys)
{
	*keys = (TablesKeys){ 0 };
}
