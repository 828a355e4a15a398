/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/config.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define DAYS_MAX 36500

typedef bool (*SettingRead)(const char *value, void *target, GError **error);

typedef struct Setting {
	const char *group;
	const char *key;
	SettingRead read;
	size_t offset; /* of the target in Config */
} Setting;

static bool invalid(GError **error, const char *want)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "want %s", want);
	return false;
}

/* ---- values ---------------------------------------------------------------------------- */

static bool read_text(const char *value, void *target, GError **error)
{
	char **text = target;
	if (!*value) {
		return invalid(error, "a text");
	}
	g_free(*text);
	*text = g_strdup(value);
	return true;
}

/* Cookies and routes are those of a whole host: no path. */
static bool read_base(const char *value, void *target, GError **error)
{
	char **text = target;
	g_autoptr(GUri) uri = g_uri_parse(value, G_URI_FLAGS_NONE, NULL);
	bool web = uri && (strcmp(g_uri_get_scheme(uri), "https") == 0 ||
			   strcmp(g_uri_get_scheme(uri), "http") == 0);
	if (!web || !g_uri_get_host(uri) || !*g_uri_get_host(uri) || g_uri_get_userinfo(uri) ||
	    g_uri_get_query(uri) || g_uri_get_fragment(uri) ||
	    (*g_uri_get_path(uri) && strcmp(g_uri_get_path(uri), "/") != 0)) {
		return invalid(error, "a URL without a path, like https://drive.example.org");
	}
	g_autofree char *lower = g_ascii_strdown(value, -1);
	g_free(*text);
	*text = g_strdup(lower);
	if (g_str_has_suffix(*text, "/")) {
		(*text)[strlen(*text) - 1] = '\0';
	}
	return true;
}

/* "NAME=CONTENT" */
static bool read_meta(const char *value, void *target, GError **error)
{
	char **text = target;
	const char *equals = strchr(value, '=');
	if (!equals || equals == value || !equals[1]) {
		return invalid(error, "NAME=CONTENT");
	}
	g_free(*text);
	*text = g_strdup(value);
	return true;
}

static bool read_file(const char *value, void *target, GError **error)
{
	char **text = target;
	g_clear_pointer(text, g_free);
	return g_file_get_contents(value, text, NULL, error);
}

/* A file with one line. */
static bool read_secret(const char *value, void *target, GError **error)
{
	char **secret = target;
	if (!read_file(value, target, error)) {
		return false;
	}
	g_strchomp(*secret);
	return **secret || invalid(error, "a file that is not empty");
}

static bool read_remote(const char *value, void *target, GError **error)
{
	static const char *const words[] = {
		[CHAT_XMPP_REMOTE_OFF] = "off",
		[CHAT_XMPP_REMOTE_CHECKED] = "checked",
		[CHAT_XMPP_REMOTE_TRUSTED] = "trusted",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(value, words[i]) == 0) {
			*(ChatXmppRemote *)target = (ChatXmppRemote)i;
			return true;
		}
	}
	return invalid(error, "off, checked or trusted");
}

static bool read_register(const char *value, void *target, GError **error)
{
	static const char *const words[] = {
		[ENTRY_OFF] = "off",
		[ENTRY_INVITE] = "invite",
		[ENTRY_APPROVE] = "approve",
		[ENTRY_AUTO] = "auto",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(value, words[i]) == 0) {
			*(EntryPolicy *)target = (EntryPolicy)i;
			return true;
		}
	}
	return invalid(error, "auto, approve, invite or off");
}

static bool read_list(const char *value, void *target, GError **error)
{
	char ***list = target;
	g_strfreev(*list);
	*list = g_strsplit_set(value, ";, ", -1);
	return true;
}

static bool read_count(const char *value, void *target, GError **error)
{
	uint64_t number;
	if (!g_ascii_string_to_unsigned(value, 10, 1, 1 << 20, &number, NULL)) {
		return invalid(error, "a number from 1 to 1048576");
	}
	*(unsigned *)target = (unsigned)number;
	return true;
}

