/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/provider.h"

#include "base/error.h"
#include "server/provider/record.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct Fixture {
	char *folder;
	Http *http;
} Fixture;

static void setup(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	fixture->folder = g_dir_make_tmp("imdrive-providers-XXXXXX", &error);
	g_assert_no_error(error);
	fixture->http = http_new("imdrive-test/1");
}

static void teardown(Fixture *fixture, const void *data)
{
	g_autoptr(GDir) dir = g_dir_open(fixture->folder, 0, NULL);
	const char *name;
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(fixture->folder, name, NULL);
		g_remove(path);
	}
	g_rmdir(fixture->folder);
	g_free(fixture->folder);
	http_free(fixture->http);
}

static void write_file(Fixture *fixture, const char *name, int mode, const char *text)
{
	g_autofree char *path = g_build_filename(fixture->folder, name, NULL);
	g_autoptr(GError) error = NULL;
	g_file_set_contents(path, text, -1, &error);
	g_assert_no_error(error);
	g_assert_cmpint(g_chmod(path, mode), ==, 0);
}

static Providers *load(Fixture *fixture, GError **error)
{
	const ProvidersOptions options = {
		.folder = fixture->folder,
		.credentials = fixture->folder,
		.http = fixture->http,
	};
	return providers_load(&options, error);
}

static void assert_refused(Fixture *fixture, const char *word)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Providers) providers = load(fixture, &error);
	g_assert_null(providers);
	g_assert_true(error->domain == DRIVE_ERROR);
	if (!strstr(error->message, word)) {
		g_error("'%s' does not say '%s'", error->message, word);
	}
}

#define CLIENT "[provider]\nclient_id=me\nclient_secret=x\n"

/* Whatever a record needs of an operator beside a client. */
static const char *more_of(const char *name)
{
	if (strcmp(name, "mattermost") == 0 || strcmp(name, "rocketchat") == 0) {
		return "base=https://chat.example.org\n";
	}
	if (strcmp(name, "wecom") == 0) {
		return "agent_id=1000002\n";
	}
	if (strcmp(name, "oidc") == 0) {
		return "issuer=https://id.example.org\n";
	}
	return strcmp(name, "oauth2") != 0 ? ""
					   : "authorize_url=https://id.example.org/a\n"
					     "token_url=https://id.example.org/t\n"
					     "userinfo_url=https://id.example.org/u\n";
}

static void test_all(Fixture *fixture, const void *data)
{
	g_auto(GStrv) names = providers_names();
	g_assert_cmpuint(g_strv_length(names), ==, 19);
	for (size_t i = 0; names[i]; i++) {
		g_autofree char *file = g_strconcat(names[i], ".conf", NULL);
		g_autofree char *text = g_strconcat(CLIENT, more_of(names[i]), NULL);
		write_file(fixture, file, 0600, text);
	}
	g_autoptr(GError) error = NULL;
	g_autoptr(Providers) providers = load(fixture, &error);
	g_assert_no_error(error);
	for (size_t i = 0; names[i]; i++) {
		const ProviderRecord *record = providers_find(providers, names[i]);
		g_assert_nonnull(record);
		/* The id is what is written into identities. */
		g_assert_cmpstr(record->id, ==, names[i]);
		g_assert_cmpstr(record->icon, ==, names[i]);
		g_assert_nonnull(((const Record *)record)->subject_scope);
		g_assert_nonnull(((const Record *)record)->asks);
	}
	g_assert_null(providers_find(providers, "icq"));
	g_assert_cmpstr(providers_list(providers)[0]->label, ==, "DingTalk");
	g_assert_cmpstr(providers_find(providers, "wechat")->label_zh, ==, "微信");
	g_assert_cmpint(providers_find(providers, "qq")->register_policy, ==,
			PROVIDER_REGISTER_INVITE);
	g_assert_cmpint(providers_find(providers, "wecom")->register_policy, ==,
			PROVIDER_REGISTER_AUTO);
	g_assert_true(providers_find(providers, "matrix")->asks_server);
}

