/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/words.h"

#include "base/limits.h"

#include <stdbool.h>
#include <string.h>

#define WORD_JOINER "\u2060"
#define LEFT_OUT "…"
#define NAME_ENDING_SIZE 32 /* bytes of a name's end that stay */

typedef enum Language {
	ENGLISH,
	CHINESE,
	LANGUAGES,
} Language;

/*
 * {drive}, {from}: device and place, as far as they are known; {what}, {account}, {url} as in
 * WordsValues.
 */
static const char *const texts[LANGUAGES][WORDS_UNLINKED + 1] = {
	[ENGLISH] = {
		[WORDS_SIGN_IN] =
			"Somebody wants to sign in to {drive} as you.\n"
			"From: {from}\n"
			"If it is you: answer with the two-digit number that the page shows "
			"(within 2 minutes).\n"
			"If this was not you: answer STOP.",
		[WORDS_LINK] =
			"Somebody wants to link this chat address to an account on {drive}.\n"
			"From: {from}\n"
			"If it is you: answer with the two-digit number that the page shows "
			"(within 2 minutes).\n"
			"If this was not you: answer STOP.",
		[WORDS_CONFIRM] =
			"Somebody wants to change how your account on {drive} is entered.\n"
			"From: {from}\n"
			"If it is you: answer with the two-digit number that the page shows "
			"(within 2 minutes).\n"
			"If this was not you: answer STOP.",
		[WORDS_HINT] = "Please answer with nothing but the two-digit number that the page "
			       "of {drive} shows, or with STOP if this was not you.",
		[WORDS_PROVED] = "That is the number. Go on in the page of {drive}.\n"
				 "If this was not you: answer STOP at once.",
		[WORDS_PROVED_CODE] = "With this code somebody enters {drive} as you.\n"
				      "From: {from}\n"
				      "Go on in the page.\n"
"If this was not you: answer STOP at once.",
		[WORDS_WRONG] = "That is not the number that the page of {drive} shows. Nobody was "
				"signed in. To try again, begin anew in the page.",
		[WORDS_REFUSED] = "Nobody was signed in to {drive}. To get no more such questions, "
				  "answer STOP.",
		[WORDS_STOPPED] = "Nobody was signed in, and {drive} asks this address no more. "
				  "You can still sign in by sending the code of the page. "
				  "To be asked again, answer START.",
		[WORDS_STOPPED_LATE] = "{drive} will ask this address no more. Somebody was "
				       "signed in as you a short while ago: if that was not you, "
				       "look at the devices of your account and end them. "
				       "To be asked again, answer START.",
		[WORDS_STOPPED_QUIET] = "{drive} writes to this address no more, neither questions "
					"nor links. You can still sign in by sending the code of "
					"its page. To undo this, answer START.",
		[WORDS_STOPPED_UNKEPT] = "But this could not be noted for good, and may be "
					 "forgotten: if {drive} writes to you again, answer STOP "
					 "again.",
		[WORDS_STARTED] = "{drive} may ask you again, and bring you links. "
				  "Answer STOP to end that.",
		[WORDS_FILE] = "{account} shares the file \"{what}\" on {drive} with you:\n"
			       "{url}\n"
			       "Whoever has this link can read it.\n"
			       "To get no such messages: answer STOP.",
		[WORDS_FOLDER] = "{account} shares the folder \"{what}\" on {drive} with you:\n"
				 "{url}\n"
				 "Whoever has this link can look into it.\n"
				 "To get no such messages: answer STOP.",
		[WORDS_ROOM_FILE] = "{account} shares the file \"{what}\" on {drive} with this "
				    "room:\n{url}\n"
				    "Whoever has this link can read it.",
		[WORDS_ROOM_FOLDER] = "{account} shares the folder \"{what}\" on {drive} with this "
				      "room:\n{url}\n"
				      "Whoever has this link can look into it.",
		[WORDS_CONNECTED] = "{drive}: the device \"{what}\" was connected to your account "
				    "{account}. If that was not you, disconnect it: {url}",
		[WORDS_LINKED] = "{drive}: {what} can sign in to your account {account} from now "
				 "on. If that was not you, unlink it: {url}",
		[WORDS_UNLINKED] = "{drive}: {what} can no longer sign in to your account "
				   "{account}. If that was not you, look at your account: {url}",
	},
	[CHINESE] = {
		[WORDS_SIGN_IN] = "有人想以您的身份登录 {drive}。\n"
				  "来自：{from}\n"
				  "如果是您本人：请在 2 分钟内回复页面上显示的两位数字。\n"
				  "如果不是您本人：请回复 STOP。",
		[WORDS_LINK] = "有人想把这个聊天账号绑定到 {drive} 的一个账户。\n"
			       "来自：{from}\n"
			       "如果是您本人：请在 2 分钟内回复页面上显示的两位数字。\n"
			       "如果不是您本人：请回复 STOP。",
		[WORDS_CONFIRM] = "有人想更改您在 {drive} 的账户的登录方式。\n"
				  "来自：{from}\n"
				  "如果是您本人：请在 2 分钟内回复页面上显示的两位数字。\n"
				  "如果不是您本人：请回复 STOP。",
		[WORDS_HINT] = "请只回复 {drive} 页面上显示的两位数字；如果不是您本人，请回复 STOP。",
		[WORDS_PROVED] = "数字正确。请回到 {drive} 的页面继续。\n"
				 "如果不是您本人：请立即回复 STOP。",
		[WORDS_PROVED_CODE] = "此验证码将以您的身份登录 {drive}。\n"
				      "来自：{from}\n"
				      "请回到页面继续。如果不是您本人：请立即回复 STOP。",
		[WORDS_WRONG] = "这不是 {drive} 页面上显示的数字，没有人登录。"
				"如需重试，请在页面上重新开始。",
		[WORDS_REFUSED] = "没有人登录 {drive}。如不想再收到此类询问，请回复 STOP。",
		[WORDS_STOPPED] = "没有人登录，{drive} 不会再询问这个账号。您仍可以发送页面上显示的"
				  "验证码来登录。如需恢复询问，请回复 START。",
		[WORDS_STOPPED_LATE] = "{drive} 不会再询问这个账号。"
				       "不久前有人以您的身份登录：如果不是您本人，"
				       "请检查账户中的设备并将其移除。如需恢复询问，请回复 START。",
		[WORDS_STOPPED_QUIET] = "{drive} 不会再向这个账号发送询问或链接。您仍可以发送页面上显示的"
					"验证码来登录。如需恢复，请回复 START。",
		[WORDS_STOPPED_UNKEPT] = "但此设置未能永久保存，可能会失效：如果 {drive} 再次向您发送消息，"
					 "请再次回复 STOP。",
		[WORDS_STARTED] = "{drive} 可以再次询问您，并向您发送链接。如需停止，请回复 STOP。",
		[WORDS_FILE] = "{account} 在 {drive} 上与您共享文件“{what}”：\n"
			       "{url}\n"
			       "任何有此链接的人都可以读取它。\n"
			       "如不想再收到此类消息：请回复 STOP。",
		[WORDS_FOLDER] = "{account} 在 {drive} 上与您共享文件夹“{what}”：\n"
				 "{url}\n"
				 "任何有此链接的人都可以查看其内容。\n"
				 "如不想再收到此类消息：请回复 STOP。",
		[WORDS_ROOM_FILE] = "{account} 在 {drive} 上与此聊天室共享文件“{what}”：\n"
				    "{url}\n"
				    "任何有此链接的人都可以读取它。",
		[WORDS_ROOM_FOLDER] = "{account} 在 {drive} 上与此聊天室共享文件夹“{what}”：\n"
				      "{url}\n"
				      "任何有此链接的人都可以查看其内容。",
		[WORDS_CONNECTED] = "{drive}：设备“{what}”已连接到您的账户 {account}。"
				    "如果不是您本人操作，请断开它：{url}",
		[WORDS_LINKED] = "{drive}：{what} 从现在起可以登录您的账户 {account}。"
				 "如果不是您本人操作，请解除绑定：{url}",
		[WORDS_UNLINKED] = "{drive}：{what} 不能再登录您的账户 {account}。"
				   "如果不是您本人操作，请检查您的账户：{url}",
	},
};

