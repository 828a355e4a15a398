/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/config.h"

#include "base/error.h"
#include "base/limits.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static Config *load(const char *text, GError **error)
{
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("imdrived-XXXXXX.conf", &path, NULL);
	close(fd);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	Config *config = config_load(path, error);
	g_unlink(path);
	return config;
}

static void test_defaults(void)
{
	g_autoptr(Config) config = config_load(NULL, NULL);
	g_assert_cmpstr(config->listen, ==, "127.0.0.1:8090");
	g_assert_cmpuint(config->quota, ==, 0);
	g_assert_false(config->caseless);
	g_assert_cmpuint(config->reserve, ==, 512 * MIB);
	g_assert_cmpint(config->trash_days, ==, 30);
	g_assert_false(config->metrics_public);
	g_assert_true(config->share_links);
	g_assert_true(config->share_send);
}

static void test_reads_all(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Config) config = load("[server]\n"
					"listen = 0.0.0.0:80\n"
					"public_url = https://drive.example.org\n"
					"threads=3\n"
					"trusted_proxies=127.0.0.1;::1\n"
					"metrics=public\n"
					"log_level=debug\n"
					"[storage]\n"
					"quota=10G\n"
					"names=caseless\n"
					"reserve=2G\n"
					"versions_days=7\n"
					"trash_days=0\n"
					"[devices]\n"
					"idle_days=0\n"
					"[share]\n"
					"links=yes\n"
					"send=no\n",
					&error);
	g_assert_no_error(error);
	g_assert_cmpstr(config->listen, ==, "0.0.0.0:80");
	g_assert_cmpstr(config->public_url, ==, "https://drive.example.org");
	g_assert_cmpuint(config->threads, ==, 3);
	g_assert_cmpstr(config->trusted_proxies[1], ==, "::1");
	g_assert_true(config->metrics_public);
	g_assert_cmpstr(config->log_level, ==, "debug");
	g_assert_cmpuint(config->quota, ==, 10 * GIB);
	g_assert_true(config->caseless);
	g_assert_cmpuint(config->reserve, ==, 2 * GIB);
	g_assert_cmpint(config->versions_days, ==, 7);
	g_assert_cmpint(config->trash_days, ==, 0);
	g_assert_cmpint(config->device_idle_days, ==, 0);
	g_assert_true(config->share_links);
	g_assert_false(config->share_send);
}

#define XMPP                                                                     \
	"[xmpp]\ncomponent=drive.example.org\ndomains=example.org;example.com\n" \
	"remote=checked\nregister_remote=approve\n"

static void check_xmpp(const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Config) config = load(text, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(config->xmpp_component, ==, "drive.example.org");
	g_assert_cmpstr(config->xmpp_secret, ==, "of the component");
	g_assert_cmpstr(config->xmpp_domains[1], ==, "example.com");
	g_assert_null(config->xmpp_prompt_domains);
	g_assert_cmpint(config->xmpp_remote, ==, CHAT_XMPP_REMOTE_CHECKED);
	g_assert_cmpint(config->xmpp_register, ==, ENTRY_AUTO);
	g_assert_cmpint(config->xmpp_register_remote, ==, ENTRY_APPROVE);
}

/* A file that is named, or a credential of systemd. */
static void test_xmpp_secret_comes_from_a_file(void)
{
	g_autofree char *folder = g_dir_make_tmp("imdrive-config-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "xmpp_secret", NULL);
	g_assert_true(g_file_set_contents(path, "of the component\n", -1, NULL));
	g_autofree char *named = g_strconcat(XMPP "secret=", path, "\n", NULL);
	check_xmpp(named);
	g_setenv("CREDENTIALS_DIRECTORY", folder, TRUE);
	check_xmpp(XMPP);
	g_unsetenv("CREDENTIALS_DIRECTORY");
	g_assert_cmpint(g_unlink(path), ==, 0);
	g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void test_names_what_is_wrong(void)
{
	const struct {
		const char *text;
		const char *named;
	} cases[] = {
		{ "[server]\nlisten=a:1\nlisen=b:1\n", "'lisen' in [server]" },
		{ "[sever]\nlisten=a:1\n", "[sever]" },
		{ "[server]\nthreads=many\n", "'threads'" },
		{ "[server]\nthreads=0\n", "'threads'" },
		{ "[server]\nmetrics=yes\n", "'metrics'" },
		{ "[share]\nlinks=maybe\n", "'links'" },
		{ "[storage]\nquota=10X\n", "'quota'" },
		{ "[storage]\nnames=some\n", "'names'" },
		{ "[storage]\ntrash_days=-1\n", "'trash_days'" },
		{ "[tls]\ncertificate=/nonexistent\n", "'certificate'" },
		{ "[xmpp]\ncomponent=drive.example.org\n", "'secret'" },
		{ "[xmpp]\nsecret=/nonexistent\n", "'secret'" },
		{ "[xmpp]\nsecret=/dev/null\n", "'secret'" },
		{ "[xmpp]\nremote=yes\n", "'remote'" },
		{ "[xmpp]\nregister=sure\n", "'register'" },
		{ "no group\n", "" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(Config) config = load(cases[i].text, &error);
		g_assert_null(config);
		g_assert_nonnull(strstr(error->message, cases[i].named));
	}
}

static void test_sizes(void)
{
	const struct {
		const char *text;
		uint64_t size;
	} good[] = {
		{ "0", 0 },        { "none", 0 },         { "1024", KIB },
		{ "5k", 5 * KIB }, { "500M", 500 * MIB }, { "10G", 10 * GIB },
		{ "3T", 3 * TIB },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		uint64_t size = 42;
		g_assert_true(config_parse_size(good[i].text, &size, NULL));
		g_assert_cmpuint(size, ==, good[i].size);
	}
	const char *const bad[] = {
		"", "G", "-1", "1.5G", "10GB", "99999999T", "9223372036854775808", " 1"
	};
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		uint64_t size;
		g_assert_false(config_parse_size(bad[i], &size, NULL));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/admin/config/defaults", test_defaults);
	g_test_add_func("/admin/config/reads-all", test_reads_all);
	g_test_add_func("/admin/config/xmpp-secret-comes-from-a-file",
			test_xmpp_secret_comes_from_a_file);
	g_test_add_func("/admin/config/names-what-is-wrong", test_names_what_is_wrong);
	g_test_add_func("/admin/config/sizes", test_sizes);
	return g_test_run();
}
