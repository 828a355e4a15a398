/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which services there are: records that are compiled in, below the operator's files. A file
 * without extends= completes the record of its own name.
 */
#include "server/provider/providers_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "provider-records.h"
#include "server/provider/record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESOURCE_FOLDER "/imdrive/providers"
#define SUFFIX ".conf"

/* ---- files ----------------------------------------------------------------------------- */

static bool read_all(int fd, const char *path, GString *text, GError **error)
{
	char buffer[4096];
	ssize_t size = 1;
	while (size > 0 && text->len <= PROVIDER_FILE_SIZE_MAX) {
		size = read(fd, buffer, sizeof buffer);
		if (size > 0) {
			g_string_append_len(text, buffer, size);
		}
	}
	if (size < 0) {
		return error_set_errno(error, errno, "read '%s'", path);
	}
	if (text->len > PROVIDER_FILE_SIZE_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE, "'%s' is too large", path);
		return false;
	}
	return true;
}

/* Refuses what others may read or write, if it is for us only. */
static GString *read_file(const char *path, bool *ret_private, GError **error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) != 0) {
		int errnum = errno;
		if (fd >= 0) {
			close(fd);
		}
		error_set_errno(error, errnum, "open '%s'", path);
		return NULL;
	}
	GString *text = g_string_new(NULL);
	bool ok = read_all(fd, path, text, error);
	close(fd);
	if (!ok) {
		g_string_free(text, TRUE);
		return NULL;
	}
	*ret_private = (status.st_mode & 077) == 0;
	return text;
}

static bool check_private(const char *path, bool private, GError **error)
{
	if (!private) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
			    "'%s' holds a secret, and others than its owner may read or write it: "
			    "chmod 600 '%s'",
			    path, path);
	}
	return private;
}

/* ---- secrets --------------------------------------------------------------------------- */

/* The file's one line. */
static char *read_secret(const char *path, bool *ret_private, GError **error)
{
	g_autoptr(GString) text = read_file(path, ret_private, error);
	if (!text) {
		return NULL;
	}
	char *secret = g_strdup(g_strstrip(text->str));
	explicit_bzero(text->str, text->allocated_len);
	if (!*secret || strpbrk(secret, "\r\n")) {
		g_free(secret);
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "'%s' must hold the secret, on one line", path);
		return NULL;
	}
	return secret;
}

/* *ret_secret is NULL if there is none but what the record itself says. */
static bool find_secret(const ProvidersOptions *options, const char *name, GHashTable *values,
			char **ret_secret, GError **error)
{
	bool private = false;
	const char *path = g_hash_table_lookup(values, "client_secret_file");
	if (path) {
		g_autofree char *whole = g_path_is_absolute(path)
						 ? g_strdup(path)
						 : g_build_filename(options->folder, path, NULL);
		*ret_secret = read_secret(whole, &private, error);
		return *ret_secret && check_private(whole, private, error);
	}
	g_autofree char *file = g_strconcat(name, ".secret", NULL);
	g_autofree char *credential =
		options->credentials ? g_build_filename(options->credentials, file, NULL) : NULL;
	if (credential && g_file_test(credential, G_FILE_TEST_EXISTS)) {
		/* systemd has seen to who may read it. */
		*ret_secret = read_secret(credential, &private, error);
		return *ret_secret != NULL;
	}
	return true;
}

/* ---- records --------------------------------------------------------------------------- */

static GResource *builtin_records(void)
{
	static gsize ready = 0;
	if (g_once_init_enter(&ready)) {
		provider_records_register_resource();
		g_once_init_leave(&ready, 1);
	}
	return provider_records_get_resource();
}

/* The values of a record that is compiled in; NULL if there is none of that name. */
static GHashTable *read_builtin(const char *name)
{
	g_autofree char *path = g_strdup_printf(RESOURCE_FOLDER "/%s" SUFFIX, name);
	g_autoptr(GBytes) bytes =
		g_resource_lookup_data(builtin_records(), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	if (!bytes) {
		return NULL;
	}
	g_autoptr(GError) error = NULL;
	size_t size = 0;
	const char *text = g_bytes_get_data(bytes, &size);
	GHashTable *values = record_parse(text, size, &error);
	g_assert_no_error(error);
	return values;
}

static void overlay(GHashTable *values, GHashTable *with)
{
	GHashTableIter iter;
	void *key;
	void *value;
	g_hash_table_iter_init(&iter, with);
	while (g_hash_table_iter_next(&iter, &key, &value)) {
		g_hash_table_replace(values, g_strdup(key), g_strdup(value));
	}
}

/* The values of the operator's file over those of the record that it is about. */
static GHashTable *complete(const char *name, GHashTable *own, GError **error)
{
	const char *extends = g_hash_table_lookup(own, "extends");
	GHashTable *values = read_builtin(extends ? extends : name);
	if (!values) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "there is no service '%s' ('imdrived provider list' shows them); for "
			    "another one write extends=oidc or extends=oauth2",
			    extends ? extends : name);
		return NULL;
	}
	if (extends && !g_hash_table_contains(own, "id")) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "key 'id' is missing: it is half of every identity, so choose "
				    "one for this service and never change it");
		g_hash_table_unref(values);
		return NULL;
	}
	overlay(values, own);
	return values;
}

