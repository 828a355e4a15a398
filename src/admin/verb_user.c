/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/verb_user.h"

#include "admin/config.h"
#include "base/error.h"
#include "base/limits.h"
#include "server/share/share_link.h"

#include <string.h>

#define PASSWORD_SIZE_GOOD 8

static bool find_account(VerbCall *call, int64_t *ret_account, GError **error)
{
	Account account;
	if (!accounts_find(data_folder_accounts(call->data), call->words[0], &account, error)) {
		return false;
	}
	*ret_account = account.id;
	accounts_account_clear(&account);
	return true;
}

static bool home_usage(VerbCall *call, int64_t account, JournalUsage *ret_usage, GError **error)
{
	DriveCaller caller = { .account = account };
	return drive_home(data_folder_drive(call->data), account, &caller.drive, error) &&
	       drive_usage(data_folder_drive(call->data), &caller, ret_usage, error);
}

static char *day_of(int64_t time_us)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(time_us / G_TIME_SPAN_SECOND);
	return time ? g_date_time_format(time, "%Y-%m-%d") : g_strdup("-");
}

static char *minute_of(int64_t time_us)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(time_us / G_TIME_SPAN_SECOND);
	return time ? g_date_time_format(time, "%Y-%m-%dT%H:%MZ") : g_strdup("-");
}

/* "512 B", "1.5 GiB", with a plain blank and a point, whatever the locale. */
static char *size_text(uint64_t size)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)size;
	unsigned unit = 0;
	while (value >= 1024 && unit + 1 < G_N_ELEMENTS(units)) {
		value /= 1024;
		unit++;
	}
	char number[G_ASCII_DTOSTR_BUF_SIZE];
	g_ascii_formatd(number, sizeof number, unit == 0 ? "%.0f" : "%.1f", value);
	return g_strconcat(number, " ", units[unit], NULL);
}

static char *quota_text(uint64_t quota)
{
	return quota == 0 ? g_strdup("none") : size_text(quota);
}

/* ---- users ----------------------------------------------------------------------------- */

static void warn_of_short(VerbCall *call)
{
	if (g_utf8_strlen(call->input, -1) < PASSWORD_SIZE_GOOD) {
		g_string_append_printf(call->out,
				       "The password has fewer than %d characters: a longer one is "
				       "harder to guess.\n",
				       PASSWORD_SIZE_GOOD);
	}
}

bool verb_user_add(VerbCall *call, GError **error)
{
	int64_t account;
	JournalUsage usage;
	if (!accounts_add(data_folder_accounts(call->data), call->words[0], call->input, &account,
			  error) ||
	    !home_usage(call, account, &usage, error)) {
		return false;
	}
	g_string_append_printf(call->out, "Added the account '%s'.\n", call->words[0]);
	warn_of_short(call);
	return true;
}

static bool append_account(VerbCall *call, const Account *account, GError **error)
{
	JournalUsage usage;
	if (!home_usage(call, account->id, &usage, error)) {
		return false;
	}
	g_autofree char *used = size_text(usage.bytes);
	g_autofree char *quota = quota_text(usage.quota);
	g_autofree char *day = day_of(account->created_us);
	g_string_append_printf(call->out, "%s\t%u\t%s\t%s\t%s\t%s\t%s\t%u\n", account->name,
			       account->device_count, used, quota, day,
			       account->waiting    ? "waiting"
			       : account->disabled ? "disabled"
						   : "active",
			       account->role == ACCOUNT_ADMIN ? "admin" : "user",
			       account->identity_count);
	return true;
}

bool verb_user_list(VerbCall *call, GError **error)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Account));
	g_array_set_clear_func(all, accounts_account_clear);
	if (!accounts_list(data_folder_accounts(call->data), all, error)) {
		return false;
	}
	g_string_append(call->out, "name\tdevices\tused\tquota\tsince\tstate\trole\tidentities\n");
	for (unsigned i = 0; i < all->len; i++) {
		if (!append_account(call, &g_array_index(all, Account, i), error)) {
			return false;
		}
	}
	return true;
}

