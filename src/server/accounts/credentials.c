/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The row of table `credential`: what a device has now, and what it had before.
 *
 *   refresh_hash, access_hash    the present pair
 *   before_hash, salt            the refresh token that the present pair came from; salt and it
 *                                give the same pair again
 *   confirmed                    somebody has used the present pair: its access token with a
 *                                request (devices.c), or its refresh token here
 *   access_before_hash           still good until it expires: requests are under way with it
 *   family_hash                  of the part that all refresh tokens of the device share
 *
 * A refresh token of the family that is neither the present one nor (in its grace) the one before
 * was used before: two have it.
 */
#include "server/accounts/credentials.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/devices_internal.h"
#include "server/accounts/token.h"
#include "sql/ask.h"

#include <string.h>

void credentials_clear(Credentials *credentials)
{
	token_free(credentials->access);
	token_free(credentials->refresh);
	*credentials = (Credentials){ 0 };
}

static bool fail_grant(GError **error)
{
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED,
			    "this device is not signed in, or was signed out: sign in again");
	return false;
}

/* ---- issuing --------------------------------------------------------------------------- */

static bool check_epoch(SqlSession *session, const CredentialsGrant *grant, GError **error)
{
	int64_t epoch;
	if (!ask_count(session, "SELECT epoch FROM account WHERE id = $1",
		       ASK_VALUES(ASK_INT(grant->account)), &epoch, error)) {
		return false;
	}
	if (grant->epoch >= 0 && grant->epoch != epoch) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED,
				    "the account's access was revoked meanwhile: sign in again");
		return false;
	}
	return true;
}

typedef struct Hashes {
	uint8_t family[TOKEN_HASH_SIZE];
	uint8_t refresh[TOKEN_HASH_SIZE];
	uint8_t access[TOKEN_HASH_SIZE];
} Hashes;

static void hash_both(const Credentials *credentials, Hashes *ret_hashes)
{
	token_family_hash(credentials->refresh, ret_hashes->family);
	token_hash(credentials->refresh, ret_hashes->refresh);
	token_hash(credentials->access, ret_hashes->access);
}

static bool insert(SqlSession *session, const Credentials *credentials, int64_t now_us,
		   GError **error)
{
	Hashes hashes;
	hash_both(credentials, &hashes);
	return ask_run(session,
		       "INSERT INTO credential (device, created_us, family_hash, refresh_hash,"
		       " access_hash, access_expires_us, rotated_us, confirmed)"
		       " VALUES ($1, $2, $3, $4, $5, $6, $2, 0)",
		       ASK_VALUES(ASK_INT(credentials->device), ASK_INT(now_us),
				  ASK_BLOB(hashes.family, TOKEN_HASH_SIZE),
				  ASK_BLOB(hashes.refresh, TOKEN_HASH_SIZE),
				  ASK_BLOB(hashes.access, TOKEN_HASH_SIZE),
				  ASK_INT(credentials->expires_us)),
		       error);
}

static bool issue(SqlSession *session, const CredentialsGrant *grant, const AuditBy *by,
		  Credentials *credentials, GError **error)
{
	const DevicesNew new = {
		.account = grant->account,
		.name = grant->device_name,
		.peer = by ? by->peer : NULL,
		.method = grant->method,
		.client = grant->client,
		.scopes = grant->scopes,
		.now_us = audit_by_now(by),
	};
	if (!check_epoch(session, grant, error) ||
	    !devices_insert(session, &new, &credentials->device, error) ||
	    !insert(session, credentials, new.now_us, error)) {
		return false;
	}
	g_autofree char *target = devices_text(credentials->device, grant->device_name);
	g_autofree char *detail = g_strdup_printf(
		"by %s%s%s", grant->method && grant->method[0] ? grant->method : "?",
		grant->client && grant->client[0] ? ", client " : "",
		grant->client ? grant->client : "");
	const AuditBy person = { .account = grant->account,
				 .peer = new.peer,
				 .now_us = new.now_us };
	const AuditEvent event = {
		.what = "sign-in", .account = grant->account, .target = target, .detail = detail
	};
	return audit_append(session, &person, &event, error) && sql_commit(session, error);
}

