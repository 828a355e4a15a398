/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/login/profile.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/*
 * One command of imdrive: a file of its own, an entry in command.c.
 */
typedef struct CommandContext {
	const char *profile; /* folder */
} CommandContext;

typedef struct Command {
	const char *name;
	const char *arguments; /* for --help: "FOLDER" */
	const char *summary;   /* one line */
	/*
	 * argv[0] is the command's name. DRIVE_ERROR_INVALID that stems from G_OPTION_ERROR or
	 * command_usage() ends with exit code 2, any other failure with 1.
	 */
	bool (*run)(const CommandContext *context, int argc, char **argv, GError **error);
} Command;

extern const Command login_command, logout_command, sync_command, mount_command, status_command,
	keep_pin_command, keep_unpin_command, keep_free_command, log_command, versions_command,
	devices_command, restore_command, pause_command, resume_command, limit_command,
	account_command, daemon_command, conflicts_command, exclude_command,
	exclude_include_command, share_command;

/*
 * Parses the options of a command (entries may be NULL) and checks that between min and max
 * arguments are left; argv is then argv[1..*argc - 1].
 */
bool command_parse(const Command *command, const GOptionEntry *entries, int *argc, char ***argv,
		   GError **error);
bool command_count(const Command *command, int argc, int min, int max, GError **error);

/* The profile, signed in; NULL with what to do about it. */
Profile *command_profile(const CommandContext *context, GError **error);

/*
 * Before an answer is printed: nothing that others named, as files, devices and addresses, commands
 * a terminal or turns its letters (text_visible()). Takes NULL.
 */
void command_make_visible(json_t *answer);

/* "2026-11-23 14:05:00", of this place; "-" if it is out of all ranges. Free with g_free(). */
char *command_time(int64_t time_us);

/*
 * Another process has the profile: it is asked to take the folder too, or to mount the drive there.
 */
bool command_attach(const CommandContext *context, const char *folder, bool mount, GError **error);

/* Runs the program; returns its exit code. */
int command_main(int argc, char **argv);
