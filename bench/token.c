/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs each request to know whose access token it has: among 10,000 devices, from memory,
 * beside the same look-up of a text in a bare hash table (g_str_hash, no lock, no expiry); and the
 * first time, from the table. Microseconds of the processor per check.
 *
 * Usage: bench-token [FOLDER]   (the database is made in FOLDER and removed)
 */
#include "server/accounts/credentials.h"

#include <glib/gstdio.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DEVICES 10000
#define ACCOUNTS 100
#define ROUNDS 100
#define ALLOWED_US 50.0

static void expect(bool done, GError *error)
{
	if (!done) {
		fprintf(stderr, "bench-token: %s\n", error ? error->message : "refused");
		exit(1);
	}
}

static double processor_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static GPtrArray *let_in(Accounts *accounts)
{
	GPtrArray *tokens = g_ptr_array_new_with_free_func(g_free);
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *name = g_strdup_printf("person-%u", i);
		CredentialsGrant grant = { .epoch = -1,
					   .device_name = "laptop",
					   .method = "qq",
					   .client = "bench",
					   .scopes = DEVICES_SCOPES_ALL };
		expect(accounts_add(accounts, name, NULL, &grant.account, &error), error);
		for (unsigned k = 0; k < DEVICES / ACCOUNTS; k++) {
			Credentials made = { 0 };
			expect(credentials_issue(accounts_devices(accounts), &grant, NULL, &made,
						 &error),
			       error);
			g_ptr_array_add(tokens, g_strdup(made.access));
			credentials_clear(&made);
		}
	}
	return tokens;
}

/* Each token once; the processor's time of one check. */
static double check_all(Devices *devices, const GPtrArray *tokens)
{
	int64_t now_us = g_get_real_time();
	double start_us = processor_us();
	for (unsigned i = 0; i < tokens->len; i++) {
		g_autoptr(GError) error = NULL;
		DevicesCaller caller;
		expect(devices_authenticate(devices, tokens->pdata[i], now_us, &caller, &error),
		       error);
	}
	return (processor_us() - start_us) / tokens->len;
}

static double look_up_all(GHashTable *table, const GPtrArray *tokens)
{
	double start_us = processor_us();
	for (unsigned i = 0; i < tokens->len; i++) {
		expect(g_hash_table_lookup(table, tokens->pdata[i]) != NULL, NULL);
	}
	return (processor_us() - start_us) / tokens->len;
}

static int measure(Sql *sql)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Accounts) accounts = accounts_open(sql, 0, &error);
	expect(accounts != NULL, error);
	g_autoptr(GPtrArray) tokens = let_in(accounts);
	g_autoptr(GHashTable) table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (unsigned i = 0; i < tokens->len; i++) {
		g_hash_table_add(table, g_strdup(tokens->pdata[i]));
	}
	Devices *devices = accounts_devices(accounts);
	double first_us = check_all(devices, tokens);
	double ours_us = 0;
	double bare_us = 0;
	for (unsigned round = 0; round < ROUNDS; round++) {
		ours_us += check_all(devices, tokens) / ROUNDS;
		bare_us += look_up_all(table, tokens) / ROUNDS;
	}
	printf("first time, from the table  %7.3f us\n", first_us);
	printf("from memory                 %7.3f us\n", ours_us);
	printf("bare hash table             %7.3f us\n", bare_us);
	printf("ratio %.1f, allowed %.0f us: %s\n", ours_us / bare_us, ALLOWED_US,
	       ours_us <= ALLOWED_US ? "met" : "not met");
	return ours_us <= ALLOWED_US ? 0 : 1;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path =
		g_build_filename(argc > 1 ? argv[1] : g_get_tmp_dir(), "bench-token.db", NULL);
	g_autoptr(Sql) sql = sql_open(path, &(SqlOptions){ .durability = SQL_ORDERED }, &error);
	expect(sql != NULL, error);
	int status = measure(sql);
	static const char *const endings[] = { "", "-wal", "-shm" };
	for (unsigned i = 0; i < G_N_ELEMENTS(endings); i++) {
		g_autofree char *file = g_strconcat(path, endings[i], NULL);
		g_remove(file);
	}
	return status;
}
