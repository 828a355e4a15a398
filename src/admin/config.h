/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/entry.h"
#include "server/chat/chat_xmpp.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What the operator decides: imdrived.conf(5), a key file. Everything has a default; a group or key
 * that is not known is an error, since a misspelt one would silently not work.
 */
typedef struct Config {
	char *listen;
	char *public_url; /* NULL: where it listens */
	unsigned threads;
	unsigned workers;
	unsigned connections;
	unsigned connections_per_peer;
	char **trusted_proxies; /* NULL: none */
	bool metrics_public;
	char *log_level;  /* "error", "warning", "info" or "debug" */
	uint64_t quota;   /* bytes of a new drive; 0: none */
	bool caseless;    /* a new drive refuses names that differ only in case */
	uint64_t reserve; /* bytes of the disk that content must leave free */
	int64_t versions_days;
	int64_t trash_days;
	int64_t device_idle_days; /* 0: never */
	bool share_links;         /* people may make links with which others read */
	bool share_send;          /* and have the drive send them */
	char *drive_name;         /* what pages call it; NULL: its host */
	char *meta;               /* "NAME=CONTENT" on pages; NULL: none */
	char *tls_certificate;    /* PEM text, not paths */
	char *tls_key;
	char *xmpp_component; /* NULL: nobody is asked in chat */
	char *xmpp_server;    /* NULL: this machine */
	char *xmpp_secret;
	char **xmpp_domains;
	char **xmpp_prompt_domains; /* NULL: as xmpp_domains */
	ChatXmppRemote xmpp_remote;
	EntryPolicy xmpp_register;
	EntryPolicy xmpp_register_remote;
} Config;

/* The defaults, and what the file at path says if path is not NULL. */
Config *config_load(const char *path, GError **error);
void config_free(Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)

/* "10G", "500M", "1048576", "none": bytes, in powers of 1024. DRIVE_ERROR_INVALID. */
bool config_parse_size(const char *text, uint64_t *ret_size, GError **error);
