/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "admin/data_folder.h"

#include <glib.h>
#include <stdbool.h>

/*
 * The door through which imdrived's verbs reach the server that has the data folder: a socket
 * DIR/control (0600) that takes one line of JSON, {"words": ["user", "add", "alice"], "input":
 * "…"}, and answers with one, {"status": 0, "out": "…", "err": "…"}.
 */
typedef struct Control Control;

/* Listens, on a thread of its own. The caller has the folder's lock. Borrows the data folder. */
Control *control_start(const char *folder, DataFolder *data, GError **error);
/* Ends after what it is doing. */
void control_stop(Control *control);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Control, control_stop)

typedef struct ControlAnswer {
	int status;
	char *out;
	char *err;
} ControlAnswer;

void control_answer_clear(ControlAnswer *answer);

/*
 * Asks the server of this folder; blocks until it is done. DRIVE_ERROR_OFFLINE, with nothing
 * done, if there is none.
 */
bool control_ask(const char *folder, const char *const *words, const char *input,
		 ControlAnswer *ret_answer, GError **error);
