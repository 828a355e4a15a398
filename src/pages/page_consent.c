/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/page_consent.h"

static void put_fact(Html *html, const Frame *frame, Phrase name, const char *value)
{
	html_put(html, "<div><dt>");
	html_say(html, frame->language, name, NULL);
	html_put(html, "</dt><dd><bdi>%s</bdi></dd></div>", value);
}

static void open_button(Html *html, const char *answer, const char *style_class)
{
	html_put(html, "<button name=\"answer\" value=\"%s\" class=\"%s\">", answer, style_class);
}

GBytes *page_consent(const Frame *frame, const PageConsent *consent)
{
	g_autofree char *title = frame_text(frame, PHRASE_CONSENT, consent->device);
	Html *html = html_new();
	frame_open(html, frame, title);
	html_put(html, "<h1>");
	html_say(html, frame->language, PHRASE_CONSENT, consent->device, NULL);
	html_put(html, "</h1><p class=\"lead\">");
	html_say(html, frame->language, PHRASE_CONSENT_TEXT, frame->drive, frame->who, NULL);
	html_put(html, "</p><dl class=\"facts\">");
	put_fact(html, frame, PHRASE_WHO_ASKS, consent->client);
	put_fact(html, frame, PHRASE_ON_DEVICE, consent->device);
	put_fact(html, frame, PHRASE_GETS,
		 phrase_text(frame->language,
			     consent->may_write ? PHRASE_MAY_READ_WRITE : PHRASE_MAY_READ));
	if (consent->target) {
		put_fact(html, frame, PHRASE_GOES_TO, consent->target);
	}
	html_put(html, "</dl>");
	frame_open_form(html, frame, consent->action, "stack");
	open_button(html, "yes", "primary");
	html_say(html, frame->language, PHRASE_CONTINUE_AS, frame->who, NULL);
	html_put(html, "</button><div class=\"actions\">");
	open_button(html, "other", "quiet");
	html_say(html, frame->language, PHRASE_OTHER_ACCOUNT, NULL);
	html_put(html, "</button>");
	open_button(html, "no", "quiet");
	html_say(html, frame->language, PHRASE_CANCEL, NULL);
	html_put(html, "</button></div></form>");
	frame_close(html, frame);
	return html_end(html);
}

GBytes *page_consent_proved(const Frame *frame, const char *identity, const char *action)
{
	g_autofree char *title = frame_text(frame, PHRASE_CONTINUE_AS, identity);
	Html *html = html_new();
	frame_open(html, frame, title);
	html_put(html, "<h1>%s</h1><p class=\"lead\">",
		 phrase_text(frame->language, PHRASE_SIGN_IN));
	html_say(html, frame->language, PHRASE_PROVED, identity, NULL);
	html_put(html, "</p>");
	frame_open_form(html, frame, action, "stack");
	open_button(html, "yes", "primary");
	html_say(html, frame->language, PHRASE_CONTINUE_AS, identity, NULL);
	html_put(html, "</button>");
	open_button(html, "no", "quiet");
	html_say(html, frame->language, PHRASE_NOT_ME, NULL);
	html_put(html, "</button></form>");
	frame_close(html, frame);
	return html_end(html);
}

GBytes *page_consent_link(const Frame *frame, const char *identity, const char *action)
{
	Html *html = html_new();
	frame_open(html, frame, phrase_text(frame->language, PHRASE_LINK_CONFIRM));
	html_put(html, "<h1>");
	html_say(html, frame->language, PHRASE_LINK_CONFIRM, NULL);
	html_put(html, "</h1><p class=\"lead\">");
	html_say(html, frame->language, PHRASE_LINK_CONFIRM_TEXT, identity, frame->who, NULL);
	html_put(html, "</p><dl class=\"facts\">");
	put_fact(html, frame, PHRASE_LINK_CHAT_ACCOUNT, identity);
	put_fact(html, frame, PHRASE_LINK_DRIVE_ACCOUNT, frame->who);
	html_put(html, "</dl>");
	frame_open_form(html, frame, action, "stack");
	open_button(html, "yes", "primary");
	html_say(html, frame->language, PHRASE_LINK_YES, NULL);
	html_put(html, "</button>");
	open_button(html, "no", "quiet");
	html_say(html, frame->language, PHRASE_CANCEL, NULL);
	html_put(html, "</button></form>");
	frame_close(html, frame);
	return html_end(html);
}
