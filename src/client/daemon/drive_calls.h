/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/daemon/open_disks.h"
#include "client/daemon/reception.h"

#include <glib.h>
#include <jansson.h>

/*
 * The methods of the control socket that ask a drive, and so take their time: "look", "sign-in",
 * "sign-out", "account", "picture", "devices", "revoke", "share", "unshare", "links",
 * "send-link"; and those that work on files: "resolve", "versions", "restore", "rules",
 * "set-rules", "keep". Each runs on any thread, and reads the profile anew.
 */
typedef struct DriveCalls {
	const char *profile; /* folder */
	Reception *reception;
	/* The profile's login has changed: called on the thread of the call. */
	void (*reload)(void *data);
	void *data;
	OpenDisks *disks;
	/* Some path was touched: open_disks_take_touched(). On the thread of the call. */
	void (*touched)(void *data);
} DriveCalls;

/* The profile, signed in; NULL with what to do. */
Profile *drive_calls_profile(const DriveCalls *calls, GError **error);

/* Their names, NULL-terminated. */
const char *const *drive_calls_methods(void);

/* A ControlHandler; data: DriveCalls. */
json_t *drive_calls_handle(const char *method, json_t *params, void *data, GError **error);
