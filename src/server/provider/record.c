/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/record.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/share_url.h"
#include "server/provider/document.h"

#include <string.h>

#define GROUP "provider"
#define ID_SIZE_MAX 32

typedef bool (*ReadValue)(const char *value, void *target, GError **error);

typedef struct Field {
	const char *key;
	ReadValue read;
	size_t offset;
} Field;

static bool invalid(GError **error, const char *expected)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "must be %s", expected);
	return false;
}

/* ---- kinds of values ------------------------------------------------------------------- */

static bool read_text(const char *value, void *target, GError **error)
{
	for (const char *at = value; *at; at++) {
		if (g_ascii_iscntrl(*at)) {
			return invalid(error, "without control characters");
		}
	}
	if (!*value || strlen(value) > PROVIDER_FILE_SIZE_MAX / 8) {
		return invalid(error, "a text that is neither empty nor huge");
	}
	g_free(*(char **)target);
	*(char **)target = g_strdup(value);
	return true;
}

static bool read_id(const char *value, void *target, GError **error)
{
	size_t size = strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (size == 0 || value[size] || size > ID_SIZE_MAX) {
		return invalid(error, "1 to 32 of a-z, 0-9 and '-'");
	}
	return read_text(value, target, error);
}

static bool read_list(const char *value, void *target, GError **error)
{
	g_auto(GStrv) items = g_strsplit(value, ";", -1);
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	for (size_t i = 0; items[i]; i++) {
		if (*g_strstrip(items[i])) {
			g_ptr_array_add(list, g_strdup(items[i]));
		}
	}
	g_ptr_array_add(list, NULL);
	g_strfreev(*(char ***)target);
	*(char ***)target = (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
	return true;
}

static bool read_pairs(const char *value, void *target, GError **error)
{
	if (!read_list(value, target, error)) {
		return false;
	}
	char **pairs = *(char ***)target;
	for (size_t i = 0; pairs[i]; i++) {
		if (pairs[i][0] == '=' || !strchr(pairs[i], '=')) {
			return invalid(error, "name=value, with ';' between several");
		}
	}
	return true;
}

static bool read_expression(const char *value, void *target, GError **error)
{
	if (!document_is_expression(value)) {
		return invalid(error, "keys with blanks between them; ' + ' joins, ';' separates "
				      "alternatives");
	}
	return read_text(value, target, error);
}

/* Where a picture lies, or its address, made of what lies at the paths in braces; "": none. */
static bool read_picture(const char *value, void *target, GError **error)
{
	if (!*value) {
		g_clear_pointer((char **)target, g_free);
		return true;
	}
	return g_str_has_prefix(value, "https://") ? read_text(value, target, error)
						   : read_expression(value, target, error);
}

static bool read_share_url(const char *value, void *target, GError **error)
{
	if (!share_url_is_template(value)) {
		return invalid(error, "an address by https, with {url} in its query and perhaps "
				      "{name}");
	}
	return read_text(value, target, error);
}

static bool read_bool(const char *value, void *target, GError **error)
{
	bool yes = g_str_equal(value, "yes") || g_str_equal(value, "true");
	if (!yes && !g_str_equal(value, "no") && !g_str_equal(value, "false")) {
		return invalid(error, "yes or no");
	}
	*(bool *)target = yes;
	return true;
}

/* The position among words, which end with NULL. */
static bool read_word(const char *value, const char *const *words, int *target, GError **error)
{
	for (int i = 0; words[i]; i++) {
		if (g_str_equal(words[i], value)) {
			*target = i;
			return true;
		}
	}
	g_autofree char *all = g_strjoinv(", ", (char **)words);
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "must be one of: %s", all);
	return false;
}

static const char *const kind_words[] = { "oidc", "oauth2", "qq", "wecom", "matrix", NULL };
static const char *const register_words[] = { "off", "invite", "approve", "auto", NULL };