bool credentials_issue(Devices *devices, const CredentialsGrant *grant, const AuditBy *by,
		       Credentials *ret_credentials, GError **error)
{
	if (grant->client && strlen(grant->client) > CLIENT_ID_SIZE_MAX) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the client's id is too long");
		return false;
	}
	g_auto(Credentials) made = {
		.access = token_new(TOKEN_ACCESS),
		.refresh = token_new(TOKEN_REFRESH),
		.expires_us = audit_by_now(by) + CREDENTIALS_ACCESS_S * G_TIME_SPAN_SECOND,
		.account = grant->account,
		.scopes = grant->scopes & DEVICES_SCOPES_ALL,
	};
	g_autoptr(SqlSession) session = sql_write(devices_sql(devices), error);
	if (!session || !issue(session, grant, by, &made, error)) {
		return false;
	}
	*ret_credentials = made;
	made = (Credentials){ 0 };
	return true;
}

/* ---- finding --------------------------------------------------------------------------- */

/* A device and its row of `credential`, as far as exchanging looks at it. */
typedef struct Row {
	int64_t device; /* 0: there is none */
	int64_t account;
	char *name;
	char *client;
	unsigned scopes;
	int64_t seen_us;
	bool barred;     /* the account is disabled */
	bool credential; /* whether there is such a row: not yet, if it never exchanged its token */
	int64_t created_us;
	int64_t rotated_us;
	bool confirmed;
	int64_t expires_us;
	bool is_present; /* the token is the present refresh token */
	bool is_before;  /* the one before */
	uint8_t salt[TOKEN_SALT_SIZE];
} Row;

static void row_clear(Row *row)
{
	g_free(row->name);
	g_free(row->client);
	sodium_memzero(row->salt, sizeof row->salt);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Row, row_clear)

static bool equals(SqlStatement *row, int column, const uint8_t *hash)
{
	size_t size;
	const void *bytes = sql_column_bytes(row, column, &size);
	return bytes && size == TOKEN_HASH_SIZE && sodium_memcmp(bytes, hash, size) == 0;
}

static void read_row(SqlStatement *row, const uint8_t *hash, Row *ret_row)
{
	*ret_row = (Row){
		.device = sql_column_int(row, 0),
		.account = sql_column_int(row, 1),
		.name = ask_text_dup(row, 2),
		.client = ask_text_dup(row, 3),
		.scopes = (unsigned)sql_column_int(row, 4),
		.seen_us = sql_column_int(row, 5),
		.barred = sql_column_int(row, 6) != 0,
		.credential = !sql_column_null(row, 7),
		.created_us = sql_column_int(row, 7),
		.rotated_us = sql_column_int(row, 8),
		.confirmed = sql_column_int(row, 9) != 0,
		.expires_us = sql_column_int(row, 10),
		.is_present = equals(row, 11, hash),
		.is_before = equals(row, 12, hash),
	};
	size_t size;
	const void *salt = sql_column_bytes(row, 13, &size);
	if (salt && size == TOKEN_SALT_SIZE) {
		memcpy(ret_row->salt, salt, size);
	}
}

#define SELECT_ROW                                                                     \
	"SELECT device.id, device.account, device.name, device.client, device.scopes," \
	" device.seen_us, account.disabled, credential.created_us, rotated_us,"        \
	" confirmed, access_expires_us, refresh_hash, before_hash, salt"               \
	" FROM device JOIN account ON account.id = device.account"                     \
	" LEFT JOIN credential ON credential.device = device.id WHERE device.ended = 0 AND "

/* The device that a refresh token, or a token from before there were such, is or was of. */
static bool find_row(SqlSession *session, const char *token, Row *ret_row, GError **error)
{
	uint8_t hash[TOKEN_HASH_SIZE];
	SqlStatement *row = NULL;
	bool found = true;
	token_hash(token, hash);
	if (token_kind(token) == TOKEN_REFRESH) {
		uint8_t family[TOKEN_HASH_SIZE];
		token_family_hash(token, family);
		found = ask_find(session, SELECT_ROW "family_hash = $1",
				 ASK_VALUES(ASK_BLOB(family, sizeof family)), &row, error);
	} else if (token_kind(token) == TOKEN_DEVICE) {
		found = ask_find(session, SELECT_ROW "device.token_hash = $1",
				 ASK_VALUES(ASK_BLOB(hash, sizeof hash)), &row, error);
	}
	*ret_row = (Row){ 0 };
	if (row) {
		read_row(row, hash, ret_row);
	}
	return found;
}

/* ---- exchanging ------------------------------------------------------------------------ */

