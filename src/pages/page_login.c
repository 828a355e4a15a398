/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/page_login.h"

#include "pages/mark.h"

static char *title_of(const Frame *frame, const PageLogin *login)
{
	switch (login->reason) {
	case PAGE_LOGIN_INVITED:
		return frame_text(frame, PHRASE_INVITED, frame->drive);
	case PAGE_LOGIN_FIRST_ADMIN:
		return frame_text(frame, PHRASE_FIRST_ADMIN, NULL);
	case PAGE_LOGIN_REAUTH:
		return frame_text(frame, PHRASE_REAUTH, frame->who);
	case PAGE_LOGIN_LINK:
		return frame_text(frame, PHRASE_LINK_CHAT, NULL);
	default:
		return frame_text(frame, PHRASE_SIGN_IN_TO, frame->drive);
	}
}

static void put_reason(Html *html, const Frame *frame, const PageLogin *login)
{
	html_put(html, "<p class=\"lead\">");
	if (login->reason == PAGE_LOGIN_INVITED) {
		html_say(html, frame->language, PHRASE_INVITED_TEXT, NULL);
	} else if (login->reason == PAGE_LOGIN_FIRST_ADMIN) {
		html_say(html, frame->language, PHRASE_FIRST_ADMIN_TEXT, NULL);
	} else if (login->reason == PAGE_LOGIN_REAUTH) {
		html_say(html, frame->language, PHRASE_REAUTH_TEXT, NULL);
	} else if (login->reason == PAGE_LOGIN_LINK) {
		html_say(html, frame->language, PHRASE_LINK_CHAT_TEXT, NULL);
	} else if (login->client) {
		html_say(html, frame->language, PHRASE_ASKED_BY, login->client, login->device,
			 NULL);
	} else if (login->service_count > 0 || login->chat_action) {
		html_say(html, frame->language, PHRASE_NEW_HERE, NULL);
	}
	html_put(html, "</p>");
	bool invited =
		login->reason == PAGE_LOGIN_INVITED || login->reason == PAGE_LOGIN_FIRST_ADMIN;
	if (invited && login->client) {
		html_put(html, "<p class=\"lead\">");
		html_say(html, frame->language, PHRASE_ASKED_BY, login->client, login->device,
			 NULL);
		html_put(html, "</p>");
	}
	if (login->failed) {
		html_put(html, "<p class=\"problem\" role=\"alert\">");
		html_say(html, frame->language, login->problem, NULL);
		html_put(html, "</p>");
	}
}

static void put_services(Html *html, const Frame *frame, const PageLogin *login)
{
	html_put(html, "<ul class=\"services\">");
	for (size_t i = 0; i < login->service_count; i++) {
		const PageLoginService *service = &login->services[i];
		html_put(html, "<li><a class=\"service%s\" href=\"%s\">",
			 service->last_used ? " last" : "", service->href);
		mark_put(html, service->icon, service->label);
		html_put(html, "<span>");
		html_say(html, frame->language, PHRASE_SIGN_IN_WITH, service->label, NULL);
		html_put(html, "</span>");
		if (service->last_used) {
			html_put(html, "<small>");
			html_say(html, frame->language, PHRASE_LAST_USED, NULL);
			html_put(html, "</small>");
		}
		html_put(html, "</a></li>");
	}
	html_put(html, "</ul>");
}

static void put_chat(Html *html, const Frame *frame, const PageLogin *login)
{
	bool first = (login->service_count == 0 && !login->local_first) || login->hinted;
	frame_open_form(html, frame, login->chat_action, "field-row");
	html_put(html, "<label for=\"address\">");
	html_say(html, frame->language, PHRASE_CHAT_ADDRESS, NULL);
	html_put(html,
		 "</label><div class=\"joined\"><input id=\"address\" name=\"address\" "
		 "type=\"text\" inputmode=\"email\" autocomplete=\"email\" autocapitalize=\"none\" "
		 "spellcheck=\"false\" maxlength=\"512\" required=\"required\" "
		 "placeholder=\"alice@example.org\" aria-describedby=\"address-hint\" value=\"%s\"",
		 login->address ? login->address : "");
	/* The first thing on the page: who opens it can type, or press, at once. */
	if (first && !login->hinted) {
		html_put(html, " autofocus=\"autofocus\"");
	}
	html_put(html, "/><button class=\"%s\"", first ? "primary" : "");
	if (login->hinted) {
		html_put(html, " autofocus=\"autofocus\"");
	}
	html_put(html, ">");
	html_say(html, frame->language, PHRASE_CONTINUE, NULL);
	html_put(html, "</button></div><p class=\"hint\" id=\"address-hint\">");
	html_say(html, frame->language, PHRASE_CHAT_HINT, NULL);
	html_put(html, "</p></form>");
}

