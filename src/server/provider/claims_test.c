/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/claims.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/provider/document.h"

#include <string.h>

static Record *build(const char *more)
{
	g_autofree char *text =
		g_strconcat("[provider]\nid=x\nclient_id=me\nsubject=user id\n"
			    "authorize_url=https://a.example/a\n"
			    "token_url=https://a.example/t\nuserinfo_url=https://a.example/u\n",
			    more, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GHashTable) values = record_parse(text, strlen(text), &error);
	g_assert_no_error(error);
	Record *record = record_new(values, "secret", &error);
	g_assert_no_error(error);
	return record;
}

static bool read_claims(const Record *record, const char *text, Proof *proof, GError **error)
{
	json_t *claims = document_parse(text, strlen(text), DOCUMENT_JSON, NULL);
	g_assert_nonnull(claims);
	bool ok = claims_read(record, "tenant", claims, proof, error);
	json_decref(claims);
	return ok;
}

static void test_subject(void)
{
	g_autoptr(Record) record = build("");
	g_autofree char *longest = g_strnfill(PROVIDER_SUBJECT_SIZE_MAX, 'a');
	g_autofree char *fits = g_strdup_printf("{\"user\":{\"id\":\"%s\"}}", longest);
	g_autofree char *over = g_strdup_printf("{\"user\":{\"id\":\"%sa\"}}", longest);
	const char *const wrong[] = {
		"{}",
		"{\"user\":{}}",
		"{\"user\":\"a\"}",
		"{\"user\":{\"id\":\"\"}}",
		"{\"user\":{\"id\":null}}",
		"{\"user\":{\"id\":true}}",
		"{\"user\":{\"id\":[\"a\"]}}",
		"{\"user\":{\"id\":{\"a\":1}}}",
		"{\"user\":{\"id\":\"a\\nb\"}}",
		"{\"user\":{\"id\":\"a\\u0007\"}}",
		"{\"user\":{\"id\":\"a\\u0085\"}}",
		over,
	};
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		Proof proof = { 0 };
		g_test_message("%s", wrong[i]);
		g_assert_false(read_claims(record, wrong[i], &proof, &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
		g_assert_null(proof.subject);
	}
	const struct {
		const char *text;
		const char *subject;
	} right[] = {
		{ "{\"user\":{\"id\":18446744073709551615}}", "18446744073709551615" },
		{ "{\"user\":{\"id\":\" A \"}}", " A " },
		{ "{\"user\":{\"id\":\"\xe9\x92\x89\"}}", "\xe9\x92\x89" },
		{ fits, longest },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(right); i++) {
		g_autoptr(GError) error = NULL;
		g_auto(Proof) proof = { 0 };
		g_assert_true(read_claims(record, right[i].text, &proof, &error));
		g_assert_cmpstr(proof.subject, ==, right[i].subject);
		g_assert_cmpstr(proof.provider, ==, "x");
		g_assert_cmpstr(proof.tenant, ==, "tenant");
		g_assert_true(proof_check(&proof, &error));
	}
}

/* Names are for people only, so nothing about them is worth a refusal. */
static void test_decoration(void)
{
	g_autoptr(Record) record = build("name=nick;user first + user last\nemail=mail\n"
					 "email_verified=verified\nusername=login\n");
	g_auto(Proof) proof = { 0 };
	g_autoptr(GError) error = NULL;
	g_assert_true(
		read_claims(record,
			    "{\"user\":{\"id\":1,\"first\":\" A\\nd\\u0007a\",\"last\":\"L\"},"
			    "\"login\":{\"a\":1},\"mail\":\"a@example.org\",\"verified\":\"true\"}",
			    &proof, &error));
	g_assert_cmpstr(proof.name, ==, "Ada L");
	g_assert_null(proof.username);
	g_assert_cmpstr(proof.email, ==, "a@example.org");
	g_assert_true(proof.email_verified);
	g_assert_null(proof.avatar_url);
}

static char *picture_of(const char *key, const char *text)
{
	g_autoptr(Record) record = build(key);
	g_auto(Proof) proof = { 0 };
	g_autoptr(GError) error = NULL;
	g_assert_true(read_claims(record, text, &proof, &error));
	g_assert_no_error(error);
	return g_steal_pointer(&proof.avatar_url);
}

static void assert_picture(const char *key, const char *said, const char *address)
{
	g_autofree char *text = g_strdup_printf("{\"user\":{\"id\":1},\"face\":\"%s\"}", said);
	g_autofree char *picture = picture_of(key, text);
	g_assert_cmpstr(picture, ==, address);
}

static void test_pictures(void)
{
	assert_picture("", "https://a.example/p.png", NULL);
	assert_picture("picture=face\n", "https://a.example/p?s=1&t=2",
		       "https://a.example/p?s=1&t=2");
	assert_picture("picture=face\n", "http://a.example/p.png", "https://a.example/p.png");
	assert_picture("picture=other;face\n", "https://a.example/p", "https://a.example/p");
	const char *const wrong[] = {
		"",
		"p.png",
		"//a.example/p.png",
		"ftp://a.example/p.png",
		"file:///etc/passwd",
		"data:image/png;base64,AAAA",
		"https://alice:secret@a.example/p.png",
		"https://",
		"https://a.example/p.png#x",
		"https://a.example/p q",
		"https://a.example/p\\nHost: b",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_test_message("%s", wrong[i]);
		assert_picture("picture=face\n", wrong[i], NULL);
	}
	/* A cut address would be another's. */
	g_autofree char *path = g_strnfill(PROOF_TEXT_SIZE_MAX, 'a');
	g_autofree char *over = g_strconcat("https://a.example/", path, NULL);
	assert_picture("picture=face\n", over, NULL);
	assert_picture("picture=\n", "https://a.example/p", NULL);
	/* Loopback by http is for tests. */
	assert_picture("picture=face\nallow_http_loopback=yes\n", "http://127.0.0.1:1/p",
		       "http://127.0.0.1:1/p");
	assert_picture("picture=face\n", "http://127.0.0.1:1/p", "https://127.0.0.1:1/p");
}

/* What a service says fills a place in an address, and does not lead out of it. */
static void test_pictures_of_a_template(void)
{
	const char *template = "picture=https://cdn.example/{user id}/{face}.png\n";
	assert_picture(template, "a_1", "https://cdn.example/1/a_1.png");
	assert_picture(template, "../../x?y#z", "https://cdn.example/1/..%2F..%2Fx%3Fy%23z.png");
	assert_picture(template, "", NULL);
	g_autofree char *none = picture_of(template, "{\"user\":{\"id\":1},\"face\":null}");
	g_assert_null(none);
}

static void test_long_names(void)
{
	g_autoptr(Record) record = build("name=nick\n");
	g_autoptr(GString) text = g_string_new("{\"user\":{\"id\":1},\"nick\":\"");
	for (unsigned i = 0; i < PROVIDER_TEXT_SIZE_MAX; i++) {
		g_string_append(text, "\xe9\x92\x89");
	}
	g_string_append(text, "\"}");
	g_auto(Proof) proof = { 0 };
	g_autoptr(GError) error = NULL;
	g_assert_true(read_claims(record, text->str, &proof, &error));
	g_assert_cmpuint(strlen(proof.name), <=, PROVIDER_TEXT_SIZE_MAX);
	g_assert_true(proof_check(&proof, &error));
}

static void test_groups(void)
{
	g_autoptr(Record) record = build("group=team\ngroups=T1;T2\n");
	g_autoptr(GError) error = NULL;
	g_auto(Proof) proof = { 0 };
	g_assert_true(read_claims(record, "{\"user\":{\"id\":1},\"team\":\"T2\"}", &proof, &error));
	static const char *const outside[] = { "{\"user\":{\"id\":1},\"team\":\"T3\"}",
					       "{\"user\":{\"id\":1},\"team\":\"\"}",
					       "{\"user\":{\"id\":1},\"team\":\"T1;T2\"}",
					       "{\"user\":{\"id\":1}}" };
	for (size_t i = 0; i < G_N_ELEMENTS(outside); i++) {
		g_autoptr(GError) refusal = NULL;
		Proof none = { 0 };
		g_assert_false(read_claims(record, outside[i], &none, &refusal));
		g_assert_error(refusal, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/provider/claims/r8-subject-is-bounded", test_subject);
	g_test_add_func("/server/provider/claims/r10-names-only-decorate", test_decoration);
	g_test_add_func("/server/provider/claims/long-names-are-cut", test_long_names);
	g_test_add_func("/server/provider/claims/r17-only-listed-groups", test_groups);
	g_test_add_func("/server/provider/claims/r9-pictures-have-an-address-of-the-web",
			test_pictures);
	g_test_add_func("/server/provider/claims/r9-a-template-keeps-its-host",
			test_pictures_of_a_template);
	return g_test_run();
}
