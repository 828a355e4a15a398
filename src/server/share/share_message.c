/* SPDX-License-Identifier: Apache-2.0 */
#include "server/share/share_message.h"

#include "base/error.h"
#include "server/accounts/identities.h"
#include "server/chat/chat_share.h"
#include "server/share/share_internal.h"

#include <sodium.h>
#include <string.h>

bool share_message_is_possible(Share *share)
{
	return !share->forbids_links && !share->forbids_sending && share->chat &&
	       chat_is_online(share->chat, NULL);
}

static bool is_allowed(Share *share, GError **error)
{
	if (!share_allows_links(share, error)) {
		return false;
	}
	if (share->forbids_sending) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
				    "the operator of this drive does not let it send links; send "
				    "the link yourself");
		return false;
	}
	if (!share->chat || !chat_is_there(share->chat)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
				    "this drive writes to nobody in chat; send the link yourself");
		return false;
	}
	return true;
}

/*
 * His address at the service of the receiver, which is what an identity of it is known by; of
 * several the one that he used last. NULL: none.
 */
static bool find_address(Share *share, int64_t account, const char *provider, char **ret_address,
			 GError **error)
{
	g_autoptr(GArray) identities = g_array_new(FALSE, FALSE, sizeof(Identity));
	g_array_set_clear_func(identities, identities_identity_clear);
	if (!identities_list(share->accounts, account, identities, error)) {
		return false;
	}
	int64_t used_us = INT64_MIN;
	for (unsigned i = 0; i < identities->len; i++) {
		const Identity *identity = &g_array_index(identities, Identity, i);
		if (strcmp(identity->provider, provider) == 0 && identity->used_us >= used_us) {
			used_us = identity->used_us;
			g_free(*ret_address);
			*ret_address = g_strdup(identity->subject);
		}
	}
	return true;
}

typedef struct Sending {
	Share *share;
	const NodeId *node;
	const AuditBy *by;
	bool noted;
} Sending;

/* The link stands nowhere in it. */
static bool note(Sending *sending, const char *what, const char *provider, const char *to,
		 GError **error)
{
	char hex[NODE_ID_HEX_SIZE];
	node_id_to_hex(sending->node, hex);
	g_autofree char *target = g_strconcat(provider, "/", to, NULL);
	g_autofree char *detail = g_strconcat("link to ", hex, NULL);
	const AuditEvent event = {
		.what = what,
		.account = sending->by->account,
		.target = target,
		.detail = detail,
	};
	return audit_note(sending->share->accounts, sending->by, &event, error);
}

/* Before it goes: none goes that the audit log does not know of. */
static bool note_sending(const char *provider, const char *to, void *data, GError **error)
{
	Sending *sending = data;
	sending->noted = note(sending, "send-link", provider, to, error);
	return sending->noted;
}

static bool send_link(Share *share, const ShareLink *link, const JournalNode *node,
		      ChatShare *message, GError **error)
{
	Account account = { 0 };
	if (!accounts_get(share->accounts, link->account, &account, error)) {
		return false;
	}
	g_autofree char *name = share_name(node->name);
	char *url = share_url(share, link);
	char *to = NULL;
	message->account = link->account;
	message->name = account.name;
	message->language = account.language;
	message->what = name;
	message->folder = node->kind == JOURNAL_FOLDER;
	message->link = url;
	bool sent = chat_share_send(share->chat, message, &to, error);
	g_free(to);
	sodium_memzero(url, strlen(url));
	g_free(url);
	accounts_account_clear(&account);
	return sent;
}

/* What the link leads to now. */
static bool find_node(Share *share, const ShareLink *link, JournalNode *ret_node, GError **error)
{
	const DriveCaller caller = { .account = link->account, .drive = link->drive };
	return drive_within(share->drive, &caller, &link->node, &link->node, ret_node, error);
}

bool share_message_send(Share *share, const ShareMessage *message, const AuditBy *by, char **ret_to,
			GError **error)
{
	g_auto(ShareLink) link = { 0 };
	JournalNode node = { 0 };
	if (!is_allowed(share, error)) {
		return false;
	}
	const char *provider = NULL;
	g_autofree char *to = chat_normalize(share->chat, message->to, &provider, error);
	g_autofree char *address = NULL;
	if (!to || !find_address(share, by->account, provider, &address, error) ||
	    !share_link_get(share->sql, by->account, &message->node, audit_by_now(by), &link,
			    error) ||
	    !find_node(share, &link, &node, error)) {
		return false;
	}
	Sending sending = { .share = share, .node = &message->node, .by = by };
	ChatShare written = {
		.to = to,
		.address = address,
		.sending = note_sending,
		.data = &sending,
	};
	bool sent = send_link(share, &link, &node, &written, error);
	journal_node_clear(&node);
	if (!sent) {
		if (sending.noted) {
			note(&sending, "send-link-failed", provider, to, NULL);
		}
		return false;
	}
	*ret_to = g_steal_pointer(&to);
	return true;
}