static Record *build(const ProvidersOptions *options, const char *name, GHashTable *own,
		     GError **error)
{
	g_autoptr(GHashTable) values = complete(name, own, error);
	char *secret = NULL;
	Record *record = NULL;
	if (values && find_secret(options, name, values, &secret, error)) {
		record = record_new(values, secret, error);
	}
	if (secret) {
		explicit_bzero(secret, strlen(secret));
		g_free(secret);
	}
	return record;
}

static Record *load_file(const ProvidersOptions *options, const char *file, GError **error)
{
	g_autofree char *path = g_build_filename(options->folder, file, NULL);
	g_autofree char *name = g_strndup(file, strlen(file) - strlen(SUFFIX));
	bool private = false;
	g_autoptr(GString) text = read_file(path, &private, error);
	if (!text) {
		return NULL;
	}
	g_autoptr(GHashTable) own = record_parse(text->str, text->len, error);
	explicit_bzero(text->str, text->allocated_len);
	Record *record = own ? build(options, name, own, error) : NULL;
	if (!record) {
		g_prefix_error(error, "'%s': ", path);
		return NULL;
	}
	if (g_hash_table_contains(own, "client_secret") && !check_private(path, private, error)) {
		record_free(record);
		return NULL;
	}
	return record;
}

/* ---- the set --------------------------------------------------------------------------- */

static void free_record(void *record)
{
	record_free(record);
}

static bool add_record(GPtrArray *records, Record *record, GError **error)
{
	for (unsigned i = 0; i < records->len; i++) {
		const Record *other = records->pdata[i];
		if (g_str_equal(other->id, record->id)) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT,
				    "two services have the id '%s' (%s and %s)", record->id,
				    other->label, record->label);
			record_free(record);
			return false;
		}
	}
	if (!record->enabled) {
		record_free(record);
		return true;
	}
	if (records->len >= PROVIDERS_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
			    "more than %d services are enabled", PROVIDERS_MAX);
		record_free(record);
		return false;
	}
	g_ptr_array_add(records, record);
	return true;
}

static int by_label(const void *a, const void *b)
{
	const Record *left = *(Record *const *)a;
	const Record *right = *(Record *const *)b;
	int order = g_utf8_collate(left->label, right->label);
	return order != 0 ? order : strcmp(left->id, right->id);
}

static bool load_folder(const ProvidersOptions *options, GPtrArray *records, GError **error)
{
	g_autoptr(GError) wrong = NULL;
	g_autoptr(GDir) folder = options->folder ? g_dir_open(options->folder, 0, &wrong) : NULL;
	if (!folder) {
		bool none = !options->folder ||
			    g_error_matches(wrong, G_FILE_ERROR, G_FILE_ERROR_NOENT);
		if (!none) {
			g_propagate_error(error, g_steal_pointer(&wrong));
		}
		return none;
	}
	const char *name;
	while ((name = g_dir_read_name(folder))) {
		if (name[0] == '.' || !g_str_has_suffix(name, SUFFIX)) {
			continue;
		}
		Record *record = load_file(options, name, error);
		if (!record || !add_record(records, record, error)) {
			return false;
		}
	}
	return true;
}

Providers *providers_load(const ProvidersOptions *options, GError **error)
{
	g_autoptr(Providers) providers = g_new0(Providers, 1);
	providers->http = options->http;
	providers->trace = options->trace;
	providers->trace_data = options->trace_data;
	providers->memory = memory_new();
	providers->records = g_ptr_array_new_with_free_func(free_record);
	if (!load_folder(options, providers->records, error)) {
		g_prefix_error(error, "read the chat services: ");
		return NULL;
	}
	g_ptr_array_sort(providers->records, by_label);
	g_ptr_array_add(providers->records, NULL);
	return g_steal_pointer(&providers);
}

void providers_free(Providers *providers)
{
	if (!providers) {
		return;
	}
	g_ptr_array_unref(providers->records);
	memory_free(providers->memory);
	g_free(providers);
}

const ProviderRecord *providers_find(Providers *providers, const char *id)
{
	for (unsigned i = 0; i + 1 < providers->records->len; i++) {
		const Record *record = providers->records->pdata[i];
		if (g_str_equal(record->id, id)) {
			return &record->info;
		}
	}
	return NULL;
}

const ProviderRecord *const *providers_list(Providers *providers)
{
	/* A Record begins with its ProviderRecord. */
	return (const ProviderRecord *const *)(void *)providers->records->pdata;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **providers_asks(const char *name)
{
	g_autoptr(GHashTable) values = read_builtin(name);
	const char *asks = values ? g_hash_table_lookup(values, "asks") : NULL;
	return values ? g_strsplit(asks ? asks : "", ";", -1) : NULL;
}

char **providers_names(void)
{
	g_auto(GStrv) files = g_resource_enumerate_children(builtin_records(), RESOURCE_FOLDER,
							    G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	for (size_t i = 0; files[i]; i++) {
		files[i][strlen(files[i]) - strlen(SUFFIX)] = '\0';
	}
	qsort(files, g_strv_length(files), sizeof *files, by_name);
	return g_steal_pointer(&files);
}
