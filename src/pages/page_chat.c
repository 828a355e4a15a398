/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/page_chat.h"

#include "pages/qr.h"

static void put_number(Html *html, const Frame *frame, const PageChat *chat)
{
	html_put(html, "<p>");
	html_say(html, frame->language, PHRASE_CHAT_ASK_TEXT, chat->address, NULL);
	html_put(html, "</p><p class=\"number\"><strong>%s</strong></p><p class=\"hint\">",
		 chat->number);
	html_say(html, frame->language, PHRASE_CHAT_ASK_SAFE, NULL);
	html_put(html, "</p>");
}

static void put_code(Html *html, const Frame *frame, const PageChat *chat)
{
	html_put(html, "<p>");
	html_say(html, frame->language, PHRASE_CHAT_SEND_TEXT, chat->address, chat->drive_address,
		 NULL);
	html_put(html, "</p><p class=\"code\"><code>%s</code></p>", chat->code);
	if (!chat->link) {
		return;
	}
	html_put(html, "<p><a class=\"button primary\" href=\"%s\">", chat->link);
	html_say(html, frame->language, PHRASE_CHAT_OPEN, NULL);
	html_put(html, "</a></p><figure>");
	qr_put(html, chat->link, phrase_text(frame->language, PHRASE_CHAT_QR_LABEL));
	html_put(html, "<figcaption>");
	html_say(html, frame->language, PHRASE_CHAT_QR, NULL);
	html_put(html, "</figcaption></figure>");
}

GBytes *page_chat(const Frame *frame, const PageChat *chat)
{
	g_assert(frame->reload_s > 0);
	Phrase title = chat->number ? PHRASE_CHAT_ASK : PHRASE_CHAT_SEND;
	Html *html = html_new();
	frame_open(html, frame, phrase_text(frame->language, title));
	html_put(html, "<h1>");
	html_say(html, frame->language, title, NULL);
	html_put(html, "</h1>");
	if (chat->number) {
		put_number(html, frame, chat);
	} else {
		put_code(html, frame, chat);
	}
	html_put(html, "<div class=\"waiting\" data-poll=\"%s\" data-next=\"%s\" data-lost=\"",
		 chat->poll, chat->next);
	html_say_plain(html, frame->language, PHRASE_CHAT_LOST, NULL);
	html_put(html, "\"><span class=\"spinner\" aria-hidden=\"true\"></span>"
		       "<span data-status=\"\" role=\"status\">");
	html_say(html, frame->language,
		 chat->number ? PHRASE_CHAT_WAITING_ANSWER : PHRASE_CHAT_WAITING, NULL);
	html_put(html, "</span></div><div class=\"actions\">");
	frame_open_form(html, frame, chat->cancel, "inline");
	html_put(html, "<button class=\"quiet\">");
	html_say(html, frame->language, PHRASE_CANCEL, NULL);
	html_put(html, "</button></form><noscript><a class=\"button\" href=\"%s\">", chat->next);
	html_say(html, frame->language, PHRASE_CHAT_CHECK, NULL);
	html_put(html, "</a></noscript></div>");
	frame_close(html, frame);
	return html_end(html);
}
