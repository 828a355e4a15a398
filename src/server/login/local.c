/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/local.h"

#include "base/error.h"
#include "server/login/reply.h"
#include "server/login/finish.h"
#include "server/login/ways.h"

#include <string.h>

#define METHOD "password"
#define PASSWORD_CHARACTERS_MIN 8

typedef struct Typed {
	const char *name;
	const char *password;
} Typed;

static bool read_typed(const LoginCall *call, Typed *ret_typed, GError **error)
{
	ret_typed->name = parameters_get(call->form, "name");
	ret_typed->password = parameters_get(call->form, "password");
	if (!ret_typed->name || !ret_typed->password) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "name or password is missing in the form");
		return false;
	}
	return true;
}

static void note_failure(LoginCall *call, const char *name)
{
	const AuditEvent event = { .what = "sign-in-failed", .target = name, .detail = METHOD };
	audit_note(call->login->accounts, &call->by, &event, NULL);
}

static bool check(LoginCall *call, const Typed *typed, Account *ret_account, GError **error)
{
	LoginLimit *limit = call->login->limit;
	const char *peer = call->request->peer;
	unsigned *retry_s = &call->response->retry_after_s;
	if (!login_limit_take(limit, peer, typed->name, call->now_us, retry_s)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
			    "too many failed sign-ins: try again in %u seconds", *retry_s);
		return false;
	}
	g_autoptr(GError) local = NULL;
	bool right = accounts_sign_in(call->login->accounts, typed->name, typed->password,
				      ret_account, &local);
	if (right || !g_error_matches(local, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED)) {
		login_limit_give_back(limit, peer, typed->name, call->now_us);
	}
	if (!right) {
		g_propagate_error(error, g_steal_pointer(&local));
	}
	return right;
}

bool local_sign_in(LoginCall *call, GError **error)
{
	g_auto(Journey) journey = { 0 };
	Typed typed;
	if (!ways_journey(call, &journey)) {
		return true;
	}
	if (!read_typed(call, &typed, error)) {
		return false;
	}
	Account account = { 0 };
	g_autoptr(GError) local = NULL;
	bool right = check(call, &typed, &account, &local);
	/* A journey to link ends with a link or not at all; to prove oneself again is to prove to
	 * be the same. */
	bool same = right && journey.purpose != JOURNEY_LINK &&
		    (journey.purpose != JOURNEY_REAUTH || account.id == journey.account);
	if (same) {
		const FinishEntry entry = { .account = &account, .method = METHOD };
		bool done = finish_entry(call, &journey, &entry, error);
		accounts_account_clear(&account);
		return done;
	}
	accounts_account_clear(&account);
	if (!right && !g_error_matches(local, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED)) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	note_failure(call, typed.name);
	ways_show_problem(call, &journey,
			  &(WaysProblem){ .problem = PHRASE_WRONG_PASSWORD, .name = typed.name });
	return true;
}

bool local_register(LoginCall *call, GError **error)
{
	g_auto(Journey) journey = { 0 };
	Typed typed;
	if (!ways_journey(call, &journey)) {
		return true;
	}
	if (!read_typed(call, &typed, error)) {
		return false;
	}
	if (!journey.invitation) {
		finish_refuse(call, ENTRY_REFUSED_UNINVITED, call->drive);
		return true;
	}
	if (g_utf8_strlen(typed.password, -1) < PASSWORD_CHARACTERS_MIN) {
		ways_show_problem(
			call, &journey,
			&(WaysProblem){ .problem = PHRASE_BAD_PASSWORD, .name = typed.name });
		return true;
	}
	const EntryByPassword request = {
		.invitation = journey.invitation,
		.name = typed.name,
		.password = typed.password,
	};
	g_auto(EntryResult) result = { 0 };
	g_autoptr(GError) local = NULL;
	if (!entry_by_password(call->login->accounts, &request, &call->by, &result, &local)) {
		if (!g_error_matches(local, DRIVE_ERROR, DRIVE_ERROR_INVALID) &&
		    !g_error_matches(local, DRIVE_ERROR, DRIVE_ERROR_CONFLICT)) {
			g_propagate_error(error, g_steal_pointer(&local));
			return false;
		}
		ways_show_problem(
			call, &journey,
			&(WaysProblem){ .problem = PHRASE_NAME_TAKEN, .name = typed.name });
		return true;
	}
	if (result.refusal != ENTRY_ENTERED) {
		finish_refuse(call, result.refusal, call->drive);
		return true;
	}
	const FinishEntry entry = {
		.account = &result.account,
		.method = METHOD,
		.registered = result.registered,
	};
	return finish_entry(call, &journey, &entry, error);
}
