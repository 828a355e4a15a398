/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/login/profile.h"

#include <stdbool.h>

/*
 * The one process of a profile that syncs: holds its lock, its bindings and its control socket
 * until SIGTERM or SIGINT.
 */
typedef struct DaemonOptions {
	Profile *profile;   /* borrowed */
	const char *folder; /* to be bound and kept in sync; NULL: all that are bound already, and
			       whatever user interfaces ask for; need not be signed in */
	bool mount;         /* it is the place of a virtual disk */
	bool once;          /* end when both sides are settled */
	const char *hello;  /* a line for a person once the folder is bound; NULL: none */
	bool progress;      /* a line for a person on the terminal */
} DaemonOptions;

/*
 * Returns when it was asked to end, or (once) when everything is settled; false with error if that
 * cannot be reached. BUSY if another process has the profile.
 */
bool daemon_run(const DaemonOptions *options, GError **error);
