/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * One line per event on standard error: "<time> <level> <event> key=value …", without the time when
 * the journal of systemd is listening. Only main.c, daemon.c, front/ and engine/ log; libraries
 * return errors instead. Never a secret.
 */
typedef enum LogLevel {
	LOG_ERROR,
	LOG_WARNING,
	LOG_INFO,
	LOG_DEBUG,
} LogLevel;

/* Events above this level are dropped; LOG_INFO at start. */
void log_set_level(LogLevel level);

/* Are events of this level written? To spare work for those that are not. */
bool log_is_on(LogLevel level);

/* "error", "warning", "info", "debug"; false on anything else. */
bool log_level_from_name(const char *name, LogLevel *ret_level);

/*
 * Writes one event. format gives the key=value part; a value with blanks is the caller's to quote,
 * a control character is written as \xNN. Thread-safe, one write(2) per line.
 */
void log_event(LogLevel level, const char *event, const char *format, ...) G_GNUC_PRINTF(3, 4);