static bool read_kind(const char *value, void *target, GError **error)
{
	return read_word(value, kind_words, target, error);
}

static bool read_register(const char *value, void *target, GError **error)
{
	return read_word(value, register_words, target, error);
}

static bool read_discovery(const char *value, void *target, GError **error)
{
	static const char *const words[] = { "off", "oidc", "rfc8414", NULL };
	return read_word(value, words, target, error);
}

static bool read_token_req(const char *value, void *target, GError **error)
{
	static const char *const words[] = { "post_form", "post_json", "get_query", NULL };
	return read_word(value, words, target, error);
}

static bool read_userinfo(const char *value, void *target, GError **error)
{
	static const char *const words[] = { "auto", "yes", "no", NULL };
	return read_word(value, words, target, error);
}

static bool read_method(const char *value, void *target, GError **error)
{
	static const char *const words[] = { "GET", "POST", NULL };
	int which = 0;
	return read_word(value, words, &which, error) && read_text(value, target, error);
}

static bool read_key(const char *value, void *target, GError **error)
{
	static const char *const words[] = { "jwks", "client_secret", NULL };
	int which = 0;
	if (!read_word(value, words, &which, error)) {
		return false;
	}
	*(bool *)target = which == 1;
	return true;
}

static bool read_algorithms(const char *value, void *target, GError **error)
{
	static const char *const words[] = { "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
					     "ES256", "ES384", "ES512", "HS256", NULL };
	if (!read_list(value, target, error)) {
		return false;
	}
	char **list = *(char ***)target;
	int which = 0;
	for (size_t i = 0; list[i]; i++) {
		if (!read_word(list[i], words, &which, error)) {
			return false;
		}
	}
	return list[0] ? true : invalid(error, "at least one");
}

static bool has_name(const char *value, const char *prefix)
{
	return g_str_has_prefix(value, prefix) && value[strlen(prefix)];
}

static bool read_token_auth(const char *value, void *target, GError **error)
{
	bool word = g_str_equal(value, "basic") || g_str_equal(value, "post") ||
		    g_str_equal(value, "none") || has_name(value, "header:");
	return word ? read_text(value, target, error)
		    : invalid(error, "basic, post, none or header:NAME");
}

static bool read_token_place(const char *value, void *target, GError **error)
{
	bool word = g_str_equal(value, "bearer") || has_name(value, "query:") ||
		    has_name(value, "header:") || has_name(value, "form:");
	return word ? read_text(value, target, error)
		    : invalid(error, "bearer, query:NAME, header:NAME or form:NAME");
}

static bool read_err_test(const char *value, void *target, GError **error)
{
	static const char *const tests[] = { "field:", "nonzero:", "false:" };
	if (!read_list(value, target, error)) {
		return false;
	}
	char **list = *(char ***)target;
	for (size_t i = 0; list[i]; i++) {
		bool known = false;
		for (size_t k = 0; k < G_N_ELEMENTS(tests); k++) {
			known |= has_name(list[i], tests[k]);
		}
		if (!known) {
			return invalid(error, "field:KEY, nonzero:KEY or false:KEY");
		}
	}
	return true;
}

/* ---- the fields ------------------------------------------------------------------------ */

#define FIELD(name, read)                                  \
	{                                                  \
#name, read, G_STRUCT_OFFSET(Record, name) \
	}

