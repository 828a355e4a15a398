/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/verb_provider.h"

#include "admin/callback.h"
#include "base/error.h"
#include "base/secret.h"
#include "server/accounts/proof.h"
#include "server/provider/provider.h"

#include <stdio.h>
#include <string.h>

#define WAIT_S 600

/* ---- what all three do ----------------------------------------------------------------- */

typedef struct Services {
	Http *http;
	Providers *providers;
} Services;

static void clear_services(Services *services)
{
	providers_free(services->providers);
	http_free(services->http);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Services, clear_services)

static bool load(const VerbCall *call, ProviderTrace trace, Services *services, GError **error)
{
	g_autofree char *folder = g_build_filename(call->folder, "providers", NULL);
	services->http = http_new("imdrived");
	const ProvidersOptions options = {
		.folder = folder,
		.credentials = g_getenv("CREDENTIALS_DIRECTORY"),
		.http = services->http,
		.trace = trace,
	};
	services->providers = providers_load(&options, error);
	return services->providers != NULL;
}

static char *callback_url(const VerbCall *call, const char *id)
{
	return g_strdup_printf("%s/login/%s/callback",
			       call->public_url ? call->public_url : "PUBLIC_URL", id);
}

/* ---- list ------------------------------------------------------------------------------ */

bool verb_provider_list(VerbCall *call, GError **error)
{
	g_auto(Services) services = { 0 };
	if (!load(call, NULL, &services, error)) {
		return false;
	}
	g_string_append(call->out, "id\tservice\tkind\tregistration\n");
	const ProviderRecord *const *enabled = providers_list(services.providers);
	for (size_t i = 0; enabled[i]; i++) {
		g_string_append_printf(call->out, "%s\t%s\t%s\t%s\n", enabled[i]->id,
				       enabled[i]->label, enabled[i]->kind,
				       provider_register_name(enabled[i]->register_policy));
	}
	g_auto(GStrv) names = providers_names();
	for (size_t i = 0; names[i]; i++) {
		if (!providers_find(services.providers, names[i])) {
			g_string_append_printf(call->out, "%s\t-\t-\tnot enabled\n", names[i]);
		}
	}
	return true;
}

/* ---- show ------------------------------------------------------------------------------ */

static void show_asks(VerbCall *call, const char *name)
{
	g_auto(GStrv) asks = providers_asks(name);
	if (!asks) {
		return;
	}
	g_string_append(call->out, "What the service asks of you:\n");
	for (size_t i = 0; asks[i]; i++) {
		g_string_append_printf(call->out, "  * %s\n", asks[i]);
	}
}

static void show_disabled(VerbCall *call, const char *name)
{
	g_autofree char *callback = callback_url(call, name);
	g_string_append_printf(call->out, "%s is not enabled.\n\n", name);
	show_asks(call, name);
	g_string_append_printf(call->out,
			       "\nRegister this callback URL there:\n  %s\n\n"
			       "Then write %s/providers/%s.conf (mode 600):\n"
			       "  [provider]\n  client_id=...\n  client_secret=...\n",
			       callback, call->folder, name);
}

static bool is_known(const char *name)
{
	g_auto(GStrv) names = providers_names();
	return g_strv_contains((const char *const *)names, name);
}

static bool show_enabled(VerbCall *call, Providers *providers, const ProviderRecord *record,
			 GError **error)
{
	g_autofree char *callback = callback_url(call, record->id);
	g_string_append_printf(call->out,
			       "%s (%s, kind %s) is enabled.\n\nCallback URL:\n  %s\n"
			       "Who comes for the first time: register=%s\n\n",
			       record->label, record->id, record->kind, callback,
			       provider_register_name(record->register_policy));
	if (!call->public_url) {
		g_string_append(call->out, "Set public_url in [server] of imdrived.conf: without "
					   "it there is no sign-in from elsewhere.\n\n");
	}
	show_asks(call, record->icon);
	g_string_append(call->out,
			"\nChecks:\n  ok   the record, and a client secret if it needs one\n");
	return provider_check(providers, record, call->out, error);
}

bool verb_provider_show(VerbCall *call, GError **error)
{
	g_auto(Services) services = { 0 };
	if (!load(call, NULL, &services, error)) {
		return false;
	}
	const char *name = call->words[0];
	const ProviderRecord *record = providers_find(services.providers, name);
	if (record) {
		return show_enabled(call, services.providers, record, error);
	}
	if (!is_known(name)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "there is no service '%s'; 'imdrived provider list' shows them", name);
		return false;
	}
	show_disabled(call, name);
	return true;
}

