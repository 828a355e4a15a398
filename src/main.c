/* SPDX-License-Identifier: Apache-2.0 */
/*
 * imdrived: configuration, wiring, shutdown; and the operator's verbs, run on the data folder or by
 * the server that has it.
 */
#include "admin/chatter.h"
#include "admin/config.h"
#include "admin/control.h"
#include "admin/data_folder.h"
#include "admin/keeper.h"
#include "admin/portal.h"
#include "admin/verb.h"
#include "api/api.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "front/front.h"
#include "server/feed/feed.h"
#include "server/login/login.h"
#include "server/share/share.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Workers seldom wait for each other's memory. */
#define HEAPS 4
#define DAY_S (24 * 3600)
/* How long a verb waits for a server that is starting or stopping. */
#define TRIES_MAX 100
#define TRY_INTERVAL_US (100 * G_TIME_SPAN_MILLISECOND)

enum {
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_AGAIN = -1, /* not an exit code: try again */
};

/* ---- the command line ------------------------------------------------------------------ */

typedef struct CommandLine {
	const char *folder;
	const char *config;
	const char *listen;
	const char *log_level;
	bool help;
	bool version;
	GPtrArray *words; /* all that is no option of ours; ends with NULL after parsing */
} CommandLine;

/* "--name VALUE" or "--name=VALUE"; *ret_value NULL if it is another word or lacks its value. */
static bool is_option(char **argv, int *i, const char *name, const char **ret_value)
{
	size_t size = strlen(name);
	if (strncmp(argv[*i], name, size) != 0) {
		return false;
	}
	if (argv[*i][size] == '=') {
		*ret_value = argv[*i] + size + 1;
		return true;
	}
	if (argv[*i][size] != '\0') {
		return false;
	}
	*ret_value = argv[*i + 1];
	*i += *ret_value ? 1 : 0;
	return true;
}

static int fail_usage(const char *format, const char *what)
{
	g_autofree char *text = g_strdup_printf("imdrived: %s '%s'\n", format, what);
	fputs(text, stderr);
	fputs("'imdrived --help' shows what there is.\n", stderr);
	return EXIT_USAGE;
}

static int parse(char **argv, CommandLine *line)
{
	for (int i = 1; argv[i]; i++) {
		const char *name = argv[i];
		const char *value = "";
		if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
			line->help = true;
		} else if (strcmp(name, "--version") == 0) {
			line->version = true;
		} else if (is_option(argv, &i, "--data", &value)) {
			line->folder = value;
		} else if (is_option(argv, &i, "--config", &value)) {
			line->config = value;
		} else if (is_option(argv, &i, "--listen", &value)) {
			line->listen = value;
		} else if (is_option(argv, &i, "--log-level", &value)) {
			line->log_level = value;
		} else {
			g_ptr_array_add(line->words, argv[i]);
		}
		if (!value) {
			return fail_usage("a value is missing after", name);
		}
	}
	g_ptr_array_add(line->words, NULL);
	return 0;
}

static int print_help(const char *const *words)
{
	g_autoptr(GString) text = g_string_new(NULL);
	if (!words[0]) {
		g_string_append(text, "imdrived --data DIR [--listen HOST:PORT] [--config FILE]\n"
				      "         [--log-level error|warning|info|debug]\n"
				      "  Serves the drive in DIR, in the foreground.\n");
	}
	for (const Verb *verb = verb_table; verb->name; verb++) {
		g_autofree char *asked = g_strjoinv(" ", (char **)words);
		if (g_str_has_prefix(verb->name, asked) || g_str_has_prefix(asked, verb->name)) {
			verb_append_help(verb, text);
		}
	}
	if (!words[0]) {
		g_string_append(text, "imdrived version\n  Prints the version.\n");
	}
	if (text->len == 0) {
		return fail_usage("there is no command", words[0]);
	}
	fputs(text->str, stdout);
	return 0;
}

/* ---- verbs ----------------------------------------------------------------------------- */

static int fail(const GError *error)
{
	g_autofree char *text = g_strdup_printf("imdrived: %s\n", error->message);
	fputs(text, stderr);
	return EXIT_FAILED;
}