static void put_label(Html *html, const Frame *frame, const char *field, Phrase label)
{
	html_put(html, "<label for=\"%s\">", field);
	html_say(html, frame->language, label, NULL);
	html_put(html, "</label>");
}

static void put_local(Html *html, const Frame *frame, const PageLogin *login, bool fresh)
{
	bool first = login->local_first || (login->service_count == 0 && !login->chat_action);
	frame_open_form(html, frame, fresh ? login->register_action : login->password_action,
			"local");
	html_put(html, "<h2>");
	html_say(html, frame->language, fresh ? PHRASE_CHOOSE_ACCOUNT : PHRASE_LOCAL_ACCOUNT, NULL);
	html_put(html, "</h2>");
	put_label(html, frame, "local-name", PHRASE_NAME);
	html_put(html,
		 "<input id=\"local-name\" name=\"name\" type=\"text\" autocomplete=\"username\" "
		 "autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"64\" "
		 "required=\"required\" value=\"%s\"",
		 login->name ? login->name : "");
	if (login->local_first) {
		html_put(html, " autofocus=\"autofocus\"");
	}
	html_put(html, "/>");
	put_label(html, frame, "local-password", fresh ? PHRASE_NEW_PASSWORD : PHRASE_PASSWORD);
	html_put(html,
		 "<input id=\"local-password\" name=\"password\" type=\"password\" "
		 "autocomplete=\"%s\" maxlength=\"1024\" required=\"required\"/>"
		 "<button class=\"%s\">",
		 fresh ? "new-password" : "current-password", first ? "primary" : "");
	html_say(html, frame->language, fresh ? PHRASE_CREATE_ACCOUNT : PHRASE_SIGN_IN, NULL);
	html_put(html, "</button></form>");
}

static void put_or(Html *html, const Frame *frame)
{
	html_put(html, "<p class=\"or\">");
	html_say(html, frame->language, PHRASE_OR, NULL);
	html_put(html, "</p>");
}

/* In the place of a form that would not be seen below the other ways. */
static void put_local_link(Html *html, const Frame *frame, const char *href)
{
	html_put(html, "<a class=\"service\" href=\"%s\"><span>", href);
	html_say(html, frame->language, PHRASE_CHOOSE_ACCOUNT, NULL);
	html_put(html, "</span></a>");
}

typedef void (*PutWay)(Html *html, const Frame *frame, const PageLogin *login);

static void put_local_way(Html *html, const Frame *frame, const PageLogin *login)
{
	if (login->local_href) {
		put_local_link(html, frame, login->local_href);
	} else {
		put_local(html, frame, login, login->register_action != NULL);
	}
}

static void put_ways(Html *html, const Frame *frame, const PageLogin *login)
{
	bool local = login->register_action || login->password_action;
	const PutWay ways[] = {
		local && login->local_first ? put_local_way : NULL,
		login->service_count > 0 ? put_services : NULL,
		login->chat_action ? put_chat : NULL,
		local && !login->local_first ? put_local_way : NULL,
	};
	bool something = false;
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		if (ways[i] && something) {
			put_or(html, frame);
		}
		if (ways[i]) {
			ways[i](html, frame, login);
			something = true;
		}
	}
	if (!something) {
		html_put(html, "<p>");
		html_say(html, frame->language, PHRASE_NO_WAY_IN, NULL);
		html_put(html, "</p>");
	}
}

GBytes *page_login(const Frame *frame, const PageLogin *login)
{
	g_autofree char *title = title_of(frame, login);
	Html *html = html_new();
	frame_open(html, frame, title);
	html_put(html, "<h1>%s</h1>", title);
	put_reason(html, frame, login);
	put_ways(html, frame, login);
	frame_close(html, frame);
	return html_end(html);
}

GBytes *page_login_server(const Frame *frame, const PageLoginServer *server)
{
	g_autofree char *title = frame_text(frame, PHRASE_SIGN_IN_WITH, server->label);
	Html *html = html_new();
	frame_open(html, frame, title);
	html_put(html, "<h1>");
	html_say(html, frame->language, PHRASE_SIGN_IN_WITH, server->label, NULL);
	html_put(html,
		 "</h1><form method=\"get\" action=\"%s\" class=\"stack\">"
		 "<input type=\"hidden\" name=\"a\" value=\"%s\"/><label for=\"server\">",
		 server->action, server->journey);
	html_say(html, frame->language, PHRASE_SERVER_OF, server->label, NULL);
	html_put(html, "</label><input id=\"server\" name=\"server\" type=\"text\" "
		       "inputmode=\"url\" autocapitalize=\"none\" spellcheck=\"false\" "
		       "maxlength=\"253\" required=\"required\" placeholder=\"example.org\"/>"
		       "<button class=\"primary\">");
	html_say(html, frame->language, PHRASE_CONTINUE, NULL);
	html_put(html, "</button></form>");
	frame_close(html, frame);
	return html_end(html);
}
