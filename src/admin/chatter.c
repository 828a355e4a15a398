/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/chatter.h"

#include "base/error.h"
#include "server/accounts/audit.h"
#include "server/accounts/identities.h"
#include "server/chat/chat_xmpp.h"

#include <gio/gio.h>
#include <string.h>

#define SERVER_DEFAULT "127.0.0.1:5347"
#define COMPONENT_PORT 5347

struct Chatter {
	ChatterOptions options;
	Chat *chat;
};

static void report(Chatter *chatter, bool bad, const char *text)
{
	chatter->options.report(bad, text, chatter->options.data);
}

static bool knows(const char *provider, const char *address, void *data)
{
	Chatter *chatter = data;
	bool known = false;
	g_autoptr(GError) error = NULL;
	if (!identities_know_address(chatter->options.accounts, provider, address, &known,
				     &error)) {
		report(chatter, true, error->message);
		return false;
	}
	return known;
}

static char *language(const char *provider, const char *address, void *data)
{
	Chatter *chatter = data;
	return identities_address_language(chatter->options.accounts, provider, address, NULL);
}

/* For the audit log. */
static void note(Chatter *chatter, const char *peer, const AuditEvent *event)
{
	const AuditBy by = { .peer = peer };
	g_autoptr(GError) error = NULL;
	if (!audit_note(chatter->options.accounts, &by, event, &error)) {
		report(chatter, true, error->message);
	}
}

static void stopped(const ChatStop *stop, void *data)
{
	Chatter *chatter = data;
	g_autofree char *target = g_strdup_printf("%s/%s", stop->provider, stop->address);
	const AuditEvent event = {
		.what = "stop",
		.target = target,
		.detail = stop->redeemed ? "after a sign-in"
			  : stop->asked  ? "before a sign-in"
					 : "without a sign-in",
	};
	if (stop->error) {
		report(chatter, true, stop->error->message);
	}
	note(chatter, stop->peer, &event);
	g_autofree char *text = g_strdup_printf("STOP from %s, asked from %s, %s", target,
						stop->peer ? stop->peer : "nowhere", event.detail);
	report(chatter, stop->redeemed, text);
}

static void failed(const ChatFailure *failure, void *data)
{
	Chatter *chatter = data;
	g_autofree char *target = g_strdup_printf("%s/%s", failure->provider, failure->address);
	const AuditEvent event = {
		.what = "sign-in-failed",
		.target = target,
		.detail = failure->outcome == CHAT_REFUSED ? "the answer was no" : "wrong number",
	};
	note(chatter, failure->peer, &event);
}

static void changed(bool online, const char *why, void *data)
{
	Chatter *chatter = data;
	g_autofree char *text = online ? g_strdup("the chat server is connected")
				       : g_strdup_printf("no chat server: %s", why);
	report(chatter, !online, text);
}

/* "drive.example.org" of its URL. */
static char *name_of(const char *url)
{
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
	const char *host = uri ? g_uri_get_host(uri) : NULL;
	return g_strdup(host ? host : url);
}

static bool add_xmpp(Chatter *chatter, const Config *config, GError **error)
{
	const char *text = config->xmpp_server ? config->xmpp_server : SERVER_DEFAULT;
	g_autoptr(GSocketConnectable) connectable =
		g_network_address_parse(text, COMPONENT_PORT, error);
	if (!connectable) {
		g_prefix_error(error, "'server' in [xmpp]: ");
		return false;
	}
	GNetworkAddress *server = G_NETWORK_ADDRESS(connectable);
	const ChatXmppOptions options = {
		.component = config->xmpp_component,
		.host = g_network_address_get_hostname(server),
		.port = g_network_address_get_port(server),
		.secret = config->xmpp_secret,
		.domains = (const char *const *)config->xmpp_domains,
		.prompt_domains = (const char *const *)config->xmpp_prompt_domains,
		.remote = config->xmpp_remote,
		.registers = config->xmpp_register,
		.registers_remote = config->xmpp_register_remote,
		.changed = changed,
		.data = chatter,
	};
	ChatDriver *driver = chat_xmpp_new(&options, error);
	if (!driver || !chat_add(chatter->chat, driver, error)) {
		g_prefix_error(error, "[xmpp]: ");
		return false;
	}
	return true;
}

/*
 * Who waits for a room holds a worker: not half of them, so that others are served meanwhile. Of
 * one or two, it is one.
 */
static unsigned rooms_waiting_max(const Config *config)
{
	return config->workers > 0 ? MAX((config->workers - 1) / 2, 1) : 0;
}

Chatter *chatter_open(const ChatterOptions *options, GError **error)
{
	g_autoptr(Chatter) chatter = g_new0(Chatter, 1);
	chatter->options = *options;
	const char *given = options->config->drive_name;
	g_autofree char *name = given ? g_strdup(given) : name_of(options->url);
	const ChatOptions chat_options = {
		.sql = options->sql,
		.drive_name = name,
		.drive_url = options->url,
		.knows = knows,
		.language = language,
		.stopped = stopped,
		.failed = failed,
		.data = chatter,
		.rooms_waiting_max = rooms_waiting_max(options->config),
	};
	chatter->chat = chat_new(&chat_options, error);
	if (!chatter->chat ||
	    (options->config->xmpp_component && !add_xmpp(chatter, options->config, error))) {
		return NULL;
	}
	return g_steal_pointer(&chatter);
}

void chatter_close(Chatter *chatter)
{
	if (chatter) {
		chat_free(chatter->chat);
		g_free(chatter);
	}
}

Chat *chatter_chat(Chatter *chatter)
{
	return chatter->chat;
}
