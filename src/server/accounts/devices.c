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

#include <string.h>

#define TOKEN_PREFIX "imdrive_"
#define TOKEN_RANDOM_SIZE 32
#define TOKEN_TEXT_SIZE 43 /* base64url of the random bytes, without padding */
#define TOKEN_SIZE (sizeof TOKEN_PREFIX - 1 + TOKEN_TEXT_SIZE)
#define TOKEN_HASH_SIZE DEVICES_TOKEN_HASH_SIZE

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

/* ---- tokens ---------------------------------------------------------------------------- */

static char *token_new(void)
{
	uint8_t random[TOKEN_RANDOM_SIZE];
	char text[TOKEN_TEXT_SIZE + 1];
	randombytes_buf(random, sizeof random);
	sodium_bin2base64(text, sizeof text, random, sizeof random,
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *token = g_strconcat(TOKEN_PREFIX, text, NULL);
	sodium_memzero(random, sizeof random);
	sodium_memzero(text, sizeof text);
	return token;
}

static bool token_to_hash(const char *token, uint8_t *ret_hash)
{
	if (strnlen(token, TOKEN_SIZE + 1) != TOKEN_SIZE ||
	    !g_str_has_prefix(token, TOKEN_PREFIX)) {
		return false;
	}
	crypto_hash_sha256(ret_hash, (const uint8_t *)token, TOKEN_SIZE);
	return true;
}

/* ---- what is remembered ---------------------------------------------------------------- */

static bool is_idle(const Devices *devices, int64_t seen_us, int64_t now_us)
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
	if (!token_to_hash(token, key.token_hash)) {
		return false;
	}
	g_mutex_lock(&devices->lock);
	Known *known = g_hash_table_lookup(devices->known, &key);
	bool right = known && !is_idle(devices, known->seen_us, now_us);
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

/* Forgets the account's device, or all of them if device is 0. */
static void forget(Devices *devices, int64_t account, int64_t device)
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

static bool select_known(SqlSession *session, Known *known, bool *ret_found, GError **error)
{
	SqlStatement *select =
		sql_statement(session,
			      "SELECT device.id, device.account, device.seen_us"
			      " FROM device JOIN account ON account.id = device.account"
			      " WHERE device.token_hash = $1 AND account.disabled = 0",
			      error);
	if (!select) {
		return false;
	}
	sql_bind_bytes(select, 1, known->token_hash, TOKEN_HASH_SIZE);
	if (!sql_step(select, ret_found, error)) {
		return false;
	}
	if (*ret_found) {
		known->caller.device = sql_column_int(select, 0);
		known->caller.account = sql_column_int(select, 1);
		known->seen_us = sql_column_int(select, 2);
		known->noted_us = known->seen_us;
	}
	return true;
}

bool devices_read(Devices *devices, const char *token, DevicesKnown *ret_known, bool *ret_found,
		  GError **error)
{
	*ret_found = false;
	if (!token_to_hash(token, ret_known->token_hash)) {
		return true;
	}
	/* Before the table is read: what ends after this may have been read as not ended. */
	g_mutex_lock(&devices->lock);
	ret_known->generation = devices->generation;
	g_mutex_unlock(&devices->lock);
	g_autoptr(SqlSession) session = sql_read(devices->sql, error);
	return session && select_known(session, ret_known, ret_found, error);
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
	if (!found || is_idle(devices, known.seen_us, now_us)) {
		g_set_error_literal(
			error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED,
			"this device is not signed in, or was signed out: sign in again");
		return false;
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
					    "  WHERE account = $1 AND token_hash IS NOT NULL)"
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
				    "the account was removed or disabled");
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

static bool next_id(SqlSession *session, int64_t *ret_id, GError **error)
{
	SqlStatement *next = sql_statement(session,
					   "UPDATE accounts_counter SET device = device + 1"
					   " RETURNING device",
					   error);
	bool row;
	if (!next || !sql_step(next, &row, error)) {
		return false;
	}
	*ret_id = sql_column_int(next, 0);
	return sql_run(next, error);
}

bool devices_add(Devices *devices, int64_t account, const char *name, int64_t now_us,
		 char **ret_token, int64_t *ret_device, GError **error)
{
	if (!is_device_name(name)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "a device name has 1 to %d bytes of UTF-8 without control characters",
			    DEVICE_NAME_SIZE_MAX);
		return false;
	}
	g_autoptr(SqlSession) session = sql_write(devices->sql, error);
	int64_t device;
	if (!session || !check_account(session, account, error) ||
	    !next_id(session, &device, error)) {
		return false;
	}
	SqlStatement *insert =
		sql_statement(session,
			      "INSERT INTO device (id, account, name, token_hash,"
			      " created_us, seen_us) VALUES ($1, $2, $3, $4, $5, $5)",
			      error);
	if (!insert) {
		return false;
	}
	g_autofree char *token = token_new();
	uint8_t token_hash[TOKEN_HASH_SIZE];
	g_assert(token_to_hash(token, token_hash));
	sql_bind_int(insert, 1, device);
	sql_bind_int(insert, 2, account);
	sql_bind_text(insert, 3, name);
	sql_bind_bytes(insert, 4, token_hash, sizeof token_hash);
	sql_bind_int(insert, 5, now_us);
	if (!sql_run(insert, error) || !sql_commit(session, error)) {
		sodium_memzero(token, strlen(token));
		return false;
	}
	*ret_token = g_steal_pointer(&token);
	*ret_device = device;
	return true;
}

bool devices_end(Devices *devices, int64_t account, int64_t device, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(devices->sql, error);
	if (!session) {
		return false;
	}
	SqlStatement *update = sql_statement(session,
					     "UPDATE device SET token_hash = NULL WHERE id = $1"
					     " AND account = $2 AND token_hash IS NOT NULL",
					     error);
	if (!update) {
		return false;
	}
	sql_bind_int(update, 1, device);
	sql_bind_int(update, 2, account);
	if (!sql_run(update, error)) {
		return false;
	}
	if (sql_changes(session) == 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "the account has no device %" G_GINT64_FORMAT, device);
		return false;
	}
	if (!sql_commit(session, error)) {
		return false;
	}
	g_clear_pointer(&session, sql_release);
	forget(devices, account, device);
	return true;
}

