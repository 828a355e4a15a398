/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifies what journal.h promises about the tables, by counting everything anew.
 *
 * What SQL can say stands in `queries`: each answers with the keys of the rows that break a rule.
 * Who names which chunk is counted here, since it stands inside the contents: every naming becomes
 * a Count, and sorted they must be the rows of `holding`.
 */
#include "server/journal/check_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "chunk/content.h"
#include "server/journal/chunks_internal.h"
#include "server/journal/journal.h"
#include "sql/ask.h"

#include <string.h>

#define PROBLEMS_PER_QUERY 20

typedef struct Query {
	const char *problem; /* with the key of a row */
	const char *text;
} Query;

#define REACHED                                                                       \
	"WITH RECURSIVE reached (key, depth) AS (SELECT root, 0 FROM drive UNION ALL" \
	" SELECT node.key, reached.depth + 1 FROM reached JOIN node ON node.parent = reached.key) "

static const Query queries[] = {
	{ "drive without a sound root",
	  "SELECT drive.key FROM drive LEFT JOIN node ON node.key = drive.root"
	  " WHERE node.key IS NULL OR node.parent IS NOT NULL OR node.id <> drive.id"
	  " OR node.drive <> drive.key OR node.kind <> 2 OR node.deleted <> 0" },
	{ "node without a parent",
	  "SELECT node.key FROM node LEFT JOIN drive ON drive.root = node.key"
	  " WHERE node.parent IS NULL AND drive.key IS NULL" },
	{ "node whose parent is no folder of its drive",
	  "SELECT node.key FROM node LEFT JOIN node AS above ON above.key = node.parent"
	  " WHERE node.parent IS NOT NULL AND (above.key IS NULL OR above.drive <> node.drive"
	  " OR above.kind <> 2)" },
	{ "node that is not below its root",
	  REACHED "SELECT key FROM node WHERE key NOT IN (SELECT key FROM reached)" },
	{ "node that lies too deep", REACHED "SELECT key FROM reached WHERE depth > 512" },
	{ "folder with too small a height",
	  "SELECT above.key FROM node JOIN node AS above ON above.key = node.parent"
	  " WHERE node.kind = 2 AND above.height < node.height + 1" },
	{ "folder with two children of one name",
	  "SELECT parent FROM node WHERE deleted = 0 AND parent IS NOT NULL"
	  " GROUP BY parent, name HAVING count(*) > 1" },
	{ "node with a strange tombstone",
	  "SELECT key FROM node WHERE deleted <> 0 AND deleted <> key" },
	{ "node of an unknown kind", "SELECT key FROM node WHERE kind NOT IN (1, 2, 3)" },
	{ "node later than its drive",
	  "SELECT node.key FROM node JOIN drive ON drive.key = node.drive"
	  " WHERE node.seq > drive.seq" },
	{ "node of a commit without a tag",
	  "SELECT node.key FROM node JOIN drive ON drive.key = node.drive"
	  " LEFT JOIN commit_tag ON commit_tag.drive = node.drive AND commit_tag.seq = node.seq"
	  " WHERE node.seq >= drive.trimmed AND commit_tag.seq IS NULL" },
	{ "drive without its last tag",
	  "SELECT drive.key FROM drive LEFT JOIN (SELECT drive, max(seq) AS seq FROM commit_tag"
	  " GROUP BY drive) AS last ON last.drive = drive.key"
	  " WHERE last.seq IS NULL OR last.seq <> drive.seq" },
	{ "drive with a wrong count of nodes",
	  "SELECT drive.key FROM drive WHERE nodes + 1 <> (SELECT count(*) FROM node"
	  " WHERE node.drive = drive.key AND deleted = 0)" },
	{ "drive with a wrong sum of bytes",
	  "SELECT drive.key FROM drive LEFT JOIN (SELECT holding.drive AS drive,"
	  " sum(chunk.raw_size) AS bytes FROM holding JOIN chunk ON chunk.key = holding.chunk"
	  " GROUP BY holding.drive) AS held ON held.drive = drive.key"
	  " WHERE drive.bytes <> COALESCE(held.bytes, 0)" },
	{ "version without a node",
	  "SELECT version.key FROM version LEFT JOIN node ON node.key = version.node"
	  " WHERE node.key IS NULL" },
	{ "holding of an unknown chunk",
	  "SELECT holding.chunk FROM holding LEFT JOIN chunk ON chunk.key = holding.chunk"
	  " WHERE chunk.key IS NULL" },
	{ "lease of an unknown chunk",
	  "SELECT lease.chunk FROM lease LEFT JOIN chunk ON chunk.key = lease.chunk"
	  " WHERE chunk.key IS NULL" },
	{ "account with a wrong sum of leases",
	  "SELECT sums.account FROM (SELECT lease.account AS account, sum(chunk.raw_size) AS bytes"
	  " FROM lease JOIN chunk ON chunk.key = lease.chunk GROUP BY lease.account UNION ALL"
	  " SELECT account, -bytes FROM leased) AS sums GROUP BY sums.account"
	  " HAVING sum(sums.bytes) <> 0" },
	{ "chunk that nobody holds or leases",
	  "SELECT key FROM chunk WHERE NOT EXISTS (SELECT 1 FROM holding WHERE chunk = chunk.key)"
	  " AND NOT EXISTS (SELECT 1 FROM lease WHERE chunk = chunk.key)" },
	{ "chunk that is there twice",
	  "SELECT min(key) FROM chunk GROUP BY id HAVING count(*) > 1" },
	{ "pack with wrong sums",
	  "SELECT pack.pack FROM pack LEFT JOIN (SELECT pack, sum(size) AS size,"
	  " count(*) AS count, max(start + size) AS finish FROM chunk GROUP BY pack) AS named"
	  " ON named.pack = pack.pack WHERE coalesce(named.size, 0) <> pack.size_live"
	  " OR coalesce(named.count, 0) <> pack.count OR named.finish > pack.finish" },
	{ "chunk in an unknown pack",
	  "SELECT chunk.key FROM chunk LEFT JOIN pack ON pack.pack = chunk.pack"
	  " WHERE pack.pack IS NULL" },
	{ "key that is given out again",
	  "SELECT kind FROM journal_key WHERE next <= COALESCE(CASE kind WHEN 0 THEN"
	  " (SELECT max(key) FROM node) ELSE (SELECT max(key) FROM chunk) END, 0)" },
};

