/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/window/glance.h"

#include <glib/gi18n.h>
#include <stdbool.h>
#include <string.h>

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

char *glance_duration(int64_t seconds)
{
	int minutes = (int)((seconds + 59) / 60);
	int hours = (int)((seconds + 3599) / 3600);
	if (seconds < 60) {
		return g_strdup_printf(ngettext("%d second", "%d seconds", (int)seconds),
				       (int)seconds);
	}
	return minutes < 60 ? g_strdup_printf(ngettext("%d minute", "%d minutes", minutes), minutes)
			    : g_strdup_printf(ngettext("%d hour", "%d hours", hours), hours);
}

static char *idle_text(const json_t *status)
{
	json_int_t files = number(status, "files");
	g_autofree char *size = g_format_size((uint64_t)number(status, "bytes"));
	return g_strdup_printf(ngettext("%d file, %s", "%d files, %s", (unsigned long)files),
			       (int)files, size);
}

/* All bindings together. */
typedef struct Work {
	json_int_t pending, done, left, rate, seconds;
	bool scanning;
} Work;

static Work sum_up(const json_t *status)
{
	Work work = { .pending = number(status, "pending") };
	size_t index;
	json_t *binding;
	json_array_foreach(json_object_get(status, "bindings"), index, binding)
	{
		work.done += number(binding, "bytes_done");
		work.left += number(binding, "bytes_left");
		work.rate += number(binding, "rate");
		work.seconds = MAX(work.seconds, number(binding, "seconds_left"));
		work.scanning |= json_is_true(json_object_get(binding, "scanning"));
	}
	return work;
}

static void take_syncing(Glance *glance, const json_t *status)
{
	Work work = sum_up(status);
	g_autoptr(GString) text = g_string_new(NULL);
	glance->icon = "emblem-synchronizing-symbolic";
	glance->style = "accent";
	glance->title = g_strdup(_("Syncing"));
	if (work.pending > 0) {
		g_string_append_printf(
			text, ngettext("%d to do", "%d to do", (unsigned long)work.pending),
			(int)work.pending);
	}
	if (work.left > 0) {
		g_autofree char *left = g_format_size((uint64_t)work.left);
		g_string_append_printf(text, _(", %s left"), left);
		glance->fraction = (double)work.done / (double)(work.done + work.left);
	}
	if (work.rate > 0) {
		g_autofree char *rate = g_format_size((uint64_t)work.rate);
		g_string_append_printf(text, _(", %s per second"), rate);
	}
	if (work.seconds > 0) {
		g_autofree char *duration = glance_duration(work.seconds);
		g_string_append_printf(text, _(", about %s"), duration);
	}
	if (text->len == 0) {
		g_string_append(text, work.scanning ? _("Looking at your files") : "");
	}
	glance->text = g_strdup(text->str);
}

static void take_paused(Glance *glance, const json_t *status, int64_t now_us)
{
	json_int_t resume_us = number(status, "resume_us");
	glance->icon = "media-playback-pause-symbolic";
	glance->style = "warning";
	glance->title = g_strdup(_("Paused"));
	if (resume_us > now_us) {
		g_autofree char *duration =
			glance_duration((resume_us - now_us) / G_TIME_SPAN_SECOND);
		g_autofree char *text = g_strdup_printf(_("Goes on in %s"), duration);
		glance->text = g_steal_pointer(&text);
	} else {
		glance->text = g_strdup(_("Until you resume"));
	}
}

static const char *reason_of(const json_t *status)
{
	size_t index;
	json_t *binding;
	json_array_foreach(json_object_get(status, "bindings"), index, binding)
	{
		const char *reason = json_string_value(json_object_get(binding, "reason"));
		if (reason) {
			return reason;
		}
	}
	return "";
}

static bool has_held(const json_t *status)
{
	size_t index;
	json_t *binding;
	json_array_foreach(json_object_get(status, "bindings"), index, binding)
	{
		if (number(binding, "held_deletions") > 0) {
			return true;
		}
	}
	return false;
}

static void take_attention(Glance *glance, const json_t *status)
{
	size_t count = json_array_size(json_object_get(status, "errors"));
	glance->icon = "dialog-warning-symbolic";
	glance->style = "error";
	glance->title = g_strdup(_("Needs your attention"));
	if (has_held(status)) {
		glance->text = g_strdup(_("Many files were deleted here"));
		return;
	}
	glance->text = count > 0 ? g_strdup_printf(ngettext("%d thing could not be synced",
							    "%d things could not be synced", count),
						   (int)count)
				 : g_strdup(reason_of(status));
}

void glance_take(Glance *ret_glance, const json_t *status, int64_t now_us)
{
	const char *state = json_string_value(json_object_get(status, "state"));
	*ret_glance = (Glance){ .fraction = -1 };
	state = state ? state : "";
	if (!json_is_true(json_object_get(status, "signed_in"))) {
		ret_glance->icon = "dialog-password-symbolic";
		ret_glance->style = "error";
		ret_glance->title = g_strdup(_("Signed out"));
		ret_glance->text = g_strdup(_("Your files are safe. Sign in to go on."));
	} else if (json_is_true(json_object_get(status, "paused"))) {
		take_paused(ret_glance, status, now_us);
	} else if (strcmp(state, "syncing") == 0) {
		take_syncing(ret_glance, status);
	} else if (strcmp(state, "offline") == 0) {
		ret_glance->icon = "network-offline-symbolic";
		ret_glance->style = "warning";
		ret_glance->title = g_strdup(_("Offline"));
		ret_glance->text = g_strdup(
			_("The drive cannot be reached. It goes on by itself; you can work on."));
	} else if (strcmp(state, "attention") == 0) {
		take_attention(ret_glance, status);
	} else {
		ret_glance->icon = "emblem-ok-symbolic";
		ret_glance->style = "success";
		ret_glance->title = g_strdup(_("Up to date"));
		ret_glance->text = idle_text(status);
	}
}

void glance_clear(Glance *glance)
{
	g_clear_pointer(&glance->title, g_free);
	g_clear_pointer(&glance->text, g_free);
}
