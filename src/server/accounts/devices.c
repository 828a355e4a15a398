/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table `device` is the truth; `known` remembers the credentials that were asked for, so that a
 * request costs a hash look-up. Two rules keep them together:
 *  - whoever ends a device commits first and forgets it in `known` afterwards, before returning;
 *  - what was read from the table is remembered only if nothing ended since the reading began
 *    (`generation`), or an ended device could come back to life.
 */
#include "server/accounts/devices_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/records.h"
#include "sql/ask.h"

#include <string.h>

#define KNOWN_MAX 65536
#define SEEN_INTERVAL_US (5 * G_TIME_SPAN_MINUTE)

typedef DevicesKnown Known;

struct Devices {
	Sql *sql;
	int64_t idle_max_us; /* 0: never */
	DevicesEndedFunc ended;
	void *ended_data;

	GMutex lock;         /* guards the following */
	GHashTable *known;   /* set of Known, by token_hash */
	GHashTable *seen;    /* device (int64_t *) -> time (int64_t *): to be written */
	uint64_t generation; /* how often something ended */
};

static unsigned known_hash(const void *known)
{
	unsigned hash;
	memcpy(&hash, ((const Known *)known)->token_hash, sizeof hash);
	return hash;
}

static gboolean known_equal(const void *a, const void *b)
{
	return sodium_memcmp(((const Known *)a)->token_hash, ((const Known *)b)->token_hash,
			     TOKEN_HASH_SIZE) == 0;
}

Devices *devices_open(Sql *sql, int64_t idle_max_s, GError **error)
{
	if (sodium_init() < 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_IO,
				    "the system's random source cannot be used");
		return NULL;
	}
	Devices *devices = g_new0(Devices, 1);
	devices->sql = sql;
	devices->idle_max_us = idle_max_s * G_TIME_SPAN_SECOND;
	g_mutex_init(&devices->lock);
	devices->known = g_hash_table_new_full(known_hash, known_equal, g_free, NULL);
	devices->seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	return devices;
}

void devices_close(Devices *devices)
{
	if (!devices) {
		return;
	}
	g_hash_table_unref(devices->known);
	g_hash_table_unref(devices->seen);
	g_mutex_clear(&devices->lock);
	g_free(devices);
}

void devices_set_ended(Devices *devices, DevicesEndedFunc ended, void *data)
{
	devices->ended = ended;
	devices->ended_data = data;
}

/* ---- what is remembered ---------------------------------------------------------------- */

Sql *devices_sql(Devices *devices)
{
	return devices->sql;
}

bool devices_is_idle(const Devices *devices, int64_t seen_us, int64_t now_us)
{
	return devices->idle_max_us > 0 && now_us - seen_us > devices->idle_max_us;
}

static void note_seen(Devices *devices, Known *known, int64_t now_us)
{
	known->seen_us = MAX(known->seen_us, now_us);
	if (known->seen_us - known->noted_us < SEEN_INTERVAL_US) {
		return;
	}
	known->noted_us = known->seen_us;
	g_hash_table_replace(devices->seen, g_memdup2(&known->caller.device, sizeof(int64_t)),
			     g_memdup2(&known->seen_us, sizeof(int64_t)));
}

/* Looks the token up in memory; true if it is of a device that may enter. */
static bool recall(Devices *devices, const char *token, int64_t now_us, DevicesCaller *ret_caller)
{
	Known key;
	TokenKind kind = token_kind(token);
	if (kind != TOKEN_ACCESS && kind != TOKEN_DEVICE) {
		return false;
	}
	token_hash(token, key.token_hash);
	g_mutex_lock(&devices->lock);
	Known *known = g_hash_table_lookup(devices->known, &key);
	bool right = known && now_us < known->expires_us &&
		     !devices_is_idle(devices, known->seen_us, now_us);
	if (right) {
		note_seen(devices, known, now_us);
		*ret_caller = known->caller;
	}
	g_mutex_unlock(&devices->lock);
	return right;
}

