/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/identities_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/accounts_internal.h"
#include "server/accounts/records.h"
#include "sql/ask.h"

#include <string.h>

void identities_identity_clear(void *data)
{
	Identity *identity = data;
	g_free(identity->provider);
	g_free(identity->tenant);
	g_free(identity->subject);
	g_free(identity->name);
	g_free(identity->username);
	g_free(identity->avatar_url);
	g_free(identity->email);
	g_free(identity->chat_address);
	*identity = (Identity){ 0 };
}

char *identities_text(const Proof *proof)
{
	bool tenant = proof->tenant && proof->tenant[0];
	return g_strconcat(proof->provider, "/", tenant ? proof->tenant : "", tenant ? "/" : "",
			   proof->subject, NULL);
}

/* ---- finding --------------------------------------------------------------------------- */

#define SELECT_IDENTITY                                                              \
	"SELECT id, account, provider, tenant, subject, name, username, avatar_url," \
	" email, email_verified, chat_address, created_us, used_us FROM identity WHERE "

/* $1 … $3; a literal's length is known, an empty tenant is no NULL. */
#define KEY(proof)                                                       \
	ASK_TEXT((proof)->provider),                                     \
		ASK_BLOB((proof)->tenant ? (proof)->tenant : "",         \
			 (proof)->tenant ? strlen((proof)->tenant) : 0), \
		ASK_BLOB((proof)->subject, strlen((proof)->subject))
#define IS_KEY "provider = $1 AND tenant = $2 AND subject = $3"

static char *bytes_text(SqlStatement *row, int column)
{
	size_t size;
	const char *bytes = sql_column_bytes(row, column, &size);
	return g_strndup(bytes ? bytes : "", size);
}

static void read_row(SqlStatement *row, Identity *ret_identity)
{
	*ret_identity = (Identity){
		.id = sql_column_int(row, 0),
		.account = sql_column_int(row, 1),
		.provider = ask_text_dup(row, 2),
		.tenant = bytes_text(row, 3),
		.subject = bytes_text(row, 4),
		.name = ask_text_dup(row, 5),
		.username = ask_text_dup(row, 6),
		.avatar_url = ask_text_dup(row, 7),
		.email = ask_text_dup(row, 8),
		.email_verified = sql_column_int(row, 9) != 0,
		.chat_address = ask_text_dup(row, 10),
		.created_us = sql_column_int(row, 11),
		.used_us = sql_column_int(row, 12),
	};
}

bool identities_read(SqlSession *session, const Proof *proof, Identity *ret_identity,
		     GError **error)
{
	*ret_identity = (Identity){ 0 };
	SqlStatement *row;
	if (!ask_find(session, SELECT_IDENTITY IS_KEY, ASK_VALUES(KEY(proof)), &row, error)) {
		return false;
	}
	if (row) {
		read_row(row, ret_identity);
	}
	return true;
}

bool identities_find(Accounts *accounts, const Proof *proof, Identity *ret_identity, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(accounts_sql(accounts), error);
	Identity identity;
	if (!session || !proof_check(proof, error) ||
	    !identities_read(session, proof, &identity, error)) {
		return false;
	}
	if (identity.id == 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "the drive does not know this identity");
		return false;
	}
	*ret_identity = identity;
	return true;
}

bool identities_list(Accounts *accounts, int64_t account, GArray *ret_identities, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(accounts_sql(accounts), error);
	SqlStatement *select =
		session ? ask_statement(session, SELECT_IDENTITY "account = $1 ORDER BY id",
					ASK_VALUES(ASK_INT(account)), error)
			: NULL;
	bool more;
	while (select && sql_step(select, &more, error)) {
		if (!more) {
			return true;
		}
		Identity identity;
		read_row(select, &identity);
		g_array_append_val(ret_identities, identity);
	}
	return false;
}

bool identities_know_address(Accounts *accounts, const char *provider, const char *address,
			     bool *ret_known, GError **error)
{
	int64_t known;
	g_autoptr(SqlSession) session = sql_read(accounts_sql(accounts), error);
	if (!session ||
	    !ask_count(session,
		       "SELECT 1 FROM identity JOIN account ON account.id = identity.account"
		       " WHERE chat_address = $1 AND provider = $2 AND account.disabled = 0",
		       ASK_VALUES(ASK_TEXT(address), ASK_TEXT(provider)), &known, error)) {
		return false;
	}
	*ret_known = known != 0 && address[0] != '\0';
	return true;
}

