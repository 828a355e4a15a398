/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/accounts.h"

#include "base/error.h"
#include "server/accounts/fixture/world.h"

#include <string.h>

#define NOW_US WORLD_NOW_US

static void setup(World *world, const void *data)
{
	world_setup(world, data);
	g_assert_true(accounts_add(world->accounts, "Alice", "wonder", &world->alice, NULL));
}

static bool may_sign_in(World *world, const char *name, const char *password)
{
	g_autoptr(GError) error = NULL;
	Account account = { 0 };
	bool right = accounts_sign_in(world->accounts, name, password, &account, &error);
	if (!right) {
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED);
		g_assert_cmpstr(error->message, ==, "name or password is wrong");
	}
	accounts_account_clear(&account);
	return right;
}

static void test_signs_in(World *world, const void *data)
{
	g_assert_true(may_sign_in(world, "Alice", "wonder"));
	g_assert_true(may_sign_in(world, "alice", "wonder"));
	g_assert_false(may_sign_in(world, "alice", "Wonder"));
	g_assert_false(may_sign_in(world, "alicia", "wonder"));
	g_assert_false(may_sign_in(world, "", "wonder"));
	g_assert_false(may_sign_in(world, "alice", ""));
	g_assert_false(may_sign_in(world, "a/b", "wonder"));
}

static void test_one_of_a_name(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	int64_t id = 0;
	g_assert_false(accounts_add(world->accounts, "ALICE", "other", &id, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT);
	g_assert_cmpint(id, ==, 0);
	g_assert_true(accounts_add(world->accounts, "bob", "builder", &id, NULL));

	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Account));
	g_array_set_clear_func(all, accounts_account_clear);
	g_assert_true(accounts_list(world->accounts, all, NULL));
	g_assert_cmpuint(all->len, ==, 2);
	g_assert_cmpstr(g_array_index(all, Account, 0).name, ==, "Alice");
	g_assert_cmpstr(g_array_index(all, Account, 1).name, ==, "bob");
}

static void test_password_changes(World *world, const void *data)
{
	g_assert_true(accounts_set_password(world->accounts, world->alice, "looking glass", NULL));
	g_assert_false(may_sign_in(world, "alice", "wonder"));
	g_assert_true(may_sign_in(world, "alice", "looking glass"));
	g_autoptr(GError) error = NULL;
	g_assert_false(accounts_set_password(world->accounts, world->alice + 1, "x", &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
}

static void test_disabled_is_out(World *world, const void *data)
{
	Devices *devices = accounts_devices(world->accounts);
	g_autofree char *token = NULL;
	int64_t device;
	g_assert_true(devices_add(devices, world->alice, "laptop", NOW_US, &token, &device, NULL));
	DevicesCaller caller;
	g_assert_true(devices_authenticate(devices, token, NOW_US, &caller, NULL));

	g_assert_true(accounts_set_disabled(world->accounts, world->alice, true, NULL));
	g_assert_false(may_sign_in(world, "alice", "wonder"));
	g_autoptr(GError) error = NULL;
	g_assert_false(devices_authenticate(devices, token, NOW_US, &caller, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED);
	g_clear_error(&error);
	g_autofree char *late = NULL;
	g_assert_false(devices_add(devices, world->alice, "x", NOW_US, &late, &device, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED);

	g_assert_true(accounts_set_disabled(world->accounts, world->alice, false, NULL));
	g_assert_true(may_sign_in(world, "alice", "wonder"));
	g_assert_false(devices_authenticate(devices, token, NOW_US, &caller, NULL));
}

static void test_removed_id_is_not_reused(World *world, const void *data)
{
	g_assert_true(accounts_remove(world->accounts, world->alice, NULL));
	g_assert_false(may_sign_in(world, "alice", "wonder"));
	g_autoptr(GError) error = NULL;
	Account account;
	g_assert_false(accounts_find(world->accounts, "alice", &account, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_clear_error(&error);
	g_assert_false(accounts_remove(world->accounts, world->alice, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);

	int64_t again;
	g_assert_true(accounts_add(world->accounts, "alice", "second", &again, NULL));
	g_assert_cmpint(again, !=, world->alice);
	g_assert_true(may_sign_in(world, "alice", "second"));
}

static void test_opens_again(World *world, const void *data)
{
	accounts_close(world->accounts);
	g_autoptr(GError) error = NULL;
	world->accounts = accounts_open(world->sql, 0, &error);
	g_assert_no_error(error);
	g_assert_true(may_sign_in(world, "alice", "wonder"));
}

static void add(const char *name, void (*test)(World *, const void *))
{
	g_autofree char *path = g_strconcat("/server/accounts/accounts/", name, NULL);
	g_test_add(path, World, NULL, setup, test, world_teardown);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("signs-in", test_signs_in);
	add("one-of-a-name", test_one_of_a_name);
	add("password-changes", test_password_changes);
	add("disabled-is-out", test_disabled_is_out);
	add("removed-id-is-not-reused", test_removed_id_is_not_reused);
	add("opens-again", test_opens_again);
	return g_test_run();
}
