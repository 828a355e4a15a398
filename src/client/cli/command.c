/* SPDX-License-Identifier: Apache-2.0 */
/*
 * imdrive [--profile DIR] COMMAND …
 *
 * Exit codes: 0 done, 1 failed (one clear line on stderr), 2 wrong usage.
 */
#include "client/cli/command.h"

#include "base/error.h"
#include "base/text.h"
#include "client/control/control_client.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#define EXIT_FAILED 1
#define EXIT_USAGE 2

static const Command *const commands[] = {
	&login_command,    &sync_command,       &mount_command,     &status_command,
	&keep_pin_command, &keep_unpin_command, &keep_free_command, &log_command,
	&versions_command, &restore_command,    &pause_command,     &resume_command,
	&limit_command,    &account_command,    &devices_command,   &logout_command,
	&daemon_command,   &conflicts_command,  &exclude_command,   &exclude_include_command,
	&share_command,
};

static GOptionContext *option_context(const Command *command, const GOptionEntry *entries)
{
	g_autofree char *synopsis = g_strconcat(command->name, *command->arguments ? " " : "",
						command->arguments, NULL);
	GOptionContext *context = g_option_context_new(synopsis);
	g_option_context_set_summary(context, command->summary);
	g_option_context_set_ignore_unknown_options(context, FALSE);
	if (entries) {
		g_option_context_add_main_entries(context, entries, NULL);
	}
	return context;
}

bool command_parse(const Command *command, const GOptionEntry *entries, int *argc, char ***argv,
		   GError **error)
{
	g_autoptr(GOptionContext) context = option_context(command, entries);
	return g_option_context_parse(context, argc, argv, error);
}

bool command_count(const Command *command, int argc, int min, int max, GError **error)
{
	if (argc - 1 >= min && argc - 1 <= max) {
		return true;
	}
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "usage: imdrive %s %s",
		    command->name, command->arguments);
	return false;
}

Profile *command_profile(const CommandContext *context, GError **error)
{
	g_autoptr(Profile) profile = profile_open(context->profile, error);
	if (!profile) {
		return NULL;
	}
	if (!profile_is_signed_in(profile)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED,
			    "this device is not signed in: run 'imdrive login URL' first");
		return NULL;
	}
	return g_steal_pointer(&profile);
}

char *command_time(int64_t time_us)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(time_us / G_TIME_SPAN_SECOND);
	g_autoptr(GDateTime) local = utc ? g_date_time_to_local(utc) : NULL;
	return local ? g_date_time_format(local, "%Y-%m-%d %H:%M:%S") : g_strdup("-");
}

bool command_attach(const CommandContext *context, const char *folder, bool mount, GError **error)
{
	g_autofree char *absolute = g_canonicalize_filename(folder, NULL);
	json_auto_t *params = json_pack("{s:s, s:b}", "folder", absolute, "mount", mount);
	json_auto_t *result = control_client_call(context->profile, "attach", params, error);
	if (!result) {
		g_prefix_error(error, "%s '%s': ", mount ? "mount" : "sync", folder);
		return false;
	}
	return true;
}

static void show_help(FILE *to)
{
	fputs("Usage: imdrive [--profile DIR] COMMAND ...\n\n"
	      "Keeps folders of this device and a drive the same.\n\n"
	      "  --profile DIR   another device on this machine (default: ",
	      to);
	g_autofree char *folder = profile_default_folder();
	fprintf(to, "%s)\n  --version       print the version\n\nCommands:\n", folder);
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		g_autofree char *call =
			g_strconcat(commands[i]->name, " ", commands[i]->arguments, NULL);
		fprintf(to, "  %-30s %s\n", call, commands[i]->summary);
	}
	fputs("\n'imdrive COMMAND --help' says more of each; 'man imdrive' all of it.\n", to);
}

static void show_version(void)
{
	puts("imdrive " IMDRIVE_VERSION);
}

static json_t *visible_copy(const json_t *string)
{
	g_autofree char *text = text_visible(json_string_value(string), false);
	return json_string(text);
}

void command_make_visible(json_t *answer)
{
	const char *key;
	size_t index;
	json_t *value;
	json_object_foreach(answer, key, value)
	{
		if (json_is_string(value)) {
			json_object_set_new(answer, key, visible_copy(value));
		} else {
			command_make_visible(value);
		}
	}
	json_array_foreach(answer, index, value)
	{
		if (json_is_string(value)) {
			json_array_set_new(answer, index, visible_copy(value));
		} else {
			command_make_visible(value);
		}
	}
}

static const Command *find_command(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (strcmp(commands[i]->name, name) == 0) {
			return commands[i];
		}
	}
	return NULL;
}

static int run_command(const CommandContext *context, int argc, char **argv)
{
	if (strcmp(argv[0], "help") == 0) {
		show_help(stdout);
		return 0;
	}
	if (strcmp(argv[0], "version") == 0) {
		show_version();
		return 0;
	}
	const Command *command = find_command(argv[0]);
	if (!command) {
		fprintf(stderr, "imdrive: there is no command '%s'; 'imdrive --help' lists them\n",
			argv[0]);
		return EXIT_USAGE;
	}
	g_autoptr(GError) error = NULL;
	if (command->run(context, argc, argv, &error)) {
		return 0;
	}
	g_autofree char *message = text_visible(error->message, true);
	fprintf(stderr, "imdrive: %s\n", message);
	return error->domain == G_OPTION_ERROR ? EXIT_USAGE : EXIT_FAILED;
}

int command_main(int argc, char **argv)
{
	setlocale(LC_ALL, "");
	g_set_prgname("imdrive");
	g_autofree char *folder = profile_default_folder();
	int at = 1;
	while (at < argc && argv[at][0] == '-') {
		if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
			show_help(stdout);
			return 0;
		}
		if (strcmp(argv[at], "--version") == 0) {
			show_version();
			return 0;
		}
		bool takes = strcmp(argv[at], "--profile") == 0 && at + 1 < argc;
		bool has = g_str_has_prefix(argv[at], "--profile=");
		if (!takes && !has) {
			fprintf(stderr, "imdrive: unknown option '%s'; see 'imdrive --help'\n",
				argv[at]);
			return EXIT_USAGE;
		}
		g_free(folder);
		folder = g_strdup(has ? argv[at] + strlen("--profile=") : argv[++at]);
		at++;
	}
	if (at >= argc) {
		show_help(stderr);
		return EXIT_USAGE;
	}
	const CommandContext context = { .profile = folder };
	return run_command(&context, argc - at, argv + at);
}
