/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/page_device.h"

GBytes *page_device_entry(const Frame *frame, const char *code, bool wrong, const char *action)
{
	Html *html = html_new();
	frame_open(html, frame, phrase_text(frame->language, PHRASE_DEVICE_CONNECT));
	html_put(html, "<h1>");
	html_say(html, frame->language, PHRASE_DEVICE_CONNECT, NULL);
	html_put(html, "</h1>");
	if (wrong) {
		html_put(html, "<p class=\"problem\" role=\"alert\">");
		html_say(html, frame->language, PHRASE_DEVICE_CODE_WRONG, NULL);
		html_put(html, "</p>");
	}
	frame_open_form(html, frame, action, "stack");
	html_put(html, "<label for=\"code\">");
	html_say(html, frame->language, PHRASE_DEVICE_CODE, NULL);
	html_put(html,
		 "</label><input id=\"code\" class=\"code\" name=\"code\" type=\"text\" "
		 "autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" "
		 "maxlength=\"32\" required=\"required\" autofocus=\"autofocus\" "
		 "aria-describedby=\"code-hint\" value=\"%s\"/><p class=\"hint\" id=\"code-hint\">",
		 code ? code : "");
	html_say(html, frame->language, PHRASE_DEVICE_CODE_HINT, NULL);
	html_put(html, "</p><button class=\"primary\">");
	html_say(html, frame->language, PHRASE_CONTINUE, NULL);
	html_put(html, "</button></form>");
	frame_close(html, frame);
	return html_end(html);
}

static void put_fact(Html *html, const Frame *frame, Phrase name, const char *value)
{
	html_put(html, "<div><dt>");
	html_say(html, frame->language, name, NULL);
	html_put(html, "</dt><dd><bdi>%s</bdi></dd></div>", value);
}

static void put_facts(Html *html, const Frame *frame, const PageDevice *device, int64_t now_us)
{
	html_put(html, "<dl class=\"facts\">");
	put_fact(html, frame, PHRASE_WHO_ASKS, device->client);
	put_fact(html, frame, PHRASE_ON_DEVICE, device->device);
	put_fact(html, frame, PHRASE_FROM,
		 device->peer ? device->peer : phrase_text(frame->language, PHRASE_UNKNOWN));
	html_put(html, "<div><dt>");
	html_say(html, frame->language, PHRASE_WHEN, NULL);
	html_put(html, "</dt><dd>");
	html_ago(html, frame->language, device->asked_us, now_us);
	html_put(html, "</dd></div>");
	put_fact(html, frame, PHRASE_GETS,
		 phrase_text(frame->language,
			     device->may_write ? PHRASE_MAY_READ_WRITE : PHRASE_MAY_READ));
	html_put(html, "</dl>");
}

GBytes *page_device(const Frame *frame, const PageDevice *device, int64_t now_us)
{
	g_autofree char *title = frame_text(frame, PHRASE_DEVICE_ASKS, device->code);
	Html *html = html_new();
	frame_open(html, frame, title);
	html_put(html, "<h1>");
	html_say(html, frame->language, PHRASE_DEVICE_CONNECT, NULL);
	html_put(html, "</h1><p class=\"lead\">");
	html_say(html, frame->language, PHRASE_DEVICE_ASKS, device->code, NULL);
	html_put(html, "</p>");
	put_facts(html, frame, device, now_us);
	html_put(html, "<p class=\"care\">");
	html_say(html, frame->language, PHRASE_DEVICE_CARE, NULL);
	html_put(html, "</p>");
	frame_open_form(html, frame, device->action, "pair");
	/* The first button is what Enter presses. */
	html_put(html, "<button name=\"answer\" value=\"no\">");
	html_say(html, frame->language, PHRASE_REFUSE, NULL);
	html_put(html, "</button><button name=\"answer\" value=\"yes\" class=\"primary\">");
	html_say(html, frame->language, PHRASE_ALLOW, frame->who, NULL);
	html_put(html, "</button></form>");
	frame_close(html, frame);
	return html_end(html);
}
