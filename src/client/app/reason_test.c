/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/reason.h"

#include "base/error.h"

#include <gio/gio.h>
#include <libintl.h>
#include <locale.h>
#include <string.h>

#define MESSAGE "the drive said so"

static void speak(const char *language)
{
	g_setenv("LANGUAGE", language, TRUE);
	g_assert_nonnull(setlocale(LC_ALL, "C.UTF-8"));
	bindtextdomain("imdrive", g_getenv("IMDRIVE_LOCALEDIR"));
	bind_textdomain_codeset("imdrive", "UTF-8");
	textdomain("imdrive");
}

static void test_english_is_the_message(void)
{
	speak("en");
	for (int code = 0; code < DRIVE_ERROR_LAST; code++) {
		g_autoptr(GError) error = g_error_new_literal(DRIVE_ERROR, code, MESSAGE);
		g_autofree char *text = reason_of(error);
		g_assert_cmpstr(text, ==, MESSAGE);
	}
}

static void test_others_read_what_kind_it_is(void)
{
	speak("zh_CN");
	for (int code = 0; code < DRIVE_ERROR_LAST; code++) {
		g_autoptr(GError) error = g_error_new_literal(DRIVE_ERROR, code, MESSAGE);
		g_autofree char *text = reason_of(error);
		g_autofree char *same = reason_text(error_code_name(code), MESSAGE);
		g_assert_cmpstr(text, ==, same);
		g_assert_true(g_str_has_suffix(text, MESSAGE));
		/* Nobody waits for what he gave up himself. */
		g_assert_true(code == DRIVE_ERROR_CANCELLED || strcmp(text, MESSAGE) != 0);
	}
}

static void test_of_others_nothing_is_known(void)
{
	speak("zh_CN");
	g_autoptr(GError) error = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_FAILED, MESSAGE);
	g_autofree char *text = reason_of(error);
	g_autofree char *unnamed = reason_text(NULL, MESSAGE);
	g_assert_cmpstr(text, ==, MESSAGE);
	g_assert_cmpstr(unnamed, ==, MESSAGE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/app/reason/english-is-the-message", test_english_is_the_message);
	g_test_add_func("/client/app/reason/others-read-what-kind-it-is",
			test_others_read_what_kind_it_is);
	g_test_add_func("/client/app/reason/of-others-nothing-is-known",
			test_of_others_nothing_is_known);
	return g_test_run();
}
