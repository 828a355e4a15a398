/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/profile.h"

#include "base/error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Fixture {
	char *root;
	char *folder;
} Fixture;

static void set_up(Fixture *fixture, const void *data)
{
	(void)data;
	fixture->root = g_dir_make_tmp("imdrive-profile-XXXXXX", NULL);
	fixture->folder = g_build_filename(fixture->root, "profile", NULL);
}

static void remove_tree(const char *path)
{
	if (g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
		g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
		const char *name;
		while ((name = g_dir_read_name(dir))) {
			g_autofree char *child = g_build_filename(path, name, NULL);
			remove_tree(child);
		}
	}
	g_remove(path);
}

static void tear_down(Fixture *fixture, const void *data)
{
	(void)data;
	remove_tree(fixture->root);
	g_free(fixture->root);
	g_free(fixture->folder);
}

static Profile *open_profile(Fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	Profile *profile = profile_open(fixture->folder, &error);
	g_assert_no_error(error);
	return profile;
}

static void sign_in(Profile *profile)
{
	g_autoptr(GError) error = NULL;
	ProfileLogin login = {
		.server = (char *)"http://127.0.0.1:1",
		.account = (char *)"alice",
		.device_name = (char *)"laptop",
		.device = 7,
		.drive = node_id_random(),
		.tokens = { .access = (char *)"secret" },
	};
	g_assert_true(profile_set_login(profile, &login, &error));
	g_assert_no_error(error);
}

static void test_login_is_kept(Fixture *fixture, const void *data)
{
	(void)data;
	g_autoptr(Profile) first = open_profile(fixture);
	g_assert_null(profile_login(first));
	sign_in(first);
	g_autoptr(Profile) again = open_profile(fixture);
	const ProfileLogin *login = profile_login(again);
	g_assert_cmpstr(login->account, ==, "alice");
	g_assert_cmpstr(login->tokens.access, ==, "secret");
	g_assert_cmpint(login->device, ==, 7);
	g_assert_true(node_id_equal(&login->drive, &profile_login(first)->drive));
}

static void test_token_is_private(Fixture *fixture, const void *data)
{
	(void)data;
	g_autoptr(Profile) profile = open_profile(fixture);
	sign_in(profile);
	g_autofree char *token = profile_path(profile, "token");
	g_autofree char *settings = profile_path(profile, "profile.conf");
	g_autofree char *text = NULL;
	struct stat info;
	g_assert_cmpint(stat(token, &info), ==, 0);
	g_assert_cmpint(info.st_mode & 0777, ==, 0600);
	g_assert_true(g_file_get_contents(settings, &text, NULL, NULL));
	g_assert_null(strstr(text, "secret"));
}

static void test_refuses_a_readable_folder(Fixture *fixture, const void *data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_assert_cmpint(g_mkdir(fixture->folder, 0755), ==, 0);
	g_assert_cmpint(g_chmod(fixture->folder, 0755), ==, 0);
	g_assert_null(profile_open(fixture->folder, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
}

static void test_signed_out_keeps_the_rest(Fixture *fixture, const void *data)
{
	(void)data;
	g_autoptr(Profile) profile = open_profile(fixture);
	sign_in(profile);
	g_assert_true(profile_sign_out(profile, NULL));
	g_autoptr(Profile) again = open_profile(fixture);
	g_assert_false(profile_is_signed_in(again));
	g_assert_cmpstr(profile_login(again)->account, ==, "alice");
}

static void test_one_process_at_a_time(Fixture *fixture, const void *data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autoptr(Profile) first = open_profile(fixture);
	g_autoptr(Profile) second = open_profile(fixture);
	g_assert_true(profile_lock(first, NULL));
	g_assert_false(profile_lock(second, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY);
}

static void test_bindings(Fixture *fixture, const void *data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autoptr(Profile) profile = open_profile(fixture);
	g_autofree char *folder = g_build_filename(fixture->root, "bound", NULL);
	g_autofree char *inside = g_build_filename(folder, "inside", NULL);
	g_assert_cmpint(g_mkdir_with_parents(inside, 0700), ==, 0);
	const ProfileBinding *binding = profile_bind(profile, folder, false, &error);
	g_assert_no_error(error);
	g_assert_true(binding->is_new);
	g_assert_true(profile_bind(profile, folder, false, &error) == binding);
	/* Ended before the marker was made: it is still to be made. */
	g_autoptr(Profile) again = open_profile(fixture);
	const ProfileBinding *same = profile_bind(again, folder, false, &error);
	g_assert_cmpstr(same->id, ==, binding->id);
	g_assert_true(same->is_new);
	g_assert_true(profile_marked(again, same, &error));
	g_autoptr(Profile) later = open_profile(fixture);
	g_assert_false(profile_bind(later, folder, false, &error)->is_new);
	g_assert_null(profile_bind(profile, inside, false, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT);
	g_clear_error(&error);
	g_assert_null(profile_bind(profile, fixture->root, false, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT);
	g_clear_error(&error);
	g_assert_null(profile_bind(profile, "/nonexistent", false, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
}

#define ADD(path, function) \
	g_test_add("/client/login/profile/" path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("login-is-kept", test_login_is_kept);
	ADD("token-is-private", test_token_is_private);
	ADD("refuses-a-readable-folder", test_refuses_a_readable_folder);
	ADD("signed-out-keeps-the-rest", test_signed_out_keeps_the_rest);
	ADD("one-process-at-a-time", test_one_process_at_a_time);
	ADD("bindings", test_bindings);
	return g_test_run();
}