static bool read_days(const char *value, void *target, GError **error)
{
	if (!g_ascii_string_to_signed(value, 10, 0, DAYS_MAX, target, NULL)) {
		return invalid(error, "a number of days from 0 to 36500");
	}
	return true;
}

static bool read_size(const char *value, void *target, GError **error)
{
	return config_parse_size(value, target, error);
}

static bool read_names(const char *value, void *target, GError **error)
{
	if (strcmp(value, "any") != 0 && strcmp(value, "caseless") != 0) {
		return invalid(error, "'any' or 'caseless'");
	}
	*(bool *)target = strcmp(value, "caseless") == 0;
	return true;
}

static bool read_metrics(const char *value, void *target, GError **error)
{
	if (strcmp(value, "loopback") != 0 && strcmp(value, "public") != 0) {
		return invalid(error, "'loopback' or 'public'");
	}
	*(bool *)target = strcmp(value, "public") == 0;
	return true;
}

static bool read_yes(const char *value, void *target, GError **error)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
		return invalid(error, "'yes' or 'no'");
	}
	*(bool *)target = strcmp(value, "yes") == 0;
	return true;
}

static bool read_log_level(const char *value, void *target, GError **error)
{
	static const char *const levels[] = { "error", "warning", "info", "debug", NULL };
	return g_strv_contains(levels, value)
		       ? read_text(value, target, error)
		       : invalid(error, "'error', 'warning', 'info' or 'debug'");
}

bool config_parse_size(const char *text, uint64_t *ret_size, GError **error)
{
	static const char units[] = "KMGT";
	if (strcmp(text, "none") == 0) {
		*ret_size = 0;
		return true;
	}
	char *end;
	uint64_t number = g_ascii_strtoull(text, &end, 10);
	unsigned shift = 0;
	const char *unit = *end ? strchr(units, g_ascii_toupper(*end)) : NULL;
	if (unit) {
		shift = 10 * (unsigned)(unit - units + 1);
		end++;
	}
	if (!g_ascii_isdigit(text[0]) || *end || number > (uint64_t)INT64_MAX >> shift) {
		return invalid(error, "a size like 500M, 10G or 1T, or 'none'");
	}
	*ret_size = number << shift;
	return true;
}

/* ---- the file -------------------------------------------------------------------------- */

#define SETTING(group, key, read, field)                         \
	{                                                        \
		group, key, read, G_STRUCT_OFFSET(Config, field) \
	}

static const Setting settings[] = {
	SETTING("server", "listen", read_text, listen),
	SETTING("server", "public_url", read_base, public_url),
	SETTING("server", "threads", read_count, threads),
	SETTING("server", "workers", read_count, workers),
	SETTING("server", "connections", read_count, connections),
	SETTING("server", "connections_per_peer", read_count, connections_per_peer),
	SETTING("server", "trusted_proxies", read_list, trusted_proxies),
	SETTING("server", "metrics", read_metrics, metrics_public),
	SETTING("server", "log_level", read_log_level, log_level),
	SETTING("storage", "quota", read_size, quota),
	SETTING("storage", "names", read_names, caseless),
	SETTING("storage", "reserve", read_size, reserve),
	SETTING("storage", "versions_days", read_days, versions_days),
	SETTING("storage", "trash_days", read_days, trash_days),
	SETTING("devices", "idle_days", read_days, device_idle_days),
	SETTING("share", "links", read_yes, share_links),
	SETTING("share", "send", read_yes, share_send),
	SETTING("login", "name", read_text, drive_name),
	SETTING("login", "meta", read_meta, meta),
	SETTING("tls", "certificate", read_file, tls_certificate),
	SETTING("tls", "key", read_file, tls_key),
	SETTING("xmpp", "component", read_text, xmpp_component),
	SETTING("xmpp", "server", read_text, xmpp_server),
	SETTING("xmpp", "secret", read_secret, xmpp_secret),
	SETTING("xmpp", "domains", read_list, xmpp_domains),
	SETTING("xmpp", "prompt_domains", read_list, xmpp_prompt_domains),
	SETTING("xmpp", "remote", read_remote, xmpp_remote),
	SETTING("xmpp", "register", read_register, xmpp_register),
	SETTING("xmpp", "register_remote", read_register, xmpp_register_remote),
};

