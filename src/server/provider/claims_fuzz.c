/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: claims of a service. What is taken of them are texts that fit, and an address of the web;
 * what fills a template stays behind its host.
 */
#include "server/provider/claims.h"

#include "base/limits.h"
#include "server/provider/document.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CDN "https://cdn.example/"

static Record *build(const char *picture)
{
	g_autofree char *text =
		g_strconcat("[provider]\nid=x\nclient_id=me\nsubject=id\nname=name;first + last\n"
			    "email=email\nusername=username\nchat_address=id\n"
			    "authorize_url=https://a.example/a\ntoken_url=https://a.example/t\n"
			    "userinfo_url=https://a.example/u\npicture=",
			    picture, "\n", NULL);
	g_autoptr(GHashTable) values = record_parse(text, strlen(text), NULL);
	return record_new(values, "secret", NULL);
}

static void check(const Record *record, const json_t *claims, const char *prefix)
{
	g_auto(Proof) proof = { 0 };
	if (!claims_read(record, "tenant", claims, &proof, NULL)) {
		g_assert_null(proof.subject);
		return;
	}
	g_assert_true(proof_check(&proof, NULL));
	if (proof.avatar_url) {
		/* A scheme may be in capitals. */
		g_assert_cmpint(g_ascii_strncasecmp(proof.avatar_url, prefix, strlen(prefix)), ==,
				0);
		g_assert_true(record_is_url(proof.avatar_url, false));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static Record *plain, *template;
	if (!plain) {
		plain = build("picture;face url");
		template = build(CDN "{id}/{picture}.png");
	}
	json_t *claims =
		document_parse(size > 0 ? (const char *)data : "", size, DOCUMENT_JSON, NULL);
	if (claims) {
		check(plain, claims, "https://");
		check(template, claims, CDN);
	}
	json_decref(claims);
	return 0;
}
