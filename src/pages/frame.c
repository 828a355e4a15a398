/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/frame.h"

#include "pages/asset.h"
#include "pages/mark.h"

#include <string.h>

char *frame_text(const Frame *frame, Phrase phrase, const char *argument)
{
	const char *text = phrase_text(frame->language, phrase);
	const char *brace = strstr(text, "{1}");
	if (!brace) {
		return g_strdup(text);
	}
	g_assert(argument);
	return g_strdup_printf("%.*s%s%s", (int)(brace - text), text, argument, brace + 3);
}

char *frame_drive(const char *name, const char *base)
{
	g_autoptr(GUri) uri = name ? NULL : g_uri_parse(base, G_URI_FLAGS_NONE, NULL);
	const char *host = uri ? g_uri_get_host(uri) : NULL;
	return g_strdup(name ? name : host ? host : "imdrive");
}

static void put_head(Html *html, const Frame *frame, const char *title)
{
	html_put(html,
		 "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"/>"
		 "<title>%s · %s</title>"
		 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
		 "<meta name=\"color-scheme\" content=\"light dark\"/>"
		 "<meta name=\"robots\" content=\"noindex\"/>",
		 phrase_language_tag(frame->language), title, frame->drive);
	html_put(html,
		 "<link rel=\"icon\" href=\"" ASSET_ROOT "%s\"/>"
		 "<link rel=\"stylesheet\" href=\"" ASSET_ROOT "%s\"/>",
		 asset_get(ASSET_ICON)->name, asset_get(ASSET_STYLE)->name);
	if (frame->meta_name) {
		html_put(html, "<meta name=\"%s\" content=\"%s\"/>", frame->meta_name,
			 frame->meta_content);
	}
	if (frame->next) {
		html_put(html, "<meta http-equiv=\"refresh\" content=\"0; url=%s\"/>", frame->next);
	}
	if (frame->reload_s > 0) {
		html_put(html,
			 "<noscript><meta http-equiv=\"refresh\" content=\"%u\"/></noscript>"
			 "<script src=\"" ASSET_ROOT "%s\" defer=\"defer\"></script>",
			 frame->reload_s, asset_get(ASSET_WAIT)->name);
	}
	html_put(html, "</head>");
}

void frame_open(Html *html, const Frame *frame, const char *title)
{
	put_head(html, frame, title);
	html_put(html, "<body><header><a class=\"brand\" href=\"%s\">",
		 frame->who ? "/account" : "/login");
	mark_put_drive(html);
	html_put(html, "<span>%s</span></a>", frame->drive);
	if (frame->who) {
		frame_open_form(html, frame, "/logout", "signed-in");
		html_put(html, "<bdi>%s</bdi><button class=\"quiet\">", frame->who);
		html_say(html, frame->language, PHRASE_SIGN_OUT, NULL);
		html_put(html, "</button></form>");
	}
	html_put(html, "</header><main>");
}

static void put_languages(Html *html, const Frame *frame)
{
	g_autofree char *back = g_uri_escape_string(frame->path, NULL, FALSE);
	html_put(html, "<nav aria-label=\"");
	html_say_plain(html, frame->language, PHRASE_LANGUAGES, NULL);
	html_put(html, "\">");
	for (unsigned i = 0; i < LANGUAGE_LAST; i++) {
		const char *tag = phrase_language_tag(i);
		if (i == frame->language) {
			html_put(html, "<span lang=\"%s\" aria-current=\"true\">%s</span>", tag,
				 phrase_text(i, PHRASE_THIS_LANGUAGE));
		} else {
			html_put(html,
				 "<a lang=\"%s\" hreflang=\"%s\" "
				 "href=\"/language?to=%s&amp;back=%s\">%s</a>",
				 tag, tag, tag, back, phrase_text(i, PHRASE_THIS_LANGUAGE));
		}
	}
	html_put(html, "</nav>");
}

void frame_close(Html *html, const Frame *frame)
{
	html_put(html, "</main><footer><p>");
	html_say(html, frame->language, PHRASE_FOOTER, NULL);
	html_put(html, "</p>");
	if (frame->path) {
		put_languages(html, frame);
	}
	html_put(html, "</footer></body></html>\n");
}

void frame_open_form(Html *html, const Frame *frame, const char *action, const char *style_class)
{
	html_put(html,
		 "<form method=\"post\" action=\"%s\" class=\"%s\">"
		 "<input type=\"hidden\" name=\"csrf\" value=\"%s\"/>",
		 action, style_class, frame->csrf);
}