void devices_remember(Devices *devices, const DevicesKnown *read, int64_t now_us)
{
	g_mutex_lock(&devices->lock);
	if (devices->generation == read->generation) {
		if (g_hash_table_size(devices->known) >= KNOWN_MAX) {
			g_hash_table_remove_all(devices->known);
		}
		Known *known = g_memdup2(read, sizeof *read);
		note_seen(devices, known, now_us);
		g_hash_table_replace(devices->known, known, known);
	}
	g_mutex_unlock(&devices->lock);
}

void devices_forget(Devices *devices, int64_t account, int64_t device)
{
	g_mutex_lock(&devices->lock);
	devices->generation++;
	GHashTableIter iter;
	void *key;
	g_hash_table_iter_init(&iter, devices->known);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		const Known *known = key;
		if (known->caller.account == account &&
		    (device == 0 || known->caller.device == device)) {
			g_hash_table_iter_remove(&iter);
		}
	}
	g_mutex_unlock(&devices->lock);
	if (devices->ended) {
		devices->ended(account, devices->ended_data);
	}
}

/* ---- entering -------------------------------------------------------------------------- */

#define SELECT_KNOWN                                                        \
	"SELECT device.id, device.account, device.seen_us, device.scopes, " \
	"access_expires_us, confirmed FROM device JOIN account"             \
	" ON account.id = device.account AND account.disabled = 0"          \
	" JOIN credential ON credential.device = device.id WHERE "

static SqlStatement *ask_known(SqlSession *session, TokenKind kind, const Known *known,
			       GError **error)
{
	const AskValue *values = ASK_VALUES(ASK_BLOB(known->token_hash, TOKEN_HASH_SIZE));
	if (kind == TOKEN_ACCESS) {
		return ask_statement(session,
				     SELECT_KNOWN
				     "access_hash = $1 UNION ALL "
				     "SELECT device.id, device.account, device.seen_us,"
				     " device.scopes, access_before_expires_us, 1"
				     " FROM device JOIN account"
				     " ON account.id = device.account AND account.disabled = 0"
				     " JOIN credential ON credential.device = device.id"
				     " WHERE access_before_hash = $1",
				     values, error);
	}
	return ask_statement(session,
			     "SELECT device.id, device.account, device.seen_us, device.scopes,"
			     " 9223372036854775807, 1"
			     " FROM device JOIN account ON account.id = device.account"
			     " WHERE device.token_hash = $1 AND account.disabled = 0",
			     values, error);
}

static bool select_known(SqlSession *session, TokenKind kind, Known *known, bool *ret_found,
			 GError **error)
{
	SqlStatement *select = ask_known(session, kind, known, error);
	if (!select || !sql_step(select, ret_found, error)) {
		return false;
	}
	if (*ret_found) {
		known->caller.device = sql_column_int(select, 0);
		known->caller.account = sql_column_int(select, 1);
		known->seen_us = sql_column_int(select, 2);
		known->noted_us = known->seen_us;
		known->caller.scopes = (unsigned)sql_column_int(select, 3);
		known->expires_us = sql_column_int(select, 4);
		known->unconfirmed = sql_column_int(select, 5) == 0;
	}
	return true;
}

bool devices_read(Devices *devices, const char *token, DevicesKnown *ret_known, bool *ret_found,
		  GError **error)
{
	*ret_found = false;
	TokenKind kind = token_kind(token);
	if (kind != TOKEN_ACCESS && kind != TOKEN_DEVICE) {
		return true;
	}
	token_hash(token, ret_known->token_hash);
	/* Before the table is read: what ends after this may have been read as not ended. */
	g_mutex_lock(&devices->lock);
	ret_known->generation = devices->generation;
	g_mutex_unlock(&devices->lock);
	g_autoptr(SqlSession) session = sql_read(devices->sql, error);
	return session && select_known(session, kind, ret_known, ret_found, error);
}

static bool confirm_in(SqlSession *session, const Known *known, bool *ret_exchanged, GError **error)
{
	const AskValue *device = ASK_VALUES(ASK_INT(known->caller.device));
	if (!ask_run(session, "UPDATE credential SET confirmed = 1 WHERE device = $1", device,
		     error) ||
	    !ask_run(session,
		     "UPDATE device SET token_hash = NULL"
		     " WHERE id = $1 AND token_hash IS NOT NULL",
		     device, error)) {
		return false;
	}
	*ret_exchanged = sql_changes(session) > 0;
	return sql_commit(session, error);
}

