/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/entry.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/accounts_internal.h"
#include "server/accounts/handle.h"
#include "server/accounts/identities_internal.h"
#include "server/accounts/invitations_internal.h"
#include "server/accounts/password.h"
#include "server/accounts/sessions_internal.h"
#include "server/accounts/token.h"
#include "sql/ask.h"

#include <string.h>

bool entry_policy_from_name(const char *name, EntryPolicy *ret_policy)
{
	static const char *const names[] = {
		[ENTRY_OFF] = "off",
		[ENTRY_INVITE] = "invite",
		[ENTRY_APPROVE] = "approve",
		[ENTRY_AUTO] = "auto",
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret_policy = (EntryPolicy)i;
			return true;
		}
	}
	return false;
}

const char *entry_refusal_name(EntryRefusal refusal)
{
	static const char *const names[] = {
		[ENTRY_ENTERED] = "entered",
		[ENTRY_REFUSED_OFF] = "off",
		[ENTRY_REFUSED_UNINVITED] = "uninvited",
		[ENTRY_REFUSED_INVITATION] = "invitation",
		[ENTRY_REFUSED_TENANT] = "tenant",
		[ENTRY_REFUSED_OFTEN] = "often",
		[ENTRY_REFUSED_WAITING] = "waiting",
		[ENTRY_REFUSED_DISABLED] = "disabled",
		[ENTRY_REFUSED_BOUND_ELSEWHERE] = "bound-elsewhere",
	};
	return names[refusal];
}

void entry_result_clear(EntryResult *result)
{
	accounts_account_clear(&result->account);
	token_free(result->token);
	*result = (EntryResult){ 0 };
}

/* One proof on its way in, all in one transaction. */
typedef struct Entry {
	SqlSession *session;
	const EntryRequest *request;
	const AuditBy *by;
	int64_t now_us;
	Invitation invitation; /* id 0: none that is good */
	EntryResult *result;
} Entry;

static IdentitiesBind bind_to(const Entry *entry, int64_t account)
{
	return (IdentitiesBind){ .account = account,
				 .epoch = -1,
				 .proof = entry->request->proof,
				 .trust_email = entry->request->trust_email };
}

static bool note(const Entry *entry, const char *what, int64_t account, GError **error)
{
	g_autofree char *target = identities_text(entry->request->proof);
	const AuditBy by = { .account = account,
			     .peer = entry->by ? entry->by->peer : NULL,
			     .now_us = entry->now_us };
	const AuditEvent event = {
		.what = what,
		.account = account,
		.target = target,
		.detail = entry->invitation.id ? "by invitation" : NULL,
	};
	return audit_append(entry->session, &by, &event, error);
}

static bool read_account(Entry *entry, int64_t account, GError **error)
{
	accounts_account_clear(&entry->result->account);
	return accounts_read(entry->session, account, &entry->result->account, error);
}

/* ---- who is known ---------------------------------------------------------------------- */

/* An invitation lets in who waits, and may raise the role of who is in. */
static bool use_invitation(Entry *entry, GError **error)
{
	const Account *account = &entry->result->account;
	bool barred = account->disabled && !account->waiting;
	bool raises = entry->invitation.role > account->role;
	if (entry->invitation.id == 0 || entry->invitation.account != 0 || barred ||
	    !(raises || account->waiting)) {
		return true;
	}
	AccountRole role = MAX(entry->invitation.role, account->role);
	return invitations_consume(entry->session, &entry->invitation, error) &&
	       ask_run(entry->session,
		       "UPDATE account SET role = $2, waiting = 0, disabled = 0 WHERE id = $1",
		       ASK_VALUES(ASK_INT(account->id), ASK_INT(role)), error) &&
	       note(entry, raises ? "role" : "approve", account->id, error) &&
	       read_account(entry, account->id, error);
}

static bool enter_known(Entry *entry, int64_t identity, int64_t account, GError **error)
{
	EntryResult *result = entry->result;
	bool recovers = entry->invitation.account != 0;
	if (recovers && entry->invitation.account != account) {
		result->refusal = ENTRY_REFUSED_BOUND_ELSEWHERE;
		return true;
	}
	if (!read_account(entry, account, error) || !use_invitation(entry, error)) {
		return false;
	}
	if (result->account.disabled) {
		result->refusal =
			result->account.waiting ? ENTRY_REFUSED_WAITING : ENTRY_REFUSED_DISABLED;
		return true;
	}
	const IdentitiesBind bind = bind_to(entry, account);
	return (!recovers || invitations_consume(entry->session, &entry->invitation, error)) &&
	       identities_refresh(entry->session, identity, &bind, entry->now_us, error);
}

/* ---- who is not ------------------------------------------------------------------------ */