/* One line of standard input without its end; a terminal is asked, and does not show it. */
static char *read_input(const char *prompt)
{
	struct termios shown;
	bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &shown) == 0;
	if (terminal) {
		struct termios hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
		fprintf(stderr, "%s: ", prompt);
	}
	char *line = NULL;
	size_t room = 0;
	ssize_t size = getline(&line, &room, stdin);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
		fputc('\n', stderr);
	}
	g_autofree char *input = size > 0 ? g_strndup(line, (size_t)size) : g_strdup("");
	if (line) {
		sodium_memzero(line, room);
		free(line);
	}
	size_t length = strlen(input);
	if (length > 0 && input[length - 1] == '\n') {
		input[--length] = '\0';
	}
	if (length > 0 && input[length - 1] == '\r') {
		input[--length] = '\0';
	}
	return g_steal_pointer(&input);
}

/* All of standard input, up to a table's size; NULL if it has more, or zero bytes in it. */
static char *read_table(const char *prompt)
{
	if (isatty(STDIN_FILENO)) {
		fprintf(stderr, "%s:\n", prompt);
	}
	g_autofree char *text = g_malloc(ROSTER_SIZE_MAX + 1);
	size_t size = fread(text, 1, ROSTER_SIZE_MAX, stdin);
	text[size] = '\0';
	if (getchar() != EOF || strlen(text) != size) {
		return NULL;
	}
	return g_steal_pointer(&text);
}

static void set_data_options(const Config *config, DataFolderOptions *options)
{
	options->device_idle_max_s = config->device_idle_days * DAY_S;
	options->retention.versions_s = config->versions_days * DAY_S;
	options->retention.trash_s = config->trash_days * DAY_S;
	options->fresh.quota = config->quota;
	options->fresh.caseless = config->caseless;
	options->reserve = config->reserve;
}

typedef struct Asked {
	const char *const *words;
	const char *const *rest; /* after the verb's own */
	const char *input;
	const char *url; /* where people reach the drive; NULL: not known */
} Asked;

static int run_here(DataFolder *data, const Verb *verb, const Asked *asked)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GString) err = g_string_new(NULL);
	VerbCall call = { .data = data, .words = asked->rest, .input = asked->input, .out = out };
	int status = verb_run(verb, &call, err);
	fputs(out->str, stdout);
	fputs(err->str, stderr);
	return status;
}

static int run_there(const char *folder, const Asked *asked)
{
	g_autoptr(GError) error = NULL;
	ControlAnswer answer;
	if (!control_ask(folder, asked->words, asked->input, &answer, &error)) {
		return g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE) ? EXIT_AGAIN
										: fail(error);
	}
	fputs(answer.out, stdout);
	fputs(answer.err, stderr);
	int status = answer.status;
	control_answer_clear(&answer);
	return status;
}

/* EXIT_AGAIN: somebody has the folder, and is starting or stopping. */
static int try_verb(const DataFolderOptions *options, const Verb *verb, const Asked *asked)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(DataFolder) data = data_folder_open(options, &error);
	if (data) {
		data_folder_set_url(data, asked->url);
		return run_here(data, verb, asked);
	}
	if (g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_BUSY)) {
		return run_there(options->folder, asked);
	}
	return fail(error);
}

static void report_to_terminal(const char *text, void *data)
{
	g_autofree char *line = g_strdup_printf("imdrived: %s\n", text);
	fputs(line, stderr);
}

static int run_apart(const CommandLine *line, const Config *config, const Verb *verb,
		     const Asked *asked)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GString) err = g_string_new(NULL);
	VerbCall call = {
		.folder = line->folder,
		.public_url = config->public_url,
		.words = asked->rest,
		.out = out,
	};
	int status = verb_run(verb, &call, err);
	fputs(out->str, stdout);
	fputs(err->str, stderr);
	return status;
}