static bool update_all(Devices *devices, int64_t account, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(devices->sql, error);
	if (!session) {
		return false;
	}
	SqlStatement *update = sql_statement(
		session, "UPDATE device SET token_hash = NULL WHERE account = $1", error);
	if (!update) {
		return false;
	}
	sql_bind_int(update, 1, account);
	return sql_run(update, error) && sql_commit(session, error);
}

bool devices_end_all(Devices *devices, int64_t account, GError **error)
{
	bool ended = update_all(devices, account, error);
	/* Also if it failed: the account may be disabled, which only the table knows. */
	forget(devices, account, 0);
	return ended;
}

/* ---- listing --------------------------------------------------------------------------- */

void devices_entry_clear(void *entry)
{
	g_clear_pointer(&((DevicesEntry *)entry)->name, g_free);
}

bool devices_list(Devices *devices, int64_t account, GArray *ret_entries, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(devices->sql, error);
	if (!session) {
		return false;
	}
	SqlStatement *select =
		sql_statement(session,
			      "SELECT id, name, created_us, seen_us FROM device"
			      " WHERE account = $1 AND token_hash IS NOT NULL ORDER BY id",
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
	if (devices->idle_max_us == 0) {
		return true;
	}
	SqlStatement *update = sql_statement(session,
					     "UPDATE device SET token_hash = NULL"
					     " WHERE token_hash IS NOT NULL AND seen_us < $1",
					     error);
	if (!update) {
		return false;
	}
	sql_bind_int(update, 1, now_us - devices->idle_max_us);
	return sql_run(update, error);
}

bool devices_upkeep(Devices *devices, int64_t now_us, GError **error)
{
	g_autoptr(GHashTable) seen = take_seen(devices);
	g_autoptr(SqlSession) session = sql_write(devices->sql, error);
	return session && write_seen(session, seen, error) &&
	       end_idle(devices, session, now_us, error) && sql_commit(session, error);
}
