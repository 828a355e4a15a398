/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Devices and whose they are. A device is let in by an access token (credentials.h), or, if it
 * signed in before there were such, by a token of its own that has no end. All are opaque, shown
 * once and stored hashed. Whoever has one is the device until it is ended, or idle for too long.
 *
 * The id of a device is never used again: the journal knows operations by (device, number). An
 * ended device keeps its row, without a token, so that history can still name it.
 *
 * All functions may be called from any thread. The tables are accounts.c's to migrate.
 */
typedef struct Devices Devices;

struct AuditBy; /* audit.h */

/* Called after one or all credentials of the account ended; must not call devices_* or wait. */
typedef void (*DevicesEndedFunc)(int64_t account, void *data);

/* idle_max_s: a device not seen for so long is ended; 0: never. Borrows sql. */
Devices *devices_open(Sql *sql, int64_t idle_max_s, GError **error);
void devices_close(Devices *devices);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Devices, devices_close)

void devices_set_ended(Devices *devices, DevicesEndedFunc ended, void *data);

/*
 * A new device of the account with a token of its own, which credentials_refresh() exchanges.
 * name: 1..DEVICE_NAME_SIZE_MAX bytes of UTF-8 for people. The token is yours to hand over and to
 * wipe. DRIVE_ERROR_FORBIDDEN over DEVICES_PER_ACCOUNT_MAX.
 */
bool devices_add(Devices *devices, int64_t account, const char *name, int64_t now_us,
		 char **ret_token, int64_t *ret_device, GError **error);

/* What a credential is good for (OAuth scopes). */
typedef enum DevicesScope {
	DEVICES_FILES_READ = 1 << 0,  /* "files:read" */
	DEVICES_FILES_WRITE = 1 << 1, /* "files:write" */
	DEVICES_SHARE = 1 << 2,       /* "share" */
	DEVICES_ACCOUNT = 1 << 3,     /* "account": devices, sessions, identities */
	DEVICES_SCOPES_ALL = (1 << 4) - 1,
} DevicesScope;

typedef struct DevicesCaller {
	int64_t account;
	int64_t device;
	unsigned scopes; /* DevicesScope */
} DevicesCaller;

/*
 * Whose token this is; DRIVE_ERROR_UNAUTHENTICATED if nobody's. Answered from memory after the
 * first time, so that every request can ask; when a device is ended, the next call says so.
 */
bool devices_authenticate(Devices *devices, const char *token, int64_t now_us,
			  DevicesCaller *ret_caller, GError **error);

/* True if the token is right as far as memory knows; never touches the database. */
bool devices_remembers(Devices *devices, const char *token, int64_t now_us);

typedef struct DevicesEntry {
	int64_t id;
	char *name;
	int64_t created_us;
	int64_t seen_us; /* UTC; some minutes behind at most */
	char *peer;      /* where it last signed in or refreshed from; "" if not known */
	char *method; /* how its person signed in: a provider's id, "password"; "" if not known */
	char *client; /* client id; "": by name and password over the API */
	unsigned scopes; /* DevicesScope */
} DevicesEntry;

/* The account's devices (DevicesEntry, to be cleared), oldest first. */
bool devices_list(Devices *devices, int64_t account, GArray *ret_entries, GError **error);
void devices_entry_clear(void *entry);

/* Ends one device of the account; DRIVE_ERROR_NOT_FOUND if it has no such. */
bool devices_end_by(Devices *devices, const DevicesCaller *which, const struct AuditBy *by,
		    GError **error);
/* By the operator. */
bool devices_end(Devices *devices, int64_t account, int64_t device, GError **error);
bool devices_end_all(Devices *devices, int64_t account, GError **error);

/* The name of a device, ended or not, for history; NULL without error if never known. */
bool devices_name(Devices *devices, int64_t device, char **ret_name, GError **error);

/* Writes down who was seen and ends who was idle for too long. For a thread that has time. */
bool devices_upkeep(Devices *devices, int64_t now_us, GError **error);