static int run_verb(const CommandLine *line, const Config *config)
{
	const char *const *words = (const char *const *)line->words->pdata;
	const char *const *rest;
	const Verb *verb = verb_find(words, &rest);
	if (!verb) {
		return fail_usage("there is no command", words[0]);
	}
	g_autoptr(GString) usage = g_string_new(NULL);
	if (!verb_takes(verb, rest, usage)) {
		fputs(usage->str, stderr);
		return EXIT_USAGE;
	}
	g_autofree char *input = !verb->prompt ? NULL
				 : verb->many  ? read_table(verb->prompt)
					       : read_input(verb->prompt);
	if (verb->prompt && !input) {
		return fail_usage("standard input is no text of at most 1 MiB for", verb->name);
	}
	const Asked asked = {
		.words = words, .rest = rest, .input = input, .url = config->public_url
	};
	if (verb->apart) {
		return run_apart(line, config, verb, &asked);
	}
	DataFolderOptions options = {
		.folder = line->folder,
		.create = verb->creates,
		.report = report_to_terminal,
	};
	set_data_options(config, &options);
	int status = try_verb(&options, verb, &asked);
	for (unsigned tries = 0; status == EXIT_AGAIN && tries < TRIES_MAX; tries++) {
		g_usleep(TRY_INTERVAL_US);
		status = try_verb(&options, verb, &asked);
	}
	if (status == EXIT_AGAIN) {
		fputs("imdrived: the server that has the data folder does not answer\n", stderr);
		status = EXIT_FAILED;
	}
	if (input) {
		sodium_memzero(input, strlen(input));
	}
	return status;
}

/* ---- serving --------------------------------------------------------------------------- */

typedef struct Server {
	Feed *feed;
	DataFolder *data;
	_Atomic(Keeper *) keeper; /* NULL while starting */
	_Atomic bool broken;      /* the disk failed: stop, and say so */
} Server;

static void wake_devices(const NodeId *drive, void *data)
{
	Server *server = data;
	feed_wake(server->feed, drive);
	keeper_nudge(server->keeper);
}

static void report(const char *text, void *data)
{
	log_event(LOG_WARNING, "upkeep", "%s", text);
}

static void stop_broken(const GError *error, void *data)
{
	Server *server = data;
	if (atomic_exchange(&server->broken, true)) {
		return;
	}
	log_event(LOG_ERROR, "broken", "the disk failed, stopping: %s", error->message);
	kill(getpid(), SIGTERM);
}

static int wait_for_end(Front *front, Server *server, const sigset_t *signals)
{
	printf("imdrived: ready on %s\n", front_url(front));
	fflush(stdout);
	log_event(LOG_INFO, "ready", "url=%s version=" IMDRIVE_VERSION, front_url(front));
	int signal_number = 0;
	sigwait(signals, &signal_number);
	log_event(LOG_INFO, "stopping", "signal=%s", strsignal(signal_number));
	return server->broken ? EXIT_FAILED : 0;
}

/* To the terminal only: it is a secret, though good once, and a log is read by many. */
static void show_first_link(Portal *portal)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *link = NULL;
	if (!portal_first_link(portal, &link, &error)) {
		log_event(LOG_WARNING, "portal", "no link for the first administrator: %s",
			  error->message);
	} else if (link) {
		fprintf(stderr,
			"imdrived: there is no account yet. Whoever opens this link first "
			"becomes the administrator:\n  %s\n",
			link);
		sodium_memzero(link, strlen(link));
	}
}

static void open_portal(Portal *portal, const char *base)
{
	portal_set_base(portal, base);
	if (login_base_is_safe(base)) {
		show_first_link(portal);
	}
}

static void report_chat(bool bad, const char *text, void *data)
{
	log_event(bad ? LOG_WARNING : LOG_INFO, "chat", "%s", text);
}

static Chatter *open_chatter(Server *server, const Config *config, GError **error)
{
	g_autofree char *here = g_strconcat("http://", config->listen, NULL);
	const ChatterOptions options = {
		.config = config,
		.url = config->public_url ? config->public_url : here,
		.accounts = data_folder_accounts(server->data),
		.sql = data_folder_sql(server->data),
		.report = report_chat,
	};
	return chatter_open(&options, error);
}

static Share *open_share(Server *server, const Config *config, Chat *chat, GError **error)
{
	const ShareOptions options = {
		.sql = data_folder_sql(server->data),
		.accounts = data_folder_accounts(server->data),
		.drive = data_folder_drive(server->data),
		.drive_name = config->drive_name,
		.chat = chat,
		.forbids_links = !config->share_links,
		.forbids_sending = !config->share_send,
	};
	return share_open(&options, error);
}

static Api *open_api(Server *server, Share *share)
{
	const ApiOptions options = {
		.accounts = data_folder_accounts(server->data),
		.drive = data_folder_drive(server->data),
		.feed = server->feed,
		.share = share,
	};
	return api_new(&options);
}

