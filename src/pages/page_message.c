/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/page_message.h"

GBytes *page_message(const Frame *frame, const PageMessage *message)
{
	const char *about = message->about ? message->about : "";
	g_autofree char *title = frame_text(frame, message->title, about);
	Html *html = html_new();
	frame_open(html, frame, title);
	html_put(html,
		 "<svg class=\"sign %s\" viewBox=\"0 0 48 48\" aria-hidden=\"true\">"
		 "<circle cx=\"24\" cy=\"24\" r=\"22\"/><path d=\"%s\"/></svg><h1>",
		 message->good ? "good" : "bad",
		 message->good ? "M14 25l7 7 13-15" : "M24 13v14M24 33.5v.5");
	html_say(html, frame->language, message->title, about, NULL);
	html_put(html, "</h1><p>");
	html_say(html, frame->language, message->text, about, NULL);
	html_put(html, "</p><div class=\"stack\"><a class=\"button primary\" href=\"%s\">",
		 message->href);
	html_say(html, frame->language, message->way, NULL);
	html_put(html, "</a>");
	if (message->other_href) {
		html_put(html, "<a class=\"button quiet\" href=\"%s\">", message->other_href);
		html_say(html, frame->language, message->other_way, NULL);
		html_put(html, "</a>");
	}
	html_put(html, "</div>");
	frame_close(html, frame);
	return html_end(html);
}
