/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/words.h"

#include "base/limits.h"

#include <string.h>

static void test_questions_name_all(void)
{
	static const char *const languages[] = { NULL, "en", "de", "zh", "zh-CN" };
	static const Words questions[] = { WORDS_SIGN_IN, WORDS_LINK, WORDS_CONFIRM };
	for (size_t i = 0; i < G_N_ELEMENTS(languages); i++) {
		for (size_t j = 0; j < G_N_ELEMENTS(questions); j++) {
			const WordsValues values = { languages[i], "drive.example",
						     "Firefox on Linux", "192.0.2.7" };
			g_autofree char *text = words_text(questions[j], &values);
			g_assert_nonnull(strstr(text, "drive.example"));
			g_assert_nonnull(strstr(text, "Firefox on Linux (192.0.2.7)"));
			g_assert_nonnull(strstr(text, "STOP"));
			g_assert_true(strstr(text, "two-digit number") || strstr(text, "两位数字"));
			g_assert_null(strchr(text, '{'));
		}
	}
	g_autofree char *chinese =
		words_text(WORDS_SIGN_IN, &(const WordsValues){ "zh-CN", "d", NULL, NULL });
	g_assert_nonnull(strstr(chinese, "未知设备"));
}

static void test_every_text_is_there(void)
{
	for (Words words = WORDS_SIGN_IN; words <= WORDS_UNLINKED; words++) {
		for (unsigned language = 0; language < 2; language++) {
			const WordsValues values = {
				language ? "zh" : "en", "d", "x", "y", "w", "alice", "https://d/"
			};
			g_autofree char *text = words_text(words, &values);
			g_assert_null(strchr(text, '{'));
			g_assert_cmpuint(strlen(text), >, 10);
			g_assert_cmpuint(strlen(text), <, CHAT_TEXT_SIZE_MAX);
		}
	}
}

static void test_notices_name_all(void)
{
	static const Words notices[] = { WORDS_CONNECTED, WORDS_LINKED, WORDS_UNLINKED };
	for (size_t i = 0; i < G_N_ELEMENTS(notices); i++) {
		for (unsigned chinese = 0; chinese < 2; chinese++) {
			const WordsValues values = { .language = chinese ? "zh-CN" : "en",
						     .drive = "drive.example",
						     .what = "bob@example.org",
						     .account = "alice",
						     .url = "https://drive.example/account" };
			g_autofree char *text = words_text(notices[i], &values);
			g_assert_nonnull(strstr(text, "drive.example"));
			g_assert_nonnull(strstr(text, "bob@example.org"));
			g_assert_nonnull(strstr(text, "alice"));
			g_assert_nonnull(strstr(text, "https://drive.example/account"));
			g_assert_true(chinese == (strstr(text, "您的账户") != NULL));
		}
	}
}

static void test_links_name_all(void)
{
	for (unsigned i = 0; i < 4; i++) {
		const WordsValues values = { .language = i % 2 ? "zh-CN" : "en",
					     .drive = "drive.example",
					     .what = "plan.odt",
					     .account = "alice",
					     .url = "https://drive.example/s/x" };
		g_autofree char *text = words_text(i < 2 ? WORDS_FILE : WORDS_FOLDER, &values);
		g_assert_nonnull(strstr(text, "drive.example"));
		g_assert_nonnull(strstr(text, "alice"));
		g_assert_nonnull(strstr(text, "plan.odt"));
		g_assert_nonnull(strstr(text, "\nhttps://drive.example/s/x\n"));
		g_assert_nonnull(strstr(text, "STOP"));
	}
}

static void test_a_value_is_no_template(void)
{
	const WordsValues values = { "en", "{from}", "{drive}", NULL };
	g_autofree char *text = words_text(WORDS_SIGN_IN, &values);
	g_assert_nonnull(strstr(text, "sign in to {from} as"));
	g_assert_nonnull(strstr(text, "From: {drive}\n"));
}