char *identities_address_language(Accounts *accounts, const char *provider, const char *address,
				  GError **error)
{
	SqlStatement *row;
	g_autoptr(SqlSession) session = sql_read(accounts_sql(accounts), error);
	if (!session ||
	    !ask_find(session,
		      "SELECT account.language FROM identity"
		      " JOIN account ON account.id = identity.account"
		      " WHERE chat_address = $1 AND provider = $2 AND account.language <> ''",
		      ASK_VALUES(ASK_TEXT(address), ASK_TEXT(provider)), &row, error)) {
		return NULL;
	}
	return row ? ask_text_dup(row, 0) : NULL;
}

/* ---- pictures -------------------------------------------------------------------------- */

void identities_picture_clear(IdentitiesPicture *picture)
{
	g_free(picture->type);
	g_clear_pointer(&picture->bytes, g_bytes_unref);
	*picture = (IdentitiesPicture){ 0 };
}

bool identities_lack_picture(Accounts *accounts, const Proof *proof, int64_t *ret_identity,
			     char **ret_url, GError **error)
{
	SqlStatement *row;
	g_autoptr(SqlSession) session = sql_read(accounts_sql(accounts), error);
	if (!session || !ask_find(session,
				  "SELECT id, avatar_url FROM identity WHERE " IS_KEY
				  " AND avatar_url <> '' AND NOT EXISTS (SELECT 1 FROM picture"
				  " WHERE picture.identity = identity.id AND length(bytes) > 0)",
				  ASK_VALUES(KEY(proof)), &row, error)) {
		return false;
	}
	if (row) {
		*ret_identity = sql_column_int(row, 0);
		*ret_url = ask_text_dup(row, 1);
	}
	return true;
}

bool identities_keep_picture(Accounts *accounts, int64_t identity, const char *url,
			     const IdentitiesPicture *picture, GError **error)
{
	size_t size = 0;
	const void *bytes = picture->bytes ? g_bytes_get_data(picture->bytes, &size) : NULL;
	g_autoptr(SqlSession) session = sql_write(accounts_sql(accounts), error);
	return session &&
	       ask_run(session, "DELETE FROM picture WHERE identity = $1",
		       ASK_VALUES(ASK_INT(identity)), error) &&
	       ask_run(session,
		       "INSERT INTO picture (identity, url, type, bytes)"
		       " SELECT id, avatar_url, $3, $4 FROM identity"
		       " WHERE id = $1 AND avatar_url = $2",
		       ASK_VALUES(ASK_INT(identity), ASK_TEXT(url), ASK_TEXT(picture->type),
				  ASK_BLOB(bytes ? bytes : "", size)),
		       error) &&
	       sql_commit(session, error);
}

/* Of which identity the account's picture is (0: of none), and whether a newer one is coming. */
static bool look_for_picture(SqlSession *session, int64_t account, int64_t *ret_identity,
			     bool *ret_coming, GError **error)
{
	SqlStatement *select =
		ask_statement(session,
			      "SELECT identity.id, length(picture.bytes) FROM identity"
			      " LEFT JOIN picture ON picture.identity = identity.id"
			      " WHERE account = $1 AND avatar_url <> ''"
			      " ORDER BY used_us DESC, id DESC",
			      ASK_VALUES(ASK_INT(account)), error);
	bool more = true;
	*ret_identity = 0;
	*ret_coming = false;
	while (select && more && !*ret_identity) {
		if (!sql_step(select, &more, error)) {
			return false;
		}
		if (more && sql_column_null(select, 1)) {
			*ret_coming = true;
		} else if (more && sql_column_int(select, 1) > 0) {
			*ret_identity = sql_column_int(select, 0);
		}
	}
	return select;
}

static bool read_picture(SqlSession *session, int64_t identity, IdentitiesPicture *picture,
			 GError **error)
{
	SqlStatement *select =
		ask_statement(session, "SELECT type, bytes FROM picture WHERE identity = $1",
			      ASK_VALUES(ASK_INT(identity)), error);
	bool found = false;
	if (!select || !sql_step(select, &found, error)) {
		return false;
	}
	if (found) {
		size_t size;
		const void *bytes = sql_column_bytes(select, 1, &size);
		picture->type = ask_text_dup(select, 0);
		picture->bytes = g_bytes_new(bytes, size);
	}
	return true;
}