static bool tenant_may(const EntryRequest *request)
{
	const Proof *proof = request->proof;
	const char *at = proof->chat_address ? strrchr(proof->chat_address, '@') : NULL;
	if (!request->tenants) {
		return true;
	}
	for (const char *const *tenant = request->tenants; *tenant; tenant++) {
		if ((proof->tenant && strcmp(proof->tenant, *tenant) == 0) ||
		    (at && strcmp(at + 1, *tenant) == 0)) {
			return true;
		}
	}
	return false;
}

/* *ret_often: too many registered lately, here or from there, or too many wait. */
static bool count_registrations(const Entry *entry, bool *ret_often, GError **error)
{
	int64_t since_us = entry->now_us - G_TIME_SPAN_HOUR;
	const char *peer = entry->by && entry->by->peer ? entry->by->peer : "";
	int64_t at_provider;
	int64_t from_peer;
	int64_t waiting;
	if (!ask_count(entry->session,
		       "SELECT COUNT(*) FROM account WHERE origin = $1 AND created_us > $2",
		       ASK_VALUES(ASK_TEXT(entry->request->proof->provider), ASK_INT(since_us)),
		       &at_provider, error) ||
	    !ask_count(entry->session,
		       "SELECT COUNT(*) FROM account WHERE origin_peer = $1"
		       " AND created_us > $2 AND origin <> ''",
		       ASK_VALUES(ASK_TEXT(peer), ASK_INT(since_us)), &from_peer, error) ||
	    !ask_count(entry->session,
		       "SELECT COUNT(*) FROM account WHERE waiting = 1 AND name_key IS NOT NULL",
		       NULL, &waiting, error)) {
		return false;
	}
	unsigned hourly_max =
		entry->request->hourly_max ? entry->request->hourly_max : ENTRY_HOURLY_MAX;
	*ret_often = at_provider >= hourly_max || from_peer >= ENTRY_HOURLY_PEER_MAX ||
		     (entry->request->policy == ENTRY_APPROVE && waiting >= ENTRY_WAITING_MAX);
	return true;
}

static bool may_register(const Entry *entry, EntryRefusal *ret_refusal, GError **error)
{
	const EntryRequest *request = entry->request;
	bool often = false;
	*ret_refusal = ENTRY_ENTERED;
	if (request->policy == ENTRY_OFF) {
		*ret_refusal = ENTRY_REFUSED_OFF;
	} else if (!tenant_may(request)) {
		*ret_refusal = ENTRY_REFUSED_TENANT;
	} else if (entry->invitation.id != 0) {
		return true;
	} else if (request->policy == ENTRY_INVITE) {
		*ret_refusal = ENTRY_REFUSED_UNINVITED;
	} else if (!count_registrations(entry, &often, error)) {
		return false;
	} else if (often) {
		*ret_refusal = ENTRY_REFUSED_OFTEN;
	}
	return true;
}

static bool add_account(const Entry *entry, bool waiting, int64_t *ret_id, GError **error)
{
	AccountsNew new = {
		.origin = entry->request->proof->provider,
		.role = entry->invitation.role,
		.waiting = waiting,
	};
	*ret_id = 0;
	for (unsigned attempt = 0; *ret_id == 0; attempt++) {
		g_autofree char *handle = handle_from_proof(entry->request->proof, attempt);
		new.name = handle;
		if (!accounts_insert(entry->session, &new, entry->by, ret_id, error)) {
			return false;
		}
	}
	return true;
}

static bool register_unknown(Entry *entry, GError **error)
{
	EntryResult *result = entry->result;
	bool waiting = entry->request->policy == ENTRY_APPROVE && entry->invitation.id == 0;
	int64_t account;
	if (!may_register(entry, &result->refusal, error)) {
		return false;
	}
	if (result->refusal != ENTRY_ENTERED) {
		return true;
	}
	if (!add_account(entry, waiting, &account, error)) {
		return false;
	}
	const IdentitiesBind bind = bind_to(entry, account);
	result->registered = true;
	result->refusal = waiting ? ENTRY_REFUSED_WAITING : ENTRY_ENTERED;
	return identities_insert(entry->session, &bind, entry->by, error) &&
	       (entry->invitation.id == 0 ||
		invitations_consume(entry->session, &entry->invitation, error)) &&
	       note(entry, "register", account, error) && read_account(entry, account, error);
}

static bool recover(Entry *entry, GError **error)
{
	EntryResult *result = entry->result;
	int64_t account = entry->invitation.account;
	if (!read_account(entry, account, error)) {
		return false;
	}
	if (result->account.disabled) {
		result->refusal = ENTRY_REFUSED_DISABLED;
		return true;
	}
	const IdentitiesBind bind = bind_to(entry, account);
	result->recovered = true;
	return identities_insert(entry->session, &bind, entry->by, error) &&
	       invitations_consume(entry->session, &entry->invitation, error) &&
	       note(entry, "recover", account, error) && read_account(entry, account, error);
}

/* ---- entering -------------------------------------------------------------------------- */