bool verb_user_passwd(VerbCall *call, GError **error)
{
	int64_t account;
	if (!find_account(call, &account, error) ||
	    !accounts_set_password(data_folder_accounts(call->data), account, call->input, error)) {
		return false;
	}
	g_string_append_printf(call->out,
			       "The password of '%s' is changed. All devices and browsers are "
			       "signed out.\n",
			       call->words[0]);
	warn_of_short(call);
	return true;
}

bool verb_user_quota(VerbCall *call, GError **error)
{
	int64_t account;
	NodeId drive;
	JournalUsage usage;
	if (!find_account(call, &account, error) ||
	    !drive_home(data_folder_drive(call->data), account, &drive, error)) {
		return false;
	}
	if (call->words[1]) {
		uint64_t quota;
		if (!config_parse_size(call->words[1], &quota, error) ||
		    !journal_drive_set_quota(data_folder_journal(call->data), &drive, quota,
					     error)) {
			return false;
		}
	}
	if (!home_usage(call, account, &usage, error)) {
		return false;
	}
	g_autofree char *used = size_text(usage.bytes);
	g_autofree char *quota = quota_text(usage.quota);
	g_string_append_printf(call->out, "%s uses %s, quota %s\n", call->words[0], used, quota);
	return true;
}

/* "any" or "caseless" */
static bool set_names(VerbCall *call, int64_t account, const char *word, GError **error)
{
	bool caseless = strcmp(word, "caseless") == 0;
	if (!caseless && strcmp(word, "any") != 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "want 'any' or 'caseless', not '%s'", word);
		return false;
	}
	NodeId drive;
	return drive_home(data_folder_drive(call->data), account, &drive, error) &&
	       journal_drive_set_caseless(data_folder_journal(call->data), &drive, caseless, error);
}

bool verb_user_names(VerbCall *call, GError **error)
{
	int64_t account;
	JournalUsage usage;
	if (!find_account(call, &account, error) ||
	    (call->words[1] && !set_names(call, account, call->words[1], error)) ||
	    !home_usage(call, account, &usage, error)) {
		return false;
	}
	g_string_append_printf(call->out, "The drive of %s %s.\n", call->words[0],
			       usage.caseless ? "refuses a name that differs from another in its "
						"folder only in upper and lower case"
					      : "takes any name");
	return true;
}

static bool set_disabled(VerbCall *call, bool disabled, GError **error)
{
	int64_t account;
	return find_account(call, &account, error) &&
	       accounts_set_disabled(data_folder_accounts(call->data), account, disabled, error);
}

bool verb_user_disable(VerbCall *call, GError **error)
{
	return set_disabled(call, true, error);
}

bool verb_user_enable(VerbCall *call, GError **error)
{
	return set_disabled(call, false, error);
}

/* Operations that delete what lies in the root; *ret_seq is the seq that they have seen. */
static bool list_roots_children(Drive *drive, const DriveCaller *caller, GArray *ret_operations,
				uint64_t *ret_seq, GError **error)
{
	g_autoptr(GBytes) cursor = NULL;
	for (bool at_head = false; !at_head;) {
		JournalPage page = { 0 };
		if (!drive_changes(drive, caller, cursor, CHANGES_ENTRIES_MAX, &page, error)) {
			return false;
		}
		for (unsigned i = 0; i < page.nodes->len; i++) {
			const JournalNode *node = &g_array_index(page.nodes, JournalNode, i);
			JournalOperation operation = { .verb = JOURNAL_DELETE,
						       .node = node->id,
						       .base = node->seq };
			if (!node->deleted && node_id_equal(&node->parent, &caller->drive)) {
				g_array_append_val(ret_operations, operation);
			}
		}
		g_clear_pointer(&cursor, g_bytes_unref);
		cursor = g_bytes_ref(page.cursor);
		at_head = page.at_head;
		*ret_seq = page.seq;
		journal_page_clear(&page);
	}
	return true;
}