static const Setting *find_setting(const char *group, const char *key)
{
	for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
		if (strcmp(settings[i].group, group) == 0 && strcmp(settings[i].key, key) == 0) {
			return &settings[i];
		}
	}
	return NULL;
}

static bool read_key(Config *config, GKeyFile *file, const char *group, const char *key,
		     GError **error)
{
	const Setting *setting = find_setting(group, key);
	if (!setting) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "there is no setting '%s' in [%s]", key, group);
		return false;
	}
	g_autofree char *value = g_key_file_get_string(file, group, key, error);
	if (!value || !setting->read(value, G_STRUCT_MEMBER_P(config, setting->offset), error)) {
		g_prefix_error(error, "'%s' in [%s]: ", key, group);
		return false;
	}
	return true;
}

static bool read_groups(Config *config, GKeyFile *file, GError **error)
{
	g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
	for (size_t i = 0; groups[i]; i++) {
		g_auto(GStrv) keys = g_key_file_get_keys(file, groups[i], NULL, error);
		if (!keys) {
			return false;
		}
		for (size_t k = 0; keys[k]; k++) {
			if (!read_key(config, file, groups[i], keys[k], error)) {
				return false;
			}
		}
	}
	if (!config->tls_certificate != !config->tls_key) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "[tls] needs both 'certificate' and 'key'");
		return false;
	}
	return true;
}

/* The secret of [xmpp] may come as a credential of systemd instead. */
static bool complete_xmpp(Config *config, GError **error)
{
	const char *credentials = g_getenv("CREDENTIALS_DIRECTORY");
	if (!config->xmpp_component) {
		return true;
	}
	if (!config->xmpp_secret && credentials) {
		g_autofree char *path = g_build_filename(credentials, "xmpp_secret", NULL);
		if (!read_secret(path, &config->xmpp_secret, error)) {
			g_prefix_error(error, "the credential 'xmpp_secret' of [xmpp]: ");
			return false;
		}
	}
	if (!config->xmpp_secret || !config->xmpp_domains) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "[xmpp] needs 'component', 'secret' and 'domains'");
		return false;
	}
	return true;
}

Config *config_load(const char *path, GError **error)
{
	g_autoptr(Config) config = g_new0(Config, 1);
	config->listen = g_strdup("127.0.0.1:8090");
	config->log_level = g_strdup("info");
	config->reserve = 512 * MIB;
	config->versions_days = 30;
	config->trash_days = 30;
	config->device_idle_days = 180;
	config->share_links = true;
	config->share_send = true;
	config->xmpp_register = ENTRY_AUTO;
	config->xmpp_register_remote = ENTRY_INVITE;
	if (path) {
		g_autoptr(GKeyFile) file = g_key_file_new();
		if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, error) ||
		    !read_groups(config, file, error) || !complete_xmpp(config, error)) {
			g_prefix_error(error, "read the configuration '%s': ", path);
			return NULL;
		}
	}
	return g_steal_pointer(&config);
}

void config_free(Config *config)
{
	if (!config) {
		return;
	}
	g_free(config->listen);
	g_free(config->public_url);
	g_free(config->log_level);
	g_strfreev(config->trusted_proxies);
	g_free(config->drive_name);
	g_free(config->meta);
	g_free(config->tls_certificate);
	g_free(config->tls_key);
	g_free(config->xmpp_component);
	g_free(config->xmpp_server);
	g_free(config->xmpp_secret);
	g_strfreev(config->xmpp_domains);
	g_strfreev(config->xmpp_prompt_domains);
	g_free(config);
}