static void test_cleans_names_from_outside(void)
{
	static const char *const cleaned[][2] = {
		{ "Firefox on Linux", "Firefox on Linux" },
		{ " a\r\nFrom: the bank ", "a  From: the bank" },
		{ "a\u202eb\u2066c\u200bd", "abcd" },
		{ "a\x01\x7f\xc2\x85z", "az" },
		{ "caf\u00e9 手机", "caf\u00e9 手机" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cleaned); i++) {
		g_autofree char *text = words_clean(cleaned[i][0]);
		g_assert_cmpstr(text, ==, cleaned[i][1]);
	}
	g_assert_null(words_clean(NULL));
	g_assert_null(words_clean(" \n\u202e"));
	g_autofree char *invalid = words_clean("a\xff");
	g_assert_true(g_utf8_validate(invalid, -1, NULL));
	g_autofree char *many = g_strnfill(100000, 'x');
	g_autofree char *longest = words_clean(many);
	g_assert_cmpuint(strlen(longest), ==, WORDS_VALUE_SIZE_MAX);
	g_autofree char *notice = words_clean_notice("a\nb\x01\u202e");
	g_assert_cmpstr(notice, ==, "a\nb");
}

static void test_names_are_no_links(void)
{
	static const char *const names[][2] = {
		{ "plan", "plan" },
		{ "plan.odt", "plan.\u2060odt" },
		{ "www.evil.example", "www.\u2060evil.\u2060example" },
		{ "mailto:a@evil.example", "mailto:\u2060a@\u2060evil.\u2060example" },
		/* His own would not be among ours. */
		{ "a.\u2060b\u202e\n", "a.\u2060b" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *name = words_name(names[i][0]);
		g_assert_cmpstr(name, ==, names[i][1]);
	}
	g_assert_null(words_name(NULL));
	g_assert_null(words_name("\u202e"));
}

static void test_long_names_keep_their_ending(void)
{
	static const char *const letters[] = { "x", "é", "图", "😀" };
	for (size_t i = 0; i < G_N_ELEMENTS(letters); i++) {
		for (unsigned first = 0; first < 4; first++) {
			g_autoptr(GString) name = g_string_new(NULL);
			for (unsigned j = 0; j < first; j++) {
				g_string_append_c(name, 'a');
			}
			while (name->len < 240) {
				g_string_append(name, letters[i]);
			}
			g_string_append(name, ".tar.gz");
			g_autofree char *shown = words_name(name->str);
			g_assert_true(g_utf8_validate(shown, -1, NULL));
			g_assert_true(g_str_has_suffix(shown, ".\u2060tar.\u2060gz"));
			g_assert_nonnull(strstr(shown, "…"));
			g_assert_cmpuint(strlen(shown), <=,
					 WORDS_VALUE_SIZE_MAX + 2 * strlen("\u2060"));
			g_assert_cmpuint(strlen(shown), >, WORDS_VALUE_SIZE_MAX - 10);
		}
	}
	g_autofree char *fits = g_strnfill(WORDS_VALUE_SIZE_MAX, 'x');
	g_autofree char *same = words_name(fits);
	g_assert_cmpstr(same, ==, fits);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/chat/words/c5-questions-name-all", test_questions_name_all);
	g_test_add_func("/server/chat/words/every-text-is-there", test_every_text_is_there);
	g_test_add_func("/server/chat/words/a10-r11-notices-name-all-in-both-languages",
			test_notices_name_all);
	g_test_add_func("/server/chat/words/c5-links-name-all", test_links_name_all);
	g_test_add_func("/server/chat/words/a-value-is-no-template", test_a_value_is_no_template);
	g_test_add_func("/server/chat/words/cleans-names-from-outside",
			test_cleans_names_from_outside);
	g_test_add_func("/server/chat/words/names-are-no-links", test_names_are_no_links);
	g_test_add_func("/server/chat/words/long-names-keep-their-ending",
			test_long_names_keep_their_ending);
	return g_test_run();
}
