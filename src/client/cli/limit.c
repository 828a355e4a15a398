/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/text.h"
#include "client/cli/command.h"
#include "client/control/control_client.h"

#include <stdio.h>
#include <string.h>

static char *up, *down;

static const GOptionEntry entries[] = {
	{ "up", 0, 0, G_OPTION_ARG_STRING, &up, "bytes per second to the drive, as 500k or 2M; off",
	  "RATE" },
	{ "down", 0, 0, G_OPTION_ARG_STRING, &down, "the same from the drive", "RATE" },
	G_OPTION_ENTRY_NULL,
};

static bool read_rate(const char *option, const char *rate, uint64_t *ret_bytes, GError **error)
{
	if (!rate || text_rate(rate, ret_bytes)) {
		return true;
	}
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		    "--%s: '%s' is no rate; write bytes per second as 500k, 2M or 1G, or 'off'",
		    option, rate);
	return false;
}

static void show(const char *direction, uint64_t rate)
{
	g_autofree char *size = g_format_size_full(rate, G_FORMAT_SIZE_IEC_UNITS);
	printf("%s: %s%s\n", direction, rate ? size : "no limit", rate ? "/s" : "");
}

/* Nothing is running: it holds from the next start on. */
static bool set_at_rest(const CommandContext *context, ProfileLimits *limits, GError **error)
{
	g_autoptr(Profile) profile = profile_open(context->profile, error);
	if (!profile) {
		return false;
	}
	ProfileLimits known = profile_limits(profile);
	limits->up = up ? limits->up : known.up;
	limits->down = down ? limits->down : known.down;
	return (!up && !down) || profile_set_limits(profile, limits, error);
}

static json_t *to_params(const ProfileLimits *limits)
{
	json_t *params = json_object();
	if (up) {
		json_object_set_new(params, "up", json_integer((json_int_t)limits->up));
	}
	if (down) {
		json_object_set_new(params, "down", json_integer((json_int_t)limits->down));
	}
	return params;
}

static bool set(const CommandContext *context, ProfileLimits *limits, GError **error)
{
	g_autoptr(GError) failure = NULL;
	json_auto_t *params = to_params(limits);
	json_auto_t *now = control_client_call(context->profile, "limit", params, &failure);
	if (now) {
		limits->up = (uint64_t)json_integer_value(json_object_get(now, "up"));
		limits->down = (uint64_t)json_integer_value(json_object_get(now, "down"));
		return true;
	}
	if (g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_OFFLINE)) {
		return set_at_rest(context, limits, error);
	}
	g_propagate_error(error, g_steal_pointer(&failure));
	return false;
}

static bool run(const CommandContext *context, int argc, char **argv, GError **error)
{
	ProfileLimits limits = { 0 };
	if (!command_parse(&limit_command, entries, &argc, &argv, error) ||
	    !command_count(&limit_command, argc, 0, 0, error) ||
	    !read_rate("up", up, &limits.up, error) ||
	    !read_rate("down", down, &limits.down, error) || !set(context, &limits, error)) {
		return false;
	}
	show("up", limits.up);
	show("down", limits.down);
	return true;
}

const Command limit_command = {
	.name = "limit",
	.arguments = "[--up RATE] [--down RATE]",
	.summary = "how fast files may go to and from the drive",
	.run = run,
};
