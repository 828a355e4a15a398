/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: a byte that chooses the endpoint, then the query or form of a request, in which @CODE@,
 * @DEVICE@ and @REFRESH@ stand for secrets that are good. Whatever it is, it gets one of the
 * answers of the RFCs; a browser is only ever sent to a redirect of the client; and no device is
 * left behind but for an answer that says so.
 */
#include "server/oauth/fixture.h"

#include "base/error.h"

#include <string.h>

#define FORM_SIZE_MAX 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned count_devices(Fixture *fixture)
{
	g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(DevicesEntry));
	g_array_set_clear_func(entries, devices_entry_clear);
	g_assert_true(
		devices_list(accounts_devices(fixture->accounts), fixture->alice, entries, NULL));
	return entries->len;
}

static char *good_code(Fixture *fixture)
{
	g_autofree char *redirect = fixture_approve(fixture, FIXTURE_QUERY);
	return fixture_parameter(redirect, "code");
}

static char *good_device_code(Fixture *fixture)
{
	json_auto_t *answer = NULL;
	if (fixture_ask(fixture, "/oauth/device", "client_id=imdrive", &answer) != 200) {
		return g_strdup("none"); /* the peer has asked for too many */
	}
	const OauthEntry entry = {
		.user_code = json_string_value(json_object_get(answer, "user_code")),
		.now_us = g_get_real_time(),
	};
	const OauthApproval approval = {
		.account = fixture->alice,
		.epoch = fixture->epoch,
		.method = "xmpp",
		.now_us = entry.now_us,
	};
	g_autofree char *pending = NULL;
	char *redirect = NULL;
	g_assert_true(oauth_find_device(fixture->oauth, &entry, &pending, NULL));
	g_assert_true(oauth_approve(fixture->oauth, pending, &approval, &redirect, NULL));
	return g_strdup(json_string_value(json_object_get(answer, "device_code")));
}

static char *good_refresh_token(Fixture *fixture)
{
	g_autofree char *code = good_code(fixture);
	g_autofree char *form = g_strconcat(
		"grant_type=authorization_code&client_id=imdrive&redirect_uri="
		"http://127.0.0.1:4000/callback&code_verifier=" FIXTURE_VERIFIER "&code=",
		code, NULL);
	json_auto_t *answer = NULL;
	g_assert_cmpuint(fixture_ask(fixture, "/oauth/token", form, &answer), ==, 200);
	return g_strdup(json_string_value(json_object_get(answer, "refresh_token")));
}

typedef struct Mark {
	const char *name;
	char *(*make)(Fixture *fixture);
} Mark;

/* The text with all marks replaced, each kind by one secret. */
static char *fill(Fixture *fixture, const uint8_t *data, size_t size)
{
	static const Mark marks[] = {
		{ "@CODE@", good_code },
		{ "@DEVICE@", good_device_code },
		{ "@REFRESH@", good_refresh_token },
	};
	GString *text = g_string_new_len((const char *)data, (gssize)size);
	for (unsigned i = 0; i < G_N_ELEMENTS(marks); i++) {
		if (strstr(text->str, marks[i].name)) {
			g_autofree char *secret = marks[i].make(fixture);
			g_string_replace(text, marks[i].name, secret, 0);
		}
	}
	return g_string_free(text, FALSE);
}

static void begin(Fixture *fixture, const char *query)
{
	g_autoptr(Parameters) parameters = parameters_parse(query, strlen(query), NULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *pending = NULL;
	g_autofree char *redirect = NULL;
	if (!parameters) {
		return;
	}
	OauthBegun begun = oauth_begin(fixture->oauth, parameters, g_get_real_time(), &pending,
				       &redirect, &error);
	g_assert_true((begun == OAUTH_PENDING) == (pending != NULL));
	g_assert_true((begun == OAUTH_REDIRECT) == (redirect != NULL));
	g_assert_true((begun == OAUTH_REFUSED) == (error != NULL));
	if (redirect) {
		g_assert_true(g_str_has_prefix(redirect, "http://127.0.0.1") ||
			      g_str_has_prefix(redirect, "http://[::1]"));
		g_autofree char *iss = fixture_parameter(redirect, "iss");
		g_assert_cmpstr(iss, ==, FIXTURE_ISSUER);
	}
	if (pending) {
		g_auto(OauthAsk) ask = { 0 };
		g_assert_true(oauth_ask(fixture->oauth, pending, g_get_real_time(), &ask, &error));
		g_assert_true(g_utf8_validate(ask.device_name, -1, NULL) && *ask.device_name);
	}
}

static void find(Fixture *fixture, const char *typed)
{
	const OauthEntry entry = { .user_code = typed, .now_us = g_get_real_time() };
	g_autoptr(GError) error = NULL;
	g_autofree char *pending = NULL;
	if (!oauth_find_device(fixture->oauth, &entry, &pending, &error)) {
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	}
}

static void ask(Fixture *fixture, const char *path, const char *form)
{
	unsigned before = count_devices(fixture);
	json_auto_t *answer = NULL;
	unsigned status = fixture_ask(fixture, path, form, &answer);
	g_assert_true(status == 200 || status == 400 || status == 429);
	g_assert_true(status == 200 || json_string_value(json_object_get(answer, "error")));
	if (!json_object_get(answer, "account")) {
		g_assert_cmpuint(count_devices(fixture), <=, before);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static Fixture fixture;
	if (size < 1 || size > FORM_SIZE_MAX || memchr(data, '\0', size)) {
		return 0;
	}
	if (!fixture.oauth) {
		fixture_set_up(&fixture);
	}
	g_autofree char *text = fill(&fixture, data + 1, size - 1);
	switch (data[0] % 5) {
	case 0:
		begin(&fixture, text);
		break;
	case 1:
		ask(&fixture, "/oauth/token", text);
		break;
	case 2:
		ask(&fixture, "/oauth/device", text);
		break;
	case 3:
		ask(&fixture, "/oauth/revoke", text);
		break;
	default:
		find(&fixture, text);
		break;
	}
	g_assert_true(devices_end_all(accounts_devices(fixture.accounts), fixture.alice, NULL));
	return 0;
}