bool identities_find_picture(Accounts *accounts, int64_t account, IdentitiesPicture *ret_picture,
			     GError **error)
{
	g_autoptr(SqlSession) session = sql_read(accounts_sql(accounts), error);
	IdentitiesPicture picture = { 0 };
	int64_t identity;
	if (!session || !look_for_picture(session, account, &identity, &picture.coming, error) ||
	    (identity && !read_picture(session, identity, &picture, error))) {
		return false;
	}
	*ret_picture = picture;
	return true;
}

bool identities_have_picture(Accounts *accounts, int64_t account, bool *ret_there, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(accounts_sql(accounts), error);
	int64_t identity;
	bool coming;
	if (!session || !look_for_picture(session, account, &identity, &coming, error)) {
		return false;
	}
	*ret_there = identity != 0;
	return true;
}

/* ---- binding --------------------------------------------------------------------------- */

bool identities_insert(SqlSession *session, const IdentitiesBind *bind, const AuditBy *by,
		       GError **error)
{
	const Proof *proof = bind->proof;
	int64_t id;
	int64_t now_us = audit_by_now(by);
	if (!records_next_id(session, RECORDS_IDENTITY, &id, error) ||
	    !ask_run(session,
		     "INSERT INTO identity (provider, tenant, subject, id, account,"
		     " alt_subject, name, username, avatar_url, email, email_verified,"
		     " chat_address, created_us, used_us)"
		     " VALUES ($1, $2, $3, $4, $5, '', '', '', '', '', 0, '', $6, $6)",
		     ASK_VALUES(KEY(proof), ASK_INT(id), ASK_INT(bind->account), ASK_INT(now_us)),
		     error)) {
		return false;
	}
	return identities_refresh(session, id, bind, now_us, error);
}

bool identities_refresh(SqlSession *session, int64_t id, const IdentitiesBind *bind, int64_t now_us,
			GError **error)
{
	const Proof *proof = bind->proof;
	return ask_run(session, "DELETE FROM picture WHERE identity = $1 AND url <> $2",
		       ASK_VALUES(ASK_INT(id), ASK_TEXT(proof->avatar_url)), error) &&
	       ask_run(session,
		       "UPDATE identity SET alt_subject = $2, name = $3, username = $4,"
		       " avatar_url = $5, email = $6, email_verified = $7, chat_address = $8,"
		       " used_us = $9 WHERE id = $1",
		       ASK_VALUES(ASK_INT(id), ASK_TEXT(proof->alt_subject), ASK_TEXT(proof->name),
				  ASK_TEXT(proof->username), ASK_TEXT(proof->avatar_url),
				  ASK_TEXT(proof->email),
				  ASK_INT(bind->trust_email && proof->email_verified),
				  ASK_TEXT(proof->chat_address), ASK_INT(now_us)),
		       error);
}

/* The account may get another way in. */
static bool check_account(SqlSession *session, const IdentitiesBind *bind, GError **error)
{
	Account account;
	if (!accounts_read(session, bind->account, &account, error)) {
		return false;
	}
	bool current = bind->epoch < 0 || (bind->epoch == account.epoch && !account.disabled);
	unsigned count = account.identity_count;
	accounts_account_clear(&account);
	if (!current) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED,
				    "the account's access was revoked meanwhile: sign in again");
		return false;
	}
	if (count >= IDENTITIES_PER_ACCOUNT_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
			    "the account has %d identities already: unlink one first",
			    IDENTITIES_PER_ACCOUNT_MAX);
		return false;
	}
	return true;
}

static bool bind_one(SqlSession *session, const IdentitiesBind *bind, const AuditBy *by,
		     GError **error)
{
	Identity identity;
	if (!proof_check(bind->proof, error) ||
	    !identities_read(session, bind->proof, &identity, error)) {
		return false;
	}
	int64_t id = identity.id;
	int64_t owner = identity.account;
	identities_identity_clear(&identity);
	if (id != 0 && owner != bind->account) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT,
				    "this chat account belongs to another account of the drive "
				    "already");
		return false;
	}
	if (!check_account(session, bind, error)) {
		return false;
	}
	if (id != 0) {
		return identities_refresh(session, id, bind, audit_by_now(by), error);
	}
	g_autofree char *target = identities_text(bind->proof);
	const AuditEvent event = { .what = "link", .account = bind->account, .target = target };
	return identities_insert(session, bind, by, error) &&
	       audit_append(session, by, &event, error);
}

bool identities_bind(Accounts *accounts, const IdentitiesBind *bind, const AuditBy *by,
		     GError **error)
{
	g_autoptr(SqlSession) session = sql_write(accounts_sql(accounts), error);
	return session && bind_one(session, bind, by, error) && sql_commit(session, error);
}

