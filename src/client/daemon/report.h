/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/daemon/meter.h"
#include "client/engine/engine.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/*
 * What "status" says of the bindings: each of them, and all together.
 */
typedef struct Report {
	EngineState state; /* the worst of them */
	bool signed_out;
	json_int_t files, bytes, pending, conflicts;
	json_t *errors; /* arrays, of the caller */
	json_t *bindings;
} Report;

/* All borrowed. */
typedef struct ReportBinding {
	const char *id;
	const char *folder;
	bool mount;     /* a virtual disk */
	Engine *engine; /* NULL: not open, and failure (or NULL) says why */
	const GError *failure;
	const Meter *meter;
} ReportBinding;

void report_add(Report *report, const ReportBinding *binding);

/* A text of the disk's as JSON can hold it. */
json_t *report_text(const char *text);
