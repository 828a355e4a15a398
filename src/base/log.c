/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/text.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static int level_max = LOG_INFO;

void log_set_level(LogLevel level)
{
	g_atomic_int_set(&level_max, (int)level);
}

bool log_is_on(LogLevel level)
{
	return (int)level <= g_atomic_int_get(&level_max);
}

bool log_level_from_name(const char *name, LogLevel *ret_level)
{
	for (size_t i = 0; i < G_N_ELEMENTS(level_names); i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*ret_level = (LogLevel)i;
			return true;
		}
	}
	return false;
}

void log_event(LogLevel level, const char *event, const char *format, ...)
{
	if (!log_is_on(level)) {
		return;
	}
	va_list args;
	va_start(args, format);
	g_autofree char *raw = g_strdup_vprintf(format, args);
	va_end(args);
	g_autofree char *text = text_printable(raw, strlen(raw));
	g_autofree char *when = NULL;
	if (!g_getenv("JOURNAL_STREAM")) {
		g_autoptr(GDateTime) now = g_date_time_new_now_utc();
		when = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%fZ ");
	}
	g_autofree char *line = g_strdup_printf("%s%s %s%s%s\n", when ? when : "",
						level_names[level], event, *text ? " " : "", text);
	/* A log that cannot be written has nowhere to say so. */
	ssize_t ignored = write(STDERR_FILENO, line, strlen(line));
	(void)ignored;
}
