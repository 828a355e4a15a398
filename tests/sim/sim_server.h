/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/node_id.h"
#include "client/remote/transport.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The server in this process: the real api over the real journal, with packs in memory. It can lose
 * power: what was not synced goes, the rest starts again by itself.
 */
typedef struct SimServer SimServer;

SimServer *sim_server_new(void);
void sim_server_free(SimServer *server);

/* A new device of the one account; ret_token is to be freed. */
void sim_server_sign_in(SimServer *server, const char *device, char **ret_token, NodeId *ret_drive);

/* One request, as front/ would give it to the api. Returns the status; 0: it would wait. */
unsigned sim_server_request(SimServer *server, const char *token, const char *endpoint, Bulk *body,
			    GBytes **ret_body);

/* Power cut and restart. */
void sim_server_crash(SimServer *server, uint64_t seed);

/* From now on it refuses names that differ only in case. */
void sim_server_set_caseless(SimServer *server);
/* While full, its disk has no room for content. */
void sim_server_set_full(SimServer *server, bool full);
/* How much the account may store; 0: all that it likes. */
void sim_server_set_quota(SimServer *server, uint64_t bytes);
/* How much of that it has stored. */
uint64_t sim_server_usage(SimServer *server);
/* How often content was refused, for want of room on the disk or of the account. */
unsigned sim_server_refusals(SimServer *server);
/* Bytes of the chunks that were asked for. */
uint64_t sim_server_fetched(SimServer *server);
/* The n-th write to the packs from now on fails; 0: none. */
void sim_server_fail_write(SimServer *server, unsigned nth);

/* Is this content a version or in the trash, or a file? For files of one chunk. */
bool sim_server_has(SimServer *server, const void *bytes, size_t size);

/* Everything at rest is whole; aborts if not. */
void sim_server_check(SimServer *server);