static const Field fields[] = {
	FIELD(id, read_id),
	FIELD(label, read_text),
	FIELD(label_zh, read_text),
	FIELD(icon, read_id),
	FIELD(kind, read_kind),
	FIELD(extends, read_id),
	FIELD(enabled, read_bool),
	FIELD(asks, read_list),
	FIELD(console, read_text),
	FIELD(base, read_text),
	FIELD(directory, read_text),
	FIELD(agent_id, read_text),
	FIELD(issuer, read_text),
	FIELD(issuer_template, read_text),
	FIELD(discovery, read_discovery),
	FIELD(authorize_url, read_text),
	FIELD(authorize_fragment, read_text),
	FIELD(authorize_extra, read_pairs),
	FIELD(token_url, read_text),
	FIELD(userinfo_url, read_text),
	FIELD(profile_url, read_text),
	FIELD(jwks_uri, read_text),
	FIELD(client_id, read_text),
	FIELD(client_secret, read_text),
	FIELD(client_secret_file, read_text),
	FIELD(client_id_param, read_text),
	FIELD(client_secret_param, read_text),
	FIELD(scope, read_text),
	FIELD(cb_code_param, read_text),
	FIELD(cb_carry, read_list),
	FIELD(token_req, read_token_req),
	FIELD(token_names, read_pairs),
	FIELD(token_extra, read_pairs),
	FIELD(token_auth, read_token_auth),
	FIELD(token_send_redirect_uri, read_bool),
	FIELD(token_resp_names, read_pairs),
	FIELD(token_resp_root, read_expression),
	FIELD(err_test, read_err_test),
	FIELD(userinfo, read_userinfo),
	FIELD(userinfo_method, read_method),
	FIELD(token_place, read_token_place),
	FIELD(userinfo_query, read_pairs),
	FIELD(userinfo_from_token, read_list),
	FIELD(data_root, read_expression),
	FIELD(subject, read_expression),
	FIELD(alt_subject, read_expression),
	FIELD(tenant, read_text),
	FIELD(name, read_expression),
	FIELD(username, read_expression),
	FIELD(email, read_expression),
	FIELD(email_verified, read_expression),
	FIELD(picture, read_picture),
	FIELD(chat_address, read_expression),
	FIELD(subject_scope, read_text),
	FIELD(group, read_expression),
	FIELD(groups, read_list),
	FIELD(pkce, read_text),
	FIELD(nonce, read_bool),
	FIELD(iss_param, read_bool),
	FIELD(id_token_alg, read_algorithms),
	{ "id_token_key", read_key, G_STRUCT_OFFSET(Record, id_token_secret) },
	FIELD(servers, read_list),
	{ "register", read_register, G_STRUCT_OFFSET(Record, register_policy) },
	FIELD(trust_email_verified, read_bool),
	FIELD(embedded, read_bool),
	FIELD(embed_hosts, read_list),
	FIELD(share_url, read_share_url),
	FIELD(allow_http_loopback, read_bool),
};

static const Field *find_field(const char *key)
{
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		if (g_str_equal(fields[i].key, key)) {
			return &fields[i];
		}
	}
	return NULL;
}

const char *record_pair(char **pairs, const char *name, const char *otherwise)
{
	size_t size = strlen(name);
	for (size_t i = 0; pairs && pairs[i]; i++) {
		if (strncmp(pairs[i], name, size) == 0 && pairs[i][size] == '=') {
			return pairs[i] + size + 1;
		}
	}
	return otherwise;
}

/* ---- URLs ------------------------------------------------------------------------------ */

bool record_is_loopback(const char *url)
{
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_ENCODED, NULL);
	const char *host = uri ? g_uri_get_host(uri) : NULL;
	return host && (g_str_equal(host, "127.0.0.1") || g_str_equal(host, "::1") ||
			g_str_equal(host, "localhost"));
}

bool record_is_url(const char *url, bool loopback)
{
	for (const char *at = url; *at; at++) {
		if (g_ascii_iscntrl(*at) || *at == ' ' || *at == '\\' || *at == '{') {
			return false;
		}
	}
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_ENCODED, NULL);
	if (!uri || !g_uri_get_host(uri) || !*g_uri_get_host(uri) || g_uri_get_userinfo(uri) ||
	    g_uri_get_fragment(uri)) {
		return false;
	}
	if (g_str_equal(g_uri_get_scheme(uri), "https")) {
		return true;
	}
	return loopback && g_str_equal(g_uri_get_scheme(uri), "http") && record_is_loopback(url);
}

