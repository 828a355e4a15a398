/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/html.h"

#include <stdarg.h>
#include <string.h>

#define ARGUMENTS_MAX 3

struct Html {
	GString *text;
};

Html *html_new(void)
{
	Html *html = g_new0(Html, 1);
	html->text = g_string_sized_new(8192);
	return html;
}

void html_free(Html *html)
{
	if (!html) {
		return;
	}
	g_string_free(html->text, TRUE);
	g_free(html);
}

GBytes *html_end(Html *html)
{
	GBytes *bytes = g_string_free_to_bytes(html->text);
	g_free(html);
	return bytes;
}

void html_put_escaped(Html *html, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_markup_vprintf_escaped(format, arguments);
	va_end(arguments);
	g_string_append(html->text, text);
}

static void say(Html *html, const char *phrase, const char *const *arguments, bool isolated)
{
	while (*phrase) {
		const char *brace = strchrnul(phrase, '{');
		g_autofree char *before = g_markup_escape_text(phrase, brace - phrase);
		g_string_append(html->text, before);
		if (!*brace) {
			return;
		}
		g_assert(brace[1] >= '1' && brace[1] <= '0' + ARGUMENTS_MAX && brace[2] == '}');
		const char *argument = arguments[brace[1] - '1'];
		g_assert(argument);
		g_autofree char *escaped = g_markup_escape_text(argument, -1);
		g_string_append_printf(html->text, isolated ? "<bdi>%s</bdi>" : "%s", escaped);
		phrase = brace + 3;
	}
}

static void take_arguments(va_list list, const char *arguments[ARGUMENTS_MAX + 1])
{
	unsigned count = 0;
	const char *argument;
	while ((argument = va_arg(list, const char *))) {
		g_assert(count < ARGUMENTS_MAX);
		arguments[count++] = argument;
	}
}

void html_say(Html *html, Language language, Phrase phrase, ...)
{
	const char *arguments[ARGUMENTS_MAX + 1] = { NULL };
	va_list list;
	va_start(list, phrase);
	take_arguments(list, arguments);
	va_end(list);
	say(html, phrase_text(language, phrase), arguments, true);
}

void html_say_plain(Html *html, Language language, Phrase phrase, ...)
{
	const char *arguments[ARGUMENTS_MAX + 1] = { NULL };
	va_list list;
	va_start(list, phrase);
	take_arguments(list, arguments);
	va_end(list);
	say(html, phrase_text(language, phrase), arguments, false);
}

/* Nothing to see, or something that moves or hides what stands around it. */
static bool is_hidden(gunichar c)
{
	switch (g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT:
	case G_UNICODE_SURROGATE:
	case G_UNICODE_PRIVATE_USE:
	case G_UNICODE_UNASSIGNED:
		return true;
	default:
		return g_unichar_iszerowidth(c) && !g_unichar_ismark(c);
	}
}

char *html_name(const char *name, unsigned characters_max)
{
	g_autofree char *valid = g_utf8_make_valid(name, -1);
	GString *shown = g_string_new(NULL);
	unsigned count = 0;
	bool space = false;
	unsigned marks = 0;
	for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		if (g_unichar_isspace(c)) {
			space = shown->len > 0;
			continue;
		}
		if (is_hidden(c)) {
			continue;
		}
		/* More than two marks on one letter climb over the lines above. */
		marks = g_unichar_ismark(c) ? marks + 1 : 0;
		if (marks > 2) {
			continue;
		}
		if (count + (space ? 1 : 0) >= characters_max) {
			g_string_append(shown, "…");
			break;
		}
		if (space) {
			g_string_append_c(shown, ' ');
			count++;
			space = false;
		}
		g_string_append_unichar(shown, c);
		count++;
	}
	return g_string_free(shown, FALSE);
}

/* ---- time ------------------------------------------------------------------------------ */

#define MINUTE_S 60
#define HOUR_S (60 * MINUTE_S)
#define DAY_S (24 * HOUR_S)

void html_ago(Html *html, Language language, int64_t time_us, int64_t now_us)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(time_us / G_USEC_PER_SEC);
	g_autofree char *exact = time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : NULL;
	int64_t ago_s = MAX(now_us - time_us, 0) / G_USEC_PER_SEC;
	html_put(html, "<time datetime=\"%s\" title=\"%s\">", exact ? exact : "",
		 exact ? exact : "");
	Phrase phrase = PHRASE_JUST_NOW;
	int64_t count = 0;
	if (ago_s >= 2 * DAY_S) {
		phrase = PHRASE_DAYS_AGO;
		count = ago_s / DAY_S;
	} else if (ago_s >= HOUR_S) {
		phrase = PHRASE_HOURS_AGO;
		count = ago_s / HOUR_S;
	} else if (ago_s >= MINUTE_S) {
		phrase = PHRASE_MINUTES_AGO;
		count = ago_s / MINUTE_S;
	}
	g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, count);
	html_say(html, language, phrase, number, NULL);
	html_put(html, "</time>");
}