static bool enter(Entry *entry, GError **error)
{
	Identity identity;
	const char *token = entry->request->invitation;
	if (!identities_read(entry->session, entry->request->proof, &identity, error)) {
		return false;
	}
	int64_t id = identity.id;
	int64_t account = identity.account;
	identities_identity_clear(&identity);
	if (token &&
	    !invitations_read(entry->session, token, entry->now_us, &entry->invitation, error)) {
		return false;
	}
	if (id != 0) {
		/* Whoever is known enters, whatever the link is worth. */
		return enter_known(entry, id, account, error);
	}
	if (token && entry->invitation.id == 0) {
		entry->result->refusal = ENTRY_REFUSED_INVITATION;
		return true;
	}
	return entry->invitation.account != 0 ? recover(entry, error)
					      : register_unknown(entry, error);
}

/* For who enters, if one is wanted. */
static bool begin_session(const Entry *entry, GError **error)
{
	EntryResult *result = entry->result;
	if (!entry->request->session || result->refusal != ENTRY_ENTERED) {
		return true;
	}
	SessionsSpec spec = *entry->request->session;
	spec.account = result->account.id;
	return sessions_begin_inside(entry->session, &spec, entry->by, &result->token, error);
}

bool entry_by_proof(Accounts *accounts, const EntryRequest *request, const AuditBy *by,
		    EntryResult *ret_result, GError **error)
{
	g_auto(EntryResult) result = { 0 };
	g_autoptr(SqlSession) session = proof_check(request->proof, error)
						? sql_write(accounts_sql(accounts), error)
						: NULL;
	Entry entry = { .session = session,
			.request = request,
			.by = by,
			.now_us = audit_by_now(by),
			.result = &result };
	if (!session || !enter(&entry, error) || !begin_session(&entry, error)) {
		g_prefix_error(error, "enter by %s: ", request->proof->provider);
		return false;
	}
	bool changed = result.refusal == ENTRY_ENTERED || result.registered;
	if (changed && !sql_commit(session, error)) {
		g_prefix_error(error, "enter by %s: ", request->proof->provider);
		return false;
	}
	*ret_result = result;
	result = (EntryResult){ 0 };
	return true;
}

/* ---- by password ----------------------------------------------------------------------- */

static bool register_local(SqlSession *session, const EntryByPassword *request,
			   const AccountsNew *new, const AuditBy *by, int64_t *ret_account,
			   GError **error)
{
	if (!accounts_insert(session, new, by, ret_account, error)) {
		return false;
	}
	if (*ret_account == 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT,
			    "there is an account '%s' already: choose another name", request->name);
		return false;
	}
	return true;
}

static bool enter_by_password(SqlSession *session, const EntryByPassword *request, const char *hash,
			      const AuditBy *by, EntryResult *result, GError **error)
{
	Invitation invitation;
	if (!invitations_read(session, request->invitation, audit_by_now(by), &invitation, error)) {
		return false;
	}
	if (invitation.id == 0) {
		result->refusal = ENTRY_REFUSED_INVITATION;
		return true;
	}
	const AccountsNew new = {
		.name = request->name, .password_hash = hash, .origin = "", .role = invitation.role
	};
	int64_t account = invitation.account;
	result->recovered = account != 0;
	result->registered = account == 0;
	if (account != 0 ? !accounts_store_password(session, account, hash, error)
			 : !register_local(session, request, &new, by, &account, error)) {
		return false;
	}
	const AuditBy person = { .account = account,
				 .peer = by ? by->peer : NULL,
				 .now_us = audit_by_now(by) };
	const AuditEvent event = { .what = result->recovered ? "recover" : "register",
				   .account = account,
				   .target = "password",
				   .detail = "by invitation" };
	if (!invitations_consume(session, &invitation, error) ||
	    !audit_append(session, &person, &event, error) ||
	    !accounts_read(session, account, &result->account, error)) {
		return false;
	}
	if (result->account.disabled) {
		result->refusal = ENTRY_REFUSED_DISABLED;
		return true;
	}
	return sql_commit(session, error);
}

bool entry_by_password(Accounts *accounts, const EntryByPassword *request, const AuditBy *by,
		       EntryResult *ret_result, GError **error)
{
	g_auto(EntryResult) result = { 0 };
	Invitation invitation;
	/* Before a password is hashed, which takes long, for whoever comes along. */
	g_autoptr(GError) local = NULL;
	if (!invitations_find(accounts, request->invitation, audit_by_now(by), &invitation,
			      &local)) {
		if (!g_error_matches(local, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
			g_propagate_error(error, g_steal_pointer(&local));
			return false;
		}
		*ret_result = (EntryResult){ .refusal = ENTRY_REFUSED_INVITATION };
		return true;
	}
	g_autofree char *hash = password_hash(request->password, error);
	g_autoptr(SqlSession) session = hash ? sql_write(accounts_sql(accounts), error) : NULL;
	if (!session || !enter_by_password(session, request, hash, by, &result, error)) {
		return false;
	}
	*ret_result = result;
	result = (EntryResult){ 0 };
	return true;
}
