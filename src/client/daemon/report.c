/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemon/report.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

json_t *report_text(const char *text)
{
	g_autofree char *shown = text_printable(text, strlen(text));
	return json_string(shown);
}

static void add_problems(json_t *errors, const char *folder, const EngineStatus *status)
{
	for (unsigned i = 0; i < status->problems->len; i++) {
		const EngineProblem *problem = status->problems->pdata[i];
		g_autofree char *path = g_build_filename(folder, problem->path, NULL);
		json_array_append_new(errors,
				      json_pack("{s:o, s:s, s:o}", "path", report_text(path),
						"code", error_code_name((DriveError)problem->code),
						"message", report_text(problem->message)));
	}
}

static const char *kind_of(const ReportBinding *bound)
{
	return bound->mount ? "mount" : "folder";
}

static json_t *bound_json(const ReportBinding *bound, const EngineStatus *status)
{
	json_t *skipped = json_array();
	for (unsigned i = 0; i < status->skipped->len; i++) {
		json_array_append_new(skipped, report_text(status->skipped->pdata[i]));
	}
	json_t *spelled = json_array();
	for (unsigned i = 0; i + 1 < status->spelled->len; i += 2) {
		json_array_append_new(spelled,
				      json_pack("{s:o, s:o}", "path",
						report_text(status->spelled->pdata[i]), "here",
						report_text(status->spelled->pdata[i + 1])));
	}
	int64_t now_us = g_get_monotonic_time();
	int64_t seconds = meter_seconds(bound->meter, now_us, status->bytes_left);
	json_t *object = json_pack(
		"{s:s, s:s, s:o, s:s, s:s?, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:i, s:o}", "kind",
		kind_of(bound), "id", bound->id, "path", report_text(bound->folder), "state",
		engine_status_name(status->state), "reason", status->reason, "files",
		(json_int_t)status->files, "folders", (json_int_t)status->folders, "bytes",
		(json_int_t)status->bytes, "pending", (json_int_t)status->pending, "bytes_done",
		(json_int_t)status->bytes_done, "bytes_left", (json_int_t)status->bytes_left,
		"scanning", status->scanning, "unwatched", (int)status->unwatched, "skipped",
		skipped);
	json_object_set_new(object, "held_deletions", json_integer((json_int_t)status->held));
	json_object_set_new(object, "spelled", spelled);
	json_t *left_out = json_array();
	for (unsigned i = 0; i < status->left_out->len; i++) {
		json_array_append_new(left_out, report_text(status->left_out->pdata[i]));
	}
	json_object_set_new(object, "left_out", left_out);
	bool syncs = status->state == ENGINE_SYNCING;
	uint64_t rate = syncs ? meter_rate(bound->meter, now_us) : 0;
	json_object_set_new(object, "rate", json_integer((json_int_t)rate));
	json_object_set_new(object, "seconds_left",
			    seconds < 0 ? json_null() : json_integer(seconds));
	return object;
}

void report_add(Report *sum, const ReportBinding *bound)
{
	if (!bound->engine) {
		const GError *failure = bound->failure;
		const char *message = failure ? failure->message : "not open";
		bool known = failure && failure->domain == DRIVE_ERROR;
		const char *code = known ? error_code_name((DriveError)failure->code) : NULL;
		sum->state = ENGINE_ATTENTION;
		json_array_append_new(sum->errors,
				      json_pack("{s:o, s:s*, s:o}", "path",
						report_text(bound->folder), "code", code, "message",
						report_text(message)));
		json_array_append_new(sum->bindings,
				      json_pack("{s:s, s:s, s:o, s:s, s:o}", "kind", kind_of(bound),
						"id", bound->id, "path", report_text(bound->folder),
						"state", "attention", "reason",
						report_text(message)));
		return;
	}
	g_auto(EngineStatus) status = { 0 };
	engine_status_get(bound->engine, &status);
	sum->state = MAX(sum->state, status.state);
	sum->signed_out |= status.signed_out;
	sum->files += (json_int_t)status.files;
	sum->bytes += (json_int_t)status.bytes;
	sum->pending += (json_int_t)status.pending;
	sum->conflicts += (json_int_t)engine_conflict_count(bound->engine);
	add_problems(sum->errors, bound->folder, &status);
	json_array_append_new(sum->bindings, bound_json(bound, &status));
}