static int serve_data(Server *server, const char *folder, const Config *config,
		      const sigset_t *signals)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Chatter) chatter = open_chatter(server, config, &error);
	if (!chatter) {
		return fail(error);
	}
	g_autoptr(Share) share = open_share(server, config, chatter_chat(chatter), &error);
	if (!share) {
		return fail(error);
	}
	g_autoptr(Api) api = open_api(server, share);
	const FrontOptions options = {
		.listen = config->listen,
		.threads = config->threads,
		.workers = config->workers,
		.connections_max = config->connections,
		.connections_per_peer = config->connections_per_peer,
		.tls_certificate = config->tls_certificate,
		.tls_key = config->tls_key,
		.trusted_proxies = (const char *const *)config->trusted_proxies,
		.metrics_public = config->metrics_public,
	};
	const PortalOptions letting_in = {
		.folder = folder,
		.data = server->data,
		.config = config,
		.chat = chatter_chat(chatter),
		.limit = api_login_limit(api),
		.report = report,
	};
	g_autoptr(Portal) portal = portal_open(&letting_in, &error);
	if (!portal) {
		return fail(error);
	}
	Service services[PORTAL_SERVICES + 2];
	portal_services(portal, services);
	services[PORTAL_SERVICES] = share_service(share);
	services[PORTAL_SERVICES + 1] = api_service(api);
	g_autoptr(Front) front = front_start(&options, services, G_N_ELEMENTS(services), &error);
	if (front) {
		const char *base = config->public_url ? config->public_url : front_url(front);
		share_set_base(share, base);
		open_portal(portal, base);
		data_folder_set_url(server->data, base);
	}
	g_autoptr(Control) control = front ? control_start(folder, server->data, &error) : NULL;
	if (!control) {
		return fail(error);
	}
	const KeeperOptions keeping = {
		.folder = server->data,
		.report = report,
		.broken = stop_broken,
		.data = server,
	};
	server->keeper = keeper_start(&keeping);
	int status = wait_for_end(front, server, signals);
	/* Requests that nudge it come first to their end. */
	g_clear_pointer(&control, control_stop);
	g_clear_pointer(&front, front_stop);
	keeper_stop(server->keeper);
	return status;
}

static int serve(const CommandLine *line, const Config *config)
{
	/* Blocked before there are threads, so that only sigwait() gets them. */
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);

	g_autoptr(GError) error = NULL;
	g_autoptr(Feed) feed = feed_new();
	Server server = { .feed = feed };
	DataFolderOptions options = {
		.folder = line->folder,
		.create = true,
		.changed = wake_devices,
		.report = report,
		.broken = stop_broken,
		.data = &server,
	};
	set_data_options(config, &options);
	g_autoptr(DataFolder) data = data_folder_open(&options, &error);
	if (!data) {
		return fail(error);
	}
	server.data = data;
	return serve_data(&server, line->folder, config, &signals);
}

static int run(const CommandLine *line)
{
	const char *const *words = (const char *const *)line->words->pdata;
	if (line->help) {
		return print_help(words);
	}
	if (line->version || (words[0] && strcmp(words[0], "version") == 0)) {
		puts("imdrived " IMDRIVE_VERSION);
		return 0;
	}
	if (words[0] && words[0][0] == '-') {
		return fail_usage("there is no option", words[0]);
	}
	g_autoptr(GError) error = NULL;
	g_autoptr(Config) config = config_load(line->config, &error);
	if (!config) {
		return fail(error);
	}
	const char *level_name = line->log_level ? line->log_level : config->log_level;
	LogLevel level;
	if (!log_level_from_name(level_name, &level)) {
		return fail_usage("there is no log level", level_name);
	}
	log_set_level(level);
	if (line->listen) {
		g_free(config->listen);
		config->listen = g_strdup(line->listen);
	}
	if (!line->folder) {
		fputs("imdrived: where is the drive? Say --data DIR.\n", stderr);
		return EXIT_USAGE;
	}
	return words[0] ? run_verb(line, config) : serve(line, config);
}

int main(int argc, char **argv)
{
	memory_keep(HEAPS);
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	CommandLine line = { .words = words };
	int status = parse(argv, &line);
	return status != 0 ? status : run(&line);
}