/* Puts everything into the trash, from where upkeep forgets it when its time has come. */
static bool empty_drive(Drive *drive, int64_t account, GError **error)
{
	DriveCaller caller = { .account = account };
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(JournalOperation));
	uint64_t seq = 0;
	if (!drive_home(drive, account, &caller.drive, error) ||
	    !list_roots_children(drive, &caller, all, &seq, error)) {
		return false;
	}
	g_autofree JournalResult *results = g_new(JournalResult, COMMIT_OPERATIONS_MAX);
	for (unsigned at = 0; at < all->len; at += COMMIT_OPERATIONS_MAX) {
		JournalOperation *operations = &g_array_index(all, JournalOperation, at);
		DriveCommit commit = {
			.operations = operations,
			.operation_count = MIN(all->len - at, COMMIT_OPERATIONS_MAX),
		};
		for (size_t i = 0; i < commit.operation_count; i++) {
			operations[i].decided_at = seq;
		}
		/* Nobody else writes: the account is disabled. So the results are what they are. */
		if (!drive_commit(drive, &caller, &commit, results, &seq, error)) {
			return false;
		}
	}
	return true;
}

static bool end_links(Sql *sql, int64_t account, GError **error)
{
	return share_link_migrate(sql, error) && share_link_end_all(sql, account, error);
}

bool verb_user_remove(VerbCall *call, GError **error)
{
	int64_t account;
	Accounts *accounts = data_folder_accounts(call->data);
	/* In this order a failure leaves an account that can be removed again. */
	if (!find_account(call, &account, error) ||
	    !accounts_set_disabled(accounts, account, true, error) ||
	    !end_links(data_folder_sql(call->data), account, error) ||
	    !empty_drive(data_folder_drive(call->data), account, error) ||
	    !accounts_remove(accounts, account, error)) {
		return false;
	}
	g_string_append_printf(
		call->out,
		"Removed the account '%s'. What it stored is forgotten when its time "
		"in the trash is over.\n",
		call->words[0]);
	return true;
}

/* ---- devices --------------------------------------------------------------------------- */

static const char *or_dash(const char *text)
{
	return text[0] ? text : "-";
}

bool verb_user_devices(VerbCall *call, GError **error)
{
	int64_t account;
	if (!find_account(call, &account, error)) {
		return false;
	}
	g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(DevicesEntry));
	g_array_set_clear_func(entries, devices_entry_clear);
	Devices *devices = accounts_devices(data_folder_accounts(call->data));
	if (!devices_list(devices, account, entries, error)) {
		return false;
	}
	g_string_append(call->out, "id\tname\tsince\tlast seen\tfrom\tby\tclient\n");
	for (unsigned i = 0; i < entries->len; i++) {
		const DevicesEntry *entry = &g_array_index(entries, DevicesEntry, i);
		g_autofree char *since = day_of(entry->created_us);
		g_autofree char *seen = minute_of(entry->seen_us);
		g_string_append_printf(call->out, "%" G_GINT64_FORMAT "\t%s\t%s\t%s\t%s\t%s\t%s\n",
				       entry->id, entry->name, since, seen, or_dash(entry->peer),
				       or_dash(entry->method), or_dash(entry->client));
	}
	return true;
}

bool verb_user_revoke(VerbCall *call, GError **error)
{
	int64_t account;
	int64_t device;
	if (!find_account(call, &account, error)) {
		return false;
	}
	Devices *devices = accounts_devices(data_folder_accounts(call->data));
	if (strcmp(call->words[1], "all") == 0) {
		return devices_end_all(devices, account, error);
	}
	if (!g_ascii_string_to_signed(call->words[1], 10, 1, INT64_MAX, &device, NULL)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "'%s' is not the number of a device ('device list' shows them)",
			    call->words[1]);
		return false;
	}
	return devices_end(devices, account, device, error);
}