/* ---- the file -------------------------------------------------------------------------- */

/* GKeyFile takes the last of two equal keys in silence. */
static bool has_no_repetition(const char *text, size_t size, GError **error)
{
	g_autofree char *copy = g_strndup(text, size);
	g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (size_t i = 0; lines[i]; i++) {
		char *equals = strchr(lines[i], '=');
		const char *line = g_strstrip(lines[i]);
		if (*line == '#' || *line == '[' || !equals) {
			continue;
		}
		char *key = g_strstrip(g_strndup(line, (gsize)(strchr(line, '=') - line)));
		if (!g_hash_table_add(seen, key)) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "line %zu: a key stands here for the second time", i + 1);
			return false;
		}
	}
	return true;
}

static bool take_keys(GKeyFile *file, GHashTable *values, GError **error)
{
	g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
	if (g_strv_length(groups) != 1 || !g_str_equal(groups[0], GROUP)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the file must have one group, [" GROUP "]");
		return false;
	}
	g_auto(GStrv) keys = g_key_file_get_keys(file, GROUP, NULL, NULL);
	for (size_t i = 0; keys[i]; i++) {
		if (!find_field(keys[i])) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "there is no key '%.64s' in a provider's record", keys[i]);
			return false;
		}
		g_autoptr(GError) wrong = NULL;
		g_autofree char *value = g_key_file_get_string(file, GROUP, keys[i], &wrong);
		if (!value || wrong) {
			/* GLib's message has the value in it, which may be a secret. */
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "key '%s': is not UTF-8, or has a '\\' that must be '\\\\'",
				    keys[i]);
			return false;
		}
		g_hash_table_replace(values, g_strdup(keys[i]), g_steal_pointer(&value));
	}
	return true;
}

GHashTable *record_parse(const char *text, size_t size, GError **error)
{
	if (size > PROVIDER_FILE_SIZE_MAX || memchr(text, '\0', size)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "this is no provider's record: too large, or no text");
		return NULL;
	}
	g_autoptr(GHashTable) values =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(GKeyFile) file = g_key_file_new();
	if (!g_key_file_load_from_data(file, size > 0 ? text : " ", size > 0 ? size : 1,
				       G_KEY_FILE_NONE, NULL)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "this is no key file: [" GROUP "], then lines 'key=value'");
		return NULL;
	}
	if (!has_no_repetition(text, size, error) || !take_keys(file, values, error)) {
		return NULL;
	}
	return g_steal_pointer(&values);
}

/* ---- the record ------------------------------------------------------------------------ */

static void free_value(Record *record, const Field *field)
{
	void *target = G_STRUCT_MEMBER_P(record, field->offset);
	bool list = field->read == read_list || field->read == read_pairs ||
		    field->read == read_algorithms || field->read == read_err_test;
	bool flag = field->read == read_bool || field->read == read_key;
	bool word = field->read == read_kind || field->read == read_register ||
		    field->read == read_discovery || field->read == read_token_req ||
		    field->read == read_userinfo;
	if (list) {
		g_strfreev(*(char ***)target);
	} else if (!flag && !word) {
		g_free(*(char **)target);
	}
}

void record_free(Record *record)
{
	if (!record) {
		return;
	}
	if (record->client_secret) {
		explicit_bzero(record->client_secret, strlen(record->client_secret));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		free_value(record, &fields[i]);
	}
	g_free(record);
}

/* Puts the values of other keys in the place of their names in braces. */
static char *substitute(GHashTable *values, const char *value)
{
	static const char *const names[] = { "issuer", "base", "directory", "agent_id",
					     "client_id" };
	GString *text = g_string_new(value);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *with = g_hash_table_lookup(values, names[i]);
		if (with) {
			g_autofree char *name = g_strdup_printf("{%s}", names[i]);
			g_string_replace(text, name, with, 0);
		}
	}
	return g_string_free(text, FALSE);
}