static const char *const unknown[LANGUAGES] = { "an unknown device", "未知设备" };

static Language language_of(const char *tag)
{
	return tag && g_ascii_strncasecmp(tag, "zh", 2) == 0 ? CHINESE : ENGLISH;
}

static char *from(const WordsValues *values, Language language)
{
	if (values->device && values->place) {
		return g_strdup_printf("%s (%s)", values->device, values->place);
	}
	const char *known = values->device ? values->device : values->place;
	return g_strdup(known ? known : unknown[language]);
}

char *words_text(Words words, const WordsValues *values)
{
	Language language = language_of(values->language);
	g_autofree char *where = from(values, language);
	const struct {
		const char *name;
		const char *value;
	} places[] = {
		{ "{drive}", values->drive }, { "{from}", where },
		{ "{what}", values->what },   { "{account}", values->account },
		{ "{url}", values->url },
	};
	g_autoptr(GString) text = g_string_new(NULL);
	/* One pass, so that a value that looks like a place-holder stays what it is. */
	for (const char *c = texts[language][words]; *c;) {
		size_t i = 0;
		while (i < G_N_ELEMENTS(places) && !g_str_has_prefix(c, places[i].name)) {
			i++;
		}
		if (i < G_N_ELEMENTS(places)) {
			g_string_append(text, places[i].value ? places[i].value : "?");
			c += strlen(places[i].name);
		} else {
			g_string_append_c(text, *c++);
		}
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Also what is invisible, or no character of XML. */
static bool is_allowed(gunichar c)
{
	GUnicodeType type = g_unichar_type(c);
	return type != G_UNICODE_CONTROL && type != G_UNICODE_FORMAT &&
	       type != G_UNICODE_LINE_SEPARATOR && type != G_UNICODE_PARAGRAPH_SEPARATOR &&
	       type != G_UNICODE_PRIVATE_USE && type != G_UNICODE_SURROGATE &&
	       type != G_UNICODE_UNASSIGNED;
}

static char *clean(const char *text, size_t size_max, bool lines)
{
	g_autofree char *valid = g_utf8_make_valid(text, (gssize)strnlen(text, 4 * size_max));
	g_autoptr(GString) kept = g_string_new(NULL);
	for (const char *c = valid; *c; c = g_utf8_next_char(c)) {
		gunichar letter = g_utf8_get_char(c);
		if (letter == '\n' && lines) {
			g_string_append_c(kept, '\n');
		} else if (g_unichar_isspace(letter)) {
			g_string_append_c(kept, ' ');
		} else if (is_allowed(letter)) {
			g_string_append_unichar(kept, letter);
		}
		if (kept->len > size_max) {
			const char *end =
				g_utf8_find_prev_char(kept->str, kept->str + size_max + 1);
			g_string_truncate(kept, end ? (size_t)(end - kept->str) : 0);
			break;
		}
	}
	return g_strstrip(g_string_free(g_steal_pointer(&kept), FALSE));
}

char *words_clean(const char *text)
{
	g_autofree char *cleaned = text ? clean(text, WORDS_VALUE_SIZE_MAX, false) : NULL;
	return cleaned && *cleaned ? g_steal_pointer(&cleaned) : NULL;
}

/* In front of this byte, or at it. */
static size_t boundary(const char *text, size_t at)
{
	while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80) {
		at--;
	}
	return at;
}

static char *shorten(const char *text)
{
	size_t size = strlen(text);
	if (size <= WORDS_VALUE_SIZE_MAX) {
		return g_strdup(text);
	}
	size_t head = boundary(text, WORDS_VALUE_SIZE_MAX - NAME_ENDING_SIZE - strlen(LEFT_OUT));
	size_t tail = size - NAME_ENDING_SIZE;
	while (((unsigned char)text[tail] & 0xc0) == 0x80) {
		tail++;
	}
	return g_strdup_printf("%.*s" LEFT_OUT "%s", (int)head, text, text + tail);
}

char *words_name(const char *name)
{
	g_autofree char *whole = name ? clean(name, CHAT_TEXT_SIZE_MAX, false) : NULL;
	if (!whole || !*whole) {
		return NULL;
	}
	g_autofree char *shown = shorten(whole);
	GString *unlinked = g_string_new(NULL);
	for (const char *c = shown; *c; c++) {
		g_string_append_c(unlinked, *c);
		if (strchr(".:@", *c)) {
			g_string_append(unlinked, WORD_JOINER);
		}
	}
	return g_string_free(unlinked, FALSE);
}

char *words_clean_notice(const char *text)
{
	return clean(text, CHAT_TEXT_SIZE_MAX, true);
}