/*
 * Somebody uses an access token for the first time: now what it was exchanged for is not needed any
 * more. That it cannot be written just now keeps nobody out.
 */
static void confirm(Devices *devices, const Known *known)
{
	bool exchanged = false;
	g_autoptr(SqlSession) session = sql_write(devices->sql, NULL);
	bool done = session && confirm_in(session, known, &exchanged, NULL);
	g_clear_pointer(&session, sql_release);
	if (done && exchanged) {
		devices_forget(devices, known->caller.account, known->caller.device);
	}
}

bool devices_authenticate(Devices *devices, const char *token, int64_t now_us,
			  DevicesCaller *ret_caller, GError **error)
{
	if (recall(devices, token, now_us, ret_caller)) {
		return true;
	}
	Known known;
	bool found;
	if (!devices_read(devices, token, &known, &found, error)) {
		return false;
	}
	if (!found || now_us >= known.expires_us ||
	    devices_is_idle(devices, known.seen_us, now_us)) {
		g_set_error_literal(
			error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED,
			"this device is not signed in, or was signed out: sign in again");
		return false;
	}
	if (known.unconfirmed) {
		confirm(devices, &known);
	}
	devices_remember(devices, &known, now_us);
	*ret_caller = known.caller;
	return true;
}

bool devices_remembers(Devices *devices, const char *token, int64_t now_us)
{
	DevicesCaller caller;
	return recall(devices, token, now_us, &caller);
}

/* ---- adding and ending ----------------------------------------------------------------- */

static bool is_device_name(const char *name)
{
	size_t size = strnlen(name, DEVICE_NAME_SIZE_MAX + 1);
	if (size == 0 || size > DEVICE_NAME_SIZE_MAX ||
	    !g_utf8_validate(name, (gssize)size, NULL)) {
		return false;
	}
	for (const char *at = name; *at; at = g_utf8_next_char(at)) {
		if (g_unichar_iscntrl(g_utf8_get_char(at))) {
			return false;
		}
	}
	return true;
}

/* The account may enter, and may have one more. */
static bool check_account(SqlSession *session, int64_t account, GError **error)
{
	SqlStatement *count = sql_statement(session,
					    "SELECT (SELECT COUNT(*) FROM device"
					    "  WHERE account = $1 AND ended = 0)"
					    " FROM account WHERE id = $1 AND disabled = 0",
					    error);
	if (!count) {
		return false;
	}
	sql_bind_int(count, 1, account);
	bool row;
	if (!sql_step(count, &row, error)) {
		return false;
	}
	if (!row) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED,
				    "the account was removed or disabled: ask who runs the drive");
		return false;
	}
	if (sql_column_int(count, 0) >= DEVICES_PER_ACCOUNT_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
			    "the account has %d devices already: sign one out first",
			    DEVICES_PER_ACCOUNT_MAX);
		return false;
	}
	return true;
}

bool devices_insert(SqlSession *session, const DevicesNew *new, int64_t *ret_device, GError **error)
{
	if (!is_device_name(new->name)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "a device name has 1 to %d bytes of UTF-8 without control characters",
			    DEVICE_NAME_SIZE_MAX);
		return false;
	}
	return check_account(session, new->account, error) &&
	       records_next_id(session, RECORDS_DEVICE, ret_device, error) &&
	       ask_run(session,
		       "INSERT INTO device (id, account, name, created_us, seen_us, peer,"
		       " method, client, scopes) VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8)",
		       ASK_VALUES(ASK_INT(*ret_device), ASK_INT(new->account), ASK_TEXT(new->name),
				  ASK_INT(new->now_us), ASK_TEXT(new->peer), ASK_TEXT(new->method),
				  ASK_TEXT(new->client), ASK_INT(new->scopes &DEVICES_SCOPES_ALL)),
		       error);
}

