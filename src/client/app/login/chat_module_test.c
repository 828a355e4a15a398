/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/login/chat_module.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct Fixture {
	char *folder;
	char *program;
	char *below; /* where its modules are built */
	char *module;
	char *before; /* the working folder */
} Fixture;

static void setup(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	fixture->folder = g_dir_make_tmp("module-XXXXXX", &error);
	g_assert_no_error(error);
	fixture->program = g_build_filename(fixture->folder, "imdrive-app", NULL);
	fixture->below = g_build_filename(fixture->folder, "src/client/app", NULL);
	fixture->module = g_build_filename(fixture->below, "imdrive-web.so", NULL);
	fixture->before = g_get_current_dir();
	g_assert_cmpint(g_mkdir_with_parents(fixture->below, 0755), ==, 0);
	g_assert_true(g_file_set_contents(fixture->program, "", 0, NULL));
	g_assert_true(g_file_set_contents(fixture->module, "", 0, NULL));
	g_unsetenv("IMDRIVE_MODULEDIR");
}

static void teardown(Fixture *fixture, const void *data)
{
	g_assert_cmpint(g_chdir(fixture->before), ==, 0);
	g_unlink(fixture->module);
	g_unlink(fixture->program);
	g_rmdir(fixture->below);
	for (char *end; (end = strrchr(fixture->below, '/')) && end > fixture->below;) {
		*end = '\0';
		if (g_rmdir(fixture->below) != 0 || g_str_equal(fixture->below, fixture->folder)) {
			break;
		}
	}
	g_free(fixture->folder);
	g_free(fixture->program);
	g_free(fixture->below);
	g_free(fixture->module);
	g_free(fixture->before);
}

static bool is_found(const Fixture *fixture, const char *program)
{
	g_autofree char *path = chat_module_path(program);
	g_assert_true(g_path_is_absolute(path));
	return g_str_equal(path, fixture->module);
}

static void test_beside_the_program_that_was_built(Fixture *fixture, const void *data)
{
	g_assert_true(is_found(fixture, fixture->program));
	g_assert_false(is_found(fixture, NULL));
	g_unlink(fixture->module);
	g_assert_false(is_found(fixture, fixture->program));
}

static void test_not_in_the_working_folder(Fixture *fixture, const void *data)
{
	g_assert_cmpint(g_chdir(fixture->folder), ==, 0);
	g_assert_false(is_found(fixture, "/usr/bin/imdrive-app"));
	g_assert_false(is_found(fixture, "imdrive-app"));
	g_assert_false(is_found(fixture, "./imdrive-app"));
}

/* Whoever could write the program could do so anyway; nobody else may. */
static void test_not_what_others_put_there(Fixture *fixture, const void *data)
{
	g_assert_cmpint(g_chmod(fixture->module, 0646), ==, 0);
	g_assert_false(is_found(fixture, fixture->program));
	g_assert_cmpint(g_chmod(fixture->module, 0644), ==, 0);
	g_assert_cmpint(g_chmod(fixture->below, 0757), ==, 0);
	g_assert_false(is_found(fixture, fixture->program));
	g_assert_cmpint(g_chmod(fixture->below, 0755), ==, 0);
	g_assert_true(is_found(fixture, fixture->program));
	if (geteuid() == 0) {
		g_assert_cmpint(chown(fixture->module, 12345, 12345), ==, 0);
		g_assert_false(is_found(fixture, fixture->program));
	}
}

static void test_where_it_is_told_to_be(Fixture *fixture, const void *data)
{
	g_setenv("IMDRIVE_MODULEDIR", "/elsewhere", TRUE);
	g_autofree char *path = chat_module_path(fixture->program);
	g_assert_cmpstr(path, ==, "/elsewhere/imdrive-web.so");
}

static void add(const char *path, void (*test)(Fixture *, const void *))
{
	g_test_add(path, Fixture, NULL, setup, test, teardown);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/client/app/login/chat_module/beside-the-program-that-was-built",
	    test_beside_the_program_that_was_built);
	add("/client/app/login/chat_module/not-in-the-working-folder",
	    test_not_in_the_working_folder);
	add("/client/app/login/chat_module/not-what-others-put-there",
	    test_not_what_others_put_there);
	add("/client/app/login/chat_module/where-it-is-told-to-be", test_where_it_is_told_to_be);
	return g_test_run();
}