typedef struct Exchange {
	Devices *devices;
	SqlSession *session;
	const char *token;
	const AuditBy *by;
	int64_t now_us;
	Row row;
	Credentials *made;
	bool stolen; /* two have the token: the device ended */
} Exchange;

static void make_successors(Exchange *exchange)
{
	exchange->made->refresh =
		token_successor(TOKEN_REFRESH, exchange->token, exchange->row.salt);
	exchange->made->access = token_successor(TOKEN_ACCESS, exchange->token, exchange->row.salt);
}

/* The first exchange of a token from before there were refresh tokens. */
static bool insert_first(Exchange *exchange, const Hashes *hashes, const uint8_t *hash,
			 GError **error)
{
	return ask_run(exchange->session,
		       "INSERT INTO credential (device, created_us, family_hash, refresh_hash,"
		       " access_hash, access_expires_us, rotated_us, confirmed, before_hash,"
		       " salt) VALUES ($1, $2, $3, $4, $5, $6, $2, 0, $7, $8)",
		       ASK_VALUES(ASK_INT(exchange->row.device), ASK_INT(exchange->now_us),
				  ASK_BLOB(hashes->family, TOKEN_HASH_SIZE),
				  ASK_BLOB(hashes->refresh, TOKEN_HASH_SIZE),
				  ASK_BLOB(hashes->access, TOKEN_HASH_SIZE),
				  ASK_INT(exchange->made->expires_us),
				  ASK_BLOB(hash, TOKEN_HASH_SIZE),
				  ASK_BLOB(exchange->row.salt, TOKEN_SALT_SIZE)),
		       error);
}

static bool update_next(Exchange *exchange, const Hashes *hashes, const uint8_t *hash,
			GError **error)
{
	return ask_run(exchange->session,
		       "UPDATE credential SET access_before_hash = access_hash,"
		       " access_before_expires_us = access_expires_us, refresh_hash = $2,"
		       " access_hash = $3, access_expires_us = $4, rotated_us = $5,"
		       " confirmed = 0, before_hash = $6, salt = $7 WHERE device = $1",
		       ASK_VALUES(ASK_INT(exchange->row.device),
				  ASK_BLOB(hashes->refresh, TOKEN_HASH_SIZE),
				  ASK_BLOB(hashes->access, TOKEN_HASH_SIZE),
				  ASK_INT(exchange->made->expires_us), ASK_INT(exchange->now_us),
				  ASK_BLOB(hash, TOKEN_HASH_SIZE),
				  ASK_BLOB(exchange->row.salt, TOKEN_SALT_SIZE)),
		       error);
}

static bool rotate(Exchange *exchange, GError **error)
{
	Hashes hashes;
	uint8_t hash[TOKEN_HASH_SIZE];
	token_new_salt(exchange->row.salt);
	make_successors(exchange);
	exchange->made->expires_us = exchange->now_us + CREDENTIALS_ACCESS_S * G_TIME_SPAN_SECOND;
	hash_both(exchange->made, &hashes);
	token_hash(exchange->token, hash);
	bool written = exchange->row.credential ? update_next(exchange, &hashes, hash, error)
						: insert_first(exchange, &hashes, hash, error);
	return written &&
	       ask_run(exchange->session, "UPDATE device SET seen_us = $2, peer = $3 WHERE id = $1",
		       ASK_VALUES(ASK_INT(exchange->row.device), ASK_INT(exchange->now_us),
				  ASK_TEXT(exchange->by ? exchange->by->peer : NULL)),
		       error);
}

/* The same pair again. If its access token has expired it gets new time: the bytes are the same. */
static bool repeat(Exchange *exchange, GError **error)
{
	make_successors(exchange);
	exchange->made->expires_us = exchange->row.expires_us;
	if (exchange->row.expires_us - exchange->now_us >
	    CREDENTIALS_GRACE_S * G_TIME_SPAN_SECOND) {
		return true;
	}
	exchange->made->expires_us = exchange->now_us + CREDENTIALS_ACCESS_S * G_TIME_SPAN_SECOND;
	return ask_run(
		exchange->session, "UPDATE credential SET access_expires_us = $2 WHERE device = $1",
		ASK_VALUES(ASK_INT(exchange->row.device), ASK_INT(exchange->made->expires_us)),
		error);
}