bool identities_bind_all(Accounts *accounts, const GArray *binds, const AuditBy *by,
			 unsigned *ret_failed, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(accounts_sql(accounts), error);
	unsigned i = 0;
	bool bound = session != NULL;
	while (bound && i < binds->len) {
		bound = bind_one(session, &g_array_index(binds, IdentitiesBind, i), by, error);
		i += bound ? 1 : 0;
	}
	*ret_failed = i;
	return bound && sql_commit(session, error);
}

/* ---- unbinding ------------------------------------------------------------------------- */

/* "qq/1", or NULL with an error if the account has no such. */
static char *text_of(SqlSession *session, int64_t account, int64_t identity, GError **error)
{
	SqlStatement *row;
	if (!ask_find(session, SELECT_IDENTITY "id = $1 AND account = $2",
		      ASK_VALUES(ASK_INT(identity), ASK_INT(account)), &row, error)) {
		return NULL;
	}
	if (!row) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "the account has no identity %" G_GINT64_FORMAT, identity);
		return NULL;
	}
	Identity found;
	read_row(row, &found);
	char *text = identities_text(&(Proof){
		.provider = found.provider, .tenant = found.tenant, .subject = found.subject });
	identities_identity_clear(&found);
	return text;
}

static bool check_not_last(SqlSession *session, int64_t id, GError **error)
{
	Account account;
	if (!accounts_read(session, id, &account, error)) {
		return false;
	}
	bool last = account.identity_count < 2 && !account.has_password;
	accounts_account_clear(&account);
	if (last) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
				    "this is the last way to sign in to the account: link another "
				    "or set a password first");
	}
	return !last;
}

static bool unbind_in(SqlSession *session, const IdentitiesUnbind *unbind, const AuditBy *by,
		      GError **error)
{
	g_autofree char *target = text_of(session, unbind->account, unbind->identity, error);
	const AuditEvent event = { .what = "unlink", .account = unbind->account, .target = target };
	return target && check_not_last(session, unbind->account, error) &&
	       ask_run(session, "DELETE FROM identity WHERE id = $1",
		       ASK_VALUES(ASK_INT(unbind->identity)), error) &&
	       accounts_revoke_in(session, unbind->account, unbind->spared_session, error) &&
	       audit_append(session, by, &event, error) && sql_commit(session, error);
}

bool identities_unbind(Accounts *accounts, const IdentitiesUnbind *unbind, const AuditBy *by,
		       GError **error)
{
	g_autoptr(SqlSession) session = sql_write(accounts_sql(accounts), error);
	bool done = session && unbind_in(session, unbind, by, error);
	g_clear_pointer(&session, sql_release);
	accounts_forget(accounts, unbind->account);
	return done;
}

static bool rebind_in(SqlSession *session, const IdentitiesBind *bind, const AuditBy *by,
		      int64_t *ret_before, GError **error)
{
	Identity identity;
	if (!check_account(session, bind, error) ||
	    !identities_read(session, bind->proof, &identity, error)) {
		return false;
	}
	int64_t id = identity.id;
	*ret_before = identity.account;
	identities_identity_clear(&identity);
	g_autofree char *target = identities_text(bind->proof);
	g_autofree char *detail = g_strdup_printf("from account %" G_GINT64_FORMAT, *ret_before);
	const AuditEvent event = { .what = "rebind",
				   .account = bind->account,
				   .target = target,
				   .detail = *ret_before ? detail : NULL };
	bool moved = id == 0 ? identities_insert(session, bind, by, error)
			     : ask_run(session, "UPDATE identity SET account = $2 WHERE id = $1",
				       ASK_VALUES(ASK_INT(id), ASK_INT(bind->account)), error);
	return moved && (*ret_before == 0 || accounts_revoke_in(session, *ret_before, 0, error)) &&
	       accounts_revoke_in(session, bind->account, 0, error) &&
	       audit_append(session, by, &event, error) && sql_commit(session, error);
}

bool identities_rebind(Accounts *accounts, int64_t account, const Proof *key, const AuditBy *by,
		       GError **error)
{
	const IdentitiesBind bind = { .account = account, .epoch = -1, .proof = key };
	int64_t before = 0;
	g_autoptr(SqlSession) session =
		proof_check(key, error) ? sql_write(accounts_sql(accounts), error) : NULL;
	bool done = session && rebind_in(session, &bind, by, &before, error);
	g_clear_pointer(&session, sql_release);
	accounts_forget(accounts, account);
	if (before != 0) {
		accounts_forget(accounts, before);
	}
	return done;
}
