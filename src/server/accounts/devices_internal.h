/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/audit.h"
#include "server/accounts/devices.h"
#include "server/accounts/token.h"

/* A credential as it is remembered. */
typedef struct DevicesKnown {
	uint8_t token_hash[TOKEN_HASH_SIZE];
	DevicesCaller caller;
	int64_t seen_us;
	int64_t noted_us;    /* the seen_us that stands in the table, or soon will */
	int64_t expires_us;  /* INT64_MAX: does not expire by itself */
	bool unconfirmed;    /* an access token that nobody has used before (credentials.c) */
	uint64_t generation; /* how often something had ended when it was read */
} DevicesKnown;

/*
 * The two halves of asking the table, between which a device may be ended. Reading finds nobody
 * (*ret_found false) for a token that is none.
 */
bool devices_read(Devices *devices, const char *token, DevicesKnown *ret_known, bool *ret_found,
		  GError **error);
/* Remembers what was read, unless something ended since. */
void devices_remember(Devices *devices, const DevicesKnown *known, int64_t now_us);

/* For credentials.c. */
Sql *devices_sql(Devices *devices);
bool devices_is_idle(const Devices *devices, int64_t seen_us, int64_t now_us);

typedef struct DevicesNew {
	int64_t account;
	const char *name;
	const char *peer;
	const char *method;
	const char *client;
	unsigned scopes;
	int64_t now_us;
} DevicesNew;

/* A new device, without any credential yet. Errors as devices_add(). */
bool devices_insert(SqlSession *session, const DevicesNew *new, int64_t *ret_device,
		    GError **error);

/* "device 7 laptop", for the audit. */
char *devices_text(int64_t device, const char *name);

/*
 * Ends one device, or all of an account, inside the caller's transaction. Once it is committed, or
 * has failed, devices_forget() must follow, outside of it.
 */
bool devices_end_in(SqlSession *session, int64_t device, GError **error);
bool devices_end_all_in(SqlSession *session, int64_t account, GError **error);
/* Memory forgets the account's device (0: all), and who waits with them is turned away. */
void devices_forget(Devices *devices, int64_t account, int64_t device);