bool devices_add(Devices *devices, int64_t account, const char *name, int64_t now_us,
		 char **ret_token, int64_t *ret_device, GError **error)
{
	const DevicesNew new = { .account = account,
				 .name = name,
				 .method = "password",
				 .scopes = DEVICES_SCOPES_ALL,
				 .now_us = now_us };
	g_autoptr(SqlSession) session = sql_write(devices->sql, error);
	int64_t device;
	if (!session || !devices_insert(session, &new, &device, error)) {
		return false;
	}
	uint8_t hash[TOKEN_HASH_SIZE];
	char *token = token_new(TOKEN_DEVICE);
	token_hash(token, hash);
	g_autofree char *target = devices_text(device, name);
	const AuditBy by = { .account = account, .peer = "", .now_us = now_us };
	const AuditEvent event = { .what = "sign-in", .account = account, .target = target };
	if (!ask_run(session, "UPDATE device SET token_hash = $2 WHERE id = $1",
		     ASK_VALUES(ASK_INT(device), ASK_BLOB(hash, sizeof hash)), error) ||
	    !audit_append(session, &by, &event, error) || !sql_commit(session, error)) {
		token_free(token);
		return false;
	}
	*ret_token = token;
	*ret_device = device;
	return true;
}

char *devices_text(int64_t device, const char *name)
{
	return g_strdup_printf("device %" G_GINT64_FORMAT " %s", device, name);
}

/* ---- ending ---------------------------------------------------------------------------- */

bool devices_end_in(SqlSession *session, int64_t device, GError **error)
{
	const AskValue *values = ASK_VALUES(ASK_INT(device));
	return ask_run(session, "DELETE FROM credential WHERE device = $1", values, error) &&
	       ask_run(session, "UPDATE device SET ended = 1, token_hash = NULL WHERE id = $1",
		       values, error);
}

bool devices_end_all_in(SqlSession *session, int64_t account, GError **error)
{
	const AskValue *values = ASK_VALUES(ASK_INT(account));
	return ask_run(session,
		       "DELETE FROM credential WHERE device IN"
		       " (SELECT id FROM device WHERE account = $1)",
		       values, error) &&
	       ask_run(session,
		       "UPDATE device SET ended = 1, token_hash = NULL"
		       " WHERE account = $1 AND ended = 0",
		       values, error);
}

static bool end_one(Devices *devices, const DevicesCaller *which, const AuditBy *by, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(devices->sql, error);
	SqlStatement *row;
	if (!session ||
	    !ask_find(session,
		      "SELECT name FROM device WHERE id = $1 AND account = $2 AND ended = 0",
		      ASK_VALUES(ASK_INT(which->device), ASK_INT(which->account)), &row, error)) {
		return false;
	}
	if (!row) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "the account has no device %" G_GINT64_FORMAT, which->device);
		return false;
	}
	g_autofree char *target = devices_text(which->device, sql_column_text(row, 0));
	const AuditEvent event = { .what = "revoke", .account = which->account, .target = target };
	return devices_end_in(session, which->device, error) &&
	       audit_append(session, by, &event, error) && sql_commit(session, error);
}

bool devices_end_by(Devices *devices, const DevicesCaller *which, const AuditBy *by, GError **error)
{
	if (!end_one(devices, which, by, error)) {
		return false;
	}
	devices_forget(devices, which->account, which->device);
	return true;
}

bool devices_end(Devices *devices, int64_t account, int64_t device, GError **error)
{
	const DevicesCaller which = { .account = account, .device = device };
	return devices_end_by(devices, &which, NULL, error);
}

bool devices_end_all(Devices *devices, int64_t account, GError **error)
{
	const AuditEvent event = { .what = "revoke", .account = account, .target = "all devices" };
	g_autoptr(SqlSession) session = sql_write(devices->sql, error);
	bool ended = session && devices_end_all_in(session, account, error) &&
		     audit_append(session, NULL, &event, error) && sql_commit(session, error);
	g_clear_pointer(&session, sql_release);
	/* Also if it failed: the account may be disabled, which only the table knows. */
	devices_forget(devices, account, 0);
	return ended;
}

/* ---- listing --------------------------------------------------------------------------- */

