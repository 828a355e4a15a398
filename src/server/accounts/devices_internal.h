/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/devices.h"

#include <sodium.h>

#define DEVICES_TOKEN_HASH_SIZE crypto_hash_sha256_BYTES

/* A credential as it is remembered. */
typedef struct DevicesKnown {
	uint8_t token_hash[DEVICES_TOKEN_HASH_SIZE];
	DevicesCaller caller;
	int64_t seen_us;
	int64_t noted_us;    /* the seen_us that stands in the table, or soon will */
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
