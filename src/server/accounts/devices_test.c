/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/accounts.h"
#include "server/accounts/devices_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/fixture/world.h"

#include <string.h>

#define NOW_US WORLD_NOW_US
#define DAY_US G_TIME_SPAN_DAY

static void setup(World *world, const void *data)
{
	world_setup(world, data);
	g_assert_true(accounts_add(world->accounts, "alice", "wonder", &world->alice, NULL));
}

static char *add_device(World *world, const char *name, int64_t *ret_device)
{
	g_autoptr(GError) error = NULL;
	char *token = NULL;
	devices_add(world->devices, world->alice, name, NOW_US, &token, ret_device, &error);
	g_assert_no_error(error);
	return token;
}

static bool enters(World *world, const char *token, int64_t now_us)
{
	g_autoptr(GError) error = NULL;
	DevicesCaller caller = { 0 };
	bool right = devices_authenticate(world->devices, token, now_us, &caller, &error);
	if (right) {
		g_assert_cmpint(caller.account, ==, world->alice);
	} else {
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED);
		g_assert_null(strstr(error->message, token[0] ? token : "?"));
	}
	return right;
}

/* Whether any row of the table has this text in it. */
static bool is_stored(World *world, const char *text)
{
	g_autoptr(SqlSession) session = sql_read(world->sql, NULL);
	SqlStatement *select = sql_statement(session,
					     "SELECT COUNT(*) FROM device"
					     " WHERE token_hash = $1 OR name = $2",
					     NULL);
	sql_bind_bytes(select, 1, text, strlen(text));
	sql_bind_text(select, 2, text);
	bool row;
	g_assert_true(sql_step(select, &row, NULL));
	return sql_column_int(select, 0) > 0;
}

static void test_token_enters(World *world, const void *data)
{
	int64_t device;
	int64_t other_device;
	g_autofree char *token = add_device(world, "laptop", &device);
	g_autofree char *other = add_device(world, "laptop", &other_device);
	g_assert_cmpstr(token, !=, other);
	g_assert_cmpint(device, !=, other_device);
	g_assert_false(is_stored(world, token));
	g_assert_false(devices_remembers(world->devices, token, NOW_US));
	g_assert_true(enters(world, token, NOW_US));
	g_assert_true(devices_remembers(world->devices, token, NOW_US));
	g_assert_true(enters(world, token, NOW_US));
	g_assert_true(enters(world, other, NOW_US));
}

static void test_garbage_does_not_enter(World *world, const void *data)
{
	int64_t device;
	g_autofree char *token = add_device(world, "laptop", &device);
	g_autofree char *longer = g_strconcat(token, "A", NULL);
	g_autofree char *changed = g_strdup(token);
	changed[20] = changed[20] == 'A' ? 'B' : 'A';
	g_autofree char *shorter = g_strndup(token, strlen(token) - 1);
	const char *const bad[] = { "", "imdrive_", longer, changed, shorter, token + 1 };
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_assert_false(enters(world, bad[i], NOW_US));
	}
}