static bool end_stolen(Exchange *exchange, GError **error)
{
	g_autofree char *target = devices_text(exchange->row.device, exchange->row.name);
	const AuditEvent event = {
		.what = "refresh-reuse",
		.account = exchange->row.account,
		.target = target,
		.detail = "a refresh token was used twice: the device is signed out",
	};
	exchange->stolen = true;
	return devices_end_in(exchange->session, exchange->row.device, error) &&
	       audit_append(exchange->session, exchange->by, &event, error);
}

/* The device may still be there, or is gone for too long, or was there for too long. */
static bool is_over(const Exchange *exchange)
{
	const Row *row = &exchange->row;
	int64_t age_us = row->credential ? exchange->now_us - row->created_us : 0;
	return row->barred || age_us > CREDENTIALS_DAYS_MAX * G_TIME_SPAN_DAY ||
	       devices_is_idle(exchange->devices, MAX(row->seen_us, row->rotated_us),
			       exchange->now_us);
}

static bool exchange_in(Exchange *exchange, const char *client, GError **error)
{
	Row *row = &exchange->row;
	if (!find_row(exchange->session, exchange->token, row, error)) {
		return false;
	}
	if (row->device == 0 || is_over(exchange) || (client && strcmp(client, row->client) != 0)) {
		return fail_grant(error);
	}
	*exchange->made = (Credentials){ .account = row->account,
					 .device = row->device,
					 .scopes = row->scopes };
	int64_t age_us = exchange->now_us - row->rotated_us;
	bool grace = age_us <= CREDENTIALS_GRACE_S * G_TIME_SPAN_SECOND || !row->confirmed;
	if (!row->credential || row->is_present) {
		return rotate(exchange, error);
	}
	if (row->is_before && grace) {
		return repeat(exchange, error);
	}
	return end_stolen(exchange, error);
}

bool credentials_refresh(Devices *devices, const char *refresh, const char *client,
			 const AuditBy *by, Credentials *ret_credentials, GError **error)
{
	g_auto(Credentials) made = { 0 };
	g_autoptr(SqlSession) session = sql_write(devices_sql(devices), error);
	Exchange exchange = { .devices = devices,
			      .session = session,
			      .token = refresh,
			      .by = by,
			      .now_us = audit_by_now(by),
			      .made = &made };
	bool done = session && exchange_in(&exchange, client, error) && sql_commit(session, error);
	g_clear_pointer(&session, sql_release);
	if (exchange.stolen) {
		devices_forget(devices, exchange.row.account, exchange.row.device);
	}
	row_clear(&exchange.row);
	if (!done || exchange.stolen) {
		return done ? fail_grant(error) : false;
	}
	*ret_credentials = made;
	made = (Credentials){ 0 };
	return true;
}

/* ---- revoking -------------------------------------------------------------------------- */

static bool find_by_access(SqlSession *session, const char *token, Row *ret_row, GError **error)
{
	uint8_t hash[TOKEN_HASH_SIZE];
	token_hash(token, hash);
	SqlStatement *row;
	if (!ask_find(session, SELECT_ROW "(access_hash = $1 OR access_before_hash = $1)",
		      ASK_VALUES(ASK_BLOB(hash, sizeof hash)), &row, error)) {
		return false;
	}
	*ret_row = (Row){ 0 };
	if (row) {
		read_row(row, hash, ret_row);
	}
	return true;
}

static bool revoke_in(SqlSession *session, const Row *row, const AuditBy *by, GError **error)
{
	g_autofree char *target = devices_text(row->device, row->name);
	const AuditBy person = { .account = row->account,
				 .peer = by ? by->peer : NULL,
				 .now_us = audit_by_now(by) };
	const AuditEvent event = { .what = "sign-out", .account = row->account, .target = target };
	return devices_end_in(session, row->device, error) &&
	       audit_append(session, &person, &event, error) && sql_commit(session, error);
}

bool credentials_revoke(Devices *devices, const char *token, const char *client, const AuditBy *by,
			GError **error)
{
	g_auto(Row) row = { 0 };
	g_autoptr(SqlSession) session = sql_write(devices_sql(devices), error);
	if (!session ||
	    (token_kind(token) == TOKEN_ACCESS ? !find_by_access(session, token, &row, error)
					       : !find_row(session, token, &row, error))) {
		return false;
	}
	if (row.device == 0 || (client && strcmp(client, row.client) != 0)) {
		return true;
	}
	if (!revoke_in(session, &row, by, error)) {
		return false;
	}
	g_clear_pointer(&session, sql_release);
	devices_forget(devices, row.account, row.device);
	return true;
}
