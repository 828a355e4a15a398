/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/phrase.h"

#include <string.h>

/* Which of {1}, {2}, {3} are in it, as bits. */
static unsigned places(const char *text)
{
	unsigned found = 0;
	for (const char *brace = strchr(text, '{'); brace; brace = strchr(brace + 1, '{')) {
		g_assert_cmpint(brace[1], >=, '1');
		g_assert_cmpint(brace[1], <=, '3');
		g_assert_cmpint(brace[2], ==, '}');
		found |= 1u << (brace[1] - '0');
	}
	return found;
}

static void test_complete(void)
{
	for (unsigned phrase = 0; phrase < PHRASE_LAST; phrase++) {
		const char *english = phrase_text(LANGUAGE_ENGLISH, phrase);
		for (unsigned language = 0; language < LANGUAGE_LAST; language++) {
			const char *text = phrase_text(language, phrase);
			g_assert_true(g_utf8_validate(text, -1, NULL));
			g_assert_cmpstr(text, !=, "");
			g_assert_cmpuint(places(text), ==, places(english));
		}
	}
}

static void expect(const char *header, Language language)
{
	g_assert_cmpint(phrase_language_of(header), ==, language);
}

static void test_negotiates(void)
{
	expect(NULL, LANGUAGE_ENGLISH);
	expect("", LANGUAGE_ENGLISH);
	expect("zh-CN,zh;q=0.9,en;q=0.8", LANGUAGE_CHINESE);
	expect("en-US,en;q=0.9,zh;q=0.8", LANGUAGE_ENGLISH);
	expect("de, zh-Hans-CN;q=0.5", LANGUAGE_CHINESE);
	expect("en;q=0.1, zh;q=0.2", LANGUAGE_CHINESE);
	expect("zh;q=0, en", LANGUAGE_ENGLISH);
	expect("zh;q=nan;;;,,,=,q=,zhx", LANGUAGE_ENGLISH);
	expect("ZH-TW", LANGUAGE_CHINESE);
	Language language;
	g_assert_true(phrase_language_from_tag("zh-cn", &language));
	g_assert_cmpint(language, ==, LANGUAGE_CHINESE);
	g_assert_false(phrase_language_from_tag("", &language));
	g_assert_false(phrase_language_from_tag("../en", &language));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pages/phrase/every-language-fills-the-same-places", test_complete);
	g_test_add_func("/pages/phrase/accept-language-decides", test_negotiates);
	return g_test_run();
}