G_STATIC_ASSERT(DEPTH_MAX == 512);

typedef struct Check {
	SqlSession *session;
	GPtrArray *problems;
	GArray *counts; /* Count */
} Check;

static void G_GNUC_PRINTF(2, 3) add_problem(Check *check, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_ptr_array_add(check->problems, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

static bool run_query(Check *check, const Query *query, GError **error)
{
	SqlStatement *statement = sql_statement(check->session, query->text, error);
	if (!statement) {
		return false;
	}
	for (unsigned i = 0; i < PROBLEMS_PER_QUERY; i++) {
		bool row;
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		if (!row) {
			return true;
		}
		add_problem(check, "%s: %" G_GINT64_FORMAT, query->problem,
			    sql_column_int(statement, 0));
	}
	return true;
}

/* ---- names --------------------------------------------------------------------------------- */

static void check_name(Check *check, SqlStatement *statement)
{
	int64_t key = sql_column_int(statement, 0);
	size_t size;
	const void *name = sql_column_bytes(statement, 1, &size);
	if (!text_is_name(name, size)) {
		add_problem(check, "node with an impossible name: %" G_GINT64_FORMAT, key);
		return;
	}
	g_autoptr(GBytes) folded = text_fold(name, size);
	size_t stored_size;
	const void *stored = sql_column_bytes(statement, 2, &stored_size);
	bool equal =
		sql_column_null(statement, 2)
			? !folded
			: folded && g_bytes_get_size(folded) == stored_size &&
				  memcmp(g_bytes_get_data(folded, NULL), stored, stored_size) == 0;
	if (!equal) {
		add_problem(check, "node with a wrong folded name: %" G_GINT64_FORMAT, key);
	}
}

static bool check_names(Check *check, GError **error)
{
	SqlStatement *statement =
		sql_statement(check->session,
			      "SELECT key, name, folded FROM node WHERE parent IS NOT NULL", error);
	if (!statement) {
		return false;
	}
	for (;;) {
		bool row;
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		if (!row) {
			return true;
		}
		check_name(check, statement);
	}
}

/* ---- who names what ------------------------------------------------------------------------ */

typedef struct Count {
	int64_t chunk;
	int64_t drive;
	int32_t names;
	int32_t lists;
} Count;

static int compare_counts(const void *a, const void *b)
{
	const Count *left = a;
	const Count *right = b;
	if (left->chunk != right->chunk) {
		return left->chunk < right->chunk ? -1 : 1;
	}
	return (left->drive > right->drive) - (left->drive < right->drive);
}

/* Sorts them and adds up those of one chunk and drive. */
static void add_up(GArray *counts)
{
	g_array_sort(counts, compare_counts);
	unsigned kept = 0;
	for (unsigned i = 0; i < counts->len; i++) {
		const Count *count = &g_array_index(counts, Count, i);
		Count *last = kept > 0 ? &g_array_index(counts, Count, kept - 1) : NULL;
		if (last && compare_counts(last, count) == 0) {
			last->names += count->names;
			last->lists += count->lists;
		} else {
			g_array_index(counts, Count, kept++) = *count;
		}
	}
	g_array_set_size(counts, kept);
}

static int compare_refs(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(ContentRef));
}

/* Who names something: "node" or "version" or "list", and its key. */
typedef struct Namer {
	const char *what;
	int64_t key;
	int64_t drive;
} Namer;

static bool count_refs(Check *check, const Namer *namer, Content *content, bool as_list,
		       GError **error)
{
	if (content->count > 0) {
		qsort(content->refs, content->count, sizeof(ContentRef), compare_refs);
	}
	for (size_t i = 0; i < content->count; i++) {
		const ContentRef *ref = &content->refs[i];
		if (i > 0 && compare_refs(ref, ref - 1) == 0) {
			continue;
		}
		Count count = { .drive = namer->drive, .names = !as_list, .lists = as_list };
		if (!chunks_find(check->session, &ref->id, &count.chunk, error)) {
			return false;
		}
		if (count.chunk == 0) {
			add_problem(check, "%s that names an unknown chunk: %" G_GINT64_FORMAT,
				    namer->what, namer->key);
			continue;
		}
		g_array_append_val(check->counts, count);
	}
	return true;
}

/* Bytes of the file that this list stands for; 0 if it is unknown. */
static bool list_length(Check *check, const ContentRef *ref, uint64_t *length, GError **error)
{
	int64_t of_list;
	if (!ask_count(check->session,
		       "SELECT list.length FROM list JOIN chunk"
		       " ON chunk.key = list.chunk WHERE " CHUNKS_ID_IS("$1"),
		       ASK_VALUES(ASK_BLOB(ref->id.bytes, CHUNK_ID_SIZE)), &of_list, error)) {
		return false;
	}
	*length += (uint64_t)of_list;
	return true;
}

static bool file_length(Check *check, const Content *content, uint64_t *ret_length, GError **error)
{
	*ret_length = content->depth == 0 ? content_length(content) : 0;
	for (size_t i = 0; content->depth == 1 && i < content->count; i++) {
		if (!list_length(check, &content->refs[i], ret_length, error)) {
			return false;
		}
	}
	return true;
}

/* Columns: key, drive, size, content. */
static bool count_content(Check *check, const char *what, SqlStatement *statement, GError **error)
{
	Namer namer = {
		.what = what,
		.key = sql_column_int(statement, 0),
		.drive = sql_column_int(statement, 1),
	};
	uint64_t size = (uint64_t)sql_column_int(statement, 2);
	size_t content_size;
	const void *bytes = sql_column_bytes(statement, 3, &content_size);
	g_auto(Content) content = { 0 };
	if (!content_decode(bytes, content_size, &content, NULL)) {
		add_problem(check, "%s with a broken content: %" G_GINT64_FORMAT, what, namer.key);
		return true;
	}
	uint64_t length;
	if (!file_length(check, &content, &length, error)) {
		return false;
	}
	if (length != size) {
		add_problem(check, "%s with a wrong size: %" G_GINT64_FORMAT, what, namer.key);
	}
	return count_refs(check, &namer, &content, content.depth == 1, error);
}

static bool count_contents(Check *check, const char *what, const char *text, GError **error)
{
	SqlStatement *statement = sql_statement(check->session, text, error);
	if (!statement) {
		return false;
	}
	for (;;) {
		bool row;
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		if (!row) {
			return true;
		}
		if (!count_content(check, what, statement, error)) {
			return false;
		}
	}
}

static bool count_list(Check *check, const Count *list, GError **error)
{
	SqlStatement *row;
	if (!ask_find(check->session, "SELECT refs FROM list WHERE chunk = $1",
		      ASK_VALUES(ASK_INT(list->chunk)), &row, error)) {
		return false;
	}
	size_t size = 0;
	const void *refs = row ? sql_column_bytes(row, 0, &size) : NULL;
	g_auto(Content) inside = { 0 };
	if (!content_decode_list(refs, size, &inside, NULL)) {
		add_problem(check, "list without its refs: %" G_GINT64_FORMAT, list->chunk);
		return true;
	}
	Namer namer = { .what = "list", .key = list->chunk, .drive = list->drive };
	return count_refs(check, &namer, &inside, false, error);
}

static bool count_lists(Check *check, GError **error)
{
	add_up(check->counts);
	unsigned end = check->counts->len;
	for (unsigned i = 0; i < end; i++) {
		Count count = g_array_index(check->counts, Count, i);
		if (count.lists > 0 && !count_list(check, &count, error)) {
			return false;
		}
	}
	add_up(check->counts);
	return true;
}

/* Both are sorted. */
static bool compare_holdings(Check *check, GError **error)
{
	SqlStatement *statement = sql_statement(
		check->session,
		"SELECT chunk, drive, names, lists FROM holding ORDER BY chunk, drive", error);
	if (!statement) {
		return false;
	}
	unsigned next = 0;
	for (;;) {
		bool row;
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		Count held = { 0 };
		if (row) {
			held.chunk = sql_column_int(statement, 0);
			held.drive = sql_column_int(statement, 1);
			held.names = (int32_t)sql_column_int(statement, 2);
			held.lists = (int32_t)sql_column_int(statement, 3);
		}
		const Count *named = NULL;
		while (next < check->counts->len) {
			named = &g_array_index(check->counts, Count, next);
			if (row && compare_counts(named, &held) >= 0) {
				break;
			}
			add_problem(check, "chunk that is named and not held: %" G_GINT64_FORMAT,
				    named->chunk);
			named = NULL;
			next++;
		}
		if (!row) {
			return true;
		}
		if (!named || compare_counts(named, &held) != 0) {
			add_problem(check, "chunk that is held and not named: %" G_GINT64_FORMAT,
				    held.chunk);
			continue;
		}
		if (named->names != held.names || named->lists != held.lists) {
			add_problem(check, "holding with wrong counts: %" G_GINT64_FORMAT,
				    held.chunk);
		}
		next++;
	}
}

static bool check_holdings(Check *check, GError **error)
{
	return count_contents(check, "node",
			      "SELECT key, drive, size, content FROM node WHERE kind = 1", error) &&
	       count_contents(check, "version",
			      "SELECT version.key, node.drive, version.size, version.content"
			      " FROM version JOIN node ON node.key = version.node"
			      " WHERE node.kind = 1 AND version.content IS NOT NULL",
			      error) &&
	       count_lists(check, error) && compare_holdings(check, error);
}

bool check_all(SqlSession *session, GPtrArray *ret_problems, GError **error)
{
	g_autoptr(GArray) counts = g_array_new(FALSE, FALSE, sizeof(Count));
	Check check = { .session = session, .problems = ret_problems, .counts = counts };
	for (size_t i = 0; i < G_N_ELEMENTS(queries); i++) {
		if (!run_query(&check, &queries[i], error)) {
			return false;
		}
	}
	return check_names(&check, error) && check_holdings(&check, error);
}