static bool read_values(Record *record, GHashTable *values, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		const Field *field = &fields[i];
		const char *value = g_hash_table_lookup(values, field->key);
		if (!value) {
			continue;
		}
		bool secret = g_str_has_prefix(field->key, "client_secret");
		g_autofree char *whole = secret ? g_strdup(value) : substitute(values, value);
		if (!field->read(whole, G_STRUCT_MEMBER_P(record, field->offset), error)) {
			g_prefix_error(error, "key '%s': ", field->key);
			return false;
		}
	}
	return true;
}

static void set_default(char **target, const char *value)
{
	if (!*target && value) {
		*target = g_strdup(value);
	}
}

static void set_defaults(Record *record)
{
	set_default(&record->label, record->id);
	set_default(&record->label_zh, record->label);
	set_default(&record->icon, record->extends ? record->extends : record->id);
	set_default(&record->client_id_param, "client_id");
	set_default(&record->client_secret_param, "client_secret");
	set_default(&record->cb_code_param, "code");
	set_default(&record->token_auth, "basic");
	set_default(&record->userinfo_method, "GET");
	set_default(&record->token_place, "bearer");
	set_default(&record->pkce, "S256");
	/* Whoever can keep strangers out may let everybody else in. */
	bool own = (record->groups && record->groups[0]) || (record->servers && record->servers[0]);
	if (record->register_policy < 0) {
		record->register_policy = own ? PROVIDER_REGISTER_AUTO : PROVIDER_REGISTER_INVITE;
	}
	if (record->kind == RECORD_OIDC || record->kind == RECORD_MATRIX) {
		set_default(&record->subject, "sub");
	}
	if (!record->id_token_alg) {
		const char *algorithm = record->id_token_secret ? "HS256" : "RS256";
		record->id_token_alg = g_strsplit(algorithm, ";", -1);
	}
	if (record->kind == RECORD_MATRIX) {
		record->asks_server = true;
	}
	record->info = (ProviderRecord){
		.id = record->id,
		.label = record->label,
		.label_zh = record->label_zh,
		.icon = record->icon,
		.kind = kind_words[record->kind],
		.register_policy = (ProviderRegister)record->register_policy,
		.asks_server = record->asks_server,
		.trust_email_verified = record->trust_email_verified,
		.embedded = record->embedded,
		.embed_hosts = (const char *const *)record->embed_hosts,
		.allow_http_loopback = record->allow_http_loopback,
	};
}

static bool missing(GError **error, const char *key, const char *why)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "key '%s' is missing: %s", key, why);
	return false;
}

/* value still has the name of another key in braces. */
static bool missing_part(GError **error, const char *key, const char *value)
{
	const char *open = strchr(value, '{') + 1;
	g_autofree char *name = g_strndup(open, strcspn(open, "}"));
	g_autofree char *why =
		g_strdup_printf("'%s' is made of it; add a line '%s=…' there", key, name);
	return missing(error, name, why);
}

static bool check_urls(const Record *record, GError **error)
{
	const struct {
		const char *key;
		const char *url;
	} urls[] = {
		{ "base", record->base },
		{ "issuer", record->issuer },
		{ "authorize_url", record->authorize_url },
		{ "token_url", record->token_url },
		{ "userinfo_url", record->userinfo_url },
		{ "profile_url", record->profile_url },
		{ "jwks_uri", record->jwks_uri },
		{ "console", record->console },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
		if (!urls[i].url || record_is_url(urls[i].url, record->allow_http_loopback)) {
			continue;
		}
		if (strchr(urls[i].url, '{')) {
			return missing_part(error, urls[i].key, urls[i].url);
		}
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "key '%s': must be an https:// URL without user and fragment",
			    urls[i].key);
		return false;
	}
	if (record->tenant && strchr(record->tenant, '{')) {
		return missing_part(error, "tenant", record->tenant);
	}
	for (char **extra = record->authorize_extra; extra && *extra; extra++) {
		const char *part = strstr(*extra, "{agent_id}");
		if (part) {
			return missing_part(error, "authorize_extra", part);
		}
	}
	if (record->issuer_template && !strstr(record->issuer_template, "{tenantid}")) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "key 'issuer_template': must contain {tenantid}");
		return false;
	}
	return true;
}