static void test_none(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	const ProvidersOptions options = { .folder = "/nonexistent/providers",
					   .http = fixture->http };
	g_autoptr(Providers) none = providers_load(&options, &error);
	g_assert_no_error(error);
	g_assert_null(providers_list(none)[0]);
	write_file(fixture, "qq.conf~", 0600, "garbage");
	write_file(fixture, "README", 0644, "garbage");
	write_file(fixture, "qq.conf", 0600, CLIENT "enabled=no\n");
	g_autoptr(Providers) disabled = load(fixture, &error);
	g_assert_no_error(error);
	g_assert_null(providers_list(disabled)[0]);
}

static void test_extends(Fixture *fixture, const void *data)
{
	write_file(fixture, "work.conf", 0600,
		   CLIENT "extends=mattermost\nbase=https://work.example\n");
	assert_refused(fixture, "'id'");
	write_file(fixture, "work.conf", 0600,
		   CLIENT "extends=mattermost\nid=work\nlabel=Work\nbase=https://work.example\n");
	write_file(fixture, "mattermost.conf", 0600, CLIENT "base=https://home.example\n");
	g_autoptr(GError) error = NULL;
	g_autoptr(Providers) providers = load(fixture, &error);
	g_assert_no_error(error);
	const Record *work = (const Record *)providers_find(providers, "work");
	g_assert_cmpstr(work->token_url, ==, "https://work.example/oauth/access_token");
	g_assert_cmpstr(work->info.label, ==, "Work");
	g_assert_cmpstr(work->info.icon, ==, "mattermost");
	const Record *home = (const Record *)providers_find(providers, "mattermost");
	g_assert_cmpstr(home->tenant, ==, "https://home.example");
	write_file(fixture, "work.conf", 0600,
		   CLIENT "extends=mattermost\nid=mattermost\nbase=https://work.example\n");
	assert_refused(fixture, "two services have the id 'mattermost'");
	write_file(fixture, "work.conf", 0600, CLIENT "extends=icq\nid=work\n");
	assert_refused(fixture, "no service 'icq'");
	write_file(fixture, "work.conf", 0600, CLIENT "id=work\n");
	assert_refused(fixture, "no service 'work'");
}

static void test_secrets(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	write_file(fixture, "qq.conf", 0644, CLIENT);
	assert_refused(fixture, "chmod 600");
	write_file(fixture, "qq.conf", 0620, CLIENT);
	assert_refused(fixture, "chmod 600");
	write_file(fixture, "qq.conf", 0644, "[provider]\nclient_id=me\n");
	assert_refused(fixture, "client_secret");
	write_file(fixture, "qq.conf", 0644,
		   "[provider]\nclient_id=me\nclient_secret_file=qq.key\n");
	assert_refused(fixture, "qq.key");
	write_file(fixture, "qq.key", 0644, "from-file\n");
	assert_refused(fixture, "chmod 600");
	write_file(fixture, "qq.key", 0600, "two\nlines\n");
	assert_refused(fixture, "one line");
	write_file(fixture, "qq.key", 0600, "from-file\n");
	g_autoptr(Providers) by_file = load(fixture, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(((const Record *)providers_find(by_file, "qq"))->client_secret, ==,
			"from-file");
	write_file(fixture, "qq.conf", 0644, "[provider]\nclient_id=me\n");
	write_file(fixture, "qq.secret", 0440, "from-systemd");
	g_autoptr(Providers) by_credential = load(fixture, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(((const Record *)providers_find(by_credential, "qq"))->client_secret, ==,
			"from-systemd");
}

static void test_errors(Fixture *fixture, const void *data)
{
	write_file(fixture, "qq.conf", 0600, CLIENT "clientid=me\n");
	assert_refused(fixture, "qq.conf': there is no key 'clientid'");
	write_file(fixture, "qq.conf", 0600, CLIENT "token_url=http://graph.qq.com/\n");
	assert_refused(fixture, "key 'token_url'");
	write_file(fixture, "qq.conf", 0600, CLIENT "client_id=you\n");
	assert_refused(fixture, "second time");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	const struct {
		const char *name;
		void (*run)(Fixture *fixture, const void *data);
	} tests[] = {
		{ "every-record-loads", test_all },
		{ "none-is-right-too", test_none },
		{ "second-instance-has-an-id-of-its-own", test_extends },
		{ "secrets-are-private", test_secrets },
		{ "errors-name-file-and-key", test_errors },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path =
			g_strdup_printf("/server/provider/providers/%s", tests[i].name);
		g_test_add(path, Fixture, NULL, setup, tests[i].run, teardown);
	}
	return g_test_run();
}