/* ---- test ------------------------------------------------------------------------------ */

typedef struct TestOptions {
	bool paste;
	unsigned port;
	const char *server;
} TestOptions;

static bool read_options(const VerbCall *call, TestOptions *options, GError **error)
{
	for (size_t i = 1; call->words[i]; i++) {
		const char *word = call->words[i];
		const char *value = call->words[i + 1];
		guint64 port;
		if (g_str_equal(word, "--paste")) {
			options->paste = true;
		} else if (g_str_equal(word, "--server") && value) {
			options->server = value;
			i++;
		} else if (g_str_equal(word, "--port") && value &&
			   g_ascii_string_to_unsigned(value, 10, 1, 65535, &port, NULL)) {
			options->port = (unsigned)port;
			i++;
		} else {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "'%s' is no option here, or lacks its value", word);
			return false;
		}
	}
	return true;
}

static void print_step(const char *step, const char *text, void *data)
{
	printf("\n%s:\n%s\n", step, text);
	fflush(stdout);
}

static void print_field(const char *name, const char *value)
{
	if (value) {
		printf("  %-13s %s\n", name, value);
	}
}

static void print_proof(const Proof *proof)
{
	printf("\nThe identity, which never changes:\n");
	print_field("provider", proof->provider);
	print_field("tenant", proof->tenant);
	print_field("subject", proof->subject);
	printf("Beside it:\n");
	print_field("alt_subject", proof->alt_subject);
	print_field("name", proof->name);
	print_field("username", proof->username);
	print_field("email", proof->email);
	print_field("verified", proof->email ? (proof->email_verified ? "yes" : "no") : NULL);
	print_field("chat_address", proof->chat_address);
	print_field("picture", proof->avatar_url);
	printf("\nIt works.\n");
	fflush(stdout);
}

/* What the browser came back with; NULL with the error. */
static GHashTable *wait_for_person(Callback *callback, const TestOptions *options,
				   const char *state, GError **error)
{
	if (!options->paste) {
		return callback_wait(callback, state, WAIT_S, error);
	}
	printf("Sign in; the drive will then say that it does not know this sign-in. Paste the\n"
	       "address that the browser shows, and press Enter:\n");
	fflush(stdout);
	char line[8192];
	if (!fgets(line, sizeof line, stdin)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED, "no address came");
		return NULL;
	}
	return callback_parse(line, state, error);
}

static bool walk(Providers *providers, const ProviderRecord *record, Callback *callback,
		 const TestOptions *options, const char *redirect_uri, GError **error)
{
	g_autofree char *state = secret_make();
	const ProviderStart start = {
		.redirect_uri = redirect_uri,
		.state = state,
		.server = options->server,
	};
	g_autofree char *url = NULL;
	g_autofree char *flight = NULL;
	if (!provider_begin(providers, record, &start, &url, &flight, error)) {
		return false;
	}
	printf("The callback URL of this test, which must be registered at the service:\n  %s\n"
	       "Open this in a browser:\n  %s\n",
	       redirect_uri, url);
	fflush(stdout);
	g_autoptr(GHashTable) query = wait_for_person(callback, options, state, error);
	g_auto(Proof) proof = { 0 };
	if (!query ||
	    !provider_finish(providers, record, flight, query, redirect_uri, &proof, error)) {
		return false;
	}
	print_proof(&proof);
	return true;
}

bool verb_provider_test(VerbCall *call, GError **error)
{
	g_auto(Services) services = { 0 };
	TestOptions options = { 0 };
	if (!read_options(call, &options, error) || !load(call, print_step, &services, error)) {
		return false;
	}
	const ProviderRecord *record = providers_find(services.providers, call->words[0]);
	if (!record) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "'%s' is not enabled; 'imdrived provider show %s' says how",
			    call->words[0], call->words[0]);
		return false;
	}
	if (options.paste && !call->public_url) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "--paste uses the drive's own callback: set public_url in "
				    "imdrived.conf and give it with --config");
		return false;
	}
	g_autofree char *path = g_strdup_printf("/login/%s/callback", record->id);
	g_autoptr(Callback) callback = callback_listen(path, options.port, error);
	if (!callback) {
		return false;
	}
	g_autofree char *redirect_uri = options.paste ? callback_url(call, record->id)
						      : g_strdup(callback_url_of(callback));
	return walk(services.providers, record, callback, &options, redirect_uri, error);
}