void devices_entry_clear(void *entry)
{
	DevicesEntry *cleared = entry;
	g_clear_pointer(&cleared->name, g_free);
	g_clear_pointer(&cleared->peer, g_free);
	g_clear_pointer(&cleared->method, g_free);
	g_clear_pointer(&cleared->client, g_free);
}

bool devices_list(Devices *devices, int64_t account, GArray *ret_entries, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(devices->sql, error);
	if (!session) {
		return false;
	}
	SqlStatement *select =
		sql_statement(session,
			      "SELECT id, name, created_us, seen_us, peer, method, client,"
			      " scopes FROM device"
			      " WHERE account = $1 AND ended = 0 ORDER BY id",
			      error);
	if (!select) {
		return false;
	}
	sql_bind_int(select, 1, account);
	bool row;
	while (sql_step(select, &row, error)) {
		if (!row) {
			return true;
		}
		DevicesEntry entry = {
			.id = sql_column_int(select, 0),
			.name = g_strdup(sql_column_text(select, 1)),
			.created_us = sql_column_int(select, 2),
			.seen_us = sql_column_int(select, 3),
			.peer = ask_text_dup(select, 4),
			.method = ask_text_dup(select, 5),
			.client = ask_text_dup(select, 6),
			.scopes = (unsigned)sql_column_int(select, 7),
		};
		g_array_append_val(ret_entries, entry);
	}
	return false;
}

bool devices_name(Devices *devices, int64_t device, char **ret_name, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(devices->sql, error);
	if (!session) {
		return false;
	}
	SqlStatement *select =
		sql_statement(session, "SELECT name FROM device WHERE id = $1", error);
	if (!select) {
		return false;
	}
	sql_bind_int(select, 1, device);
	bool row;
	if (!sql_step(select, &row, error)) {
		return false;
	}
	*ret_name = row ? g_strdup(sql_column_text(select, 0)) : NULL;
	return true;
}

/* ---- upkeep ---------------------------------------------------------------------------- */

static GHashTable *take_seen(Devices *devices)
{
	GHashTable *empty = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	g_mutex_lock(&devices->lock);
	GHashTable *seen = devices->seen;
	devices->seen = empty;
	g_mutex_unlock(&devices->lock);
	return seen;
}

static bool write_seen(SqlSession *session, GHashTable *seen, GError **error)
{
	GHashTableIter iter;
	void *device;
	void *time_us;
	g_hash_table_iter_init(&iter, seen);
	while (g_hash_table_iter_next(&iter, &device, &time_us)) {
		SqlStatement *update = sql_statement(
			session, "UPDATE device SET seen_us = $2 WHERE id = $1", error);
		if (!update) {
			return false;
		}
		sql_bind_int(update, 1, *(int64_t *)device);
		sql_bind_int(update, 2, *(int64_t *)time_us);
		if (!sql_run(update, error)) {
			return false;
		}
	}
	return true;
}

/* Memory refuses them already: authenticating compares the time itself. */
static bool end_idle(Devices *devices, SqlSession *session, int64_t now_us, GError **error)
{
	/* 1 is before anybody was there. */
	int64_t idle_us = devices->idle_max_us > 0 ? now_us - devices->idle_max_us : 1;
	int64_t old_us = now_us - CREDENTIALS_DAYS_MAX * G_TIME_SPAN_DAY;
	return ask_run(session,
		       "UPDATE device SET ended = 1, token_hash = NULL WHERE ended = 0"
		       " AND (seen_us < $1 OR id IN"
		       "  (SELECT device FROM credential WHERE created_us < $2))",
		       ASK_VALUES(ASK_INT(idle_us), ASK_INT(old_us)), error) &&
	       ask_run(session,
		       "DELETE FROM credential WHERE device IN"
		       " (SELECT id FROM device WHERE ended = 1)",
		       NULL, error);
}

bool devices_upkeep(Devices *devices, int64_t now_us, GError **error)
{
	g_autoptr(GHashTable) seen = take_seen(devices);
	g_autoptr(SqlSession) session = sql_write(devices->sql, error);
	return session && write_seen(session, seen, error) &&
	       end_idle(devices, session, now_us, error) && sql_commit(session, error);
}
