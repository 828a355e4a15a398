/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/html.h"

#include <string.h>

static void expect(Html *html, const char *text)
{
	g_autoptr(GBytes) bytes = html_end(html);
	g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), text, strlen(text));
}

static void test_escapes(void)
{
	Html *html = html_new();
	html_put(html, "<a href=\"%s\">%s</a>", "\"><script>", "<b>&'");
	expect(html, "<a href=\"&quot;&gt;&lt;script&gt;\">&lt;b&gt;&amp;&apos;</a>");
}

static void test_phrases(void)
{
	Html *html = html_new();
	html_say(html, LANGUAGE_ENGLISH, PHRASE_SIGN_IN_WITH, "<Q&Q>", NULL);
	expect(html, "Sign in with <bdi>&lt;Q&amp;Q&gt;</bdi>");
	html = html_new();
	html_say_plain(html, LANGUAGE_CHINESE, PHRASE_SIGN_IN_WITH, "\"QQ\"", NULL);
	expect(html, "使用&quot;QQ&quot;登录");
	/* An argument is never read as a phrase. */
	html = html_new();
	html_say_plain(html, LANGUAGE_ENGLISH, PHRASE_SIGN_IN_WITH, "{1}{9}{", NULL);
	expect(html, "Sign in with {1}{9}{");
}

static void expect_name(const char *name, unsigned characters_max, const char *shown)
{
	g_autofree char *text = html_name(name, characters_max);
	g_assert_cmpstr(text, ==, shown);
}

static void test_a14_names(void)
{
	expect_name("  alice \t\n smith  ", 64, "alice smith");
	expect_name("ali\xe2\x80\xae"
		    "ce\xe2\x81\xa6",
		    64, "alice");
	expect_name("a\xe2\x80\x8b\xef\xbb\xbf"
		    "b\x01\x7f",
		    64, "ab");
	expect_name("爱丽丝爱丽丝", 3, "爱丽丝…");
	expect_name("\xff\xfe", 64, "\xef\xbf\xbd\xef\xbf\xbd");
	expect_name("z\xcc\x81\xcc\x82\xcc\x83\xcc\x84", 64, "z\xcc\x81\xcc\x82");
	expect_name("z\xcc\x81\xcc\x82\xe2\x80\x8b\xcc\x83", 64, "z\xcc\x81\xcc\x82");
	expect_name("\xe2\x80\xae", 64, "");
	expect_name("<b>", 64, "<b>");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pages/html/text-never-becomes-markup", test_escapes);
	g_test_add_func("/pages/html/phrases-escape-what-fills-them", test_phrases);
	g_test_add_func("/pages/html/a14-names-show-nothing-hidden", test_a14_names);
	return g_test_run();
}
