/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/daemon/reception.h"

#include <glib.h>
#include <jansson.h>

/*
 * The methods of the control socket that ask a drive, and so take their time: "look", "sign-in",
 * "sign-out", "account", "devices", "revoke". Each runs on any thread, and reads the profile anew.
 */
typedef struct DriveCalls {
	const char *profile; /* folder */
	Reception *reception;
	/* The profile's login has changed: called on the thread of the call. */
	void (*reload)(void *data);
	void *data;
} DriveCalls;

/* Their names, NULL-terminated. */
const char *const *drive_calls_methods(void);

/* A ControlHandler; data: DriveCalls. */
json_t *drive_calls_handle(const char *method, json_t *params, void *data, GError **error);