static bool check_client(const Record *record, GError **error)
{
	if (record->kind == RECORD_MATRIX) {
		return true;
	}
	if (!record->client_id) {
		return missing(error, "client_id",
			       "the service gives it to a registered application");
	}
	if (!record->client_secret && !g_str_equal(record->token_auth, "none")) {
		return missing(
			error, "client_secret",
			"write it, or client_secret_file=PATH, or give a systemd credential");
	}
	return true;
}

/* HS256 with a public key as its secret is the oldest forgery there is (R5). */
static bool check_algorithms(const Record *record, GError **error)
{
	for (size_t i = 0; record->id_token_alg[i]; i++) {
		bool symmetric = g_str_has_prefix(record->id_token_alg[i], "HS");
		if (symmetric != record->id_token_secret) {
			g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
					    "key 'id_token_alg': HS256 goes with "
					    "id_token_key=client_secret, and nothing else does");
			return false;
		}
	}
	return true;
}

static bool check_record(const Record *record, GError **error)
{
	bool oidc = record->kind == RECORD_OIDC;
	if (!record->id) {
		return missing(error, "id", "it is half of every identity: choose it once");
	}
	if (!check_urls(record, error) || !check_client(record, error) ||
	    !check_algorithms(record, error)) {
		return false;
	}
	if (oidc && !record->issuer) {
		return missing(error, "issuer", "OpenID Connect needs one");
	}
	if (record->discovery != RECORD_DISCOVERY_OFF && !record->issuer) {
		return missing(error, "issuer", "discovery starts from it");
	}
	bool found = record->discovery != RECORD_DISCOVERY_OFF || record->kind == RECORD_MATRIX;
	if (!found && (!record->authorize_url || !record->token_url)) {
		return missing(error, record->authorize_url ? "token_url" : "authorize_url",
			       "or discovery=oidc or rfc8414 with an issuer");
	}
	if (!found && oidc && !record->id_token_secret && !record->jwks_uri) {
		return missing(error, "jwks_uri", "the keys that the service signs with");
	}
	if (!found && !oidc && !record->userinfo_url && record->userinfo != RECORD_USERINFO_NO) {
		return missing(error, "userinfo_url", "or userinfo=no");
	}
	bool profiled = record->kind == RECORD_QQ || record->kind == RECORD_WECOM;
	if (profiled && !record->profile_url) {
		return missing(error, "profile_url",
			       "where the service says what somebody is called");
	}
	if (!record->subject) {
		return missing(error, "subject", "what the service calls a person's id");
	}
	if (strpbrk(record->subject, ";+")) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "key 'subject': must be one path, without alternatives");
		return false;
	}
	if (record->groups && record->groups[0] && !record->group) {
		return missing(error, "group", "where a person's group stands, for 'groups'");
	}
	return true;
}

Record *record_new(GHashTable *values, const char *secret, GError **error)
{
	g_autoptr(Record) record = g_new0(Record, 1);
	record->enabled = true;
	record->register_policy = -1;
	record->token_send_redirect_uri = true;
	record->kind = RECORD_OAUTH2;
	if (!read_values(record, values, error)) {
		return NULL;
	}
	if (secret) {
		g_free(record->client_secret);
		record->client_secret = g_strdup(secret);
	}
	set_defaults(record);
	if (!check_record(record, error)) {
		return NULL;
	}
	return g_steal_pointer(&record);
}