static void test_ended_is_out_at_once(World *world, const void *data)
{
	int64_t device;
	int64_t other_device;
	g_autofree char *token = add_device(world, "laptop", &device);
	g_autofree char *other = add_device(world, "phone", &other_device);
	g_assert_true(enters(world, token, NOW_US));
	g_assert_true(enters(world, other, NOW_US));

	g_assert_true(devices_end(world->devices, world->alice, device, NULL));
	g_assert_cmpint(world->ended, ==, 1);
	g_assert_false(enters(world, token, NOW_US));
	g_assert_true(enters(world, other, NOW_US));

	g_autoptr(GError) error = NULL;
	g_assert_false(devices_end(world->devices, world->alice, device, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_clear_error(&error);
	g_assert_false(devices_end(world->devices, world->alice + 1, other_device, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_assert_true(enters(world, other, NOW_US));

	g_assert_true(devices_end_all(world->devices, world->alice, NULL));
	g_assert_false(enters(world, other, NOW_US));
}

static void test_id_is_not_reused(World *world, const void *data)
{
	int64_t device;
	int64_t next;
	g_autofree char *token = add_device(world, "laptop", &device);
	g_assert_true(devices_end(world->devices, world->alice, device, NULL));
	g_autofree char *other = add_device(world, "laptop", &next);
	g_assert_cmpint(next, >, device);
	g_autofree char *name = NULL;
	g_assert_true(devices_name(world->devices, device, &name, NULL));
	g_assert_cmpstr(name, ==, "laptop");
}

static int64_t seen_of(World *world, int64_t device)
{
	g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(DevicesEntry));
	g_array_set_clear_func(entries, devices_entry_clear);
	g_assert_true(devices_list(world->devices, world->alice, entries, NULL));
	for (unsigned i = 0; i < entries->len; i++) {
		DevicesEntry *entry = &g_array_index(entries, DevicesEntry, i);
		if (entry->id == device) {
			return entry->seen_us;
		}
	}
	return -1;
}

static void test_last_seen_is_written_lazily(World *world, const void *data)
{
	int64_t device;
	g_autofree char *token = add_device(world, "laptop", &device);
	g_assert_true(enters(world, token, NOW_US + G_TIME_SPAN_MINUTE));
	g_assert_true(devices_upkeep(world->devices, NOW_US + G_TIME_SPAN_MINUTE, NULL));
	g_assert_cmpint(seen_of(world, device), ==, NOW_US);
	int64_t later_us = NOW_US + G_TIME_SPAN_HOUR;
	g_assert_true(enters(world, token, later_us));
	g_assert_true(devices_upkeep(world->devices, later_us, NULL));
	g_assert_cmpint(seen_of(world, device), ==, later_us);
}

static void test_idle_is_out(World *world, const void *data)
{
	int64_t device;
	int64_t other_device;
	g_autofree char *token = add_device(world, "laptop", &device);
	g_autofree char *other = add_device(world, "phone", &other_device);
	g_assert_true(enters(world, token, NOW_US + 29 * DAY_US));
	g_assert_true(enters(world, token, NOW_US + 58 * DAY_US));
	g_assert_false(enters(world, other, NOW_US + 31 * DAY_US));
	g_assert_true(devices_upkeep(world->devices, NOW_US + 58 * DAY_US, NULL));
	g_assert_cmpint(seen_of(world, other_device), ==, -1);
	g_assert_false(enters(world, token, NOW_US + 89 * DAY_US));

	/* What memory knew, the table knows. */
	accounts_close(world->accounts);
	world_open(world);
	g_assert_true(enters(world, token, NOW_US + 80 * DAY_US));
	g_assert_false(enters(world, other, NOW_US));
}

static void test_names(World *world, const void *data)
{
	g_autofree char *long_name = g_strnfill(DEVICE_NAME_SIZE_MAX + 1, 'x');
	const char *const bad[] = { "", long_name, "\xff", "a\nb" };
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		char *token = NULL;
		int64_t device;
		g_assert_false(devices_add(world->devices, world->alice, bad[i], NOW_US, &token,
					   &device, &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
		g_assert_null(token);
	}
}

static void test_number_is_bounded(World *world, const void *data)
{
	int64_t device;
	for (int i = 0; i < DEVICES_PER_ACCOUNT_MAX; i++) {
		g_free(add_device(world, "laptop", &device));
	}
	g_autoptr(GError) error = NULL;
	char *token = NULL;
	int64_t one_more;
	g_assert_false(devices_add(world->devices, world->alice, "laptop", NOW_US, &token,
				   &one_more, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
	g_assert_true(devices_end(world->devices, world->alice, device, NULL));
	g_free(add_device(world, "laptop", &device));
}

/* Somebody asks for the first time; between reading and remembering, the device is ended. */
static void test_ended_while_asked_is_out(World *world, const void *data)
{
	int64_t device;
	int64_t other_device;
	g_autofree char *token = add_device(world, "laptop", &device);
	g_autofree char *other = add_device(world, "phone", &other_device);
	DevicesKnown known;
	bool found;
	g_assert_true(devices_read(world->devices, token, &known, &found, NULL));
	g_assert_true(found);
	g_assert_true(devices_end(world->devices, world->alice, device, NULL));
	devices_remember(world->devices, &known, NOW_US);
	g_assert_false(enters(world, token, NOW_US));

	g_assert_true(devices_read(world->devices, other, &known, &found, NULL));
	g_assert_true(accounts_set_disabled(world->accounts, world->alice, true, NULL));
	devices_remember(world->devices, &known, NOW_US);
	g_assert_false(enters(world, other, NOW_US));
}

static void add(const char *name, void (*test)(World *, const void *))
{
	g_autofree char *path = g_strconcat("/server/accounts/devices/", name, NULL);
	g_test_add(path, World, NULL, setup, test, world_teardown);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("token-enters", test_token_enters);
	add("garbage-does-not-enter", test_garbage_does_not_enter);
	add("ended-is-out-at-once", test_ended_is_out_at_once);
	add("id-is-not-reused", test_id_is_not_reused);
	add("last-seen-is-written-lazily", test_last_seen_is_written_lazily);
	add("idle-is-out", test_idle_is_out);
	add("names", test_names);
	add("number-is-bounded", test_number_is_bounded);
	add("ended-while-asked-is-out", test_ended_while_asked_is_out);
	return g_test_run();
}
